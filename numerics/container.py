"""Named arrays and a JSON header in one file: a zip of .npy members, checksummed, written whole or not at all."""

from __future__ import annotations

import hashlib
import io
import json
import os
import struct
import zipfile
import zlib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np

from numerics.errors import BadSimulation

Array = np.ndarray
HEADER = "spherical-motion.json"
UNREADABLE = (
    zipfile.BadZipFile,
    zlib.error,
    struct.error,
    EOFError,
    KeyError,
    LookupError,
    NotImplementedError,
    OverflowError,
    RuntimeError,
    TypeError,
    ValueError,
)
"""What zipfile, json and numpy raise on damaged bytes."""


def write(path: str | Path, kind: str, version: int, header: Mapping[str, Any], arrays: Mapping[str, Array]) -> None:
    """Write ``arrays`` and the JSON ``header`` as a file of this kind and version.

    The file appears at ``path`` when it is whole and on the disk; until then what was there stays. Raises
    BadSimulation where it cannot be written.
    """
    whole = {"format": kind, "version": version, "header": header}
    whole["sha256"] = {name: _digest(array) for name, array in arrays.items()}
    unfinished = f"{path}.{os.getpid()}.unfinished"
    try:
        try:
            with open(unfinished, "wb") as file:
                with zipfile.ZipFile(file, "w") as archive:
                    archive.writestr(zipfile.ZipInfo(HEADER), json.dumps(whole, default=plain))
                    for name, array in arrays.items():
                        with archive.open(zipfile.ZipInfo(f"{name}.npy"), "w", force_zip64=True) as member:
                            np.lib.format.write_array(member, np.asanyarray(array), allow_pickle=False)
                file.flush()
                os.fsync(file.fileno())
            os.replace(unfinished, path)
        except BaseException:
            with suppress(OSError):
                os.unlink(unfinished)
            raise
    except OSError as failed:
        raise BadSimulation(f"{path} cannot be written: {failed.strerror}") from failed


def read(path: str | Path, kind: str, version: int) -> tuple[dict[str, Any], dict[str, Array]]:
    """Header and arrays of a file that ``write`` wrote. Nothing is unpickled.

    Raises BadSimulation for a file that is not there, not of this kind, damaged, or of a later version.
    """
    try:
        with open(path, "rb") as file:
            start = file.read(4)
            if start != b"PK\x03\x04"[: len(start)] or not start:
                raise BadSimulation(f"{path} is not a {kind}")
            with zipfile.ZipFile(file) as archive:
                if HEADER not in archive.namelist():
                    raise BadSimulation(f"{path} is not a {kind}")
                whole = json.loads(archive.read(HEADER))
                if whole["format"] != kind:
                    raise BadSimulation(f"{path} is not a {kind} but a {whole['format']}")
                if whole["version"] > version:
                    raise BadSimulation(
                        f"{path} has version {whole['version']} of the {kind}; versions up to {version} are known here"
                    )
                arrays = {}
                for name, digest in whole["sha256"].items():
                    member = io.BytesIO(archive.read(f"{name}.npy"))
                    arrays[name] = np.lib.format.read_array(member, allow_pickle=False)
                    if _digest(arrays[name]) != digest:
                        raise ValueError(name)
                return dict(whole["header"]), arrays
    except BadSimulation:
        raise
    except OSError as failed:
        raise BadSimulation(f"{path} cannot be read: {failed.strerror or failed}") from failed
    except UNREADABLE as damaged:
        raise BadSimulation(f"{path} is truncated or corrupt") from damaged


def _digest(array: Array) -> str:
    flat = np.ascontiguousarray(array).reshape(-1)
    found = hashlib.sha256(f"{flat.dtype.str} {np.shape(array)}".encode())
    found.update(flat.view(np.uint8).data)
    return found.hexdigest()


def plain(value: Any) -> Any:
    """A value of numpy, or a mapping, as JSON has it; TypeError for anything else."""
    if isinstance(value, np.generic):
        return value.item()
    if isinstance(value, Mapping):
        return dict(value)
    raise TypeError(f"{value!r} of type {type(value).__name__} is not JSON")
