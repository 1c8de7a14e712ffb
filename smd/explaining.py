"""What a recipe does to its scale-invariant weights: whether and when it reaches equilibrium, and what to change.

The angle over time is the leading-order adiabatic law: with s = log 2 / log(norm(2 lr)/norm(lr)) at equal
lr*wd, the power y = |w|^(2s) relaxes as y' = y_eq + z (y - y_eq), where y_eq and z are the exact ones of
each step's learning rate, and the angle answers as tan(theta) = tan(theta_eq) sqrt(y_eq / y). It leaves
out the memory of the momentum and the lag of Adam's v.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

import theory
from smd.conventions import equivalent_wd
from smd.predicting import predict
from smd.recipes import Recipe
from theory import OutOfDomain, Prediction

if TYPE_CHECKING:
    from matplotlib.axes import Axes

UNKNOWN_STARTS = (0.25, 4.0)
"""Start norms over the equilibrium's that are shown where the recipe does not say."""
POINTS = 20_000
DRAWN = 2_000
"""Points of a curve: more than a screen has columns for it."""
SHARES = np.logspace(-4, 0, 33)
CLOSE = 0.1
"""Within this relative distance of its equilibrium the angle counts as there."""
SETTLED_BY = 0.25
"""The share of the run after which it should be in equilibrium."""
SHORTEST = 0.01
"""Stretches shorter than this share of the run are not counted."""
LARGE = 3.0
"""An angle this many times the equilibrium's is worth a warning."""
WIDE = 0.3
"""Radians per step beyond which a step is no small one."""


@dataclass(frozen=True)
class History:
    """One run from one start: arrays over the steps ``step``; angles in radians, norms over the peak equilibrium's."""

    start: float
    step: np.ndarray
    lr: np.ndarray
    norm: np.ndarray
    angle: np.ndarray
    equilibrium_angle: np.ndarray

    @property
    def settled(self) -> list[tuple[int, int]]:
        """First and last step of each long stretch in which the angle is CLOSE to its equilibrium."""
        with np.errstate(divide="ignore", invalid="ignore"):
            inside = np.abs(self.angle / self.equilibrium_angle - 1) <= CLOSE
        edges = np.flatnonzero(np.diff(np.concatenate(([0], inside.astype(int), [0])))).reshape(-1, 2)
        long = [(first, after - 1) for first, after in edges if after - first >= SHORTEST * len(inside)]
        return [(int(self.step[first]), int(self.step[last])) for first, last in long]

    @property
    def largest(self) -> tuple[int, float]:
        """Step and size of the largest angle over its equilibrium."""
        ratio = self.angle / np.where(self.equilibrium_angle > 0, self.equilibrium_angle, np.inf)
        at = int(np.argmax(ratio))
        return int(self.step[at]), float(ratio[at])


@dataclass(frozen=True)
class Explanation:
    """A recipe, its equilibrium at the peak learning rate, its histories, and what they say."""

    recipe: Recipe
    equilibrium: Prediction
    half_life: float
    half_lives: float
    histories: tuple[History, ...]
    says: list[str]
    change: list[str]

    def as_json(self) -> dict[str, Any]:
        """The keys of ``smd explain --json``; each history at about a hundred of its steps."""
        rows = []
        for history in self.histories:
            thin = slice(None, None, max(1, len(history.step) // 100))
            rows.append(
                {
                    "start_norm_over_equilibrium": history.start,
                    "settled": history.settled,
                    "step": history.step[thin].tolist(),
                    "lr": history.lr[thin].tolist(),
                    "angle": history.angle[thin].tolist(),
                    "equilibrium_angle": history.equilibrium_angle[thin].tolist(),
                    "norm_over_equilibrium": history.norm[thin].tolist(),
                }
            )
        return {
            "optimizer": self.recipe.optimizer,
            "equilibrium_angle": self.equilibrium.angular_update,
            "equilibrium_norm": self.equilibrium.equilibrium_norm,
            "half_life": self.half_life,
            "half_lives": self.half_lives,
            "histories": rows,
            "says": self.says,
            "change": self.change,
        }


def angle_over_time(recipe: Recipe, start: float) -> History:
    """Norm and angle over the run from a start norm over the equilibrium's (of the peak learning rate)."""
    block = max(1, math.ceil(recipe.steps / POINTS))
    step = np.arange(0, recipe.steps, block)
    share = recipe.schedule.shares(step, recipe.steps)
    law = _law(recipe)
    squared, inflow, loss = (law.at(name, share) for name in ("squared", "inflow", "loss"))
    kept = (1 - np.minimum(loss, 1)) ** block
    target = np.divide(inflow, loss, out=np.zeros_like(inflow), where=loss > 0)
    size = np.empty(len(step))
    y = start ** (2 * law.power)
    for i in range(len(step)):
        size[i] = y
        y = target[i] + kept[i] * (y - target[i]) if loss[i] > 0 else y
    equilibrium = np.arctan(np.sqrt(np.divide(squared, target, out=np.zeros_like(squared), where=target > 0)))
    return History(
        start=start,
        step=step,
        lr=recipe.lr * share,
        norm=size ** (1 / (2 * law.power)),
        angle=np.arctan(np.sqrt(squared / size)),
        equilibrium_angle=equilibrium,
    )


@dataclass(frozen=True)
class _Law:
    """tan^2 of the angle times y, and inflow and loss of y a step, as tables over shares of the peak lr."""

    power: float
    shares: np.ndarray
    tables: dict[str, np.ndarray]

    def at(self, name: str, share: np.ndarray) -> np.ndarray:
        """Interpolated in the logarithms, straight on beyond the table, 0 at no learning rate unless constant."""
        x, y = np.log(self.shares), np.log(self.tables[name])
        with np.errstate(divide="ignore"):
            wanted = np.log(share)
        slope = (y[1] - y[0]) / (x[1] - x[0])
        below = y[0] + slope * (wanted - x[0]) if abs(slope) > 1e-9 else np.full_like(wanted, y[0])
        return np.exp(np.where(wanted < x[0], below, np.interp(wanted, x, y)))


def _law(recipe: Recipe) -> _Law:
    peak = recipe.equilibrium()
    power = _power(peak)
    rows: dict[str, list[float]] = {"squared": [], "inflow": [], "loss": []}
    for share in SHARES:
        found = recipe.equilibrium(float(share))
        y = (found.equilibrium_norm / peak.equilibrium_norm) ** (2 * power)
        loss = -math.expm1(-math.log(2) / half_life_of(found))
        rows["squared"].append(math.tan(min(found.angular_update, 1.5)) ** 2 * y)
        rows["inflow"].append(loss * y)
        rows["loss"].append(loss)
    return _Law(power, SHARES, {name: np.array(values) for name, values in rows.items()})


def _power(found: Prediction) -> float:
    """s in |w|^(2s): 2 for scale-invariant gradients, 1 for normalised inputs, from how the norm answers to lr.

    Raises OutOfDomain where the angle is no function of lr*wd, so that the norm obeys no such law.
    """
    given = found.hyperparameters
    lr, wd = float(given["lr"] or 0), float(given["wd"] or 0)
    twice = predict(found.optimizer, **{**given, "lr": 2 * lr, "wd": wd / 2})
    alone = math.isclose(twice.angular_update, found.angular_update, rel_tol=1e-9)
    if not alone or not found.equilibrium_norm or twice.equilibrium_norm <= found.equilibrium_norm:
        raise OutOfDomain(f"optimizer = {found.optimizer} has no law of the angle over time here: its angle or norm "
                          "does not follow from lr*wd and lr as that of the other optimizers")  # fmt: skip
    return math.log(2) / math.log(twice.equilibrium_norm / found.equilibrium_norm)


def half_life_of(found: Prediction) -> float:
    """The half-life, or OutOfDomain where a deviation is gone in one step."""
    if not found.half_life:
        raise OutOfDomain(f"{found.optimizer} has no half-life here: {'; '.join(found.warnings)}")
    return found.half_life


def explain(recipe: Recipe) -> Explanation:
    """Whether and when the run is in equilibrium, the angle over time, and what to change."""
    peak = recipe.equilibrium()
    half_life = half_life_of(peak)
    known = recipe.start_norm is not None
    starts = (float(recipe.start_norm or 0) / peak.equilibrium_norm,) if known else UNKNOWN_STARTS
    histories = tuple(angle_over_time(recipe, start) for start in starts)
    loss = _law(recipe).at("loss", histories[0].lr / recipe.lr)
    lives = float(np.sum(-np.log1p(-np.minimum(loss, 1 - 1e-12)))) / math.log(2) * recipe.steps / len(loss)
    found = Explanation(recipe, peak, half_life, lives, histories, [], [])
    found.says.extend(_sentences(found, known))
    found.change.extend(_advice(found))
    return found


def _sentences(found: Explanation, known: bool) -> list[str]:
    recipe, peak = found.recipe, found.equilibrium
    says = [
        f"At the peak learning rate {recipe.lr:g} the equilibrium of {theory.load(recipe.optimizer).title} turns the "
        f"weights by {peak.angular_update:.4g} rad a step; a deviation halves in {found.half_life:.4g} steps",
        f"The run of {recipe.steps} steps is {found.half_lives:.3g} half-lives long, counted along its schedule",
    ]
    if not known:
        says.append(
            "The recipe does not say start_norm, so two starts are shown: a norm 4 times below and 4 times above the "
            "equilibrium's"
        )
    for history in found.histories:
        where = f"From {history.start:.3g} times the equilibrium's norm"
        stretches = [f"from step {first} to step {last}" for first, last in history.settled]
        share = sum(last - first + 1 for first, last in history.settled) / recipe.steps
        if stretches:
            says.append(
                f"{where} the angle is within {CLOSE:.0%} of equilibrium {' and '.join(stretches)}, "
                f"{share:.0%} of the run"
            )
        else:
            says.append(f"{where} the angle never settles within {CLOSE:.0%} of equilibrium")
        step, ratio = history.largest
        if ratio > LARGE:
            says.append(f"{where} the angle reaches {ratio:.3g} times its equilibrium, at step {step}")
    end = _end(found)
    if end is not None:
        says.append(
            f"At the last step the angle is {end:.3g} times the equilibrium's at that learning rate: the norm cannot "
            "follow the end of the schedule"
        )
    return says


def _end(found: Explanation) -> float | None:
    """Angle over equilibrium at the last step for a run that had settled and lost it, else None."""
    history = found.histories[-1]
    if not history.settled or history.equilibrium_angle[-1] <= 0:
        return None
    ratio = float(history.angle[-1] / history.equilibrium_angle[-1])
    return None if abs(ratio - 1) <= CLOSE else ratio


def _advice(found: Explanation) -> list[str]:
    recipe, change = found.recipe, []
    late = [h for h in found.histories if not h.settled or h.settled[0][0] > recipe.steps / 2]
    if late:
        change.append(_to_settle(found))
    if any(h.largest[1] > LARGE for h in found.histories):
        change.append(
            f"from a small start norm the first angles are large: warm up over about a half-life "
            f"({found.half_life:.3g} steps; the warmup is {recipe.schedule.warmup}), or start from a larger norm"
        )
    if found.equilibrium.angular_update > WIDE:
        change.append(
            f"the equilibrium angle {found.equilibrium.angular_update:.3g} rad is large: lower lr*wd "
            f"(the angle goes with its square root)"
        )
    if _end(found) is not None and not late:
        change.append(
            "the end of the schedule is faster than the norm: to end in equilibrium, spread it over several half-lives "
            "of its own learning rates; if the small last angles are wanted, leave it"
        )
    if recipe.decay == "independent" and recipe.schedule.name != "constant":
        change.append(
            "independent decay does not fall with lr: at equilibrium the angle keeps its peak value to the end"
        )
    return change or ["nothing: the run is in equilibrium for most of its length"]


def _to_settle(found: Explanation) -> str:
    """The wd at which even the farthest start is CLOSE to equilibrium after SETTLED_BY of the run."""
    recipe, peak = found.recipe, found.equilibrium
    start = "or start at the equilibrium's norm"
    if recipe.start_norm is not None:
        start += f" {peak.equilibrium_norm:.4g}"
    far = max(abs(h.start ** (2 * _power(peak)) - 1) for h in found.histories)
    wanted = SETTLED_BY * recipe.steps / max(1.0, math.log2(far / (2 * CLOSE)))
    given = {**recipe.hyperparameters, "lr": recipe.lr}
    try:
        better = theory.solve(recipe.optimizer, "wd", "half_life", wanted, forward=predict, **given)
    except OutOfDomain:
        return f"the run is too short for equilibrium at any wd: train longer, {start}"
    coefficient = better.value * recipe.wd / equivalent_wd(recipe.decay, recipe.lr, recipe.wd, recipe.lr)
    return (
        f"the run is too short for its decay: to be in equilibrium after {SETTLED_BY:.0%} of it, take wd = "
        f"{coefficient:.3g} (half-life {wanted:.3g} steps, angle {better.prediction.angular_update:.3g} rad), {start}"
    )


def draw(found: Explanation, angles: Axes, rates: Axes) -> None:
    """The angle over time with its equilibrium, and the learning rate with the norm."""
    colours = ("#0072b2", "#d55e00")
    one = found.histories[0]
    thin = slice(None, None, max(1, len(one.step) // DRAWN))
    for history, colour in zip(found.histories, colours, strict=False):
        label = f"from {history.start:.3g} times the equilibrium's norm"
        angles.plot(history.step[thin], history.angle[thin], color=colour, label=label)
        rates.plot(history.step[thin], history.norm[thin], color=colour, label=label)
    shown = np.where(one.equilibrium_angle > 0, one.equilibrium_angle, np.nan)
    angles.plot(one.step[thin], shown[thin], color="black", linestyle="--", label="equilibrium of each learning rate")
    share = one.lr / found.recipe.lr
    rates.plot(one.step[thin], share[thin], color="black", linestyle=":", label="learning rate over its peak")
    angles.set(xlabel="step", ylabel="angular update (rad)", yscale="log")
    rates.set(xlabel="step", ylabel="norm, over the peak's equilibrium", yscale="log")
    angles.legend(fontsize=8)
    rates.legend(fontsize=8)
