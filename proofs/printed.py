"""The theory's numbers that the book prints beyond an expression at a point: where it predicts, and what it solves for.

``predict`` knows the recipes; the interval layer encloses the same ones.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
from typing import TYPE_CHECKING, Any

import theory
from proofs.digits import Enclosed, ball
from proofs.enclosed import ball_of, balls, motion_of, predicted
from theory import MuonPrediction, OutOfDomain, Prediction

if TYPE_CHECKING:
    from flint import arb

    from theory.finite_dimension import FiniteDimension
    from theory.schedule import Schedule

RECIPES: dict[str, tuple[dict[str, Any], ...]] = {
    "adamw": (
        {"lr": 6e-4, "wd": 0.1},
        {"lr": 0.1, "wd": 0.1},
        {"lr": 0.1, "wd": 0.1, "dim": 512},
        *({"lr": 0.1, "wd": 0.05, "dim": dim} for dim in (16, 64, 1024)),
    ),
    "adamw_beta2": tuple(
        {"lr": 0.1, "wd": 0.1, "beta2": beta2, "kurtosis": kurtosis}
        for kurtosis in (3, 6)
        for beta2 in (0.999, 0.99, 0.95)
    ),
    "lion": ({"lr": 0.1, "wd": 0.1}, {"lr": 0.1, "wd": 0.1, "dim": 16}, {"lr": 0.1, "wd": 0.1, "dim": 512}),
    "sgd": ({"lr": 0.1, "wd": 0.1}, {"lr": 0.5, "wd": 0.1}, {"lr": 0.1, "wd": 0.05}, {"lr": 0.5, "wd": 1.2}),
    "sgdm": ({"lr": 0.1, "wd": 0.1}, {"lr": 0.1, "wd": 0.05}, {"lr": 0.1, "wd": 1e-4}),
    "lars": ({"lr": 1.0, "wd": 0.5, "trust": 0.1},),
    "muon": (
        *(
            {"lr": 0.1, "wd": 0.5, "momentum": momentum, "nesterov": nesterov, "rows": rows, "cols": cols}
            for rows, cols, nesterov, momentum in (
                (1, 24, True, 0.9), (4, 4, False, 0.95), (8, 16, True, 0.9), (16, 16, False, 0.9), (16, 16, True, 0.9)
            )
        ),
        *(
            {"lr": 0.02, "wd": 1e-4, "rows": 1024, "cols": cols, "nesterov": nesterov}
            for cols in (1024, 2048, 4096)
            for nesterov in (False, True)
        ),
        *(
            {"lr": 0.1, "wd": 0.3, "rows": rows, "cols": cols, "orthogonalise": how}
            for rows, cols in ((16, 64), (32, 32))
            for how in ("polar", "newton_schulz")
        ),
    ),
}  # fmt: skip
"""By rule: where the book prints predictions; ``predict`` takes no others. The rest stands at its default."""


def predict(optimizer: str, **hyperparameters: Any) -> Prediction:
    """The prediction at one of RECIPES, every number enclosed; raises OutOfDomain elsewhere."""
    found = predicted(optimizer, hyperparameters)
    if not any(_same(found, recipe) for recipe in RECIPES.get(found.optimizer, ())):
        at = ", ".join(f"{name} = {value}" for name, value in hyperparameters.items())
        raise OutOfDomain(f"{optimizer} at {at} is not among proofs.enclosed.RECIPES, where numbers are printed")
    return found


def _same(found: Prediction, recipe: Mapping[str, Any]) -> bool:
    if isinstance(found, MuonPrediction):
        return theory.predict_muon(**recipe) == found
    return theory.complete(found.optimizer, recipe) == found.hyperparameters


def finite_dim(optimizer: str, dim: int, **hyperparameters: Any) -> FiniteDimension:
    """``theory.finite_dim`` for Gaussian gradients, with enclosures from the derived fluctuations."""
    from theory.finite_dimension import INDEPENDENT
    from theory.fluctuations import fluctuations_of
    from theory.symbols import dim as dimension
    from theory.symbols import energy_variance

    found = theory.finite_dim(optimizer, dim, **hyperparameters)
    size = {"dim": dim} if optimizer in INDEPENDENT else {}
    motion = motion_of(theory.predict(optimizer, **size, **hyperparameters))

    def law(name: str) -> arb:
        """Relative variance or shift of the squared norm, variance over sin^2 or shift over tan of the angle."""
        from flint import arb

        if optimizer in INDEPENDENT:
            return {"relative_variance": arb(2) / dim, "angle_variance": arb(1) / dim}.get(name, arb(0))
        at = balls(optimizer, theory.complete(optimizer, hyperparameters))
        at |= {dimension: arb(dim), energy_variance: arb(2) / (dim - 1)}
        return ball_of(getattr(fluctuations_of(optimizer), name), at)

    def rms_norm() -> arb:
        return motion.equilibrium_norm() * (1 + law("squared_norm_shift") / 2)

    def mean_angle() -> arb:
        return motion.angular_update() + law("angle_shift") * motion.angular_update().tan()

    return replace(
        found,
        relative_variance=Enclosed(found.relative_variance, lambda: law("relative_variance")),
        rms_norm=Enclosed(found.rms_norm, rms_norm),
        mean_angle=Enclosed(found.mean_angle, mean_angle),
        angle_deviation=Enclosed(found.angle_deviation, lambda: law("angle_variance").sqrt() * motion.sine()),
    )


def root(function: Callable[[arb], arb], near: float, digits: int = 9) -> Enclosed:
    """A root of a continuous function that agrees with a double to ``digits``, shown by a change of sign."""
    from flint import arb

    def around() -> arb:
        low, high = (ball(near) * (1 + sign * arb(10) ** -digits) for sign in (-1, 1))
        if not function(low) * function(high) < 0:
            raise ArithmeticError(f"no change of sign is shown within {digits} digits of {near!r}")
        return low.union(high)

    return Enclosed(near, around)


def final_norm(optimizer: str, schedule: Schedule, start_norm: float | None = None, **hyper: Any) -> Enclosed:
    """sqrt(E|w|^2) after a schedule by ``theory.trajectory``, for white input; enclosed by iterating in balls."""
    from theory.trajectory import trajectory

    found = trajectory(optimizer, schedule, start_norm, **hyper)
    return Enclosed(float(found.norm[-1]), partial(_iterated, optimizer, schedule, start_norm, found.hyperparameters))


def _iterated(optimizer: str, schedule: Schedule, start_norm: float | None, chosen: Mapping[str, float | None]) -> arb:
    from flint import arb_mat
    from sympy import lambdify

    from proofs.balls import enclose, exact
    from theory.symbols import decay, lr, squared_norm, wd

    found = theory.equilibrium_of(optimizer)
    first = {**chosen, "lr": float(schedule.lr[0]), "wd": float(schedule.wd[0])}
    at = balls(optimizer, first)
    size = found.rule.transition.rows
    if start_norm is None:
        scale = enclose(found.norm, at) ** 2 / enclose(found.recursion.unit_gram[0, 0], at)
        gram = arb_mat([[enclose(entry, at) * scale for entry in row] for row in found.recursion.unit_gram.tolist()])
    else:
        gram = arb_mat(size, size)
        gram[0, 0] = exact(start_norm) ** 2
    rest = sorted(set(at) - {lr, wd, decay}, key=str)
    names, numbers = (lr, wd, *rest), [at[symbol] for symbol in rest]
    matrices = lambdify(names, [found.rule.transition.tolist(), list(found.rule.drive)], modules="math")
    amplitude = lambdify((squared_norm, *rest), found.rule.amplitude, modules="math")
    for rate, coefficient in zip(schedule.lr.tolist(), schedule.wd.tolist(), strict=True):
        rows, drive = matrices(exact(rate), exact(coefficient), *numbers)
        transition, column = arb_mat(rows), arb_mat([[entry] for entry in drive])
        pushed = column * column.transpose() * amplitude(gram[0, 0], *numbers)
        gram = transition * gram * transition.transpose() + pushed
    return gram[0, 0].sqrt()
