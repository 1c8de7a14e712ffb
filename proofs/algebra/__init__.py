"""Formulas and obligations of claims whose derivation imports SymPy; claims load a module here when asked."""
