"""What watching costs training loops: the monitor on small networks of every kind, and its extras on one of them."""

from __future__ import annotations

import tempfile
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.nn import functional
from torch.optim import AdamW, Optimizer

from numerics import networks
from numerics.benchmark import machine
from numerics.benchmark.pairing import Contestant, race, ratio
from numerics.monitor import Monitor, read
from numerics.monitor.look import Look
from numerics.monitor.overhead import overhead
from numerics.monitor.tensors import Bucket, Tracked

CLASSES, BYTES = 10, 256
TOY = "perceptron with batch normalisation, 128 examples"
"""On which extras are measured."""
NETWORKS: dict[str, tuple[str, dict[str, Any], tuple[int, ...]]] = {
    "ResNet-20, 16 images of 16×16": ("resnet20", {"inputs": (3, 16, 16), "classes": CLASSES}, (16, 3, 16, 16)),
    "GPT, two layers of width 128, 16 sequences of 64 bytes": (
        "gpt", {"inputs": (64,), "classes": BYTES, "width": 128, "depth": 2}, (16, 64),
    ),
    TOY: ("mlp", {"inputs": (64,), "classes": CLASSES, "width": 128, "depth": 2}, (128, 64)),
}  # fmt: skip
"""What is shown for each: a network of numerics.networks, its sizes, and the shape of a batch."""
PARTS = 8
"""Microbatches of a batch."""
ROWS, COLUMNS = 1024, 1024
"""Of the tensor that is looked at with numba and without."""


class Loop:
    """A training loop on one batch of random numbers, which costs what one on data does but for reading them."""

    def __init__(self, network: str, device: str = "cpu") -> None:
        name, sizes, shape = NETWORKS[network]
        chosen = torch.Generator().manual_seed(0)
        self.model: nn.Module = networks.build(name, seed=1, **sizes).to(device)
        self.optimizer: Optimizer = AdamW(self.model.parameters(), lr=1e-3, weight_decay=0.1)
        if name == "gpt":
            drawn = torch.randint(BYTES, (shape[0], shape[1] + 1), generator=chosen)
            inputs, targets = drawn[:, :-1], drawn[:, 1:]
        else:
            inputs = torch.randn(shape, generator=chosen)
            targets = torch.randint(CLASSES, shape[:1], generator=chosen)
        self.inputs, self.targets = inputs.to(device), targets.to(device)

    def loss(self, inputs: Tensor | None = None, targets: Tensor | None = None) -> Tensor:
        """Mean cross-entropy on the batch, or on a part of it."""
        if inputs is None or targets is None:
            inputs, targets = self.inputs, self.targets
        return functional.cross_entropy(self.model(inputs).flatten(0, -2), targets.flatten())

    def step(self) -> None:
        """One step of training."""
        self.optimizer.zero_grad()
        self.loss().backward()
        self.optimizer.step()

    def parts(self) -> Any:
        """The losses of PARTS equal parts of the batch, each with its number of examples."""
        pairs = zip(self.inputs.chunk(PARTS), self.targets.chunk(PARTS), strict=True)
        return ((self.loss(*pair), len(pair[0])) for pair in pairs)


def extras(device: str = "cpu", times: int = 8) -> dict[str, float]:
    """Seconds of one check of the loss, of PARTS microbatches and of a probe of half the batch, on the toy."""
    loop = Loop(TOY, device)
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "run.smd"
        with Monitor(
            loop.model, loop.optimizer, path, loss=loop.loss, microbatches=loop.parts,
            probe=loop.inputs[: len(loop.inputs) // 2], rare=100,
        ) as monitor:  # fmt: skip
            for _ in range(monitor.pattern.block * times):
                loop.step()
        record = read(path)
    assert record.gradient_noise is not None
    looks = len(record.gradient_noise.steps)
    return {name: record.cost[name] / looks for name in ("loss", "microbatches", "probe")}


def without_numba(rounds: int = 16, seconds: float = 0.1) -> dict[str, Any] | None:
    """How much longer a look at a tensor takes without numba; None where numba is not installed."""
    weights = nn.Parameter(torch.empty(ROWS, COLUMNS))
    look = Look(Bucket([0], [Tracked("weight", weights, 0, ROWS, "neuron")]), [False], [np.arange(0)], 0)
    if not look.compiled:
        return None
    w, new, g = torch.randn(3, ROWS * COLUMNS, generator=torch.Generator().manual_seed(0))

    def looking(by: Callable[[Tensor, Tensor, Tensor, Sequence[float]], object]) -> Contestant:
        def run(steps: int) -> None:
            for _ in range(steps):
                by(w, new.clone(), g, [0.1])

        return Contestant(run, ROWS * COLUMNS)

    rates = race({"numba": looking(look.by_numba), "torch": looking(look.by_torch)}, rounds, seconds)
    return {"rows": ROWS, "columns": COLUMNS, "ratio": asdict(ratio(*rates.values()))}


def run(
    device: str = "cpu", windows: int = 8, on_progress: Callable[[int, int], object] = lambda done, total: None
) -> dict[str, Any]:
    """Watched over plain loops on every network, with their weights, seconds of a step and bytes a step.

    And the extras of one, with how many microbatches and examples; and what a look at a tensor takes without numba.
    """
    found: list[dict[str, Any]] = []
    for network in NETWORKS:
        on_progress(len(found), len(NETWORKS) + 1)

        def make(network: str = network) -> tuple[nn.Module, Optimizer, Callable[[], object]]:
            loop = Loop(network, device)
            return loop.model, loop.optimizer, loop.step

        cost = overhead(make, windows=windows)
        weights = sum(p.numel() for p in make()[0].parameters())
        found.append({"network": network, "weights": weights, **asdict(cost)})
    on_progress(len(NETWORKS), len(NETWORKS) + 1)
    return {
        "machine": machine.described(device),
        "watched": found,
        "extras": extras(device),
        "sizes": {"microbatches": PARTS, "probe": NETWORKS[TOY][2][0] // 2},
        "without numba": without_numba(rounds=2 * windows),
    }
