"""Every optimizer of the package at hyper-parameters under which each of its parts shows, and how to run one."""

import torch
from torch.nn import Parameter

from numerics.optimizers import (
    NAMES,
    AdamW,
    Base,
    Lion,
    RepresentationCompensated,
    Rotational,
    Wrapper,
    build,
)

OWN = {
    "sgdm": {"momentum": 0.8, "dampening": 0.3},
    "sgdw": {"momentum": 0.8, "dampening": 0.3},
    "ngd": {"beta1": 0.7},
    "lars": {"trust": 0.3},
    "adam": {"decay": "coupled"},
    "nadam": {"decay": "decoupled"},
    "projected_sgd": {"wd": 0.0, "lr": 1e-3},
}
"""Hyper-parameters beside lr and wd, by name."""


def named(name):
    """A function from parameters to the optimizer of a name."""
    return lambda parameters, **more: build(name, parameters, **{"lr": 0.02, "wd": 0.3, **OWN.get(name, {}), **more})


def sgd(parameters):
    """torch's SGD with momentum."""
    return torch.optim.SGD(parameters, lr=0.02, momentum=0.8, weight_decay=0.3)


def adamw(parameters):
    """torch's AdamW."""
    return torch.optim.AdamW(parameters, lr=0.02, betas=(0.7, 0.9), weight_decay=0.3)


def lion(parameters):
    """Our Lion."""
    return Lion(parameters, lr=0.02, betas=(0.7, 0.9), weight_decay=0.3)


WRAPPED = {
    "wrapper_sgdm": lambda parameters, **more: Wrapper(sgd(parameters), **more),
    "wrapper_adamw": lambda parameters, **more: Wrapper(adamw(parameters), **more),
    "rotational_sgdm": lambda parameters, **more: Rotational(sgd(parameters), **more),
    "rotational_adamw": lambda parameters, **more: Rotational(adamw(parameters), centre=True, **more),
    "rotational_lion": lambda parameters, **more: Rotational(lion(parameters), grouping="tensor", **more),
    "compensated_adamw": lambda parameters, **more: RepresentationCompensated(adamw(parameters), **more),
}
INVERSE = {
    "adamw_inverse": lambda parameters, **more: AdamW(parameters, 0.02, momentum_bias="inverse", **more),
    "lion_inverse": lambda parameters, **more: Lion(parameters, 0.02, momentum_bias="inverse", **more),
}
ZOO = {name: named(name) for name in NAMES} | INVERSE | WRAPPED
OURS = [name for name in ZOO if name not in WRAPPED and isinstance(ZOO[name]([Parameter(torch.ones(2))]), Base)]
"""The names whose class is ours."""


def weights(dtype=torch.float64, seed=1):
    """A matrix, a convolution and a vector."""
    draws = torch.Generator().manual_seed(seed)
    shapes = ((4, 6), (3, 2, 2, 2), (5,))
    return [Parameter(torch.randn(s, generator=draws, dtype=torch.float64).to(dtype)) for s in shapes]


def gradients(steps, dtype=torch.float64, seed=2):
    """Gradients of those, one list a step."""
    return [[p.detach() for p in weights(dtype, 1000 * seed + t)] for t in range(steps)]


def walk(optimizer, parameters, given):
    """Steps along given gradients; the weights after each of them, as flat vectors [steps, entries]."""
    found = []
    for step in given:
        for p, g in zip(parameters, step, strict=True):
            p.grad = None if g is None else g.clone()
        optimizer.step()
        found.append(torch.cat([p.detach().flatten() for p in parameters]))
    return torch.stack(found)
