"""The claims in Coq: obligations translated by machine, theorems written by hand, and the run that checks both."""
