"""Published formulas as data, compared with what is derived; never a source of a derived result."""

from proofs.literature import equilibria, equivalences, rates, regimes, schedules, settings, signs
from proofs.literature.comparison import (
    INCONSISTENT,
    OUTSIDE,
    STANDARD,
    Comparison,
    at_standard_recipes,
    compare,
    ratio_at,
    ratio_in_print,
)
from proofs.literature.published import PROVENANCES, Published, Relation, Unaudited
from proofs.literature.questions import QUESTIONS, Question
from proofs.literature.settings import UNAUDITED

TOPICS: dict[str, tuple[Published, ...]] = {
    "Equilibrium": equilibria.ROWS,
    "Fixed-size updates, signs and matrices": signs.ROWS,
    "Rates and fluctuations": rates.ROWS,
    "Drops, transients and schedules": schedules.ROWS,
    "Equivalences and effective learning rates": equivalences.ROWS,
    "Three regimes": regimes.ROWS,
    "At the settings of published runs": settings.ROWS,
}
"""Every audited row."""
ROWS: tuple[Published, ...] = tuple(row for rows in TOPICS.values() for row in rows)

__all__ = [
    "INCONSISTENT",
    "OUTSIDE",
    "PROVENANCES",
    "QUESTIONS",
    "ROWS",
    "STANDARD",
    "TOPICS",
    "UNAUDITED",
    "Comparison",
    "Published",
    "Question",
    "Relation",
    "Unaudited",
    "at_standard_recipes",
    "compare",
    "ratio_at",
    "ratio_in_print",
]
