"""What a Matplotlib figure shows, as a table: every curve, point, error bar and area, in the units of its axes.

Read off the artists, so a figure has its data whatever drew it. A line across a panel has one coordinate.
"""

from __future__ import annotations

import csv
import io
from collections.abc import Iterable, Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

COLUMNS = ("panel", "series", "shown as", "x", "y")
ENDS = ("x low", "x high", "y low", "y high")
"""Of error bars; only in a table that has some."""
Row = tuple[Any, ...]


def table(figure: Figure) -> str:
    """The figure's data as CSV with the columns COLUMNS, then ENDS; numbers to nine digits.

    Lines before the header begin with ``# `` and name each panel's axes.
    """
    names = _Names(figure)
    axes = [axis for axis in figure.axes if axis.get_label() != "<colorbar>"]
    rows = [(number, *row) for number, axis in enumerate(axes, 1) for row in _rows(axis, names)]
    columns = COLUMNS + ENDS if any(len(row) > len(COLUMNS) for row in rows) else COLUMNS
    text = io.StringIO()
    for number, axis in enumerate(axes, 1):
        said = (axis.get_title(), f"x is {axis.get_xlabel()}", f"y is {axis.get_ylabel()}")
        text.write(
            f"# panel {number}: " + "; ".join(part for part in said if part and not part.endswith(" is ")) + "\n"
        )
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(columns)
    for number, series, shown, *point in rows:
        writer.writerow([number, series, shown, *map(_digits, point), *[""] * (len(columns) - 3 - len(point))])
    return text.getvalue()


def described(data: str) -> str:
    """What the panels of a table show, in a line."""
    heads = (line.partition(": ")[2] for line in data.splitlines() if line.startswith("# panel "))
    return ". ".join(head.replace("; y is", ", y is") for head in heads if head)


def rows(data: str) -> list[dict[str, str]]:
    """The rows of a table."""
    return list(csv.DictReader(line for line in data.splitlines() if not line.startswith("# ")))


def _digits(value: float | None) -> str:
    return "" if value is None else f"{value:.9g}"


def _rows(axis: Axes, names: _Names) -> Iterator[Row]:
    from matplotlib.collections import LineCollection, PathCollection
    from matplotlib.container import BarContainer, ErrorbarContainer

    done: set[Any] = set()
    for held in axis.containers:
        parts = list(_flat(held))
        done.update(map(id, parts))
        name = names.of(parts[0], held.get_label())
        if isinstance(held, ErrorbarContainer):
            yield from _error_bars(held, name)
        elif isinstance(held, BarContainer):
            for bar in held.patches:
                yield name, "bar", bar.get_x() + bar.get_width() / 2, bar.get_y() + bar.get_height()
    for line in axis.lines:
        if id(line) not in done:
            yield from _line(axis, line, names.of(line))
    for patch in axis.patches:
        if id(patch) not in done:
            yield from _points(names.of(patch), "outline", patch.get_path().vertices)
    for found in axis.collections:
        if id(found) in done:
            continue
        if (levels := getattr(found, "levels", None)) is not None:
            for low, high, path in zip(levels[:-1], levels[1:], found.get_paths(), strict=False):
                yield from _points(f"{low:g} to {high:g}", "area", path.vertices)
        elif isinstance(found, PathCollection):
            yield from _points(names.of(found), "points", found.get_offsets())
        else:
            shown = "line" if isinstance(found, LineCollection) else "area"
            for path in found.get_paths():
                yield from _points(names.of(found), shown, path.vertices)


def _flat(parts: Iterable[Any]) -> Iterator[Any]:
    for part in parts:
        if isinstance(part, tuple | list):
            yield from _flat(part)
        elif part is not None:
            yield part


def _line(axis: Axes, line: Any, name: str) -> Iterator[Row]:
    x, y = (np.asarray(data, float) for data in line.get_data(orig=False))
    shown = "points" if line.get_linestyle() in ("None", "", " ") else "line"
    if line.get_transform() == axis.get_yaxis_transform(which="grid"):
        yield name, shown, None, float(y[0])
    elif line.get_transform() == axis.get_xaxis_transform(which="grid"):
        yield name, shown, float(x[0]), None
    else:
        yield from _points(name, shown, np.stack([x, y], axis=1))


def _points(name: str, shown: str, points: Any) -> Iterator[Row]:
    for x, y in np.asarray(points, float):
        yield name, shown, x, y


def _error_bars(held: Any, name: str) -> Iterator[Row]:
    """A point a bar, with the ends of its bars; Matplotlib holds those along x before those along y."""
    line, _, bars = held.lines
    found = iter([np.array(bar.get_segments()) for bar in bars])
    wide = next(found)[:, :, 0] if held.has_xerr else None
    high = next(found)[:, :, 1] if held.has_yerr else None
    points = [np.mean(segment, axis=0) for segment in bars[0].get_segments()]
    if line is not None:
        points = list(np.stack(line.get_data(orig=False), axis=1))
    for i, (x, y) in enumerate(points):
        ends = [(None, None) if e is None else (float(e[i].min()), float(e[i].max())) for e in (wide, high)]
        yield name, "error bar", x, y, *ends[0], *ends[1]


class _Names:
    """Names of a figure's artists: the label, or that of one in the same figure that looks the same."""

    def __init__(self, figure: Figure) -> None:
        self._like: dict[Any, str] = {}
        self._unnamed: dict[int, str] = {}
        for axis in figure.axes:
            for artist in (*axis.lines, *axis.patches, *axis.collections):
                if label := _label(artist.get_label()):
                    self._like.setdefault(_look(artist), label)
            for held in axis.containers:
                if label := _label(held.get_label()):
                    self._like.setdefault(_look(next(_flat(held))), label)

    def of(self, artist: Any, label: Any = "") -> str:
        """The artist's name."""
        known = _label(label) or _label(artist.get_label()) or self._like.get(_look(artist))
        return known or self._unnamed.setdefault(id(artist), f"series {len(self._unnamed) + 1}")


def _label(given: Any) -> str:
    return "" if given is None or str(given).startswith("_") else str(given)


def _look(artist: Any) -> tuple[str, ...]:
    """Kind, colour, line and marker."""
    from matplotlib.colors import to_hex

    colour = getattr(artist, "get_color", getattr(artist, "get_facecolor", lambda: ""))()
    array = np.asarray(colour) if not isinstance(colour, str) else None
    named = str(colour) if array is None else to_hex(array.reshape(-1, array.shape[-1])[0]) if array.size else ""
    kept = [str(getattr(artist, f"get_{part}", lambda: "")()) for part in ("linestyle", "marker")]
    return type(artist).__name__, to_hex(named) if named else "", *kept
