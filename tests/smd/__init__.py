"""Tests of ``smd``."""
