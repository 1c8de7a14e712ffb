"""A network by its name, with weights that depend on the seed alone."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Sequence
from typing import Any

import torch
from torch import nn

from numerics.errors import BadTraining
from numerics.networks.gpt import GPT
from numerics.networks.mlp import MLP
from numerics.networks.resnet import ResNet, resnet18, resnet20
from numerics.seeding import WEIGHTS, generator

MAKERS: dict[str, Callable[..., nn.Module]] = {"mlp": MLP, "resnet20": resnet20, "resnet18": resnet18, "gpt": GPT}
NAMES = tuple(MAKERS)


def build(
    name: str,
    *,
    inputs: Sequence[int],
    classes: int,
    seed: int,
    dtype: torch.dtype = torch.float32,
    **size: Any,
) -> nn.Module:
    """The network ``name`` (one of NAMES) for inputs of that shape, with ``classes`` outputs.

    ``size`` are the options of the network's class: width, depth (mlp, gpt), heads, normalisation or normalised,
    affine, frozen_head and others. Weights are drawn from a generator at the seed, in float64, and rounded to
    ``dtype``: torch's own generator is neither read nor moved. Raises BadTraining for what is unknown or does not fit.
    """
    if name not in MAKERS:
        raise BadTraining(f"network = {name} is unknown; known are {', '.join(NAMES)}")
    known = _options(name)
    for option, value in size.items():
        if option not in known:
            raise BadTraining(f"{option} = {value} is not an option of {name}, which takes {', '.join(known)}")
        if isinstance(value, int) and not isinstance(value, bool) and value < 1:
            raise BadTraining(f"{option} = {value} of {name} is outside its range [1, inf)")
    model = MAKERS[name](tuple(inputs), classes, **size).to(dtype)
    chosen = generator(seed, WEIGHTS)
    for module in model.modules():
        draw = getattr(module, "draw", None)
        if draw is not None:
            draw(chosen)
    return model


def twin_options(name: str, **size: Any) -> dict[str, Any]:
    """The options of the scale-sensitive twin: the same sizes, without what makes weights invariant."""
    return {**size, "normalised" if name == "gpt" else "normalisation": "none"}


def _options(name: str) -> tuple[str, ...]:
    maker = MAKERS[name]
    known = inspect.signature(maker).parameters
    if name.startswith("resnet"):
        fixed = ("stages", "blocks", "projected")
        known = {name: one for name, one in inspect.signature(ResNet).parameters.items() if name not in fixed}  # type: ignore[assignment]
    return tuple(option for option in known if option not in ("inputs", "classes"))
