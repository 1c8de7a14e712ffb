"""Which release this is: what citations and evidence carry."""

from __future__ import annotations

from functools import cache
from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "spherical-motion"
RELEASED = "2026-11-21"
AUTHOR = "Spherical Motion contributors"


def package_version() -> str:
    """The installed version, or ``0+unknown`` when the source runs uninstalled."""
    return _version(DISTRIBUTION) or "0+unknown"


def versions(*names: str) -> dict[str, str]:
    """Versions of the named distributions that are installed."""
    return {name: found for name in names if (found := _version(name)) is not None}


@cache
def _version(name: str) -> str | None:
    try:
        return version(name)
    except PackageNotFoundError:
        return None
