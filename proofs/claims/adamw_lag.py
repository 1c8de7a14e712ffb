"""Claims about AdamW whose denominator lags behind scale-invariant gradients."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Poly

    from proofs.comparison import Confrontation


def _lag_formulas() -> list[Formula]:
    from sympy import Mul, Poly, factor, factor_list, numer, together

    from theory import transient
    from theory.symbols import contraction, decay, multiplier

    polynomial = numer(together(transient.lag_polynomial().subs(decay, 1 - contraction)))
    pieces = [Poly(piece, multiplier) for piece, _ in factor_list(polynomial, multiplier)[1]]
    written = (sum(factor(c) * multiplier**k for (k,), c in _leading_positive(piece).terms()) for piece in pieces)
    return [Formula("0", Mul(*written))]


def _leading_positive(piece: Poly) -> Poly:
    """The polynomial with a leading coefficient that is positive inside the domain."""
    from theory.symbols import INTERIOR, contraction

    return -piece if piece.LC().subs(INTERIOR).subs(contraction, 1).is_negative else piece


def _lag_obligations() -> list[Obligation]:
    from sympy import factor

    from theory import transient
    from theory.symbols import beta1, beta2, decay, multiplier

    found = transient.lag()
    z, a, ab = multiplier, 1 - decay, (1 - decay) * beta1
    at_fixed = dict(zip(found.variables, found.fixed, strict=True))
    cubic = (
        (1 + ab) * z**3
        - (a**2 * (1 - beta1**2) + 2 * ab + 2 * beta1**2 + beta2 * (a**2 + ab)) * z**2
        + (ab + beta1**2 + beta2 * (2 * a**2 + 2 * ab + beta1**2 - 1)) * z
        - ab * beta2 * (1 + ab)
    )
    stays = [
        Obligation(f"moment {k} stays at the fixed point", factor(after.subs(at_fixed)), before)
        for k, (after, before) in enumerate(zip(found.after, found.fixed, strict=True))
    ]
    return [
        *stays,
        Obligation(
            "the polynomial by elimination on paper",
            transient.lag_polynomial(),
            (z - ab**2) * cubic / (1 + ab),
        ),
        # v' and X' without momentum: dv = -(1 - beta2)(dv + dX), dX = (2 a^2 - 1) dX - (1 - a^2) dv'.
        Obligation(
            "without momentum by hand",
            transient.lag_polynomial().subs(beta1, 0),
            z**2 * ((z - beta2) * (z - 2 * a**2 + 1) - (1 - beta2) * (1 - a**2) * z),
        ),
    ]


def _lag_rate_formulas() -> list[Formula]:
    from theory import transient
    from theory.symbols import decay

    slow, fast = (1 - rate * decay for rate in transient.lag_slow_rates())
    return [
        Formula("z_{slow}", slow, r"\sim"),
        Formula("z_{next}", fast, r"\sim"),
        Formula("r", transient.lag_ratio_definition()),
        Formula(r"r(\delta)", transient.lag_needed()),
    ]


def _lag_rate_obligations() -> list[Obligation]:
    from sympy import Matrix, limit, oo

    from theory import transient

    r, share = transient.lag_ratio, transient.share
    slow, fast = transient.lag_slow_rates()
    # With x, y the relative deviations of X and v: x' = -4 p x - 2 p y, y' = -r p (x + y).
    flow = Matrix([[4, 2], [r, r]])
    return [
        Obligation("sum of the rates: the trace of the flow", slow + fast, flow.trace()),
        Obligation("their product: its determinant", (slow * fast).expand(), flow.det()),
        Obligation("a fast v gives back 2 p", limit(slow, r, oo) * r, 2 * r),
        Obligation("a slow v gives (1 - beta2) / 2", limit(slow / r, r, 0) * r, r / 2),
        Obligation(
            "the ratio at which 2 p is a share delta too fast",
            transient.lag_needed(),
            2 * (1 - share**2) / share,
        ),
    ]


def _lag_experiment(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.trajectories import confront
    from theory.schedule import scheduled

    found, at = [], (1, 50, 200, 500, 799)
    for lr, wd, beta2 in ((0.02, 0.25, 0.999), (0.02, 0.1, 0.9995)):
        bench = Bench(law="fixed", dim=512, replicas=12, seed=43, device=device)
        still = scheduled("constant", lr=lr, wd=wd, steps=800)
        rest = float(theory.predict("adamw", lr=lr, wd=wd, beta1=0.9, dim=512).equilibrium_norm)
        for start in (0.5 * rest, 2.0 * rest):
            hyper = {"beta1": 0.9, "beta2": beta2, "dim": 512.0}
            found.append(confront("adamw-lag", "adamw", still, start, bench, at, hyper))
    return found


ADAMW_LAG = (
    "the gradient is scale-invariant, <g, w> = 0 and E|g|^2 = L/|w|^2, and white in time",
    "v is the same for every coordinate: 1 - beta2 small and many coordinates; eps = 0",
)

CLAIMS = [
    Claim(
        id="adamw-lag",
        title="AdamW with a lagging denominator: the multipliers",
        statement=(
            "The multipliers z of the deviation of (v, E|w|^2, E<w, m>, E|m|^2) from equilibrium are the roots of"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        formulas=_lag_formulas,
        obligations=_lag_obligations,
        states=("transient.lag", "transient.lag_polynomial"),
        sources=("kosson2024rotational",),
        extra_hypotheses=ADAMW_LAG,
        experiment=_lag_experiment,
    ),
    Claim(
        id="adamw-lag-rate",
        title="AdamW with a lagging denominator: the slow rate",
        statement=(
            "As p tends to 0 with r = (1 - beta2)/p fixed two multipliers tend to 1. The squared norm's "
            "deviation decays like exp(-2 eta lambda t) only when r is large; 2 p is at most a part delta too "
            "fast from r(delta) on:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.MEAN_FIELD,
        formulas=_lag_rate_formulas,
        obligations=_lag_rate_obligations,
        sources=("kosson2024rotational", "kosson2025mup"),
        extra_hypotheses=ADAMW_LAG,
    ),
]
