"""Figures: one style, colours that are told apart without colour vision, SVG that is always the same.

A figure that ``use`` or ``write`` writes as SVG carries its data (``drawn``) and follows the page's theme (``themed``).
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

THEORY = "#000000"
"""The colour of what is predicted; dashed."""
SERIES = ("#0072b2", "#d55e00", "#009e73", "#a8427c", "#4a96e0", "#6b5300")
"""For what is measured: Okabe and Ito's hues, the last three darker, so that all are seen on white."""
ON_DARK = {
    THEORY: "#ced6dd",
    "#ffffff": "#121212",
    "#b0b0b0": "#8a9199",
    "#6e6e6e": "#9a9a9a",
    **dict(zip(SERIES, ("#2a85d0", "#e8702a", "#00a878", "#d070b0", "#9bd7ff", "#f5d76e"), strict=True)),
}
"""What each colour turns into on a dark page: ink, paper, the grid, what is beside the point, the series."""
MAP = "cividis"
"""The map of colours for areas: dark to light to every eye, so it is the same on every page."""
GRID, ASIDE = "#b0b0b0", "#6e6e6e"
MARKERS = ("o", "s", "^", "D", "v", "P")
"""One for each colour, for who prints in black."""
STYLE: dict[Any, Any] = {
    "figure.figsize": (8.2, 3.1),
    "figure.constrained_layout.use": True,
    "font.sans-serif": ["DejaVu Sans", "Verdana", "sans-serif"],
    "svg.fonttype": "none",
    "svg.hashsalt": "spherical-motion",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "grid.color": GRID,
    "grid.alpha": 0.25,
    "image.cmap": MAP,
    "font.size": 10,
    "legend.frameon": False,
    "legend.fontsize": 8,
}
WIDTH, HEIGHT = STYLE["figure.figsize"]
"""Inches of one row of panels."""


@contextmanager
def style() -> Iterator[None]:
    """Draw in the house's style; without a window."""
    import matplotlib

    with matplotlib.rc_context(STYLE | _cycle()):
        yield


def use() -> None:
    """Draw in the house's style from here on, and write every SVG as ``write`` does; notebooks show figures as SVG."""
    import matplotlib
    from matplotlib.backend_bases import register_backend
    from matplotlib_inline.backend_inline import set_matplotlib_formats

    from proofs.experiments.themed import Canvas

    matplotlib.rcParams.update(STYLE | _cycle())
    register_backend("svg", Canvas)
    set_matplotlib_formats("svg")


def _cycle() -> dict[Any, Any]:
    from cycler import cycler

    return {"axes.prop_cycle": cycler(color=SERIES)}


def panels(rows: int = 1, columns: int = 2, **shared: Any) -> tuple[Any, Any]:
    """A figure and its panels, [rows, columns] squeezed, for a file rather than a window."""
    from matplotlib.figure import Figure

    figure = Figure(figsize=(WIDTH, HEIGHT * rows))
    return figure, figure.subplots(rows, columns, **shared)


def svg(figure: Any, command: str = "") -> str:
    """The figure as SVG with its data and the command that makes it, without a date."""
    from proofs.experiments.themed import Canvas

    text = io.StringIO()
    Canvas(figure).print_svg(text, metadata={"Source": command})
    return text.getvalue()


def write(figure: Any, file: Path, command: str = "") -> None:
    """Write it to a file."""
    file.write_text(svg(figure, command), encoding="utf-8")
