"""Tests of numerics.networks."""
