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
decay_behind_gain = Symbol("P", positive=True)
"""The decay per step as it is printed where it is not eta * lambda: P = y * eta * lambda under a gain y."""
gain = Symbol("y", positive=True)
"""The factor on the step size of a rule with a gain."""
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

energy_variance = Symbol("v", nonnegative=True)
"""Relative variance of the squared unit-gradient norm, v = Var(|unit g|^2) / L^2."""
energy_skewness = Symbol("kappa", real=True)
"""Its third central moment over v^2 L^3: 2 for Gaussian gradients of any dimension."""

damped_decay = Symbol("u", positive=True)
"""u = p (1 - tau), the decay per step behind dampening."""
lookahead = Symbol("mu", nonnegative=True)
"""Share of the buffer in NAdam's update, 0 <= mu < 1."""
trust = Symbol("kappa", positive=True)
"""Trust coefficient of a layerwise step size."""
kurtosis = Symbol("K", positive=True)
"""Kurtosis E g^4 / (E g^2)^2 of the gradient's coordinates, 3 for a Gaussian."""
step_index = Symbol("t", nonnegative=True)
"""Number of the step, for rules whose coefficients follow a schedule of their own."""
momentum_decay = Symbol("psi", nonnegative=True)
"""Exponent of NAdam's momentum schedule."""


def moment(i: int, j: int) -> Symbol:
    """G_ij = E<s_i, s_j> of the linear state; the corner is A = E|w|^2."""
    return squared_norm if i == j == 0 else Symbol(f"G_{min(i, j)}{max(i, j)}")


scaled_decay = Symbol("x", positive=True)
"""x = p (1 - tau)/(1 + alpha), between 0 and 2 where SGD with momentum has an equilibrium."""

OF_PARAMETER = {
    "lr": lr,
    "wd": wd,
    "momentum": momentum,
    "dampening": dampening,
    "beta1": beta1,
    "beta2": beta2,
    "dim": dim,
    "grad_norm": energy,
    "kurtosis": kurtosis,
    "trust": trust,
    "at_step": step_index,
    "momentum_decay": momentum_decay,
}
"""The symbol behind each hyper-parameter; grad_norm stands for sqrt(L)."""

INTERIOR = {
    lr: 1 / Integer(8),
    decay: 1 / Integer(16),
    damped_decay: 1 / Integer(32),
    scaled_decay: 1 / Integer(48),
    energy: 1,
    dim: 1,
    trust: 1,
    kurtosis: 3,
} | {s: 1 / Integer(2) for s in (momentum, dampening, beta1, beta2, lookahead)}
"""A point inside every domain: where a factor's sign is read off before it is printed."""

elapsed = Symbol("t", integer=True, nonnegative=True)
"""Number of steps done."""
growth_root = Symbol("r", positive=True)
"""Root of the heavy ball's characteristic polynomial: what decay alone multiplies the weights by, 0 < r < 1."""
decayed_norm = Symbol("P", positive=True)
"""What decay alone makes of a weight of norm one, with the same optimizer and schedule."""
decayed_buffer = Symbol("b", real=True)
"""The momentum buffer beside ``decayed_norm``."""
direction_lr = Symbol("Phi", positive=True)
"""Phi = lr / ((1 - p) |w|^(1 + nu)): all that the next direction sees of lr, decay and norm."""
unit_gradient_square = Symbol("G", positive=True)
"""|unit gradient|^2 of one step."""
noise_norm = Symbol("sigma", positive=True)
"""Norm of the unit gradient's noise."""
noise_square = noise_norm**2
"""Its square."""
alignment = Symbol("q", positive=True)
"""Cosine between the weights and the minimum of the isotropic loss 1 - q."""
alignment_square = Symbol("u", positive=True)
"""u = q^2."""
slope = Symbol("h", positive=True)
"""h = x / y, the tangent of a group's angle from its minimum."""
sharpness = Symbol("c", positive=True)
"""c = curvature of a group times its individual effective learning rate."""
curvature = Symbol("kappa", positive=True)
"""Curvature of one group of the toy function."""
total_curvature = Symbol("K", positive=True)
"""Sum of the curvatures of all groups."""
sphere_lr = Symbol(r"\tilde\eta", positive=True)
"""Effective learning rate of projected SGD on the unit sphere."""

INTERIOR |= {growth_root: 3 / Integer(4), alignment_square: 1 / Integer(2), sharpness: 2}
persistence = Symbol("phi", nonnegative=True)
"""Correlation of an AR(1) gradient from step to step, 0 <= phi < 1."""
snr = Symbol("r", nonnegative=True)
"""Signal-to-noise ratio of a gradient with a constant mean, |E g|^2 / E|g - E g|^2."""
density = Symbol("s", positive=True)
"""Share of the gradient's entries that are not zero, 0 < s <= 1."""
excess_kurtosis = Symbol("kappa", nonnegative=True)
"""Excess kurtosis of a gradient's entry, E g^4 / (E g^2)^2 - 3."""
update_energy = Symbol("U", positive=True)
"""E|u|^2 of a stationary update."""
memory = Symbol("S", real=True)
"""S = sum_{k>=1} a^(k-1) R_k of a stationary update, the generating function of its autocorrelation at a."""
buffer_overlap = Symbol("c", real=True)
"""E<m, g> / E|g|^2 of a momentum buffer with the next gradient; 0 for white gradients."""

INTERIOR |= {persistence: 1 / Integer(2), snr: 1 / Integer(2), density: 1 / Integer(2), update_energy: 1, memory: 1}
INTERIOR |= {excess_kurtosis: 1, buffer_overlap: 1 / Integer(2)}
