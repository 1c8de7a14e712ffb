"""SymPy expressions as Coq terms over R, so that a lemma states what the book prints."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sympy import Add, Expr, Integer, Mul, Pow, Rational, S, Symbol, cos, exp, pi, sin

KEYWORDS = frozenset(
    [
        "as",
        "at",
        "else",
        "end",
        "exists",
        "fix",
        "for",
        "forall",
        "fun",
        "if",
        "in",
        "let",
        "match",
        "mod",
        "return",
        "then",
        "where",
        "with",
        "INR",
        "PI",
    ]
)
FUNCTIONS = {exp: "exp", cos: "cos", sin: "sin"}


class Outside(ValueError):
    """An expression that these terms do not reach; the message says what."""


def names(symbols: Iterable[Symbol]) -> dict[Symbol, str]:
    """A distinct Coq identifier for each symbol, by its own name as far as Coq's grammar allows."""
    found: dict[Symbol, str] = {}
    for symbol in sorted(symbols, key=str):
        plain = re.sub(r"\W", "", str(symbol)) or "x"
        name = plain + "_" if plain in KEYWORDS or plain in FUNCTIONS.values() else plain
        while name in found.values():
            name += "'"
        found[symbol] = name
    return found


def is_natural(symbol: Symbol) -> bool:
    """Whether the symbol is declared a natural number, an index or a number of steps."""
    return bool(symbol.is_integer and symbol.is_nonnegative)


def term(expression: Expr, named: dict[Symbol, str]) -> str:
    """The Coq term of a rational expression with square roots, natural powers, pi, exp, sin and cos.

    Raises:
        Outside: for anything else.
    """
    if isinstance(expression, Integer):
        return str(expression) if expression >= 0 else f"({expression})"
    if isinstance(expression, Rational):
        return f"({expression.p} / {expression.q})"
    if isinstance(expression, Symbol):
        return f"(INR {named[expression]})" if is_natural(expression) else named[expression]
    if expression is pi:
        return "PI"
    if expression is S.Exp1:
        return "(exp 1)"
    if isinstance(expression, Add):
        return _sum(expression, named)
    if isinstance(expression, Mul):
        return _product(expression, named)
    if isinstance(expression, exp):
        return f"(exp {term(expression.args[0], named)})"
    if isinstance(expression, Pow):
        return _power(expression.base, expression.exp, named)
    if expression.func in FUNCTIONS:
        return f"({FUNCTIONS[expression.func]} {term(expression.args[0], named)})"
    raise Outside(f"{expression.func.__name__} is not among the functions that are translated")


def _sum(terms: Add, named: dict[Symbol, str]) -> str:
    parts = sorted(terms.as_ordered_terms(), key=lambda part: bool(part.as_coeff_Mul()[0] < 0))
    text = term(parts[0], named)
    for part in parts[1:]:
        coefficient = part.as_coeff_Mul()[0]
        text += f" - {term(-part, named)}" if coefficient < 0 else f" + {term(part, named)}"
    return f"({text})"


def _product(product: Mul, named: dict[Symbol, str]) -> str:
    above, below = [], []
    constant, rest = product.as_coeff_Mul()
    if constant.p != 1:
        above.append(term(Integer(constant.p), named))
    if constant.q != 1:
        below.append(str(constant.q))
    for factor in rest.as_ordered_factors():
        if isinstance(factor, Pow) and not isinstance(factor, exp) and is_inverse(factor.exp):
            below.append(term(Pow(factor.base, -factor.exp, evaluate=False), named))
        else:
            above.append(term(factor, named))
    text = " * ".join(above) or "1"
    if below:
        divisor = " * ".join(below)
        return f"({text} / {divisor if len(below) == 1 else f'({divisor})'})"
    return f"({text})" if len(above) > 1 else text


def is_inverse(power: Expr) -> bool:
    """Whether a power divides: a negative number, or a sum of negative multiples of natural numbers."""
    return bool(power.is_negative or power.could_extract_minus_sign())


def _power(base: Expr, power: Expr, named: dict[Symbol, str]) -> str:
    if is_inverse(power):
        return f"(/ {_power(base, -power, named)})"
    if power == 1:
        return term(base, named)
    if isinstance(power, Integer):
        return f"({term(base, named)} ^ {power})"
    if isinstance(power, Rational) and power.q == 2:
        root = f"(sqrt {term(base, named)})"
        return root if power == Rational(1, 2) else f"({root} ^ {power.p})"
    return f"({term(base, named)} ^ {_natural(power, named)})"


def _natural(power: Expr, named: dict[Symbol, str]) -> str:
    """A sum of natural symbols and numbers as a term of nat."""
    parts: list[str] = []
    for part in Add.make_args(power):
        coefficient, symbol = part.as_coeff_Mul()
        if not (coefficient.is_Integer and coefficient > 0 and (symbol == 1 or _is_natural_symbol(symbol))):
            raise Outside(f"the exponent {power} is not a sum of natural numbers")
        parts += [str(coefficient)] if symbol == 1 else [named[symbol]] * int(coefficient)
    return f"({' + '.join(parts)})%nat" if len(parts) > 1 else parts[0]


def _is_natural_symbol(expression: Expr) -> bool:
    return isinstance(expression, Symbol) and is_natural(expression)
