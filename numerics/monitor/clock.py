"""Where the time goes: seconds by name, each moment counted once."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager


class Clock:
    """``with clock("name")`` adds the seconds spent inside to that name; what is measured inside of it is taken off."""

    def __init__(self) -> None:
        self.seconds: dict[str, float] = {}
        self._begun: float | None = None
        self._inner = [0.0]

    @contextmanager
    def __call__(self, name: str) -> Iterator[None]:
        """Measure what is inside."""
        begin = time.perf_counter()
        self._begun = begin if self._begun is None else self._begun
        self._inner.append(0.0)
        try:
            yield
        finally:
            spent = time.perf_counter() - begin
            self.seconds[name] = self.seconds.get(name, 0.0) + spent - self._inner.pop()
            self._inner[-1] += spent

    def take(self) -> dict[str, float]:
        """Seconds since the last time, with all that passed as ``elapsed``."""
        now = time.perf_counter()
        found = self.seconds | {"elapsed": now - (now if self._begun is None else self._begun)}
        self.seconds, self._begun, self._inner = {}, now, [0.0] * len(self._inner)
        return found
