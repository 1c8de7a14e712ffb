"""What entries are drawn from, and the streams of random words that they take.

Every kind has mean zero and unit mean square. What a draw is for is part of its counter, so that no two
uses share words; the masks and chi squares of one chain and step serve one vector of entries.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from enum import IntEnum


class Stream(IntEnum):
    """The last word of the counter; ``CHI`` is the first of as many streams as Student's t has degrees of freedom."""

    NOISE = 0
    START = 1
    MASK = 2
    SIZE = 3
    FOLD = 7
    CHI = 16


class Kind(IntEnum):
    """The kinds of entries, with a parameter list each; see the functions below."""

    NORMAL = 0
    LAPLACE = 1
    MIXTURE = 2
    STUDENT = 3


@dataclass(frozen=True)
class Entries:
    """A law of independent entries: its kind and the parameters of that kind."""

    kind: Kind
    parameters: tuple[float, ...] = ()


def normal() -> Entries:
    """Standard normal."""
    return Entries(Kind.NORMAL)


def laplace() -> Entries:
    """Two-sided exponential, kurtosis 6: one word each, its top bit the sign, the others the size."""
    return Entries(Kind.LAPLACE)


def mixture(share: float, large: float, small: float) -> Entries:
    """Normal of standard deviation ``large`` with probability ``share``, else ``small``.

    Raises ValueError for a share outside (0, 1] and where share large^2 + (1 - share) small^2 is not 1.
    """
    if not 0 < share <= 1:
        raise ValueError(f"share = {share} is outside its range (0, 1]")
    mean_square = share * large**2 + (1 - share) * small**2
    if not math.isclose(mean_square, 1, rel_tol=1e-12):
        raise ValueError(f"large = {large} and small = {small} give the mean square {mean_square:g}, which must be 1")
    return Entries(Kind.MIXTURE, (share, large, small))


def sparse(density: float) -> Entries:
    """Zero with probability 1 - density, else normal. Raises ValueError for a density outside (0, 1]."""
    if not 0 < density <= 1:
        raise ValueError(f"density = {density} is outside its range (0, 1]")
    return mixture(density, 1 / math.sqrt(density), 0.0)


def rare_large(share: float, ratio: float) -> Entries:
    """Normal, a share of the entries ``ratio`` times larger. Raises ValueError for a share outside (0, 1]."""
    scale = math.sqrt(1 - share + share * ratio**2) if 0 <= share <= 1 else 1.0
    return mixture(share, ratio / scale, 1 / scale)


def student(freedom: int) -> Entries:
    """Student's t, scaled: normal * sqrt((freedom - 2)/chi^2).

    Raises ValueError unless ``freedom`` is a whole number above 2.
    """
    if freedom != int(freedom) or freedom <= 2:
        raise ValueError(f"freedom = {freedom} is not a whole number above 2")
    return Entries(Kind.STUDENT, (float(freedom),))
