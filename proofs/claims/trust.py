"""Claims about LARS and LAMB."""

from __future__ import annotations

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from proofs.claims.families import equilibrium_claims
from proofs.claims.gain import squared_step_size


def _lamb_step() -> list[Formula]:
    from sympy import solve

    from theory.symbols import decay, decay_behind_gain, lr

    found = theory.equilibrium_of("lamb")
    square = squared_step_size(found)
    (per_step,) = solve(square - lr**2, decay)
    return [
        Formula(r"\cos\theta", 1 - lr**2 / 2),
        Formula(r"\eta^2", square.subs(decay, decay_behind_gain)),
        Formula(str(decay_behind_gain), per_step.factor()),
    ]


def _lamb_obligations() -> list[Obligation]:
    """|w' - w| = eta |w| on every path, so E|w' - w|^2 = 2 E|w|^2 (1 - cos) = eta^2 E|w|^2."""
    found = theory.equilibrium_of("lamb")
    return [Obligation("2 (1 - cos) = eta^2", 2 * found.one_minus_cosine, squared_step_size(found))]


def _lars_step() -> list[Formula]:
    from sympy import sqrt

    from theory.symbols import decay, decay_behind_gain, trust

    return [Formula(r"\eta", (decay + sqrt(_lars_noise())).subs(decay, decay_behind_gain) / trust)]


def _lars_noise() -> object:
    """(kappa eta - p)^2: the noise's share of the step, 1 / (unit Gram at eta y = 1)."""
    from sympy import cancel, factor

    from theory.symbols import decay, wd

    found = theory.equilibrium_of("lars")
    return factor(cancel(decay**2 / (wd**2 * found.unit_squared_norm)))


def _lars_obligations() -> list[Obligation]:
    """kappa eta = p (1 + sqrt(q)/(lambda sqrt(A))) with A = q h."""
    from theory.symbols import decay, wd

    found = theory.equilibrium_of("lars")
    return [
        Obligation(
            "the noise's share of kappa eta, squared",
            (decay / wd) ** 2 / found.recursion.unit_gram[0, 0],
            _lars_noise(),
        )
    ]


CLAIMS = [
    *equilibrium_claims(
        "lars",
        norm=Setting.MEAN_FIELD,
        angle=Setting.MEAN_FIELD,
        rate=None,
        sources=("you2017lars",),
    ),
    Claim(
        id="lars-step-size",
        title="the decay per step that a learning rate makes",
        statement="The decay per step is not lr*wd but the smallest positive root P of",
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        formulas=_lars_step,
        obligations=_lars_obligations,
        sources=("you2017lars",),
        optimizer="lars",
    ),
    *equilibrium_claims(
        "lamb",
        norm=Setting.MEAN_FIELD,
        angle=Setting.MEAN_FIELD,
        rate=Setting.MEAN_FIELD,
        sources=("you2020lamb",),
    ),
    Claim(
        id="lamb-step",
        title="the step is the chord",
        statement=(
            "Every step has length eta |w|. At a norm at rest the cosine is therefore that of a chord eta, whatever "
            "beta1 and the weight decay, and the decay per step is the one that this takes:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        formulas=_lamb_step,
        obligations=_lamb_obligations,
        sources=("you2020lamb",),
        optimizer="lamb",
    ),
]
