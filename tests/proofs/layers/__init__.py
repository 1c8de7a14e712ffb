"""Tests of ``proofs.layers``."""
