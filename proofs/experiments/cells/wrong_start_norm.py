"""SGD with weight decay from hidden weights whose norm is wrong by a factor."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from numerics import networks
from numerics.data import digits
from numerics.networks import decay_groups, roles, twin_options
from proofs.experiments.cells.on_digits import EPS, follow, look
from proofs.experiments.cells.predicted import squared_norms


def run(
    *, seed: int, device: str, network: str, size: Mapping[str, Any], factor: float, invariant: bool, rate: float,
    wd: float, steps: int,
) -> dict[str, Any]:  # fmt: skip
    """A network of that ``size`` whose hidden weights begin ``factor`` times as large; head and gains begin as usual.

    ``norm`` [steps + 1, layers] of the hidden weights, ``predicted`` the same by the derived recursion from the first
    norm and each step's own unit gradient, ``unit`` [steps, layers] gradient norm times norm, ``gradient`` [steps,
    layers] its norm, and what ``look`` sees at the end. Without normalisation (``invariant`` False) ``predicted`` is
    what the recursion would say of it.
    """
    data = digits()
    options = {**size, "eps": EPS}
    model = networks.build(
        network, inputs=data.inputs, classes=data.classes, seed=seed, dtype=torch.float64,
        **(options if invariant else twin_options(network, **options)),
    ).to(device)  # fmt: skip
    weights = list(roles(model).hidden.values())
    with torch.no_grad():
        for weight in weights:
            weight.mul_(factor)
    optimizer = torch.optim.SGD(decay_groups(model, wd), lr=rate)
    found = follow(model, data.to(device), optimizer, weights, np.full(steps, rate), seed)
    norm = found["square"].sqrt().numpy()
    with np.errstate(all="ignore"):
        unit = found["gradient"].numpy() * norm[:-1]
        predicted = np.sqrt(squared_norms(norm[0] ** 2, unit**2, np.full(steps, rate), rate * wd))
    return {
        "norm": norm,
        "predicted": predicted,
        "unit": unit,
        "gradient": found["gradient"].numpy(),
        "loss": found["loss"].numpy(),
        **look(model, data.to(device)),
    }
