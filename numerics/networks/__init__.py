"""Networks whose weights are scale-invariant where they say so, and their scale-sensitive twins."""

from numerics.networks.building import NAMES, build, twin_options
from numerics.networks.gpt import GPT
from numerics.networks.grouping import Grouping, scale_invariant
from numerics.networks.mlp import MLP
from numerics.networks.normalisation import EPS, NORMALISATIONS, Layer, standardised
from numerics.networks.resnet import ResNet
from numerics.networks.roles import Roles, decay_groups, roles

__all__ = [
    "EPS",
    "GPT",
    "MLP",
    "NAMES",
    "NORMALISATIONS",
    "Grouping",
    "Layer",
    "ResNet",
    "Roles",
    "build",
    "decay_groups",
    "roles",
    "scale_invariant",
    "standardised",
    "twin_options",
]
