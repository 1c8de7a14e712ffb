"""The symbolic layer: an obligation holds when SymPy's normal form decides it.

Equations between rational functions have a normal form, so zero is decided; inequalities hold when the
difference is a quotient of polynomials with nonnegative coefficients in nonnegative symbols. What is
not decided is undecided, never false: refuting is the business of exact points.
"""

from __future__ import annotations

import time

from sympy import cancel, powsimp, together

from proofs.algebra.quotient import Quotient, quotient
from proofs.claim import Claim, Obligation
from proofs.verdict import Outcome, Verdict

LAYER = "identity"


def check(claim: Claim) -> Verdict:
    """Decide every obligation of the claim symbolically."""
    begin = time.perf_counter()
    undecided = [owed.says for owed in claim.owed if not decides(owed)]
    return Verdict(
        LAYER,
        Outcome.UNDECIDED if undecided else Outcome.HOLDS,
        "SymPy normal form of rational functions; nonnegative coefficients for inequalities",
        time.perf_counter() - begin,
        {"undecided": undecided} if undecided else {},
    )


def decides(owed: Obligation) -> bool:
    """Whether the obligation is proved by normal form."""
    try:
        found = quotient(owed.right - owed.left)
    except ZeroDivisionError:
        return False
    if owed.relation == "=":
        if not found.numerator or found.independent:
            return not found.numerator
    elif _nonnegative(found):
        return True
    # Relations between powers, and inequalities that need their lowest terms.
    difference = cancel(together(powsimp((owed.right - owed.left).expand(power_exp=True))))
    return difference == 0 if owed.relation == "=" else _nonnegative(quotient(difference))


def _nonnegative(found: Quotient) -> bool:
    """Whether no coefficient is negative and no generator can be; even powers below are squares."""
    sides = [found.numerator, *(factor for factor, power in found.factors.items() if power % 2)]
    present = {g for side in sides for g, used in zip(side.ring.symbols, side.degrees(), strict=True) if used > 0}
    return all(g.is_nonnegative for g in present) and all(c >= 0 for side in sides for c in side.coeffs())
