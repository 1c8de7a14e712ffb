"""A recorded run as rows and as a figure."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from smd.plotting import two_panels, write

if TYPE_CHECKING:
    from numerics.monitor import Record, TensorRecord

LATE = 0.5
"""What is shown as one number is taken over this last part of the steps recorded."""
SHOWN = 12
"""Tensors that are drawn when none is chosen: the largest."""


class BadTensor(ValueError):
    """The record has no such tensor."""


def chosen(record: Record, tensor: str | None) -> dict[str, TensorRecord]:
    """The tensors to be shown: one by its name, or all; raises BadTensor for a name that is not there."""
    if tensor is None:
        return record.tensors
    if tensor not in record.tensors:
        raise BadTensor(f"tensor = {tensor} is not in the record; it has {', '.join(record.tensors)}")
    return {tensor: record.tensors[tensor]}


def row(record: Record, one: TensorRecord) -> tuple[str, ...]:
    """Name, label, norm now, and over the last half: RMS angle, update ratio, gradient norm, lag-one correlations."""
    late = one if one.label == "frozen" else one.between((1 - LATE) * record.steps, np.inf)
    norms = one.norm[np.isfinite(one.norm)]
    numbers = [
        norms[-1] if norms.size else np.nan,
        np.sqrt(_mean(late.angle**2)),
        _mean(late.update_ratio),
        _mean(late.gradient_norm),
        *(found.values[0] if found and len(found.lags) else np.nan for found in (late.updates, late.gradients)),
    ]
    label = f"{one.label} ({one.grouping})" if one.grouping else one.label
    return (one.name, label, *("-" if np.isnan(x) else f"{x:.4g}" for x in numbers))


def _mean(x: np.ndarray) -> float:
    good = x[np.isfinite(x)]
    return float(good.mean()) if good.size else float("nan")


def plot(record: Record, tensor: str | None, target: Path) -> None:
    """Norm and angle of the tensors over the steps, neurons behind a single one, as a file."""
    figure, (norms, angles) = two_panels(11, 4)
    found = list(chosen(record, tensor).values())
    for one in sorted(found, key=lambda one: -one.size)[:SHOWN]:
        if one.label == "frozen":
            continue
        if tensor is not None and one.neurons is not None:
            for panel, values in ((norms, one.neurons.norm), (angles, one.neurons.angle)):
                panel.plot(one.neurons.steps, values, color="0.8", linewidth=0.5)
        for panel, series in ((norms, one.norm), (angles, one.angle)):
            panel.plot(one.steps, series, label=one.name, linewidth=1)
    norms.set(xlabel="step", ylabel="norm", yscale="log")
    angles.set(xlabel="step", ylabel="angle per step (rad)", yscale="log")
    norms.legend(fontsize="x-small")
    write(figure, target)
