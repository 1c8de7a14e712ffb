"""Claims about Adam and its kin: v at its mean, decay beside the gradient or inside it."""

from __future__ import annotations

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.families import equilibrium_claims
from proofs.claims.gain import step_size_claim
from proofs.claims.limits import agrees_with

NORMALISED_ON_ARRIVAL = (
    "each gradient is normalised when it arrives, or its scale does not depend on |w|: "
    "a raw buffer divided by a v that follows 1/|w|^2 has other multipliers"
)


def _schedule() -> list[Formula]:
    from sympy import latex

    return [Formula(latex(symbol), value) for symbol, value in theory.equilibrium_of("nadamw").rule.definitions]


def _schedule_obligations() -> list[Obligation]:
    """The printed schedule, spelt out once more in the words of PyTorch's documentation at a few steps."""
    from sympy import Rational

    from theory.symbols import beta1, momentum_decay, step_index

    ((_, value),) = theory.equilibrium_of("nadamw").rule.definitions
    owed = []
    for t in (1, 250, 25_000):
        documented = beta1 * (1 - Rational(1, 2) * Rational(96, 100) ** (t * Rational(4, 1000)))
        at = value.subs({step_index: t, momentum_decay: Rational(4, 1000)})
        owed.append(Obligation(f"mu at step {t}", at, documented))
    return owed


CLAIMS = [
    *equilibrium_claims(
        "adamw",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("kosson2024rotational", "wen2025hyperball"),
        rate_hypotheses=(NORMALISED_ON_ARRIVAL,),
    ),
    Claim(
        id="adamw-without-momentum",
        title="without momentum it is a signed random walk",
        statement="At beta1 = 0 norm and angle are those of Lion at beta1 = 0, a walk of white unit updates:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="adamw",
        **agrees_with("adamw", {"beta1": 0}, "lion", {"beta1": 0}),
    ),
    *equilibrium_claims(
        "nadamw",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("dozat2016",),
        rate_hypotheses=(NORMALISED_ON_ARRIVAL, "mu moves slowly: its schedule is taken at the step in question"),
    ),
    Claim(
        id="nadamw-schedule",
        title="the momentum schedule",
        statement=(
            "In PyTorch the gradient is weighed by 1 - mu of step t and the buffer by mu of step t + 1, "
            "which are taken alike here, with"
        ),
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_schedule,
        obligations=_schedule_obligations,
        sources=("dozat2016",),
        optimizer="nadamw",
    ),
    *equilibrium_claims(
        "rmspropw",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("tieleman2012",),
    ),
    *equilibrium_claims(
        "adam_l2",
        norm=Setting.MEAN_FIELD,
        angle=Setting.MEAN_FIELD,
        rate=Setting.MEAN_FIELD,
        sources=("kosson2024rotational",),
        rate_hypotheses=(NORMALISED_ON_ARRIVAL,),
    ),
    step_size_claim("adam_l2", Setting.MEAN_FIELD, ("kosson2024rotational",)),
    *equilibrium_claims(
        "nadam_l2",
        norm=Setting.MEAN_FIELD,
        angle=Setting.MEAN_FIELD,
        rate=None,
        sources=("dozat2016",),
    ),
    *equilibrium_claims(
        "rmsprop",
        norm=Setting.MEAN_FIELD,
        angle=Setting.MEAN_FIELD,
        rate=Setting.MEAN_FIELD,
        sources=("tieleman2012",),
    ),
    step_size_claim("rmsprop", Setting.MEAN_FIELD, ("tieleman2012",)),
    Claim(
        id="adam_l2-without-momentum",
        title="without momentum it is RMSprop",
        statement="At beta1 = 0 norm and angle at a given decay per step are those of RMSprop with L2:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="adam_l2",
        **agrees_with("adam_l2", {"beta1": 0}, "rmsprop"),
    ),
]
