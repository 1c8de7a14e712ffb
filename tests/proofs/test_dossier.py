"""Dossiers hold what the claim objects and the evidence say, and the figures draw what was recorded."""

import csv
import io
import re
from xml.etree import ElementTree

import pytest

from proofs import CLAIMS, evidence
from proofs.confrontation import Bench, stationarity
from proofs.dependencies import depends_on
from proofs.dossier import NOT_RUN, comparisons, dependents, dossier
from proofs.forest import COLUMNS, svg, table, told
from proofs.formal import correspondence
from proofs.layers.simulation import recorded
from proofs.verdict import Outcome, Verdict

SVG = "{http://www.w3.org/2000/svg}"


@pytest.fixture
def found():
    """A dossier with one confrontation on record."""
    claim = CLAIMS["sgd-angle"]
    run = stationarity("sgd", {"lr": 0.1, "wd": 0.5}, Bench("sphere", replicas=16))
    evidence.record(claim, Verdict("simulation-cpu", Outcome.HOLDS, "here", 0.1, {"comparisons": [recorded(run)]}))
    return dossier(claim), run


def test_dossier_says_what_the_claim_says(found):
    """Statement, formula, hypotheses, setting, citations and dependencies are the claim's own."""
    one, _ = found
    claim = CLAIMS["sgd-angle"]
    assert one["statement"] == claim.statement
    assert one["formulas"] == [f.latex for f in claim.displays]
    assert one["hypotheses"] == list(claim.hypotheses)
    assert one["depends_on"] == list(depends_on(claim))
    assert claim.content_hash in one["citations"]["bibtex"]
    assert one["recheck"] == "smd verify --claim sgd-angle"


def test_what_has_not_run_says_so(found):
    """The GPU's simulation is there and not yet run; the simulation that ran has its date and device."""
    one, _ = found
    by_layer = {e["label"]: e for e in one["evidence"]}
    assert by_layer["simulation-gpu"]["outcome"] == NOT_RUN == "not yet run"
    assert by_layer["simulation-cpu"]["outcome"] == "holds"
    assert re.match(r"\d{4}-\d\d-\d\d", by_layer["simulation-cpu"]["date"])
    assert one["status"] == "supported"


def test_figure_draws_every_recorded_number(found):
    """One mark a comparison, at its distance from the prediction in error bars."""
    one, run = found
    drawn = ElementTree.fromstring(svg(comparisons(one)))  # noqa: S314 - our own
    marks = drawn.findall(f"{SVG}circle")
    assert len(marks) == len(run.statistics)
    said = [float(mark.find(f"{SVG}title").text.split()[0]) for mark in marks]
    assert said == pytest.approx([s.deviations for s in run.statistics], abs=0.006)
    order = sorted(range(len(marks)), key=lambda i: said[i])
    places = [float(marks[i].get("cx")) for i in order]
    assert places == sorted(places)


def test_control_a_wrong_prediction_moves_its_mark(found):
    """A prediction that is off by ten error bars is drawn off by ten error bars, beyond the others."""
    one, _ = found
    (wrong,) = comparisons(one)
    statistic = wrong["statistics"][-1]
    statistic["predicted"] = statistic["measured"] - 10 * statistic["error"]
    titles = re.findall(r"<title>(\S+) error bars", svg([wrong]))
    assert float(titles[-1]) == pytest.approx(10, abs=0.01)


def test_numbers_end_at_their_errors():
    """A measurement is told to the second digit of its error bar."""
    for value, error, text in (
        (2.4931696, 0.0116, "2.493 ± 0.012"),
        (538.39, 280.04, "540 ± 280"),
        (0.5263157894736843, 1.42e-9, "0.5263157895 ± 1.4e-09"),
        (1.0, 0.0, "1 ± 0"),
    ):
        assert told({"measured": value, "error": error}) == text


def test_coq_statements_are_those_of_the_sources():
    """A lemma is the template's, with the claim's formula in its place and without its proof."""
    text = correspondence.statement("sgdm_angle_stated")
    assert text.startswith("Lemma sgdm_angle_stated : forall eta lambda alpha tau L A B C : R,")
    assert "<<" not in text
    assert "Proof" not in text
    head, _, _ = correspondence.TEMPLATE.read_text(encoding="utf-8").partition("<<sgdm-angle 0>>")
    assert text.partition(" = (1 -")[0] in head


def test_dependents_turn_dependencies_around():
    """B is derived from A exactly where A is used by B."""
    forward = {(other, one.id) for one in CLAIMS.values() for other in depends_on(one)}
    assert {(one, other) for one, others in dependents().items() for other in others} == forward


def test_the_table_has_what_the_figure_draws(found):
    """A row a statistic, in its order, each number with every digit of the record."""
    one, _ = found
    measured = comparisons(one)
    rows = list(csv.DictReader(io.StringIO(table(measured))))
    every = [statistic for each in measured for statistic in each["statistics"]]
    assert tuple(rows[0]) == COLUMNS
    assert [row["quantity"] for row in rows] == [s["name"] for s in every]
    for name in ("predicted", "measured", "error"):
        assert [float(row[name]) for row in rows] == [float(s[name]) for s in every]
    assert len(list(ElementTree.fromstring(svg(measured)).iter(f"{SVG}circle"))) == len(rows)  # noqa: S314


def test_an_empirical_claim_is_looked_at_by_its_experiments_alone():
    """It awaits no proof; what looks at it again is a run."""
    one = dossier(CLAIMS["wrong-start-norm"])
    assert {e["label"].partition(":")[0] for e in one["evidence"]} == {"network", "network-gpu"}
    assert one["recheck"] == "smd run wrong-start-norm --quick"
    assert one["coq"]["outside"] == "the claim is empirical and owes none"
