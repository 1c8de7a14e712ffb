"""Claims about the sign family under heavy-tailed and sparse gradients, where the arcsine law of a Gaussian fails."""

from __future__ import annotations

from itertools import cycle
from typing import TYPE_CHECKING

from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation

MIXTURE = (
    "entries g = sigma z are independent in time: z is standard normal, sigma >= 0 is random with E sigma^2 = 1",
    "the gradients do not depend on w",
)


def _scale_mixture() -> list[Formula]:
    from sympy import Function, Symbol, asin, pi, sqrt

    from theory.symbols import beta1, beta2, lag

    v, p, c, g = (Function(n) for n in ("V", "P", "C", "sigma"))
    t = Symbol("t")
    mean = Symbol(r"\mathbb{E}")
    rho = beta1 * beta2 ** (lag - 1) * c(t) / sqrt(v(t) * v(t + lag))
    return [
        Formula("R_k", mean * 2 / pi * asin(rho)),
        Formula("V(t)", beta1**2 * p(t) + (1 - beta1) ** 2 * g(t) ** 2),
        Formula("C(t)", beta1 * beta2 * p(t) + (1 - beta1) * (1 - beta2) * g(t) ** 2),
        Formula("P(t+1)", beta2**2 * p(t) + (1 - beta2) ** 2 * g(t) ** 2),
    ]


def _scale_mixture_obligations() -> list[Obligation]:
    from sympy import powsimp, symbols

    from theory.optimizers.lion import FILTER
    from theory.symbols import beta1, beta2

    # The impulse response, gradient by gradient, against the recursion started from one stored variance.
    stored, s0, s1, s2 = symbols("P_0 s_0 s_1 s_2", positive=True)
    p1 = beta2**2 * stored + (1 - beta2) ** 2 * s0
    p2 = beta2**2 * p1 + (1 - beta2) ** 2 * s1
    joint = beta1 * beta2 * stored + (1 - beta1) * (1 - beta2) * s0
    # c_0 = b1 m + (1-b1) g_0; c_2 = b1 b2^2 m + b1 b2 (1-b2) g_0 + b1 (1-b2) g_1 + (1-b1) g_2.
    into = (beta1 * beta2**2, beta1 * beta2 * (1 - beta2), beta1 * (1 - beta2), 1 - beta1)
    variance = into[0] ** 2 * stored + into[1] ** 2 * s0 + into[2] ** 2 * s1 + into[3] ** 2 * s2
    across = beta1 * into[0] * stored + (1 - beta1) * into[1] * s0
    level = (1 - beta2) ** 2 / (1 - beta2**2)
    constant = beta1 * (beta1 * beta2 * level + (1 - beta1) * (1 - beta2)) / (beta1**2 * level + (1 - beta1) ** 2)
    return [
        Obligation("V two steps on", beta1**2 * p2 + (1 - beta1) ** 2 * s2, variance),
        Obligation("covariance two steps on", beta1 * beta2 * joint, across),
        Obligation("P of a constant scale", beta2**2 * level + (1 - beta2) ** 2, level),
        Obligation("rho_1 of a constant scale is the Gaussian filter's", powsimp(constant), FILTER.first_correlation),
    ]


def _experiment(device: str) -> list[Confrontation]:
    from proofs.noise import MIXTURES, sign_correlations, sign_equilibrium

    lion = {"lr": 0.1, "wd": 0.2, "beta1": 0.9, "beta2": 0.99}
    signum = {"lr": 0.1, "wd": 0.2, "beta1": 0.95, "beta2": 0.95}
    found = [sign_equilibrium(name, hyper, device) for name, hyper in zip(MIXTURES, cycle((lion, signum)))]
    return [*found, *(sign_correlations(name, 0.9, 0.99, device) for name in MIXTURES)]


def _kurtosis() -> list[Formula]:
    from sympy import Rational, Symbol, log

    from theory.sign_kurtosis import signum_kurtosis_slope
    from theory.symbols import beta2, correlation, excess_kurtosis

    slope = signum_kurtosis_slope()
    rho = Symbol("rho_k")
    limit = log(2) / (1 - beta2) + excess_kurtosis * Rational(1, 12)
    return [
        Formula(r"\left.\frac{\partial R_k}{\partial\kappa}\right|_{\kappa=0}", slope.subs(correlation, rho)),
        Formula(r"\rho_k", beta2 ** Symbol("k")),
        Formula(r"\lim_{p\to0} S", limit, r"\approx"),
    ]


def _kurtosis_obligations() -> list[Obligation]:
    from sympy import Integer, Rational, cancel, pi, sqrt, symbols

    from theory import sign_kurtosis as law
    from theory.symbols import beta2, correlation

    v1, v2 = law.variances
    bare = law.sign_covariance()
    at = {v1: 1, v2: 1, law.covariance: correlation}
    root = sqrt(1 - correlation**2)

    def at_unit(expression: Expr) -> Expr:
        return cancel(expression.subs(at) * root)

    heat = at_unit(bare.diff(law.covariance, 2)), 4 * at_unit(bare.diff(v1, v2))
    euler = at_unit(v1 * bare.diff(v1) + v2 * bare.diff(v2) + law.covariance * bare.diff(law.covariance))
    e0, e1, e2, e3 = symbols("e_0:4", positive=True)
    edgeworth = (
        4 * bare.diff(v1, 2) * e0
        + 4 * bare.diff(v2, 2) * e0
        + 8 * bare.diff(v1, law.covariance) * e1
        + 6 * bare.diff(law.covariance, 2) * e2
        + 8 * bare.diff(v2, law.covariance) * e3
    ) / 24
    share = (1 - beta2**2) / (1 + beta2**2)
    hand = share * correlation / (6 * pi)
    # (1 - beta) sum_k rho/sqrt(1 - rho^2) -> int_0^1 d rho / sqrt(1 - rho^2) = pi / 2, with d rho = -rho (1 - beta) dk.
    added = cancel(hand / correlation / (1 - beta2)).subs(beta2, 1) * pi / 2
    return [
        Obligation("the sign covariance solves the heat equation in its covariance", *heat),
        Obligation("it depends on the correlation alone", euler, Integer(0)),
        Obligation(
            "the fourth cumulants' Edgeworth term is the spread of the scales",
            at_unit(edgeworth),
            cancel(law.curvature_form((e0, e1, e2, e3), correlation) * root),
        ),
        Obligation("Signum's slope, its sums done by hand", cancel(law.signum_kurtosis_slope() * root), hand),
        Obligation("what kappa adds to S as p -> 0 and beta -> 1", added, Rational(1, 12)),
    ]


def _long_buffer() -> list[Formula]:
    from sympy import Symbol, asin, pi, sqrt

    from theory.symbols import density

    s = density
    rho = {(i, j): Symbol(rf"\rho_k^{{{i}{j}}}") for i in (0, 1) for j in (0, 1)}
    weight = {(i, j): (s if i else 1 - s) * (s if j else 1 - s) for i, j in rho}
    total = sum(weight[ends] * 2 / pi * asin(rho[ends]) for ends in rho)
    first, last, joint = _ends()
    return [
        Formula("R_k", total, r"\approx"),
        Formula(r"\rho_k^{ij}", joint / sqrt(first * last)),
    ]


def _ends() -> tuple[Expr, Expr, Expr]:
    """Variances at the two ends and covariance for sigma^2 = x and y there, in Lion's symbols."""
    from sympy import Symbol

    from theory.symbols import beta1, beta2, lag

    x, y = Symbol("x_i", nonnegative=True), Symbol("x_j", nonnegative=True)
    stored = (1 - beta2) ** 2 / (1 - beta2**2)
    kept = beta2 ** (lag - 1)
    first = beta1**2 * stored + (1 - beta1) ** 2 * x
    last = beta1**2 * (stored + (kept * (1 - beta2)) ** 2 * (x - 1)) + (1 - beta1) ** 2 * y
    joint = beta1 * kept * (beta1 * beta2 * stored + (1 - beta1) * (1 - beta2) * x)
    return first, last, joint


def _long_buffer_obligations() -> list[Obligation]:
    from sympy import Integer, cancel, factor

    from theory.optimizers.lion import FILTER
    from theory.sign_kurtosis import end_correlation
    from theory.symbols import beta1, beta2, lag

    first, last, joint = _ends()
    x, y = sorted((first.free_symbols | last.free_symbols) - {beta1, beta2, lag}, key=str)
    square = joint**2 / (first * last)
    at_lag = {lag: 2}
    engine = factor(cancel(end_correlation(FILTER, lag, x, y).subs(at_lag) ** 2))
    gaussian = factor(cancel(square.subs({x: 1, y: 1, lag: 1})))
    return [
        Obligation("the engine's correlation of the two ends, at lag 2", engine, factor(cancel(square.subs(at_lag)))),
        Obligation("at s = 1 it is the Gaussian law", gaussian, factor(cancel(FILTER.first_correlation**2))),
        Obligation(
            "nothing fresh at either end, lag 1: the sign stays",
            cancel(square.subs({x: 0, y: 0, lag: 1})),
            Integer(1),
        ),
    ]


def _rare() -> list[Formula]:
    from sympy import Symbol

    from theory.optimizers.lion import FILTER
    from theory.sign_kurtosis import rare_excess, rare_loss, rare_memory
    from theory.symbols import density, lag

    bound = Symbol("C")
    return [
        Formula("R_k", (1 - density) ** lag * (1 - bound * rare_loss(FILTER)), r"\ge"),
        Formula(r"1 - \frac{S}{S_0}", bound * rare_loss(FILTER), r"\le"),
        Formula(r"\frac{S}{S_0} - 1", bound * rare_excess(FILTER), r"\le"),
        Formula("S_0", rare_memory()),
    ]


def _rare_obligations() -> list[Obligation]:
    from sympy import Integer, pi, symbols

    from theory.optimizers.lion import FILTER
    from theory.sign_kurtosis import rare_excess, rare_loss, rare_memory
    from theory.symbols import beta2, contraction, density

    s, a, b = density, contraction, beta2
    x = 1 - s
    # sum_k a^(k-1) sum_{n=1}^k s (1-s)^(k-n) b^n = s b sum_j (a (1-s))^j sum_m (a b)^m, times s sum_j b^j.
    summed = s * b / ((1 - a * x) * (1 - a * b)) * s / (1 - b)
    # The inner geometric sum by hand, at k = 3.
    inner = s * (x**2 * b + x * b**2 + b**3)
    closed = s * b * (x**3 - b**3) / (x - b)
    ratio, gap = symbols("y g", nonnegative=True)
    weight = FILTER.readout * FILTER.gain
    return [
        Obligation("S_0 from R_k = (1 - s)^k", rare_memory(), x / (1 - a * x)),
        Obligation("the excess, summed over lags", rare_excess(FILTER) * rare_memory(), summed),
        Obligation("the sum over the last event's place, at lag 3", inner, closed),
        # An event at t with an older one n steps before: each of the two signs flips with probability <= C b^n / pi.
        Obligation("the loss where the event is at t itself", s * 4 / pi * s * (b + b**2 / (1 - b)), rare_loss(FILTER)),
        Obligation("older over newer weight behind the newest event", weight * b**2 / (weight * b), b),
        Obligation("one over one plus a square stays below one", 1 / (1 + ratio**2 + gap), Integer(1), "<="),
    ]


def _rare_equilibrium() -> list[Formula]:
    square, lost, _ = _rare_law()
    return [
        Formula(r"\mathbb E\|w\|^2", square, r"\to"),
        Formula(r"1 - \cos\theta", lost, r"\to"),
    ]


def _rare_law() -> tuple[Expr, Expr, Expr]:
    from theory import stationary_update as law
    from theory.forms import positive_factors
    from theory.sign_kurtosis import rare_memory
    from theory.symbols import contraction, decay, dim, memory, update_energy

    at = {memory: rare_memory(), update_energy: dim}
    square = law.equilibrium_squared_norm().subs(at).subs(contraction, 1 - decay)
    lost = law.one_minus_cosine().subs(at).subs(contraction, 1 - decay)
    return positive_factors(square), positive_factors(lost), rare_memory()


def _rare_equilibrium_obligations() -> list[Obligation]:
    from sympy import cancel

    from theory.autocorrelation import geometric
    from theory.optimizers import OPTIMIZERS
    from theory.stationary_input import driven_by
    from theory.symbols import density, dim

    square, lost, _ = _rare_law()
    # The sign that keeps its value with probability 1 - s a step, as AR(1) input of SGD with decoupled decay.
    engine = driven_by(OPTIMIZERS["sgd"], geometric(1 - density, 1 - density), dim)
    return [
        Obligation("the norm by the engine", square / dim, cancel(engine.norm_power / dim)),
        Obligation("1 - cos by the engine", lost, cancel(engine.one_minus_cosine)),
    ]


def _signsgd() -> list[Formula]:
    from theory.forms import tidy

    square, lost = _signsgd_law()
    return [Formula(r"\mathbb E\|w\|^2", tidy(square)), Formula(r"\cos\theta", tidy(1 - lost))]


def _signsgd_law() -> tuple[Expr, Expr]:
    from theory import stationary_update as law
    from theory.symbols import contraction, decay, density, dim, memory, update_energy

    at = {memory: 0, update_energy: density * dim}
    square = law.equilibrium_squared_norm().subs(at).subs(contraction, 1 - decay)
    return square, law.one_minus_cosine().subs(at).subs(contraction, 1 - decay)


def _signsgd_obligations() -> list[Obligation]:
    from theory.autocorrelation import WHITE
    from theory.optimizers import OPTIMIZERS
    from theory.stationary_input import driven_by
    from theory.symbols import density, dim

    square, lost = _signsgd_law()
    engine = driven_by(OPTIMIZERS["sgd"], WHITE, density * dim)
    return [
        Obligation("the norm by the engine", square / dim, engine.norm_power / dim),
        Obligation("1 - cos by the engine", lost, engine.one_minus_cosine),
    ]


CLAIMS = [
    Claim(
        id="sign-scale-mixture",
        title="The sign of a filter of heavy-tailed gradients",
        statement=(
            "Given the scales the filter of Lion (Signum: beta1 = beta2) is Gaussian, so that its signs have the "
            "correlation below; the mean runs over the scales, and an arcsine with V = 0 counts as 0:"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_scale_mixture,
        obligations=_scale_mixture_obligations,
        sources=("grimmett2020",),
        extra_hypotheses=MIXTURE,
        experiment=_experiment,
    ),
    Claim(
        id="signum-kurtosis",
        title="Signum: excess kurtosis",
        statement=(
            "For Signum of momentum beta2 the sign's correlation changes with the excess kurtosis kappa at rate"
        ),
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=_kurtosis,
        obligations=_kurtosis_obligations,
        sources=(),
        extra_hypotheses=(
            *MIXTURE,
            "the rate is along sigma^2 = 1 + sqrt(kappa/3) x with bounded x",
            "the second line is to first order in kappa, up to what vanishes against it as beta2 goes to 1",
        ),
    ),
    Claim(
        id="sign-long-buffer",
        title="Lion: sparse gradients and a long buffer",
        statement=(
            "Let an entry be zero with probability 1 - s, else Gaussian. As (1 - beta2)/s goes to 0 the sign's "
            "correlation goes to the one with the buffer's variance at its mean, with x_0 = 0 and x_1 = 1/s:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=_long_buffer,
        obligations=_long_buffer_obligations,
        sources=(),
        extra_hypotheses=MIXTURE,
    ),
    Claim(
        id="sign-rare",
        title="Lion and Signum: rare gradients",
        statement=(
            "Let an entry be zero with probability 1 - s, else Gaussian. Then, with "
            "C = max(1, beta1 (1 - beta2)/((1 - beta1) beta2)) and 0 <= a < 1,"
        ),
        kind=Kind.BOUND,
        setting=Setting.EXPECTATION,
        formulas=_rare,
        obligations=_rare_obligations,
        states=("sign_kurtosis.rare_memory", "sign_kurtosis.rare_excess", "sign_kurtosis.rare_loss"),
        sources=(),
        extra_hypotheses=(*MIXTURE, "0 < beta1 < 1 and 0 < beta2 < 1"),
    ),
    Claim(
        id="sign-rare-equilibrium",
        title="Lion and Signum in the limit of rare gradients",
        statement="As s/(1 - beta2) goes to 0 neither beta is seen: norm and angle go to those of the bound's S_0,",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=_rare_equilibrium,
        obligations=_rare_equilibrium_obligations,
        sources=(),
        extra_hypotheses=(*MIXTURE, "the entries that are not zero are Gaussian"),
    ),
    Claim(
        id="signsgd-sparse",
        title="signSGD: sparse gradients",
        statement="With sign(0) = 0 and symmetric entries that are not zero with probability s, signSGD has",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_signsgd,
        obligations=_signsgd_obligations,
        sources=(),
        extra_hypotheses=("entries are independent in time, symmetric, and do not depend on w",),
    ),
]
