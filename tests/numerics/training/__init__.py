"""Tests of numerics.training."""
