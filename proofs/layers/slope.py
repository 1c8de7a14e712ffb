"""The numerical layer of leading orders: the residual falls with the power of p that the claim states."""

from __future__ import annotations

import time

import numpy as np

import theory
from proofs.claim import Claim, Kind
from proofs.verdict import Outcome, Verdict
from theory.prediction import slowest_deviation, symbol_values

LAYER = "slope"
DECAYS = np.logspace(-6, -4, 9)
WITHIN = 0.02


def applies(claim: Claim) -> bool:
    """Whether the claim is a leading order."""
    return claim.kind is Kind.LEADING_ORDER


def residuals(claim: Claim, decays: np.ndarray, **hyperparameters: float) -> np.ndarray:
    """|exact/leading - 1| over decays per step, at lr = 0.5."""
    optimizer = claim.optimizer or ""
    rule = theory.load(optimizer)
    found = []
    for decay in decays:
        chosen = theory.complete(optimizer, {"lr": 0.5, "wd": float(decay) / 0.5, **hyperparameters})
        values = symbol_values(rule, chosen)
        if claim.subject == "rate_leading_order":
            slope = float(rule("rate_slope", values))
            found.append(abs(slowest_deviation(rule, values).real / (slope * values["p"]) - 1))
        else:
            quantity = "norm" if claim.subject == "norm_leading_order" else "angle"
            found.append(abs(float(rule(quantity, values)) / float(rule(f"{quantity}_leading", values)) - 1))
    return np.array(found)


def fitted_order(decays: np.ndarray, errors: np.ndarray) -> float:
    """Slope of log error against log p."""
    return float(np.polyfit(np.log(decays), np.log(errors), 1)[0])


def check(claim: Claim) -> Verdict:
    """Fit the order of the residual and compare it with the stated one."""
    begin = time.perf_counter()
    momenta = {"sgdm": {"momentum": 0.8}, "adamw": {"beta1": 0.8}, "lion": {"beta1": 0.8, "beta2": 0.9}}
    order = fitted_order(DECAYS, residuals(claim, DECAYS, **momenta.get(claim.optimizer or "", {})))
    return Verdict(
        LAYER,
        Outcome.HOLDS if abs(order - 1) < WITHIN else Outcome.REFUTED,
        f"log-log fit of |exact/leading - 1| over p in [{DECAYS[0]:g}, {DECAYS[-1]:g}], stated order 1",
        time.perf_counter() - begin,
        {"fitted_order": order},
    )
