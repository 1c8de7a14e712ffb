"""Tables for the terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING

import theory
from smd.predicting import described

if TYPE_CHECKING:
    from rich.table import Table

LABELS = {
    "equilibrium_norm": "equilibrium norm  sqrt(E|w|^2)",
    "angular_update": "angular update  (rad)",
    "cos_angular_update": "cosine  E<w,w'>/E|w|^2",
    "chord": "chord",
    "sine": "sine",
    "convergence_rate": "convergence rate  (per step)",
    "half_life": "half-life  (steps)",
}


def number(value: float | None) -> str:
    """Eight digits, or a dash."""
    return "-" if value is None else f"{value:.8g}"


def title(found: theory.Prediction) -> str:
    """Optimizer and hyper-parameters in one line."""
    chosen = ", ".join(f"{k}={v:g}" for k, v in found.hyperparameters.items() if v is not None)
    return f"{described(found.optimizer)[0]}, {found.decay} decay: {chosen}"


def prediction_table(found: theory.Prediction) -> Table:
    """The prediction of an optimizer, exact beside leading order."""
    return prediction_rows(title(found), found)


def prediction_rows(heading: str, found: theory.Prediction) -> Table:
    """A prediction under a heading, exact beside leading order."""
    from rich.table import Table

    table = Table(title=heading, title_justify="left")
    table.add_column("quantity")
    table.add_column("exact", justify="right")
    table.add_column("leading order", justify="right")
    for name, label in LABELS.items():
        leading = number(found.leading_order[name]) if name in found.leading_order else ""
        table.add_row(label, number(getattr(found, name)), leading)
    return table


def print_notes(found: theory.Prediction, warnings: list[str]) -> None:
    """Convention, hypotheses and warnings under a table."""
    from rich.console import Console

    console = Console(highlight=False, soft_wrap=True)
    _, convention, hypotheses = described(found.optimizer)
    console.print(f"Convention: {convention}.", markup=False)
    console.print(f"Holds if: {'; '.join(hypotheses)}.", markup=False)
    for warning in warnings:
        console.print(f"Note: {warning}.", markup=False)
