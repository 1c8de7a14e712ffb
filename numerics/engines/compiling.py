"""Compile every rule's chains before they are needed: ``python -m numerics.engines.compiling``, after an installation.

What is compiled is what ``simulate`` runs by default, in double precision; single precision is compiled where it is
first asked for. A second call finds all of it kept and does nothing.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import sys
from collections import Counter
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor, as_completed
from contextlib import suppress
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

SOURCES = Path(__file__).parent / "compiled"
FIRST = "sgd"
"""The form that is compiled before the others, with what all of them call."""


@dataclass(frozen=True)
class Kernel:
    """One compiled function of a form, and a run that needs it."""

    rule: str
    form: str
    layout: str

    def compile(self) -> str:
        """Take one step with it."""
        from numerics.engines.fused import NARROW
        from numerics.simulation import simulate
        from numerics.updates import UPDATES

        memory = {"beta2": None} if self.form.endswith("_at_mean") else {}
        update = UPDATES[self.rule](**{"lr": 0.5, "wd": 0.5} | memory)  # type: ignore[arg-type]
        engine = "reduction" if self.layout == "folded" else "numba"
        dim = NARROW + 1 if self.layout == "chains" else NARROW
        simulate(update, dim=dim, steps=1, replicas=2, engine=engine)
        return self.form


def kernels() -> Iterator[Kernel]:
    """Every compiled function of every form."""
    from numerics.engines.writing import FORMS
    from numerics.updates import UPDATES

    rules = {form.name: rule for rule, update in UPDATES.items() for form in update.forms()}
    for form in FORMS:
        source = (SOURCES / f"{form}.py").read_text(encoding="utf-8")
        for layout in ("chains", "lanes", "folded"):
            if f"def {layout}(" in source:
                yield Kernel(rules[form], form, layout)


def mark() -> Path:
    """The file that says that these sources, of this folder and these times, are compiled: numba goes by the same."""
    from numerics.compilation import folder

    digest = hashlib.sha256()
    for path in sorted(SOURCES.glob("*.py")):
        digest.update(f"{path} {path.stat().st_mtime_ns}\0".encode())
    return folder() / f"compiled-{digest.hexdigest()[:16]}"


def main() -> int:
    """Compile what is not kept, in as many processes as there are processors."""
    if importlib.util.find_spec("numba") is None or mark().exists():
        return 0
    every = list(kernels())
    print(f"Compiling {len(every)} functions that advance chains with numba, once", flush=True)
    groups = [[kernel for kernel in every if (kernel.form == FIRST) == first] for first in (True, False)]
    with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
        try:
            for group in groups:
                left = Counter(kernel.form for kernel in group)
                for done in as_completed([pool.submit(kernel.compile) for kernel in group]):
                    left[done.result()] -= 1
                    if not left[done.result()]:
                        print(f"compiled {done.result()}", flush=True)
        except KeyboardInterrupt:
            pool.shutdown(cancel_futures=True)
            print("interrupted: what is compiled is kept, the rest is compiled where it is needed", file=sys.stderr)
            return 130
    with suppress(OSError):  # without a place to write numba compiles in every process
        mark().touch()
    return 0


if __name__ == "__main__":
    sys.exit(main())
