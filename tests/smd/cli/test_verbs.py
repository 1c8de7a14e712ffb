"""What the verbs print when all is well."""

import json
import math
import shlex
import subprocess
import sys

import pytest

import proofs
from proofs import CLAIMS, Status, cite, evidence, status
from proofs.evidence import record
from proofs.verdict import Outcome, Verdict
from tests.compare import close
from theory import NAMES
from theory.catalogue import FORMS

pytestmark = pytest.mark.chance(0)

RULES = {rule: {rule} for rule in NAMES} | {base: set(forms.values()) for base, forms in FORMS.items()}
"""What a name may stand for."""
KEYS = [
    "optimizer",
    "decay",
    "hyperparameters",
    "equilibrium_norm",
    "angular_update",
    "cos_angular_update",
    "chord",
    "sine",
    "convergence_rate",
    "half_life",
    "leading_order",
    "claims",
    "warnings",
]


def parsed(run):
    """What a run printed as JSON; NaN and infinities are none."""

    def refuse(name):
        raise ValueError(f"{name} is no JSON")

    assert run.code == 0, run.err
    return json.loads(run.out, parse_constant=refuse)


@pytest.mark.parametrize("optimizer", NAMES)
def test_predict_json_has_exactly_its_keys(smd, optimizer):
    """The keys of the JSON are fixed, in this order, for every optimizer."""
    found = parsed(smd("predict", optimizer, "--lr", "0.1", "--wd", "0.1", "--json"))
    assert list(found) == KEYS
    assert found["optimizer"] == optimizer
    assert set(found["leading_order"]) == {"equilibrium_norm", "angular_update"}
    assert set(found["claims"]) <= set(CLAIMS)


def test_predict_json_of_sgd_by_hand(smd):
    """SGD at lr 0.1, wd 0.1: cosine 0.99, chord sqrt(0.02), rate 2 * 0.99^2 - 1."""
    found = parsed(smd("predict", "sgd", "--lr", "0.1", "--wd", "0.1", "--grad-norm", "2", "--json"))
    assert found["hyperparameters"] == {"lr": 0.1, "wd": 0.1, "grad_norm": 2.0}
    assert found["cos_angular_update"] == close(0.99, 1e-15)
    assert found["angular_update"] == close(math.acos(0.99), 1e-13)
    assert found["chord"] == close(math.sqrt(0.02), 1e-14)
    assert found["sine"] == close(math.sqrt(1 - 0.99**2), 1e-13)
    assert found["convergence_rate"] == close(2 * 0.99**2 - 1, 1e-14)
    assert found["half_life"] == close(math.log(0.5) / math.log(2 * 0.99**2 - 1), 1e-12)
    assert found["equilibrium_norm"] == close((0.1**2 * 4 / (0.01 * 1.99)) ** 0.25, 1e-14)
    assert found["warnings"] == []


def test_predict_adamw_with_beta2(smd):
    """With beta2 the refined rule answers and names the size of what it leaves out."""
    found = parsed(smd("predict", "adamw", "--lr", "1e-3", "--wd", "0.1", "--beta2", "0.999", "--json"))
    assert list(found) == KEYS
    assert found["optimizer"] == "adamw_beta2"
    assert any("first order" in w for w in found["warnings"])


def test_predict_prints_convention_hypotheses_and_claims(smd):
    """The table is followed by the decay convention, the hypotheses and the claims behind the numbers."""
    run = smd("predict", "sgdm", "--lr", "0.1", "--wd", "1e-4")
    assert run.code == 0
    for part in (
        "equilibrium norm",
        "half-life",
        "Convention: L2 inside the momentum buffer",
        "Holds if:",
        "sgdm-angle",
    ):
        assert part in run.out


SIMULATION = ["simulate", "sgd", "--lr", "0.1", "--wd", "1", "--dim", "16", "--replicas", "8", "--seed", "3"]


def test_simulate_json_has_measurement_beside_prediction(smd):
    """``measured`` and ``standard_error`` stand beside the prediction's own keys, under its names."""
    found = parsed(smd(*SIMULATION, "--json"))
    assert list(found) == [*KEYS, "measured", "standard_error", "settings"]
    for name in ("equilibrium_norm", "angular_update", "cos_angular_update"):
        assert found["measured"][name] == close(found[name], 1e-9)
        assert 0 <= found["standard_error"][name] < 1e-9
    assert found["settings"]["seed"] == 3


OFFERED = {name: "" for name in NAMES if not name.endswith("_beta2")} | {
    "lars": "--trust 0.1 --law sphere",
    "lion": "--law student",
    "adam --decay coupled": "--beta1 0.5",
    "adam --decay corrected --lr-max 0.1": "",
    "nadam --decay decoupled": "",
    "sgdm --decay independent": "",
    "adamw --beta2 0.9": "--kurtosis 6 --law laplace",
}


@pytest.mark.parametrize(("name", "rest"), OFFERED.items())
def test_simulate_runs_what_is_offered(smd, name, rest):
    """Every rule and decay that can be predicted runs, and measures steps that are as short as such numbers ask."""
    run = smd(
        *shlex.split(f"simulate {name} --lr 0.02 --wd 0.1 {rest} --steps 20 --dim 8 --replicas 4 --engine torch --json")
    )
    found = parsed(run)
    assert list(found) == [*KEYS, "measured", "standard_error", "settings"]
    assert found["optimizer"].removesuffix("_beta2") in RULES[name.split()[0]]
    assert 0.3 < found["measured"]["equilibrium_norm"] < 3
    assert found["measured"]["cos_angular_update"] == pytest.approx(1, abs=0.05)


def test_simulate_prints_a_table(smd):
    """Without JSON there is a table with predicted, measured and the difference, and the settings under it."""
    run = smd(*SIMULATION)
    assert run.code == 0
    for part in ("predicted", "measured", "to rounding", "law=fixed", "seed=3"):
        assert part in run.out


def test_no_digit_is_cut_off_in_eighty_columns(smd, monkeypatch):
    """In a terminal of the usual width every number of a simulation's table is whole."""
    monkeypatch.setenv("COLUMNS", "80")
    run = smd(*shlex.split("simulate adamw --lr 1e-3 --wd 100 --dim 16 --replicas 8"))
    assert run.code == 0
    assert "…" not in run.out


@pytest.mark.parametrize("suffix", ["svg", "png", "pdf"])
def test_simulate_plot_writes_a_file(smd, tmp_path, suffix):
    """``--plot`` writes a figure in the format of its name."""
    target = tmp_path / f"plot.{suffix}"
    assert smd(*SIMULATION, "--plot", str(target)).code == 0
    beginning = {"svg": b"<?xml", "png": b"\x89PNG", "pdf": b"%PDF"}[suffix]
    assert target.read_bytes().startswith(beginning)


@pytest.mark.parametrize("style", ["bibtex", "latex", "markdown"])
def test_cite_prints_each_format(smd, style):
    """``cite`` prints what the package's own citation is, in three formats, BibTeX by default."""
    run = smd("cite", "lion-angle", "--format", style)
    assert run.code == 0
    assert run.out == cite(CLAIMS["lion-angle"], style) + "\n"
    if style == "bibtex":
        assert smd("cite", "lion-angle").out == run.out


def test_cite_writes_the_latex_package(smd, monkeypatch, tmp_path):
    """``cite --package`` writes every claim as a LaTeX package with its bibliography."""
    few = {name: CLAIMS[name] for name in ("sgd-norm", "angle-chord-sine")}
    monkeypatch.setattr(proofs, "CLAIMS", few)
    run = smd("cite", "--package", str(tmp_path))
    assert run.code == 0
    assert "2 claims" in run.out
    style, entries = ((tmp_path / f"smdclaims.{end}").read_text(encoding="utf-8") for end in ("sty", "bib"))
    for name, claim in few.items():
        assert f"\\smd@define{{{name}}}%" in style
        assert cite(claim) in entries


def test_claims_json_lists_every_claim(smd):
    """Every claim is listed with its status, its evidence and its dependencies; without evidence none is decided."""
    found = parsed(smd("claims", "--json"))["claims"]
    assert [row["id"] for row in found] == list(CLAIMS)
    assert {row["status"] for row in found} == {"undecided"}
    assert all(set(row) >= {"id", "title", "kind", "setting", "status", "evidence", "depends_on"} for row in found)
    (row,) = [r for r in found if r["id"] == "lion-norm-leading"]
    assert row["depends_on"] == ["lion-autocorrelation", "lion-norm"]


def test_claims_table_names_every_claim(smd):
    """The table holds every id."""
    run = smd("claims")
    assert run.code == 0
    assert all(claim_id in run.out for claim_id in CLAIMS)


def test_verify_json_of_one_layer(smd, evidence_directory):
    """Verifying one claim by one layer prints its outcome, leaves evidence and changes the status."""
    found = parsed(smd("verify", "--claim", "angle-chord-sine", "--layer", "identity", "--json"))
    (ran,) = found["checks"]
    assert (ran["claim"], ran["layer"], ran["outcome"]) == ("angle-chord-sine", "identity", "holds")
    (claim,) = found["claims"]
    assert {
        "id": "angle-chord-sine",
        "kind": "identity",
        "status": "fully proved",
        "depends_on": [],
    }.items() <= claim.items()
    assert claim["evidence"] == {"identity": "holds"}
    assert (found["summary"], found["failing"]) == ({"fully proved": 1}, [])
    assert [file.name for file in evidence_directory.iterdir()] == ["angle-chord-sine.identity.json"]
    assert status(CLAIMS["angle-chord-sine"]) is Status.FULLY_PROVED
    (row,) = [r for r in parsed(smd("claims", "--json"))["claims"] if r["id"] == "angle-chord-sine"]
    assert (row["status"], row["evidence"]) == ("fully proved", {"identity": "holds"})


def test_verify_fails_when_something_is_refuted(smd, monkeypatch):
    """A refuted obligation makes ``verify`` exit with 1 and print the witness."""
    from proofs.layers import points

    monkeypatch.setattr(points, "refutes", lambda owed, generator: {"p": "1/2"})
    run = smd("verify", "--claim", "sgd-angle", "--layer", "points")
    assert run.code == 1
    assert "sgd-angle points: refuted" in run.out
    assert "1/2" in run.out


def test_verify_missing_does_not_forget_a_refutation(smd):
    """With evidence for everything nothing is left to run, and a claim that was refuted still fails."""
    assert smd("verify", "--claim", "sgd-angle", "--layer", "points").code == 0
    assert smd("verify", "--claim", "sgd-angle", "--layer", "points", "--missing").code == 0
    record(CLAIMS["sgd-angle"], Verdict("points", Outcome.REFUTED, "by hand", 0.0, {"witness": "p = 1/2"}))
    run = smd("verify", "--claim", "sgd-angle", "--layer", "points", "--missing")
    assert run.code == 1
    assert "sgd-angle points: refuted" in run.out
    assert "p = 1/2" in run.out


def test_help_is_shown_without_a_verb(smd):
    """``smd`` alone shows its verbs and succeeds."""
    run = smd()
    assert run.code == 0
    for verb in ("predict", "simulate", "claims", "cite", "verify"):
        assert verb in run.out


def test_the_installed_command_runs():
    """The module behind the console script predicts in a process of its own."""
    command = "import sys; from smd.cli.app import main; sys.argv[0] = 'smd'; main()"
    ran = subprocess.run(
        [sys.executable, "-c", command, "predict", "lion", "--lr", "0.1", "--wd", "0.1", "--json"],
        check=True,
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert list(json.loads(ran.stdout)) == KEYS


def test_verify_sabotage_says_what_catches_what(smd, monkeypatch):
    """Altered statements are caught, with the layers named; one that was not altered survives and exits with 1."""
    from proofs import sabotage

    some = list(sabotage.alterations(["sgd-angle"]))
    monkeypatch.setattr(sabotage, "alterations", lambda: some)
    run = smd("verify", "--sabotage")
    assert run.code == 0
    assert f"{len(some)} altered statements: {len(some)} caught, 0 survive" in run.out
    assert "points (refuted)" in run.out
    true = sabotage.Alteration("sgd-angle", "nothing", some[0].true, some[0].true)
    monkeypatch.setattr(sabotage, "alterations", lambda: [true])
    run = smd("verify", "--sabotage")
    assert run.code == 1
    assert "SURVIVES" in run.out


def test_verify_without_a_solver_says_so_and_goes_on(smd, monkeypatch):
    """A missing solver costs its layer alone, and one line says how to install it."""
    from proofs import layers

    monkeypatch.setattr(layers, "find_spec", lambda name: None if name == "z3" else True)
    run = smd("verify", "--claim", "angle-chord-sine")
    assert run.code == 0
    assert "pip install 'spherical-motion[check]'" in run.err
    assert "smt" not in run.out
    run = smd("verify", "--claim", "angle-chord-sine", "--layer", "smt")
    assert run.code == 1
    assert "z3-solver not installed" in run.err


def test_promote_says_what_it_copied(smd):
    """Evidence of a GPU is copied and its file printed; without any the verb says so and fails."""
    assert smd("promote").code == 1
    record(CLAIMS["sgd-rate"], Verdict("simulation-gpu", Outcome.HOLDS, "by hand", 1.0), "made-up GPU")
    found = smd("promote", "--claim", "sgd-rate")
    assert found.code == 0
    assert found.out.strip().endswith("sgd-rate.simulation-gpu.json")


def test_verify_fails_on_damaged_promoted_evidence_and_tells_of_outdated(smd):
    """A promoted file that is no evidence fails in one line; one that is too old is told of and counts no more."""
    good = ("verify", "--claim", "sgd-angle", "--layer", "identity")
    assert smd(*good).code == 0
    broken = evidence.PROMOTED / "sgd-angle.simulation-gpu.json"
    broken.write_text("{", encoding="utf-8")
    found = smd(*good)
    assert (found.code, found.err.count(broken.name)) == (1, 1)
    broken.unlink()
    record(CLAIMS["sgd-angle"], Verdict("simulation-gpu", Outcome.HOLDS, "by hand", 1.0), "made-up GPU")
    (file,) = evidence.promote([CLAIMS["sgd-angle"]])
    kept = evidence.sources_of("sgd-angle", "simulation-gpu")
    for one in (file, evidence.directory() / file.name):
        one.write_text(one.read_text(encoding="utf-8").replace(kept, "0" * 16), encoding="utf-8")
    found = smd(*good)
    assert (found.code, found.err.count("a source changed after the evidence")) == (0, 1)
    assert not any(e.layer == "simulation-gpu" and not e.is_stale for e in evidence.of(CLAIMS["sgd-angle"]))
