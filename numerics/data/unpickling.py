"""A pickled dictionary of arrays and lists, read without running anything that the file names."""

from __future__ import annotations

import io
import pickle
from pathlib import Path
from typing import Any

import numpy as np

from numerics.errors import BadData

DAMAGED = (
    pickle.UnpicklingError,
    EOFError,
    AttributeError,
    IndexError,
    KeyError,
    MemoryError,
    OverflowError,
    TypeError,
    ValueError,
)
"""What an unpickler raises on damaged bytes."""
BYTES = ("u1", b"u1", "|u1", b"|u1")


class _Type:
    """Stands for numpy's dtype: its name, and nothing of its state."""

    def __init__(self, name: Any = "", *rest: Any) -> None:
        self.name = name

    def __setstate__(self, state: Any) -> None:
        pass


class _Array:
    """Stands for an array of bytes: its shape and its content."""

    content = np.empty(0, np.uint8)

    def __init__(self, *rest: Any) -> None:
        pass

    def __setstate__(self, state: Any) -> None:
        _, shape, kind, fortran, raw = state
        if not isinstance(kind, _Type) or kind.name not in BYTES or not isinstance(raw, bytes):
            raise pickle.UnpicklingError("an array of other numbers than bytes")
        self.content = np.frombuffer(raw, np.uint8).reshape(shape, order="F" if fortran else "C")


def _encode(text: Any, encoding: Any = "latin1") -> bytes:
    """Bytes as protocol 2 of Python 3 has them; the name of the encoding is latin1 there."""
    return str(text).encode("latin1")


STANDING = {
    ("numpy.core.multiarray", "_reconstruct"): _Array,
    ("numpy._core.multiarray", "_reconstruct"): _Array,
    ("numpy", "ndarray"): _Array,
    ("numpy", "dtype"): _Type,
    ("_codecs", "encode"): _encode,
}
"""What pickles of arrays of bytes name, and what stands for it here."""


class _Reader(pickle.Unpickler):
    def find_class(self, module: str, name: str) -> Any:
        """What stands for a name; the named thing itself is never imported."""
        if (module, name) not in STANDING:
            raise pickle.UnpicklingError(f"it names {module}.{name}, which is not read")
        return STANDING[module, name]


def read_arrays(path: str | Path) -> dict[str, Any]:
    """The dictionary in a pickle: arrays of bytes, and what is built into Python; keys as text.

    Raises BadData where the file cannot be read, is empty or truncated, is no dictionary, or names anything else than
    arrays.
    """
    try:
        content = Path(path).read_bytes()
    except OSError as failed:
        raise BadData(f"{path} cannot be read: {failed.strerror}") from failed
    if not content:
        raise BadData(f"{path} is empty")
    try:
        found = _Reader(io.BytesIO(content), encoding="bytes").load()
    except DAMAGED as wrong:
        raise BadData(f"{path} is truncated or no pickle of arrays: {wrong}") from wrong
    if not isinstance(found, dict):
        raise BadData(f"{path} holds a {type(found).__name__}, not a dictionary")
    return {_text(name): value.content if isinstance(value, _Array) else value for name, value in found.items()}


def _text(name: Any) -> str:
    return name.decode("latin1") if isinstance(name, bytes) else str(name)
