"""Writes the compiled kernels' sources from the forms' lines: ``python -m numerics.engines.writing``."""

from __future__ import annotations

import textwrap
from collections.abc import Callable, Iterable
from pathlib import Path

from numerics.engines.templates import CHAINS, FIRST_LOOP, FOLDED, HEAD, LANES, LANES_FIRST_LOOP, LANES_LOOP, LOOP
from numerics.engines.transcription import Loop, names, transcribe
from numerics.updates import UPDATES
from numerics.updates.update import Form

FOLDER = Path(__file__).parent / "compiled"
FORMS: dict[str, Form] = {form.name: form for rule in UPDATES.values() for form in rule.forms()}
"""Every form of every rule, by its name."""


def _lines(lines: Iterable[str], depth: int) -> str:
    return textwrap.indent("\n".join(lines), "    " * depth)


def _entry(loop: Loop) -> list[str]:
    """An entry's lines, from what the arrays hold to what they hold next."""
    kept = loop.form.vectors
    return [
        "g = scale_g * own_z[i] - along_w * w",
        *(f"{name} = own_{name}[i]" for name in kept),
        *loop.entry,
        *(f"own_{name}[i] = next_{name}" for name in kept),
    ]


def _asked(loop: Loop) -> list[str]:
    """The numbers of a row of the table, by their names."""
    return [f"{name} = row[{j}]" for j, name in enumerate(loop.asked)]


def _numbers(loop: Loop, number: str, seen: str) -> list[str]:
    """A step's numbers, in double precision, from those asked for, measured and kept to those kept next.

    ``number`` says where the j-th that is kept stands, ``seen`` how |g + wd w|^2 is measured.
    """
    measured = []
    if "mean_square" in loop.measured and not loop.form.decoupled:
        measured.append("mean_square += wd * wd * square / dim")
    if "seen_square" in loop.measured:
        whole = "gradient_norm * gradient_norm" if loop.form.decoupled else seen
        measured.append(f"seen_square = {whole} / dim")
    held = [(name, number.format(j)) for j, name in enumerate(loop.form.numbers)]
    return [
        *measured,
        *(f"{name} = {place}" for name, place in held),
        *loop.numbers,
        *(f"{place} = next_{name}" for name, place in held),
    ]


def _size_asked(loop: Loop) -> list[str]:
    """What of the table the size of a rescaled step asks for; it is stored beside the loop's constants."""
    return [name for name in loop.asked if loop.rescaled and name in names(loop.size)]


def _views(own: dict[str, str]) -> str:
    """The entries of one block, under names of their own: an index from 0 is what the compiler vectorises."""
    return _lines((f"own_{name} = {array}[start : start + BLOCK]" for name, array in own.items()), 1)


def chains(loop: Loop) -> str:
    """The kernel that advances one chain after the other, its entries side by side."""
    own = {"w": "chain", "z": "z", **{name: f"chain_{name}" for name in loop.form.vectors}}
    if loop.rescaled:
        views = _views(own | {"step": "steps"})
        first = FIRST_LOOP.format(views=views, body=_lines(_entry(loop), 2), size=loop.size)
        views = _views({"w": "chain", "step": "steps"})
        loops = first + LOOP.format(views=views, body=_lines(["change = -size * own_step[i]"], 2))
    else:
        loops = LOOP.format(views=_views(own), body=_lines(_entry(loop), 2))
    held = range(len(loop.form.numbers))
    needed = "gradient_norm" in loop.measured or ("seen_square" in loop.measured and loop.form.decoupled)
    casts = [f"{name} = cast({name}, z)" for name in loop.constants]
    casts.append("along_w, scale_g = cast(along * scale, z), cast(scale, z)")
    numbers = [
        *_asked(loop),
        *_numbers(loop, "number_of[{}, configuration]", "seen(z, chain, along, scale, wd, dim)"),
        *casts,
    ]
    return CHAINS.format(
        scratch="    steps = space[1]" if loop.rescaled else "",
        noise="overlap(z, z, dim)" if needed else "overlap(z, z, dim) if law[NORMALISED] != 0.0 else 1.0",
        beside="law[ORTHOGONAL] != 0.0" if needed else "law[ORTHOGONAL] != 0.0 and law[NORMALISED] != 0.0",
        views=_lines((f"chain_{name} = kept[{j}, n]" for j, name in enumerate(loop.form.vectors)), 4),
        numbers=_lines(numbers, 4),
        loops=textwrap.indent(loops.rstrip(), "    " * 4),
        numbers_held=len(loop.form.numbers),
        load=_lines((f"number_of[{j}, configuration] = numbers[{j}, n]" for j in held), 3),
        store=_lines((f"numbers[{j}, n] = number_of[{j}, configuration]" for j in held), 3),
    )


def lanes(loop: Loop) -> str:
    """The kernel that advances LANES chains side by side, one entry after the other."""
    vectors, held = loop.form.vectors, range(len(loop.form.numbers))
    seen = "seen(z[:, lane], w_of[:, lane], along_of[lane], scale_of[lane], wd, dim)"
    constants = [*loop.constants, *_size_asked(loop)]
    of_size = [f"{name} = constants[{len(loop.constants) + j}, lane]" for j, name in enumerate(_size_asked(loop))]
    numbers = _numbers(loop, "number_of[{}, lane]", seen)
    entry = [
        *(f"{name} = constants[{j}, lane]" for j, name in enumerate(loop.constants)),
        "g = (z[i, lane] - along_of[lane] * w) * scale_of[lane]",
        *(f"{name} = kept_of[{j}, i, lane]" for j, name in enumerate(vectors)),
        *loop.entry,
        *(f"kept_of[{j}, i, lane] = next_{name}" for j, name in enumerate(vectors)),
    ]
    if loop.rescaled:
        loops = LANES_FIRST_LOOP.format(body=_lines(entry, 2), asked=_lines(of_size, 1), size=loop.size)
        loops += LANES_LOOP.format(body=_lines(["change = -scale_of[lane] * step_of[i, lane]"], 2))
    else:
        loops = LANES_LOOP.format(body=_lines(entry, 2))
    load = [f"number_of[{j}, lane] = numbers[{j}, n]" for j in held]
    load += ["for i in range(dim):"] if vectors else []
    load += [f"    kept_of[{j}, i, lane] = kept[{j}, n, i]" for j in range(len(vectors))]
    store = [f"numbers[{j}, n] = number_of[{j}, lane]" for j in held]
    store += ["for i in range(dim):"] if vectors else []
    store += [f"    kept[{j}, n, i] = kept_of[{j}, i, lane]" for j in range(len(vectors))]
    return LANES.format(
        held=len(vectors),
        numbers_held=len(held),
        constants=len(constants),
        steps="dim" if loop.rescaled else "0",
        load=_lines(load, 3),
        asked=_lines(_asked(loop), 5),
        numbers=_lines([*numbers, *(f"constants[{j}, lane] = {c}" for j, c in enumerate(constants))], 6),
        always=not loop.steady,
        loops=textwrap.indent(loops.rstrip(), "    " * 3),
        store=_lines(store, 4),
    )


def folded(loop: Loop) -> str:
    """The kernel that advances chains of any dimension in three: along w, along what is kept, along the rest."""
    vectors, constants = loop.form.vectors, [*loop.constants, *_size_asked(loop)]
    places = [f"of[CONSTANTS + {len(constants) + j}, lane]" for j in range(len(loop.form.numbers))]
    numbers = _numbers(loop, f"of[CONSTANTS + {len(constants)} + {{}}, lane]", "seen_folded(z, of, lane, wd)")
    entries: list[str] = []
    for i, of_buffer in enumerate(("of[INSIDE, lane]", "of[ACROSS, lane]", "0.0")):
        entries += [f"w, g = w{i}, z{i} * scale", *(f"{name} = {of_buffer}" for name in vectors)]
        entries += [*loop.entry, f"step{i} = step" if loop.rescaled else f"change{i} = change"]
        entries += [f"{name}{i} = next_{name}" for name in vectors]
    if loop.rescaled:
        entries += ["weight_norm = of[LENGTH, lane]"]
        entries += ["step_norm = math.sqrt(step0 * step0 + (step1 * step1 + step2 * step2))", f"size = {loop.size}"]
        entries += [f"change{i} = -size * step{i}" for i in range(3)]
    residue = []
    for name in vectors:
        residue += [
            f"part = ({name}0 * w0 + ({name}1 * change1 + {name}2 * change2)) * inverse",
            "share = part * inverse",
            f"left0, left1 = {name}0 - share * w0, {name}1 - share * change1",
            f"left2 = {name}2 - share * change2",
            "of[INSIDE, lane], of[ACROSS, lane] = part, math.sqrt(left0 * left0 + (left1 * left1 + left2 * left2))",
        ]
    load = [f"{place} = numbers[{j}, n]" for j, place in enumerate(places)]
    load += ["of[INSIDE, lane], of[ACROSS, lane] = kept[0, n, 0], kept[0, n, 1]"] if vectors else []
    store = [f"numbers[{j}, n] = {place}" for j, place in enumerate(places)]
    store += ["kept[0, n, 0], kept[0, n, 1] = of[INSIDE, lane], of[ACROSS, lane]"] if vectors else []
    return FOLDED.format(
        constants=len(constants) + len(places),
        always=not loop.steady,
        measures=bool(loop.measured),
        load=_lines(load, 3),
        asked=_lines(_asked(loop), 5),
        numbers=_lines([*numbers, *(f"of[CONSTANTS + {j}, lane] = {c}" for j, c in enumerate(constants))], 6),
        names=_lines((f"{name} = of[CONSTANTS + {j}, lane]" for j, name in enumerate(constants)), 4),
        entries=_lines(entries, 4),
        residue=_lines(residue, 4),
        store=_lines(store, 4),
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
