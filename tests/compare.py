"""Comparison by relative difference, to which pytest's own would add an absolute 1e-12; and by Student's t."""

import pytest

from proofs.comparison import Confrontation, Statistic


def close(expected, within):
    """What equals ``expected`` to the relative difference ``within``."""
    return pytest.approx(expected, rel=within, abs=0)


def agrees(predicted, measured, rounding=0.0):
    """Whether a measured mean agrees with a prediction; wrong with probability FALSE_ALARM although all is right."""
    return Confrontation("", "", {}, {}, (Statistic("", predicted, measured, rounding),)).agrees
