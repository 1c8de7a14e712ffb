"""Norm and angle of an optimizer in finitely many dimensions: the first correction to the mean field, as numbers.

Needs neither SymPy nor torch; ``theory.fluctuations`` derives the same quantities as expressions and
shares ``angle_response`` with this module.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from theory.compiled import CompiledRule, load
from theory.domain import OutOfDomain
from theory.prediction import Prediction, predict, symbol_values

Array = np.ndarray
LEAST_DIM = 3
ORTHOGONAL = ("sgd", "sgdm", "sgdw", "nesterov", "nesterovw")
"""Rules on scale-invariant gradients, whose squared size is L/|w|^2."""
INDEPENDENT = ("adamw", "nadamw")
"""Rules on white Gaussian input of constant size."""


@dataclass(frozen=True)
class FiniteDimension:
    """Stationary norm and angle with their fluctuations, to first order in v and 1/(d - 1).

    ``relative_variance`` is s = Var(|w|^2)/(E|w|^2)^2; what is left out is of relative size s, so the
    numbers mean nothing once s is not small. ``rms_norm`` is sqrt(E|w|^2), ``mean_norm`` E|w|;
    angles are in radians, ``angle_deviation`` is the standard deviation of the angle of one step.
    """

    relative_variance: float
    rms_norm: float
    mean_norm: float
    mean_angle: float
    rms_angle: float
    angle_deviation: float


def finite_dim(
    optimizer: str, dim: int, *, energy_variance: float | None = None, **hyperparameters: float | None
) -> FiniteDimension:
    """Norm and angle in ``dim`` dimensions around the mean field of ``theory.predict``.

    For the rules of ORTHOGONAL gradients are isotropic in the hyperplane orthogonal to w, and their
    squared unit norm has the relative variance ``energy_variance`` (default: Gaussian gradients,
    2/(dim - 1); 0 for a constant norm). For those of INDEPENDENT they are Gaussian and do not depend on
    w. Raises OutOfDomain for other rules or values, and as ``predict``.
    """
    if not (isinstance(dim, int) and dim >= LEAST_DIM):
        raise OutOfDomain(f"dim = {dim} is outside its range [{LEAST_DIM}, inf), whole")
    if energy_variance is not None and not 0 <= energy_variance < math.inf:
        raise OutOfDomain(f"energy_variance = {energy_variance:g} is outside its range [0, inf)")
    if optimizer in INDEPENDENT:
        if energy_variance is not None:
            raise OutOfDomain(f"energy_variance does not apply to {optimizer}, whose gradients are Gaussian")
        return _corrected(predict(optimizer, dim=dim, **hyperparameters), 2 / dim, 0.0, 1 / dim, 0.0)
    if optimizer not in ORTHOGONAL:
        raise OutOfDomain(
            f"optimizer = {optimizer} has no derived fluctuations; {', '.join((*ORTHOGONAL, *INDEPENDENT))} have"
        )
    found = predict(optimizer, **hyperparameters)
    spread_of_energy = 2 / (dim - 1) if energy_variance is None else energy_variance
    rule = load(optimizer)
    values = symbol_values(rule, found.hyperparameters)
    covariance, kick = _covariance(rule, values, spread_of_energy, dim)
    transition = np.array(rule("transition", values), dtype=float)
    size = len(transition)
    before = np.eye(1, len(covariance))
    overlap = np.zeros_like(before)
    overlap[0, :size] = transition[0] / (1 - float(rule("one_minus_cosine", values)))
    after = np.array(rule("jacobian", values), dtype=float)[:1]
    variance, shift = angle_response(overlap, before, after, covariance, kick, 1 - found.cos_angular_update)
    spread = float(covariance[0, 0])
    return _corrected(found, spread, spread / 2, float(variance), float(shift))


def angle_response(overlap: Any, before: Any, after: Any, covariance: Any, last: Any, lost: Any) -> tuple[Any, Any]:
    """(Var(theta_t)/sin(theta)^2, (E theta_t - theta)/tan(theta)) of cos theta_t = U/sqrt(X X').

    U, X = |w|^2 and X' = |w'|^2 deviate, relative to their means, by the rows ``overlap``, ``before`` and
    ``after`` times the moments' deviation of the given covariance; X' also by the step's own noise of
    variance ``last``. ``lost`` is 1 - cos(theta). Matrices of numpy or of SymPy.
    """

    def form(left: Any, right: Any) -> Any:
        return (left @ covariance @ right.T)[0, 0]

    cosine2, sine2 = (1 - lost) ** 2, lost * (2 - lost)
    gradient = overlap - (before + after) / 2
    variance = (form(gradient, gradient) + last / 4) * cosine2 / sine2
    mean = (
        -form(overlap, before + after) / 2
        + form(before, after) / 4
        + 3 * (form(before, before) + form(after, after) + last) / 8
    )
    # E cos = cos (1 + mean) = cos - sin E(theta_t - theta) - cos Var(theta_t) / 2
    return variance / sine2, -(mean + variance / 2) * cosine2 / sine2


def _covariance(rule: CompiledRule, values: dict[str, float], v: float, dim: int) -> tuple[Array, float]:
    """Covariance of the moments over |w|^4 from S = J S J^T + Q, and the variance of one step's own kick to |w|^2."""
    transition, unit = (np.array(rule(name, values), dtype=float) for name in ("transition", "unit_gram"))
    size, corner = len(unit), unit[0, 0]
    upper = np.triu_indices(size)
    gram = unit / corner
    added = gram - transition @ gram @ transition.T
    drive = added[:, 0] / math.sqrt(added[0, 0])
    kick = added[upper]
    noise = v * np.outer(kick, kick)
    across = (gram - np.outer(gram[0], gram[0])) / (dim - 1)
    kicks = [(np.outer(drive, column) + np.outer(column, drive))[upper] for column in transition.T]
    for i in range(1, size):
        for j in range(1, size):
            noise += across[i, j] * np.outer(kicks[i], kicks[j])
    jacobian = np.array(rule("jacobian", values), dtype=float)
    count = len(kick)
    stacked = np.linalg.solve(np.eye(count**2) - np.kron(jacobian, jacobian), noise.ravel())
    return stacked.reshape(count, count), float(noise[0, 0])


def _corrected(
    found: Prediction, spread: float, squared_shift: float, variance: float, shift: float
) -> FiniteDimension:
    angle, sine = found.angular_update, found.sine
    deviation2 = variance * sine**2
    mean = angle + shift * math.tan(angle)
    return FiniteDimension(
        relative_variance=spread,
        rms_norm=found.equilibrium_norm * (1 + squared_shift / 2),
        mean_norm=found.equilibrium_norm * (1 + squared_shift / 2 - spread / 8),
        mean_angle=mean,
        rms_angle=math.sqrt(max(2 * angle * mean - angle**2 + deviation2, 0.0)),
        angle_deviation=math.sqrt(deviation2),
    )
