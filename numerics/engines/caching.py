"""Compiled code on disk, under the hash of every source that it is made of: a change anywhere compiles afresh."""

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
"""Versions of the sources whose compiled code is kept."""


@cache
def source_hash() -> str:
    """The hash of the sources of numerics, and of numba's version."""
    folder = Path(__file__).parents[1]
    digest = hashlib.sha256(numba.__version__.encode())
    for path in sorted(folder.rglob("*.py")):
        digest.update(path.relative_to(folder).as_posix().encode() + b"\0" + path.read_bytes() + b"\0")
    return digest.hexdigest()[:16]


@cache
def folder() -> Path:
    """Where compiled code is kept: in SMD_CACHE_DIR, or among the user's caches."""
    caches = Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "spherical-motion"
    place = Path(os.environ.get("SMD_CACHE_DIR") or caches) / "compiled"
    found = place / source_hash()
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
            print("Compiling with numba; what is compiled is kept until the sources change", file=sys.stderr)
            self.said = True

    def on_end(self, event: Any) -> None:
        """Nothing more to say."""


def announced() -> AbstractContextManager[Any]:
    """A context in which compiling is announced."""
    return install_listener("numba:compile", Announced())


def compiled(**options: Any) -> Callable[[Callable[..., Any]], Any]:
    """``numba.njit`` that keeps what it compiles in ``folder``."""

    def decorate(function: Callable[..., Any]) -> Any:
        before = config.CACHE_DIR  # type: ignore[attr-defined]
        config.CACHE_DIR = str(folder())  # type: ignore[attr-defined]
        try:
            return numba.njit(cache=True, **options)(function)
        finally:
            config.CACHE_DIR = before  # type: ignore[attr-defined]

    return decorate
