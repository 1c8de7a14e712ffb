"""Second moments of the optimizers written from their updates by hand, without the engine.

Each map sends the moments before a step to those after it, for inputs of unit energy; all are affine.
They take any numbers, so the same text runs in double precision and in mpmath.
"""

import mpmath


def sgd(moments, lr, wd):
    """(A,) with A = E|w|^2 under w <- w - lr (g + wd w), <g, w> = 0."""
    (a,) = moments
    return ((1 - lr * wd) ** 2 * a + lr**2,)


def sgdm(moments, lr, wd, momentum, dampening):
    """(A, C, M) of w and m under m <- momentum m + (1 - dampening)(g + wd w), w <- w - lr m."""
    a, c, m = moments
    gain = 1 - dampening
    m_next = momentum**2 * m + gain**2 * (1 + wd**2 * a) + 2 * momentum * gain * wd * c
    w_with_next_m = momentum * c + gain * wd * a
    return a - 2 * lr * w_with_next_m + lr**2 * m_next, w_with_next_m - lr * m_next, m_next


def adamw(moments, lr, wd, beta1):
    """(A, C, M) of w and m under m <- beta1 m + (1 - beta1) x, w <- (1 - lr wd) w - lr m."""
    a, c, m = moments
    kept = 1 - lr * wd
    m_next = beta1**2 * m + (1 - beta1) ** 2
    w_with_next_m = beta1 * c
    return (
        kept**2 * a - 2 * kept * lr * w_with_next_m + lr**2 * m_next,
        kept * w_with_next_m - lr * m_next,
        m_next,
    )


def lost_overlap(optimizer, moments, lr, wd, **rest):
    """E<w, w - w'> at the given moments."""
    a = moments[0]
    if optimizer == "sgd":
        return lr * wd * a
    if optimizer == "sgdm":
        return lr * (rest["momentum"] * moments[1] + (1 - rest["dampening"]) * wd * a)
    return lr * wd * a + lr * rest["beta1"] * moments[1]


MAPS = {"sgd": (sgd, 1), "sgdm": (sgdm, 3), "adamw": (adamw, 3)}
"""The map of each linear optimizer and its number of moments."""


def fixed_point(affine, size, solve):
    """Solution of v = F(v) for an affine F, by its values at 0 and at the unit vectors; ``solve(rows, right)``."""
    constant = affine([0] * size)
    columns = [affine([int(i == j) for i in range(size)]) for j in range(size)]
    rows = [[int(i == j) - (columns[j][i] - constant[i]) for j in range(size)] for i in range(size)]
    return solve(rows, list(constant))


def exact(number):
    """The double as an mpmath number."""
    return mpmath.mpf(number)


def own(optimizer, hyperparameters, number=exact):
    """What the map takes: the optimizer's own hyper-parameters, without those of the noise."""
    return {k: number(v) for k, v in hyperparameters.items() if k not in ("dim", "grad_norm")}


def squared_norm(optimizer, hyperparameters, unit):
    """E|w|^2 from its value at unit input energy: A = (L/A) h for scale-invariant gradients, else A = d h."""
    if optimizer in ("sgd", "sgdm"):
        return mpmath.sqrt(mpmath.mpf(hyperparameters["grad_norm"]) ** 2 * unit)
    return hyperparameters["dim"] * unit
