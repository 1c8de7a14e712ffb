"""Compiled chains follow torch's, entry by entry: every form of every rule, in double and in single precision."""

import sys
from importlib.util import module_from_spec, spec_from_file_location

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from numerics import simulate
from numerics.engines.fused import NARROW
from numerics.engines.writing import FORMS, source
from numerics.gradients import GradientLaw
from numerics.philox.kinds import sparse
from tests.numerics.engines.runs import GRADIENTS, SIGNS, apart, chosen, hyperparameters, run, some_start
from tests.strategies import examples, seeds

pytestmark = pytest.mark.chance(0)

DOUBLE, SINGLE = 1e-12, 5e-6
WIDTHS = {"lanes": 7, "chains": 40}
LAYOUTS = {form: list(WIDTHS)[place % 2] for place, form in enumerate(FORMS)}
"""The layout in which a form is run in double precision; in the other it is run in single, to compile half as much."""
SCHEDULE = {"lr": np.linspace(0.02, 0.08, 24), "wd": np.geomspace(0.1, 1.0, 24)}


def agree(form, exact, found, within):
    """Whether all chains agree; of a form that steps by signs, in single precision, all chains but one.

    There |u| < 2^-24 turns one sign of the 10^4 that a test takes with probability below 10^-2, and that moves an
    entry of the weights by 2 lr; two such chains in one test have probability below 10^-4.
    """
    worst = np.sort(apart(exact, found).ravel())
    return worst[-2 if form in SIGNS and within == SINGLE else -1] < within


@pytest.mark.parametrize("form", FORMS)
def test_every_form_follows_torch(form):
    """Two configurations under a schedule, in one layout in double precision and in the other in single.

    A nudge of lr by 1e-9 is noticed in the first, one of 1e-3 in the second.
    """
    for layout, dim in WIDTHS.items():
        several = [chosen(form), chosen(form) | {"wd": 0.1}]
        share = layout == "chains"
        settings = {"dim": dim, "replicas": 9, "schedule": {"lr": SCHEDULE["lr"]}, "share_noise": share}
        exact = run(form, "torch", several, **settings)
        within, dtype, nudge = (DOUBLE, "float64", 1e-9) if layout == LAYOUTS[form] else (SINGLE, "float32", 1e-3)
        assert agree(form, exact, run(form, "numba", several, **settings, dtype=dtype), within), layout
        nudged = settings | {"schedule": {"lr": SCHEDULE["lr"] * (1 + nudge)}}
        assert not agree(form, exact, run(form, "numba", several, **nudged, dtype=dtype), within), layout


@pytest.mark.parametrize("law", GRADIENTS)
@pytest.mark.parametrize("dim", [2, 3, 7, 16, 17, 40, 1030])
def test_every_law_at_every_width(law, dim):
    """Each gradient law where entries are fewer than a block of four, at the layouts' border and beyond a block.

    Where noise is nearly along w rounding grows by the inverse of the sine between them, at dim 2 and 3 visibly.
    """
    settings = {"law": law, "dim": dim, "replicas": 5, "steps": 8 if dim > 1000 else 24}
    exact = run("sgdm", "torch", **settings)
    assert agree("sgdm", exact, run("sgdm", "numba", **settings), DOUBLE if dim > 3 else 1e-9)
    assert agree("sgdm", exact, run("sgdm", "numba", **settings, dtype="float32"), SINGLE if dim > 3 else 1e-2)


@examples(0.4)
@given(st.data())
def test_anywhere_in_the_domain(data):
    """Form, law, width, hyper-parameters, schedule, start and shared noise, drawn together."""
    form = data.draw(st.sampled_from(sorted(FORMS)), "form")
    law = data.draw(st.sampled_from(sorted(GRADIENTS)), "law")
    least = 7 if GRADIENTS[law].orthogonal else 1
    dim = data.draw(st.integers(least, NARROW) if LAYOUTS[form] == "lanes" else st.integers(NARROW + 1, 48), "dim")
    many, replicas = data.draw(st.integers(1, 3), "configurations"), data.draw(st.integers(2, 20), "replicas")
    several = [data.draw(hyperparameters(form)) for _ in range(many)]
    settings = {"law": law, "dim": dim, "replicas": replicas, "seed": data.draw(seeds())}
    settings["share_noise"] = data.draw(st.booleans(), "shared")
    settings["grad_norm"] = data.draw(st.sampled_from([1.0, 0.1, 10.0]))
    scheduled = data.draw(st.sets(st.sampled_from(sorted(SCHEDULE))), "scheduled")
    settings["schedule"] = {name: SCHEDULE[name] for name in scheduled}
    if data.draw(st.booleans(), "started"):
        settings["start"] = some_start(form, many * replicas, dim, settings["seed"])
    exact, found = (run(form, engine, several, **settings) for engine in ("torch", "numba"))
    assert agree(form, exact, found, DOUBLE * 100)


def test_control_an_altered_kernel_is_noticed(tmp_path, monkeypatch):
    """A kernel whose momentum is 1e-6 too large, written beside, is told from torch; the written one is not."""
    exact = run("sgdm", "torch", dim=40)
    assert agree("sgdm", exact, run("sgdm", "numba", dim=40), DOUBLE)
    text = source(FORMS["sgdm"])
    altered = text.replace("momentum = row[", "momentum = 1.000001 * row[")
    assert altered != text
    (tmp_path / "sgdm.py").write_text(altered)
    spec = spec_from_file_location("numerics.engines.compiled.sgdm", tmp_path / "sgdm.py")
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setitem(sys.modules, "numerics.engines.compiled.sgdm", module)
    assert not agree("sgdm", exact, run("sgdm", "numba", dim=40), 1e-8)


def test_noise_along_the_weights_makes_no_hole():
    """At dim 2 noise comes as close to w as one likes: in single precision too the norm stays what it is by hand."""
    found = run("sgd", "numba", {"lr": 0.1, "wd": 0.1}, dim=2, steps=20000, replicas=16, dtype="float32")
    before, after = found.squared_norm[:-1], found.squared_norm[1:]
    assert np.isfinite(after).all()
    by_hand = 0.99**2 * before + 0.01 / before
    assert np.quantile(abs(after / by_hand - 1), 0.999) < 1e-4


@pytest.mark.parametrize("dim", [2, 40])
def test_noise_of_length_zero_makes_no_gradient(dim):
    """Sparse noise that is zero in every entry, normalised: a step of decay alone, in both engines."""
    law = GradientLaw("normalised sparse", normalised=True, entries=sparse(0.5 / dim))
    settings = {"dim": dim, "replicas": 8, "steps": 24, "seed": 3, "law": law}
    exact, found = (simulate("sgd", {"lr": 0.1, "wd": 0.4}, **settings, engine=e) for e in ("torch", "numba"))
    assert apart(exact, found).max() < DOUBLE
    still = np.isclose(exact.squared_norm[1:], 0.96**2 * exact.squared_norm[:-1], rtol=1e-12)
    assert 0.2 < still.mean() < 0.9


@pytest.mark.parametrize(("form", "given"), [("lars", {"momentum": 0.0}), ("lamb", {"beta1": 0.0})])
@pytest.mark.parametrize("dim", [2, 40])
def test_a_trust_ratio_of_nothing_moves_nothing(form, given, dim):
    """Neither gradient nor decay: the weights stay where they are, in both engines."""
    law = GradientLaw("sparse", entries=sparse(0.5 / dim))
    settings = {"dim": dim, "replicas": 8, "steps": 24, "seed": 3, "law": law}
    exact, found = (simulate(form, {"lr": 0.1, "wd": 0.0, **given}, **settings, engine=e) for e in ("torch", "numba"))
    assert np.isfinite(exact.squared_norm).all()
    assert apart(exact, found).max() < DOUBLE * 100
    assert 0.2 < (exact.squared_norm[1:] == exact.squared_norm[:-1]).mean() < 0.9
