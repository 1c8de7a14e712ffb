"""Has pages written by all processors, where processes can be forked; elsewhere one after the other.

Sphinx reads them by one: some extensions do not say whether others may, and one says so that cannot. It does not
search for garbage while it reads, which would take a fifth of that time and spare a quarter of the memory.
"""

from __future__ import annotations

import gc
import os
from collections.abc import Callable, Sequence
from typing import Any

from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.errors import SphinxError
from sphinx.util.parallel import ParallelTasks, parallel_available


def all_processors(app: Sphinx, environment: BuildEnvironment) -> None:
    """From here on."""
    processors = os.cpu_count() or 1
    gc.freeze()
    gc.enable()
    # While others write, Sphinx keeps one process of the number for itself.
    app.parallel = processors + 1 if processors > 1 else 1


def each(app: Sphinx, function: Callable[[Any], object], items: Sequence[Any]) -> None:
    """Call a function, for what it writes, with each item: by forked processes, or one after the other."""

    def some(chosen: Sequence[Any]) -> None:
        for item in chosen:
            function(item)

    if not parallel_available or app.parallel <= 1:
        some(items)
        return
    number, done = app.parallel - 1, list[Any]()
    tasks = ParallelTasks(number)
    for first in range(number):
        tasks.add_task(some, items[first::number], lambda chosen, _: done.extend(chosen))
    tasks.join()
    if len(done) < len(items):  # of a process that fails while others are started, Sphinx says nothing
        raise SphinxError(f"of {len(items)} pages {len(done)} were written")


def setup(app: Sphinx) -> dict[str, bool]:
    """Begins once all pages are read."""
    gc.disable()
    app.connect("env-updated", all_processors)
    return {"parallel_read_safe": True, "parallel_write_safe": True}
