"""Evidence on disk: written whole, read back equal, and ignored when damaged or about something else."""

import json
from dataclasses import asdict

import pytest

from proofs import CLAIMS
from proofs.evidence import directory, of, record, source_hash
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
    assert written.sources == source_hash()
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
