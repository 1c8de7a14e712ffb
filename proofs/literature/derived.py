"""The derived side of a row: what ``theory`` says of a quantity, as an expression where it has one."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import cache
from typing import TYPE_CHECKING

from sympy import Expr, log, sqrt

import theory
from proofs import enclosed
from proofs.enclosed import of_expression
from proofs.literature.published import Recipe, Side
from theory.symbols import decay, squared_norm
from theory.update_rule import UpdateRule

if TYPE_CHECKING:
    from theory import Prediction

FIELDS = {"norm": "equilibrium_norm", "angle": "angular_update", "sine": "sine"}
"""The field of a prediction that holds a quantity of the equilibrium."""


def of(optimizer: str, quantity: str) -> Callable[[], Side]:
    """An equilibrium quantity: norm, angle, sine, one_minus_cosine, ..."""

    def derived() -> Side:
        rule = theory.OPTIMIZERS[optimizer]
        if _explicit(rule):
            return getattr(theory.equilibrium_of(optimizer), quantity)
        return lambda recipe: getattr(at(optimizer, recipe), FIELDS[quantity])

    return derived


def _explicit(rule: UpdateRule) -> bool:
    """Whether norm and angle are closed forms in the hyper-parameters."""
    return rule.gain is None and rule.autocorrelation.is_white and not rule.definitions


def own(optimizer: str, recipe: Recipe) -> dict[str, float]:
    """The part of a recipe that the optimizer takes."""
    return {name: x for name, x in recipe.items() if theory.load(optimizer).takes(name)}


def at(optimizer: str, recipe: Recipe) -> Prediction:
    """The enclosed prediction at the part of a recipe that the optimizer takes."""
    return enclosed.predicted(optimizer, own(optimizer, recipe))


def predicted(optimizer: str, quantity: str) -> Callable[[], Side]:
    """A number of ``theory.predict``."""
    return lambda: lambda recipe: getattr(at(optimizer, recipe), quantity)


def rate(optimizer: str, times: float = 1) -> Callable[[], Side]:
    """-log of the slow multiplier of the squared norm's deviation, per step."""

    def found(recipe: Recipe) -> float:
        return times * of_expression(log(2)) / (at(optimizer, recipe).half_life or math.nan)

    return lambda: found


@cache
def moment(optimizer: str, i: int, j: int) -> Expr:
    """G_ij = E<s_i, s_j> at equilibrium, for rules whose moments are closed forms."""
    found = theory.equilibrium_of(optimizer)
    energy = found.rule.amplitude.subs(squared_norm, found.norm**2)
    return energy * found.recursion.unit_gram[i, j]


def step_size(optimizer: str) -> Callable[[], Side]:
    """sqrt(E|w' - w|^2) at equilibrium."""
    return lambda: sqrt(2 * theory.equilibrium_of(optimizer).one_minus_cosine) * theory.equilibrium_of(optimizer).norm


def in_learning_rate(expression: Expr) -> Expr:
    """p written as eta lambda, so that either may change alone."""
    from theory.symbols import lr, wd

    return expression.subs(decay, lr * wd)
