"""Figures of experiments: one style, colours that are told apart without colour vision, SVG that is always the same."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

THEORY = "#000000"
"""The colour of what is predicted; dashed."""
SERIES = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00")
"""Okabe and Ito's colours, for what is measured."""
MARKERS = ("o", "s", "^", "D", "v", "P")
"""One for each colour, for who prints in black."""
STYLE: dict[Any, Any] = {
    "figure.constrained_layout.use": True,
    "svg.fonttype": "none",
    "svg.hashsalt": "spherical-motion",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "grid.alpha": 0.25,
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
WIDTH, HEIGHT = 8.2, 3.1
"""Inches of one row of panels."""


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house's style; without a window."""
    import matplotlib

    with matplotlib.rc_context(STYLE):
        yield


def panels(rows: int = 1, columns: int = 2, **shared: Any) -> tuple[Any, Any]:
    """A figure and its panels, [rows, columns] squeezed, for a file rather than a window."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT * rows))
    return figure, figure.subplots(rows, columns, **shared)


def write(figure: Any, file: Path) -> None:
    """Write the figure as SVG without a date."""
    figure.savefig(file, format="svg", metadata={"Date": None})
