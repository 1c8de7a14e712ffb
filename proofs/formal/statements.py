"""A claim's obligations as Coq lemmas: hypotheses, statement, proof, and a point that meets every hypothesis.

The sides are the very expressions of which the book prints the LaTeX. The hypotheses are the symbols' signs,
that no factor of a denominator vanishes, and that no radicand is negative; nothing else is assumed.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

from sympy import (
    Expr,
    Integer,
    Mul,
    Poly,
    Pow,
    Rational,
    Symbol,
    cancel,
    exp,
    factor_list,
    fraction,
    powsimp,
    preorder_traversal,
    together,
)

from proofs.claim import Claim, Obligation
from proofs.formal.coq_terms import Outside, is_inverse, is_natural, names, term
from proofs.kept import kept

TRIES = 500
CONJUNCTION = " /\\ "


@dataclass(frozen=True)
class Lemma:
    """One obligation as Coq text: what it says, the statement, tactics that prove it, an example of its hypotheses."""

    name: str
    says: str
    statement: str
    script: tuple[str, ...]
    example: str

    @property
    def text(self) -> str:
        """The lemma behind a comment, with its proof and its example."""
        proof = "\n".join(f"  {tactic}." for tactic in self.script)
        says = self.says.replace("*", " ")
        return f"(* {says} *)\nLemma {self.name} : {self.statement}.\nProof.\n{proof}\nQed.\n{self.example}"


def lemmas(claim: Claim) -> list[Lemma]:
    """Every obligation of a claim as a lemma.

    Raises:
        Outside: when one cannot be translated, or each says only that an expression equals itself.
    """
    found = kept(claim, "lemmas", __name__, lambda: _translated(claim))
    if isinstance(found, str):
        raise Outside(found)
    return [Lemma(**{**one, "script": tuple(one["script"])}) for one in found]


def _translated(claim: Claim) -> list[dict[str, Any]] | str:
    """The lemmas as plain data, or why there are none."""
    if all(owed.left == owed.right for owed in claim.owed):
        return "both sides of every obligation are the same expression"
    stem = re.sub(r"\W", "_", claim.id)
    try:
        return [asdict(Statement(f"{stem}_{i}", owed).lemma) for i, owed in enumerate(claim.owed, start=1)]
    except Outside as reason:
        return str(reason)


@dataclass(frozen=True)
class Statement:
    """An obligation on its way to Coq."""

    name: str
    owed: Obligation

    @cached_property
    def named(self) -> dict[Symbol, str]:
        """Identifiers of its symbols."""
        return names(self.owed.left.free_symbols | self.owed.right.free_symbols)

    @cached_property
    def divisors(self) -> list[Expr]:
        """What is divided by."""
        return list(dict.fromkeys(p.base for p in self._powers() if is_inverse(p.exp)))

    @cached_property
    def radicands(self) -> list[Expr]:
        """What a square root is taken of."""
        return list(dict.fromkeys(p.base for p in self._powers() if isinstance(p.exp, Rational) and p.exp.q == 2))

    def _powers(self) -> Iterator[Pow]:
        for side in (self.owed.left, self.owed.right):
            yield from (n for n in preorder_traversal(side) if isinstance(n, Pow) and not isinstance(n, exp))

    @cached_property
    def factors(self) -> list[Expr]:
        """The irreducible factors of every divisor, each once, those that cancel in a nested one included."""
        parts = (f for d in self.divisors for side in fraction(together(d)) for f, _ in factored(side))
        return [factor for factor in dict.fromkeys(parts) if factor.free_symbols]

    @cached_property
    def hypotheses(self) -> list[tuple[Expr, str]]:
        """(expression, relation to zero): signs of symbols, factors that do not vanish, radicands."""
        found = [(s, "0 <" if s.is_positive else "0 <=") for s in self.named if s.is_nonnegative]
        found += [(f, "<> 0") for f in self.factors if not is_positive(f)]
        if any(
            node.func is exp or (node.exp.is_Rational and not node.exp.is_Integer)
            for f in self.factors
            for node in f.atoms(Pow, exp)
        ):
            raise Outside("what must not vanish holds a root or an exponential")
        if any(fraction(together(radicand))[1].free_symbols for radicand in self.radicands):
            raise Outside("a square root is taken of a quotient")
        found += [(r, "0 <=") for r in self.radicands if not is_positive(r)]
        return [(e, r) for e, r in found if not (r == "0 <=" and isinstance(e, Symbol) and is_natural(e))]

    @cached_property
    def lemma(self) -> Lemma:
        """The lemma and the example that its hypotheses can be met."""
        example = ""
        if self.hypotheses:
            point = self.point()
            values = " ".join(f"exists {_literal(symbol, point[symbol])}." for symbol in self.named)
            example = f"Example {self.name}_point : {self._quantified('exists', CONJUNCTION)}True.\n"
            example += f"Proof. {values} meets. Qed.\n"
        statement = f"{self._quantified('forall', ' -> ')}{self._conclusion}"
        return Lemma(self.name, self.owed.says, statement, ("intros", *self._proof()), example)

    @property
    def _conclusion(self) -> str:
        return f"{term(self.owed.left, self.named)} {self.owed.relation} {term(self.owed.right, self.named)}"

    def _quantified(self, quantifier: str, joint: str) -> str:
        binders = "".join(f" ({name} : {'nat' if is_natural(s) else 'R'})" for s, name in self.named.items())
        hypotheses = "".join(
            (f"{relation} {term(e, self.named)}" if relation != "<> 0" else f"{term(e, self.named)} <> 0") + joint
            for e, relation in self.hypotheses
        )
        return (f"{quantifier}{binders}, " if binders else "") + hypotheses

    def _proof(self) -> list[str]:
        if self.owed.left == self.owed.right:
            return ["reflexivity"]
        lines = []
        for factor in self.factors:
            if is_positive(factor) and not factor.is_Symbol:
                lines.append(f"assert ({term(factor, self.named)} <> 0) by positive")
        known: list[str] = []
        for before, after, tactic in self._rewritings():
            prepare = f"rewrite {', '.join(f'?{name}' for name in reversed(known))}; " if known else ""
            known.append(f"E{len(known)}")
            lines.append(f"assert ({known[-1]} : {before} = {after}) by ({prepare}{tactic})")
        squares = []
        for i, radicand in enumerate(self.radicands):
            root = f"sqrt {term(radicand, self.named)}"
            squares.append(f"S{i}")
            lines.append(f"assert (S{i} : {root} * {root} = {term(radicand, self.named)}) by (apply sqrt_sqrt; nonneg)")
        decide = f"field [{' '.join(squares)}]; conditions" if squares else "equation"
        if self.owed.relation == "<=":
            above, below = (term(part, self.named) for part in self._difference())
            lines.append(f"apply (le_by_quotient _ _ {above} {below}); [nonneg | strict |]")
        if known:
            lines.append(f"rewrite {', '.join(f'?{name}' for name in reversed(known))}")
        return [*lines, decide]

    def _rewritings(self) -> Iterator[tuple[str, str, str]]:
        """Equations that lay the goal open to field: (before, after, tactic), inner terms first."""
        for power in sorted(self._exponents(), key=str):
            turned = f"(/ {term(exp(-power), self.named)})"
            yield term(exp(power), self.named), turned, "apply exp_turned; ring"
        for divisor in sorted(self.divisors, key=lambda d: int(d.count_ops())):
            parts = factored(divisor)
            product = Mul(*(Pow(f, k, evaluate=False) for f, k in parts), evaluate=False)
            if parts and parts != [(divisor, 1)]:
                yield term(divisor, self.named), term(product, self.named), "equation"

    def _exponents(self) -> set[Expr]:
        sides = self.owed.left, self.owed.right
        return {e.args[0] for side in sides for e in side.atoms(exp) if e.args[0].could_extract_minus_sign()}

    def _difference(self) -> tuple[Expr, Expr]:
        """right - left as numerator and denominator of nonnegative terms, the latter factored."""
        difference = cancel(together(powsimp((self.owed.right - self.owed.left).expand(power_exp=True))))
        above, below = fraction(together(difference))
        constant, parts = factor_list(below)
        if constant > 0 and all(c >= 0 for f, _ in parts for c in Poly(f).coeffs()):
            below = Mul(constant, *(Pow(f, k, evaluate=False) for f, k in parts), evaluate=False)
        return above, below

    def point(self) -> dict[Symbol, Rational]:
        """A rational point at which every hypothesis holds, checked here exactly and by Coq again.

        Raises:
            Outside: when none is found; such a lemma might speak of nothing.
        """
        generator = random.Random(self.name)
        for _ in range(TRIES):
            point = {s: _draw(s, generator) for s in self.named}
            values = [(e.subs(point), relation) for e, relation in self.hypotheses]
            if all(v.is_positive if r == "0 <" else v.is_nonzero if r == "<> 0" else v >= 0 for v, r in values):
                return point
        raise Outside("no rational point was found that meets every hypothesis")


def factored(divisor: Expr) -> list[tuple[Expr, int]]:
    """(factor, exponent) of a divisor; a nested quotient's denominator has negative ones, a constant leads."""
    constant: Expr = Integer(1)
    parts: dict[Expr, int] = {}
    for sign, side in zip((1, -1), fraction(together(divisor)), strict=True):
        number, found = factor_list(side)
        constant *= number**sign
        for factor, power in found:
            turned = -factor if _points_down(factor) else factor
            constant *= (-1) ** power if turned != factor else 1
            parts[turned] = parts.get(turned, 0) + sign * power
    left = [(f, k) for f, k in parts.items() if k]
    return left if constant == 1 else [(constant, 1), *left]


def _points_down(factor: Expr) -> bool:
    """Whether a factor is better written with the opposite sign: its constant, or its first term, is negative."""
    constant = factor.as_coeff_Add()[0]
    return bool(constant < 0) if constant != 0 else factor.could_extract_minus_sign()


def is_positive(expression: Expr) -> bool:
    """Whether the signs alone make it positive: nonnegative coefficients, one term that cannot vanish."""
    if expression.is_number:
        return bool(expression > 0)
    terms = Poly(expression)
    if not all(g.is_nonnegative for g in terms.gens):
        return False
    coefficients = terms.as_dict()
    strict = any(all(g.is_positive for g, k in zip(terms.gens, m, strict=True) if k) for m in coefficients)
    return strict and all(c.is_nonnegative for c in coefficients.values())


def _draw(symbol: Symbol, generator: random.Random) -> Rational:
    """A number below one, which lies in the range of every hyper-parameter; a small count for an index."""
    if is_natural(symbol):
        return Integer(generator.randint(1, 3))
    return Rational(generator.randint(1, 15), 16)


def _literal(symbol: Symbol, value: Rational) -> str:
    return f"{value}%nat" if is_natural(symbol) else f"({value})"
