"""The streams of random words: what a draw is for is part of its counter, so no two uses share words."""

from __future__ import annotations

from enum import IntEnum


class Stream(IntEnum):
    """The last word of the counter; ``CHI`` is the first of as many streams as Student's t has degrees of freedom."""

    NOISE = 0
    START = 1
    MASK = 2
    SIZE = 3
    FOLD = 7
    CHI = 16
