"""Every symbol of the theory, with its assumptions, declared once.

Units: learning rates and decays are per step; angles are radians; norms are in units of the weights.
"""

from __future__ import annotations

from sympy import Integer, Symbol

lr = Symbol("eta", positive=True)
"""Learning rate."""
wd = Symbol("lambda", positive=True)
"""Weight decay coefficient."""
decay = Symbol("p", positive=True)
"""Decay per step, p = eta * lambda: what every equilibrium angle depends on."""
momentum = Symbol("alpha", nonnegative=True)
"""Heavy-ball momentum, 0 <= alpha < 1."""
dampening = Symbol("tau", nonnegative=True)
"""Dampening of the gradient inside the momentum buffer, 0 <= tau < 1."""
beta1 = Symbol("beta_1", nonnegative=True)
"""EMA coefficient of the gradient (Adam), or its share in the update (Lion), 0 <= beta1 < 1."""
beta2 = Symbol("beta_2", nonnegative=True)
"""EMA coefficient of the squared gradient (Adam) or of the gradient (Lion), 0 <= beta2 < 1."""
energy = Symbol("L", positive=True)
"""E of the squared unit-gradient norm, L = E[ |g|^2 |w|^2 ]."""
dim = Symbol("d", positive=True)
"""Number of coordinates of the weight vector."""
squared_norm = Symbol("A", positive=True)
"""E|w|^2, the corner of the Gram matrix."""
multiplier = Symbol("z")
"""Variable of a characteristic polynomial."""
correlation = Symbol("rho", real=True)
"""Correlation of a Gaussian filter's output at lag one."""
index = Symbol("n", integer=True, nonnegative=True)
"""Index of a series."""
lag = Symbol("k", integer=True, positive=True)
"""Lag of an autocorrelation, in steps."""
contraction = Symbol("a", real=True)
"""a = 1 - p, the factor by which decay alone shrinks the weights."""

damped_decay = Symbol("u", positive=True)
"""u = p (1 - tau), the decay per step behind dampening."""

OF_PARAMETER = {
    "lr": lr,
    "wd": wd,
    "momentum": momentum,
    "dampening": dampening,
    "beta1": beta1,
    "beta2": beta2,
    "dim": dim,
    "grad_norm": energy,
}
"""The symbol behind each hyper-parameter; grad_norm stands for sqrt(L)."""

INTERIOR = {lr: 1 / Integer(8), decay: 1 / Integer(16), damped_decay: 1 / Integer(32), energy: 1, dim: 1} | {
    s: 1 / Integer(2) for s in (momentum, dampening, beta1, beta2)
}
"""A point inside every domain: where a factor's sign is read off before it is printed."""

persistence = Symbol("phi", nonnegative=True)
"""Correlation of an AR(1) gradient from step to step, 0 <= phi < 1."""
snr = Symbol("r", nonnegative=True)
"""Signal-to-noise ratio of a gradient with a constant mean, |E g|^2 / E|g - E g|^2."""
density = Symbol("s", positive=True)
"""Share of the gradient's entries that are not zero, 0 < s <= 1."""
kurtosis = Symbol("kappa", nonnegative=True)
"""Excess kurtosis of a gradient's entry, E g^4 / (E g^2)^2 - 3."""
update_energy = Symbol("U", positive=True)
"""E|u|^2 of a stationary update."""
memory = Symbol("S", real=True)
"""S = sum_{k>=1} a^(k-1) R_k of a stationary update, the generating function of its autocorrelation at a."""
buffer_overlap = Symbol("c", real=True)
"""E<m, g> / E|g|^2 of a momentum buffer with the next gradient; 0 for white gradients."""

INTERIOR |= {persistence: 1 / Integer(2), snr: 1 / Integer(2), density: 1 / Integer(2), update_energy: 1, memory: 1}
INTERIOR |= {kurtosis: 1, buffer_overlap: 1 / Integer(2)}
