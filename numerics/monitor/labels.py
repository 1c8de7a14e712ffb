"""What the scale of a tensor means to the loss, told from scale checks or from the gradient's radial part."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import torch

from numerics.monitor.record import Motion, TensorRecord

Array = np.ndarray
ROUNDINGS = 64
"""Units of rounding that a loss, or a cosine, may be off by."""
SMALL = 1e-3
"""Scaling changes nothing where it changes the loss by less than this share of what a turn does."""
FEW = 1e-2
"""A radial cosine below this share of that of a random direction, 1/sqrt(n), is taken for zero."""


def label(tensor: TensorRecord, dtype: str, typical: float) -> TensorRecord:
    """The record with its label, what that was told from, and its grouping; ``typical`` is an RMS gradient entry."""
    checked = tensor.scale is not None and np.isfinite(tensor.scale.scaled).any()
    found = _by_loss(tensor, dtype) if checked else _by_gradient(tensor, dtype, typical)
    graded = np.isfinite(tensor.gradient_norm).any()
    if not np.any(tensor.update_ratio > 0) and not (graded and found.label == "insensitive"):
        return replace(tensor, label="frozen", labelled_by="it did not move")
    return found


def _by_loss(tensor: TensorRecord, dtype: str) -> TensorRecord:
    check = tensor.scale
    assert check is not None
    rounding = ROUNDINGS * _computed(dtype) * float(np.nanmax(np.abs(check.loss)))
    scaled, neurons, turned = (float(np.nanmax(x)) for x in (check.scaled, check.neurons, check.turned))
    bound = max(rounding, SMALL * turned)
    if max(scaled, neurons, turned) <= rounding:
        name, grouping = "insensitive", ""
    elif scaled <= bound:
        name, grouping = "scale-invariant", tensor.unit if neurons <= bound else "tensor"
    else:
        name, grouping = "sensitive", ""
    return replace(tensor, label=name, labelled_by="loss", grouping=grouping)


def _by_gradient(tensor: TensorRecord, dtype: str, typical: float) -> TensorRecord:
    norms = tensor.gradient_norm[np.isfinite(tensor.gradient_norm)]
    by = "radial gradient"
    if not norms.any() or np.sqrt(np.mean(norms**2) / tensor.size) <= ROUNDINGS * _computed(dtype) * typical:
        return replace(tensor, label="insensitive", labelled_by="size of the gradient")
    if not _radial(tensor) <= radial_threshold(tensor.size, dtype):
        return replace(tensor, label="sensitive", labelled_by=by)
    grouping = "tensor"
    if tensor.neurons is not None:
        each = _radial(tensor.neurons)
        columns = tensor.size // len(tensor.neurons.silent)
        if np.nanmax(each, initial=0.0) <= radial_threshold(columns, dtype):
            grouping = tensor.unit
    return replace(tensor, label="scale-invariant", labelled_by=by, grouping=grouping)


def radial_threshold(entries: int, dtype: str) -> float:
    """What |<g, w>|/(|g||w|) may be, as RMS in time, where the loss does not see the norm.

    Rounding of the sums in the network, of each entry of the gradient as it is stored, and FEW of 1/sqrt(n).
    """
    stored = float(torch.finfo(getattr(torch, dtype)).eps)
    return ROUNDINGS * _computed(dtype) + (FEW + 8 * stored) / float(np.sqrt(entries))


def _radial(motion: Motion) -> Array:
    with np.errstate(all="ignore"):
        good = np.isfinite(motion.radial_gradient)
        squares = np.where(good, np.asarray(motion.radial_gradient, float) ** 2, 0.0).sum(axis=0)
        return np.sqrt(squares / good.sum(axis=0))


def _computed(dtype: str) -> float:
    """The unit of rounding of sums: halves are summed in single precision."""
    return float(torch.finfo(torch.float64 if dtype == "float64" else torch.float32).eps)
