"""Mutants of the theory are killed by the simulation; the truth and what equals it are not.

A right formula is rejected with probability 1e-9 a confrontation. That a mutant is killed is no matter of chance at
the sizes here: each changes its formula by many times what the design sees.
"""

from collections import Counter
from dataclasses import replace
from functools import cache

import numpy as np
import pytest
from sympy import Integer, sin

from numerics.seeding import mixed
from proofs.confrontation import expanded, judging, lagging, report, trials
from proofs.confrontation.alterations import KINDS
from proofs.confrontation.judging import EQUIVALENT, KILLED, SURVIVED, judge, of
from proofs.confrontation.mutants import (
    ANGLE,
    FILTERS,
    LEADING,
    LINEARISED,
    SIBLINGS,
    formulas,
    mutants,
    summed,
)
from proofs.confrontation.numbers import number
from proofs.layers.simulation import FIELD, FINITE_BETA2, POINTS
from tests.compare import close
from theory.symbols import beta2, decay, lag, lr, wd

pytestmark = pytest.mark.chance(200)

FEW = ("sgd", "sgdm", "nesterov", "adamw", "lion", "rmspropw_beta2")


@pytest.fixture(scope="module")
def made():
    """The mutants of a few rules."""
    return [one for optimizer in FEW for one in mutants(optimizer)]


def test_every_rule_that_is_confronted_has_mutants():
    """The rules of the simulation layer, and Signum, are those with points to try mutants at."""
    assert set(trials.CHOSEN) == {*POINTS, *FIELD, *FINITE_BETA2, "signum"}


def test_there_are_enough_of_every_kind(made):
    """More than a thousand of a few rules alone, of every kind, none twice."""
    assert len(made) > 1000
    assert {one.kind for one in made} == {*KINDS, *SIBLINGS, LEADING, LINEARISED}
    assert len({(one.claim, one.quantity, one.entry, one.of, one.power, one.altered) for one in made}) == len(made)
    assert all(one.altered != one.true and one.place for one in made)


@pytest.mark.parametrize("claim", ["sgd-norm", "sgd-angle", "sgd-rate", "sgdm-angle", "adamw-angle", "ngd-norm"])
def test_every_mutant_of_a_claim_is_killed(claim):
    """None survives and none is equivalent, and most are killed by a simulation rather than for want of a number."""
    found = [report.verdict(*one) for one in report.everything(claim)]
    assert {one.outcome for one in found} == {KILLED}
    simulated = [one for one in found if one.p_value is not None]
    assert len(simulated) > 0.6 * len(found)
    assert all(one.p_value < 1e-9 for one in simulated)


@pytest.mark.parametrize("optimizer", ["sgd", "sgdm", "adamw"])
def test_the_truth_is_not_killed(optimizer):
    """The unaltered formulas agree with the simulation at every point, and are equivalent to themselves."""
    for one in formulas(optimizer)[:2]:
        assert judge(one).outcome == EQUIVALENT
        assert len(judging._usable(optimizer, one.quantity, one.entry)) >= 3


def test_what_no_design_sees_survives():
    """A norm that is a millionth off survives, and the report says that this is less than the design sees."""
    one = formulas("rmspropw")[0]
    found = judge(replace(one, altered=one.true * (1 + 1e-6)))
    assert found.outcome == SURVIVED
    assert found.change == close(1e-6, 1e-6)
    assert 100 * found.change < found.seen < 0.1


def test_a_mutant_that_equals_the_truth_is_equivalent():
    """Eta lambda in the place of p changes nothing at any point."""
    one = formulas("sgd")[1]
    assert one.quantity == ANGLE
    assert judge(replace(one, altered=lr * wd)).outcome == EQUIVALENT
    assert judge(replace(one, altered=sin(decay))).by == judging.NO_NUMBER


def test_formulas_are_what_is_confronted():
    """E|w|^2 and 1 - cos of the expressions are the compiled prediction's at every point."""
    for optimizer in FEW[:-1]:
        norm, angle = formulas(optimizer)[:2]
        for trial in trials.trials(optimizer):
            assert of(norm, trial, altered=True) == close(trial.expected.moments[0, 0], 1e-10)
            assert of(angle, trial, altered=True) == close(trial.expected.one_minus_cosine, 1e-10)


@pytest.mark.parametrize("optimizer", FILTERS)
def test_the_sum_over_lags_is_the_series(optimizer):
    """With the right correlation in it the sum gives the norm of the theory's own series."""
    norm, trial = formulas(optimizer)[0], trials.trials(optimizer)[0]
    whole = summed(norm.true, optimizer, FILTERS[optimizer].sign_autocorrelation_at(lag))
    assert of(replace(norm, altered=whole), trial, altered=True) == close(of(norm, trial, altered=False), 1e-12)


def test_no_number_where_there_is_none():
    """A root of a negative number, a division by zero and a series without a sum have none."""
    assert number((decay - 2) ** (lr / lr / 2), {"p": 1.0}) is None
    assert number(1 / (decay - 1), {"p": 1.0}) is None
    assert number(decay**2, {"p": 3.0}) == 9


def test_a_truth_that_is_rejected_is_no_judge(monkeypatch):
    """Where a design rejects the truth nothing is killed by it: the run stops with the reason."""
    monkeypatch.setattr(trials, "SEED", mixed(5))
    real = judging.of
    monkeypatch.setattr(judging, "of", lambda one, trial, altered: 1.1 * real(one, trial, altered))
    judging._usable.cache_clear()
    with pytest.raises(judging.Unusable, match="the truth is rejected"):
        judge(next(mutants("ngd")))
    judging._usable.cache_clear()


def test_points_are_drawn_alike_each_time():
    """The drawn points depend on the base seed alone."""
    one, other = ([trial.hyperparameters for trial in trials.unseen("sgdm")] for _ in range(2))
    assert one == other
    assert len({str(point) for point in one}) == trials.UNSEEN


def test_mutants_of_the_lag():
    """The map of AdamW's moments is altered in each of its four lines, and once it loses its lag."""
    found = list(lagging.mutants())
    assert len(found) > 150
    assert Counter(one.kind for one, _ in found)[lagging.NO_LAG] == 1
    assert {one.place[:5] for one, _ in found} == {f"in {name}" for name in lagging.NAMES} | {"whole"}


def test_the_unaltered_map_is_the_trajectory():
    """Iterated from its expressions the map gives theory's own trajectory."""
    start = 2.0
    true = lagging.trajectory(
        "adamw", lagging.scheduled("constant", steps=60, **lagging.SETTING), start, **lagging.HYPER
    )
    found = lagging._squares(lagging.after(), start, 60)
    assert np.abs(np.sqrt(found) / true.norm - 1).max() < 1e-12


@pytest.fixture
def near(monkeypatch):
    """Quadrature at a beta2 that takes less time."""
    for kept in ("points", "exact"):
        monkeypatch.setattr(expanded, kept, cache(getattr(expanded, kept).__wrapped__))
    monkeypatch.setattr(expanded, "NEAR", 1e-3)


@pytest.mark.parametrize(
    ("factor", "outcome"),
    [
        (1 + (1 - beta2) / 50, KILLED),
        (1 - (1 - beta2) / 50, KILLED),
        (1 + (1 - beta2) ** 2, EQUIVALENT),
        (1 + Integer(10) ** -7, SURVIVED),
    ],
)
def test_quadrature_sees_the_first_order_in_beta2(near, factor, outcome):
    """A norm is rejected for a fiftieth of 1 - beta2, and is none the worse for its square."""
    one = formulas("rmspropw_beta2")[0]
    found = judging._expanded(replace(one, altered=one.true * factor))
    assert found.outcome == outcome
    if outcome == KILLED:
        assert found.by == expanded.DESIGN
    if outcome == SURVIVED:
        assert found.change == close(1e-7, 1e-6)
        assert found.change < found.seen < 1e-4


def test_quadrature_that_rejects_the_truth_is_no_judge(near, monkeypatch):
    """With exact values that are one part in 1e4 off nothing is judged."""
    right = expanded.exact
    monkeypatch.setattr(expanded, "exact", lambda trial, quantity: (1 + 1e-4) * right(trial, quantity))
    monkeypatch.setattr(expanded, "allowed", lambda trial: 5e-5)
    with pytest.raises(judging.Unusable, match="rejected by quadrature"):
        judging._expanded(formulas("rmspropw_beta2")[0])


def test_the_map_rests_where_adamw_does():
    """From equilibrium the unaltered map stays, and one step of AdamW rejects where a lag altered once ends."""
    rest = lagging.at_rest(lagging.after())
    assert rest == close(lagging.resting().expected.moments[0, 0], 1e-12)
    one, moments = next((one, it) for one, it in lagging.mutants() if one.place == "in X': beta_2*v -> beta_2**2*v")
    assert 0 < abs(lagging.at_rest(moments) / rest - 1) < 1e-2
    found = report._at_rest(one, moments)
    assert (found.outcome, found.by) == (KILLED, "stationarity")
    assert found.p_value < 1e-9
    assert report._at_rest(one, lagging.after()) is None
    nowhere = report._at_rest(one, moments._replace(v=-moments.v))
    assert (nowhere.outcome, nowhere.by) == (KILLED, judging.NO_NUMBER)


def test_a_record_counts_what_it_holds():
    """The table counts rows by kind, and its share leaves equivalents out."""
    rows = [{"kind": "k", "outcome": outcome} for outcome in (KILLED, KILLED, KILLED, SURVIVED, EQUIVALENT)]
    assert report.table(rows)[-1] == ("all", "5", "3", "1", "1", "0.7500")
    found = report.record([{"kind": "k", "outcome": KILLED, "at": {"lr": 1}}] * 2)
    assert [row["at"] for row in found["mutants"]] == [0, 0]
    assert found["points"] == [{"lr": 1}]
