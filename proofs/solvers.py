"""z3 and cvc5 behind one question, each in a process of its own, which is ended when it overruns its time.

Run as a program it answers questions, one JSON object a line; it needs the standard library and the solvers alone.
"""

from __future__ import annotations

import atexit
import json
import signal
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache, reduce
from importlib import import_module
from operator import add, eq, ge, gt, lt, mul, ne
from select import select
from typing import Any

SOLVERS = ("z3", "cvc5")
RELATIONS = {"=": eq, "!=": ne, ">": gt, ">=": ge, "<": lt}
GRACE = 1.0
"""Seconds by which a solver may overrun the limit that it was given."""
START = 20.0
"""Seconds for a solver's first answer, which imports it."""


@dataclass(frozen=True)
class Question:
    """Is there a real point at which every condition, a tree of ``proofs.certificates`` related to 0, holds?"""

    names: list[str]
    conditions: list[tuple[Any, str]]


@dataclass(frozen=True)
class Answer:
    """``unsat``, ``sat`` with a rational point near the solver's, or in words why there is no answer."""

    said: str
    point: Mapping[str, str]


def answer(solver: str, question: Question, seconds: float) -> Answer:
    """What a solver says in this process; it is trusted to keep to the limit."""
    api = import_module("cvc5.pythonic" if solver == "cvc5" else solver)
    variables = {name: api.Real(f"v{i}") for i, name in enumerate(question.names)}
    asked = api.SolverFor("QF_NRA")
    if solver == "z3":
        asked.set("timeout", int(1000 * seconds))
    else:
        asked.setOption("tlimit-per", int(1000 * seconds))
        asked.setOption("nl-cov", True)
    for tree, relation in question.conditions:
        asked.add(RELATIONS[relation](_term(tree, variables, api), 0))
    said = str(asked.check())
    if said != "sat":
        return Answer(said if said == "unsat" else f"no answer within {seconds:g} s", {})
    model = asked.model()
    return Answer("sat", {name: point for name, v in variables.items() if (point := _rational(model[v]))})


def _term(tree: Any, variables: Mapping[str, Any], api: Any) -> Any:
    if isinstance(tree, int):
        return api.RealVal(tree)
    if isinstance(tree, str):
        return variables[tree]
    head, *parts = tree
    if head == "/":
        return api.RealVal(parts[0]) / api.RealVal(parts[1])
    if head == "^":
        power = reduce(mul, [_term(parts[0], variables, api)] * abs(parts[1]), api.RealVal(1))
        return power if parts[1] >= 0 else 1 / power
    return reduce(add if head == "+" else mul, [_term(part, variables, api) for part in parts])


def _rational(value: Any) -> str | None:
    if value is not None and hasattr(value, "approx") and not hasattr(value, "as_fraction"):
        value = value.approx(20)
    return str(value.as_fraction()) if hasattr(value, "as_fraction") else None


class Process:
    """A solver in a process of its own."""

    def __init__(self, solver: str) -> None:
        self.solver = solver
        self.running: subprocess.Popen[str] | None = None
        atexit.register(self.end)

    def end(self) -> None:
        """End the process, if it runs."""
        if self.running is not None:
            self.running.kill()
            self.running.communicate()
            self.running = None

    def __call__(self, question: Question, seconds: float) -> Answer:
        """The solver's answer; the process is ended when it does not keep to its time."""
        wait = seconds + GRACE
        if self.running is None or self.running.poll() is not None:
            self.end()
            command = [sys.executable, __file__, self.solver]
            self.running = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)  # noqa: S603
            wait += START
        asked, answered = self.running.stdin, self.running.stdout
        if asked is None or answered is None:
            raise OSError("no pipe to the solver")
        asked.write(json.dumps([question.names, question.conditions, seconds]) + "\n")
        asked.flush()
        if not select([answered], [], [], wait)[0]:
            self.end()
            return Answer(f"no answer within {seconds:g} s", {})
        line = answered.readline()
        return Answer(*json.loads(line)) if line else Answer("its process ended", {})


@cache
def process(solver: str) -> Process:
    """The process of a solver, started when it is first asked."""
    return Process(solver)


def main(solver: str) -> None:
    """Answer questions from standard input."""
    for line in sys.stdin:
        names, conditions, seconds = json.loads(line)
        try:
            found = answer(solver, Question(names, conditions), seconds)
        except Exception as error:
            found = Answer(f"failed: {type(error).__name__} {error}".splitlines()[0], {})
        print(json.dumps([found.said, dict(found.point)]), flush=True)


if __name__ == "__main__":
    # Beside this file lie modules of the package, which no import of a solver is to meet.
    sys.path.pop(0)
    signal.signal(signal.SIGINT, signal.SIG_DFL)  # an interrupt is told by whoever asks
    main(sys.argv[1])
