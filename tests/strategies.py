"""Hypothesis strategies for hyper-parameters over the whole domain of the claims.

Decays per step reach from 1e-6 to the limit of existence but stay a relative AWAY from it and from the
decay at which the norm alternates, where a second moment is resolved by no finite sample.
"""

from __future__ import annotations

import math

from hypothesis import assume, settings
from hypothesis import strategies as st

from theory import NoEquilibrium, load, predict

AWAY = 1e-3
LEAST_DECAY = 1e-6
LIMITS = {
    "sgd": lambda h: 2.0,
    "sgdm": lambda h: 2 * (1 + h["momentum"]) / (1 - h["dampening"]),
    "adamw": lambda h: 2.0,
    "lion": lambda h: 2.0,
}
"""The decay per step below which an equilibrium exists; at half of it the norm of SGD and SGDM alternates."""


def examples(share):
    """Settings with this share of the profile's number of examples, at least one."""
    return settings(max_examples=max(1, round(share * settings().max_examples)))


def attracts(optimizer, chosen):
    """Whether an equilibrium exists there and attracts; under a gain no limit of lr*wd says so beforehand."""
    try:
        predict(optimizer, **chosen)
    except NoEquilibrium:
        return False
    return True


def log_uniform(low, high):
    """Floats between two positive numbers, evenly spread in the logarithm."""
    return st.floats(math.log(low), math.log(high)).map(lambda x: min(max(math.exp(x), low), high))


def coefficients(most=0.999):
    """EMA coefficients: 0, anywhere, or close to 1."""
    close = log_uniform(1 - most, 1.0).map(lambda gap: 1 - gap)
    return st.just(0.0) | st.floats(0, most) | close


def dampenings():
    """Dampening: none, or any up to 0.99; beyond it double precision itself loses lr*wd*(1 - dampening)."""
    return st.just(0.0) | st.floats(0, 0.99)


def seeds():
    """Seeds for a local generator."""
    return st.integers(0, 2**32 - 1)


def dims(least=16, most=256):
    """Numbers of coordinates."""
    return st.integers(least, most)


def optimizers(*names):
    """Names of optimizers."""
    return st.sampled_from(names)


@st.composite
def hyperparameters(draw, optimizer, most_beta2=0.999):
    """Hyper-parameters of an optimizer anywhere in its domain."""
    if optimizer not in LIMITS:
        return draw(within_the_field(optimizer))
    chosen = {"lr": draw(log_uniform(1e-3, 1))}
    if optimizer in ("sgd", "sgdm"):
        chosen["grad_norm"] = draw(st.just(1.0) | log_uniform(1e-2, 1e2))
    if optimizer == "sgdm":
        chosen |= {"momentum": draw(coefficients()), "dampening": draw(dampenings())}
    if optimizer in ("adamw", "lion"):
        chosen |= {"beta1": draw(coefficients()), "dim": draw(dims())}
    if optimizer == "lion":
        chosen["beta2"] = draw(coefficients(most_beta2))
    limit = LIMITS[optimizer](chosen)
    alternates = limit / 2 if optimizer in ("sgd", "sgdm") else math.inf
    top = limit * (1 - AWAY)
    anywhere = log_uniform(LEAST_DECAY, top) | log_uniform(limit / 20, top)
    decay = draw(anywhere.filter(lambda p: abs(p / alternates - 1) > AWAY))
    return {**chosen, "wd": decay / chosen["lr"]}


@st.composite
def within_the_field(draw, optimizer):
    """Hyper-parameters of any rule where practitioners run it, by the parameters that it takes."""
    rule = load(optimizer)
    own = {p.name for p in rule.parameters}
    chosen = {"lr": draw(log_uniform(1e-3, 1e-1)), "wd": draw(log_uniform(1e-2, 1))}
    if not rule.has_gain:
        chosen["wd"] = draw(log_uniform(LEAST_DECAY, 0.9)) / chosen["lr"]
    for name in own & {"momentum", "beta1"}:
        chosen[name] = draw(coefficients(0.99))
    if "dampening" in own:
        chosen["dampening"] = draw(dampenings())
    if "beta2" in own:
        chosen["beta2"] = draw(st.floats(0.95, 0.9999))
    if "dim" in own:
        chosen["dim"] = draw(dims())
    if "grad_norm" in own:
        chosen["grad_norm"] = draw(st.just(1.0) | log_uniform(1e-1, 1e1))
    if "trust" in own:
        chosen["trust"] = draw(log_uniform(1e-2, 1))
    return chosen


MOST_ENTRIES = 1 << 16


@st.composite
def wide(draw, optimizer, least_dim=2):
    """Hyper-parameters, dimension and replicas over all that a practitioner may set, and beyond.

    lr from 1e-6 to 1, wd from 1e-6 to 10, averaging up to 0.9999, dimensions from ``least_dim`` to 1e6 with replicas
    in inverse proportion, at least 8; where an equilibrium exists and AWAY from where its second moment is lost.
    """
    own = {p.name for p in load(optimizer).parameters}
    chosen = {"lr": draw(log_uniform(1e-6, 1)), "wd": draw(log_uniform(1e-6, 10))}
    for name in sorted(own & {"momentum", "beta1"}):
        chosen[name] = draw(coefficients(0.9999))
    if "dampening" in own:
        chosen["dampening"] = draw(dampenings())
    if "grad_norm" in own:
        chosen["grad_norm"] = draw(st.just(1.0) | log_uniform(1e-3, 1e3))
    dim = round(draw(log_uniform(least_dim, 1e6)))
    if "dim" in own:
        chosen["dim"] = dim
    limit = LIMITS[optimizer](chosen)
    decay = chosen["lr"] * chosen["wd"]
    assume(decay < limit * (1 - AWAY))
    assume(optimizer not in ("sgd", "sgdm") or abs(2 * decay / limit - 1) > AWAY)
    return chosen, dim, min(1024, max(8, MOST_ENTRIES // dim))
