"""Progress on standard error, for work that takes longer than a moment."""

from __future__ import annotations

import time
from types import TracebackType

PATIENCE = 1.0
"""Seconds before a bar appears."""


class Bar:
    """A bar that appears once the work has taken PATIENCE seconds; ``show(done, total)`` moves it."""

    def __init__(self, label: str, unit: str) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, Progress, TextColumn, TimeRemainingColumn

        columns = (
            TextColumn(label),
            BarColumn(),
            TextColumn("{task.completed}/{task.total} " + unit),
            TimeRemainingColumn(),
        )
        self.progress = Progress(
            *columns, TextColumn("{task.description}"), console=Console(stderr=True), transient=True
        )
        self.task = self.progress.add_task("", total=None)
        self.begin = time.monotonic()
        self.visible = False

    def __enter__(self) -> Bar:
        return self

    def show(self, done: int, total: int, note: str = "") -> None:
        """Say how much is done."""
        if not self.visible and time.monotonic() - self.begin > PATIENCE:
            self.visible = True
            self.progress.start()
        if self.visible:
            self.progress.update(self.task, completed=done, total=total, description=note)

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self.visible:
            self.progress.stop()
