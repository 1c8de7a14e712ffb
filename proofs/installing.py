"""Programs of the system that a command needs: asked for in one line, or installed where INSTALL=1 asks for it."""

from __future__ import annotations

import os
import subprocess
from collections.abc import Callable


def provided(name: str, install: str, missing: Callable[[], str | None]) -> str | None:
    """None where it is there; else ``missing()``'s line, after an attempt where INSTALL=1 is in the environment."""
    hint = missing()
    if hint and os.environ.get("INSTALL") == "1":
        print(f"Installing {name}: {install}", flush=True)
        subprocess.run(["sh", "-c", install], check=False, stdout=subprocess.DEVNULL)
        hint = missing()
    return hint
