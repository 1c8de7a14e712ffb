"""Tests of the book as it is read."""
