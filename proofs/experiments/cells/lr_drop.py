"""A scale-invariant network whose learning rate drops once, with or without its norms rescaled."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics import networks, optimizers
from numerics.data import digits
from numerics.optimizers.rescaling import NormRescaling
from numerics.training import train
from proofs.experiments.cells.watching import Watch, invariant_weights
from theory.driven import driven
from theory.prediction import predict
from theory.schedule import Schedule

FIXED: dict[str, Any] = {"affine": False, "frozen_head": True}
"""Every trained weight is scale-invariant: no gains, and a head that is not trained."""
OWN: dict[str, dict[str, Any]] = {"sgdm": {"momentum": 0.9}, "adamw": {"beta1": 0.9, "beta2": 0.99}}


def run(
    *, seed: int, device: str, network: str, width: int, optimizer: str, rate: float, wd: float, factor: float,
    rescaled: bool, before: int, after: int, batch: int, label_noise: float,
) -> dict[str, Any]:  # fmt: skip
    """Angles of each layer before and after the learning rate is divided by ``factor`` at step ``before``.

    ``angle`` [layers, steps] measured and ``predicted`` by the law from the start norms, the schedule and the energies
    of the unit gradient of each row that were measured; with ``rescaled`` from the norms after the rescaling, with
    empty buffers, and NaN before. ``equilibrium`` [2] are the angles at the two learning rates, ``energy`` [layers,
    steps] that of the unit gradient; ``losses`` [steps] of the minibatches, ``accuracy`` at the end.
    """
    data = digits().label_noise(label_noise, seed)
    model = networks.build(network, inputs=data.inputs, classes=data.classes, seed=seed, width=width, **FIXED)
    weights, rows = invariant_weights(model.to(device))
    stepped = optimizers.build(optimizer, weights.values(), lr=rate, wd=wd, foreach=True, **OWN[optimizer])
    lrs = np.repeat([rate, rate / factor], [before, after])
    with Watch(stepped, weights, rows) as watch:
        if rescaled:
            NormRescaling(stepped, weights.values())
        outcome = train(
            model, data, stepped, steps=before + after, batch=batch, seed=seed, schedule={"lr": lrs}, device=device
        )
    found: dict[str, list[Any]] = {"angle": [], "predicted": [], "energy": []}
    # One step after a rescaling the norms are the new ones, and the law takes over.
    begins = before + 1 if rescaled else 0
    schedule = Schedule(lrs[begins:], np.full(before + after - begins, wd))
    for name, weight in weights.items():
        by_row = watch.of(name)
        energy, sizes = by_row.energy, np.full(rows[name], weight.numel() // rows[name])
        start = by_row.squares[begins]
        law = driven(optimizer, schedule, start, energy=energy[begins:], sizes=sizes, **OWN[optimizer])
        found["angle"].append(by_row.whole.angles[:, 0])
        found["predicted"].append(np.concatenate([np.full(begins, np.nan), law.angle]))
        found["energy"].append(energy.sum(1))
    own = {name: value for name, value in OWN[optimizer].items() if name != "beta2"}
    at = [predict(optimizer, lr=lr, wd=wd, **own).angular_update for lr in (rate, rate / factor)]
    assert outcome.validation is not None
    return {name: np.array(values) for name, values in found.items()} | {
        "equilibrium": np.array(at),
        "losses": outcome.losses,
        "accuracy": outcome.validation.accuracy,
    }
