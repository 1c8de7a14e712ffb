"""Measuring the engines: against what one would write oneself, and against what the machine can do."""
