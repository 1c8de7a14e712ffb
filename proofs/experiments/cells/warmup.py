"""Early training with and without warmup: how large the updates are, where it ends, and the critical batch size."""

from __future__ import annotations

import copy
from collections.abc import Callable, Mapping, Sequence
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics import networks, optimizers
from numerics.data import Dataset, digits, python_bytes
from numerics.networks import roles
from numerics.seeding import BATCHES, mixed
from numerics.training import cross_entropy, train
from proofs.experiments.cells.watching import Watch

CONTEXT, HEADS = 32, 2
BETAS = (0.9, 0.99)
PROBE = 128
APART = 1_000_003
"""Added to the seed for batches that are not trained on."""
RISE = 0.2
"""Share of the steps that a warmup takes."""
NOISE = 0.2
"""Share of wrong labels among the digits, so that gradients remain."""
Array = np.ndarray


def run(*, part: str, **parameters: Any) -> dict[str, Any]:
    """One part of the experiment: ``sizes``, ``descent`` or ``batches``."""
    parts: dict[str, Callable[..., dict[str, Any]]] = {"sizes": sizes, "descent": descent, "batches": batches}
    return parts[part](**parameters)


def rates(rate: float, steps: int, warm: bool, *, falls: bool) -> Array:
    """The learning rate of every step: rises linearly over RISE of them if ``warm``, and then falls to 0 or stays."""
    rise = round(RISE * steps) if warm else 0
    t = np.arange(steps)
    after = (steps - t) / (steps - rise) if falls else np.ones(steps)
    return rate * np.where(t < rise, (t + 1) / max(rise, 1), after)


def sizes(
    *, seed: int, device: str, width: int, depth: int, batch: int, rate: float, wd: float, warm: bool, steps: int
) -> dict[str, Any]:
    """AdamW on a batch-norm network whose trained weights are all scale-invariant, at a constant rate after warmup.

    By layer: ``norm`` [layers, steps + 1], ``change`` |w_{t+1} - w_t| and ``angle`` [layers, steps], the ``dim`` of
    those entries that ever have a gradient (a pixel that never changes gives none), and ``representation``
    [layers, marks], |dW x|/|W x| of the step from ``marks`` on, x what the layer gets of PROBE other examples.
    In float64, where the rounding of a gradient that should be zero is below eps and moves nothing.
    """
    data = digits().label_noise(NOISE, seed)
    model = networks.build(
        "mlp", inputs=data.inputs, classes=data.classes, seed=seed, width=width, depth=depth, affine=False,
        frozen_head=True, dtype=torch.float64,
    ).to(device)  # fmt: skip
    weights = {name: weight for name, weight in model.named_parameters() if weight.requires_grad}
    optimizer = torch.optim.AdamW(weights.values(), lr=rate, betas=BETAS, eps=1e-12, weight_decay=wd, foreach=True)
    probe = data.to(device).batch(0, PROBE, seed + APART)[0].double()
    seen = Representations(model, weights, probe)
    marks = sorted({round(m) for m in np.geomspace(1, steps, 48)} - {steps} | {0})

    def look(done: int) -> None:
        seen.after()
        if done in marks:
            seen.before()

    seen.before()
    with Watch(optimizer, weights) as watch:
        outcome = train(
            model, data, optimizer, steps=steps, batch=batch, seed=seed, device=device, on_step=look,
            schedule={"lr": rates(rate, steps, warm, falls=False)}, validate=0,
        )  # fmt: skip
    whole = [watch.of(name).whole for name in weights]
    squares = [optimizer.state[weight]["exp_avg_sq"] for weight in weights.values()]
    return {
        "layers": list(weights),
        "norm": np.stack([layer.norms[:, 0] for layer in whole]),
        "change": np.stack([layer.changes[:, 0] for layer in whole]),
        "angle": np.stack([layer.angles[:, 0] for layer in whole]),
        "dim": np.array([int((square > 1e-9 * square.mean()).sum()) for square in squares]),
        "marks": np.array(marks),
        "representation": np.array(seen.found).T,
        "losses": outcome.losses,
    }


class Representations:
    """The relative change of what layers make of a probe, by one step: |dW x|/|W x|, x from before it."""

    def __init__(self, model: nn.Module, weights: Mapping[str, Tensor], probe: Tensor) -> None:
        self.model, self.weights, self.probe = model, weights, probe
        self.inputs: dict[str, Tensor] = {}
        self.old: dict[str, Tensor] = {}
        self.found: list[list[float]] = []

    @torch.no_grad()
    def before(self) -> None:
        """Look, before a step; on a copy, so that running averages stay as they are."""
        twin = copy.deepcopy(self.model)
        for name in self.weights:
            twin.get_submodule(name.rpartition(".")[0]).register_forward_pre_hook(self._keep(name))
        twin(self.probe)
        self.old = {name: weight.detach().clone() for name, weight in self.weights.items()}

    @torch.no_grad()
    def after(self) -> None:
        """Look, after the step, if one looked before it."""
        if self.old:
            pairs = [(x, self.old[name], self.weights[name]) for name, x in self.inputs.items()]
            self.found.append([float((x @ (new - old).T).norm() / (x @ old.T).norm()) for x, old, new in pairs])
        self.old = {}

    def _keep(self, name: str) -> Any:
        def hook(module: nn.Module, given: tuple[Tensor, ...]) -> None:
            self.inputs[name] = given[0].detach()

        return hook


def descent(
    *, seed: int, device: str, width: int, batch: int, optimizer: str, rate: float, wd: float, warm: bool, steps: int
) -> dict[str, float]:
    """Loss of a GPT on held-out bytes in nats per byte, after a rate that falls to 0; infinite where it was lost.

    ``optimizer`` is adamw, rotational (of AdamW) or lion_ar; both control hidden matrices, per neuron.
    """
    model, data = _gpt(seed, width)
    schedule = {"lr": rates(rate, steps, warm, falls=True)}
    found = train(
        model, data, _optimizer(model, optimizer, rate, wd), steps=steps, batch=batch, seed=seed, device=device,
        schedule=schedule, validate=512,
    )  # fmt: skip
    assert found.validation is not None
    return {"loss": found.validation.loss, "training": float(found.losses[-steps // 10 :].mean())}


def _gpt(seed: int, width: int) -> tuple[nn.Module, Dataset]:
    data = python_bytes(CONTEXT)
    size: dict[str, Any] = {"width": width, "depth": 2, "heads": HEADS, "normalised": "queries and keys"}
    return networks.build("gpt", inputs=data.inputs, classes=data.classes, seed=seed, **size), data


def _optimizer(model: nn.Module, name: str, rate: float, wd: float) -> Any:
    found = roles(model)
    decayed = {"weight_decay": wd}
    groups: list[dict[str, Any]] = [
        {"params": [*found.hidden.values()], **decayed},
        {"params": [*found.outer.values()], **decayed},
        {"params": [*found.vectors.values()], "weight_decay": 0.0},
    ]
    controlled = name != "adamw"
    if controlled:
        groups[1]["rotational"] = groups[2]["rotational"] = False
    if name == "lion_ar":
        return optimizers.LionAR(groups, lr=rate, betas=BETAS, grouping="neuron")
    base = torch.optim.AdamW(groups, lr=rate, betas=BETAS, foreach=True)
    return optimizers.Rotational(base) if controlled else base


def batches(
    *, seed: int, device: str, width: int, batch: int, rate: float, wd: float, steps: int, marks: Sequence[int],
    parts: int, size: int,
) -> dict[str, Array]:  # fmt: skip
    """The gradient noise scale tr(cov)/|mean|^2 of a GPT in sequences, after ``marks`` steps of AdamW without warmup.

    From ``parts`` independent gradients g_i of ``size`` sequences at the same weights: the mean of <g_i, g_j> over
    i != j is |mean|^2 without bias, ``signal``; the mean of |g_i|^2 less that is tr(cov)/size, and ``noise`` tr(cov).
    """
    model, data = _gpt(seed, width)
    model.to(device)
    there = data.to(device)
    signal, noise = [], []

    def look(done: int) -> None:
        if done in marks:
            whole, each = _gradients(model, there, mixed(seed + APART, BATCHES + done), parts, size)
            signal.append((whole - each) / (parts * (parts - 1)))
            noise.append(size * (each / parts - signal[-1]))

    look(0)
    train(
        model, data, _optimizer(model, "adamw", rate, wd), steps=steps, batch=batch, seed=seed, device=device,
        schedule={"lr": rates(rate, steps, False, falls=False)}, on_step=look, validate=0,
    )  # fmt: skip
    return {"marks": np.array(marks), "signal": np.array(signal), "noise": np.array(noise)}


def _gradients(model: nn.Module, data: Dataset, seed: int, parts: int, size: int) -> tuple[float, float]:
    """|sum of g_i|^2 and sum of |g_i|^2 over the trained parameters; what the parameters' .grad hold stays."""
    weights = [weight for weight in model.parameters() if weight.requires_grad]
    whole: list[Tensor] = [torch.zeros_like(weight) for weight in weights]
    each = 0.0
    for i in range(parts):
        inputs, targets = data.batch(i, size, seed)
        found = torch.autograd.grad(cross_entropy(model(inputs), targets), weights)
        each += sum(float(g.double().square().sum()) for g in found)
        torch._foreach_add_(whole, list(found))
    return sum(float(w.double().square().sum()) for w in whole), each
