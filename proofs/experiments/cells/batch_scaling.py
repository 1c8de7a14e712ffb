"""A scale-invariant network at several batch sizes, lr and wd scaled by a rule, after equally many examples."""

from __future__ import annotations

from typing import Any

import numpy as np
import torch

from numerics import networks, optimizers
from numerics.data import digits
from numerics.geometry import angle
from numerics.training import train
from proofs.experiments.cells.watching import Watch, invariant_weights, rms
from theory.driven import driven
from theory.motion import motion
from theory.prediction import complete
from theory.schedule import Schedule
from theory.trajectory import settled_gram, symbols_of

BASE = 32
"""The batch size to which lr and wd belong."""
OWN: dict[str, dict[str, Any]] = {"sgdm": {"momentum": 0.9}, "adamw": {"beta1": 0.9, "beta2": 0.999}}
POWERS = {
    "linear": {"sgdm": (1.0, 0.0), "adamw": (1.0, 0.0)},
    "square root": {"sgdm": (0.5, 0.0), "adamw": (0.5, 0.5)},
    "none": {"sgdm": (0.0, 0.0), "adamw": (0.0, 0.0)},
}
"""lr and wd grow with these powers of the batch size; the square-root rule of AdamW scales both."""
FIXED: dict[str, Any] = {"affine": False, "frozen_head": True}
STRIDE, TURN = 2048, 8192
"""Examples between two looks, and those over which a turn is measured."""


def run(
    *, seed: int, device: str, network: str, width: int, optimizer: str, rule: str, batch: int, rate: float, wd: float,
    examples: int, label_noise: float,
) -> dict[str, Any]:  # fmt: skip
    """Means over the second half of ``examples`` examples, for each layer [layers].

    ``angle`` RMS per step and ``predicted`` by the law from the start norms and measured energies, ``norm`` and
    ``norm_law`` likewise; ``energy`` that of the unit gradient, |g|^2 |w|^2 of each minibatch; ``turn`` RMS angle over
    TURN examples, and ``turn_law`` that at equilibrium; ``loss`` of the last TURN examples, ``accuracy``.
    """
    lr_power, wd_power = POWERS[rule][optimizer]
    lr, decay = rate * (batch / BASE) ** lr_power, wd * (batch / BASE) ** wd_power
    data = digits().label_noise(label_noise, seed)
    model = networks.build(network, inputs=data.inputs, classes=data.classes, seed=seed, width=width, **FIXED)
    weights, rows = invariant_weights(model.to(device))
    stepped = optimizers.build(optimizer, weights.values(), lr=lr, wd=decay, foreach=True, **OWN[optimizer])
    steps, stride, apart = examples // batch, STRIDE // batch, TURN // STRIDE
    seen: dict[str, list[torch.Tensor]] = {name: [] for name in weights}

    def look(done: int) -> None:
        if done >= steps // 2 and done % stride == 0:
            for name, weight in weights.items():
                seen[name].append(weight.detach().double().flatten().cpu())

    with Watch(stepped, weights, rows) as watch:
        outcome = train(model, data, stepped, steps=steps, batch=batch, seed=seed, device=device, on_step=look)
    schedule, late = Schedule(np.full(steps, lr), np.full(steps, decay)), slice(steps // 2, None)
    found: dict[str, list[float]] = {name: [] for name in ("angle", "predicted", "norm", "norm_law", "energy", "turn")}
    for name, weight in weights.items():
        by_row = watch.of(name)
        whole, sizes = by_row.whole, np.full(rows[name], weight.numel() // rows[name])
        law = driven(optimizer, schedule, by_row.squares[0], energy=by_row.energy, sizes=sizes, **OWN[optimizer])
        found["angle"].append(rms(whole.angles[late]))
        found["predicted"].append(rms(law.angle[late]))
        found["norm"].append(rms(whole.norms[:-1][late]))
        found["norm_law"].append(rms(law.norm[:-1][late]))
        found["energy"].append(float(whole.energy[late].mean()))
        found["turn"].append(rms([float(angle(*pair)) for pair in zip(seen[name], seen[name][apart:], strict=False)]))
    assert outcome.validation is not None
    return {name: np.array(values) for name, values in found.items()} | {
        "turn_law": float(np.arccos(settled_cosine(optimizer, lr, decay, apart * stride))),
        "loss": float(outcome.losses[-TURN // batch :].mean()),
        "accuracy": outcome.validation.accuracy,
    }


def settled_cosine(optimizer: str, lr: float, wd: float, steps: int) -> float:
    """E<w_t, w_{t + steps}> / E|w|^2 at equilibrium with white input, (M^steps G)_00 / G_00."""
    own = {name: value for name, value in OWN[optimizer].items() if name != "beta2"}
    chosen = complete(optimizer, {**own, "lr": lr, "wd": wd})
    gram = settled_gram(optimizer, lr, wd, chosen)
    transition, _ = motion(optimizer).matrices({**symbols_of(chosen), "eta": lr, "lam": wd})
    return float((np.linalg.matrix_power(transition, steps) @ gram)[0, 0] / gram[0, 0])
