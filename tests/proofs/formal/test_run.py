"""The formal check as a program: what it says and exits with, Coq's part replaced by what a test wants it to say."""

import sys
from pathlib import Path

import pytest

from proofs import installing, verification
from proofs.claims import CLAIMS
from proofs.evidence import record
from proofs.formal import correspondence, run, toolchain
from proofs.layers import kernel
from proofs.verdict import Outcome, Verdict


@pytest.fixture
def coq(monkeypatch):
    """A Coq that proves everything from exactly what is expected, and claims that hold by three lemmas."""

    def verify(checks):
        verdict = Verdict(kernel.LAYER, Outcome.HOLDS, "by hand", 0.0, {"lemmas": 3})
        return iter([record(CLAIMS["sgd-angle"], verdict)])

    monkeypatch.setattr(sys, "argv", ["proofs.formal"])
    monkeypatch.setattr(toolchain, "missing", lambda: None)
    monkeypatch.setattr(toolchain, "version", lambda: "0.0")
    monkeypatch.setattr(toolchain, "make", lambda jobs: Path("nowhere"))
    monkeypatch.setattr(run, "assumed", lambda theorems, folder: run.headlines())
    monkeypatch.setattr(run, "correspondences", lambda folder: [])
    monkeypatch.setattr(run, "outdated", lambda listed: [])
    monkeypatch.setattr(verification, "verify", verify)
    return monkeypatch


def test_all_that_holds_is_counted(coq, capsys):
    """With nothing amiss it exits with 0 and counts theorems, formulas and lemmas."""
    assert run.main() == 0
    out, err = capsys.readouterr()
    assert f"{len(run.headlines())} headline theorems and {len(correspondence.claims())} claims' formulas proved" in out
    assert f"1 claims hold by 3 lemmas, 0 do not, {len(kernel.outside())} outside" in out
    assert err == ""


def test_without_coq_it_says_what_to_install(coq, capsys):
    """The hint is one line, and the exit code 2; INSTALL=1 tries first, and says so."""
    coq.setattr(toolchain, "missing", lambda: "no Coq here")
    coq.delenv("INSTALL", raising=False)
    assert run.main() == 2
    assert capsys.readouterr() == ("", "no Coq here\n")
    asked = []
    coq.setattr(installing.subprocess, "run", lambda command, **rest: asked.append(command))
    coq.setenv("INSTALL", "1")
    assert run.main() == 2
    assert asked == [["sh", "-c", toolchain.INSTALL]]
    assert capsys.readouterr().out.startswith("Installing Coq")


def test_what_is_assumed_beyond_the_expected_is_named(coq, capsys):
    """An axiom too many is named with the theorem, and the exit code is 1."""
    name, expected = next(iter(run.headlines().items()))
    found = run.headlines() | {name: frozenset({*expected, "Magic"})}
    coq.setattr(run, "assumed", lambda theorems, folder: found)
    assert run.main() == 1
    err = capsys.readouterr().err
    assert err.startswith(f"{name}: assumes ")
    assert "Magic" in err


def test_coq_s_error_is_told(coq, capsys):
    """Where a theorem does not compile Coq's own words are shown."""

    def fails(jobs):
        raise toolchain.CoqError("In Angle.v: no such lemma")

    coq.setattr(toolchain, "make", fails)
    assert run.main() == 1
    assert capsys.readouterr().err == "In Angle.v: no such lemma\n"


def test_a_forbidden_word_stops_it(coq, capsys, tmp_path):
    """A proof that was given up is found in the source, before anything is compiled."""
    (tmp_path / "Angle.v").write_text("Lemma l : False. Admitted.\n", encoding="utf-8")
    (word,) = run.scan(tmp_path)
    assert word.startswith("Angle.v: ")
    coq.setattr(run, "scan", lambda: [word])
    assert run.main() == 1
    assert capsys.readouterr().err == f"{word}\n"


def test_a_claim_that_does_not_hold_and_a_stale_reason_fail(coq, capsys):
    """Either is told on standard error, and the exit code is 1."""
    refuted = Verdict(kernel.LAYER, Outcome.UNDECIDED, "by hand", 0.0, {"undecided": "the second lemma"})
    coq.setattr(verification, "verify", lambda checks: iter([record(CLAIMS["sgd-angle"], refuted)]))
    assert run.main() == 1
    out, err = capsys.readouterr()
    assert "0 claims hold by 0 lemmas, 1 do not" in out
    assert err.startswith("sgd-angle: ")
    coq.setattr(verification, "verify", lambda checks: iter([]))
    coq.setattr(run, "outdated", lambda listed: ["sgd-angle is listed as outside"])
    assert run.main() == 1
    assert capsys.readouterr().err == "sgd-angle is listed as outside\n"


def test_a_reason_that_is_no_longer_the_translation_s_is_outdated(monkeypatch):
    """The listed reason is compared with that of the translation, claim by claim."""
    assert run._why_outside("sgd-angle") == "both sides of every obligation are the same expression"
    assert run._why_outside("sgd-norm") is None
    monkeypatch.setattr(run, "_reasons", lambda names: {"one": "its sides have no roots here", "other": None})
    assert run.outdated({"one": "its sides have no roots here"}) == []
    (line,) = run.outdated({"one": "its sides have no roots here", "other": "a series"})
    assert line.startswith("other is listed as outside (a series), the translation says: it is inside")


def test_the_list_of_what_is_outside_is_written(coq, tmp_path):
    """``--outside`` writes each claim that is outside with its reason, and no other."""
    place = tmp_path / "outside.txt"
    coq.setattr(kernel, "OUTSIDE", place)
    coq.setattr(run, "_reasons", lambda names: dict.fromkeys(names) | {"sgd-angle": "for a test"})
    coq.setattr(sys, "argv", ["proofs.formal", "--outside"])
    assert run.main() == 0
    assert place.read_text(encoding="utf-8") == "sgd-angle: for a test\n"
