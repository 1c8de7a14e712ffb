"""Steps shortened where the gradient is more signal than noise. Our own definition.

A publication (key ``kosson2024warmup``) says in words that early gradients are strongly correlated, that an update of
given size then changes representations more, and that a compensation from the gradient's signal-to-noise ratio acts
like a warmup. Its formula was not seen.

Ours: let a batch's gradient be its mean s plus white noise of energy N, and phi = |s|^2/N. Of an update that is
normalised in size the part phi/(1 + phi) of its energy lies along the signal and changes every example's output alike;
the rest is noise, of whose energy only a share ``incoherent`` counts. The relative change of representation is then
proportional to

    r(phi) = sqrt((phi + incoherent)/(1 + phi)),

and a step is multiplied by min(1, r(reference_snr)/r(phi)), which holds the change down to the one that it has at
``reference_snr`` and leaves steps with less signal alone.
"""

from __future__ import annotations

import math
from collections.abc import Callable

import torch
from torch import Tensor
from torch.optim import Optimizer

from numerics.optimizers.base import Group, usable
from numerics.optimizers.options import BadOptimizer, in_range
from numerics.optimizers.wrapper import Wrapper


def change(snr: float, incoherent: float) -> float:
    """r(phi); phi may be infinite."""
    return 1.0 if math.isinf(snr) else math.sqrt((snr + incoherent) / (1 + snr))


class RepresentationCompensated(Wrapper):
    """``base`` with each tensor's whole step, decay included, times min(1, r(reference_snr)/r(phi)).

    phi is ``snr``, a number or a function of the parameter, or an estimate from averages over past steps: with
    m <- beta m + (1 - beta) g and q <- beta q + (1 - beta)|g|^2, both over their weight 1 - beta^t, and the share
    c = (1 - beta)(1 + beta^t)/((1 + beta)(1 - beta^t)) of the noise that m still holds,

        phi = max(0, |m|^2 - c q)/(q - |m|^2),

    without bias in numerator and denominator while s and N stand still. The first step knows nothing, and counts as
    all signal. State: ``step``, ``mean`` (m), ``square`` (q), ``factor`` (the last one).
    """

    carried = ("snr",)

    def __init__(
        self,
        base: Optimizer,
        *,
        reference_snr: float = 1.0,
        incoherent: float = 0.0,
        beta: float = 0.9,
        snr: float | Callable[[Tensor], float] | None = None,
        master: bool = False,
    ) -> None:
        if incoherent >= 1:
            raise BadOptimizer(f"Invalid incoherent = {incoherent:g}: its range is [0, 1)")
        self.snr = snr
        super().__init__(base, master=master, reference_snr=reference_snr, incoherent=incoherent, beta=beta)

    def controls(self, group: Group, p: Tensor) -> bool:
        """Every parameter."""
        return True

    def ratio(self, group: Group, p: Tensor) -> float:
        """phi."""
        if self.snr is not None:
            return float(self.snr(p) if callable(self.snr) else self.snr)
        state, beta = self.state[p], group["beta"]
        held = beta ** state["step"]
        share = (1 - beta) * (1 + held) / ((1 + beta) * (1 - held))
        mean = float(state["mean"].double().square().sum()) / (1 - held) ** 2
        square = float(state["square"]) / (1 - held)
        noise = square - mean
        if state["step"] == 1 or noise <= 0:
            return math.inf if square else 0.0
        return max(0.0, mean - share * square) / noise

    def begin(self, group: Group, p: Tensor, w: Tensor) -> None:
        """Takes the gradient into the averages."""
        assert p.grad is not None
        state, beta, g = self.state[p], group["beta"], usable(type(self).__name__, p.grad)
        if not state or "mean" not in state:
            state |= {"step": 0, "mean": torch.zeros_like(g), "square": 0.0}
        state["step"] += 1
        state["mean"].mul_(beta).add_(g, alpha=1 - beta)
        state["square"] = beta * state["square"] + (1 - beta) * float(g.double().square().sum())

    def move(self, group: Group, p: Tensor, w: Tensor, change_of_base: Tensor) -> None:
        """Takes a part of the step."""
        snr = self.ratio(group, p)
        if not snr >= 0:
            raise BadOptimizer(f"Invalid snr = {snr:g}: its range is [0, inf]")
        reference, incoherent = in_range("reference_snr", group["reference_snr"]), group["incoherent"]
        now = change(snr, incoherent)
        factor = min(1.0, change(reference, incoherent) / now) if now else 1.0
        self.state[p]["factor"] = factor
        w.add_(change_of_base, alpha=factor)
