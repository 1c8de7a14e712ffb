"""Evidence on disk: written whole, read back equal, and ignored when damaged or about something else."""

import json
from dataclasses import asdict, replace

import pytest

from proofs import CLAIMS, Status, evidence, experiments, status
from proofs.evidence import damaged, directory, of, outdated, promote, record, sources_of
from proofs.layers import TABLE
from proofs.release import package_version
from proofs.verdict import Outcome, Verdict

CLAIM = CLAIMS["sgd-angle"]
VERDICT = Verdict("identity", Outcome.HOLDS, "by hand", 0.25, {"undecided": []})


def test_evidence_is_read_back_as_written(evidence_directory):
    """A recorded verdict comes back equal, with its provenance."""
    written = record(CLAIM, VERDICT)
    assert directory() == evidence_directory
    assert of(CLAIM) == [written]
    assert (written.claim, written.layer, written.outcome) == ("sgd-angle", "identity", Outcome.HOLDS)
    assert written.content == CLAIM.content_hash
    assert written.sources == sources_of("sgd-angle", "identity")
    assert written.versions["spherical-motion"] == package_version()
    assert {"python", "sympy", "numpy"} <= set(written.versions)
    assert written.detail == {"undecided": []}


def test_a_later_run_replaces_the_earlier(evidence_directory):
    """There is one file a claim and layer, and no unfinished one beside it."""
    record(CLAIM, VERDICT)
    record(CLAIM, Verdict("identity", Outcome.UNDECIDED, "again", 0.1))
    record(CLAIM, Verdict("points", Outcome.HOLDS, "points", 0.1))
    assert sorted(f.name for f in evidence_directory.iterdir()) == ["sgd-angle.identity.json", "sgd-angle.points.json"]
    assert [(e.layer, e.outcome) for e in of(CLAIM)] == [("identity", "undecided"), ("points", "holds")]


def test_no_evidence_is_no_evidence():
    """In an empty or missing folder no claim has evidence."""
    assert of(CLAIM) == []


def test_a_missing_folder_is_no_evidence(tmp_path, monkeypatch):
    """A folder that is not there holds nothing, and the first record makes it."""
    monkeypatch.setenv("SMD_EVIDENCE_DIR", str(tmp_path / "deep" / "down"))
    assert of(CLAIM) == []
    record(CLAIM, VERDICT)
    assert len(of(CLAIM)) == 1


DAMAGES = {
    "truncated": lambda text: text[: len(text) // 2],
    "empty": lambda text: "",
    "no JSON": lambda text: "status: proved",
    "a list": lambda text: "[]",
    "a number": lambda text: "7",
    "null": lambda text: "null",
    "a field missing": lambda text: json.dumps({k: v for k, v in json.loads(text).items() if k != "sources"}),
    "a field too many": lambda text: json.dumps({**json.loads(text), "proved": True}),
    "a detail that is a list": lambda text: json.dumps({**json.loads(text), "detail": [1]}),
    "an unknown outcome": lambda text: json.dumps({**json.loads(text), "outcome": "surely"}),
}


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_file_is_no_evidence(evidence_directory, damage):
    """A file that cannot be read as evidence is left out, and the other files are read all the same."""
    record(CLAIM, VERDICT)
    other = record(CLAIM, Verdict("points", Outcome.HOLDS, "points", 0.1))
    file = evidence_directory / "sgd-angle.identity.json"
    file.write_text(DAMAGES[damage](file.read_text(encoding="utf-8")), encoding="utf-8")
    assert of(CLAIM) == [other]


def test_bytes_that_are_no_text_are_no_evidence(evidence_directory):
    """A file of other bytes is left out."""
    record(CLAIM, VERDICT)
    (evidence_directory / "sgd-angle.identity.json").write_bytes(b"\xff\xfe\x00")
    assert of(CLAIM) == []


def test_a_folder_in_its_place_is_no_evidence(evidence_directory):
    """A folder with the name of an evidence file is left out."""
    (evidence_directory / "sgd-angle.identity.json").mkdir()
    assert of(CLAIM) == []


def test_evidence_of_another_claim_is_no_evidence(evidence_directory):
    """A file that speaks of another claim, copied under this one's name, does not prove it."""
    record(CLAIM, VERDICT)
    copied = (evidence_directory / "sgd-angle.identity.json").read_text(encoding="utf-8")
    (evidence_directory / "lion-angle.identity.json").write_text(copied, encoding="utf-8")
    assert of(CLAIMS["lion-angle"]) == []


def test_claims_with_a_common_beginning_are_kept_apart():
    """Evidence on sgd-angle is none on sgd-angle-leading."""
    record(CLAIM, VERDICT)
    assert of(CLAIMS["sgd-angle-leading"]) == []
    record(CLAIMS["sgd-angle-leading"], VERDICT)
    assert len(of(CLAIM)) == 1


def test_evidence_is_plain_json(evidence_directory):
    """The file holds the fields as JSON that any program reads."""
    written = record(CLAIM, VERDICT)
    text = (evidence_directory / "sgd-angle.identity.json").read_text(encoding="utf-8")
    assert json.loads(text) == asdict(written)


# --- promoted evidence ----------------------------------------------------------------------------------------------

RATE = CLAIMS["sgd-rate"]
ON_A_GPU = Verdict("simulation-gpu", Outcome.HOLDS, "by hand", 3.0)


def promoted():
    """The one promoted file, of a made-up run on a GPU."""
    record(RATE, ON_A_GPU, "made-up GPU")
    (file,) = promote([RATE, CLAIM])
    return file


def test_what_is_not_repeated_everywhere_is_promoted(evidence_directory):
    """Experiments, runs on a GPU and long ones are copied with their provenance; others and old ones are not."""
    record(CLAIM, VERDICT)
    trained = experiments.names()[0]
    record(CLAIM, replace(VERDICT, layer="network"), experiment=trained, mode="quick")
    record(CLAIM, replace(VERDICT, layer="points", seconds=2 * evidence.LONG))
    record(RATE, ON_A_GPU, "made-up GPU")
    files = promote([CLAIM, RATE])
    assert [f.name for f in files] == [
        f"sgd-angle.network.{trained}.quick.json",
        "sgd-angle.points.json",
        "sgd-rate.simulation-gpu.json",
    ]
    assert {f.parent for f in files} == {evidence.PROMOTED}
    kept = json.loads(files[2].read_text(encoding="utf-8"))
    assert {"date", "versions", "device", "seconds", "sources"} <= kept.keys()
    assert (kept["device"], kept["sources"]) == ("made-up GPU", sources_of("sgd-rate", "simulation-gpu"))
    old = evidence_directory / "sgd-rate.simulation-gpu.json"
    old.write_text(old.read_text(encoding="utf-8").replace(kept["sources"], "0" * 16), encoding="utf-8")
    assert promote([RATE]) == []


def test_promoted_evidence_counts_where_nothing_was_run(evidence_directory):
    """Without the run's own folder its promoted evidence is read; a later run here comes first, an older does not."""
    file = promoted()
    (evidence_directory / file.name).unlink()
    (kept,) = of(RATE)
    assert (kept.layer, kept.device, kept.is_stale) == ("simulation-gpu", "made-up GPU", False)
    assert status(RATE) is Status.SUPPORTED
    later = record(RATE, replace(ON_A_GPU, outcome=Outcome.REFUTED), "another GPU")
    assert of(RATE) == [replace(later, date=of(RATE)[0].date)]
    assert status(RATE) is Status.REFUTED
    assert (outdated([RATE]), damaged()) == ([], [])


def test_promoted_evidence_goes_stale_with_its_sources(evidence_directory):
    """When a source changes the promoted verdict is stale and named, until there is a fresh one."""
    file = promoted()
    text = file.read_text(encoding="utf-8")
    file.write_text(text.replace(sources_of("sgd-rate", "simulation-gpu"), "0" * 16), encoding="utf-8")
    assert outdated([RATE]) == []  # the run's own evidence is fresh
    (evidence_directory / file.name).unlink()
    assert status(RATE) is Status.STALE
    (line,) = outdated([RATE, CLAIM])
    assert line.startswith("sgd-rate simulation-gpu: a source changed after")


@pytest.mark.parametrize("damage", DAMAGES)
def test_a_damaged_promoted_file_is_one_line(evidence_directory, damage):
    """It is named in one line and decides nothing; other evidence is read all the same."""
    file = promoted()
    (evidence_directory / file.name).unlink()
    other = record(CLAIM, VERDICT)
    file.write_text(DAMAGES[damage](file.read_text(encoding="utf-8")), encoding="utf-8")
    (line,) = damaged()
    assert file.name in line
    assert "\n" not in line
    assert (of(RATE), status(RATE)) == ([], Status.UNDECIDED)
    assert of(CLAIM) == [other]


def test_a_promoted_file_of_no_claim_is_named():
    """A promoted verdict under another's name, or on a claim that is gone, is named too."""
    file = promoted()
    file.rename(file.with_name("gone.simulation-gpu.json"))
    (line,) = damaged()
    assert "gone" in line


def test_committed_evidence_is_sound(monkeypatch):
    """What is committed is evidence of runs that are not repeated everywhere, and nothing else."""
    monkeypatch.undo()
    assert damaged() == []
    for file in evidence.PROMOTED.glob("*.json"):
        kept = json.loads(file.read_text(encoding="utf-8"))
        layer = TABLE[kept["layer"]]
        assert kept["seconds"] >= evidence.LONG or layer.device == "cuda" or layer.run_by == "smd run"
