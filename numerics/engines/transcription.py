"""A form's lines as the body of a loop over entries: what is a number of the whole vector is taken out of it.

The source of a direction is read, not its values: every expression without a vector becomes a number that is
worked out once a step in double precision, the rest a line that acts on one entry.
"""

from __future__ import annotations

import ast
import inspect
import textwrap
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache
from typing import Any

from numerics.updates.update import KEPT, MEASURED, Form, arguments

STEP_NORM = "step_norm"


@dataclass(frozen=True)
class Loop:
    """A form as source.

    ``asked`` are the numbers known before the gradient, by name, ``measured`` those of ``MEASURED``. ``numbers``
    are lines in double precision, from these and the numbers that are kept to those that are kept next, ``constants``
    the names among what they define that the loop uses. ``entry`` are lines from w, g and the vectors that are kept to
    ``change`` and the next ones. A rescaled form makes the change from ``step`` with the number ``size``, whose line
    needs ``step_norm`` and so a second loop.
    """

    form: Form
    asked: tuple[str, ...]
    measured: tuple[str, ...]
    numbers: tuple[str, ...]
    constants: tuple[str, ...]
    entry: tuple[str, ...]
    size: str

    @property
    def rescaled(self) -> bool:
        """Whether the size of the step needs the step's own norm."""
        return STEP_NORM in self.size

    @property
    def steady(self) -> bool:
        """Whether a step's numbers are the same for all chains of a configuration."""
        return not self.measured and not self.form.numbers

    @property
    def linear(self) -> bool:
        """Whether no line takes a function, a product or a quotient of entries: the form turns with the space."""
        vectors = {"w", "g", *self.form.vectors}
        for line in map(ast.parse, self.entry):
            (statement,) = line.body
            assert isinstance(statement, ast.Assign)
            value = statement.value
            if _degree(value, vectors) > 1:
                return False
            if _degree(value, vectors):
                vectors |= {name for target in statement.targets for name in names(target)}
        return True


def _degree(value: ast.expr, vectors: set[str]) -> int:
    """0 for a number, 1 for what is linear in vectors, 2 for anything else."""
    if isinstance(value, ast.Name):
        return int(value.id in vectors)
    if isinstance(value, ast.UnaryOp):
        return _degree(value.operand, vectors)
    if isinstance(value, ast.BinOp):
        left, right = _degree(value.left, vectors), _degree(value.right, vectors)
        if isinstance(value.op, ast.Add | ast.Sub):
            return max(left, right) if left and right else 2 * max(left, right)
        if isinstance(value.op, ast.Mult):
            return left + right
        if isinstance(value.op, ast.Div) and not right:
            return left
    return 2 if names(value) & vectors else 0


def names(source: ast.AST | str) -> set[str]:
    """The names in a piece of source."""
    tree = ast.parse(source) if isinstance(source, str) else source
    return {n.id for n in ast.walk(tree) if isinstance(n, ast.Name)}


def _body(function: Callable[..., Any]) -> tuple[list[ast.Assign], ast.expr]:
    """The assignments of a function and what it returns."""
    (definition,) = ast.parse(textwrap.dedent(inspect.getsource(function))).body
    assert isinstance(definition, ast.FunctionDef)
    lines = [s for s in definition.body if not isinstance(s, ast.Expr)]
    *assignments, last = lines
    assert isinstance(last, ast.Return)
    assert last.value is not None
    assert all(isinstance(s, ast.Assign) for s in assignments), f"{function.__name__} is more than assignments"
    return [s for s in assignments if isinstance(s, ast.Assign)], last.value


class Outside(ast.NodeTransformer):
    """Replaces every largest expression without a vector by the name of a number."""

    def __init__(self, vectors: set[str], prefix: str = "c") -> None:
        self.vectors, self.prefix, self.known = vectors, prefix, dict[str, str]()

    def visit(self, node: ast.AST) -> Any:
        """The node with numbers in the place of such expressions."""
        if isinstance(node, ast.expr) and not isinstance(node, ast.Tuple) and not names(node) & self.vectors:
            text = ast.unparse(node)
            return ast.Name(self.known.setdefault(text, f"{self.prefix}{len(self.known)}"), ast.Load())
        if isinstance(node, ast.Call):
            node.args = [self.visit(argument) for argument in node.args]
            return node
        return self.generic_visit(node)


class _Signs(ast.NodeTransformer):
    """Writes sign(x) as a choice between numbers, which vectorises."""

    def visit_Call(self, node: ast.Call) -> Any:
        assert isinstance(node.func, ast.Name)
        if node.func.id != "sign":
            return self.generic_visit(node)
        x = ast.unparse(node.args[0])
        return ast.parse(f"1.0 if {x} > 0.0 else (-1.0 if {x} < 0.0 else 0.0)", mode="eval").body


@cache
def transcribe(form: Form) -> Loop:
    """The form as a loop."""
    assignments, returned = _body(form.direction)
    nothing, size = _body(form.size)
    assert not nothing, f"{form.size.__name__} is more than one line"
    lines = [] if form.decoupled else ["g = g + wd * w"]
    lines += [ast.unparse(s) for s in assignments]
    found = returned.elts if isinstance(returned, ast.Tuple) and form.kept else [returned]
    next_names = [f"next_{name}" for name in form.kept]
    direction, *after = map(ast.unparse, found)
    lines += [f"{name} = {value}" for name, value in zip(next_names, after, strict=True)]
    step = direction if not form.decoupled else f"wd * w + {direction}"
    if STEP_NORM in names(size):
        lines.append(f"step = {step}")
    elif form.decoupled:
        lines.append(f"change = -(({ast.unparse(size)}) * wd) * w - ({ast.unparse(size)}) * ({direction})")
    else:
        lines.append(f"change = -({ast.unparse(size)}) * ({direction})")
    vectors = {"w", "g", *form.vectors}
    outside, numbers, entry = Outside(vectors), [], []
    for line in lines:
        (statement,) = ast.parse(line).body
        assert isinstance(statement, ast.Assign)
        (target,) = statement.targets
        assert isinstance(target, ast.Name)
        if not names(statement.value) & vectors:
            used = set[str]().union(*map(names, outside.known))
            assert target.id not in used, f"{target.id} is used before it is set"
            numbers.append(line)
            continue
        value = _Signs().visit(statement.value)
        value = outside.visit(ast.fix_missing_locations(ast.parse(ast.unparse(value), mode="eval").body))
        entry.append(f"{target.id} = {ast.unparse(value)}")
        vectors.add(target.id)
    numbers += [f"{name} = {text}" for text, name in outside.known.items()]
    wanted = {*arguments(form.direction), *arguments(form.size), "wd"}
    asked = tuple(sorted(wanted - {"g", STEP_NORM, *MEASURED, *KEPT}))
    return Loop(
        form,
        asked,
        tuple(name for name in MEASURED if name in wanted),
        tuple(numbers),
        tuple(outside.known.values()),
        tuple(entry),
        ast.unparse(size),
    )
