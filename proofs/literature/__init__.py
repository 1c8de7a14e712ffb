"""Published formulas as data, compared with what is derived; never a source of a derived result."""

from proofs.literature import equilibria, rates
from proofs.literature.comparison import Comparison, compare
from proofs.literature.published import Published, Relation, Unaudited

ROWS: tuple[Published, ...] = (*equilibria.ROWS, *rates.ROWS)

__all__ = ["ROWS", "Comparison", "Published", "Relation", "Unaudited", "compare"]
