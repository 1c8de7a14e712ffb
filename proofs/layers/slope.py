"""The numerical layer of leading orders: the residual falls with the power of p that the claim states."""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

import theory
from proofs.claim import Claim, Kind
from proofs.verdict import Outcome, Verdict
from theory.prediction import slowest_deviation, symbol_values

LAYER = "slope"
DECAYS = np.logspace(-6, -4, 9)
"""lr*wd of the points."""
UNDER_GAIN = np.logspace(-3.5, -2.5, 9)
"""lr*wd of the points where the decay per step is not lr*wd but a power of lr."""
WEIGHT_DECAY = 0.5
ELSEWHERE = {"momentum": 0.8, "beta1": 0.8, "beta2": 0.9, "trust": 1.0}
WITHIN = 0.02


def applies(claim: Claim) -> bool:
    """Whether the claim is a leading order."""
    return claim.kind is Kind.LEADING_ORDER


def residuals(claim: Claim, rates: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """(decay per step, |exact/leading - 1|) over learning rates at weight decay WEIGHT_DECAY."""
    optimizer = claim.optimizer or ""
    rule = theory.load(optimizer)
    own = {p.name: ELSEWHERE[p.name] for p in rule.parameters if p.name in ELSEWHERE}
    slow = slow_deviation(optimizer) if claim.subject == "rate_leading_order" else None
    found = []
    for rate in rates:
        chosen = theory.complete(optimizer, {"lr": float(rate), "wd": WEIGHT_DECAY, **own})
        values = symbol_values(rule, chosen)
        if slow is not None:
            exact, leading = slowest_deviation(rule, values).real, slow(values)
        else:
            quantity = "norm" if claim.subject == "norm_leading_order" else "angle"
            exact, leading = float(rule(quantity, values)), float(rule(f"{quantity}_leading", values))
        found.append((values["p"], abs(exact / leading - 1)))
    decays, errors = np.array(found).T
    return decays, errors


def slow_deviation(optimizer: str) -> Callable[[dict[str, float]], float]:
    """1 - z of the slow multiplier's leading order as a function of the symbols' numbers."""
    from sympy import lambdify

    law = 1 - theory.equilibrium_of(optimizer).rate_leading_order
    names = sorted(law.free_symbols, key=str)
    function = lambdify(names, law)
    return lambda values: float(function(*(values[str(s)] for s in names)))


def stated_order(claim: Claim) -> tuple[float, bool]:
    """(power of the decay per step that the leading order neglects, whether its coefficient is known to vanish)."""
    law = getattr(theory.equilibrium_of(claim.optimizer or ""), claim.subject or "")
    return float(getattr(law, "remainder_order", 1)), getattr(law, "next_coefficient", 1) == 0


def fitted_order(decays: np.ndarray, errors: np.ndarray) -> float:
    """Slope of log error against log p."""
    return float(np.polyfit(np.log(decays), np.log(errors), 1)[0])


def check(claim: Claim) -> Verdict:
    """Fit the order of the residual and compare it with the stated one."""
    begin = time.perf_counter()
    spread = UNDER_GAIN if theory.load(claim.optimizer or "").has_gain else DECAYS
    decays, errors = residuals(claim, spread / WEIGHT_DECAY)
    order, (stated, vanishes) = fitted_order(decays, errors), stated_order(claim)
    agrees = order > stated + 0.5 if vanishes else abs(order - stated) < WITHIN
    return Verdict(
        LAYER,
        Outcome.HOLDS if agrees else Outcome.REFUTED,
        f"log-log fit of |exact/leading - 1| over decays per step in [{decays.min():.2g}, {decays.max():.2g}], "
        f"stated order {'above ' if vanishes else ''}{stated:g}",
        time.perf_counter() - begin,
        {"fitted_order": order},
    )
