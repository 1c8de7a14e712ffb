"""An interrupt that waits until the work at hand is whole."""

from __future__ import annotations

import signal
import threading
from typing import Any


class Deferred:
    """Holds an interrupt back until the end of a chunk; a second one comes through at once."""

    def __init__(self) -> None:
        self.asked = False

    def _note(self, number: int, frame: Any) -> None:
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True

    def __enter__(self) -> Deferred:
        self.before = None
        if threading.current_thread() is threading.main_thread():
            self.before = signal.signal(signal.SIGINT, self._note)
        return self

    def __exit__(self, *raised: object) -> None:
        if self.before is not None:
            signal.signal(signal.SIGINT, self.before)
