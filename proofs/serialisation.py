"""SymPy expressions as the trees of ``proofs.certificates``: what is not rational becomes a variable with its sign."""

from __future__ import annotations

from sympy import Expr, Integer, Pow, Rational, Symbol, cancel, factorint, sympify

from proofs.certificates import Tree
from proofs.domain import positive_on


class Writer:
    """Writes expressions over one set of variables; ``hypotheses`` and ``radicals`` are what it had to assume."""

    def __init__(self) -> None:
        self.names: dict[Expr, str] = {}
        self.radicals: list[list[Tree]] = []
        self.hypotheses: list[tuple[Tree, bool]] = []
        self.bounds: dict[str, list[tuple[int, int, int]]] = {}
        """(offset, direction, index): the hypothesis of this index is offset + direction * variable."""

    def tree(self, expression: Expr) -> Tree:
        """The expression as a tree."""
        expression = sympify(expression)
        if expression.is_Integer:
            return int(expression)
        if expression.is_Rational:
            return ["/", int(expression.p), int(expression.q)]
        if expression.is_Add or expression.is_Mul:
            return ["+" if expression.is_Add else "*", *(self.tree(part) for part in expression.args)]
        base, exponent = expression.as_base_exp()
        if exponent == 1:
            return self.variable(expression)
        parts = [self.power(base, part) for part in exponent.expand().as_ordered_terms()]
        return parts[0] if len(parts) == 1 else ["*", *parts]

    def power(self, base: Expr, exponent: Expr) -> Tree:
        """A power whose exponent is one term."""
        number, rest = exponent.as_coeff_Mul()
        if not number.is_Rational:
            number, rest = Integer(1), exponent
        if rest == 1:
            below = number.q
            written = self.tree(base) if below == 1 else self.root(base, int(below))
        else:
            written = self.variable(Pow(base, rest / number.q, evaluate=False))
        return ["^", written, int(number.p)]

    def root(self, base: Expr, root: int) -> Tree:
        """The positive root of a nonnegative base; of a whole number, prime by prime."""
        if base.is_Integer and base > 1:
            primes = factorint(base)
            if len(primes) > 1 or max(primes.values()) > 1:
                return ["*", *(["^", self.root(Integer(p), root), k] for p, k in primes.items())]
        elif base.is_Rational and base > 0 and base.q != 1:
            return ["*", self.root(Integer(base.p), root), ["^", self.root(Integer(base.q), root), -1]]
        base = base if base.is_Symbol else cancel(base)
        key = Pow(base, Rational(1, root))
        if key not in self.names:
            inside = self.tree(base)
            self.radicals.append([self.variable(key), root, inside])
        return self.names[key]

    def variable(self, expression: Expr) -> str:
        """The name of a symbol or of a subexpression that is not rational."""
        if expression not in self.names:
            name = str(expression)
            while name in self.names.values():
                name += "'"
            self.names[expression] = name
            self.assume(expression, name)
        return self.names[expression]

    def assume(self, expression: Expr, name: str) -> None:
        """Note the domain of a new variable."""
        if isinstance(expression, Symbol):
            bounds = positive_on(expression)
        elif expression.is_nonnegative:
            bounds = [(expression, bool(expression.is_positive))]
        elif expression.is_Pow and self.is_positive(expression.base) and expression.exp.is_real:
            bounds = [(expression, True)]
        else:
            bounds = []
        for polynomial, strict in bounds:
            direction = int(polynomial.coeff(expression))
            offset = int(polynomial - direction * expression)
            self.bounds.setdefault(name, []).append((offset, direction, len(self.hypotheses)))
            self.hypotheses.append((["+", offset, ["*", direction, name]], strict))

    def is_positive(self, base: Expr) -> bool:
        """Whether the base is a bound of one symbol."""
        bounds = [bound for symbol in base.free_symbols for bound in positive_on(symbol)]
        return (base, True) in bounds
