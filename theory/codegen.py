"""The derived expressions of a rule as the source of plain Python functions on numpy numbers.

The functions take every symbol by keyword and ignore those that they do not use.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from keyword import iskeyword
from pprint import pformat

from sympy import Expr, Poly, Symbol, factor_list, fraction, together
from sympy.printing.numpy import NumPyPrinter

from theory.equilibrium import Equilibrium
from theory.leading_order import LeadingOrder, series_at_zero
from theory.series import WeightedSeries
from theory.stability import divergence_factors, flip_factors
from theory.symbols import multiplier
from theory.update_rule import UpdateRule


def source(rule: UpdateRule, *, found: Equilibrium | None = None, polynomials: bool = True) -> str:
    """Python source that defines DESCRIPTION and the functions of ``compiled.CompiledRule``.

    ``found`` is the rule's equilibrium where it is at hand. Without ``polynomials`` the multipliers are left to
    the Jacobian's eigenvalues as numbers: those of three states take minutes as symbols.
    """
    found = found or Equilibrium(rule)
    # Under a gain the polynomial is unwieldy, whatever the number of states.
    polynomials = polynomials and rule.gain is None
    describe = {
        "name": rule.name,
        "title": rule.title,
        "convention": rule.convention,
        "hypotheses": rule.hypotheses,
        "parameters": [asdict(p) for p in rule.parameters],
    }
    parts = ["import numpy\nfrom math import inf", f"DESCRIPTION = {pformat(describe, width=110)}"]
    parts += [_function(name, expression) for name, expression in _scalars(found).items()]
    parts.append(_function("divergences", [p.all_coeffs() for p in divergence_factors(found)]))
    flips = flip_factors(found) if polynomials else []
    parts.append(_function("flips", [p.all_coeffs() for p in flips]))
    parts.append(
        _function("definitions", [[expression.subs(dict(rule.definitions))] for _, expression in rule.definitions])
    )
    parts.append(_function("neglected", rule.neglected))
    parts.append(f"DEFINED = {[str(symbol) for symbol, _ in rule.definitions]}")
    parts.append("gain = None" if rule.gain is None else _function("gain", rule.gain))
    parts.append(_function("deviation_polynomials", _deviation_polynomials(found) if polynomials else []))
    transition = found.recursion.transition
    parts.append(_function("transition", [list(row) for row in transition.tolist()]))
    unit_gram, jacobian = found.recursion.unit_gram, found.jacobian
    parts.append(_function("unit_gram", [list(row) for row in unit_gram.tolist()]))
    parts.append(_function("jacobian", [list(row) for row in jacobian.tolist()]))
    parts.append(_series(found.series | series_at_zero(found.series)))
    gradient = found.log_cosine_gradient
    parts.append(_function("log_cosine_gradient", list(gradient)))
    return "\n\n".join(parts) + "\n"


def _scalars(found: Equilibrium) -> dict[str, Expr]:
    def leading(name: str, law: LeadingOrder) -> dict[str, Expr]:
        return {f"{name}_leading": law.leading, f"{name}_neglected": law.neglected}

    return {
        "norm_power": found.norm_power,
        "norm": found.norm,
        "norm_at_constant_energy": found.norm_at_constant_energy,
        "one_minus_cosine": found.one_minus_cosine,
        "angle": found.angle,
        "chord": found.chord,
        "sine": found.sine,
        **leading("norm", found.norm_leading_order),
        **leading("angle", found.angle_leading_order),
    }


def _deviation_polynomials(found: Equilibrium) -> list[list[Expr]]:
    """The factors of the characteristic polynomial in y = 1 - z, highest power first.

    In y the slow multiplier is a small root, which keeps its digits.
    """
    y = Symbol("y")
    shifted = fraction(together(found.characteristic_polynomial))[0].subs(multiplier, 1 - y)
    return [Poly(piece, y).all_coeffs() for piece, times in factor_list(shifted, y)[1] for _ in range(times)]


def _series(series: Mapping[Symbol, WeightedSeries]) -> str:
    lines, names = [], []
    for symbol, value in series.items():
        columns = {
            "first_weight": value.first_weight,
            "ratio": value.ratio,
            "ratio_bound": value.ratio_bound,
            "factor": value.factor,
            "factor_bound": value.factor_bound,
        }
        lines += [_function(f"{symbol}_{name}", e) for name, e in columns.items()]
        fields = ", ".join(f"{name!r}: {symbol}_{name}" for name in columns)
        names.append(f"{str(symbol)!r}: {{{fields}}}")
    return "\n\n".join([*lines, f"SERIES = {{{', '.join(names)}}}"])


def _function(name: str, body: Expr | list[Expr] | list[list[Expr]]) -> str:
    arguments = "".join(f"{identifier(s)}, " for s in sorted(_free(body), key=str))
    star = "*, " if arguments else ""
    return f"def {name}({star}{arguments}**_):\n    return {_code(body)}"


def identifier(symbol: Symbol) -> str:
    """The symbol's name in generated code: SymPy's printers mark a keyword by an underscore."""
    return f"{symbol}_" if iskeyword(str(symbol)) else str(symbol)


def _free(body: Expr | list) -> set[Symbol]:
    return set().union(*map(_free, body)) if isinstance(body, list) else body.free_symbols


def _code(body: Expr | list) -> str:
    if isinstance(body, list):
        return "[" + ", ".join(map(_code, body)) + "]"
    return str(NumPyPrinter({"allow_unknown_functions": False}).doprint(body))
