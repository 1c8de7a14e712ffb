"""Files of figures: what cannot be written is refused before the work is done."""

from __future__ import annotations

from pathlib import Path
from typing import Any

SUFFIXES = (".svg", ".pdf", ".png")


class BadPlot(ValueError):
    """The file cannot be written; the message names it."""


def check_plot(target: Path) -> None:
    """Raise BadPlot for a file that cannot be a figure, or without matplotlib."""
    if target.suffix not in SUFFIXES:
        raise BadPlot(f"plot = {target}: the name must end in {', '.join(SUFFIXES[:-1])} or {SUFFIXES[-1]}")
    check_folder("plot", target)
    try:
        import matplotlib  # noqa: F401
    except ModuleNotFoundError as missing:
        raise BadPlot(
            "plot: matplotlib is not installed; it comes with the extra sim, pip install 'spherical-motion[sim]'"
        ) from missing


def check_folder(option: str, target: Path) -> None:
    """Raise BadPlot for a file that an option names and that has no folder, or is one."""
    if not target.parent.is_dir():
        raise BadPlot(f"{option} = {target}: the folder {target.parent} does not exist")
    if target.is_dir():
        raise BadPlot(f"{option} = {target} is a folder")


def two_panels(width: float, height: float) -> tuple[Any, tuple[Any, Any]]:
    """A figure of two panels side by side, for a file rather than a window; sizes in inches."""
    import matplotlib

    matplotlib.use("Agg")
    import matplotlib.pyplot as plt

    return plt.subplots(1, 2, figsize=(width, height), constrained_layout=True)


def write(figure: Any, target: Path) -> None:
    """Write the figure and forget it; raises BadPlot where the file cannot be written."""
    import matplotlib.pyplot as plt

    try:
        figure.savefig(target)
    except OSError as failed:
        raise BadPlot(f"plot = {target} cannot be written: {failed.strerror or failed}") from failed
    finally:
        plt.close(figure)
