"""Where a result comes from: the program, the settings, the day."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from functools import cache
from importlib import metadata
from pathlib import Path
from typing import Any

from numerics.seeding import base_seed

PACKAGES = ("numpy", "torch", "numba", "spherical-motion")


@cache
def versions() -> dict[str, str]:
    """Versions of Python and of the PACKAGES; one that is not installed is missing."""
    found = {"python": platform.python_version()}
    for name in PACKAGES:
        try:
            found[name] = metadata.version(name)
        except metadata.PackageNotFoundError:
            continue
    return found


@cache
def source_hash() -> str:
    """SHA-256 over the names and contents of this package's sources."""
    root = Path(__file__).parent
    found = hashlib.sha256()
    for file in sorted(root.rglob("*.py"), key=lambda file: file.relative_to(root).as_posix()):
        content = file.read_bytes()
        found.update(f"{file.relative_to(root).as_posix()} {len(content)}\n".encode() + content)
    return found.hexdigest()


@dataclass(frozen=True)
class Provenance:
    """What is needed to run a simulation again, and when and with what it ran.

    ``hyperparameters`` is one mapping, or one for each configuration; ``duration`` is in seconds, ``date`` in UTC.
    ``schedule`` and ``start`` are hashes of what was given, ``base_seed`` that of ``seeding``.
    """

    rule: str
    hyperparameters: Mapping[str, Any] | Sequence[Mapping[str, Any]]
    law: str
    dim: int
    replicas: int
    steps: int
    seed: int
    engine: str
    device: str
    dtype: str
    grad_norm: float
    start_norm: float
    duration: float
    date: str
    source: str
    versions: Mapping[str, str]
    base_seed: int = 0
    share_noise: bool = False
    schedule: Mapping[str, str] = field(default_factory=dict)
    start: str | None = None

    @classmethod
    def here(cls, *, duration: float, **settings: Any) -> Provenance:
        """Of a run with ``settings`` that has just ended in this process."""
        date = datetime.now(UTC).isoformat(timespec="seconds")
        return cls(
            duration=duration, date=date, source=source_hash(), versions=versions(), base_seed=base_seed(), **settings
        )

    def as_dict(self) -> dict[str, Any]:
        """Its fields, as JSON has them."""
        return asdict(self)
