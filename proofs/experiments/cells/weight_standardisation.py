"""How far each neuron turns in a step, under SGDM, in networks with one or another normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from numerics import networks
from numerics.data import digits
from numerics.training import train
from proofs.experiments.cells.watching import Watch, rms

MOMENTUM = 0.9
NOISE = 0.2
"""Share of wrong labels, so that gradients remain."""


def run(
    *, seed: int, device: str, normalisation: str, width: int, depth: int, batch: int, rate: float, wd: float,
    steps: int,
) -> dict[str, Any]:  # fmt: skip
    """Over the last half of the steps, by layer and neuron: root mean square of ``angle`` and of ``norm``.

    [layers, width]; ``energy`` is the mean of |g|^2 |w|^2, the squared norm of a neuron's unit gradient, and ``idle``
    the share of steps in which it has no gradient. ``accuracy`` and ``loss`` are on held-out digits.
    The rate is constant. All trained weights have ``normalisation``: the head is frozen, and there are no gains.
    """
    data = digits().label_noise(NOISE, seed)
    model = networks.build(
        "mlp", inputs=data.inputs, classes=data.classes, seed=seed, width=width, depth=depth, affine=False,
        frozen_head=True, normalisation=normalisation,
    ).to(device)  # fmt: skip
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    optimizer = torch.optim.SGD(weights.values(), lr=rate, momentum=MOMENTUM, weight_decay=wd)
    watch, gradients = Watch(weights), []

    def look(done: int) -> None:
        gradients.append(torch.stack([_gradient(weight) for weight in weights.values()]).cpu())
        watch(done)

    outcome = train(
        model, data, optimizer, steps=steps, batch=batch, seed=seed, device=device, on_step=look,
        schedule={"lr": np.full(steps, rate)},
    )  # fmt: skip
    half = steps // 2
    sizes = torch.stack(gradients).numpy()[half:]
    before = np.stack([watch.norms(name)[half:-1] for name in weights], axis=1)
    assert outcome.validation is not None
    return {
        "angle": np.stack([rms(watch.angles(name)[half:], axis=0) for name in weights]),
        "norm": rms(before, axis=0),
        "energy": np.mean((sizes * before) ** 2, axis=0),
        "idle": np.mean(sizes == 0, axis=0),
        "accuracy": outcome.validation.accuracy,
        "loss": outcome.validation.loss,
    }


def _gradient(weight: torch.nn.Parameter) -> torch.Tensor:
    assert weight.grad is not None
    return torch.linalg.vector_norm(weight.grad.flatten(1).double(), dim=1)
