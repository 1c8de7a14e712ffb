"""A theory with one formula off, for repetitions that must fail: ``SMD_TEST_WRONG=sgdm-norm=1.01``.

The formula is multiplied where a confrontation takes its prediction; the simulators and the theory stay as they are.
"""

from __future__ import annotations

import math
import os
from typing import Any

from proofs.confrontation import Predicted

VARIABLE = "SMD_TEST_WRONG"


def altered(predicted: Predicted, quantity: str, factor: float) -> Predicted:
    """The prediction with its norm or its angle multiplied."""
    if quantity == "norm":
        return predicted.replaced(squared_norm=factor**2 * predicted.moments[0, 0])
    return predicted.replaced(one_minus_cosine=1 - math.cos(factor * predicted.angle))


def apply() -> None:
    """Alter what the environment names."""
    if told := os.environ.get(VARIABLE):
        claim, _, factor = told.partition("=")
        optimizer, _, quantity = claim.rpartition("-")
        assert quantity in ("norm", "angle"), f"{VARIABLE} = {told} names no norm and no angle"
        right = Predicted.of_rule

        def of_rule(rule: Any, hyperparameters: Any) -> Predicted:
            found = right(rule, hyperparameters)
            return altered(found, quantity, float(factor)) if rule.name == optimizer else found

        Predicted.of_rule = staticmethod(of_rule)  # type: ignore[method-assign,assignment]
