"""What ``smd bench`` measured, as a table and as a figure: ratios are taken from the rates when they are shown."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from numerics.benchmark.pairing import Ratio, ratio
from numerics.benchmark.races import BATCHED, DEFAULT, LOOP, NORMALS

Found = Mapping[str, Any]
AXES = {"dimensions": "entries", "chains": "chains", "threads": "threads"}
REFERENCES = {"engines": LOOP, "dimensions": BATCHED}
"""What the contestants of a race are compared with; in the others that is the first of them."""


def median(rates: Sequence[float]) -> float:
    """The middle rate."""
    return sorted(rates)[len(rates) // 2]


def shown(found: Ratio, digits: int = 3) -> str:
    """Median and interval of a ratio."""
    return f"{found.median:.{digits}g} [{found.low:.{digits}g}, {found.high:.{digits}g}]"


def rows(race: Found) -> list[tuple[str, str, str, str]]:
    """Contestant, units per second, ratio to the reference and to the machine's own rate of normals."""
    rates = race["rates"]
    reference = rates[REFERENCES.get(race["kind"], next(iter(rates)))]
    limit = rates.get(NORMALS)
    return [
        (name, f"{median(own):.2e}", shown(ratio(own, reference)), shown(ratio(own, limit), 2) if limit else "")
        for name, own in rates.items()
    ]


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
        axis.set(xscale="log", yscale="log", xlabel=label)
        if races:
            axis.set_ylabel(f"{races[0]['unit']} per second of {races[0]['clock']} time", fontsize=7)
            axis.legend(fontsize=6)
    return whole


def _by_number(race: Found) -> list[tuple[float, float]]:
    """(number, rate) of contestants that are named by a number first."""
    return [(float(name.split()[0]), median(rates)) for name, rates in race["rates"].items()]
