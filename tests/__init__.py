"""The tests, one folder a package and one file a module."""
