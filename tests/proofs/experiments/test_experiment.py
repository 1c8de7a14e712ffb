"""What a finding says, and that every experiment states what it must."""

import json
import math
import subprocess
import sys

import pytest

from numerics.statistics import Estimate
from numerics.sweep import Cell
from numerics.sweep.calling import named as function
from proofs.claim import Kind
from proofs.claims import CLAIMS
from proofs.experiments import EXPERIMENTS, NoExperiment, named, names, of_claim
from proofs.experiments.experiment import Experiment, Finding, Mode, Relation, groups, largest, over_seeds, smallest
from proofs.literature import ROWS, UNAUDITED
from proofs.verdict import Outcome


def finding(value, error=0.0, seeds=4, relation=Relation.EQUAL):
    return Finding("x", 1.0, Estimate(value, error, seeds), 0.05, "by hand", relation)


@pytest.mark.parametrize(
    ("found", "outcome"),
    [
        (finding(1.04), Outcome.HOLDS),
        (finding(1.06), Outcome.REFUTED),
        (finding(0.94), Outcome.REFUTED),
        (finding(math.nan), Outcome.REFUTED),
        (finding(1.0, 0.01), Outcome.HOLDS),
        (finding(1.0, 0.02), Outcome.UNDECIDED),
        (finding(1.06, 0.01), Outcome.UNDECIDED),
        (finding(1.5, 0.01), Outcome.REFUTED),
        (finding(1.0, math.inf, 1), Outcome.UNDECIDED),
        (finding(0.2, 0.01, relation=Relation.AT_MOST), Outcome.HOLDS),
        (finding(1.5, 0.01, relation=Relation.AT_MOST), Outcome.REFUTED),
        (finding(0.2, 0.01, relation=Relation.AT_LEAST), Outcome.REFUTED),
        (finding(1.5, relation=Relation.AT_LEAST), Outcome.HOLDS),
        (finding(0.94, relation=Relation.AT_LEAST), Outcome.REFUTED),
    ],
)
def test_outcome_of_a_finding(found, outcome):
    """The whole interval within the tolerance holds, the whole of the wider one beyond it refutes."""
    assert found.outcome is outcome
    assert found.as_dict()["outcome"] == str(outcome)


def test_false_alarms_of_a_finding():
    """The intervals are Student's: 95 per cent from 4 seeds is 3.18 errors, 99.9 per cent 12.9."""
    assert finding(1.0, 0.05 / 3.18).outcome is Outcome.UNDECIDED
    assert finding(1.0, 0.05 / 3.19).outcome is Outcome.HOLDS
    assert finding(1.05 + 12.9 * 0.01, 0.01).outcome is Outcome.UNDECIDED
    assert finding(1.05 + 12.95 * 0.01, 0.01).outcome is Outcome.REFUTED


def test_cells_are_gathered():
    """Means with errors over seeds, largest and smallest values, groups by parameters."""
    cells = [Cell({"a": a, "b": 1}, seed, {"y": a + seed}) for a in (1, 2) for seed in (0, 1, 2)]
    assert [len(own) for own in groups(cells, "a").values()] == [3, 3]
    assert list(groups(cells)) == [(1, 1), (2, 1)]
    assert over_seeds(cells[:3], "y") == Estimate(2.0, 1 / math.sqrt(3), 3)
    assert over_seeds(cells[:1], lambda cell: 2 * cell.values["y"]) == Estimate(2.0, math.inf, 1)
    assert largest(cells, "y") == Estimate(4.0, 0.0, 6)
    assert smallest(cells, lambda cell: -cell.values["y"]) == Estimate(-4.0, 0.0, 6)
    assert math.isnan(largest([*cells, Cell({}, 0, {"y": math.nan})], "y").value)
    assert math.isnan(smallest([*cells, Cell({}, 0, {"y": math.nan})], "y").value)


@pytest.mark.parametrize("name", names())
def test_every_experiment_says_what_it_tests(name):
    """Known claims and published ids, a function for its cells, grids as JSON has them, its name on top."""
    experiment = EXPERIMENTS[name]
    assert isinstance(experiment, Experiment)
    assert experiment.claims
    assert set(experiment.claims) <= set(CLAIMS)
    known = {row.id for row in ROWS} | {row.listed for row in ROWS} | {row.id for row in UNAUDITED}
    assert set(experiment.published) <= known
    function(experiment.cell)
    assert experiment.cell.startswith("proofs.experiments.cells.")
    assert Mode.FULL in experiment.seeds
    assert set(experiment.seeds) == set(experiment.seconds)
    for mode in experiment.seeds:
        grid = list(experiment.grid(mode))
        assert grid == json.loads(json.dumps(grid))
        assert experiment.seeds[mode] >= 1
        assert experiment.seconds[mode] > 0
    assert all(experiment in of_claim(claim) for claim in experiment.claims)


def test_every_empirical_claim_has_an_experiment():
    """And nothing but experiments looks at it."""
    empirical = [claim for claim in CLAIMS.values() if claim.kind is Kind.EMPIRICAL]
    assert empirical
    for claim in empirical:
        assert of_claim(claim.id)
        assert not claim.owed


def test_the_quick_set_is_quick():
    """All experiments together stay under ten minutes by what they say of themselves."""
    quick = [experiment for experiment in EXPERIMENTS.values() if Mode.QUICK in experiment.seeds]
    assert len(quick) == len(EXPERIMENTS) - 1
    assert sum(experiment.seconds[Mode.QUICK] for experiment in quick) < 600


def test_unknown_experiments_are_refused():
    """By name, with those that there are."""
    with pytest.raises(
        NoExperiment, match=r"experiment = wrong is unknown; known are .*exponential-lr, .*three-regimes"
    ):
        named("wrong")


def test_listing_loads_neither_torch_nor_matplotlib():
    """The experiments are listed without what they run with."""
    code = (
        "import sys; from proofs.experiments import EXPERIMENTS as e; list(e.values()); "
        "print([m for m in ('torch', 'matplotlib', 'sklearn', 'sympy') if m in sys.modules])"
    )
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip() == "[]"
