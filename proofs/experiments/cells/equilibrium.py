"""A network in training, tensor by tensor: norm and angle beside the theory's, at three levels of what it is told."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import torch

from numerics import networks, optimizers
from numerics.data import Dataset, digits, python_bytes
from numerics.monitor import decay as decays
from numerics.networks.roles import roles
from numerics.training import train
from proofs.experiments.cells.history import History, Kept, autocorrelation, even, over_root
from proofs.overlay.hypotheses import kurtosis
from proofs.overlay.levels import LEVELS, settled, sign_law
from proofs.overlay.measured import Correlated, Measured, lags_seen
from proofs.overlay.optimizers import ADAMS, DIRECTIONS, SIGNS, THROUGH_ROOT, meaning
from proofs.overlay.overlay import overlay
from theory.schedule import Schedule

Array = np.ndarray
DRAWS = 1000
"""The seed of what is drawn beside the run: entries that are followed, matrices and sequences to compare with."""
ENTRIES, PATHS = 512, 128
"""Coordinates whose law is taken, and paths drawn from it."""
OUTER_RATE = 2e-3
"""Learning rate of Muon's rule on what is no hidden matrix; those have no decay."""
SIZE: dict[str, dict[str, Any]] = {
    "mlp": {"width": 64, "depth": 3},
    "gpt": {"width": 32, "depth": 2, "heads": 2, "normalised": "all"},
    "resnet20": {"width": 8},
}
BATCH = {"mlp": 64, "gpt": 8, "resnet20": 64}
CONTEXT = 32
AT_ONCE = ("sgdm", "adamw")
"""Rules of torch whose step of all tensors at once is that of each in turn bit for bit; NAdam's is not."""
BURSTING = ("sgd",)
"""Rules whose update has all bursts of the gradient, so that correlations go with the energy of each step."""
NEVER = -1e3
"""A bias, in standard deviations of what is normalised."""
RUNGS = ("Gaussian, white", "with its zeros", "law of the entries", "and autocorrelation")
"""What a sign is told of its gradient, step by step."""


def run(
    *, seed: int, device: str, network: str, optimizer: str, rate: float, wd: float, steps: int, noise: float,
    levels: bool, hyperparameters: dict[str, Any], killed: int = 0,
) -> dict[str, Any]:  # fmt: skip
    """Of each scale-invariant hidden matrix, in the order of computing; all lists are [tensors].

    ``errors`` are the medians over half-lives, after the first, of |predicted / measured - 1| of the RMS angle under
    white noise, ``doubled`` the same of a line for twice the decay (NaN as ``rungs``); ``norms`` measured over
    predicted norm; ``at``, ``angle`` and ``line`` are a curve of the middle tensor. By the last half of the run,
    measured over predicted RMS angle: ``white`` and, with ``levels``, ``gradients``, ``updates``, ``blind`` (updates
    taken as white) and, for signs, ``rungs`` [tensors, RUNGS], NaN but for the first, middle and last tensor.
    What hypotheses speak of: ``kurtosis`` of each entry in time, ``zeros``, ``persistence`` R_1 of the update,
    ``whiteness`` 2 sum a^(k-1) R_k of the gradient and ``held`` 2 sum momentum^k R_k, both of what enters the rule,
    ``stable_rank`` of the gradient over that of a Gaussian matrix, ``bursts`` E|g|^4 / (E|g|^2)^2 and ``jumps`` the
    same of the update.

    ``killed`` neurons of each layer of the MLP get so low a bias that they never fire. Rows without any gradient,
    ``dead`` in number, are left out of all of this; of them ``decays`` is the largest relative error of
    log|w_T| - log|w_0| = T log(1 - p), ``turned`` the largest angle of a step, and ``with_dead`` the RMS angle of all
    rows over that of the others, over the first half-life.
    """
    data = _data(network)
    if noise:
        data = data.label_noise(noise, seed=seed)
    model = networks.build(network, inputs=data.inputs, classes=data.classes, seed=seed, **SIZE[network]).to(device)
    hidden = {name: p for name, p in roles(model).hidden.items() if name in networks.scale_invariant(model)}
    if killed:
        _kill(model, killed)
    inside = set(map(id, hidden.values()))
    others = [p for p in model.parameters() if p.requires_grad and id(p) not in inside]
    groups = [{"params": list(hidden.values()), "weight_decay": wd}, {"params": others, "weight_decay": 0.0}]
    foreach = True if optimizer in AT_ONCE else None
    stepped = optimizers.build(optimizer, groups, lr=rate, wd=wd, foreach=foreach, **hyperparameters)
    if optimizer == "muon":
        stepped.param_groups[1]["lr"] = OUTER_RATE
    options = stepped.param_groups[0]
    convention = decays.convention(stepped, options, options["params"][0])
    gain = decays.gain(stepped, options, convention)
    with History(stepped, hidden, rate, gain * rate * wd) as history:
        outcome = train(model, data, stepped, steps=steps, batch=BATCH[network], seed=seed, device=device, validate=0)
    rule, given = meaning(type(stepped).__name__, options, convention)
    plan = Schedule(np.full(steps, rate), np.full(steps, wd))
    shown = {0, len(hidden) // 2, len(hidden) - 1}
    found = [
        _tensor(name, history.of(name), rule, given, plan, gain, tuple(p.shape), levels, place in shown)
        for place, (name, p) in enumerate(hidden.items())
    ]
    middle = found[len(found) // 2].pop("curve")
    values: dict[str, Any] = {key: np.array([one[key] for one in found]) for key in found[0] if key != "curve"}
    return values | middle | {"names": list(hidden), "loss": float(outcome.losses[-steps // 4 :].mean())}


def _data(network: str) -> Dataset:
    return python_bytes(CONTEXT) if network == "gpt" else digits()


def _tensor(
    name: str, whole: Kept, rule: str, given: dict[str, Any], plan: Schedule, gain: float, shape: tuple[int, ...],
    levels: bool, shown: bool,
) -> dict[str, Any]:  # fmt: skip
    dead = whole.silent
    kept = whole.only(~dead) if dead.any() else whole
    measured = of_history(name, kept, rule, given, plan, gain, (kept.sums.shape[1], *shape[1:]), levels)
    white = overlay(measured, "white")
    later = plan.steps // 2
    found: dict[str, Any] = {
        "errors": white.median_error,
        "norms": white.norm_ratio,
        "white": _late(measured, white.predicted_angle, later),
        "doubled": _doubled(measured) if shown else np.nan,
        "dead": int(dead.sum()),
        **_of_dead(whole, dead, plan, round(white.half_life)),
        "curve": _curve(white),
    }
    gradients = kept.gradients[later:]
    flat = gradients.reshape(len(gradients), -1)
    found |= {
        "zeros": float((flat == 0).mean()),
        "kurtosis": kurtosis(_entries(gradients)),
        "bursts": bursts(gradients),
    }
    if not levels:
        return found
    assert measured.updates is not None
    assert measured.gradients is not None
    window = 1 if rule in BURSTING else None
    for level in LEVELS[1:] if rule not in SIGNS else LEVELS[2:]:
        found[level] = _late(measured, overlay(measured, level, window=window).predicted_angle, later)
    blind = replace(measured, updates=replace(measured.updates, values=np.zeros(1)))
    found["blind"] = _late(measured, overlay(blind, "updates", window=window).predicted_angle, later)
    p, lags = plan.decay[0] * (gain or 1.0), measured.gradients.values.size
    found |= {
        "persistence": float(measured.updates.values[0]),
        "whiteness": 2 * float(measured.gradients.values @ (1 - p) ** np.arange(lags)),
        "held": 2 * float(measured.gradients.values @ given.get("momentum", 0.0) ** np.arange(1, lags + 1)),
        "jumps": bursts(kept.updates[later:]),
        "stable_rank": stable_rank(gradients[:: max(1, len(gradients) // 50)]),
    }
    if rule in SIGNS:
        found["gradients"] = _told(measured, later, measured.entries, correlated=True)
        found["rungs"] = [*_rungs(measured, later), found["gradients"]] if shown else [np.nan] * len(RUNGS)
    return found


def bursts(x: Array) -> float:
    """E|x|^4 / (E|x|^2)^2 of x [T, ...] over time, 1 where |x| is steady."""
    size = np.square(x.reshape(len(x), -1), dtype=float).sum(1)
    return float(np.mean(size**2) / np.mean(size) ** 2)


def _doubled(measured: Measured) -> float:
    plan = measured.schedule
    return overlay(replace(measured, schedule=Schedule(plan.lr, 2 * plan.wd)), "white").median_error


def _kill(model: Any, neurons: int) -> None:
    """Give the first ``neurons`` of each layer of the MLP a bias at which relu passes nothing."""
    with torch.no_grad():
        for layer in model.layers:
            layer.norm.bias[:neurons] = NEVER


def _of_dead(whole: Kept, dead: Array, plan: Schedule, half_life: int) -> dict[str, float]:
    if not dead.any():
        return {"decays": 0.0, "turned": 0.0, "with_dead": 1.0}
    rows = whole.only(dead)
    fell = np.log(rows.norms[-1] / rows.norms[0])
    expected = plan.steps * np.log1p(-plan.decay[0])
    every, live = (x.whole.angles[:half_life] for x in (whole, whole.only(~dead)))
    return {
        "decays": float(np.abs(fell / expected - 1).max()),
        "turned": float(rows.angles.max()),
        "with_dead": float(np.sqrt(np.mean(every**2) / np.mean(live**2))),
    }


def of_history(
    name: str, kept: Kept, rule: str, given: dict[str, Any], plan: Schedule, gain: float, shape: tuple[int, ...],
    correlated: bool,
) -> Measured:  # fmt: skip
    """A tensor as the overlay asks for it; correlations are of the last half of the run, at every lag.

    Entries and correlations of gradients are of g/|g| where that is what enters the rule.
    """
    whole = kept.whole
    later, at = plan.steps // 2, np.arange(plan.steps)
    more: dict[str, Any] = {}
    updates, gradients = (x.reshape(len(x), -1) for x in (kept.updates, kept.gradients))
    if rule in DIRECTIONS:
        size = np.linalg.norm(gradients, axis=1, keepdims=True)
        gradients = gradients / np.where(size > 0, size, 1)
    if correlated:
        last = min(later, lags_seen(plan, gain, rule))
        # What enters AdamW's linear rule is over its own v, which bursts of a coordinate raise.
        divided = rule in ADAMS and rule not in THROUGH_ROOT and "beta2" in given
        own = over_root(gradients, given["beta2"]) if divided else even(gradients, later)
        for key, x in (("updates", updates), ("gradients", gradients), ("even_gradients", own)):
            found = autocorrelation(x, later, last, by_lengths=rule in BURSTING)
            more[key] = Correlated(found, at, np.square(x, dtype=float).sum(axis=1))
    return Measured(
        name=name, optimizer=rule, hyperparameters=given, schedule=plan, shape=shape, steps=at,
        norm=whole.norms[:-1, 0], angle=whole.angles[:, 0], unit_energy=whole.energy[:, 0], gain=gain,
        entries=_entries(gradients[later:]), since=later, **more,
    )  # fmt: skip


def _entries(gradients: Array) -> Array:
    flat = gradients.reshape(len(gradients), -1)
    # Drawn, not at equal distances: a row's entries repeat the inputs, some of which are always blank.
    chosen = np.random.default_rng(DRAWS).permutation(flat.shape[1])[:ENTRIES]
    return np.asarray(flat[:, np.sort(chosen)])


def _late(measured: Measured, line: Array, later: int) -> float:
    """Measured over predicted RMS angle of the steps from ``later`` on; NaN where nothing is predicted."""
    return float(np.sqrt(np.mean(measured.angle[later:] ** 2) / np.mean(line[later:] ** 2)))


def _curve(white: Any) -> dict[str, Array]:
    blocks = white.blocks
    return {"at": blocks[:, 0], "angle": blocks[:, 1], "line": blocks[:, 2], "half_life": np.array(white.half_life)}


def _rungs(measured: Measured, later: int) -> list[float]:
    """Measured over predicted angle as the sign is told more and more of its gradient, but for the last of RUNGS."""
    entries = measured.entries
    assert entries is not None
    normal = np.random.default_rng(DRAWS).standard_normal(entries.shape)
    told = (normal, np.where(entries == 0, 0, normal), entries)
    return [_told(measured, later, known, correlated=False) for known in told]


def _told(measured: Measured, later: int, entries: Array | None, *, correlated: bool) -> float:
    """Measured over predicted angle of a sign whose gradient has these entries."""
    law = sign_law(measured, correlated=correlated, entries=entries, paths=PATHS)
    return _late(measured, settled(measured, law.correlations[1:], law.moving * measured.size).angle, later)


def stable_rank(gradients: Array) -> float:
    """Mean |G|_F^2 / |G|_2^2 of matrices [S, n, m], over that of as many Gaussian ones."""
    flat = torch.from_numpy(np.ascontiguousarray(gradients.reshape(*gradients.shape[:2], -1), dtype=np.float64))
    normal = torch.from_numpy(np.random.default_rng(DRAWS).standard_normal(flat.shape))

    def ranks(x: torch.Tensor) -> float:
        largest = torch.linalg.matrix_norm(x, 2).square()
        good = largest > 0
        return float((x.square().sum((1, 2))[good] / largest[good]).mean())

    return ranks(flat) / ranks(normal)
