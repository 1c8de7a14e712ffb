"""Deriving the equilibrium of an optimizer from its update rule. SymPy, mpmath and numpy; never torch.

Names load on first use, so that numbers from the cache need no SymPy.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
