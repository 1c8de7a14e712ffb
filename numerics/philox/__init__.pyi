from .arrays import compiled_form
from .drawing import entries
from .kinds import Entries, Kind, Stream, laplace, mixture, normal, rare_large, sparse, student

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
