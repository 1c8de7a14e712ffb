"""Tests of ``proofs``."""
