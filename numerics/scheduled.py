"""Runs under a schedule: torch.optim's own optimizers and schedulers, or our updates at each step's lr.

The learning rate of every step comes from torch.optim.lr_scheduler, weight decay is set beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor
from torch.optim import SGD, AdamW, lr_scheduler

from numerics.arguments import update_for
from numerics.errors import BadSimulation
from numerics.gradients import Gradient
from numerics.result import Result
from numerics.simulation import simulate
from numerics.torch_optimizer import Factory, TorchOptimizer
from numerics.updates.update import State

Array = np.ndarray


def learning_rates(
    kind: str,
    *,
    lr: float,
    steps: int,
    warmup: int = 0,
    final: float = 0.0,
    cooldown: int = 0,
    milestones: Sequence[int] = (),
    drop_factor: float = 10.0,
) -> Array:
    """lr of every step [steps] by torch's schedulers: constant, linear, cosine, wsd, step after linear warmup.

    ``final`` is a fraction of ``lr``; ``cooldown`` the steps of WSD's decay; ``milestones`` the steps of the drops.
    """
    parameter = torch.nn.Parameter(torch.zeros(1))
    optimizer = SGD([parameter], lr=lr)
    after = steps - warmup
    parts: list[tuple[int, lr_scheduler.LRScheduler]] = []
    if warmup:
        parts.append((warmup, lr_scheduler.LinearLR(optimizer, 1 / warmup, 1.0, max(warmup - 1, 1))))
    if kind == "cosine":
        parts.append((after, lr_scheduler.CosineAnnealingLR(optimizer, max(after, 1), final * lr)))
    elif kind == "linear":
        parts.append((after, lr_scheduler.LinearLR(optimizer, 1.0, final, max(after, 1))))
    elif kind == "wsd":
        parts.append((after - cooldown, lr_scheduler.ConstantLR(optimizer, 1.0)))
        parts.append((cooldown, lr_scheduler.LinearLR(optimizer, 1.0, final, cooldown)))
    elif kind == "step":
        late = [at - warmup for at in milestones]
        parts.append((after, lr_scheduler.MultiStepLR(optimizer, late, 1 / drop_factor)))
    elif kind == "constant":
        parts.append((after, lr_scheduler.ConstantLR(optimizer, 1.0)))
    else:
        raise BadSimulation(f"schedule = {kind} is unknown; known are constant, linear, cosine, wsd, step")
    parts = [part for part in parts if part[0] > 0]
    ends = np.cumsum([length for length, _ in parts])[:-1].tolist()
    whole = lr_scheduler.SequentialLR(optimizer, [scheduler for _, scheduler in parts], ends) if ends else parts[0][1]
    found = []
    for _ in range(steps):
        found.append(float(optimizer.param_groups[0]["lr"]))
        optimizer.step()
        whole.step()
    return np.array(found)


class TorchScheduled(TorchOptimizer):
    """A torch.optim optimizer that is told lr and weight_decay before every step."""

    def __init__(self, make: Factory, lr: Array, wd: Array) -> None:
        super().__init__(make)
        self.lr, self.wd = lr, wd

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step with the numbers of its own."""
        for group in self.optimizer.param_groups:
            group.update(lr=float(self.lr[state.steps]), weight_decay=float(self.wd[state.steps]))
        return super().step(w, gradient, state)


def torch_factory(optimizer: str, chosen: Mapping[str, float]) -> Factory | None:
    """torch.optim's own optimizer of that name and these hyper-parameters, where we compare with it, else None."""
    if optimizer in ("sgd", "sgdm"):
        momentum = chosen.get("momentum", 0.9) if optimizer == "sgdm" else 0.0
        dampening = chosen.get("dampening", 0.0)
        return lambda parameters: SGD(parameters, lr=1.0, momentum=momentum, dampening=dampening)
    if optimizer == "adamw" and "beta2" in chosen:
        betas = (chosen.get("beta1", 0.9), chosen["beta2"])
        return lambda parameters: AdamW(parameters, lr=1.0, betas=betas, eps=chosen.get("eps", 1e-12))
    return None


def simulate_scheduled(
    optimizer: str,
    *,
    lr: Sequence[float] | Array,
    wd: Sequence[float] | Array,
    start_norm: float = 1.0,
    law: str = "fixed",
    grad_norm: float = 1.0,
    dim: int = 64,
    replicas: int = 32,
    seed: int = 0,
    device: str = "cpu",
    **hyperparameters: float | None,
) -> Result:
    """One step for each of ``lr`` and ``wd`` from random directions of ``start_norm``, with empty buffers.

    sgd, sgdm, and adamw with beta2 run as torch.optim.SGD and torch.optim.AdamW (eps 1e-12 unless given), other rules
    as ours. Every step is recorded. Raises BadSimulation for arguments without meaning.
    """
    rates, decays = np.asarray(lr, dtype=float), np.asarray(wd, dtype=float)
    chosen = {k: v for k, v in hyperparameters.items() if v is not None}
    make = torch_factory(optimizer, chosen)
    settings: dict[str, Any] = {
        "law": law, "grad_norm": grad_norm, "dim": dim, "replicas": replicas, "seed": seed, "device": device,
        "steps": len(rates), "start_norm": start_norm,
    }  # fmt: skip
    if make is not None:
        return simulate(TorchScheduled(make, rates, decays), **settings)
    update = update_for(optimizer, {**chosen, "lr": 1.0, "wd": 0.0})
    return simulate(update, schedule={"lr": rates, "wd": decays}, **settings)
