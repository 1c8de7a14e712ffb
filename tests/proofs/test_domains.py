"""The whole domain, its edges, and what happens beyond them.

``fixed`` gradients are bounded and serve from two dimensions on. The length of ``sphere`` ones is too heavy-tailed in
few dimensions for Student's t, so they serve from 16 on. In a step from given moments no mean field enters; long runs
keep to dimensions from 256 on and to momentum up to 0.9, where its remainder lies below the error bar and some hundred
steps reach equilibrium.
"""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics import BadSimulation, simulate, update_for
from numerics.engines.choice import RESOLVED
from proofs.confrontation import Bench, long_run, perturbation, stationarity
from tests import strategies
from theory import NoEquilibrium, predict

pytestmark = pytest.mark.chance(2)

LEAST_DIM = {"fixed": 2, "sphere": 16, "iid": 2}


@pytest.mark.parametrize("law", ["fixed", "sphere"])
@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw"])
@strategies.examples(0.08)
@given(data=st.data(), seed=strategies.seeds())
def test_predicted_moments_stay_over_the_whole_domain(optimizer, law, data, seed):
    """lr from 1e-6 to 1, wd from 1e-6 to 10, betas to 0.9999, up to a million coordinates: one step moves nothing."""
    chosen, dim, replicas = data.draw(strategies.wide(optimizer, LEAST_DIM[law]))
    c = stationarity(optimizer, chosen, Bench(law, dim=dim, replicas=replicas, seed=seed))
    assert c.agrees, c.report()


@pytest.mark.parametrize(("optimizer", "law"), [("sgd", "fixed"), ("sgdm", "sphere"), ("adamw", "iid")])
@strategies.examples(0.06)
@given(data=st.data(), seed=strategies.seeds())
def test_perturbations_grow_over_the_whole_domain(optimizer, law, data, seed):
    """Twins answer as the Jacobian says at the same hyper-parameters and dimensions."""
    chosen, dim, replicas = data.draw(strategies.wide(optimizer, LEAST_DIM[law]))
    c = perturbation(optimizer, chosen, Bench(law, dim=dim, replicas=replicas, seed=seed))
    assert c.agrees, c.report()


@pytest.mark.parametrize("dtype", ["float32", "float64"])
@pytest.mark.parametrize(("optimizer", "law"), [("sgd", "sphere"), ("sgdm", "fixed"), ("adamw", "iid")])
@strategies.examples(0.04)
@given(
    decay=strategies.log_uniform(0.05, 0.3),
    lr=strategies.log_uniform(1e-6, 1),
    kept=st.floats(0, 0.9),
    start=strategies.log_uniform(1e-3, 1e3),
    dim=st.integers(256, 4096),
    seed=strategies.seeds(),
)
def test_long_runs_forget_their_start(optimizer, law, dtype, decay, lr, kept, start, dim, seed):
    """From a thousandth to a thousand times the equilibrium norm, in either precision, runs end at norm and angle."""
    chosen = {"lr": lr, "wd": decay / lr}
    chosen |= {"sgdm": {"momentum": kept}, "adamw": {"beta1": kept, "dim": dim}}.get(optimizer, {})
    norm = predict(optimizer, **chosen).equilibrium_norm
    # From far above the norm shrinks by 1 - p a step; from far below its first step throws it as far above.
    burn_in = math.ceil(25 / decay)
    bench = Bench(law, dim=dim, replicas=max(8, (1 << 14) // dim), seed=seed)
    c = long_run(optimizer, chosen, bench, steps=burn_in + 100, burn_in=burn_in, start_norm=start * norm, dtype=dtype)
    assert c.agrees, c.report()


@strategies.examples(0.2)
@given(decay=strategies.log_uniform(1e-12, 1e-4), lr=strategies.log_uniform(1e-6, 1))
def test_single_precision_is_refused_where_it_does_not_resolve_the_decay(decay, lr):
    """float32 runs at lr wd from 2^-20 on; below it is refused, naming the decay."""
    if abs(decay / RESOLVED - 1) < 1e-9:
        return
    rule = {"lr": lr, "wd": decay / lr}
    run = {"dim": 32, "replicas": 2, "steps": 1, "engine": "numba", "dtype": "float32"}
    if decay > RESOLVED:
        assert simulate("sgd", rule, **run).provenance.dtype == "float32"
    else:
        with pytest.raises(BadSimulation, match="float32"):
            simulate("sgd", rule, **run)


EDGES = {
    "sgd": ({}, "fixed", 2.0),
    "sgdm": ({"momentum": 0.5}, "fixed", 3.0),
    "sgdm, dampened": ({"momentum": 0.5, "dampening": 0.5}, "fixed", 6.0),
    "adamw": ({"beta1": 0.9}, "iid", 2.0),
    "lion": ({"beta1": 0.9, "beta2": 0.9}, "iid", 2.0),
}
"""Hyper-parameters, a law, and the decay per step from which on no equilibrium exists."""


def at_edge(case, decay, steps=400):
    """|w|^2 [steps + 1] over that at the start, and the prediction or the reason that there is none."""
    optimizer, (rest, law, _) = case.partition(",")[0], EDGES[case]
    chosen = {"lr": 0.5, "wd": decay / 0.5, **rest}
    run = simulate(update_for(optimizer, chosen), law=law, dim=64, replicas=8, steps=steps, seed=71)
    dims = {"dim": 64} if optimizer in ("adamw", "lion") else {}
    try:
        found = predict(optimizer, **chosen, **dims)
    except NoEquilibrium as none:
        return run, none
    return run, found


@pytest.mark.parametrize("case", EDGES)
def test_beyond_the_limit_there_is_no_equilibrium_and_none_is_predicted(case):
    """At 1.05 times the largest decay the norm of torch-like chains grows without bound, and theory names the limit."""
    run, said = at_edge(case, 1.05 * EDGES[case][2])
    assert isinstance(said, NoEquilibrium)
    assert f"outside (0, {EDGES[case][2]:g})" in str(said)
    assert run.squared_norm[400].min() > 1e3 * run.squared_norm[200].max()


@pytest.mark.parametrize("case", EDGES)
def test_within_the_limit_there_is_one(case):
    """At 0.95 times the largest decay the norm stays where it is predicted, within a tenth."""
    run, found = at_edge(case, 0.95 * EDGES[case][2])
    assert np.sqrt(run.squared_norm[200:].mean()) == pytest.approx(found.equilibrium_norm, rel=0.1)


def test_at_a_decay_of_one_the_norm_of_sgd_alternates():
    """Exactly at lr wd = 1 theory says that the norm alternates between two values, and it does."""
    with pytest.raises(NoEquilibrium, match="alternates between two values"):
        predict("sgd", lr=0.5, wd=2.0)
    run = simulate(update_for("sgd", {"lr": 0.5, "wd": 2.0}), law="fixed", dim=16, replicas=4, steps=9, start_norm=2.0)
    norm = np.sqrt(run.squared_norm)
    assert np.abs(norm[0::2] - 2.0).max() < 1e-12
    assert np.abs(norm[1::2] - 0.25).max() < 1e-12


def test_a_short_memory_of_squares_is_not_the_limit():
    """AdamW of beta2 = 0.5 is not that of beta2 -> 1: the limit's norm and angle are rejected, and theory warns."""
    chosen = {"lr": 0.1, "wd": 1.0, "beta1": 0.9}
    run = simulate(
        update_for("adamw", {**chosen, "beta2": 0.5}), law="iid", dim=256, replicas=16, steps=400, burn_in=150, seed=72
    )
    limit = predict("adamw", **chosen, dim=256)
    assert abs(run.equilibrium_norm.deviations(limit.equilibrium_norm)) > 20
    assert run.equilibrium_norm.value / limit.equilibrium_norm == pytest.approx(1.0, abs=0.5)
    assert abs(run.equilibrium_norm.value / limit.equilibrium_norm - 1) > 0.05
    assert any(
        "the expansion in 1 - beta2 fails here" in w for w in predict("adamw", **chosen, beta2=0.5, dim=256).warnings
    )
