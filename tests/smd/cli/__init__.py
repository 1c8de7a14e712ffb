"""Tests of ``smd.cli``."""
