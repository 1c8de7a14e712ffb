"""The SMT layer: z3 and cvc5 are each asked for a point of the domain at which an obligation fails.

Both must say that there is none. Denominators are cleared: the question is whether numerators differ where no
denominator vanishes. What is not rational is a free variable with its sign, a root r of b a variable with
r^n = b. A point that a solver finds refutes only if the obligation fails there exactly, by SymPy.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping
from typing import Any

from sympy import Rational, Symbol, expand_power_exp, fraction, together

from proofs.certificates import Tree
from proofs.claim import Claim, Obligation
from proofs.domain import inside
from proofs.lemmas import lemmas
from proofs.serialisation import Writer
from proofs.solvers import SOLVERS, Answer, Question, process
from proofs.verdict import Outcome, Verdict

LAYER = "smt"
SECONDS = 5.0
"""Limit of one question to one solver."""
TOTAL = 30.0
"""Limit of a claim."""
Ask = Callable[[str, Question], Answer]


def _ask(solver: str, question: Question) -> Answer:
    return process(solver)(question, SECONDS)


def check(claim: Claim, ask: Ask = _ask) -> Verdict:
    """Ask both solvers about every obligation."""
    begin = time.perf_counter()
    undecided: dict[str, str] = {}
    for owed in claim.owed:
        if time.perf_counter() - begin > TOTAL:
            undecided[owed.says] = f"not asked within {TOTAL:g} s"
            continue
        reason, witness = decide(owed, ask)
        if witness:
            return _verdict(Outcome.REFUTED, begin, {"obligation": owed.says, "witness": witness})
        if reason:
            undecided[owed.says] = reason
    for lemma in lemmas(claim.id):
        answers = agreed(negation(lemma), ask)
        if answers:
            undecided[lemma["says"]] = answers
    if undecided:
        return _verdict(Outcome.UNDECIDED, begin, {"undecided": undecided})
    return _verdict(Outcome.HOLDS, begin, {})


def _verdict(outcome: Outcome, begin: float, detail: dict[str, object]) -> Verdict:
    method = f"{' and '.join(SOLVERS)} agree that no real point of the domain contradicts it"
    return Verdict(LAYER, outcome, method, time.perf_counter() - begin, detail)


def decide(owed: Obligation, ask: Ask = _ask) -> tuple[str, dict[str, str]]:
    """(why it is undecided, empty if decided; a witness, empty if it is not refuted)."""
    question, symbols = against(owed)
    answers = {}
    for solver in SOLVERS:
        found = ask(solver, question)
        answers[solver] = found.said
        if found.said == "sat":
            witness = confirmed(owed, {symbol: found.point.get(name, "1/2") for symbol, name in symbols.items()})
            return ("", witness) if witness else (f"{solver}'s point does not contradict it exactly", {})
        if found.said != "unsat":
            break
    if list(answers.values()) == ["unsat"] * len(SOLVERS):
        return "", {}
    return ", ".join(f"{solver}: {said}" for solver, said in answers.items()), {}


def agreed(question: Question, ask: Ask = _ask) -> str:
    """Empty where every solver says that there is no such point, else what they say."""
    answers = {solver: ask(solver, question).said for solver in SOLVERS}
    if set(answers.values()) == {"unsat"}:
        return ""
    return ", ".join(f"{solver}: {said}" for solver, said in answers.items())


def negation(lemma: Mapping[str, Any]) -> Question:
    """A lemma's hypotheses and equations, and its statement denied."""
    conditions = [(tree, ">" if strict else ">=") for tree, strict in lemma["hypotheses"]]
    conditions += [(tree, "=") for tree, _ in lemma["equations"]]
    difference = ["+", lemma["right"], ["*", -1, lemma["left"]]]
    conditions.append((difference, "!=" if lemma["relation"] == "=" else "<"))
    return Question(sorted({name for tree, _ in conditions for name in variables(tree)}), conditions)


def variables(tree: Tree) -> Iterator[str]:
    """The variables of a tree."""
    if isinstance(tree, str):
        yield tree
    elif isinstance(tree, list):
        for part in tree[1:]:
            yield from variables(part)


def against(owed: Obligation) -> tuple[Question, dict[Symbol, str]]:
    """The negated obligation within its domain, and the names of its symbols."""
    writer = Writer()
    above, below = fraction(together(expand_power_exp(owed.right - owed.left)))
    divisors = [part.base if part.is_Pow and part.exp.is_Integer else part for part in below.as_ordered_factors()]
    denominators = [writer.tree(part) for part in divisors]
    over = writer.tree(above)
    wrong = (over, "!=") if owed.relation == "=" else (["*", over, writer.tree(below)], "<")
    conditions = [(tree, ">" if strict else ">=") for tree, strict in writer.hypotheses]
    for name, root, base in writer.radicals:
        conditions.append((["+", ["^", name, root], ["*", -1, base]], "="))
    conditions += [(tree, "!=") for tree in denominators if not isinstance(tree, int)]
    symbols = {expression: name for expression, name in writer.names.items() if isinstance(expression, Symbol)}
    return Question(list(writer.names.values()), [*conditions, wrong]), symbols


def confirmed(owed: Obligation, point: Mapping[Symbol, str]) -> dict[str, str]:
    """The point as a witness if it lies in the domain and the obligation fails there exactly."""
    at = {symbol: Rational(value) for symbol, value in point.items()}
    if not inside(at):
        return {}
    left, right = owed.left.subs(at), owed.right.subs(at)
    if not (left.is_Rational and right.is_Rational):
        return {}
    if left == right if owed.relation == "=" else left <= right:
        return {}
    return {**{str(s): str(v) for s, v in at.items()}, "left": str(left), "right": str(right)}
