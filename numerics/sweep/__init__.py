"""Sweeps: a function over a grid of parameters and seeds, on the cores of this machine or on a Dask cluster.

Each cell is one file, written whole or not at all, with its provenance. A sweep that was stopped at any point goes on
where it stood: what is whole is kept, what is damaged, failed or of other sources is done again.
"""

from numerics.sweep.cells import BadSweep, Cell, product
from numerics.sweep.sweep import Sweep, Swept

__all__ = ["BadSweep", "Cell", "Sweep", "Swept", "product"]
