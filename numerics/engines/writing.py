"""Writes the compiled kernels' sources from the forms' lines: ``python -m numerics.engines.writing``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from numerics.engines.transcription import Loop, transcribe
from numerics.updates import UPDATES
from numerics.updates.update import Form

FOLDER = Path(__file__).parent / "compiled"
FORMS: dict[str, Form] = {form.name: form for rule in UPDATES.values() for form in rule.forms()}
"""Every form of every rule, by its name."""

HEAD = '''\
"""{name}, compiled: written by ``python -m numerics.engines.writing`` from the lines of the rule; do not edit."""
# ruff: noqa
# mypy: ignore-errors

import math

import numpy as np
from numpy import sqrt

from numerics.compilation import compiled
from numerics.engines.steps import (
    ACROSS,
    ALONG,
    BLOCK,
    COMPILED,
    CONSTANTS,
    FACTOR,
    GRADIENT,
    GROUP,
    INSIDE,
    LANES,
    LENGTH,
    LOST,
    MEAN,
    NORMALISED,
    ORTHOGONAL,
    SCALE,
    SPREAD,
    SQUARE,
    TILE,
    TURNED,
    cast,
    draw,
    draw_folded,
    draw_lanes,
    gradient_folded,
    gradient_lanes,
    gradient_of,
    gradient_size,
    hand_over,
    measure_lanes,
    nonzero,
    overlap,
    remaining,
)
from numerics.philox.compiled import widest
'''

CHAINS = '''\


@compiled(**COMPILED)
def chains(
    low, high, first, share, replicas, law, dim, k0, k1, table, changes,
    weights, kept, memory, squares, norms, lost, turned,
):
    """Advance the noise streams low to high, and every chain that they drive, by the steps of the table."""
    widest()
    z = np.empty((dim + 3) // 4 * 4, weights.dtype)
{scratch}
    for stream in range(low, high):
        for k in range(table.shape[1]):
            draw(z, memory[stream], law, dim, first + k, stream, k0, k1)
            factor = gradient_size(law, first + k, stream, k0, k1)
            noise = {noise}
            for configuration in range(table.shape[0] if share else 1):
                n = configuration * replicas + stream if share else stream
                chain = weights[n]
{views}
                square = squares[n]
                dot = overlap(z, chain, dim) if law[ORTHOGONAL] != 0.0 else 0.0
                rest = remaining(z, chain, dim, noise, dot, square) if {beside} else noise
                along, scale, gradient_norm, mean_square = gradient_of(law, dim, square, dot, rest, factor)
                weight_norm = math.sqrt(square)
                row = table[n // replicas, k]
{numbers}
{loops}
                squares[n] = after
                norms[n, k], lost[n, k], turned[n, k] = after, loss, max(way - loss * loss / square, 0.0)
'''

LANES = '''\


@compiled(**COMPILED)
def lanes(
    low, high, first, share, replicas, law, dim, k0, k1, table, changes,
    weights, kept, memory, squares, norms, lost, turned,
):
    """Advance the groups low to high of LANES chains, the same entry of all side by side: for few entries.

    Measurements are those of these groups' chains alone.
    """
    widest()
    blocks, last = (dim + 3) // 4, weights.shape[0] - 1
    z, w_of = np.empty((4 * blocks, LANES), weights.dtype), np.empty((dim, LANES), weights.dtype)
    kept_of = np.empty(({held}, dim, LANES), weights.dtype)
    constants = np.empty(({constants}, LANES), weights.dtype)
    along_of, scale_of = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    part_of_loss, part_of_way = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    part_after, step_of = np.empty(LANES, weights.dtype), np.empty(({steps}, LANES), weights.dtype)
    dots, rests = np.empty(LANES, weights.dtype), np.empty(LANES, weights.dtype)
    square_of, factors = np.empty(LANES), np.ones(LANES)
    gradient_norms, mean_squares, way_across = np.empty(LANES), np.empty(LANES), np.empty(LANES)
    streams, tile = np.empty(LANES, np.uint32), np.empty((3, TILE, LANES))
    for group in range(low, high):
        for lane in range(LANES):
            n = min(group * LANES + lane, last)
            streams[lane] = n % replicas if share else n
            square_of[lane] = squares[n]
            for i in range(dim):
                w_of[i, lane] = weights[n, i]
{load}
        for k in range(table.shape[1]):
            draw_lanes(z, streams, first + k, k0, k1)
            measure_lanes(z, w_of, square_of, law[ORTHOGONAL] != 0.0, dots, along_of, rests)
            if law[SPREAD] != 0.0:
                for lane in range(LANES):
                    factors[lane] = gradient_size(law, first + k, int(streams[lane]), k0, k1)
            gradient_lanes(law, dim, square_of, dots, rests, factors, along_of, scale_of, gradient_norms, mean_squares)
            if {always} or k == 0 or changes[k]:
                for lane in range(LANES):
                    square, gradient_norm, mean_square = square_of[lane], gradient_norms[lane], mean_squares[lane]
                    weight_norm = math.sqrt(square)
                    row = table[min(group * LANES + lane, last) // replicas, k]
{numbers}
            for lane in range(LANES):
                part_of_loss[lane], part_of_way[lane], part_after[lane] = 0.0, 0.0, 0.0
{loops}
            for lane in range(LANES):
                loss, square = np.float64(part_of_loss[lane]), square_of[lane]
                way_across[lane] = max(np.float64(part_of_way[lane]) - loss * loss / square, 0.0)
                square_of[lane] = np.float64(part_after[lane])
            for lane in range(LANES):
                tile[0, k % TILE, lane], tile[1, k % TILE, lane] = square_of[lane], part_of_loss[lane]
                tile[2, k % TILE, lane] = way_across[lane]
            hand_over(tile, group - low, k, norms, lost, turned)
        for lane in range(LANES):
            n = group * LANES + lane
            if n <= last:
                squares[n] = square_of[lane]
                for i in range(dim):
                    weights[n, i] = w_of[i, lane]
{store}
'''

LANES_LOOP = """\
for i in range(dim):
    for lane in range(LANES):
        w = w_of[i, lane]
{body}
        next_w = w + change
        w_of[i, lane] = next_w
        part_of_loss[lane] -= w * change
        part_of_way[lane] += change * change
        part_after[lane] += next_w * next_w
"""

LANES_FIRST_LOOP = """\
for i in range(dim):
    for lane in range(LANES):
        w = w_of[i, lane]
{body}
        step_of[i, lane] = step
        part_of_way[lane] += step * step
for lane in range(LANES):
    n = min(group * LANES + lane, last)
    row, step_norm, weight_norm = table[n // replicas, k], math.sqrt(part_of_way[lane]), math.sqrt(square_of[lane])
{asked}
    scale_of[lane] = {size}
    part_of_way[lane] = 0.0
"""

FOLDED = '''\


@compiled(**COMPILED)
def folded(
    low, high, first, share, replicas, law, dim, k0, k1, table, changes,
    weights, kept, memory, squares, norms, lost, turned,
):
    """Advance the groups low to high of GROUP chains, each in the plane of w and what is kept: equal in law.

    Measurements are those of these groups' chains alone.
    """
    widest()
    last = weights.shape[0] - 1
    z, of = np.zeros((3, GROUP), np.float32), np.zeros((CONSTANTS + {constants}, GROUP))
    streams, tile = np.empty(GROUP, np.uint32), np.empty((3, TILE, GROUP))
    numbers = law[0], law[1], law[2], law[3], law[4], law[5], law[6]
    of[FACTOR] = 1.0
    for group in range(low, high):
        for lane in range(GROUP):
            n = min(group * GROUP + lane, last)
            streams[lane] = n % replicas if share else n
            of[LENGTH, lane] = weights[n, 0]
            of[SQUARE, lane] = weights[n, 0] * weights[n, 0]
{load}
        for k in range(table.shape[1]):
            draw_folded(z, streams, dim, numbers[ORTHOGONAL] != 0.0, first + k, k0, k1)
            if numbers[SPREAD] != 0.0:
                for lane in range(GROUP):
                    of[FACTOR, lane] = gradient_size(law, first + k, int(streams[lane]), k0, k1)
            gradient_folded(numbers, dim, z, of)
            if {always} or k == 0 or changes[k]:
                for lane in range(GROUP):
                    square, gradient_norm, mean_square = of[SQUARE, lane], of[GRADIENT, lane], of[MEAN, lane]
                    weight_norm = of[LENGTH, lane]
                    row = table[min(group * GROUP + lane, last) // replicas, k]
{numbers}
            for lane in range(GROUP):
{names}
                along, scale = of[ALONG, lane], of[SCALE, lane]
                z0, z1, z2 = np.float64(z[0, lane]), np.float64(z[1, lane]), math.sqrt(np.float64(z[2, lane]))
                w0, w1, w2 = of[LENGTH, lane], 0.0, 0.0
{entries}
                w = w0
                w0 += change0
                square = w0 * w0 + (change1 * change1 + change2 * change2)
                long = math.sqrt(square)
{residue}
                of[LOST, lane], of[TURNED, lane] = -w * change0, change1 * change1 + change2 * change2
                of[LENGTH, lane], of[SQUARE, lane] = long, square
            for lane in range(GROUP):
                tile[0, k % TILE, lane], tile[1, k % TILE, lane] = of[SQUARE, lane], of[LOST, lane]
                tile[2, k % TILE, lane] = of[TURNED, lane]
            hand_over(tile, group - low, k, norms, lost, turned)
        for lane in range(GROUP):
            n = group * GROUP + lane
            if n <= last:
                weights[n, 0], squares[n] = of[LENGTH, lane], of[SQUARE, lane]
{store}
'''

LOOP = """\
loss, way, after = 0.0, 0.0, 0.0
for start in range(0, dim, BLOCK):
    part_of_loss, part_of_way, part_after = cast(0.0, z), cast(0.0, z), cast(0.0, z)
{views}
    for i in range(min(BLOCK, dim - start)):
        w = own_w[i]
{body}
        next_w = w + change
        own_w[i] = next_w
        part_of_loss -= w * change
        part_of_way += change * change
        part_after += next_w * next_w
    loss, way, after = loss + part_of_loss, way + part_of_way, after + part_after
"""

FIRST_LOOP = """\
step_square = 0.0
for start in range(0, dim, BLOCK):
    part = cast(0.0, z)
{views}
    for i in range(min(BLOCK, dim - start)):
        w = own_w[i]
{body}
        own_step[i] = step
        part += step * step
    step_square += part
step_norm = math.sqrt(step_square)
size = cast({size}, z)
"""


def _lines(lines: Iterable[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines), "    " * depth)


def _entry(loop: Loop) -> list[str]:
    """An entry's lines, from what the arrays hold to what they hold next."""
    kept = loop.form.kept
    return [
        "g = (own_z[i] - along_w * w) * scale_g",
        *(f"{name} = own_{name}[i]" for name in kept),
        *loop.entry,
        *(f"own_{name}[i] = next_{name}" for name in kept),
    ]


def _numbers(loop: Loop) -> list[str]:
    """The numbers of a step, in double precision, then as the loop uses them."""
    return [
        *(f"{name} = row[{j}]" for j, name in enumerate(loop.asked)),
        *(
            ["mean_square += wd * wd * square / dim"]
            if "mean_square" in loop.measured and not loop.form.decoupled
            else []
        ),
        *loop.numbers,
        *(f"{name} = cast({name}, z)" for name in loop.constants),
        "along_w, scale_g = cast(along, z), cast(scale, z)",
    ]


def _views(own: dict[str, str]) -> str:
    """The entries of one block, under names of their own: an index from 0 is what the compiler vectorises."""
    return _lines((f"own_{name} = {array}[start : start + BLOCK]" for name, array in own.items()), 1)


def chains(loop: Loop) -> str:
    """The kernel that advances one chain after the other, its entries side by side."""
    own = {"w": "chain", "z": "z", **{name: f"chain_{name}" for name in loop.form.kept}}
    if loop.rescaled:
        views = _views(own | {"step": "steps"})
        first = FIRST_LOOP.format(views=views, body=_lines(_entry(loop), 2), size=loop.size)
        views = _views({"w": "chain", "step": "steps"})
        loops = first + LOOP.format(views=views, body=_lines(["change = -size * own_step[i]"], 2))
    else:
        loops = LOOP.format(views=_views(own), body=_lines(_entry(loop), 2))
    needed = "gradient_norm" in loop.measured
    return CHAINS.format(
        scratch="    steps = np.empty(dim, weights.dtype)" if loop.rescaled else "",
        noise="overlap(z, z, dim)" if needed else "overlap(z, z, dim) if law[NORMALISED] != 0.0 else 1.0",
        beside="law[ORTHOGONAL] != 0.0" if needed else "law[ORTHOGONAL] != 0.0 and law[NORMALISED] != 0.0",
        views=_lines((f"chain_{name} = kept[{j}, n]" for j, name in enumerate(loop.form.kept)), 4),
        numbers=_lines(_numbers(loop), 4),
        loops=textwrap.indent(loops.rstrip(), "    " * 4),
    )


def lanes(loop: Loop) -> str:
    """The kernel that advances LANES chains side by side, one entry after the other."""
    kept = loop.form.kept
    asked = [f"{name} = row[{j}]" for j, name in enumerate(loop.asked)]
    numbers = [line for line in _numbers(loop) if "cast(" not in line]
    entry = [
        *(f"{name} = constants[{j}, lane]" for j, name in enumerate(loop.constants)),
        "g = (z[i, lane] - along_of[lane] * w) * scale_of[lane]",
        *(f"{name} = kept_of[{j}, i, lane]" for j, name in enumerate(kept)),
        *loop.entry,
        *(f"kept_of[{j}, i, lane] = next_{name}" for j, name in enumerate(kept)),
    ]
    if loop.rescaled:
        loops = LANES_FIRST_LOOP.format(body=_lines(entry, 2), asked=_lines(asked, 1), size=loop.size)
        loops += LANES_LOOP.format(body=_lines(["change = -scale_of[lane] * step_of[i, lane]"], 2))
    else:
        loops = LANES_LOOP.format(body=_lines(entry, 2))
    return LANES.format(
        held=len(kept),
        constants=len(loop.constants),
        steps="dim" if loop.rescaled else "0",
        load=_lines((f"kept_of[{j}, i, lane] = kept[{j}, n, i]" for j in range(len(kept))), 4),
        numbers=_lines([*numbers, *(f"constants[{j}, lane] = {c}" for j, c in enumerate(loop.constants))], 5),
        always=bool(loop.measured),
        loops=textwrap.indent(loops.rstrip(), "    " * 3),
        store=_lines((f"kept[{j}, n, i] = kept_of[{j}, i, lane]" for j in range(len(kept))), 5),
    )


def folded(loop: Loop) -> str:
    """The kernel that advances chains of any dimension in three: along w, along what is kept, along the rest."""
    kept = loop.form.kept
    numbers = [line for line in _numbers(loop) if "cast(" not in line]
    entries: list[str] = []
    for i, of_buffer in enumerate(("of[INSIDE, lane]", "of[ACROSS, lane]", "0.0")):
        entries += [f"w, g = w{i}, (z{i} - along * w{i}) * scale", *(f"{name} = {of_buffer}" for name in kept)]
        entries += [*loop.entry, f"step{i} = step" if loop.rescaled else f"change{i} = change"]
        entries += [f"{name}{i} = next_{name}" for name in kept]
    if loop.rescaled:
        entries += [*(f"{name} = row[{j}]" for j, name in enumerate(loop.asked))]
        entries = [
            "row = table[min(group * GROUP + lane, last) // replicas, k]",
            "weight_norm = of[LENGTH, lane]",
            *entries,
        ]
        entries += ["step_norm = math.sqrt(step0 * step0 + (step1 * step1 + step2 * step2))", f"size = {loop.size}"]
        entries += [f"change{i} = -size * step{i}" for i in range(3)]
    residue = []
    for name in kept:
        residue += [
            f"part = ({name}0 * w0 + ({name}1 * change1 + {name}2 * change2)) / long",
            f"left0, left1 = {name}0 - part * w0 / long, {name}1 - part * change1 / long",
            f"left2 = {name}2 - part * change2 / long",
            "of[INSIDE, lane], of[ACROSS, lane] = part, math.sqrt(left0 * left0 + (left1 * left1 + left2 * left2))",
        ]
    return FOLDED.format(
        constants=len(loop.constants),
        always=bool(loop.measured),
        load=_lines(["of[INSIDE, lane], of[ACROSS, lane] = kept[0, n, 0], kept[0, n, 1]"] if kept else [], 3),
        numbers=_lines([*numbers, *(f"of[CONSTANTS + {j}, lane] = {c}" for j, c in enumerate(loop.constants))], 5),
        names=_lines((f"{name} = of[CONSTANTS + {j}, lane]" for j, name in enumerate(loop.constants)), 4),
        entries=_lines(entries, 4),
        residue=_lines(residue, 4),
        store=_lines(["kept[0, n, 0], kept[0, n, 1] = of[INSIDE, lane], of[ACROSS, lane]"] if kept else [], 4),
    )


def source(form: Form) -> str:
    """The module of one form."""
    loop = transcribe(form)
    text = HEAD.format(name=form.name) + chains(loop) + lanes(loop)
    if loop.linear:
        text += folded(loop)
    return "\n".join(line.rstrip() for line in text.splitlines() if line.strip() or not line) + "\n"


def write(folder: Path = FOLDER, source: Callable[[Form], str] = source) -> list[Path]:
    """Write every form's module, and nothing where it stands already."""
    folder.mkdir(exist_ok=True)
    written = []
    for name, form in FORMS.items():
        path, text = folder / f"{name}.py", source(form)
        if not path.is_file() or path.read_text() != text:
            path.write_text(text)
            written.append(path)
    return written


if __name__ == "__main__":
    for path in write():
        print(path.name)
