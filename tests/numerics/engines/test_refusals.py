"""What has no meaning, or does not fit, is refused in one line before anything runs or is written."""

import math

import numpy as np
import pytest
import torch

from numerics import BadSimulation, Start, simulate
from numerics.engines import choice
from numerics.updates import SGDM, AdamW, State

pytestmark = pytest.mark.chance(0)

HYPER = {"lr": 0.1, "wd": 0.1}
SETTINGS = {"dim": 8, "steps": 20, "replicas": 4}


def start(weights=(4, 8), buffer=None, value=1.0):
    """A start of given shapes."""
    state = State(buffer=None if buffer is None else torch.ones(buffer))
    return Start(torch.full(weights, value), state)


MISTAKES = {
    "rule": ({"rule": "adagrad"}, "optimizer = adagrad is unknown; known are sgd, sgdm, adamw"),
    "field": ({"hyperparameters": {**HYPER, "beta3": 1.0}}, "beta3 = 1.0 is not a field of sgdm, which takes lr, wd"),
    "missing": ({"hyperparameters": {"lr": 0.1}}, "wd of sgdm is missing"),
    "twice": ({"rule": SGDM(0.1, 0.1)}, "hyperparameters are given beside an update"),
    "none": ({"hyperparameters": []}, r"hyperparameters = \[\] has no configuration"),
    "two forms": (
        {"rule": "adamw", "hyperparameters": [HYPER, {**HYPER, "beta2": 0.9}]},
        "beta2 is given in some configurations and left out in others",
    ),
    "engine": ({"engine": "jax"}, "engine = jax is unknown; known are torch, numba, reduction, triton"),
    "device": ({"device": "tpu"}, "device = tpu is unknown; known are cpu, cuda"),
    "precision": ({"dtype": "float16"}, "dtype = float16 is unknown; known are float32, float64"),
    "engine off its device": ({"engine": "triton"}, "engine = triton "),
    "fold a sign": (
        {"rule": "lion", "engine": "reduction"},
        "reduction cannot run this: the rule does not turn",
    ),
    "fold a memory": (
        {"rule": "adamw", "hyperparameters": {**HYPER, "beta2": 0.9}, "engine": "reduction"},
        "reduction cannot run this: the rule does not turn",
    ),
    "fold a law": ({"engine": "reduction", "law": "laplace"}, "the law laplace is not white and normal"),
    "fold a line": ({"engine": "reduction", "law": "iid", "dim": 1}, "dim is below 2"),
    "dim": ({"dim": 1}, r"dim = 1 is outside its range \[2, inf\) for the law fixed"),
    "half a dim": ({"dim": 8.5}, "dim = 8.5 is not a whole number"),
    "steps": ({"steps": 2**32 + 1}, r"steps = 4294967297 is outside its range \[1, 2\^32\]"),
    "seed": ({"seed": -1}, r"seed = -1 is outside its range \[0, 2\^63\)"),
    "record": ({"record": -1}, r"record = -1 is outside its range \[0, inf\)"),
    "statistics": ({"statistics": ["median"]}, "statistics = median is unknown"),
    "gradients": ({"grad_norm": 0.0}, r"grad_norm = 0.0 is outside its range \(0, inf\)"),
    "chains": ({"start": start((5, 8))}, r"start has weights \(5, 8\), and there are 4 chains of dim = 8"),
    "buffer": ({"start": start(buffer=(4, 7))}, r"start has buffer \(4, 7\) beside weights \(4, 8\)"),
    "hole": ({"start": start(value=math.nan)}, "start has weights that are not finite"),
    "origin": ({"start": start(value=0.0)}, "start has weights that are zero"),
    "half a state": (
        {"rule": AdamW(0.1, 0.1, beta2=0.9), "hyperparameters": None, "start": start(buffer=(4, 8))},
        "start has no second_moment, which the rule keeps beside buffer",
    ),
    "scheduled what": ({"schedule": {"momentum": [0.9] * 20}}, "schedule of momentum is unknown; known are lr, wd"),
    "scheduled when": ({"schedule": {"lr": [0.1] * 19}}, r"schedule of lr has shape \(19,\), and there are 20 steps"),
    "scheduled hole": ({"schedule": {"wd": [0.1] * 19 + [math.inf]}}, "schedule of wd = inf at step 19 is outside"),
    "scheduled below": ({"schedule": {"lr": [0.1, -0.1] * 10}}, "schedule of lr = -0.1 at step 1 is outside its range"),
    "too wide": ({"rule": "lion", "dim": 10**12}, r"4 chains of dim = 1000000000000, .* GB, and .* GB are free"),
    "too long": ({"steps": 10**9, "replicas": 10**4}, "record = 1 of 1000000000 steps take .* GB"),
    "too many": ({"replicas": 2**33, "record": 0}, "8589934592 chains are more than"),
}
NUMBERS = [
    ("sgdm", "lr", -0.1), ("sgdm", "lr", math.nan), ("sgdm", "wd", -1e-9), ("sgdm", "wd", math.inf),
    ("sgdm", "momentum", 1.0), ("sgdm", "momentum", -0.1), ("sgdm", "dampening", math.nan), ("adamw", "beta1", 1.0),
    ("adamw", "beta2", 1.0), ("adamw", "eps", -1e-8), ("lion", "beta2", 1.5), ("lion", "beta2", None),
    ("lars", "trust", -1.0), ("nadamw", "momentum_decay", -1.0), ("nadamw", "at_step", 0), ("sgdm", "lr", "fast"),
]  # fmt: skip


def refused(says, **arguments):
    """The one line in which a run is refused."""
    heard = []
    with pytest.raises(BadSimulation, match=says) as caught:
        simulate(**{"rule": "sgdm", "hyperparameters": HYPER, **SETTINGS, "on_step": heard.append} | arguments)
    assert len(str(caught.value).splitlines()) == 1
    assert not heard


@pytest.mark.parametrize("case", MISTAKES)
def test_a_run_without_meaning_is_refused(case, tmp_path):
    """The line names what and why; no file appears."""
    arguments, says = MISTAKES[case]
    refused(says, checkpoint=tmp_path / "run.checkpoint", **arguments)
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize(("rule", "name", "value"), NUMBERS)
def test_a_number_outside_its_range_is_refused(rule, name, value):
    """By the rule's name, and in an update of one's own."""
    ranges = r"is outside its range \[|is not a finite number"
    refused(rf"{name} = {value} of {rule} ({ranges})", rule=rule, hyperparameters={**HYPER, name: value})
    if rule == "sgdm":
        refused(f"{name} = {value}", rule=SGDM(**{**HYPER, name: value}), hyperparameters=None)


def test_a_device_that_is_not_there_is_refused(monkeypatch):
    """Without CUDA its device is refused with what to use instead."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: False)
    refused("device = cuda is not available here; use cpu", device="cuda")


def test_compiled_engines_are_refused_without_numba(monkeypatch):
    """The engines that need it say so, and torch runs."""
    monkeypatch.setattr(choice, "has_numba", lambda: False)
    for engine in ("numba", "reduction"):
        refused(f"engine = {engine} cannot run this: numba is not installed", engine=engine)
    assert simulate("sgdm", HYPER, **SETTINGS).provenance.engine == "torch"


@pytest.mark.parametrize("full", [MemoryError(), RuntimeError("DefaultCPUAllocator: can't allocate memory")])
def test_what_does_not_fit_after_all_is_refused(monkeypatch, full):
    """Where an allocation fails in spite of the estimate, the line is the same kind."""

    def fails(*_, **__):
        raise full

    monkeypatch.setattr(choice, "build", fails)
    refused("4 chains of dim = 8 do not fit into memory")


def test_matrices_of_different_shapes_do_not_fold_together():
    """They have no folded matrix in common; torch takes them."""
    shapes = [{**HYPER, "rows": rows, "cols": 32 // rows} for rows in (1, 2)]
    muon = {"rule": "muon", "hyperparameters": shapes, "dim": 32, "law": "iid"}
    refused("reduction cannot run this: matrices of different shapes fold apart", **muon, engine="reduction")
    assert simulate(**SETTINGS | muon).provenance.engine == "torch"


def test_an_own_rule_runs_on_torch_alone():
    """An update that is none of the written rules is refused by the compiled engines."""

    class Own:
        def start(self, w):
            return State()

        def step(self, w, gradient, state):
            return 0.9 * w - 0.1 * gradient.value, State(steps=state.steps + 1)

    refused("engine = numba cannot run this: the rule is not one of", rule=Own(), hyperparameters=None, engine="numba")
    assert simulate(Own(), **SETTINGS).provenance.engine == "torch"


def test_a_checkpoint_that_could_not_be_written_is_refused_at_once(tmp_path):
    """In a folder that is not there, or where a folder stands."""
    refused("absent is not a folder to write into", checkpoint=tmp_path / "absent" / "run")
    refused("is a folder", checkpoint=tmp_path)


def test_nothing_is_refused_at_the_ranges_ends():
    """The smallest numbers that have a meaning run, on every engine."""
    least = {"lr": 0.0, "wd": 0.0, "momentum": 0.0}
    for engine in ("torch", "numba", "reduction"):
        found = simulate("sgdm", least, **SETTINGS, engine=engine)
        assert np.all(found.squared_norm == pytest.approx(1, rel=1e-14))


def test_a_wide_run_that_folds_is_not_refused():
    """The exact reduction costs the same at every dimension."""
    assert simulate("sgdm", HYPER, **SETTINGS | {"dim": 10**12}).provenance.engine == "reduction"
