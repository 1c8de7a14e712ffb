"""A network at one product of learning rate and weight decay, scale-invariant or not, from the start as drawn."""

from __future__ import annotations

from typing import Any

import numpy as np

from numerics import networks, optimizers
from numerics.data import digits
from numerics.errors import NotFinite
from numerics.networks import scale_invariant, twin_options
from numerics.training import train
from proofs.experiments.cells.watching import Watch
from theory.driven import driven
from theory.prediction import predict
from theory.schedule import Schedule

MOMENTUM = 0.9
SIZE: dict[str, dict[str, Any]] = {
    "mlp": {"width": 64, "depth": 2, "affine": False, "frozen_head": True, "normalisation": "standardised layer"},
    "resnet20": {"width": 8, "affine": False, "frozen_head": True, "normalisation": "standardised group"},
}
"""Weight standardisation makes every trained weight of the network scale-invariant; its twin has no normalisation."""


def run(
    *, seed: int, device: str, network: str, invariant: bool, rate: float, product: float, steps: int, batch: int,
    label_noise: float,
) -> dict[str, Any]:  # fmt: skip
    """Angles of each layer under SGDM at lr = ``rate`` and wd = ``product``/lr.

    ``angle`` [layers, steps] measured; ``predicted`` by the law from the start norms and the measured energies of the
    unit gradients, for the invariant network alone; ``norm`` [layers, 2] in the beginning and in the end;
    ``equilibrium`` angle; ``losses`` [steps], ``accuracy`` at the end. A training that ends in numbers that are not
    finite has ``accuracy`` 0 and ``broke`` 1, and NaN from there on.
    """
    data = digits().label_noise(label_noise, seed)
    options = SIZE[network] if invariant else twin_options(network, **SIZE[network])
    model = networks.build(network, inputs=data.inputs, classes=data.classes, seed=seed, **options).to(device)
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    rows = {name: grouping.groups for name, grouping in scale_invariant(model).items()}
    wd = product / rate
    stepped = optimizers.build("sgdm", weights.values(), lr=rate, wd=wd, momentum=MOMENTUM)
    accuracy, broke, losses = 0.0, 0, np.full(steps, np.nan)
    with Watch(stepped, weights, rows) as watch:
        try:
            outcome = train(model, data, stepped, steps=steps, batch=batch, seed=seed, device=device)
            losses, accuracy = outcome.losses, outcome.validation.accuracy if outcome.validation else 0.0
        except NotFinite as ended:
            broke = 1
            losses[: len(ended.losses)] = ended.losses  # type: ignore[attr-defined]
    measured, predicted, norms = [], [], []
    for name in weights:
        by_row = watch.of(name)
        whole, taken = by_row.whole, len(by_row.squares)
        angle, line = np.full(steps, np.nan), np.full(steps, np.nan)
        angle[:taken] = whole.angles[:, 0]
        if invariant:
            schedule = Schedule(np.full(taken, rate), np.full(taken, wd))
            law = driven("sgdm", schedule, by_row.squares[0], energy=by_row.energy, momentum=MOMENTUM)
            line[:taken] = law.angle
        measured.append(angle)
        predicted.append(line)
        norms.append(whole.norms[[0, -1], 0])
    return {
        "angle": np.array(measured),
        "predicted": np.array(predicted),
        "norm": np.array(norms),
        "equilibrium": predict("sgdm", lr=rate, wd=wd, momentum=MOMENTUM).angular_update,
        "losses": losses,
        "accuracy": accuracy,
        "broke": broke,
    }
