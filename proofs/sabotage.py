"""Altered statements, made from the claims' own: each must be caught by a layer, or the layer is worth nothing.

An alteration changes one place of one side of what a claim owes. It is caught by a layer that refutes it, or that
decides what the claim owes and no longer decides this.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass, replace
from functools import cache

from sympy import Add, Expr, Integer, Mul, Pow, Symbol

from proofs.claim import Claim, Obligation
from proofs.claims import CLAIMS
from proofs.layers import TABLE
from proofs.places import everywhere
from proofs.verdict import Outcome

CATCHING = ("identity", "points", "certificate", "interval", "smt")
"""The layers that alterations are shown to, cheapest first."""
SABOTAGED = (
    "angle-chord-sine", "sgd-norm", "sgd-angle", "sgd-rate", "sgdm-norm", "sgdm-norm-leading", "sgdm-angle",
    "sgdm-angle-leading", "sgdm-without-momentum", "sgdw-norm", "sgdw-angle", "nesterov-norm", "nesterov-angle",
    "adamw-norm", "adamw-norm-leading", "adamw-angle", "adamw-angle-leading", "adamw-rate", "nadamw-norm",
    "nadamw-angle", "rmspropw-norm", "adam_l2-norm", "adam_l2-angle", "lion-norm", "lion-norm-leading", "lion-angle",
    "lion-angle-leading", "lion-series-tail", "signum-norm", "signum-angle", "lars-norm", "lars-angle",
    "muon-correlation-bounds", "muon-norm", "muon-angle", "muon-leading", "stationary-update", "stationary-cases",
    "sgd-trajectory", "sgd-fourth-power", "sgd-slow-law", "drop-lower-bound", "norm-rescaling", "warmup-peak",
    "sgd-attraction", "sgd-deviation", "sgd-coupling", "sgd-at-two", "sgdm-region", "sgdm-oscillation",
    "norm-above-mean-field", "smd-noise-floor", "update-size", "sgd-turn-of-steps",
    "rotational-step", "rotational-mean-turn", "oblique-step", "turning-budget", "turning-in-transit", "warmup-turn",
    "early-momentum",
)  # fmt: skip
"""Claims whose statements are altered: of every optimizer and topic, those that are derived fast."""


@dataclass(frozen=True)
class Alteration:
    """A statement of a claim with one place changed."""

    claim: str
    how: str
    true: Obligation
    altered: Obligation


def alterations(claim_ids: Iterable[str] = SABOTAGED) -> Iterator[Alteration]:
    """One alteration of each kind for each claim, where it has a place for it."""
    for claim_id in claim_ids:
        for how, alter in KINDS.items():
            for owed in CLAIMS[claim_id].owed:
                altered = alter(owed)
                if altered is not None:
                    yield Alteration(claim_id, how, owed, altered)
                    break


def caught_by(alteration: Alteration, layers: Iterable[str] = CATCHING) -> Iterator[tuple[str, str]]:
    """(layer, what it says) for each of the layers that catches the alteration."""
    for name in layers:
        if not TABLE[name].runs_here:
            continue
        outcome = TABLE[name].checker.check(_owing(alteration.claim, alteration.altered)).outcome
        if outcome is Outcome.REFUTED:
            yield name, "refuted"
        elif outcome is Outcome.UNDECIDED and _decides(name, alteration.claim, alteration.true):
            yield name, "no longer decided"


@cache
def _decides(layer: str, claim_id: str, owed: Obligation) -> bool:
    return bool(TABLE[layer].checker.check(_owing(claim_id, owed)).outcome is Outcome.HOLDS)


def _owing(claim_id: str, owed: Obligation) -> Claim:
    """A claim that owes this and nothing else, and states no number."""
    return replace(CLAIMS[claim_id], id=f"altered {claim_id}", subject=None, obligations=lambda: [owed])


def _changed(owed: Obligation, change: Callable[[Expr], Expr | None]) -> Obligation | None:
    """The equality with the first place changed at which the change alters one of its sides."""
    if owed.relation != "=":
        return None
    for side in ("right", "left"):
        expression = getattr(owed, side)
        for other, *_ in everywhere(expression, lambda place: filter(None, [change(place)])):
            if _differs(expression, other):
                return replace(owed, **{side: other})
    return None


def _differs(expression: Expr, other: Expr) -> bool:
    """Whether the two have different values at a point: an alteration that changes nothing is none."""
    at = {symbol: Integer(i + 3) / (i + 11) for i, symbol in enumerate(sorted(expression.free_symbols, key=str))}
    difference = (expression - other).subs(at)
    return bool(difference.is_finite and abs(difference.evalf(30)) > 1e-20)


def _coefficient(place: Expr) -> Expr | None:
    """2x becomes 3x, and 2 + x becomes 3 + x."""
    if isinstance(place, Add | Mul) and place.args[0].is_Integer and place.args[0] > 1:
        return place.func(place.args[0] + 1, *place.args[1:])
    return None


def _exponent(place: Expr) -> Expr | None:
    """x^2 becomes x^3."""
    return Pow(place.base, place.exp + 1) if isinstance(place, Pow) and place.exp.is_Integer else None


def _sign(place: Expr) -> Expr | None:
    """The last term of a sum is taken from it."""
    return Add(*place.args[:-1], -place.args[-1]) if isinstance(place, Add) else None


def _factor(place: Expr) -> Expr | None:
    """A factor 1 - x, or x - 1, is dropped."""
    if isinstance(place, Mul):
        for i, part in enumerate(place.args):
            base = part.as_base_exp()[0]
            if isinstance(base, Add) and len(base.args) == 2 and abs(base.args[0]) == 1:
                return Mul(*place.args[:i], *place.args[i + 1 :])
    return None


def _term(place: Expr) -> Expr | None:
    """The last term of a sum is dropped."""
    return Add(*place.args[:-1]) if isinstance(place, Add) else None


def _exchanged(owed: Obligation) -> Obligation | None:
    """Two symbols of one domain are exchanged on one side."""
    if owed.relation != "=":
        return None
    for side in ("right", "left"):
        expression = getattr(owed, side)
        free = sorted(expression.free_symbols, key=str)
        for i, one in enumerate(free):
            for other in free[i + 1 :]:
                if one.assumptions0 == other.assumptions0:
                    swapped = expression.subs({one: other, other: one}, simultaneous=True)
                    if _differs(expression, swapped):
                        return replace(owed, **{side: swapped})
    return None


def _turned(owed: Obligation) -> Obligation | None:
    """The inequality is turned round."""
    return None if owed.relation == "=" else replace(owed, left=owed.right, right=owed.left)


def _widened(owed: Obligation) -> Obligation | None:
    """The domain of a nonnegative symbol is made to begin below zero."""
    if owed.relation == "=":
        return None
    for symbol in sorted((owed.right - owed.left).free_symbols, key=str):
        if symbol.is_nonnegative:
            moved: dict[Symbol, Expr] = {symbol: symbol - Integer(9) / 10}
            altered = replace(owed, left=owed.left.subs(moved), right=owed.right.subs(moved))
            at = {s: Integer(1) / 1000 for s in (owed.right - owed.left).free_symbols}
            margin = (altered.right - altered.left).subs(at)
            if margin.is_finite and margin < 0:
                return altered
    return None


KINDS: dict[str, Callable[[Obligation], Obligation | None]] = {
    "a coefficient": lambda owed: _changed(owed, _coefficient),
    "an exponent": lambda owed: _changed(owed, _exponent),
    "a sign": lambda owed: _changed(owed, _sign),
    "a factor 1 - x dropped": lambda owed: _changed(owed, _factor),
    "a term dropped": lambda owed: _changed(owed, _term),
    "two symbols exchanged": _exchanged,
    "the inequality turned round": _turned,
    "the domain widened": _widened,
}
