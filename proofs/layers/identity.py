"""The symbolic layer: an obligation holds when SymPy's normal form decides it.

Equations between rational functions have a normal form, so zero is decided; inequalities hold when the
difference is a quotient of polynomials with nonnegative coefficients in nonnegative symbols. What is
not decided is undecided, never false: refuting is the business of exact points.
"""

from __future__ import annotations

import time

from sympy import Expr, Poly, cancel, fraction, powsimp, together

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
    difference = cancel(together(powsimp((owed.right - owed.left).expand(power_exp=True))))
    return difference == 0 if owed.relation == "=" else _nonnegative(difference)


def _nonnegative(difference: Expr) -> bool:
    numerator, denominator = fraction(together(difference))
    symbols = sorted(difference.free_symbols, key=str)
    if not symbols:
        return bool(difference >= 0)
    if not all(s.is_nonnegative for s in symbols):
        return False
    return all(all(c >= 0 for c in Poly(side, *symbols).coeffs()) for side in (numerator, denominator))
