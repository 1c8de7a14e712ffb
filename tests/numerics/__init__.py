"""Tests of ``numerics``."""
