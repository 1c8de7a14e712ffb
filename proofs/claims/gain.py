"""Claims about rules whose step size has a gain: how the learning rate fixes the decay per step."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr

    from theory import Equilibrium


def step_size_claim(optimizer: str, setting: Setting, sources: tuple[str, ...]) -> Claim:
    """eta^2 as a function of the decay per step."""

    def formulas() -> list[Formula]:
        from theory.symbols import decay, decay_behind_gain

        found = theory.equilibrium_of(optimizer)
        return [Formula(r"\eta^2", squared_step_size(found).subs(decay, decay_behind_gain))]

    def obligations() -> list[Obligation]:
        from theory.symbols import decay, squared_norm, wd

        found = theory.equilibrium_of(optimizer)
        stated = squared_step_size(found)
        # p = y eta lambda at the fixed point, each side squared; A enters through its square, which is rational.
        gain = _at_rest(found, found.rule.gain)
        return [Obligation("eta^2 y^2 lambda^2 = p^2", (stated * gain**2 * wd**2 / decay**2), squared_norm**0)]

    return Claim(
        id=f"{optimizer}-step-size",
        title="the decay per step that a learning rate makes",
        statement=(
            "The decay per step is not lr*wd: it is the P at which the gain is at rest, the smallest positive root of"
        ),
        kind=Kind.EXACT,
        setting=setting,
        formulas=formulas,
        obligations=obligations,
        sources=sources,
        optimizer=optimizer,
    )


def squared_step_size(found: Equilibrium) -> Expr:
    """eta^2 = p^2 / (lambda y)^2 at the fixed point, simplified."""
    from sympy import factor, powdenest, simplify

    from theory.symbols import decay, wd

    return powdenest(factor(simplify(decay**2 / (wd * _at_rest(found, found.rule.gain)) ** 2)), force=True)


def _at_rest(found: Equilibrium, gain: Expr) -> Expr:
    recursion, unit = found.recursion, found.recursion.unit_gram
    squared = found.norm_power ** (2 / found.norm_exponent)
    return gain.subs({recursion.moments[i, j]: squared * unit[i, j] / unit[0, 0] for i, j in recursion.entries})
