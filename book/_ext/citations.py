"""Finds what writes the words of citations once: for each citation the whole of what is installed is searched."""

from __future__ import annotations

from pybtex.plugin import find_plugin, register_plugin
from sphinx.application import Sphinx

USED = (("pybtex.backends", "plaintext"),)


def setup(app: Sphinx) -> dict[str, bool]:
    """What is registered is found first."""
    for group, name in USED:
        register_plugin(group, name, find_plugin(group, name), force=True)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
