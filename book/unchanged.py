"""Whether the book as it is built is that of what is here: sources, pages, data, evidence and installed packages."""

from __future__ import annotations

import os
from collections.abc import Iterator
from hashlib import sha256
from importlib.metadata import distributions
from pathlib import Path

from proofs import evidence

BOOK = Path(__file__).parent.resolve()
ROOT = BOOK.parent
FOLDERS = ("book", "numerics", "proofs", "smd", "theory")
MADE = {"_build", ".jupyter_cache", "__pycache__"}
"""Folders of what is made from the rest."""


def read_from() -> Iterator[Path]:
    """Every file that a page can come from."""
    yield ROOT / "CITATION.cff"
    yield from evidence.directory().glob("*.json")
    for name in FOLDERS:
        for folder, inner, files in os.walk(ROOT / name):
            inner[:] = [one for one in inner if one not in MADE]
            yield from (Path(folder) / file for file in files)


def state(html: Path) -> str:
    """Hash of all that, and of the names and sizes of the files of the built book."""
    digest = sha256()
    for file in sorted(read_from()):
        digest.update(f"{file}\0".encode() + sha256(file.read_bytes()).digest())
    digest.update("\n".join(sorted(f"{one.name} {one.version}" for one in distributions())).encode())
    built = sorted(file for file in html.rglob("*") if file.is_file())
    digest.update("\n".join(f"{file} {file.stat().st_size}" for file in built).encode())
    return digest.hexdigest()
