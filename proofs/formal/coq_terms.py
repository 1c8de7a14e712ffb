"""SymPy expressions as Coq terms over R, so that a lemma states what the book prints."""

from __future__ import annotations

import re
from collections.abc import Iterable

from sympy import Abs, Add, Expr, Integer, Mul, Pow, Rational, S, Sum, Symbol, asin, binomial, cos, exp, oo, pi, sin

from theory import symbols
from theory.orthogonality import StepProduct

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
FUNCTIONS = {exp: "exp", cos: "cos", sin: "sin", asin: "asin", Abs: "Rabs"}
LAG = Symbol("k", integer=True, nonnegative=True)
"""In the theorems lags are counted from one: this is the lag less one."""
IN_THEOREMS = {
    symbols.decay: "(eta * lambda)",
    symbols.contraction: "(1 - eta * lambda)",
    symbols.beta1: "beta",
}
"""Symbols that do not go by their own names there."""
OF_NATURALS = {binomial: "Binomial.C", StepProduct: "product"}


class Outside(ValueError):
    """An expression that these terms do not reach; the message says what."""


def names(free: Iterable[Symbol]) -> dict[Symbol, str]:
    """A distinct Coq identifier for each symbol, by its own name as far as Coq's grammar allows.

    Symbols of one name are told apart by what is assumed of them, in the same order in every process.
    """
    found: dict[Symbol, str] = {}
    for symbol in sorted(free, key=lambda one: (str(one), sorted(one.assumptions0.items()))):
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
    """The Coq term of a rational expression with square roots, natural powers, pi and the functions above.

    A series is Coquelicot's; a finite sum starts at a number.

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
    if expression.func in OF_NATURALS:
        return f"({OF_NATURALS[expression.func]} {' '.join(_natural(part, named) for part in expression.args)})"
    if isinstance(expression, Sum):
        return _series(expression, named)
    raise Outside(f"{expression.func.__name__} is not among the functions that are translated")


def in_theorems(formula: Expr) -> str:
    """A claim's formula in the words of the handwritten theorems."""
    right = formula.subs(symbols.lag, LAG + 1)
    own = {symbol: name for symbol, name in IN_THEOREMS.items() if symbol in right.free_symbols}
    return term(right, names(right.free_symbols) | own)


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


def _series(series: Sum, named: dict[Symbol, str]) -> str:
    """Terms counted from zero, all of them or as many as there are."""
    ((bound, first, last),) = series.limits
    if not (is_natural(bound) and first.is_Integer and first >= 0):
        raise Outside(f"a sum over {bound} from {first}")
    name = names([bound])[bound]
    while name in named.values():
        name += "'"
    body = term(series.function.subs(bound, bound + first), named | {bound: name})
    if last is oo:
        return f"(Series (fun {name} : nat => {body}))"
    return f"(sum (fun {name} : nat => {body}) {_natural(last - first + 1, named)})"


def _natural(number: Expr, named: dict[Symbol, str]) -> str:
    """A sum of products of natural symbols and numbers as a term of nat."""
    parts: list[str] = []
    for part in Add.make_args(number.expand()):
        coefficient, rest = part.as_coeff_Mul()
        factors = [] if rest == 1 else [named.get(symbol, "") for symbol in Mul.make_args(rest)]
        natural = all(_is_natural_symbol(symbol) for symbol in Mul.make_args(rest)) or rest == 1
        if not (natural and coefficient.is_Integer and coefficient >= 0):
            raise Outside(f"{number} is not a sum of products of natural numbers")
        parts += [" * ".join(factors)] * int(coefficient) if factors else [str(coefficient)]
    text = " + ".join(parts) or "0"
    return text if text.isidentifier() else f"({text})%nat"


def _is_natural_symbol(expression: Expr) -> bool:
    return isinstance(expression, Symbol) and is_natural(expression)
