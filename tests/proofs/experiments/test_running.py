"""A run leaves cells, report, figure and evidence of its own; what goes wrong is said and nothing is judged by it."""

from dataclasses import replace

import pytest

from numerics.statistics import Estimate
from proofs import Status, evidence, status
from proofs.claims import CLAIMS
from proofs.experiments import running, three_regimes_toy
from proofs.experiments.experiment import FIRST_SEED, Finding, Mode
from proofs.experiments.report import BadReport, read
from proofs.experiments.running import BadExperiment, swept
from proofs.layers import TABLE
from proofs.verdict import Outcome
from proofs.verification import LAYERS, checkers, failing, planned, unmet
from smd import ledger

pytestmark = pytest.mark.chance(0)
NAME, CLAIM = "three-regimes-toy", "toy-random-starts"
POINT = {"curvatures": [1.0], "ratio": 0.5, "burn_in": 10, "steps": 5}


@pytest.fixture
def small(monkeypatch):
    """The experiment with two cells of few steps; ``small(value)`` has it measure that value for 1."""

    def build(value=1.0, **changes):
        own = (Finding("one", 1.0, Estimate(value, 0.0, 2), 0.1, "by hand", claims=(CLAIM,)),)
        own += (Finding("all", 1.0, Estimate(1.0, 0.0, 2), 0.1, "by hand"),)
        changes = {"grid": lambda mode: [POINT], "judge": lambda cells: own, **changes}
        changes = {"seeds": {Mode.QUICK: 2, Mode.FULL: 3}, **changes}
        monkeypatch.setattr(three_regimes_toy, "EXPERIMENT", replace(three_regimes_toy.EXPERIMENT, **changes))

    return build


def run(*asked, **settings):
    """Cells, and then what is concluded of them."""
    return swept(*asked, **settings)()


def one_panel(cells):
    from proofs.experiments.drawing import panels

    return panels(1, 1)[0]


def test_a_run_is_recorded(small, tmp_path):
    """Cells, report, page and figure; evidence on each claim that says quick, and a second run does nothing anew."""
    small(figure=one_panel)
    told = []
    found = run(NAME, folder=tmp_path, jobs=1, on_progress=lambda *now: told.append(now[:2]))
    place = tmp_path / NAME / "quick-cpu"
    assert read(place / "report.json") == found
    assert (place / "report.md").read_text(encoding="utf-8").startswith(f"# {found.title}\n")
    assert "<svg" in (place / "figure.svg").read_text(encoding="utf-8")
    assert (found.outcome, found.mode, found.seeds, found.cells, found.device) == ("holds", "quick", 2, 2, "cpu")
    assert told == [(0, 2), (1, 2), (2, 2)]
    (kept,) = evidence.of(CLAIMS[CLAIM])
    assert (kept.label, kept.outcome) == (f"network: {NAME}, quick", Outcome.HOLDS)
    assert kept.method == f"{NAME}, quick, seeds 2: 2 of 2 findings hold"
    assert not kept.is_stale
    assert status(CLAIMS[CLAIM]) is Status.SUPPORTED
    told.clear()
    run(NAME, folder=tmp_path, jobs=1, on_progress=lambda *now: told.append(now[:2]))
    assert told == [(2, 2)]
    files = found.publish(place, tmp_path / "book")
    assert [file.name for file in files] == [f"{NAME}-quick-cpu.json", f"{NAME}-quick-cpu.svg"]


def test_quick_and_full_stand_side_by_side(small, tmp_path):
    """A quick run does not hide a full one; what never ran reads so in the ledger."""
    small(figure=one_panel, full_on=("cpu", "cuda"))
    run(NAME, folder=tmp_path, jobs=1)
    assert ledger.row(CLAIMS[CLAIM])["evidence"] == {
        f"network: {NAME}, quick": "holds",
        f"network: {NAME}, full": "not yet run",
        f"network-gpu: {NAME}, full": "not yet run",
    }
    run(NAME, folder=tmp_path, jobs=1, mode="full")
    assert [e.mode for e in evidence.of(CLAIMS[CLAIM])] == ["full", "quick"]
    assert evidence.awaited(CLAIMS[CLAIM]) == [f"network-gpu: {NAME}, full"]


def test_a_finding_refutes_its_own_claims(small, tmp_path):
    """A measured value outside its tolerance refutes the claim that it speaks of, and no other."""
    small(1.5, figure=one_panel)
    assert run(NAME, folder=tmp_path, jobs=1).outcome == "refuted"
    said = {claim: evidence.of(CLAIMS[claim]) for claim in (CLAIM, "toy-threshold")}
    assert [own.outcome for own in said[CLAIM]] == [Outcome.REFUTED]
    assert [own.outcome for own in said["toy-threshold"]] == [Outcome.HOLDS]
    assert status(CLAIMS[CLAIM]) is Status.REFUTED
    assert failing([e for own in said.values() for e in own]) == [CLAIM]


def test_the_worst_run_of_a_layer_counts(small, tmp_path):
    """A full run that refutes is not outvoted by a quick one that holds."""
    small(1.5, figure=one_panel)
    run(NAME, folder=tmp_path, jobs=1, mode="full")
    small(1.0, figure=one_panel)
    run(NAME, folder=tmp_path, jobs=1)
    found = evidence.of(CLAIMS[CLAIM])
    assert [e.outcome for e in found] == [Outcome.REFUTED, Outcome.HOLDS]
    assert evidence.said(found) == {"network": Outcome.REFUTED}
    assert status(CLAIMS[CLAIM]) is Status.REFUTED


def test_nothing_is_judged_while_a_cell_failed(small, tmp_path):
    """The report names the cell; the evidence is undecided."""
    small(figure=one_panel, grid=lambda mode: [POINT, {**POINT, "curvatures": []}])
    found = run(NAME, folder=tmp_path, jobs=1)
    assert (found.outcome, found.findings, len(found.failed)) == ("undecided", [], 2)
    assert found.failed[0].startswith(f"curvatures = [], ratio = 0.5, burn_in = 10, steps = 5, seed = {FIRST_SEED}: ")
    assert not (tmp_path / NAME / "quick-cpu" / "figure.svg").exists()
    (kept,) = evidence.of(CLAIMS[CLAIM])
    assert kept.outcome is Outcome.UNDECIDED


@pytest.mark.parametrize(
    ("asked", "says"),
    [
        ({"mode": "slow"}, "mode = slow is unknown; known are quick, full"),
        ({"device": "tpu"}, "device = tpu is unknown; known are cpu, cuda"),
        ({"seeds": 0}, "seeds = 0 must be 1 or more"),
    ],
)
def test_arguments_without_meaning(tmp_path, asked, says):
    """They are refused before anything is written."""
    with pytest.raises(BadExperiment, match=says):
        run(NAME, folder=tmp_path / "new", **asked)
    assert not (tmp_path / "new").exists()


def test_a_mode_that_an_experiment_lacks(small, tmp_path):
    """It is refused with the one that there is; only that one is awaited."""
    small(figure=one_panel, seeds={Mode.FULL: 2}, full_on=("cpu",))
    with pytest.raises(BadExperiment, match=rf"{NAME} has no quick mode: run it with --full"):
        run(NAME, folder=tmp_path / "new")
    assert not (tmp_path / "new").exists()
    assert evidence.awaited(CLAIMS[CLAIM]) == [f"network: {NAME}, full"]
    assert run(NAME, folder=tmp_path, jobs=1, mode="full").outcome == "holds"
    assert evidence.awaited(CLAIMS[CLAIM]) == []


def test_a_missing_package_is_named(tmp_path, monkeypatch):
    """With what installs it."""
    lacking = replace(TABLE["network"], needs={"no_such_module": "no-such-package"})
    monkeypatch.setitem(running.TABLE, "network", lacking)
    with pytest.raises(
        BadExperiment, match=r"^no-such-package not installed: pip install 'spherical-motion\[train\]'$"
    ):
        run(NAME, folder=tmp_path)


def test_a_report_that_is_none(tmp_path):
    """Damage is named."""
    for text in ("", "{}", "[]"):
        (tmp_path / "report.json").write_text(text, encoding="utf-8")
        with pytest.raises(BadReport, match="is no report of an experiment"):
            read(tmp_path / "report.json")


def test_verify_never_starts_an_experiment():
    """The layers of networks are not among those that verify runs, whatever evidence is missing."""
    assert {"network", "network-gpu"} == set(TABLE) - set(LAYERS)
    assert checkers(CLAIMS[CLAIM]) == {}
    assert planned([CLAIMS[CLAIM]], missing=True) == []
    assert unmet([CLAIMS[CLAIM]], ()) == []
