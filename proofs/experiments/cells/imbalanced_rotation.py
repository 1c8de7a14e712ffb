"""Rotational AdamW in which some neurons turn faster or slower than the others."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch
from torch import Tensor

from numerics import networks, optimizers
from numerics.data import digits
from numerics.optimizers.base import Group
from numerics.seeding import generator
from numerics.training import train
from proofs.experiments.cells.watching import Watch, rms

BETAS = (0.9, 0.99)
NOISE = 0.2
"""Share of wrong labels among the training digits."""
CHOICE = 7_000_003
"""Added to the seed where neurons are chosen."""


class Imbalanced(optimizers.Rotational):
    """Rotational with angles whose tangents are ``factors`` [rows, 1] times as large, one for each neuron."""

    def __init__(self, base: torch.optim.Optimizer, factors: dict[Tensor, Tensor], **options: Any) -> None:
        super().__init__(base, **options)
        self.factors = factors

    def move(self, group: Group, p: Tensor, w: Tensor, change: Tensor) -> None:
        """Turns w as Rotational does, then makes the tangent of each neuron's angle so many times as large."""
        before = w.clone()
        super().move(group, p, w, change)
        along = (before * w).sum(1, keepdim=True) / before.square().sum(1, keepdim=True)
        across, norm = w - along * before, torch.linalg.vector_norm(w, dim=1, keepdim=True)
        w.copy_(before + across / along * self.factors[p])
        w.mul_(norm / torch.linalg.vector_norm(w, dim=1, keepdim=True))


def run(
    *, seed: int, device: str, width: int, depth: int, batch: int, rate: float, wd: float, share: float, factor: float,
    steps: int,
) -> dict[str, Any]:  # fmt: skip
    """Training with a ``share`` of each layer's neurons at ``factor`` times the angle, the rate falling to 0.

    Every update has the length that the angle asks for, without averaging it. ``others`` and ``chosen`` are root mean
    squares, over neurons and steps, of tan(angle) over the square root of lr_t/lr_0, which the angle follows;
    ``accuracy`` and ``loss`` are on held-out digits, ``training`` is the mean loss of the last tenth.
    """
    data = digits().label_noise(NOISE, seed)
    model = networks.build(
        "mlp", inputs=data.inputs, classes=data.classes, seed=seed, width=width, depth=depth, affine=False,
        frozen_head=True,
    ).to(device)  # fmt: skip
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    picks = generator(seed + CHOICE)
    special = {name: torch.randperm(len(w), generator=picks) < round(share * len(w)) for name, w in weights.items()}
    factors: dict[Tensor, Tensor] = {}
    for name, w in weights.items():
        factors[w] = torch.where(special[name], factor, 1.0)[:, None].to(w)
    base = torch.optim.AdamW(weights.values(), lr=rate, betas=BETAS, weight_decay=wd, foreach=True)
    optimizer = Imbalanced(base, factors, update_norm_decay=0.0)
    falls = 1 - np.arange(steps) / steps
    with Watch(optimizer, weights) as watch:
        outcome = train(
            model, data, optimizer, steps=steps, batch=batch, seed=seed, device=device, schedule={"lr": rate * falls},
            validate=None,
        )  # fmt: skip
    turned = np.tan(np.concatenate([watch.of(name).angles for name in weights], 1)) / falls[:, None] ** 0.5
    chosen = torch.cat(list(special.values())).numpy()
    assert outcome.validation is not None
    return {
        "others": float(rms(turned[:, ~chosen])),
        "chosen": float(rms(turned[:, chosen])) if chosen.any() else float("nan"),
        "accuracy": outcome.validation.accuracy,
        "loss": outcome.validation.loss,
        "training": float(outcome.losses[-steps // 10 :].mean()),
    }
