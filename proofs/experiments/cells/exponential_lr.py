"""A network under SGD with coupled decay, beside runs without decay under schedules that should replace it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics import networks
from numerics.data import digits
from numerics.networks import twin_options
from numerics.training import train
from proofs.equivalences import larger_root, root_lrs
from theory import equivalence
from theory.symbols import growth_root, lr

BATCH, PROBE = 64, 256
SPOILED = 1e8
SIZE: Mapping[str, Mapping[str, Any]] = {
    "mlp": {"width": 32, "depth": 2, "affine": False, "frozen_head": True, "eps": 1e-24},
    "resnet20": {"width": 4, "affine": False, "frozen_head": True, "eps": 1e-24},
}
"""Every trained weight is scale-invariant: no gains, and a head that is not trained. The eps does not act."""


def run(
    *, seed: int, device: str, network: str, invariant: bool, rate: float, wd: float, momentum: float, schedule: str,
    steps: int,
) -> dict[str, Any]:  # fmt: skip
    """How far the logits of a run without decay are from those of the run with decay, in float64, at every mark.

    ``schedule`` of the learning rate without decay: *equivalent*, lr_t/(P_t P_{t+1}) from an empty buffer; *root*,
    lr r^(-2t-1) from the buffer that makes it exact; *published*, the same from an empty buffer; *constant*, lr;
    *spoiled*, equivalent but for one part in SPOILED. The learning rate with decay is constant, but for *warmed*:
    equivalent to one that rises and falls.
    ``difference`` [marks] is the largest difference of logits over their RMS, ``norms`` the largest relative error of
    |w_t| = P_t |v_t|, ``growth`` lr_t over lr, at ``marks`` steps done; ``losses`` [2, steps] with decay and without.
    """
    lrs = np.full(steps, rate)
    if schedule == "warmed":
        lrs *= np.sin(np.pi * (np.arange(steps) + 1) / (steps + 1))
    norms, equivalent = equivalence.equivalent_schedule(lrs.tolist(), wd, momentum)
    start, free = 0.0, equivalent
    if schedule in ("root", "published"):
        root = larger_root(rate * wd, momentum)
        free = root_lrs(rate, root, steps)
        if schedule == "root":
            start = -float(equivalence.buffer_of_root().subs({lr: rate, growth_root: root}))
            norms = root ** np.arange(steps + 1)
    elif schedule == "constant":
        free = lrs
    elif schedule == "spoiled":
        free = equivalent * (1 + 1 / SPOILED)
    marks = sorted({round(m) for m in np.geomspace(1, steps, 24)})
    twins = [
        _follow(network, invariant, seed, device, lrs, wd, momentum, 0.0, marks),
        _follow(network, invariant, seed, device, free, 0.0, momentum, start, marks),
    ]
    (logits, lengths, losses), (other, others, free_losses) = twins
    at = torch.as_tensor(norms[marks])
    return {
        "marks": np.array(marks),
        "difference": ((logits - other).abs().amax((1, 2)) / logits.square().mean((1, 2)).sqrt()).numpy(),
        "norms": (others * at[:, None] / lengths - 1).abs().amax(1).numpy(),
        "growth": (free / rate)[np.array(marks) - 1],
        "losses": np.stack([losses, free_losses]),
    }


def _follow(
    network: str, invariant: bool, seed: int, device: str, lrs: np.ndarray, wd: float, momentum: float, buffer: float,
    marks: Sequence[int],
) -> tuple[Tensor, Tensor, np.ndarray]:  # fmt: skip
    """Logits of a fixed batch [marks, PROBE, classes], norms of the weights [marks, tensors] and the losses."""
    data = digits()
    options = SIZE[network] if invariant else twin_options(network, **SIZE[network])
    model = networks.build(
        network, inputs=data.inputs, classes=data.classes, seed=seed, dtype=torch.float64, **options
    ).to(device)
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    optimizer = torch.optim.SGD(weights, lr=float(lrs[0]), momentum=momentum, weight_decay=wd)
    if buffer:
        for weight in weights:
            optimizer.state[weight]["momentum_buffer"] = buffer * weight.detach().clone()
    probe = data.to(torch.device(device)).batch(0, PROBE, seed + 1)[0].to(torch.float64)
    logits, lengths = [], []

    def look(done: int) -> None:
        if done in marks:
            with torch.no_grad():
                logits.append(_seen(model, probe).cpu())
            lengths.append(torch.stack([weight.detach().norm() for weight in weights]).cpu())

    outcome = train(
        model, data, optimizer, steps=len(lrs), batch=BATCH, seed=seed, schedule={"lr": lrs}, device=device,
        on_step=look, validate=0,
    )  # fmt: skip
    return torch.stack(logits), torch.stack(lengths), outcome.losses


def _seen(model: nn.Module, probe: Tensor) -> Tensor:
    """What the model makes of the probe by the probe's own statistics."""
    model.train()
    return model(probe)
