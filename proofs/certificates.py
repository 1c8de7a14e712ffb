"""Exact certificates and their checker, which needs the standard library alone.

    python proofs/certificates.py FILE.json

Expressions are JSON trees: an integer, the name of a variable, or a list headed by its operation:
``["+", a, b, ...]``, ``["*", a, b, ...]``, ``["/", 1, 3]`` (a rational number), ``["^", a, -2]`` (a whole power).
A certificate has ``left``, ``relation`` (``=`` or ``<=``), ``right`` and

``hypotheses``  ``[[tree, strict], ...]``: polynomials that are > 0 (strict) or >= 0 on the domain
``radicals``    ``[[r, n, tree], ...]``: the variable r >= 0 is the n-th root of the tree
``products``    ``[tree, ...]``: products whose expansions are to be kept as products
``signs``       ``[[tree, sign, terms], ...]``: sign * tree = sum of terms, so that sign * tree >= 0, and
                > 0 where one term is strict; a term is ``[coefficient, [hypothesis, ...], [square, ...]]``,
                a positive rational number times the hypotheses of these indices times the squares of these trees
``equations``   ``[[tree, multiplier], ...]``: trees that vanish on the domain; their multiples are taken from
                right - left
``terms``       may be given for right - left itself

The checker expands both sides itself. An identity holds when their difference expands to zero, an inequality when
right - left is a product of factors of certified sign; whatever is divided by must be certified not to vanish.
"""

from __future__ import annotations

import json
import sys
from collections.abc import Iterable, Mapping
from fractions import Fraction
from functools import reduce
from math import gcd
from typing import Any

Polynomial = dict[int, int]
"""Coefficient by monomial; a monomial packs its exponents, ``WIDTH`` bits each."""
Tree = Any
WIDTH = 32
HIGHEST = 1000
"""Powers above this are refused."""
LARGEST = 200_000
"""Products of more terms than this are refused."""


class Refused(Exception):
    """The certificate does not show what it claims; the message says why."""


def add(left: Mapping[int, int], right: Mapping[int, int], scale: int = 1) -> Polynomial:
    """left + scale * right."""
    total = dict(left)
    for monomial, coefficient in right.items():
        total[monomial] = total.get(monomial, 0) + scale * coefficient
        if not total[monomial]:
            del total[monomial]
    return total


def multiply(left: Mapping[int, int], right: Mapping[int, int]) -> Polynomial:
    """left * right."""
    if len(left) * len(right) > LARGEST:
        raise Refused(f"a product of {len(left)} by {len(right)} terms is too large")
    total: Polynomial = {}
    for m, c in left.items():
        for n, d in right.items():
            total[m + n] = total.get(m + n, 0) + c * d
    return {monomial: coefficient for monomial, coefficient in total.items() if coefficient}


def raised(factor: Iterable[tuple[int, int]], power: int) -> Polynomial:
    """The factor to a power >= 0."""
    if power > HIGHEST:
        raise Refused(f"the power {power} is too high")
    return reduce(multiply, [dict(factor)] * power, {0: 1})


class Quotient:
    """constant * product of polynomials to whole powers; the constant 0 is zero."""

    def __init__(self, constant: Fraction, factors: Mapping[frozenset[tuple[int, int]], int]) -> None:
        self.constant = constant
        self.factors = {factor: power for factor, power in factors.items() if power} if constant else {}

    def __mul__(self, other: Quotient) -> Quotient:
        factors = dict(self.factors)
        for factor, power in other.factors.items():
            factors[factor] = factors.get(factor, 0) + power
        return Quotient(self.constant * other.constant, factors)

    def power(self, exponent: int) -> Quotient:
        """To a whole power."""
        return Quotient(self.constant**exponent, {factor: power * exponent for factor, power in self.factors.items()})


class Expansion:
    """Trees over named variables as quotients; remembers what was divided by."""

    def __init__(self, radicals: Iterable[tuple[str, int, Tree]] = ()) -> None:
        self.names: dict[str, int] = {}
        self.divisors: set[frozenset[tuple[int, int]]] = set()
        self.products: dict[frozenset[tuple[int, int]], Quotient] = {}
        self.radicals: list[tuple[str, int, Quotient]] = []
        for name, root, tree in radicals:
            if not (isinstance(root, int) and root > 1 and name not in self.names):
                raise Refused(f"{name} is no new root")
            self.radicals.insert(0, (name, root, self(tree)))
            self.position(name)

    def position(self, name: str) -> int:
        """Where the exponent of a variable lies."""
        return WIDTH * self.names.setdefault(name, len(self.names))

    def degree(self, monomial: int, name: str) -> int:
        """Exponent of a variable in a monomial."""
        return monomial >> self.position(name) & ((1 << WIDTH) - 1)

    def __call__(self, tree: Tree) -> Quotient:
        """The tree as a quotient."""
        if isinstance(tree, bool):
            raise Refused(f"{tree} is no expression")
        if isinstance(tree, int):
            return Quotient(Fraction(tree), {})
        if isinstance(tree, str):
            return Quotient(Fraction(1), {frozenset({(1 << self.position(tree), 1)}): 1})
        match tree:
            case ["/", int(above), int(below)]:
                return Quotient(Fraction(above, below), {})
            case ["^", base, int(exponent)]:
                found = self(base)
                if exponent < 0:
                    self.divide_by(found)
                return found.power(exponent) if exponent else Quotient(Fraction(1), {})
            case ["*", *parts]:
                return reduce(Quotient.__mul__, map(self, parts), Quotient(Fraction(1), {}))
            case ["+", *parts]:
                return self.sum([self(part) for part in parts])
        raise Refused(f"{str(tree)[:40]} is no expression")

    def under(self, factor: frozenset[tuple[int, int]]) -> Quotient | None:
        """What stands under the root, where the factor is a root."""
        for name, _, base in self.radicals:
            if factor == frozenset({(1 << self.position(name), 1)}):
                return base
        return None

    def keep(self, tree: Tree) -> None:
        """Keep the expansion of a product as that product from now on."""
        product = self(tree)
        if product.constant != 1 or min(product.factors.values(), default=0) < 1:
            raise Refused("a product of polynomials is needed")
        expanded: Polynomial = {0: 1}
        for factor, power in product.factors.items():
            expanded = multiply(expanded, raised(factor, power))
        self.products[frozenset(expanded.items())] = product

    def divide_by(self, divisor: Quotient) -> None:
        """Remember the factors of a divisor."""
        if not divisor.constant:
            raise Refused("a division by zero")
        self.divisors |= {factor for factor, power in divisor.factors.items() if power > 0}

    def sum(self, parts: list[Quotient]) -> Quotient:
        """Over the common denominator, with the numerator expanded."""
        parts = [part for part in parts if part.constant]
        if len(parts) < 2:
            return parts[0] if parts else Quotient(Fraction(0), {})
        everything = {factor for part in parts for factor in part.factors}
        common = {factor: min(part.factors.get(factor, 0) for part in parts) for factor in everything}
        below = reduce(lambda n, part: n * part.constant.denominator // gcd(n, part.constant.denominator), parts, 1)
        total: Polynomial = {}
        for part in parts:
            term: Polynomial = {0: int(part.constant * below)}
            for factor in everything:
                term = multiply(term, raised(factor, part.factors.get(factor, 0) - common[factor]))
            total = add(total, term)
        return Quotient(Fraction(1, below), common) * self.reduced(total)

    def reduced(self, polynomial: Polynomial) -> Quotient:
        """The polynomial with roots to powers below their own, split into content, variables and the rest."""
        for name, root, base in self.radicals:
            by_power: dict[int, Polynomial] = {}
            for monomial, coefficient in polynomial.items():
                whole = self.degree(monomial, name) // root
                by_power.setdefault(whole, {})[monomial - (whole * root << self.position(name))] = coefficient
            if max(by_power, default=0):
                return self.sum([self.split(part) * base.power(whole) for whole, part in by_power.items()])
        return self.split(polynomial)

    def split(self, polynomial: Polynomial) -> Quotient:
        """Content, variables and the rest."""
        if not polynomial:
            return Quotient(Fraction(0), {})
        content = gcd(*polynomial.values())
        if polynomial[max(polynomial)] < 0:
            content = -content
        factors: dict[frozenset[tuple[int, int]], int] = {}
        shared = 0
        for name in self.names:
            if lowest := min(self.degree(monomial, name) for monomial in polynomial):
                factors[frozenset({(1 << self.position(name), 1)})] = lowest
                shared += lowest << self.position(name)
        rest = frozenset((monomial - shared, coefficient // content) for monomial, coefficient in polynomial.items())
        found = Quotient(Fraction(content), factors)
        if rest == frozenset({(0, 1)}):
            return found
        return found * self.products.get(rest, Quotient(Fraction(1), {rest: 1}))


class Signs:
    """Factors of certified sign."""

    def __init__(self, certificate: Mapping[str, Any], expand: Expansion) -> None:
        self.expand = expand
        self.hypotheses = [(expand(tree), bool(strict)) for tree, strict in certificate.get("hypotheses", ())]
        self.known: dict[frozenset[tuple[int, int]], tuple[int, bool]] = {}
        for tree, sign, terms in certificate.get("signs", ()):
            self.certify(tree, sign, terms)

    def certify(self, tree: Tree, sign: int, terms: list[Any]) -> None:
        """Check one sign and remember it."""
        if sign not in (1, -1):
            raise Refused(f"{sign} is no sign")
        total, strict = self.total(terms)
        target = self.expand(tree)
        if self.expand.sum([target, Quotient(-sign * total.constant, total.factors)]).constant:
            raise Refused(f"the terms do not add up to {str(tree)[:60]}")
        if len(target.factors) != 1 or set(target.factors.values()) != {1}:
            raise Refused("a sign is certified for one factor at a time")
        (factor,) = target.factors
        self.known[factor] = (sign if target.constant > 0 else -sign, strict)

    def total(self, terms: list[Any]) -> tuple[Quotient, bool]:
        """The sum of terms, which is >= 0, and whether it is > 0."""
        strict, parts = False, []
        for coefficient, indices, squares in terms:
            scale = Fraction(coefficient)
            if scale <= 0:
                raise Refused(f"the multiplier {coefficient} is not positive")
            product = Quotient(scale, {})
            for index in indices:
                if index < 0:
                    raise Refused(f"there is no hypothesis {index}")
                product = product * self.hypotheses[index][0]
            for square in squares:
                product = product * self.expand(square).power(2)
            strict = strict or (not squares and all(self.hypotheses[index][1] for index in indices))
            parts.append(product)
        return self.expand.sum(parts), strict

    def nowhere_zero(self, factor: frozenset[tuple[int, int]]) -> bool:
        """Whether the factor is certified not to vanish; a root does not where what stands under it does not."""
        base = self.expand.under(factor)
        if base is not None:
            return bool(base.constant) and all(map(self.nowhere_zero, base.factors))
        return self.known.get(factor, (0, False))[1]

    def nonnegative(self, quotient: Quotient) -> bool:
        """Whether the product of its factors is certified nonnegative."""
        sign = 1 if quotient.constant >= 0 else -1
        for factor, power in quotient.factors.items():
            if power < 0 and not self.nowhere_zero(factor):
                return False
            if power % 2 and self.expand.under(factor) is None:
                if factor not in self.known:
                    return False
                sign *= self.known[factor][0]
        return sign > 0


def check(certificate: Mapping[str, Any]) -> None:
    """Raise Refused unless the certificate shows what it claims."""
    try:
        _check(certificate)
    except (KeyError, IndexError, TypeError, ValueError, AttributeError, ZeroDivisionError, RecursionError) as error:
        raise Refused(f"malformed: {type(error).__name__} {error}") from error


def _check(certificate: Mapping[str, Any]) -> None:
    expand = Expansion([tuple(radical) for radical in certificate.get("radicals", ())])
    for product in certificate.get("products", ()):
        expand.keep(product)
    parts = [expand(certificate["right"]), _negative(expand(certificate["left"]))]
    for vanishing, multiplier in certificate.get("equations", ()):
        parts.append(_negative(expand(vanishing) * expand(multiplier)))
    difference = expand.sum(parts)
    signs = Signs(certificate, expand)
    relation = certificate["relation"]
    if relation == "=" and difference.constant:
        raise Refused("the two sides differ")
    if "terms" in certificate:
        difference = expand.sum([difference, _negative(signs.total(certificate["terms"])[0])])
        if difference.constant:
            raise Refused("the terms do not add up to right - left")
    if relation == "<=" and not signs.nonnegative(difference):
        raise Refused("right - left is not certified nonnegative")
    if relation not in ("=", "<="):
        raise Refused(f"{relation} is no relation")
    for divisor in expand.divisors:
        if not signs.nowhere_zero(divisor):
            raise Refused("a divisor is not certified to have no zero")


def _negative(quotient: Quotient) -> Quotient:
    return Quotient(-quotient.constant, quotient.factors)


def main(path: str) -> int:
    """Check every certificate of a file; the exit status is 1 if one is refused."""
    with open(path, encoding="utf-8") as file:
        everything = json.load(file)
    refused = 0
    for certificate in everything:
        try:
            check(certificate)
        except Refused as error:
            refused += 1
            print(f"refused {certificate.get('claim')}: {certificate.get('says')}: {error}")
    print(f"{len(everything) - refused} of {len(everything)} certificates hold")
    return 1 if refused else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
