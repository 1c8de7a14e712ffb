"""Short runs of every form, and how far two of them are apart."""

from __future__ import annotations

from dataclasses import fields, replace

import numpy as np
import torch
from hypothesis import strategies as st

from numerics import LAWS, UPDATES, Start, simulate
from numerics.engines.writing import FORMS
from numerics.gradients import FIXED, correlated
from numerics.updates import State
from numerics.updates.update import KEPT
from tests.strategies import coefficients, dampenings, log_uniform

RULES = {form.name: rule for rule, update in UPDATES.items() for form in update.forms()}
"""The rule of each form, as ``simulate`` knows it."""

SIGNS = ("lion", "signsgd", "signum")
"""Forms that step by signs: rounding turns one where its argument is near zero."""

GRADIENTS = {
    **LAWS,
    "AR(1)": correlated(0.9),
    "signal plus noise": correlated(0.5, 2.0, orthogonal=True),
    "random length": replace(FIXED, spread=0.5),
}

MEMORY = {"momentum": 0.9, "beta1": 0.8, "beta2": 0.95}


def chosen(form: str) -> dict[str, float | None]:
    """Hyper-parameters that lead to a form."""
    names = {f.name for f in fields(UPDATES[RULES[form]])}
    found = {"lr": 0.05, "wd": 0.4} | {name: value for name, value in MEMORY.items() if name in names}
    if "trust" in names:
        found["trust"] = 0.2
    return found | ({"beta2": None} if form.endswith("_at_mean") else {})


@st.composite
def hyperparameters(draw, form: str) -> dict[str, float | None]:
    """Hyper-parameters of a form anywhere in its domain; the eps of optimizers from its default to 1e-3."""
    names = {f.name for f in fields(UPDATES[RULES[form]])}
    lr = draw(log_uniform(1e-3, 0.3))
    found = {"lr": lr, "wd": draw(st.just(0.0) | log_uniform(2.0**-20, 0.9).map(lambda decay: decay / lr))}
    strategies = {
        "momentum": coefficients(),
        "beta1": coefficients(),
        "beta2": st.floats(0.9, 0.9999),
        "dampening": dampenings(),
        "eps": log_uniform(1e-8, 1e-3),
        "trust": log_uniform(1e-2, 1),
        "momentum_decay": log_uniform(1e-3, 0.1),
    }
    found |= {name: draw(values) for name, values in strategies.items() if name in names}
    if form.endswith("_at_mean"):
        found["beta2"] = None
        if "at_step" in names:
            found["at_step"] = draw(st.none() | st.integers(1, 1000))
    return found


def some_start(form: str, chains: int, dim: int, seed: int) -> Start:
    """Weights and all that a form keeps, in the middle of a run."""
    generator = torch.Generator().manual_seed(seed)
    weights, buffer, squares = torch.randn(3, chains, dim, generator=generator, dtype=torch.float64)
    whole = {"buffer": 0.1 * buffer, "second_moment": squares.square() / dim}
    whole["tensor_moment"] = whole["second_moment"].mean(-1, keepdim=True)
    return Start(weights, State(**{name: whole[name] for name in FORMS[form].kept}, steps=7))


def run(form: str, engine: str, hyper=None, *, law: str = "fixed", **rest):
    """A short run of a form."""
    settings = {"dim": 16, "steps": 24, "replicas": 8, "seed": 3}
    return simulate(RULES[form], hyper or chosen(form), law=GRADIENTS[law], engine=engine, **{**settings, **rest})


def steps_of(found):
    """|w|^2 [steps + 1, ...], lost overlaps, and the square of each step's part beside the weights."""
    before, lost = found.squared_norm[:-1], found.lost_overlap
    return found.squared_norm, lost, (np.tan(found.angle) * (before - lost)) ** 2 / before


def positive(scales):
    """Scales to divide by; where nothing moves, one."""
    return np.where(scales == 0, 1.0, scales)


def apart(one, other):
    """How far the chains are apart: norms, lost overlaps, steps beside the weights, and all vectors at the end.

    Each is compared with the largest of its kind in the chain: |w|^2, |w||w' - w|, |w' - w|^2, and of vectors the
    root mean square over their entries.
    """
    norms, lost, beside = steps_of(one)
    ways = beside + lost**2 / norms[:-1]
    scales = norms, np.sqrt(norms[:-1] * ways), ways
    pairs = zip(steps_of(one), steps_of(other), scales, strict=True)
    found = [abs(theirs - ours).max(0) / positive(scale.max(0)) for ours, theirs, scale in pairs]
    ends = [(one.end.weights, other.end.weights)]
    ends += [(getattr(one.end.state, name), getattr(other.end.state, name)) for name in KEPT]
    for ours, theirs in ends:
        assert (ours is None) == (theirs is None)
        if ours is not None:
            ours, theirs = (x.double().numpy() for x in (ours, theirs))
            scale = np.sqrt((ours**2).mean(-1)).max()
            found.append(abs(ours - theirs).max(-1) / (scale or 1.0))
    assert one.end.state.steps == other.end.state.steps
    return np.max([np.nan_to_num(x, nan=np.inf) for x in found], axis=0)
