"""Writes the Triton kernels' sources from the forms' lines: ``python -m numerics.engines.writing_triton``."""

from __future__ import annotations

import ast
import textwrap
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from numerics.engines import writing
from numerics.engines.transcription import Loop, Outside, names, transcribe
from numerics.updates.update import Form

FOLDER = Path(__file__).parent / "triton_kernels"

SOURCE = '''\
"""{name} in Triton: written by ``python -m numerics.engines.writing_triton`` from the rule's lines; do not edit."""
# mypy: ignore-errors

import triton
import triton.language as tl
from numpy import sqrt

from numerics.engines.triton_steps import NOISE, gradient_size, nonzero, places, sums
from numerics.philox.triton_form import entries


def numbers({asked}):
    """What the kernel reads at every step, in double precision."""
{known}
    return {columns}


@triton.jit(do_not_specialize=["first", "count", "replicas", "seed", "whole"])
def chains(
    weights, kept, memory, numbers, squares, norms, lost, turned, rows, first, count, replicas, seed,
    whole, large, small, old, new, mean, part, spread, length, grad_norm,
    DIM: tl.constexpr, BLOCK: tl.constexpr, SHARE: tl.constexpr, KIND: tl.constexpr, REMEMBERS: tl.constexpr,
    ORTHOGONAL: tl.constexpr, NORMALISED: tl.constexpr, SPREADS: tl.constexpr,
):
    """Advance a chain by the steps of its rows; w and what is kept stay in registers."""
    n = tl.program_id(0).to(tl.int64)
    stream = n % replicas if SHARE else n
    entry, inside = places(DIM, BLOCK)
    own = n * DIM
    w = tl.load(weights + own + entry, mask=inside, other=0.0)
{load}
    noise = w
    if REMEMBERS:
        noise = tl.load(memory + own + entry, mask=inside, other=0.0)
    square = tl.load(squares + n)
    row = rows + n // replicas * count * {width}
    for k in range(count):
        z = entries(seed, tl.arange(0, BLOCK // 4), first + k, stream, NOISE, KIND, whole, large, small)
        if REMEMBERS:
            noise = old * noise + new * z
            z = (mean + noise) * part
        if DIM < BLOCK:
            z = tl.where(inside, z, 0.0)
        scale = length
        if ORTHOGONAL:
            z -= tl.sum(z * w) / square * w
            scale /= tl.sqrt(square)
        if SPREADS:
            scale *= gradient_size(spread, seed, first + k, stream)
        rest = tl.sqrt(tl.sum(z * z))
        if NORMALISED:
            scale /= nonzero(rest)
        g = scale * z
{numbers}
{change}
        next_w = w + change
        after, loss, way = sums(next_w * next_w, -w * change, change * change)
        at = n * count + k
        tl.store(norms + at, after)
        tl.store(lost + at, loss)
        tl.store(turned + at, tl.maximum(way - loss / square * loss, 0.0))
        w, square = next_w, after
        row += {width}
    tl.store(weights + own + entry, w, mask=inside)
{store}
    if REMEMBERS:
        tl.store(memory + own + entry, noise, mask=inside)
    tl.store(squares + n, square)
'''

MEASURED = {
    "weight_norm": ["weight_norm = tl.sqrt(square)"],
    "gradient_norm": ["gradient_norm = scale * rest"],
    "mean_square": [
        "mean_square = grad_norm * grad_norm / DIM",
        "if ORTHOGONAL:",
        "    mean_square /= square",
    ],
    "seen_square": ["seen_square = tl.sum(g * g) / DIM"],
}
"""The lines of a step that measure what a rule may ask for."""

COUPLED = {
    "mean_square": [*MEASURED["mean_square"], "mean_square += wd * wd * square / DIM"],
    "seen_square": ["seen = g + wd * w", "seen_square = tl.sum(seen * seen) / DIM"],
}
"""The same of a rule that sees its decay."""


class _Functions(ast.NodeTransformer):
    """Writes choices and roots as Triton's functions of tensors."""

    def visit_IfExp(self, node: ast.IfExp) -> Any:
        parts = ", ".join(ast.unparse(self.visit(part)) for part in (node.test, node.body, node.orelse))
        return ast.parse(f"tl.where({parts})", mode="eval").body

    def visit_Call(self, node: ast.Call) -> Any:
        self.generic_visit(node)
        assert isinstance(node.func, ast.Name)
        if node.func.id == "sqrt":
            node.func = ast.Attribute(ast.Name("tl", ast.Load()), "sqrt", ast.Load())
        return node


def _for_triton(line: str) -> str:
    return ast.unparse(_Functions().visit(ast.parse(line)))


def _lines(lines: Iterable[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines), "    " * depth)


def source(form: Form) -> str:
    """The module of one form."""
    loop = transcribe(form)
    of_row, of_step = _apart(loop)
    coupled = {} if form.decoupled else {name: COUPLED[name] for name in loop.measured if name in COUPLED}
    measured = [line for name in loop.measured for line in (MEASURED | coupled)[name]]
    needed = {*loop.constants}.union(*map(names, [*of_step, loop.size if loop.rescaled else "0"]))
    needed |= {"wd"} if coupled else set()
    made = {line.split(" = ")[0] for line in of_row}
    columns = sorted(made & needed) + [name for name in loop.asked if name in needed - made]
    numbers = [
        *(f"{name} = tl.load(row + {j})" for j, name in enumerate(columns)),
        *measured,
        *map(_for_triton, of_step),
    ]
    kept = {name: f"kept + {_of(j)} + entry" for j, name in enumerate(form.vectors)}
    held = {name: f"numbers + {j} * tl.num_programs(0).to(tl.int64) + n" for j, name in enumerate(form.numbers)}
    text = SOURCE.format(
        name=form.name,
        asked=", ".join(loop.asked),
        known=_lines(of_row, 1),
        columns=", ".join(columns),
        width=len(columns),
        load=_lines(
            [
                *(f"{name} = tl.load({at}, mask=inside, other=0.0)" for name, at in kept.items()),
                *(f"{name} = tl.load({at})" for name, at in held.items()),
            ],
            1,
        ),
        numbers=_lines(numbers, 2),
        change=_lines(_change(loop), 2),
        store=_lines(
            [
                *(f"tl.store({at}, {name}, mask=inside)" for name, at in kept.items()),
                *(f"tl.store({at}, {name})" for name, at in held.items()),
            ],
            1,
        ),
    )
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip() or not line) + "\n"


def _of(j: int) -> str:
    """Where the vectors that a rule keeps stand: all chains of the first, then of the second."""
    return "own" if j == 0 else f"(own + {j} * tl.num_programs(0).to(tl.int64) * DIM)"


def _apart(loop: Loop) -> tuple[list[str], list[str]]:
    """The lines of the numbers that are known before a chunk, and of those that are literal or need a chain's own."""
    of_chain, of_row, of_step = {*loop.measured, *loop.form.numbers}, list[str](), list[str]()
    outside = Outside(of_chain, "r")
    for line in loop.numbers:
        target, value = line.split(" = ", 1)
        if names(value) & of_chain:
            of_chain.add(target)
            of_step.append(f"{target} = {ast.unparse(outside.visit(ast.parse(value, mode='eval').body))}")
        else:
            (of_row if names(value) else of_step).append(line)
    for text, name in outside.known.items():
        (of_row if names(text) else of_step).insert(len(of_row) if names(text) else 0, f"{name} = {text}")
    return of_row, of_step


def _change(loop: Loop) -> list[str]:
    """An entry's lines, from w, g and what is kept to the change of w and what is kept next."""
    lines = [*map(_for_triton, loop.entry)]
    made = "step" if loop.rescaled else "change"
    lines += ["if DIM < BLOCK:", f"    {made} = tl.where(inside, {made}, 0.0)"]
    lines += [f"{name} = next_{name}" for name in loop.form.kept]
    if loop.rescaled:
        lines += ["step_norm = tl.sqrt(tl.sum(step * step))", f"change = -({_for_triton(loop.size)}) * step"]
    return lines


if __name__ == "__main__":
    for path in writing.write(FOLDER, source):
        print(path.name)
