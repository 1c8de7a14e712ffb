"""Certifying claims: their checkers, their evidence, their status, and the confrontation of theory with numerics."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
