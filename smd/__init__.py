"""Spherical motion dynamics, the face: predictions, claims and citations for people's own scripts."""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)
