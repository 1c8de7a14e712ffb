"""How far each neuron turns in a step, under SGDM, in networks with one or another normalisation."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from numerics import networks
from numerics.data import digits
from numerics.training import train
from proofs.experiments.cells.watching import Steps, Watch, rms

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
    with Watch(optimizer, weights) as watch:
        outcome = train(model, data, optimizer, steps=steps, batch=batch, seed=seed, device=device)
    late = [Steps(watch.of(name).sums[steps // 2 :]) for name in weights]
    assert outcome.validation is not None
    return {
        "angle": np.stack([rms(layer.angles, axis=0) for layer in late]),
        "norm": np.stack([rms(layer.norms[:-1], axis=0) for layer in late]),
        "energy": np.stack([layer.energy.mean(0) for layer in late]),
        "idle": np.stack([(layer.energy == 0).mean(0) for layer in late]),
        "accuracy": outcome.validation.accuracy,
        "loss": outcome.validation.loss,
    }
