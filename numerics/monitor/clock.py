"""Where the time goes: seconds by name, each moment counted once."""

from __future__ import annotations

import time
from types import TracebackType


class Clock:
    """``with clock("name"):`` adds the seconds spent inside to that name, less those measured inside of it."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._since: float | None = None
        self._open: list[tuple[str, float]] = []
        self._inner = [0.0]

    def __call__(self, name: str) -> Clock:
        """Begin to measure under this name, when it is entered at once."""
        self._open.append((name, time.perf_counter()))
        return self

    def __enter__(self) -> Clock:
        if self._since is None:
            self._since = self._open[-1][1]
        self._inner.append(0.0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        name, begin = self._open.pop()
        spent = time.perf_counter() - begin
        self.seconds[name] = self.seconds.get(name, 0.0) + spent - self._inner.pop()
        self._inner[-1] += spent

    def add(self, name: str, begin: float) -> None:
        """Add the seconds since ``begin`` on perf_counter, in which nothing else was measured, to that name."""
        if self._since is None:
            self._since = begin
        self.seconds[name] = self.seconds.get(name, 0.0) + time.perf_counter() - begin

    def take(self) -> dict[str, float]:
        """Seconds by name since the last time, and all that passed as ``elapsed``."""
        now = time.perf_counter()
        found = self.seconds | {"elapsed": now - (now if self._since is None else self._since)}
        self.seconds, self._since, self._inner = {}, now, [0.0] * len(self._inner)
        return found
