"""The processes of the solvers: what they answer, and what is said where they answer nothing."""

import io
import json
import signal
import subprocess
import sys

import pytest

from proofs import solvers
from proofs.solvers import Answer, Question

BELOW_HALF = (["+", ["*", 2, "x"], -1], "<")
SQUARE = (["+", ["^", "x", 2], ["/", -1, 4]], "=")
INVERSE = (["+", ["^", "x", -1], 2], "=")


@pytest.fixture(params=["z3", "cvc5"])
def solver(request):
    """Each solver that is installed."""
    pytest.importorskip("cvc5.pythonic" if request.param == "cvc5" else request.param)
    return request.param


def test_what_can_be_has_a_point_and_what_cannot_is_refuted(solver):
    """x^2 = 1/4 and 2 x < 1 leave x = -1/2 alone; with 1/x = -2 too it stays, and with 1/x = 2 nothing does."""
    found = solvers.answer(solver, Question(["x"], [BELOW_HALF, SQUARE, INVERSE]), 5)
    assert found == Answer("sat", {"x": "-1/2"})
    other = (["+", ["^", "x", -1], -2], "=")
    assert solvers.answer(solver, Question(["x"], [BELOW_HALF, SQUARE, other]), 5) == Answer("unsat", {})


def test_a_root_that_is_not_rational_is_given_nearby(solver):
    """x^2 = 2 has a point within 1e-9 of a root, as a fraction."""
    found = solvers.answer(solver, Question(["x"], [(["+", ["^", "x", 2], -2], "=")]), 5)
    assert found.said == "sat"
    for text in found.point.values():
        above, _, below = text.partition("/")
        assert (int(above) / int(below or 1)) ** 2 == pytest.approx(2, rel=1e-9)


def test_the_process_answers_line_by_line_and_names_what_fails(monkeypatch, capsys):
    """A question is answered, one that is malformed is said to have failed, and the next is answered again."""
    pytest.importorskip("z3")
    good, bad = [["x"], [SQUARE, BELOW_HALF], 5], [["x"], [[["+", "y", 1], "="]], 5]
    lines = "".join(json.dumps(question) + "\n" for question in (good, bad, good))
    monkeypatch.setattr(sys, "stdin", io.StringIO(lines))
    solvers.main("z3")
    first, second, third = map(json.loads, capsys.readouterr().out.splitlines())
    assert first == third == ["sat", {"x": "-1/2"}]
    assert second == ["failed: KeyError 'y'", {}]


def ending(tmp_path, monkeypatch, program):
    """A solver's process that runs this program instead."""
    file = tmp_path / "solver.py"
    file.write_text(program, encoding="utf-8")
    monkeypatch.setattr(solvers, "__file__", str(file))
    monkeypatch.setattr(solvers, "START", 20)
    return solvers.Process("z3")


def test_a_process_that_ends_is_said_to_have_ended_and_started_again(tmp_path, monkeypatch):
    """One that reads and leaves has no answer; the next question starts another, which has."""
    dying = ending(tmp_path, monkeypatch, "input()\n")
    question = Question(["x"], [SQUARE])
    assert dying(question, 0.1) == Answer("its process ended", {})
    dying.running.wait()
    (tmp_path / "solver.py").write_text("input()\nprint('[\"unsat\", {}]')\n", encoding="utf-8")
    assert dying(question, 0.1) == Answer("unsat", {})
    dying.end()
    assert dying.running is None


def test_a_process_that_keeps_no_time_is_ended(tmp_path, monkeypatch):
    """One that never answers is killed when its time is over, which is what the answer says."""
    silent = ending(tmp_path, monkeypatch, "import time\ntime.sleep(600)\n")
    monkeypatch.setattr(solvers, "START", 0)
    monkeypatch.setattr(solvers, "GRACE", 0)
    assert silent(Question(["x"], [SQUARE]), 0.1) == Answer("no answer within 0.1 s", {})
    assert silent.running is None


def test_an_interrupt_ends_a_process_without_a_word(solver):
    """Who asked says what happened."""
    command = [sys.executable, solvers.__file__, solver]
    pipes = dict.fromkeys(("stdin", "stdout", "stderr"), subprocess.PIPE)
    with subprocess.Popen(command, **pipes, text=True) as running:
        running.stdin.write(json.dumps([["x"], [SQUARE], 5.0]) + "\n")
        running.stdin.flush()
        assert json.loads(running.stdout.readline())[0] == "sat"
        running.send_signal(signal.SIGINT)
        _, said = running.communicate(timeout=60)
    assert (running.returncode, said) == (-signal.SIGINT, "")
