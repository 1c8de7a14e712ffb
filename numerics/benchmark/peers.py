"""What one would write without the engines: gradient noise of a scale-invariant loss, norm and angle at every step.

``UPDATES`` are plain functions of tensors: w, what is kept and the gradient to what they are next. The noise is the
law "sphere": (z - <z, w> w/|w|^2) / (|w| sqrt(d - 1)).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor

HYPERPARAMETERS: dict[str, dict[str, float]] = {
    "sgdm": {"lr": 0.1, "wd": 0.01, "momentum": 0.9},
    "adamw": {"lr": 0.01, "wd": 0.1, "beta1": 0.9, "beta2": 0.99},
    "lion": {"lr": 0.01, "wd": 0.1, "beta1": 0.9, "beta2": 0.99},
}
"""The rules that are measured; what a step costs does not depend on these numbers."""
EPS = 1e-8


class Lion(torch.optim.Optimizer):
    """Lion as published, an optimizer like those of torch.optim."""

    def __init__(self, params: Iterable[Tensor], lr: float, wd: float, beta1: float, beta2: float) -> None:
        super().__init__(params, {"lr": lr, "wd": wd, "beta1": beta1, "beta2": beta2})

    @torch.no_grad()
    def step(self, closure: None = None) -> None:  # type: ignore[override]
        """One step."""
        for group in self.param_groups:
            for w in group["params"]:
                state = self.state[w]
                if not state:
                    state["m"] = torch.zeros_like(w)
                w.mul_(1 - group["lr"] * group["wd"])
                direction = state["m"].lerp(w.grad, 1 - group["beta1"]).sign_()
                w.add_(direction, alpha=-group["lr"])
                state["m"].lerp_(w.grad, 1 - group["beta2"])


def optimizer(rule: str, w: Tensor) -> torch.optim.Optimizer:
    """The rule from torch.optim, or written like it."""
    h = HYPERPARAMETERS[rule]
    if rule == "sgdm":
        return torch.optim.SGD([w], lr=h["lr"], momentum=h["momentum"], weight_decay=h["wd"])
    if rule == "adamw":
        return torch.optim.AdamW([w], lr=h["lr"], betas=(h["beta1"], h["beta2"]), eps=EPS, weight_decay=h["wd"])
    return Lion([w], **h)


def start(shape: tuple[int, ...], device: str) -> Tensor:
    """Random directions of unit norm."""
    w = torch.randn(shape, device=device)
    return w / torch.linalg.vector_norm(w, dim=-1, keepdim=True)


def gradient(w: Tensor, z: Tensor) -> Tensor:
    """The gradient at w [..., dim] that noise makes."""
    square = (w * w).sum(-1, keepdim=True)
    return (z - (z * w).sum(-1, keepdim=True) / square * w) / (square * (w.shape[-1] - 1)).sqrt()


def angle(before: Tensor, after: Tensor) -> Tensor:
    """The angle between weights [..., dim], in radians."""
    square, dot = (before * before).sum(-1), (before * after).sum(-1)
    across = after - (dot / square)[..., None] * before
    return torch.atan2(torch.linalg.vector_norm(across, dim=-1), dot / square.sqrt())


def loop(rule: str, dim: int, device: str) -> Callable[[int], Tensor]:
    """The loop with torch.optim on one weight."""

    def run(steps: int) -> Tensor:
        w = start((dim,), device).requires_grad_()
        stepper = optimizer(rule, w)
        measured = torch.empty(2, steps, device=device)
        with torch.no_grad():
            for k in range(steps):
                w.grad = gradient(w, torch.randn_like(w))
                before = w.clone()
                stepper.step()
                measured[0, k], measured[1, k] = w @ w, angle(before, w)
        return measured

    return run


def sgdm(w: Tensor, m: Tensor, v: Tensor, g: Tensor, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """Heavy ball with coupled decay."""
    h = HYPERPARAMETERS["sgdm"]
    m = h["momentum"] * m + g + h["wd"] * w
    return w - h["lr"] * m, m, v


def adamw(w: Tensor, m: Tensor, v: Tensor, g: Tensor, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """AdamW with bias correction."""
    h = HYPERPARAMETERS["adamw"]
    m = h["beta1"] * m + (1 - h["beta1"]) * g
    v = h["beta2"] * v + (1 - h["beta2"]) * g * g
    first, second = 1 - h["beta1"] ** step, 1 - h["beta2"] ** step
    return (1 - h["lr"] * h["wd"]) * w - h["lr"] / first * m / ((v / second).sqrt() + EPS), m, v


def lion(w: Tensor, m: Tensor, v: Tensor, g: Tensor, step: int) -> tuple[Tensor, Tensor, Tensor]:
    """Lion."""
    h = HYPERPARAMETERS["lion"]
    direction = torch.sign(h["beta1"] * m + (1 - h["beta1"]) * g)
    m = h["beta2"] * m + (1 - h["beta2"]) * g
    return (1 - h["lr"] * h["wd"]) * w - h["lr"] * direction, m, v


UPDATES = {"sgdm": sgdm, "adamw": adamw, "lion": lion}


def batched(rule: str, chains: int, dim: int, device: str) -> Callable[[int], Tensor]:
    """Plain torch on weights [chains, dim]."""
    update = UPDATES[rule]

    def run(steps: int) -> Tensor:
        w = start((chains, dim), device)
        m, v = torch.zeros_like(w), torch.zeros_like(w)
        measured = torch.empty(2, steps, chains, device=device)
        for k in range(steps):
            before = w
            w, m, v = update(w, m, v, gradient(w, torch.randn_like(w)), k + 1)
            measured[0, k], measured[1, k] = (w * w).sum(-1), angle(before, w)
        return measured

    return run


def in_place(rule: str, chains: int, dim: int, device: str) -> Callable[[int], Tensor]:
    """Torch on weights [chains, dim] without a new tensor of that size in any step."""
    h = HYPERPARAMETERS[rule]
    root = math.sqrt(dim - 1)

    def run(steps: int) -> Tensor:
        w = start((chains, dim), device)
        m, v, g, change = (torch.zeros_like(w) for _ in range(4))
        measured = torch.empty(2, steps, chains, device=device)
        square = torch.linalg.vecdot(w, w)
        for k in range(steps):
            g.normal_()
            along = torch.linalg.vecdot(g, w) / square
            g.addcmul_(along[:, None], w, value=-1).div_((square.sqrt() * root)[:, None])
            if rule == "sgdm":
                m.mul_(h["momentum"]).add_(g).add_(w, alpha=h["wd"])
                torch.mul(m, -h["lr"], out=change)
            elif rule == "adamw":
                m.lerp_(g, 1 - h["beta1"])
                v.mul_(h["beta2"]).addcmul_(g, g, value=1 - h["beta2"])
                torch.sqrt(v, out=change).div_(math.sqrt(1 - h["beta2"] ** (k + 1))).add_(EPS)
                torch.div(m, change, out=change).mul_(-h["lr"] / (1 - h["beta1"] ** (k + 1)))
                change.add_(w, alpha=-h["lr"] * h["wd"])
            else:
                torch.lerp(m, g, 1 - h["beta1"], out=change).sign_().mul_(-h["lr"])
                change.add_(w, alpha=-h["lr"] * h["wd"])
                m.lerp_(g, 1 - h["beta2"])
            dot, length = torch.linalg.vecdot(w, change), torch.linalg.vecdot(change, change)
            w.add_(change)
            across = (length - dot * dot / square).clamp_(min=0).sqrt_()
            measured[1, k] = torch.atan2(across, (square + dot) / square.sqrt())
            square = torch.linalg.vecdot(w, w)
            measured[0, k] = square
        return measured

    return run
