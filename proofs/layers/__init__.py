"""The checkers, one a file: claim in, verdict out."""
