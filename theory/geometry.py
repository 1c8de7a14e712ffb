"""Four quantities that the literature calls angular update, each as a function of the cosine.

With theta = angle(w, w'): angle theta, chord |w'/|w'| - w/|w||, sine, and the tangential ratio, the
length of the part of w' - w orthogonal to w over |w|. At a fixed norm the tangential ratio equals the sine.
"""

from __future__ import annotations

from sympy import Expr, asin, sqrt

from theory.derivation import recorded


@recorded
def angle(one_minus_cosine: Expr) -> Expr:
    """theta = 2 asin(sqrt((1 - cos)/2)), radians: arccos without its cancellation."""
    return 2 * asin(sqrt(one_minus_cosine / 2))


@recorded
def chord(one_minus_cosine: Expr) -> Expr:
    """2 sin(theta/2) = sqrt(2 (1 - cos)), the distance of the unit vectors."""
    return sqrt(2 * one_minus_cosine)


@recorded
def sine(one_minus_cosine: Expr) -> Expr:
    """sin(theta) = sqrt((1 - cos)(1 + cos))."""
    return sqrt(one_minus_cosine * (2 - one_minus_cosine))


@recorded
def tangential_ratio(one_minus_cosine: Expr, growth: Expr) -> Expr:
    """sin(theta) |w'|/|w|: tangential step over the norm before it, ``growth`` = |w'|/|w|."""
    return sine(one_minus_cosine) * growth
