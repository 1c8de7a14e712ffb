"""Muon on a matrix of rows x columns with decoupled weight decay (key ``jordan2024muon``).

    B <- mu B + G          u = polar(B), or in Nesterov's form polar(G + mu B)
    W <- (1 - lr wd) W - lr c u

With the exact polar factor |u|^2 = min(rows, columns) always; with the Newton-Schulz steps that PyTorch takes, u has
other singular values, less energy and a slightly different memory. ``scale`` is the convention for c. An EMA instead of
the heavy ball changes nothing, because polar does not see the scale of B. The formulas are plain arithmetic, so that
SymPy symbols pass through them; nothing here loads SymPy.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, field
from fractions import Fraction
from typing import Any

import numpy as np

from theory.derivation import recorded
from theory.domain import LEARNING_RATE, WEIGHT_DECAY, NoEquilibrium, OutOfDomain, Parameter
from theory.polar import EXACT_ROWS, EXACT_TERMS, Array, PolarCorrelation, polar_correlation, spectral_limit
from theory.prediction import Prediction, contraction_margin, half_life, signed_multiplier

MUON_MOMENTUM = Parameter("momentum", 0, 1, True, 0.95, "momentum of the buffer")
ROWS = Parameter("rows", 1, math.inf, True, None, "rows of the matrix (outputs)", whole=True)
COLUMNS = Parameter("cols", 1, math.inf, True, None, "columns of the matrix (inputs)", whole=True)
TITLE = "Muon"
CONVENTION = "decoupled weight decay, factor 1 - lr*wd without the scale c; the step is lr*c times the polar factor"
HYPOTHESES = (
    "the gradients are independent in time, with independent Gaussian entries of one variance",
    "the update is the exact polar factor of the momentum",
)
REFERENCES = ("jordan2024muon", "liu2025moonlight")
PARAMETERS = (LEARNING_RATE, WEIGHT_DECAY, MUON_MOMENTUM, ROWS, COLUMNS)

SQUARED_SCALES: dict[str, Callable[[int, int], Fraction]] = {
    "original": lambda rows, columns: max(Fraction(1), Fraction(rows, columns)),
    "match_rms_adamw": lambda rows, columns: Fraction(max(rows, columns), 25),
    "spectral": lambda rows, columns: Fraction(rows, columns),
    "none": lambda rows, columns: Fraction(1),
}
"""c^2 by convention: torch.optim.Muon's two names, Scion's sqrt(outputs/inputs), and 1."""
ORTHOGONALISATIONS = ("polar", "newton_schulz")
NEWTON_SCHULZ = (3.4445, -4.775, 2.0315)
NEWTON_SCHULZ_STEPS = 5
LEAST_ROWS = 16
"""Below this side the law of large matrices says too little about Newton-Schulz."""
MOST_TERMS = 1 << 20
DIGITS = 40.0


@recorded
def first_correlation(momentum: Any, nesterov: bool) -> Any:
    """rho_1 of the momentum on white gradients; rho_k = rho_1 mu^(k-1).

    Heavy ball: mu. Nesterov's G + mu B has the impulse response 1 + mu, mu^2, mu^3, ...
    """
    if not nesterov:
        return momentum
    tail = momentum**4 / (1 - momentum**2)
    return ((1 + momentum) * momentum**2 + momentum * tail) / ((1 + momentum) ** 2 + tail)


@recorded
def squared_norm(lr: Any, decay: Any, energy: Any, persistence: Any) -> Any:
    """E|W|^2 = lr^2 q (1 + 2 a S)/(1 - a^2), S = sum_{k>=1} a^(k-1) R_k, for a stationary update of energy q."""
    return lr**2 * energy * (1 + 2 * (1 - decay) * persistence) / (decay * (2 - decay))


@recorded
def one_minus_cosine(decay: Any, persistence: Any) -> Any:
    """1 - E<W, W'>/E|W|^2 = p (1 - p S)/(1 + 2 a S)."""
    return decay * (1 - decay * persistence) / (1 + 2 * (1 - decay) * persistence)


def persistence(
    correlation: PolarCorrelation, decay: float, momentum: float, first: float
) -> tuple[float, float, float]:
    """(low, estimate, high) of S = sum_j c_j rho_1^(2j+1) / (1 - a mu^(2j+1)), the geometric sums over k taken."""
    power = 2.0 * np.arange(len(correlation.leading) + len(correlation.tail)) + 1
    with np.errstate(under="ignore"):
        return correlation.weigh(first**power / (1 - (1 - decay) * momentum**power))


def newton_schulz(values: Array) -> Array:
    """What five quintic steps make of the singular values of X/|X|_F: sigma <- 3.4445 sigma - 4.775 sigma^3 + ..."""
    a, b, c = NEWTON_SCHULZ
    for _ in range(NEWTON_SCHULZ_STEPS):
        values = a * values + b * values**3 + c * values**5
    return values


@dataclass(frozen=True)
class MuonPrediction(Prediction):
    """Muon's equilibrium: the estimates of ``Prediction`` and what is proved about them.

    ``norm_bounds`` and ``angle_bounds`` enclose the exact values (None for Newton-Schulz); the estimates inside them
    are exact where rows or columns are 1, numerical elsewhere. ``update_energy`` is E|u|^2, before the scale c;
    ``memory`` is S, and ``update_persistence`` is 1 + 2 S at lr*wd -> 0, by which momentum divides the squared angle.
    """

    nesterov: bool = True
    scale: str = "original"
    orthogonalise: str = "polar"
    norm_bounds: tuple[float, float] | None = None
    angle_bounds: tuple[float, float] | None = None
    update_energy: float = math.nan
    memory: float = math.nan
    update_persistence: float = math.nan
    first_coefficients: list[float] = field(default_factory=list)


def update_law(rows: int, columns: int, orthogonalise: str, terms: int) -> tuple[float, PolarCorrelation]:
    """(E|u|^2, correlation of the update) by the number of the series' terms.

    For Newton-Schulz both are those of large matrices, where |X|_F is sqrt(m n) and singular values follow
    Marchenko and Pastur: a relative error of order 1/min(rows, columns).
    """
    if orthogonalise == "polar":
        return float(min(rows, columns)), polar_correlation(rows, columns, terms)
    small, large = sorted((rows, columns))
    energy, found = spectral_limit(lambda s: newton_schulz(s / math.sqrt(small)), small / large, terms)
    return small * energy, PolarCorrelation(rows, columns, found[:EXACT_TERMS], found[EXACT_TERMS:], False, True)


def predict_muon(
    *,
    lr: float,
    wd: float,
    rows: int,
    cols: int,
    momentum: float | None = None,
    nesterov: bool = True,
    scale: str = "original",
    orthogonalise: str = "polar",
) -> MuonPrediction:
    """The equilibrium of Muon for white Gaussian gradients; raises OutOfDomain or NoEquilibrium."""
    given = {"lr": lr, "wd": wd, "momentum": momentum, "rows": rows, "cols": cols}
    chosen: dict[str, float | None] = {}
    for parameter in PARAMETERS:
        value = given[parameter.name]
        value = parameter.default if value is None else value
        if value is None:
            raise OutOfDomain(f"{parameter.name} is missing; its range is {parameter.range}")
        chosen[parameter.name] = parameter.check(value)
    for name, text, known in (("scale", scale, SQUARED_SCALES), ("orthogonalise", orthogonalise, ORTHOGONALISATIONS)):
        if text not in known:
            raise OutOfDomain(f"{name} = {text} is unknown; known are {', '.join(known)}")
    if orthogonalise == "newton_schulz" and min(rows, cols) < LEAST_ROWS:
        raise OutOfDomain(f"orthogonalise = newton_schulz is predicted from {LEAST_ROWS} x {LEAST_ROWS} matrices on")
    mu, decay = float(chosen["momentum"] or 0), lr * wd
    if not 0 < decay < 2:
        raise NoEquilibrium(
            f"lr*wd = {decay:.12g} is outside (0, 2): the weights grow without bound, so no equilibrium exists"
        )
    first = first_correlation(mu, nesterov)
    # rho_1^(2j+1) is negligible from about DIGITS/2(1 - rho_1) on.
    terms = min(MOST_TERMS, 1 << math.ceil(math.log2(DIGITS / (1 - first) + 8))) if first < 1 else MOST_TERMS
    unscaled, correlation = update_law(int(rows), int(cols), orthogonalise, terms)
    energy = float(SQUARED_SCALES[scale](int(rows), int(cols))) * unscaled
    low, middle, high = persistence(correlation, decay, mu, first)
    _, still, _ = persistence(correlation, 0.0, mu, first)
    lost, proved = one_minus_cosine(decay, middle), orthogonalise == "polar"
    slow = min((complex(y) for y in _deviations(decay, mu)), key=contraction_margin)
    return MuonPrediction(
        optimizer="muon",
        decay="decoupled",
        hyperparameters=chosen,
        equilibrium_norm=math.sqrt(squared_norm(lr, decay, energy, middle)),
        angular_update=_angle(lost),
        cos_angular_update=1 - lost,
        chord=math.sqrt(2 * lost),
        sine=math.sqrt(lost * (2 - lost)),
        convergence_rate=signed_multiplier(slow),
        half_life=half_life(slow),
        leading_order={
            "equilibrium_norm": math.sqrt(lr * lr * energy * (1 + 2 * still) / (2 * decay)),
            "angular_update": math.sqrt(2 * decay / (1 + 2 * still)),
        },
        warnings=_warnings(correlation) if proved else [_newton_schulz_warning(rows, cols)],
        nesterov=nesterov,
        scale=scale,
        orthogonalise=orthogonalise,
        norm_bounds=_ordered(*(math.sqrt(squared_norm(lr, decay, energy, s)) for s in (low, high))) if proved else None,
        angle_bounds=_ordered(*(_angle(one_minus_cosine(decay, s)) for s in (low, high))) if proved else None,
        update_energy=unscaled,
        memory=middle,
        update_persistence=1 + 2 * still,
        first_coefficients=[float(c) for c in correlation.leading],
    )


def _deviations(decay: float, momentum: float) -> tuple[float, float, float]:
    """1 - z for the multipliers z = a^2, a mu, mu^2 of the weights, of weights with momentum, of the momentum."""
    return decay * (2 - decay), 1 - (1 - decay) * momentum, (1 - momentum) * (1 + momentum)


def _angle(lost: float) -> float:
    return 2 * math.asin(math.sqrt(lost / 2))


def _ordered(first: float, second: float) -> tuple[float, float]:
    return min(first, second), max(first, second)


def _newton_schulz_warning(rows: int, columns: int) -> str:
    return (
        "norm and angle are numerical: Newton-Schulz's update by the law of large matrices, "
        f"with a relative error of order 1/min(rows, cols) = {1 / min(rows, columns):.1g}"
    )


def _warnings(correlation: PolarCorrelation) -> list[str]:
    found = ["the update is the exact polar factor; five Newton-Schulz steps give another length and memory"]
    if correlation.closed:
        return found
    if correlation.exact:
        found.append(
            f"norm and angle are numerical inside proved bounds: {EXACT_TERMS} terms of the correlation's series "
            f"are exact, its last {correlation.mass:.2%} is an estimate"
        )
    else:
        error = 0.01 / min(correlation.rows, correlation.columns)
        found.append(
            f"norm and angle are numerical: above {EXACT_ROWS} rows and columns the correlation's series is "
            f"interpolated to its limit, and the bounds hold up to a relative error near {error:.1g}"
        )
    return found
