"""Comparison by relative difference alone; pytest's own would add an absolute 1e-12 to it."""

import pytest


def close(expected, within):
    """What equals ``expected`` to the relative difference ``within``."""
    return pytest.approx(expected, rel=within, abs=0)
