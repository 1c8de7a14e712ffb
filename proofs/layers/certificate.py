"""The certificate layer: each obligation as an exact certificate, which the standard library alone rechecks.

SymPy writes the two sides down and helps to find factors; what is shown is shown by ``proofs.certificates``.
Signs are found by writing a polynomial in the bounds of its variables (x and 1 - x for 0 <= x < 1) until every
coefficient has the same sign. What no certificate is found for is undecided.
"""

from __future__ import annotations

import json
import time
from fractions import Fraction
from functools import cache
from math import comb
from typing import Any

from sympy import Expr, Integer, Mul, Poly, Symbol, factor_list

from proofs.certificates import Expansion, Refused, Tree
from proofs.certificates import check as recheck
from proofs.claim import Claim, Obligation
from proofs.lemmas import lemmas
from proofs.serialisation import Writer
from proofs.verdict import Outcome, Verdict

LAYER = "certificate"
ELEVATIONS = 3
"""By how many degrees a polynomial is raised in search of coefficients of one sign."""
TERMS = 4000
"""Sums of more terms than this are not tried."""
Factor = frozenset[tuple[int, int]]


def check(claim: Claim) -> Verdict:
    """Certify every obligation of the claim and every lemma that supports it, and recheck the certificates."""
    begin = time.perf_counter()
    undecided = {}
    for owed in claim.owed:
        try:
            recheck(json.loads(json.dumps(certify(owed))))
        except Refused as reason:
            undecided[owed.says] = str(reason)
    certified = [lemma for lemma in lemmas(claim.id) if "terms" in lemma]
    for lemma in certified:
        try:
            recheck(lemma)
        except Refused as reason:
            undecided[lemma["says"]] = str(reason)
    return Verdict(
        LAYER,
        Outcome.UNDECIDED if undecided else Outcome.HOLDS,
        f"{len(claim.owed) + len(certified)} exact certificates, expanded and rechecked by the standard library",
        time.perf_counter() - begin,
        {"undecided": undecided} if undecided else {},
    )


def certify(owed: Obligation) -> dict[str, Any]:
    """A certificate of the obligation; Refused where none is found."""
    writer = Writer()
    found: dict[str, Any] = {
        "says": owed.says,
        "left": writer.tree(owed.left),
        "relation": owed.relation,
        "right": writer.tree(owed.right),
        "radicals": writer.radicals,
        "hypotheses": writer.hypotheses,
        "products": [],
        "signs": [],
    }
    for _ in range(20):
        products = _needed(found, writer)
        if not products:
            return found
        found["products"] += products
    raise Refused("factors keep falling apart")


def _needed(certificate: dict[str, Any], writer: Writer) -> list[Tree]:
    """Fill in the signs of the factors that need one, or say which factors are products."""
    expand = Expansion(certificate["radicals"])
    for tree in certificate["products"]:
        expand.keep(tree)
    parts = [expand(certificate["right"]), expand(["*", -1, certificate["left"]])]
    difference = expand.sum(parts)
    if certificate["relation"] == "=" and difference.constant:
        raise Refused("the two sides differ")
    factors = set(expand.divisors)
    if certificate["relation"] == "<=":
        factors |= {factor for factor, power in difference.factors.items() if power % 2}
    while roots := {factor for factor in factors if expand.under(factor) is not None}:
        under = {inside for root in roots for inside in expand.under(root).factors}  # type: ignore[union-attr]
        factors = (factors - roots) | under
    names = list(expand.names)
    certificate["signs"], products = [], []
    for factor in sorted(factors, key=lambda f: (len(f), sorted(f))):
        polynomial = {_exponents(m, names, expand): c for m, c in factor}
        terms = None
        for sign in (1, -1):
            terms = signed({m: sign * c for m, c in polynomial.items()}, names, writer)
            if terms is not None:
                certificate["signs"].append([_tree(polynomial, names), sign, terms])
                break
        if terms is None:
            products.append(_split(polynomial, names))
    return products


def _exponents(monomial: int, names: list[str], expand: Expansion) -> tuple[int, ...]:
    return tuple(expand.degree(monomial, name) for name in names)


def _tree(polynomial: dict[tuple[int, ...], int], names: list[str]) -> Tree:
    terms = [
        ["*", c, *(["^", name, e] for name, e in zip(names, exponents, strict=True) if e)]
        for exponents, c in sorted(polynomial.items(), reverse=True)
    ]
    return ["+", *terms]


def _split(polynomial: dict[tuple[int, ...], int], names: list[str]) -> Tree:
    """The polynomial as a product of smaller ones."""
    symbols = [Symbol(f"v{i}") for i in range(len(names))]
    total = sum((c * _monomial(symbols, exponents) for exponents, c in polynomial.items()), Integer(0))
    content, found = factor_list(total, *symbols)
    if content != 1 or (len(found) == 1 and found[0][1] == 1):
        raise Refused(
            f"no sign is found for {str(total.subs(dict(zip(symbols, map(Symbol, names), strict=True))))[:120]}"
        )
    parts = []
    for base, power in found:
        terms = {tuple(int(e) for e in m): int(c) for m, c in Poly(base, *symbols).terms()}
        parts.append(["^", _tree(terms, names), int(power)])
    return ["*", *parts]


def _monomial(symbols: list[Symbol], exponents: tuple[int, ...]) -> Expr:
    return Mul(*(s**e for s, e in zip(symbols, exponents, strict=True)))


def signed(polynomial: dict[tuple[int, ...], int], names: list[str], writer: Writer) -> list[Any] | None:
    """The polynomial as a sum of positive multiples of products of hypotheses and squares, or None."""
    degrees = [max(column) for column in zip(*polynomial, strict=True)] if names else []
    boxed = [i for i, name in enumerate(names) if len(writer.bounds.get(name, ())) == 2 and degrees[i]]
    for extra in range(ELEVATIONS + 1 if boxed else 1):
        raised = [d + extra if i in boxed else d for i, d in enumerate(degrees)]
        if len(polynomial) > TERMS:
            return None
        terms = _in_bounds(polynomial, names, raised, writer)
        odd = any(isinstance(part, int) and part % 2 for key in terms for part in key)
        if not odd and all(coefficient > 0 for coefficient in terms.values()):
            return [_term(c, key, names) for key, c in terms.items()]
    return None


def _in_bounds(polynomial: dict[tuple[int, ...], int], names: list[str], raised: list[int], writer: Writer) -> Any:
    """Coefficient by what multiplies it: for each variable how often each hypothesis, or the power of a free one."""
    current: dict[tuple[Any, ...], Fraction] = {m: Fraction(c) for m, c in polynomial.items()}
    for i, name in enumerate(names):
        if not raised[i]:
            continue
        after: dict[tuple[Any, ...], Fraction] = {}
        for key, c in current.items():
            for written, share in _powers(key[i], raised[i], tuple(writer.bounds.get(name, ()))):
                new = (*key[:i], written, *key[i + 1 :])
                after[new] = after.get(new, Fraction(0)) + c * share
        current = after
    return {key: c for key, c in current.items() if c}


@cache
def _powers(k: int, degree: int, bounds: tuple[tuple[int, int, int], ...]) -> list[tuple[Any, Fraction]]:
    """x^k in the bounds of x: (((index, times), ...), coefficient); a free x stays as it is."""
    if not bounds:
        return [(k, Fraction(1))]
    if len(bounds) == 1:
        ((offset, _, index),) = bounds  # x = -offset + h
        return [(((index, j),), Fraction(comb(k, j) * (-offset) ** (k - j))) for j in range(k + 1) if offset or j == k]
    (low, _, below), (high, _, above) = bounds  # h = x + low >= 0, g = high - x >= 0, h + g = low + high
    width = low + high
    found: dict[Any, Fraction] = {}
    # x = (high h - low g)/width and 1 = (h + g)/width
    for j in range(k + 1):
        share = Fraction(comb(k, j) * high ** (k - j) * (-low) ** j, width**degree)
        if share:
            for m in range(degree - k + 1):
                key = ((below, k - j + degree - k - m), (above, j + m))
                found[key] = found.get(key, Fraction(0)) + share * comb(degree - k, m)
    return list(found.items())


def _term(coefficient: Fraction, key: tuple[Any, ...], names: list[str]) -> Any:
    indices: list[int] = []
    square: list[Tree] = []
    for name, part in zip(names, key, strict=True):
        if isinstance(part, tuple):
            for index, times in part:
                indices += [index] * times
        elif part:
            square.append(["^", name, part // 2])
    return [str(coefficient), indices, [["*", *square]] if square else []]
