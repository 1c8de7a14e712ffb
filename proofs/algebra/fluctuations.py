"""Formulas of the claims about fluctuations, and what each owes: the same number by a second way."""

from __future__ import annotations

from sympy import (
    Expr,
    Integer,
    Matrix,
    Poly,
    Symbol,
    acos,
    atan,
    binomial,
    factor,
    gammasimp,
    hessian,
    simplify,
    sqrt,
    symbols,
)

import theory
from proofs.algebra.lowest_terms import lowest_terms
from proofs.claim import Formula, Obligation
from theory.finite_dimension import angle_response
from theory.fluctuations import chi_mean_over_rms, fluctuations_of, gaussian_angle, kurtosis_share, sgd_moments
from theory.forms import positive_factors
from theory.optimizers import OPTIMIZERS
from theory.optimizers.sgdm import coupled as sgdm_step
from theory.symbols import (
    beta1,
    damped_decay,
    dampening,
    decay,
    dim,
    energy,
    energy_variance,
    lr,
    momentum,
    squared_norm,
    wd,
)

VARIANCE = r"\frac{\mathrm{Var}\,\|w\|^2}{(\mathbb E\|w\|^2)^2}"
ANGLE_VARIANCE = r"\frac{\mathrm{Var}\,\theta_t}{\sin^2\theta}"
ANGLE_SHIFT = r"\frac{\mathbb E\,\theta_t - \theta}{\tan\theta}"
KICK = Symbol(r"\tilde v", nonnegative=True)
"""Relative variance of |g|^2 + 2 alpha <m, g>, all the noise that the moments under momentum feel."""
KURTOSIS = Symbol("K", real=True)
"""Excess kurtosis of a coordinate of the input."""
FREEDOM = Symbol("n", positive=True)
"""Degrees of freedom."""
KEPT = (1 - decay) ** 2
"""a^2."""


def above_mean_field() -> list[Formula]:
    """E|w|^2 >= A, with A of SGD with momentum."""
    found = theory.equilibrium_of("sgdm")
    return [Formula(r"(\mathbb E\|w\|^2)^2", found.display(found.norm_power), r"\ge")]


def above_mean_field_obligations() -> list[Obligation]:
    """Linearity in E q, and Jensen's inequality by a tangent."""
    found = theory.equilibrium_of("sgdm")
    size, mean = symbols("x m", positive=True)
    gap = Symbol("t", nonnegative=True)
    unit = found.recursion.unit_gram
    stays = found.recursion.step(unit * energy, energy)[0, 0]
    difference = 1 / size - (2 / mean - size / mean**2)
    return [
        Obligation("E|w|^2 = h E q: the moments are linear in E q", stays, energy * unit[0, 0]),
        Obligation("q = L/|w|^2", found.rule.amplitude * squared_norm, energy),
        Obligation("1/x lies above its tangent at m", difference, (size - mean) ** 2 / (size * mean**2)),
        Obligation("to the right of m", 2 / mean - (mean + gap) / mean**2, 1 / (mean + gap), "<="),
        Obligation("to the left of m", 2 / (size + gap) - size / (size + gap) ** 2, 1 / size, "<="),
        Obligation("A^2 = h L", found.norm_power, unit[0, 0] * energy),
    ]


def _sgd_step() -> tuple[Expr, Symbol, Symbol]:
    """|w'|^2 in units of A, with |w|^2 = x A and |unit g|^2 = xi L."""
    size, noise = symbols("x xi", positive=True)
    return KEPT * size + (1 - KEPT) * noise / size, size, noise


def sgd_variance() -> list[Formula]:
    """Var |w|^2 of SGD."""
    return [Formula(VARIANCE, positive_factors(fluctuations_of("sgd").relative_variance), r"\sim")]


def sgd_variance_obligations() -> list[Obligation]:
    """The linearised step keeps it."""
    after, size, noise = _sgd_step()
    at = {size: 1, noise: 1}
    found = fluctuations_of("sgd").relative_variance
    again = after.diff(size).subs(at) ** 2 * found + after.diff(noise).subs(at) ** 2 * energy_variance
    return [Obligation("the variance of the linearised step stays", again, found)]


def sgd_shift() -> list[Formula]:
    """E|w|^2/A - 1 to second order in v."""
    mean = sgd_moments()[0].expand()
    names = [Symbol(f"c_{k}") for k in (1, 2)]
    law = sum(name * energy_variance**k for k, name in enumerate(names, 1))
    return [
        Formula(r"\frac{\mathbb E\|w\|^2}{A} - 1", law, r"\sim"),
        *(Formula(str(name), positive_factors(mean.coeff(energy_variance, k))) for k, name in enumerate(names, 1)),
    ]


def sgd_shift_obligations() -> list[Obligation]:
    """Two identities that are exact at stationarity hold through second order."""
    moments = (Integer(1), *sgd_moments())

    def mean_of_power(power: int) -> Expr:
        return sum(binomial(power, k) * moment for k, moment in enumerate(moments))

    def parts(expression: Expr) -> list[Expr]:
        return [expression.expand().coeff(energy_variance, k) for k in (1, 2)]

    pushed = 2 * KEPT * (1 - KEPT) + (1 - KEPT) ** 2 * (1 + energy_variance) * mean_of_power(-2)
    identities = [
        ("E x = E 1/x", mean_of_power(1), mean_of_power(-1)),
        ("(1 - a^4) E x^2 = 2 a^2 c + c^2 (1 + v) E 1/x^2", (1 - KEPT**2) * mean_of_power(2), pushed),
    ]
    owed = [
        Obligation(f"{says}, order {k} in v", left, right)
        for says, *sides in identities
        for k, (left, right) in enumerate(zip(*map(parts, sides), strict=True), 1)
    ]
    spread = fluctuations_of("sgd").relative_variance
    owed.append(Obligation("half the relative variance", 2 * parts(moments[1])[0] * energy_variance, spread))
    owed.append(Obligation("E y^4 = 3 (E y^2)^2", moments[4], 3 * spread**2))
    return owed


def sgd_angle() -> list[Formula]:
    """Variance and mean of the angle of one SGD step."""
    found = fluctuations_of("sgd")
    return [Formula(ANGLE_VARIANCE, found.angle_variance, r"\sim"), Formula(ANGLE_SHIFT, found.angle_shift, r"\sim")]


def sgd_angle_obligations() -> list[Obligation]:
    """By the derivatives of the angle itself: a w and eta g are orthogonal, so tan theta_t = eta |g|/(a |w|)."""
    found = fluctuations_of("sgd")
    _, size, noise = _sgd_step()
    tangent = sqrt(1 - KEPT) / (1 - decay)
    angle = atan(tangent * sqrt(noise) / size)
    at = {size: 1, noise: 1}
    spread = found.relative_variance
    slopes = [simplify(angle.diff(s).subs(at) / tangent) for s in (size, noise)]
    bends = [simplify(angle.diff(s, 2).subs(at) / tangent) for s in (size, noise)]
    variance = (slopes[0] ** 2 * spread + slopes[1] ** 2 * energy_variance) * tangent**2
    shift = slopes[0] * found.squared_norm_shift + (bends[0] * spread + bends[1] * energy_variance) / 2
    return [
        Obligation("variance by first derivatives", found.angle_variance, variance / (1 - KEPT)),
        Obligation("mean by second derivatives", found.angle_shift, shift),
    ]


def _sgdm(left: str, value: Expr) -> list[Formula]:
    found = fluctuations_of("sgdm")
    return [Formula(left, KICK * positive_factors(found.in_scaled_decay(value)), r"\sim")]


def _sgdm_symbols() -> list[Formula]:
    found = fluctuations_of("sgdm")
    share = positive_factors(found.in_scaled_decay(found.overlap_noise[0, 0] / found.energy_kick[0] ** 2))
    return [
        Formula(r"\tilde v", energy_variance + share / (dim - 1)),
        Formula("x", decay * (1 - dampening) / (1 + momentum)),
    ]


def sgdm_variance() -> list[Formula]:
    """Var |w|^2 of SGD with momentum."""
    return [*_sgdm(VARIANCE, fluctuations_of("sgdm").by_energy[0, 0]), *_sgdm_symbols()]


def _expanded_step() -> tuple[Matrix, Matrix, Expr]:
    """Jacobian and kicks of (|w|^2, <w, m>, |m|^2) by expanding torch's step, and the variance of <m, g>.

    At |w|^2 = 1; monomials in w, m, g stand for inner products. The columns of the kicks answer to zeta
    and to <m, g>.
    """
    w, m, g, zeta, overlap = symbols("w m g zeta b")
    inner = symbols("X Y Z")
    found = fluctuations_of("sgdm")
    unit = theory.equilibrium_of("sgdm").recursion.unit_gram[0, 0]
    amplitude = 1 / unit.subs(lr, 1).subs(decay, damped_decay / (1 - dampening))
    mean = {
        (2, 0, 0): inner[0], (1, 1, 0): inner[1], (0, 2, 0): inner[2],
        (1, 0, 1): Integer(0), (0, 1, 1): overlap, (0, 0, 2): amplitude * (1 + zeta) / inner[0],
    }  # fmt: skip
    after = [e.subs({lr: 1, wd: damped_decay / (1 - dampening)}) for e in sgdm_step(w, m, g)]
    products = (after[0] ** 2, after[0] * after[1], after[1] ** 2)
    moved = Matrix([sum(c * mean[k] for k, c in Poly(p.expand(), w, m, g).terms()) for p in products])
    gram = found.gram
    at = dict(zip(inner, (gram[0, 0], gram[0, 1], gram[1, 1]), strict=True)) | {zeta: 0, overlap: 0}
    across = amplitude * (gram[1, 1] - gram[0, 1] ** 2 / gram[0, 0])
    jacobian, kicks = (moved.jacobian(by).subs(at).applyfunc(factor) for by in (inner, (zeta, overlap)))
    return jacobian, kicks, factor(across)


def sgdm_variance_obligations() -> list[Obligation]:
    """The covariances solve the Lyapunov equation of the expanded step; special cases by hand."""
    found = fluctuations_of("sgdm")
    jacobian, kicks, across = _expanded_step()
    owed = []
    for name, covariance, kick, variance in (
        ("zeta", found.by_energy, kicks[:, 0], Integer(1)),
        ("<m, g>", found.by_overlap, kicks[:, 1], across),
    ):
        again = jacobian * covariance * jacobian.T + variance * kick * kick.T
        says = f"noise of {name}: entry ({{}}, {{}}) of the covariance stays"
        owed += [
            Obligation(says.format(i, j), lowest_terms(again[i, j]), covariance[i, j])
            for i in range(3)
            for j in range(i, 3)
        ]
    without = found.relative_variance.subs({momentum: 0, dampening: 0})
    return [*owed, Obligation("without momentum it is SGD", without, fluctuations_of("sgd").relative_variance)]


def sgdm_angle() -> list[Formula]:
    """Variance and mean of the angle of one step of SGD with momentum."""
    variance, shift = fluctuations_of("sgdm").angle_by_energy
    return [*_sgdm(ANGLE_VARIANCE, variance), *_sgdm(ANGLE_SHIFT, shift), *_sgdm_symbols()]


def sgdm_angle_obligations() -> list[Obligation]:
    """The response of an arccosine by its Hessian; no momentum; small decay by a sum of independent vectors."""
    cosine = Symbol("c", positive=True)
    names = symbols("U X X'", positive=True)
    covariance = Matrix(3, 3, lambda i, j: Symbol(f"S_{min(i, j)}{max(i, j)}"))
    rows = [Matrix([[Integer(int(i == k)) for i in range(3)]]) for k in range(3)]
    angle = acos(cosine * names[0] / sqrt(names[1] * names[2]))
    at = dict.fromkeys(names, 1)
    slope = Matrix([angle]).jacobian(names).subs(at)
    bend = hessian(angle, names).subs(at)
    sine2 = 1 - cosine**2
    variance, shift = angle_response(rows[0], rows[1], rows[2], covariance, 0, 1 - cosine)
    found = fluctuations_of("sgdm")
    still = {decay: 0}
    # At small decay the step is a sum of independent vectors, of weights momentum^(2k) in energy.
    weights2 = (1 - momentum**2) ** 2 / (1 - momentum**4)
    energies = weights2 * energy_variance + (1 - weights2) * 2 / (dim - 1)
    return [
        Obligation("variance of an arccosine", variance, simplify((slope * covariance * slope.T)[0, 0] / sine2)),
        Obligation("mean of an arccosine", shift, simplify((bend * covariance).trace() / 2 * cosine / sqrt(sine2))),
        Obligation("small decay: a quarter of the variance of |m|^2", found.angle_variance.subs(still), energies / 4),
        Obligation("small decay: mean against RMS", found.angle_shift.subs(still), -energies / 8),
        Obligation("no momentum: variance", found.angle_variance.subs(momentum, 0), energy_variance / 4),
        Obligation("no momentum: mean", found.angle_shift.subs(momentum, 0), -energy_variance / 8),
    ]


def walk_variance() -> list[Formula]:
    """Var |w|^2 of AdamW on independent coordinates."""
    share = Symbol(r"\sigma")
    return [
        Formula(VARIANCE, (2 + KURTOSIS * share) / dim),
        Formula(r"\sigma", positive_factors(kurtosis_share(OPTIMIZERS["adamw"]))),
    ]


def walk_variance_obligations() -> list[Obligation]:
    """The response is a difference of two geometric sequences; sum its powers by the binomial formula."""
    kept = 1 - decay

    def power_sum(power: int) -> Expr:
        modes = [(binomial(power, j) * (-1) ** j, kept ** (power - j) * beta1**j) for j in range(power + 1)]
        return sum(weight * mode / (1 - mode) for weight, mode in modes)

    share = factor(power_sum(4) / power_sum(2) ** 2)
    walk = factor((1 - KEPT) ** 2 / (1 - KEPT**2))
    coordinate = Symbol("c", positive=True)
    # d independent coordinates of variance c and fourth moment (3 + kappa) c^2.
    variance = dim * ((3 + KURTOSIS) * coordinate**2 - coordinate**2) / (dim * coordinate) ** 2
    return [
        Obligation("sigma by geometric sums", kurtosis_share(OPTIMIZERS["adamw"]), share),
        Obligation("sigma without momentum", share.subs(beta1, 0), walk),
        Obligation("a sum of d independent squares", (2 + KURTOSIS) / dim, variance),
    ]


def walk_angle() -> list[Formula]:
    """Variance and mean of the angle of a Gaussian pair."""
    cosine = Symbol("c", real=True)
    variance, shift = gaussian_angle(cosine)
    return [
        Formula(ANGLE_VARIANCE, variance / (1 - cosine**2) / dim, r"\sim"),
        Formula(r"\mathbb E\,\theta_t - \theta", shift / dim, r"\sim"),
    ]


def walk_angle_obligations() -> list[Obligation]:
    """From the classical mean and variance of an empirical correlation, and from the chi law at small angles."""
    cosine = Symbol("c", positive=True)
    variance, shift = gaussian_angle(cosine)
    sine2 = 1 - cosine**2
    # E r - c = -c (1 - c^2)/(2d), Var r = (1 - c^2)^2/d, and r = cos: dr = -sin - cos/2 to second order.
    mean = (cosine * sine2 / 2 - cosine * variance / 2) / sine2
    return [
        Obligation("variance of the empirical correlation", variance * sine2, sine2**2),
        Obligation("mean of the empirical correlation", shift, mean),
    ]


def chi() -> list[Formula]:
    """Mean over RMS of the angle."""
    bend = 1 - 1 / (4 * FREEDOM) + 1 / (32 * FREEDOM**2)
    left = r"\frac{\mathbb E\,\theta_t}{\sqrt{\mathbb E\,\theta_t^2}}"
    return [Formula(left, chi_mean_over_rms(FREEDOM)), Formula("", bend, r"\sim")]


def chi_obligations() -> list[Obligation]:
    """The product of two neighbours, and the expansion by it."""
    exact = chi_mean_over_rms(FREEDOM)
    product = gammasimp((exact * exact.subs(FREEDOM, FREEDOM + 1)) ** 2)
    inverse = Symbol("e", positive=True)
    (_, law) = chi()
    near = law.right.subs(FREEDOM, 1 / inverse)
    next_one = law.right.subs(FREEDOM, 1 / inverse + 1)
    ratio = factor(near**2 * next_one**2 * (1 + inverse))
    left = [simplify(ratio.diff(inverse, k).subs(inverse, 0)) for k in range(3)]
    return [
        Obligation("r(n)^2 r(n+1)^2 = n/(n+1)", simplify(product), FREEDOM / (FREEDOM + 1)),
        *(Obligation(f"the expansion obeys it at order {k}", left[k], Integer(int(k == 0))) for k in range(3)),
    ]


def noise_floor() -> list[Formula]:
    """The published floor over the sharp one."""
    return [
        Formula(r"\mathbb E\big(\|w\|^2 - A\big)^2", _sharp_floor(), r"\sim"),
        Formula(r"\frac{\text{published}}{\text{sharp}}", factor(_published_floor() / _sharp_floor())),
    ]


LOWER = Symbol("l", positive=True)
"""A lower bound on the squared unit-gradient norm."""
ENERGY_VARIANCE = Symbol("V", positive=True)
"""Absolute variance of the squared unit-gradient norm."""


def _sharp_floor() -> Expr:
    relative = fluctuations_of("sgd").relative_variance.subs(energy_variance, ENERGY_VARIANCE / energy**2)
    return positive_factors(relative * theory.equilibrium_of("sgd").norm_power)


def _published_floor() -> Expr:
    """The constant term of the published theorem."""
    return 2 * ENERGY_VARIANCE * lr**2 / (LOWER * (1 - 2 * decay))


def noise_floor_obligations() -> list[Obligation]:
    """The floor by the linear recursion in the theorem's own units, and the ratio's lower bound."""
    slack, room = symbols("s r", nonnegative=True)
    after = KEPT * squared_norm + lr**2 * energy / squared_norm
    multiplier = after.diff(squared_norm).subs(energy, (1 - KEPT) * squared_norm**2 / lr**2)
    kick2 = lr**4 * ENERGY_VARIANCE / squared_norm**2
    floor = factor(kick2 / (1 - multiplier**2)).subs(squared_norm, sqrt(theory.equilibrium_of("sgd").norm_power))
    ratio = (_published_floor() / _sharp_floor()).subs({energy: LOWER + slack, decay: 1 / (2 + room)})
    return [
        Obligation("the floor of the linearised recursion", _sharp_floor(), simplify(floor)),
        Obligation("the published floor is at least eight times it, for p < 1/2", Integer(8), factor(ratio), "<="),
    ]
