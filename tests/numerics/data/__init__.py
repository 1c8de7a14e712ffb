"""Tests of numerics.data."""
