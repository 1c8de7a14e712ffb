"""Published formulas as data, compared with what is derived; never a source of a derived result.

``provenance`` says how a formula was seen: *text* (in the source itself), *code* (in its official code),
*second-hand* (in somebody else's exposition), *recalled* (from memory, unchecked). A verdict is about the formula.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import theory

if TYPE_CHECKING:
    from sympy import Expr

RECIPE = {
    "sgd": {"lr": 0.1, "wd": 1e-4},
    "sgdm": {"lr": 0.1, "wd": 1e-4, "momentum": 0.9},
    "adamw": {"lr": 6e-4, "wd": 0.1, "beta1": 0.9},
    "lion": {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "beta2": 0.99},
}
"""Where ratios are reported: common recipes, and for Lion lr*wd = 0.01."""


@dataclass(frozen=True)
class Published:
    """One formula: ``quantity`` is norm, angle or sine of ``optimizer``."""

    id: str
    source: str
    provenance: str
    optimizer: str
    quantity: str
    formula: Callable[[], Expr]


@dataclass(frozen=True)
class Comparison:
    """What the formula is, computed: *exact*, *leading order*, or *differs*; derived over published at the recipe."""

    row: Published
    verdict: str
    ratio: float
    recipe: Mapping[str, float]


def compare(row: Published) -> Comparison:
    """The formula against the derived exact expression and its leading order, at the formula's convention."""
    from sympy import lambdify

    from theory.prediction import symbol_values
    from theory.symbols import dampening

    found = theory.equilibrium_of(row.optimizer)
    published = row.formula()
    recipe = RECIPE[row.optimizer]
    rule = theory.load(row.optimizer)
    values = symbol_values(rule, theory.complete(row.optimizer, recipe))
    names = sorted(published.free_symbols, key=str)
    value = float(lambdify(names, published, modules="mpmath")(*(values[str(s)] for s in names)))
    law = found.norm_leading_order if row.quantity == "norm" else found.angle_leading_order
    heavy_ball = {dampening: 0}
    if row.quantity != "angle" and _equal(getattr(found, row.quantity).subs(heavy_ball), published):
        verdict = "exact"
    elif _equal(law.leading.subs(heavy_ball), published):
        verdict = "leading order"
    else:
        verdict = "differs"
    return Comparison(row, verdict, float(rule(row.quantity, values)) / value, recipe)


def latex(row: Published) -> str:
    """The published formula as one root of a quotient."""
    from sympy import powdenest

    from proofs.claim import Formula

    found = theory.equilibrium_of(row.optimizer)
    power = int(found.norm_exponent) if row.quantity == "norm" else 2
    return Formula("", found.display(powdenest(row.formula() ** power, force=True)), "", power).latex.strip()


def _equal(left: Expr, right: Expr) -> bool:
    """Equality of positive roots of order 1, 2 or 4 of rational functions."""
    from sympy import cancel, powdenest

    return bool(cancel(powdenest(left**4, force=True) - powdenest(right**4, force=True)) == 0)


def _smd_t1_norm() -> Expr:
    from theory.symbols import decay, energy, lr

    return (energy * lr**2 / (2 * decay)) ** _rational(1, 4)


def _smd_t2_norm() -> Expr:
    from theory.symbols import decay, energy, lr, momentum

    return (energy * lr**2 / (decay * (1 - momentum) * (2 - decay / (1 + momentum)))) ** _rational(1, 4)


def _smd_t3_angle() -> Expr:
    from theory.symbols import decay, momentum

    return (2 * decay / (1 + momentum)) ** _rational(1, 2)


def _smd_t3_sgd_angle() -> Expr:
    from theory.symbols import decay

    return (2 * decay) ** _rational(1, 2)


def _kos_sgdm_norm() -> Expr:
    from theory.symbols import decay, energy, lr, momentum

    return (lr**2 * energy / (2 * decay * (1 - momentum))) ** _rational(1, 4)


def _kos_adamw_norm() -> Expr:
    from theory.symbols import decay, dim, lr

    return (lr**2 * dim / (2 * decay)) ** _rational(1, 2)


def _kos_adamw_angle() -> Expr:
    from theory.symbols import beta1, decay

    return (2 * decay * (1 - beta1) / (1 + beta1)) ** _rational(1, 2)


def _lion_factor() -> Expr:
    from theory.symbols import beta1, beta2

    return (1 - beta1) ** 2 + beta1**2 * (1 - beta2) / (1 + beta2)


def _kos_lion_norm() -> Expr:
    from sympy import pi

    from theory.symbols import decay, dim, lr

    return (lr**2 * dim / (pi * decay * _lion_factor())) ** _rational(1, 2)


def _kos_lion_angle() -> Expr:
    from sympy import pi

    from theory.symbols import decay

    return (pi * decay * _lion_factor()) ** _rational(1, 2)


def _sib_norm() -> Expr:
    from theory.symbols import decay, energy, lr

    return (lr**2 * energy / (decay * (2 - decay))) ** _rational(1, 4)


def _wen_adamw_norm() -> Expr:
    from theory.symbols import beta1, decay, dim, lr

    a = 1 - decay
    update = dim * (1 - beta1) / (1 + beta1)
    return lr * (update * (1 + a * beta1) / ((1 - a**2) * (1 - a * beta1))) ** _rational(1, 2)


def _wen_adamw_sine() -> Expr:
    from theory.symbols import beta1, decay

    a = 1 - decay
    return ((1 - a**2) * (1 - beta1**2)) ** _rational(1, 2) / (1 + a * beta1)


def _rational(numerator: int, denominator: int) -> Expr:
    from sympy import Rational

    return Rational(numerator, denominator)


ROWS: tuple[Published, ...] = (
    Published("SMD-T1", "wan2021spherical", "text", "sgd", "norm", _smd_t1_norm),
    Published("SMD-T2", "wan2021spherical", "text", "sgdm", "norm", _smd_t2_norm),
    Published("SMD-T3 (SGD)", "wan2021spherical", "text", "sgd", "angle", _smd_t3_sgd_angle),
    Published("SMD-T3 (SGDM)", "wan2021spherical", "text", "sgdm", "angle", _smd_t3_angle),
    Published("KOS-T1-sgdm norm", "kosson2024rotational", "recalled", "sgdm", "norm", _kos_sgdm_norm),
    Published("KOS-T1-sgdm angle", "kosson2024rotational", "code", "sgdm", "angle", _smd_t3_angle),
    Published("KOS-T1-adamw norm", "kosson2024rotational", "second-hand", "adamw", "norm", _kos_adamw_norm),
    Published("KOS-T1-adamw angle", "kosson2024rotational", "code", "adamw", "angle", _kos_adamw_angle),
    Published("KOS-T1-lion norm", "kosson2024rotational", "recalled", "lion", "norm", _kos_lion_norm),
    Published("KOS-T1-lion angle", "kosson2024rotational", "code", "lion", "angle", _kos_lion_angle),
    Published("CH-1 norm", "chiley2019online", "recalled", "sgd", "norm", _smd_t1_norm),
    Published("CH-1 angle", "chiley2019online", "recalled", "sgd", "angle", _smd_t3_sgd_angle),
    Published("LLA-1 norm", "li2020reconciling", "recalled", "sgd", "norm", _smd_t1_norm),
    Published("SIB-1 norm", "li2022robust", "text", "sgd", "norm", _sib_norm),
    Published("WEN-1 norm", "wen2025hyperball", "text", "adamw", "norm", _wen_adamw_norm),
    Published("WEN-1 relative update", "wen2025hyperball", "text", "adamw", "sine", _wen_adamw_sine),
)
"""The rows that speak of the four optimizers' equilibrium."""
