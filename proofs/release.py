"""Which release this is: what citations and evidence carry."""

from __future__ import annotations

from importlib.metadata import PackageNotFoundError, version

DISTRIBUTION = "spherical-motion"
RELEASED = "2026-11-21"
AUTHOR = "Spherical Motion contributors"


def package_version() -> str:
    """The installed version, or ``0+unknown`` when the source runs uninstalled."""
    try:
        return version(DISTRIBUTION)
    except PackageNotFoundError:
        return "0+unknown"


def versions(*names: str) -> dict[str, str]:
    """Versions of the named distributions that are installed."""
    found = {}
    for name in names:
        try:
            found[name] = version(name)
        except PackageNotFoundError:
            continue
    return found
