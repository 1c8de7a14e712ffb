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
        from theory.symbols import decay, energy, squared_norm, wd

        found = theory.equilibrium_of(optimizer)
        # A^2 = L R / lambda^2 at rest: with L by A both sides of eta^4 = p^4 / (lambda y)^4 are rational.
        at_rest = squared_norm**2 * energy / found.norm_power
        stated = squared_step_size(found) ** 2
        owed = (decay**2 / (wd * found.rule.gain) ** 2) ** 2
        return [Obligation("eta^4 = p^4 / (lambda y)^4", stated.subs(energy, at_rest), owed.subs(energy, at_rest))]

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
