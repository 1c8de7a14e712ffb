"""Tests of the translation to Coq and of its run."""
