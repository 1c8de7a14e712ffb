"""A file of chunks, each with its checksum, that only grows: a crash loses the chunk being written and nothing else.

A chunk is the mark, the payload's length (8 bytes, little-endian), its SHA-256 and the payload: arrays as .npy files
have them, one after another; the first is a JSON text, a list of what the chunk says of itself and the names of
the others. The first chunk is the header, a last one says that the run was closed.
"""

from __future__ import annotations

import hashlib
import io
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from numerics.container import UNREADABLE, plain
from numerics.monitor.errors import BadRecord

Array = np.ndarray
KIND, VERSION = "spherical-motion record of a run", 1
MARK = b"smd-run\n"
DIGEST = 32
PREFIX = len(MARK) + 8 + DIGEST
LARGEST = 1 << 40
"""No chunk is longer; what says so is damage."""


@dataclass(frozen=True)
class Chunk:
    """What one chunk holds, and where in the file it ends."""

    meta: dict[str, Any]
    arrays: dict[str, Array]
    end: int


def encoded(meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> bytes:
    """A chunk's bytes."""
    payload = io.BytesIO()
    text = json.dumps([meta, list(arrays)], default=plain).encode()
    for array in (np.frombuffer(text, np.uint8), *arrays.values()):
        np.lib.format.write_array(payload, np.asarray(array), allow_pickle=False)
    body = payload.getvalue()
    return MARK + len(body).to_bytes(8, "little") + hashlib.sha256(body).digest() + body


class Writer:
    """Appends chunks to a file; ``end`` is where the last whole one ends. OSError is the caller's to explain."""

    def __init__(self, path: Path, end: int | None = None) -> None:
        """A new file, or one that goes on from ``end``, where what follows is cut off."""
        self.end = end or 0
        self._file = open(path, "xb" if end is None else "r+b", buffering=0)  # noqa: SIM115
        if end is not None:
            self._file.truncate(end)
            self._file.seek(end)

    def append(self, meta: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
        """Write one chunk whole, or cut off what was written of it and raise what stopped it."""
        left = memoryview(encoded(meta, arrays))
        size = len(left)
        try:
            while left:
                left = left[self._file.write(left) or 0 :]
        except BaseException:  # an interrupt too: what follows must not stand behind a torn chunk
            self._file.truncate(self.end)
            self._file.seek(self.end)
            raise
        self.end += size

    def close(self) -> None:
        """Put what was written on the disk."""
        try:
            os.fsync(self._file.fileno())
        finally:
            self._file.close()


def chunks(path: str | Path) -> Iterator[Chunk]:
    """The file's whole chunks in order; a last one that is incomplete or damaged is left out.

    Raises BadRecord for a file that cannot be read or is no record, and for damage before the last chunk.
    """
    try:
        with open(path, "rb") as file:
            size = os.fstat(file.fileno()).st_size
            number = 0
            while True:
                start = file.tell()
                prefix = file.read(PREFIX)
                if number == 0 and not prefix.startswith(MARK):
                    raise BadRecord(f"{path} is not a {KIND}")
                if len(prefix) < PREFIX:
                    return
                length = int.from_bytes(prefix[len(MARK) : len(MARK) + 8], "little")
                if not prefix.startswith(MARK) or length > LARGEST:
                    raise BadRecord(f"{path} is damaged at byte {start}, in chunk {number}")
                body = file.read(length)
                if len(body) < length:
                    if MARK in body:
                        raise BadRecord(f"{path} is damaged at byte {start}, in chunk {number}: its length is wrong")
                    return
                found = _decoded(body, prefix[-DIGEST:], file.tell())
                if found is None:
                    if file.tell() >= size:
                        return
                    raise BadRecord(f"{path} is damaged in chunk {number}, at byte {start}: its checksum is wrong")
                if number == 0 and found.meta.get("format") != KIND:
                    raise BadRecord(f"{path} is not a {KIND}")
                yield found
                number += 1
    except OSError as failed:
        raise BadRecord(f"{path} cannot be read: {failed.strerror or failed}") from failed


def _decoded(body: bytes, digest: bytes, end: int) -> Chunk | None:
    if hashlib.sha256(body).digest() != digest:
        return None
    try:
        payload = io.BytesIO(body)
        meta, names = json.loads(np.lib.format.read_array(payload, allow_pickle=False).tobytes())
        arrays = {name: np.lib.format.read_array(payload, allow_pickle=False) for name in names}
        return Chunk(meta, arrays, end)
    except UNREADABLE:
        return None
