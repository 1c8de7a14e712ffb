"""Tests of the optimizers for networks."""
