"""Inverse bias correction: how large the first updates of a momentum are. Our own definition.

An average m <- beta m + (1 - beta) g that begins at zero holds only 1 - beta^t of its weight at step t. Adam divides
by it. White gradients of variance 1 give m the mean square (1 - beta)/(1 + beta) (1 - beta^2t), so that the corrected
average begins sqrt((1 + beta)/(1 - beta)) times larger than it stays: its first updates are too large. A sign or a
norm hides that weight altogether, as if it were divided out.

The factors here multiply an update whose momentum is corrected or normalised:

    corrected   1
    inverse     1 - beta^t                          as if the average had kept its bias
    level       sqrt((1 - beta^t)/(1 + beta^t))     the corrected average keeps one mean square under white gradients

``inverse`` takes Adam back to m itself, and gives a sign of the average the same reduction; Lion's average of the
gradient and m holds 1 - beta1 beta2^(t-1), which stands for 1 - beta^t there. ``level`` is
(1 - beta^t)/sqrt(1 - beta^2t). A publication names inverse bias correction; its formula was not seen, and these are
ours.
"""

from __future__ import annotations

import math


def factor(bias: str, beta: float, step: int) -> float:
    """What multiplies the update of step ``step``, from 1 on."""
    held = 1 - beta**step
    if bias == "inverse":
        return held
    if bias == "level":
        return math.sqrt(held / (1 + beta**step))
    return 1.0
