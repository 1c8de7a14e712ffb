"""Build the book: ``python book/build.py``.

The execution cache keys on a page's own cells, so it is dropped when a package that pages import has
changed. Pages that are not in the cache are executed side by side before Sphinx reads them.
"""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from concurrent.futures import Executor, ThreadPoolExecutor, as_completed
from hashlib import sha256
from pathlib import Path
from traceback import format_exception
from typing import Any

import checks
import kernels
import unchanged
from jupyter_cache import get_cache
from jupyter_cache.base import CacheBundleIn, JupyterCacheAbstract
from jupyter_cache.executors.utils import ExecutionResult, single_nb_execution
from nbformat import NotebookNode

from proofs import processes
from proofs.sources import hash_of_all

BOOK = Path(__file__).parent.resolve()
BUILD = BOOK / "_build"
CACHE = BOOK / ".jupyter_cache"
KEY = CACHE / "sources"
STATE = BUILD / "state"
"""Of what the book was last built from, and of what was built."""
KERNELS = """c.IPKernelApp.log_level = 40
c.IPKernelApp.exec_lines = ["__import__('proofs.experiments.drawing').experiments.drawing.use()"]
c.IPKernelApp.hide_initial_ns = True
"""
"""Every page draws in the house's style, whatever it imports."""
SHOWN = ("WARNING", "ERROR", "Executed")
KERNEL_STARTS = 4
COLOURS = re.compile(r"\x1b\[[\d;]*m")
"""With which IPython paints a traceback; a log is no terminal."""
TIMEOUT = 300


def drop_stale_cache() -> None:
    """Forget executed cells and pages when theory, numerics, proofs, or a script or data that pages read changed."""
    names = ("figures.py", "notation.py", "permanent.py", "solutions.py", "data/permanent_ids.txt")
    read = [*(BOOK / name for name in names), *sorted((BOOK / "own_rule").glob("*.py"))]
    read += [*sorted((BOOK / "data").glob("*.json")), *sorted((BOOK / "_ext").glob("*.py"))]
    key = hash_of_all() + sha256(b"".join(file.read_bytes() for file in read)).hexdigest()
    if KEY.exists() and KEY.read_text(encoding="utf-8") == key:
        return
    shutil.rmtree(CACHE, ignore_errors=True)
    shutil.rmtree(BUILD, ignore_errors=True)
    CACHE.mkdir(parents=True)
    KEY.write_text(key, encoding="utf-8")


def quiet_kernels() -> None:
    """Give the kernels a configuration of their own: the house's style, no user's settings, no word about local TCP."""
    profile = CACHE / "ipython" / "profile_default"
    profile.mkdir(parents=True, exist_ok=True)
    (profile / "ipython_kernel_config.py").write_text(KERNELS, encoding="utf-8")
    os.environ["IPYTHONDIR"] = str(profile.parent)


def begin_typesetting(side_by_side: Executor, pool: Executor) -> Callable[[], None]:
    """Have the claims' sources and dossiers made, those of one optimizer together, and the calculators' script.

    Each by a thread of the one, which waits for a process of the other. What is returned waits for all, and writes.
    """
    sys.path.insert(0, str(BOOK / "_ext"))
    import claims

    from proofs import CLAIMS

    if claims.typeset():
        return lambda: None
    groups: dict[str, list[str]] = {}
    for claim in CLAIMS.values():
        groups.setdefault(claim.derived_with, []).append(claim.id)

    def made(function: Callable[..., Any], *given: list[str]) -> Any:
        return pool.submit(function, *given).result()

    script = side_by_side.submit(made, _calculators)
    texts = [side_by_side.submit(made, _typesetting, some) for some in sorted(groups.values(), key=len, reverse=True)]

    def finish() -> None:
        script.result()
        found = {name: text for some in texts for name, text in some.result().items()}
        claims.TYPESET.write_text(json.dumps({"state": claims.state(), "claims": found}), encoding="utf-8")

    return finish


def _calculators() -> None:
    sys.path.insert(0, str(BOOK / "_ext"))
    import calculator

    calculator.derive()


def _typesetting(ids: list[str]) -> dict[str, dict]:
    sys.path.insert(0, str(BOOK / "_ext"))
    import claims

    return claims.typesetting(ids)


def execute_pages(side_by_side: Executor) -> bool:
    """Execute the pages that the cache lacks; False if one failed."""
    cache = get_cache(str(CACHE))
    waiting = [(page, notebook) for page in sorted(BOOK.glob("*.md")) if (notebook := _uncached(cache, page))]
    # What has most to run begins first, so that no processor waits for it in the end.
    waiting.sort(
        key=lambda one: sum(len(cell.source) for cell in one[1].cells if cell.cell_type == "code"), reverse=True
    )
    failed = []
    running = {side_by_side.submit(_execute, notebook): (page, notebook) for page, notebook in waiting}
    for number, finished in enumerate(as_completed(running), 1):
        (page, notebook), result = running[finished], finished.result()
        print(f"  {number}/{len(waiting)} executed {page.name} in {result.time:.0f} s", flush=True)
        if result.err is not None:
            failed.append(f"{page.name}: {COLOURS.sub('', str(result.exc_string))}")
            continue
        bundle = CacheBundleIn(notebook, str(page), data={"execution_seconds": result.time})
        cache.cache_notebook_bundle(bundle, check_validity=False, overwrite=True)
    print(*failed, sep="\n", file=sys.stderr, end="\n" if failed else "")
    return not failed


def _uncached(cache: JupyterCacheAbstract, page: Path) -> NotebookNode | None:
    """The page as a notebook if it has cells and the cache lacks it."""
    if "{code-cell}" not in page.read_text(encoding="utf-8"):
        return None
    record = cache.add_nb_to_project(str(page), read_data={"type": "plugin", "name": "myst_nb_md"})
    notebook = cache.get_project_notebook(record.pk).nb
    try:
        cache.match_cache_notebook(notebook)
    except KeyError:
        return notebook
    return None


def _execute(notebook: NotebookNode) -> ExecutionResult:
    """Run one page. Kernels that start side by side can be given one port; the loser dies at once and starts again."""
    for left in reversed(range(KERNEL_STARTS)):
        try:
            return single_nb_execution(notebook, cwd=str(BOOK), timeout=TIMEOUT, allow_errors=False, meta_override=True)
        except RuntimeError as error:
            if not left:
                return ExecutionResult(notebook, str(BOOK), 0, error, "".join(format_exception(error)))
    raise AssertionError("unreachable")


def log_of(builder: str) -> Path:
    """Where the log of a rendering stays."""
    return BUILD / f"{builder}.log"


def render(builder: str = "html") -> bool:
    """Run jupyter-book strictly; False if it failed or warned, which its log tells."""
    BUILD.mkdir(exist_ok=True)
    program = str(Path(sys.executable).with_name("jupyter-book"))
    command = [program, "build", ".", "--builder", builder, "-W", "-n", "--keep-going"]
    with log_of(builder).open("w", encoding="utf-8") as log:
        process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True, cwd=BOOK)
        assert process.stdout is not None
        for line in process.stdout:
            log.write(line)
            if any(word in line for word in SHOWN):
                print(f"  {line.strip()[:200]}", flush=True)
    return process.wait() == 0


def passed(what: str, wrong: list[str]) -> bool:
    """Whether nothing is wrong; otherwise say what."""
    if wrong:
        print(f"{what}:", *wrong, sep="\n  ", file=sys.stderr)
    return not wrong


def main() -> int:
    """Execute, render, and say where the book lies."""
    begin = time.monotonic()
    html = BUILD / "html"
    if STATE.is_file() and STATE.read_text(encoding="utf-8") == unchanged.state(html):
        print(f"Nothing changed since the book was built. Open {html / 'index.html'} in a browser.")
        return 0
    STATE.unlink(missing_ok=True)
    os.environ.setdefault("OMP_NUM_THREADS", "1")  # one page has one core
    processes.import_early("proofs.claims", "proofs.dossier", "proofs.formal.run", "sphinx.application")
    # Kernels end first: with none a page that waits for one ends too.
    with processes.pool() as pool, ThreadPoolExecutor(os.cpu_count()) as side_by_side, kernels.forked():
        if not passed("The pages as written", checks.of_sources()):
            return 1
        drop_stale_cache()
        quiet_kernels()
        print("Typesetting the claims and executing the pages", flush=True)
        try:
            finish_typesetting = begin_typesetting(side_by_side, pool)
            if not execute_pages(side_by_side):
                return 1
            finish_typesetting()
        except KeyboardInterrupt:
            side_by_side.shutdown(wait=False, cancel_futures=True)
            raise
    print("Rendering the book", flush=True)
    if not render():
        print(f"The book was not built; the log is {log_of('html')}", file=sys.stderr)
        return 1
    print("Checking links and claims", flush=True)
    if not passed("The pages as built", checks.of_html()):
        return 1
    STATE.write_text(unchanged.state(html), encoding="utf-8")
    print(f"The book is built, in {time.monotonic() - begin:.0f} s. Open {html / 'index.html'} in a browser,")
    print(f"or serve it with {sys.executable} -m http.server --directory {html} 8000 at http://localhost:8000")
    return 0


if __name__ == "__main__":
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        print("interrupted: the pages that were executed are kept", file=sys.stderr)
        sys.exit(130)
