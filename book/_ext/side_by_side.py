"""Lets Sphinx write pages by all processors. It reads them by one: some extensions do not say whether others may."""

from __future__ import annotations

import os

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment


def all_processors(app: Sphinx, environment: BuildEnvironment) -> None:
    """From here on; Sphinx keeps one process of the number for itself."""
    app.parallel = (os.cpu_count() or 1) + 1


def setup(app: Sphinx) -> dict[str, bool]:
    """Once all pages are read."""
    app.connect("env-updated", all_processors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
