"""The random numbers."""
