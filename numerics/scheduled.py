"""Runs under a schedule: torch.optim's own optimizers and schedulers, or our updates at each step's lr.

The learning rate of every step comes from torch.optim.lr_scheduler, weight decay is set beside it.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import fields, replace
from typing import Any

import numpy as np
import torch
from torch import Generator, Tensor
from torch.optim import SGD, AdamW, Optimizer, lr_scheduler

from numerics import geometry
from numerics.gradients import LAWS
from numerics.simulation import BadSimulation, Simulation, Start, check_run, device_of, random_weights, update_for

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


class _Torch:
    """One of torch.optim's optimizers as a step of a batch of weights."""

    def __init__(self, optimizer: Optimizer, parameter: torch.nn.Parameter) -> None:
        self.optimizer, self.parameter = optimizer, parameter

    @property
    def weights(self) -> Tensor:
        return self.parameter.detach()

    def step(self, gradient: Any, lr: float, wd: float) -> Tensor:
        self.optimizer.param_groups[0].update(lr=lr, weight_decay=wd)
        self.parameter.grad = gradient.value
        self.optimizer.step()
        return self.parameter.detach()


class _Update:
    """One of our updates with each step's hyper-parameters."""

    def __init__(self, optimizer: str, hyperparameters: Mapping[str, float | None], w: Tensor) -> None:
        self.update = update_for(optimizer, {**hyperparameters, "lr": 1.0, "wd": 0.0})
        self.weights, self.state = w, self.update.start(w)

    def step(self, gradient: Any, lr: float, wd: float) -> Tensor:
        assert {"lr", "wd"} <= {field.name for field in fields(self.update)}  # type: ignore[arg-type]
        update = replace(self.update, lr=lr, wd=wd)  # type: ignore[type-var]
        self.weights, self.state = update.step(self.weights, gradient, self.state)
        return self.weights


def _runner(optimizer: str, hyperparameters: Mapping[str, float | None], w: Tensor) -> _Torch | _Update:
    chosen = {k: v for k, v in hyperparameters.items() if v is not None}
    parameter = torch.nn.Parameter(w.clone())
    if optimizer in ("sgd", "sgdm"):
        momentum = chosen.get("momentum", 0.9) if optimizer == "sgdm" else 0.0
        return _Torch(SGD([parameter], lr=1.0, momentum=momentum, dampening=chosen.get("dampening", 0.0)), parameter)
    if optimizer == "adamw" and "beta2" in chosen:
        betas = (chosen.get("beta1", 0.9), chosen["beta2"])
        return _Torch(AdamW([parameter], lr=1.0, betas=betas, eps=chosen.get("eps", 1e-12)), parameter)
    return _Update(optimizer, chosen, w)


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
) -> Simulation:
    """One step for each of ``lr`` and ``wd`` from random directions of ``start_norm``, with empty buffers.

    sgd, sgdm, and adamw with beta2 run as torch.optim.SGD and torch.optim.AdamW (eps 1e-12 unless given). The result
    has no burn-in: its rows are the trajectory. Raises BadSimulation for arguments without meaning.
    """
    rates = [(float(a), float(b)) for a, b in zip(lr, wd, strict=True)]
    place = device_of(device)
    check_run(law=law, dim=dim, replicas=replicas, steps=len(rates), start_norm=start_norm, seed=seed)
    generator = Generator(device=place).manual_seed(seed)
    w = random_weights(replicas, dim, start_norm, generator)
    runner = _runner(optimizer, hyperparameters, w)
    draw = LAWS[law].draw
    norms, overlaps, angles = [geometry.squared_norm(w)], [], []
    for rate, decay in rates:
        before = w.clone()
        w = runner.step(draw(before, grad_norm, generator), rate, decay)
        overlaps.append(geometry.lost_overlap(before, w))
        angles.append(geometry.angle(before, w))
        norms.append(geometry.squared_norm(w))
    return Simulation(
        squared_norm=_stack(norms),
        lost_overlap=_stack(overlaps),
        angle=_stack(angles),
        burn_in=0,
        end=Start(w, getattr(runner, "state", None)),  # type: ignore[arg-type]
    )


def _stack(rows: list[Tensor]) -> Array:
    return torch.stack(rows).to("cpu", torch.float64).numpy()
