"""The motion of an optimizer under a schedule, for scripts and for ``smd trajectory``."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from smd.plotting import two_panels, write
from theory.catalogue import the_choice
from theory.compiled import load
from theory.domain import OutOfDomain
from theory.lagging import OPTIMIZERS
from theory.schedule import COOLDOWN, DROPS, scheduled
from theory.trajectory import Trajectory
from theory.trajectory import trajectory as iterate

if TYPE_CHECKING:
    from numpy import ndarray

WITHIN = 0.05
"""The angle counts as settled when it stays within this part of its equilibrium."""
EQUILIBRIUM = "equilibrium"
LAGGING = (
    "gradients are scale-invariant, <g, w> = 0 and E|g|^2 = L/|w|^2, and white in time",
    "v is the same for every coordinate and lags behind 1/|w|^2, with bias correction",
    "eps = 0",
)


@dataclass(frozen=True)
class Run:
    """A trajectory with the settings that it was asked for."""

    trajectory: Trajectory
    settings: dict[str, Any]

    @property
    def warnings(self) -> list[str]:
        """What a reader should know before using the numbers."""
        found, chosen = [], self.trajectory.hyperparameters
        if self.trajectory.settled_at(WITHIN) is None:
            found.append(f"at the end the angle is not within {WITHIN:.0%} of the equilibrium of its lr and wd")
        if np.isnan(self.trajectory.adiabatic_angle).any():
            found.append("at some steps no equilibrium exists for their lr and wd: adiabatic values there are null")
        if self.trajectory.optimizer in OPTIMIZERS:
            found.append(
                "v stands at its instantaneous mean; give beta2 for PyTorch's, which lags behind 1/|w|^2"
                if chosen.get("beta2") is None
                else "fluctuations of v, of relative size 1 - beta2, are neglected"
            )
        return found

    @property
    def hypotheses(self) -> tuple[str, ...]:
        """What must hold for the numbers."""
        chosen = self.trajectory.hyperparameters
        if self.trajectory.optimizer in OPTIMIZERS and chosen.get("beta2") is not None:
            return LAGGING
        return load(self.trajectory.optimizer).hypotheses

    def rows(self, points: int) -> ndarray:
        """At most ``points`` steps, evenly spread, the first and the last among them."""
        last = self.trajectory.schedule.steps - 1
        return np.unique(np.linspace(0, last, min(points, last + 1)).round().astype(int))

    def as_json(self, points: int = 201) -> dict[str, Any]:
        """The keys of ``smd trajectory --json``; the norm of a row is that before its step."""
        from smd.predicting import claims_of

        found, at = self.trajectory, self.rows(points)
        step, angle = found.peak
        columns = {
            "lr": found.schedule.lr,
            "wd": found.schedule.wd,
            "norm": found.norm[:-1],
            "angular_update": found.angle,
            "adiabatic_norm": found.adiabatic_norm,
            "adiabatic_angular_update": found.adiabatic_angle,
        }
        return {
            "optimizer": found.optimizer,
            "hyperparameters": found.hyperparameters,
            "settings": self.settings,
            "peak": {"step": step, "angular_update": angle},
            "settled_at": found.settled_at(WITHIN),
            "final_norm": float(found.norm[-1]),
            "step": at.tolist(),
            **{name: _plain(values[at]) for name, values in columns.items()},
            "hypotheses": list(self.hypotheses),
            "claims": ["trajectory-recursion", *claims_of(found.optimizer)],
            "warnings": self.warnings,
        }


def trajectory(
    optimizer: str,
    *,
    schedule: str = "constant",
    lr: float,
    wd: float,
    steps: int = 10_000,
    start_norm: float | str = 1.0,
    warmup: int = 0,
    final: float = 0.0,
    cooldown: float = COOLDOWN,
    drops: Sequence[float] = DROPS,
    drop_factor: float = 10.0,
    decay: str | None = None,
    on_step: Callable[[int, int], None] | None = None,
    **hyperparameters: float | None,
) -> Run:
    """Norm and angle of every step of a schedule with peak ``lr``; raises OutOfDomain for what has no meaning.

    ``optimizer`` and ``decay`` are those of ``predict``; the largest learning rate of corrected decay is ``lr``.
    ``start_norm`` is a number, or "equilibrium" for the equilibrium of the first step's lr and wd. The other options
    are those of ``theory.schedule.scheduled``, the hyper-parameters those of ``predict``.
    """
    shape = {"warmup": warmup, "final": final, "cooldown": cooldown, "drops": tuple(drops), "drop_factor": drop_factor}
    meant = the_choice(optimizer, decay)
    plan = scheduled(schedule, lr=lr, wd=wd, steps=steps, decay=meant.decay, **shape)
    report = None if on_step is None else lambda done: on_step(done, steps)
    found = iterate(meant.rule, plan, _start(start_norm), moments=None, on_step=report, **hyperparameters)
    settings = {"schedule": schedule, "steps": steps, "start_norm": start_norm, "decay": meant.decay, "warmup": warmup}
    if schedule in ("linear", "cosine", "wsd"):
        settings["final"] = final
    if schedule == "wsd":
        settings["cooldown"] = cooldown
    if schedule == "step":
        settings |= {"drops": list(drops), "drop_factor": drop_factor}
    return Run(found, settings)


def _start(start_norm: float | str) -> float | None:
    if start_norm == EQUILIBRIUM:
        return None
    try:
        return float(start_norm)
    except ValueError:
        raise OutOfDomain(f"start_norm = {start_norm} is neither a number nor {EQUILIBRIUM}") from None


def _plain(values: ndarray) -> list[float | None]:
    return [float(x) if np.isfinite(x) else None for x in values]


def plot(run: Run, target: Path) -> None:
    """Write norm and angle over the steps, with the equilibrium of each step's lr and wd dashed."""
    found, at = run.trajectory, run.rows(4000)
    figure, (norms, angles) = two_panels(9, 3.2)
    for axes, values, guide, label in (
        (norms, found.norm[:-1], found.adiabatic_norm, "norm"),
        (angles, found.angle, found.adiabatic_angle, "angular update (rad)"),
    ):
        axes.plot(at, values[at], label="motion")
        axes.plot(at, guide[at], color="black", linestyle="--", label="equilibrium of each step's lr and wd")
        axes.set(xlabel="step", ylabel=label, yscale="log")
    norms.legend(fontsize=8)
    figure.suptitle(f"{load(found.optimizer).title}, {run.settings['schedule']} schedule", fontsize=10)
    write(figure, target)
