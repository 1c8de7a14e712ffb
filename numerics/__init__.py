"""Measuring the motion: torch simulators, gradient laws, estimators. Knows nothing of the theory."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
