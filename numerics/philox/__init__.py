"""The one source of the simulators' randomness: counted, not drawn, so that every engine sees the same numbers.

``reference`` defines the numbers, ``compiled`` (numba), ``tensors`` (torch) and ``triton_form`` (GPU
kernels) are its forms; ``entries`` picks one.
"""

from numerics.philox.drawing import compiled_form, entries
from numerics.philox.kinds import Entries, Kind, Stream, laplace, mixture, normal, rare_large, sparse, student

__all__ = [
    "Entries",
    "Kind",
    "Stream",
    "compiled_form",
    "entries",
    "laplace",
    "mixture",
    "normal",
    "rare_large",
    "sparse",
    "student",
]
