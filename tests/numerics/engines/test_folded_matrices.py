"""Muon on long matrices folds to short ones, equal in law; by name it runs on any engine that can."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from numerics import BadSimulation, Start, simulate
from numerics.engines import folded_matrices
from numerics.gradients import FIXED
from numerics.muon import Muon
from numerics.updates import State
from tests.numerics.engines.ranks import p_value

REPLICAS, STEPS = 2500, (1, 2, 6)
LAWS = ("iid", "sphere", "fixed", "random length")
CASES = [(2, 7, law) for law in LAWS] + [(7, 2, "iid"), (3, 10, "sphere"), (4, 20, "iid"), (1, 5, "iid")]
ALPHA = 1e-9
"""Probability that one question is answered wrongly by correct code."""

pytestmark = pytest.mark.chance(0)


def hyper(rows, cols, **rest):
    """Hyper-parameters under which norms turn over within the steps."""
    return {"lr": 0.2, "wd": 0.4, "rows": rows, "cols": cols, "momentum": 0.7, **rest}


def samples(rows, cols, law, engine, seed, **rest):
    """|w|^2 after, and the angle of, a few steps."""
    chosen = replace(FIXED, spread=0.7) if law == "random length" else law
    settings = {"replicas": REPLICAS, "law": chosen, "seed": seed} | rest
    found = simulate("muon", hyper(rows, cols), rows * cols, max(STEPS), engine=engine, **settings)
    assert found.provenance.engine == engine
    places = np.array(STEPS)
    return np.concatenate([found.squared_norm[places], found.angle[places - 1]])


def least_p(one, other):
    """The smallest p-value."""
    return min(p_value(*np.round(np.log([ours, theirs]), 7)) for ours, theirs in zip(one, other, strict=True))


@pytest.mark.chance(2 * len(STEPS), ALPHA)
@pytest.mark.parametrize(("rows", "cols", "law"), CASES)
def test_folded_matrices_are_equal_in_law(rows, cols, law):
    """Norms and angles of folded chains against those of whole matrices, on independent seeds, under a schedule."""
    schedule = {"lr": np.linspace(0.3, 0.2, max(STEPS))}
    pair = (samples(rows, cols, law, *one, schedule=schedule) for one in (("torch", 1), ("reduction", 2)))
    assert least_p(*pair) > ALPHA


@pytest.mark.chance(2 * len(STEPS), ALPHA)
def test_control_one_degree_of_freedom_too_few_is_noticed(monkeypatch):
    """A rest of the noise with one degree of freedom less is rejected, the right one not."""
    shape, many = (1, 5, "iid"), {"replicas": 10000}
    whole = samples(*shape, "torch", 1, **many)
    assert least_p(whole, samples(*shape, "reduction", 2, **many)) > ALPHA
    draw = folded_matrices.chi_squares
    monkeypatch.setattr(folded_matrices, "chi_squares", lambda seed, chains, step, k: draw(seed, chains, step, k - 1))
    assert least_p(whole, samples(*shape, "reduction", 2, **many)) < 1e-10


def test_chi_squares_have_their_law():
    """Against sums of squared normals, from two degrees of freedom on."""
    freedom = torch.tensor([2, 3, 5, 40])
    found = folded_matrices.chi_squares(3, torch.arange(4000), 0, freedom).numpy()
    squares = np.random.default_rng(0).standard_normal((4000, 40)) ** 2
    for column, k in enumerate(freedom.tolist()):
        assert p_value(found[:, column], squares[:, :k].sum(1)) > 1e-5
        assert p_value(found[:, column], 1.5 * squares[:, :k].sum(1)) < 1e-5


def test_a_chain_is_the_same_among_others():
    """A folded chain's noise is its own, also where others need another try."""
    few, many = (
        simulate("muon", hyper(2, 9), 18, 40, engine="reduction", law="iid", replicas=replicas) for replicas in (3, 50)
    )
    assert few.squared_norm == pytest.approx(many.squared_norm[:, :3], rel=1e-12)


def test_a_start_is_folded_as_it_is():
    """Norm and first lost overlap of given weights and buffer; the latter where the gradient counts for nothing."""
    w, b = torch.randn(2, 6, 18, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    start = Start(w, State(buffer=b, steps=3))
    update = Muon(**hyper(2, 9) | {"momentum": 0.999999}, scale="match_rms_adamw")
    settings = {"dim": 18, "steps": 1, "law": "iid", "replicas": 6, "start": start, "grad_norm": 1e-3}
    whole, folded = (simulate(update, **settings, engine=engine) for engine in ("torch", "reduction"))
    assert folded.squared_norm[0] == pytest.approx(whole.squared_norm[0], rel=1e-12)
    assert folded.lost_overlap[0] == pytest.approx(whole.lost_overlap[0], rel=1e-5)
    assert folded.angle[0] == pytest.approx(whole.angle[0], rel=1e-5)


def test_muon_runs_by_name_as_by_itself():
    """The name and the update give the same bits; single precision stays near."""
    settings = {"dim": 18, "steps": 20, "replicas": 3, "law": "iid"}
    named, own = simulate("muon", hyper(2, 9), **settings), simulate(Muon(**hyper(2, 9)), **settings)
    assert np.array_equal(named.squared_norm, own.squared_norm)
    single = simulate("muon", hyper(2, 9), **settings, dtype="float32")
    assert single.squared_norm == pytest.approx(named.squared_norm, rel=1e-5)
    assert not np.array_equal(single.squared_norm, named.squared_norm)


@pytest.mark.parametrize(
    ("change", "rest", "says"),
    [
        ({}, {"dim": 20}, r"dim = 20 is not rows \* cols = 18 of muon"),
        ({"rows": 0}, {}, r"rows = 0 of muon is outside its range \[1, inf\)"),
        ({"scale": "moon"}, {}, "muon: scale = moon is unknown; known are original"),
        ({"orthogonalise": "qr"}, {}, "muon: orthogonalise = qr is unknown; known are polar, newton_schulz"),
        ({"lr": 1e-5, "wd": 1e-5}, {"dtype": "float32"}, "float32 does not resolve 1 - lr wd"),
        ({}, {"engine": "numba"}, "engine = numba cannot run this: the rule is not one of"),
        ({"rows": 3, "cols": 6}, {"engine": "reduction"}, "matrices fold where one side is above three times"),
        ({"orthogonalise": "newton_schulz"}, {"engine": "reduction"}, "orthogonalise = newton_schulz rounds"),
        ({}, {"engine": "reduction", "law": "laplace"}, "the law laplace is not white and normal"),
    ],
)
def test_what_muon_cannot_is_refused(change, rest, says):
    """In one line."""
    with pytest.raises(BadSimulation, match=says) as caught:
        simulate("muon", hyper(2, 9) | change, **{"dim": 18, "steps": 2, "replicas": 2, "law": "iid"} | rest)
    assert len(str(caught.value).splitlines()) == 1
