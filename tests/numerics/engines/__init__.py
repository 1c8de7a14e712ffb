"""Tests of the engines: they agree pathwise or in law, bit for bit with themselves, and refuse what they cannot."""
