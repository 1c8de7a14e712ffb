"""The command line, a small file a verb."""
