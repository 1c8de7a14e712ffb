"""What ``smd bench`` measured, as a table and as a figure: ratios are taken from the rates when they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numerics.benchmark.pairing import Ratio, ratio
from numerics.benchmark.races import BATCHED, DEFAULT, LOOP, NORMALS

Found = Mapping[str, Any]
AXES = {"dimensions": "entries", "chains": "chains", "threads": "threads"}
REFERENCES = {"engines": LOOP, "dimensions": BATCHED}
"""What the contestants of a race are compared with; in the others that is the first of them, or of the normals."""


def median(rates: Sequence[float]) -> float:
    """The middle rate."""
    return sorted(rates)[len(rates) // 2]


def shown(found: Ratio, digits: int = 3) -> str:
    """Median and interval of a ratio."""
    return f"{found.median:.{digits}g} [{found.low:.{digits}g}, {found.high:.{digits}g}]"


def rows(race: Found) -> list[tuple[str, str, str, str]]:
    """Contestant, units per second, ratio to the reference and to the machine's own rate of normals.

    Where several threads draw normals, the last is the ratio to the reference over that of so many threads of normals.
    """
    rates, found = race["rates"], []
    for name, own in rates.items():
        reference = rates[reference_of(race, name)]
        several = rates.get(f"{NORMALS}, {name}")
        limit = [x * y / z for x, y, z in zip(reference, several, _first(rates), strict=True)] if several else []
        limit = limit or rates.get(NORMALS)
        of_limit = shown(ratio(own, limit), 2) if limit else ""
        found.append((name, f"{median(own):.2e}", shown(ratio(own, reference)), of_limit))
    return found


def reference_of(race: Found, name: str) -> str:
    """What a contestant is compared with."""
    alike = [other for other in race["rates"] if _normals(other) == _normals(name)]
    return REFERENCES.get(race["kind"], alike[0])


def _normals(name: str) -> bool:
    return name.startswith(f"{NORMALS}, ")


def _first(rates: Mapping[str, Sequence[float]]) -> Sequence[float]:
    """The rate of normals on the fewest threads."""
    return next(own for name, own in rates.items() if _normals(name))


def title(race: Found) -> str:
    """The point at which a race ran."""
    at = [race["rule"]] + ([f"d = {race['dim']}"] if race["dim"] else [])
    at += [f"{race['chains']} chains"] if race["chains"] else []
    return f"{', '.join(at)}: {race['unit']} per second of {race['clock']} time, {race['kind']}"


def setting(machine: Found) -> str:
    """The machine, the day and the versions in one line."""
    versions = ", ".join(f"{name} {version}" for name, version in machine["versions"].items())
    return f"{machine['device']}, {machine['cores']} cores, load {machine['load']}, {machine['date']}; {versions}"


def figure(found: Found) -> Any:
    """Rates over entries, chains and threads, a panel each; for each rule the default engine and plain torch."""
    import matplotlib.pyplot as plt

    whole, panels = plt.subplots(1, len(AXES), figsize=(9.6, 3.2), constrained_layout=True)
    for axis, (kind, label) in zip(panels, AXES.items(), strict=True):
        races = [race for race in found["races"] if race["kind"] == kind]
        for place, rule in enumerate(dict.fromkeys(race["rule"] for race in races)):
            own = [race for race in races if race["rule"] == rule]
            for name, style in ((DEFAULT, "o-"), (BATCHED, "s:")) if kind == "dimensions" else ((None, "o-"),):
                points = [(r["dim"], median(r["rates"][name])) for r in own] if name else _by_number(own[0])
                told = f"{rule}, {name}" if name else rule
                axis.plot(*zip(*sorted(points), strict=True), style, color=f"C{place}", label=told, markersize=3)
        if races and any(map(_normals, races[0]["rates"])):
            axis.plot(*zip(*_by_number(races[0], NORMALS), strict=True), "k.:", label=NORMALS, markersize=3)
        axis.set(xscale="log", yscale="log", xlabel=label)
        if races:
            axis.set_ylabel(f"{races[0]['unit']} per second of {races[0]['clock']} time", fontsize=7)
            axis.legend(fontsize=6)
    return whole


def _by_number(race: Found, of: str = "") -> list[tuple[float, float]]:
    """(number, rate) of contestants that are named by a number, or by a number after ``of`` and a comma."""
    named = [(name.rpartition(", ")[0], name.rpartition(", ")[2], rates) for name, rates in race["rates"].items()]
    return [(float(number.split()[0]), median(rates)) for kind, number, rates in named if kind == of]


WATCHED = ("network", "weights", "a plain step", "watched over plain", "bytes a step")


def watched_rows(found: Found) -> list[tuple[str, str, str, str, str]]:
    """What watching costs each network, in the columns WATCHED; steps in milliseconds."""
    return [
        (
            one["network"],
            f"{one['weights']:,}",
            f"{1000 * one['step']:.2g} ms",
            shown(Ratio(**one["ratio"]), 4),
            f"{one['bytes_per_step']:,.0f}",
        )
        for one in found["watched"]
    ]
