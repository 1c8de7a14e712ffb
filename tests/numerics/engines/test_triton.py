"""The Triton engine, on a GPU or under Triton's interpreter: every form and law against the torch engine."""

import json
import os
import subprocess
import sys
import time
from dataclasses import replace
from importlib.util import find_spec
from itertools import cycle
from types import SimpleNamespace

import numpy as np
import pytest
import torch

from numerics.engines import choice, fused_triton, writing, writing_triton
from numerics.engines.fused_triton import FusedTriton
from numerics.engines.problem import Problem
from numerics.engines.readable import Readable
from numerics.errors import BadSimulation
from numerics.gradients import FIXED, LAWS, GradientLaw, correlated
from numerics.philox import laplace, rare_large, sparse, student
from numerics.updates import UPDATES

# A place without an entry divides 0 by 0 where eps is 0, and drops what comes of it.
pytestmark = pytest.mark.filterwarnings("ignore:invalid value encountered in divide:RuntimeWarning")
triton = pytest.mark.skipif(find_spec("triton") is None, reason="Triton is not installed")
DEVICE = torch.device("cuda" if torch.cuda.is_available() else "cpu")
SEED = (77 << 32) + 5
CLOSE = 5e-6
ONE_SIGN = 1.5e-3
"""What a sign that falls otherwise, where its argument is 0 to rounding, changes in the squares at most."""

ALL_LAWS = (
    FIXED,
    LAWS["iid"],
    GradientLaw("laplace", orthogonal=True, entries=laplace()),
    LAWS["sphere"],
    GradientLaw("rare", entries=rare_large(0.1, 5.0)),
    correlated(0.8, 0.5),
    GradientLaw("student", normalised=True, entries=student(3)),
    correlated(0.8, 0.5, orthogonal=True),
    GradientLaw("sparse", entries=sparse(0.5)),
    GradientLaw("spread", orthogonal=True, spread=0.5),
)
RULES = [("adamw", {"beta2": 0.99, "eps": 0.0}), ("sgdm", {"dampening": 0.1}), ("lion", {}), ("lamb", {"beta2": 0.99})]
RULES += [(name, {}) for name in UPDATES if name not in ("sgdm", "lion")]
RULES += [(name, {"beta2": 0.99}) for name in ("adam_l2", "nadam_l2", "nadamw", "rmsprop", "rmspropw")]
CASES = list(zip(RULES, cycle(ALL_LAWS), cycle((22, 5, 7)), strict=False))


def measured(engine, first, count):
    """What an engine hands over of some steps."""
    found = []
    engine.advance(first, count, lambda low, *parts: found.extend(parts))
    return found


def problem(rule, law=FIXED, dim=22, *, configurations=1, replicas=2, steps=3, **others):
    """A run of a rule whose configurations differ in lr."""
    name, hyperparameters = rule
    updates = tuple(UPDATES[name](lr=0.05 * (1 + c), wd=0.1, **hyperparameters) for c in range(configurations))
    known = {"seed": SEED, "share": False, "schedule": {}, "start": None, "start_norm": 1.0, "grad_norm": 1.0}
    return Problem(updates, law, dim=dim, replicas=replicas, steps=steps, dtype="float32", **(known | others))


def differences(run, engine=None):
    """How far the engine and the torch engine in double precision are apart: squares, losses, ways across, weights."""
    engine = engine or FusedTriton(run, DEVICE)
    readable = Readable(replace(run, dtype="float64"), DEVICE)
    found, true = (list(measured(e, 0, run.steps)) for e in (engine, readable))
    found.append(engine.end().weights.cpu().numpy())
    true.append(readable.end().weights.cpu().numpy())
    return [np.abs(x - y).max() / np.abs(y).max() for x, y in zip(found, true, strict=True)]


def test_every_form_is_a_case():
    """The cases leave no form out."""
    assert {UPDATES[name](lr=0.1, wd=0.1, **own).form.name for name, own in RULES} == set(writing.FORMS)


@pytest.mark.parametrize("form", writing.FORMS.values(), ids=writing.FORMS)
def test_kernels_are_what_the_lines_of_the_rules_say(form):
    """The files stand as they are written."""
    assert (writing_triton.FOLDER / f"{form.name}.py").read_text() == writing_triton.source(form)


@triton
@pytest.mark.parametrize(("rule", "law", "dim"), CASES)
def test_it_takes_the_steps_of_the_torch_engine(rule, law, dim):
    """Every form, every law, numbers of entries that are no power of two; here no sign is 0 to rounding."""
    assert max(differences(problem(rule, law, dim))) < CLOSE


@triton
def test_noise_of_length_zero_makes_no_gradient():
    """Sparse noise, normalised: a chain whose entries are all zero decays alone, as in the torch engine."""
    law = GradientLaw("rare", normalised=True, entries=sparse(0.1))
    run = problem(("sgd", {}), law, 5, replicas=8, steps=6)
    assert max(differences(run)) < CLOSE
    squares = measured(FusedTriton(run, DEVICE), 0, run.steps)[0]
    still = np.isclose(squares[:, 1:], (1 - 0.05 * 0.1) ** 2 * squares[:, :-1], rtol=1e-5)
    assert 0.1 < still.mean() < 0.9


@triton
def test_a_wrong_constant_is_seen():
    """The difference of one constant by a thousandth is above the tolerance."""
    run = problem(RULES[0])
    engine = FusedTriton(run, DEVICE)
    right = engine.kernel

    def wrong(*asked):
        first, *others = right.numbers(*asked)
        return (first * 1.001, *others)

    engine.kernel = SimpleNamespace(chains=right.chains, numbers=wrong)
    assert max(differences(run, engine)) > 10 * CLOSE


@triton
def test_chains_depend_neither_on_others_nor_on_where_a_run_is_cut():
    """Fewer chains, a chunk cut in two with arrays put back, and shared noise give the same bits."""
    law = correlated(0.8, 0.5)
    whole = problem(RULES[0], law, 6)
    true = measured(FusedTriton(whole, DEVICE), 0, 3)
    fewer = measured(FusedTriton(replace(whole, replicas=1), DEVICE), 0, 3)
    assert all(np.array_equal(x[:1], y) for x, y in zip(true, fewer, strict=True))
    begun, other = FusedTriton(whole, DEVICE), FusedTriton(whole, DEVICE)
    first = measured(begun, 0, 1)
    other.restore(begun.arrays)
    second = measured(other, 1, 2)
    assert all(np.array_equal(x, np.hstack([y, z])) for x, y, z in zip(true, first, second, strict=True))
    assert np.array_equal(other.squares(), true[0][:, -1])
    shared = measured(FusedTriton(problem(RULES[0], law, 6, configurations=2, share=True), DEVICE), 0, 3)
    assert all(np.array_equal(x, y[:2]) for x, y in zip(true, shared, strict=True))
    assert not np.array_equal(shared[0][:2], shared[0][2:])


def test_what_it_cannot_run_is_refused_by_name(monkeypatch):
    """One line that says why; without a name the torch engine runs instead."""
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: name)
    updates = problem(RULES[0]).updates
    reasons = {
        "dim = 65537 is above 65536": (updates, 65537, "float32"),
        "dtype = float64 is not float32": (updates, 64, "float64"),
        "the rule is not one of numerics.UPDATES": ((object(),), 64, "float32"),
    }
    for reason, (those, dim, dtype) in reasons.items():
        with pytest.raises(BadSimulation, match=f"engine = triton cannot run this: {reason}"):
            choice.choose(those, FIXED, dim, "triton", "cuda", dtype)
        assert choice.choose(those, FIXED, dim, None, "cuda", dtype).engine == "torch"
    assert choice.choose(updates, FIXED, 64, None, "cuda", "float32").engine == "triton"
    with pytest.raises(BadSimulation, match="engine = triton does not run on device = cpu"):
        choice.choose(updates, FIXED, 64, "triton", "cpu", "float32")
    monkeypatch.setattr(choice.importlib.util, "find_spec", lambda name: None)
    assert choice.choose(updates, FIXED, 64, None, "cuda", "float32").engine == "torch"
    with pytest.raises(BadSimulation, match="engine = triton cannot run this: triton is not installed"):
        choice.choose(updates, FIXED, 64, "triton", "cuda", "float32")


COMPILED = [(name, dim) for name in ("sgdm", "adamw", "lion") for dim in (256, 1024)]
CROWDED = ("sgdm", 256, 1, 24)
"""A kernel that is given too few registers."""


@triton
def test_the_state_fits_registers(tmp_path):
    """Compiled for sm_90, which needs no GPU: at most 255 registers, nothing outside of them."""
    cases = [(name, dim, fused_triton.warps_of(fused_triton.block_of(dim))) for name, dim in COMPILED]
    folder = {"TRITON_CACHE_DIR": str(tmp_path), "TRITON_INTERPRET": "0"}
    told = subprocess.run(
        [sys.executable, "-m", "tests.numerics.engines.compiling", json.dumps([*cases, CROWDED])],
        capture_output=True, text=True, env={**os.environ, **folder},
    )  # fmt: skip
    assert told.returncode == 0, told.stderr
    *fitting, crowded = json.loads(told.stdout)
    for case, used in zip(cases, fitting, strict=True):
        assert used["REG"] <= 255, case
        assert used["STACK"] == used["LOCAL"] == 0, case
    assert crowded["STACK"] > 0


@triton
@pytest.mark.cuda
@pytest.mark.parametrize(("name", "bound"), [("sgdm", CLOSE), ("adamw", 4 * CLOSE), ("lion", ONE_SIGN)])
def test_long_chains_on_a_gpu(name, bound):
    """1024 entries over 300 steps, in two chunks, chain by chain as the torch engine."""
    own = dict(RULES)[name]
    run = problem((name, own), dim=1024, replicas=64, steps=300)
    engine, readable = FusedTriton(run, DEVICE), Readable(replace(run, dtype="float64"), DEVICE)
    for first, count in ((0, 256), (256, 44)):
        for x, y in zip(measured(engine, first, count), measured(readable, first, count), strict=True):
            assert np.abs(x - y).max() / np.abs(y).max() < bound


@triton
@pytest.mark.cuda
def test_speed_on_a_gpu(capsys):
    """AdamW at 1024 entries: coordinate-steps a second, more than the torch engine's on the same device."""
    rates = {}
    for engine, chains, steps in ((FusedTriton, 8192, 256), (Readable, 512, 16)):
        running = engine(problem(RULES[0], dim=1024, replicas=chains, steps=2 * steps), DEVICE)
        measured(running, 0, steps)
        began = time.perf_counter()
        measured(running, steps, steps)
        rates[running.name] = chains * 1024 * steps / (time.perf_counter() - began)
    with capsys.disabled():
        print(f"\nAdamW, dim = 1024, {torch.cuda.get_device_name()}: {rates} coordinate-steps a second")
    assert rates["triton"] > rates["torch"]
