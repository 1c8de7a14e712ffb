"""The theory's line over a recorded run, for scripts and for ``smd overlay``."""

from __future__ import annotations

import math
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from proofs.overlay.levels import LEVELS
from proofs.overlay.measured import INVARIANT
from proofs.overlay.overlay import Overlay, overlay_record
from smd.plotting import check_plot, two_panels, write
from theory.domain import OutOfDomain

if TYPE_CHECKING:
    from numerics.monitor import Record

__all__ = ["LEVELS", "Overlay", "overlay", "overlay_all", "plot", "rows", "tensor_of"]


def overlay(
    record: Record | str | Path,
    tensor: str | None = None,
    level: str = "white",
    *,
    window: int | None = None,
    since: int | None = None,
    seed: int = 0,
) -> Overlay:
    """What the theory predicts for one tensor of a recorded run, over what was measured.

    ``record`` is a monitor's record or its file, ``tensor`` a parameter's name, or None for the only one with a line,
    ``level`` one of LEVELS: "white" from the schedule, the start and the unit gradient's energy alone, "gradients" from
    their autocorrelation and law, "updates" from the updates' own autocorrelation, which needs no rule of the theory.
    ``window`` is the number of steps over which the energy is averaged; correlations are of the steps from ``since``
    on, by default of the second half, and so is what is compared with them. Raises OutOfDomain for a tensor, level or
    step that is none, BadRecord for the file.
    """
    found = _read(record)
    return overlay_record(found, tensor_of(found, tensor), level, window=window, since=since, seed=seed)


def overlay_all(
    record: Record | str | Path,
    levels: tuple[str, ...] = LEVELS,
    *,
    window: int | None = None,
    since: int | None = None,
    seed: int = 0,
    on_tensor: Callable[[int, int, str], None] = lambda done, total, name: None,
) -> list[Overlay]:
    """Every tensor of a record at each of ``levels``; those without a line once, with the reason."""
    found = _read(record)
    lines: list[Overlay] = []
    for done, (name, one) in enumerate(found.tensors.items()):
        on_tensor(done, len(found.tensors), name)
        for level in levels if one.label == INVARIANT else levels[:1]:
            lines.append(overlay_record(found, name, level, window=window, since=since, seed=seed))
            if not lines[-1].level:  # nothing is said at any
                break
    return lines


def tensor_of(record: Record, tensor: str | None) -> str:
    """The name as given, or that of the only scale-invariant tensor; raises OutOfDomain where there is not just one."""
    if tensor is not None:
        return tensor
    known = [name for name, one in record.tensors.items() if one.label == INVARIANT]
    if len(known) != 1:
        held = ", ".join(known) or "none"
        raise OutOfDomain(f"tensor: which one? of those in the record these are {INVARIANT}: {held}")
    return known[0]


def rows(lines: list[Overlay]) -> list[tuple[str, ...]]:
    """Of each line: tensor, level, measured / predicted angle, median error, norm ratio, and what fails or why none."""
    return [
        (
            one.tensor,
            one.level,
            *(_shown(x) for x in (one.ratio, one.median_error, one.norm_ratio)),
            one.withheld or "; ".join(f"{h.supposes}: {h.measured:.3g}" for h in one.failing),
        )
        for one in lines
    ]


def plot(line: Overlay, target: Path) -> None:
    """Write norm and angle over the steps, the prediction dashed; raises BadPlot, or OutOfDomain without one."""
    import numpy as np

    if line.withheld:
        raise OutOfDomain(f"plot: no line for tensor = {line.tensor}: {line.withheld}")
    check_plot(target)
    figure, (norms, angles) = two_panels(9, 3.2)
    norms.plot(line.steps, line.measured_norm, label="measured")
    norms.plot(line.steps, line.predicted_norm, color="black", linestyle="--", label=f"theory, {line.level}")
    angles.plot(line.steps, line.measured_angle, linewidth=0.4, alpha=0.5)
    if line.blocks.size:
        middle, measured, _ = line.blocks.T
        angles.plot(middle, measured, ".", color="C0", label="RMS of a half-life")
    angles.plot(line.steps, line.predicted_angle, color="black", linestyle="--")
    positive = line.measured_angle[np.isfinite(line.measured_angle) & (line.measured_angle > 0)]
    for axes, label in ((norms, "norm"), (angles, "angular update (rad)")):
        axes.set(xlabel="step", ylabel=label, yscale="log" if positive.size else "linear")
    norms.legend(fontsize=8)
    figure.suptitle(f"{line.tensor}, {line.optimizer}: measured / predicted angle {line.ratio:.3f}", fontsize=10)
    write(figure, target)


def _read(record: Record | str | Path) -> Any:
    if isinstance(record, str | Path):
        from numerics.monitor import read

        return read(record)
    return record


def _shown(x: float) -> str:
    return f"{x:.3f}" if math.isfinite(x) else "-"
