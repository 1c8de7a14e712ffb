"""Plain data in the user's cache, each file whole or not there; what cannot be kept or read is derived again."""

from __future__ import annotations

import json
import os
from collections.abc import Callable
from typing import Any

from theory.compiled import cache_directory


def stored(name: str, derive: Callable[[], Any]) -> Any:
    """``derive()``, from the file of this name where it was written before."""
    file = cache_directory() / f"{name}.json"
    try:
        found: dict[str, Any] = json.loads(file.read_text(encoding="utf-8"))
        return found["stored"]
    except (OSError, ValueError, LookupError, TypeError):
        pass
    derived = derive()
    try:
        file.parent.mkdir(parents=True, exist_ok=True)
        unfinished = file.with_suffix(f".{os.getpid()}.part")
        unfinished.write_text(json.dumps({"stored": derived}), encoding="utf-8")
        unfinished.replace(file)
    except OSError:
        pass
    return derived
