"""A scale-invariant network under AdamW or under Adam with its decay in the gradient: how fast each layer turns."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics import networks, optimizers
from numerics.data import digits
from numerics.training import train
from proofs.experiments.cells.watching import Watch, invariant_weights, rms
from theory.driven import driven
from theory.schedule import Schedule

BETAS: dict[str, Any] = {"beta1": 0.9, "beta2": 0.99}
FIXED: dict[str, Any] = {"affine": False, "frozen_head": True}
"""Every trained weight is scale-invariant: no gains, and a head that is not trained."""


def run(
    *, seed: int, device: str, network: str, width: int, optimizer: str, rate: float, wd: float, steps: int,
    batch: int, label_noise: float,
) -> dict[str, Any]:  # fmt: skip
    """RMS angle of each layer over the second half of the steps, in the order of computing.

    ``angle`` [layers] measured and ``predicted`` by the law from start norms and the measured energies of the unit
    gradient at each step and row. ``energy`` [layers] is the mean one of an entry, |g|^2 |w|^2 / d, over that half;
    ``accuracy`` at the end.
    """
    data = digits().label_noise(label_noise, seed)
    model = networks.build(network, inputs=data.inputs, classes=data.classes, seed=seed, width=width, **FIXED)
    weights, rows = invariant_weights(model.to(device))
    stepped = optimizers.build(optimizer, weights.values(), lr=rate, wd=wd, foreach=True, **BETAS)
    with Watch(stepped, weights, rows) as watch:
        outcome = train(model, data, stepped, steps=steps, batch=batch, seed=seed, device=device)
    schedule, late = Schedule(np.full(steps, rate), np.full(steps, wd)), slice(steps // 2, None)
    found: dict[str, list[float]] = {"angle": [], "predicted": [], "energy": []}
    for name, weight in weights.items():
        by_row = watch.of(name)
        whole, sizes = by_row.whole, np.full(rows[name], weight.numel() // rows[name])
        law = driven(optimizer, schedule, by_row.squares[0], energy=by_row.energy, sizes=sizes, **BETAS)
        found["angle"].append(rms(whole.angles[late]))
        found["predicted"].append(rms(law.angle[late]))
        found["energy"].append(float(whole.energy[late].mean()) / weight.numel())
    assert outcome.validation is not None
    return {name: np.array(values) for name, values in found.items()} | {"accuracy": outcome.validation.accuracy}
