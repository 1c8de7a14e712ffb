"""A network on the sphere at a fixed effective learning rate, and the same network under ordinary SGD."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import torch
from sympy import lambdify
from torch import Tensor
from torch.nn import functional

from numerics.optimizers.projected import ProjectedSGD
from proofs.experiments.cells.on_digits import BATCH, follow, look, on_sphere
from proofs.experiments.cells.predicted import effective_lrs
from theory import effective_lr, three_regimes
from theory.symbols import decay, sphere_lr, squared_norm
from theory.symbols import lr as step_size

RANDOM = 16
"""Fresh networks over which the loss of random weights is averaged."""
REPLAYED = 20
"""Steps after which rounding, which chaos multiplies, is still small."""
BINS = 40


def run(
    *, seed: int, device: str, width: int, depth: int, rule: str, phases: Sequence[Sequence[float]], wd: float
) -> dict[str, Any]:
    """A perceptron all of whose trained weights are scale-invariant; ``phases`` are pairs (rate, steps).

    ``rule`` *projected*: projected SGD, all weights one vector theta, the rates effective learning rates Phi; *sgd*:
    SGD with coupled decay ``wd``, rates lr, and Phi = lr/((1 - p)|theta|^2). All of the last phase's second half:
    ``loss``; ``elr`` geometric mean of Phi; ``tangents`` [layers] mean of each layer's effective step T; ``secants``
    [layers] mean of log(1 + T^2); ``growth`` mean of log(1 + Phi^2 G) of the whole vector.
    ``trend`` is the log of the loss of the last phase's last quarter over that of its second, ``random`` the mean
    loss of random weights. ``unequal`` is the largest difference between layers of the sum over all steps of
    log(1 + T^2) less the growth of the log squared length; ``balance`` the error of log Phi's recursion summed over
    the run, and ``replay`` the largest relative difference of the losses of projected SGD at the run's Phi_t (sgd
    only). ``elrs`` and ``losses`` [BINS] are of the whole run. Then what ``look`` sees at the end.
    """
    model, weights, data = on_sphere(seed, device, width, depth)
    rates = np.concatenate([np.full(int(steps), rate) for rate, steps in phases])
    ordinary = rule == "sgd"
    optimizer = torch.optim.SGD(weights, lr=1.0, weight_decay=wd) if ordinary else ProjectedSGD(weights, lr=1.0)
    found = follow(model, data, optimizer, weights, rates, seed)
    parts, gradients = found["square"].numpy(), found["gradient"].numpy()
    whole, losses = parts.sum(1), found["loss"].numpy()
    p = float(rates[0]) * wd
    elrs = effective_lrs(whole[:-1], rates, p) if ordinary else rates
    tangents = _tangents(elrs, parts[:-1], gradients)
    secants = np.log1p(tangents**2)
    total = np.log1p((elrs**2) * whole[:-1] * (gradients**2).sum(1))
    last = int(phases[-1][1])
    late, quarters = slice(-(last // 2), None), losses[-last:][: last // 4 * 4].reshape(4, -1).mean(1)
    left = secants.sum(0) - np.log(parts[-1] / parts[0])
    return {
        "loss": float(losses[late].mean()),
        "elr": float(np.exp(np.log(elrs[late]).mean())),
        "first_elr": float(elrs[0]),
        "last_elr": float(elrs[-1]),
        "tangents": tangents[late].mean(0),
        "secants": secants[late].mean(0),
        "growth": float(total[late].mean()),
        "trend": float(np.log(quarters[3] / quarters[1])),
        "random": _random_loss(seed, device, width, depth),
        "unequal": float(left.max() - left.min()),
        "balance": _balance(elrs, total, p) if ordinary else 0.0,
        "replay": _replayed(seed, device, width, depth, elrs[:REPLAYED], losses[:REPLAYED]) if ordinary else 0.0,
        "elrs": _binned(np.log(elrs)),
        "losses": _binned(np.log(losses)),
        **look(model, data),
    }


def _tangents(elrs: np.ndarray, parts: np.ndarray, gradients: np.ndarray) -> np.ndarray:
    """T of each layer [steps, layers], the individual rate times the gradient by the layer's direction."""
    whole = parts.sum(1, keepdims=True)
    individual = lambdify((sphere_lr, squared_norm), three_regimes.individual_lr(squared_norm))
    return np.asarray(individual(elrs[:, None], parts / whole) * gradients * np.sqrt(parts))


def _balance(elrs: np.ndarray, total: np.ndarray, p: float) -> float:
    """The sum of log(1 + Phi^2 G) less that of log B and plus the change of log Phi, at a constant rate."""
    constant = {effective_lr.later_lr: step_size, effective_lr.later_decay: decay}
    grown = float(np.log(float(effective_lr.growth().subs(constant).subs(decay, p))))
    return float(abs(total[:-1].sum() - grown * (len(elrs) - 1) + np.log(elrs[-1] / elrs[0])))


def _replayed(seed: int, device: str, width: int, depth: int, elrs: np.ndarray, losses: np.ndarray) -> float:
    model, weights, data = on_sphere(seed, device, width, depth)
    found = follow(model, data, ProjectedSGD(weights, lr=1.0), weights, elrs, seed)
    return float(np.abs(found["loss"].numpy() / losses - 1).max())


def _random_loss(seed: int, device: str, width: int, depth: int) -> float:
    found: list[Tensor] = []
    for fresh in range(RANDOM):
        model, _, data = on_sphere(1000 * (seed + 1) + fresh, device, width, depth)
        inputs, targets = data.batch(fresh, BATCH, seed)
        with torch.no_grad():
            found.append(functional.cross_entropy(model(inputs.double()), targets))
    return float(torch.stack(found).mean())


def _binned(logs: np.ndarray) -> np.ndarray:
    return np.exp([part.mean() for part in np.array_split(logs, BINS)])
