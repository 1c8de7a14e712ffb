"""Permanent ids, ``data/permanent_ids.txt``: claims, published rows and pages. The list may only grow.

``python book/permanent.py`` adds what is new. An id that was listed once, in this file or in any of its versions that
git knows, must be listed and exist; so it can be neither removed nor renamed.
"""

from __future__ import annotations

import re
import subprocess
import sys
from collections.abc import Iterable, Mapping
from pathlib import Path

BOOK = Path(__file__).parent.resolve()
FILE = BOOK / "data" / "permanent_ids.txt"
KINDS = {
    "claim": "claim/{}.html",
    "row": "literature.html#{}",
    "page": "{}.html",
}
"""What is permanent, with its address in the book."""


def listed(text: str) -> set[str]:
    """The entries ``KIND ID`` of the file's text."""
    return {line for line in text.splitlines() if line and not line.startswith("#")}


def existing(book: Path = BOOK) -> set[str]:
    """The entries of everything that there is."""
    from proofs import CLAIMS
    from proofs.literature import ROWS, UNAUDITED

    rows = [row.id for row in (*ROWS, *UNAUDITED)]
    pages = [page.stem for page in book.glob("*.md") if page.name != "README.md"]
    found = {"claim": list(CLAIMS), "row": rows, "page": pages}
    return {f"{kind} {name}" for kind in KINDS for name in found[kind]}


def anchor(row_id: str) -> str:
    """A published row's anchor in the audit: in lower case, spaces as hyphens."""
    return "row-" + re.sub("[ _]", "-", row_id.lower())


def address(entry: str) -> str:
    """Where an entry stands in the book."""
    kind, _, name = entry.partition(" ")
    return KINDS[kind].format(anchor(name) if kind == "row" else name)


def differences(before: Mapping[str, Iterable[str]], now: set[str], exists: set[str]) -> list[str]:
    """One line for each id that is listed and gone, exists and is not listed, or was listed in an older version."""
    lines = [f"{entry}: a permanent id is gone" for entry in sorted(now - exists)]
    lines += [f"{entry}: not listed; python book/permanent.py adds it" for entry in sorted(exists - now)]
    seen: set[str] = set()
    for version, entries in before.items():
        dropped = set(entries) - now - seen
        lines += [f"{entry}: a permanent id that {version} listed is listed no more" for entry in sorted(dropped)]
        seen |= dropped
    return lines


def history(file: Path = FILE) -> dict[str, set[str]]:
    """The entries of every committed version of the file, by commit; none where git knows nothing of it."""
    commits = _git(file, "log", "--format=%h", "--", file.name).split()
    return {commit: listed(_git(file, "show", f"{commit}:./{file.name}")) for commit in commits}


def _git(file: Path, *arguments: str) -> str:
    try:
        done = subprocess.run(["git", *arguments], cwd=file.parent, capture_output=True, text=True, check=False)
    except OSError:
        return ""
    return done.stdout if done.returncode == 0 else ""


def wrong(file: Path = FILE) -> list[str]:
    """What is wrong with the file as it is."""
    return differences(history(file), listed(file.read_text(encoding="utf-8")), existing())


def main() -> int:
    """Add what exists and is not listed; 1 if something permanent is gone."""
    text = FILE.read_text(encoding="utf-8") if FILE.exists() else ""
    head = [line for line in text.splitlines() if line.startswith("#")]
    entries = sorted(listed(text) | existing())
    FILE.write_text("\n".join([*head, *entries]) + "\n", encoding="utf-8")
    lines = wrong()
    print(*lines, sep="\n", file=sys.stderr, end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
