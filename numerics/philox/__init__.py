"""The one source of the simulators' randomness: counted, not drawn, so that every engine sees the same numbers.

``reference`` defines the numbers, ``compiled`` (numba), ``tensors`` (torch) and ``triton_form`` (GPU
kernels) are its forms; ``entries`` picks one.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
