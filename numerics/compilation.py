"""Compiled code on disk, under the hash of what it is made of.

Numba compiles a function afresh where its own file changed; a function that it calls, or a constant of another file,
it does not notice. So what compiled functions share is hashed: a change there compiles everything afresh.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import sys
from collections.abc import Callable
from contextlib import AbstractContextManager
from functools import cache
from pathlib import Path
from typing import Any

import numba
from numba import config
from numba.core.event import Listener, install_listener

KEPT = 3
"""Versions of the shared files whose compiled code is kept."""


def shared() -> list[Path]:
    """The files that compiled functions of other files call, or take constants from."""
    here = Path(__file__).parent
    engines = [here / "engines" / "steps.py", here / "engines" / "folded_steps.py"]
    found = [here / "accumulate.py", here / "compilation.py", *engines]
    return sorted([*found, *(here / "philox").glob("*.py")])


@cache
def shared_hash() -> str:
    """The hash of the shared files, and of numba's version."""
    digest = hashlib.sha256(numba.__version__.encode())
    for path in shared():
        digest.update(path.name.encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def folder() -> Path:
    """Where compiled code is kept: in SMD_CACHE_DIR, or among the user's caches."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spherical-motion"
    place = Path(os.environ.get("SMD_CACHE_DIR") or caches) / "compiled"
    found = place / shared_hash()
    try:
        found.mkdir(parents=True, exist_ok=True)
        os.utime(found)
        for old in sorted(place.iterdir(), key=lambda path: path.stat().st_mtime)[:-KEPT]:
            shutil.rmtree(old, ignore_errors=True)
    except OSError:
        pass  # Without a place to write numba compiles in every process.
    return found


class Announced(Listener):
    """Says on a terminal that compiling takes place, once for all functions of one call."""

    def __init__(self) -> None:
        self.said = not sys.stderr.isatty()

    def on_start(self, event: Any) -> None:
        """A function was not in the folder."""
        if not self.said:
            print("Compiling with numba; what is compiled is kept until its sources change", file=sys.stderr)
            self.said = True

    def on_end(self, event: Any) -> None:
        """Nothing more to say."""


def announced() -> AbstractContextManager[Any]:
    """A context in which compiling is announced."""
    return install_listener("numba:compile", Announced())


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """``numba.njit`` that keeps what it compiles in ``folder``.

    What calls a function with ``forceinline`` would hand it down to what that calls in turn: loops over all entries
    would share their registers with the whole kernel. So it counts only where it is said.
    """

    def decorate(function: Callable[..., Any]) -> Any:
        before = config.CACHE_DIR  # type: ignore[attr-defined]
        config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]
        try:
            return numba.njit(cache=True, **{"forceinline": False, **options})(function)
        finally:
            config.CACHE_DIR = before  # type: ignore[attr-defined]

    return decorate
