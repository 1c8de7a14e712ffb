"""Claims about Muon's equilibrium, which follows from the correlation of polar factors."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from theory.derivation import recorded
from theory.muon import CONVENTION, HYPOTHESES

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation

GAUSSIAN, POLAR = HYPOTHESES
RULE = (*HYPOTHESES, CONVENTION)


def _equilibrium_symbols() -> tuple[Expr, Expr, Expr, Expr]:
    from sympy import Symbol

    from theory.symbols import decay, lr

    return lr, decay, Symbol("q", positive=True), Symbol("S", positive=True)


def _norm() -> list[Formula]:
    from theory.muon import squared_norm
    from theory.symbols import contraction

    lr, _, energy, persistence = _equilibrium_symbols()
    norm = squared_norm(lr, 1 - contraction, energy, persistence)
    return [Formula(r"\mathbb E\|W\|_F^2", norm), *_persistence()]


def _persistence() -> list[Formula]:
    from sympy import IndexedBase, Sum, Symbol, oo

    from proofs.claims.polar import index_in_print
    from theory.symbols import contraction, momentum

    j, first = index_in_print(), Symbol("rho_1", nonnegative=True)
    power = 2 * j + 1
    series = Sum(IndexedBase("c")[j] * first**power / (1 - contraction * momentum**power), (j, 0, oo))
    return [Formula("S", series)]


def _against_engine(theirs: str, ours: Expr) -> Obligation:
    import theory

    _, _, energy, persistence = _equilibrium_symbols()
    found = theory.equilibrium_of("lion")
    (series,) = found.series
    from theory.symbols import dim

    expected = getattr(found, theirs).subs({series: persistence, dim: energy})
    return Obligation(f"the Gram recursion's {theirs.replace('_', ' ')} for a stationary update", ours, expected)


def _norm_obligations() -> list[Obligation]:
    from theory.muon import squared_norm

    lr, decay, energy, persistence = _equilibrium_symbols()
    norm = squared_norm(lr, decay, energy, persistence)
    a = 1 - decay
    return [
        _against_engine("norm_power", norm),
        Obligation("one step leaves the squared norm", a**2 * norm + lr**2 * energy * (1 + 2 * a * persistence), norm),
    ]


def _angle() -> list[Formula]:
    from theory.muon import one_minus_cosine
    from theory.symbols import contraction

    persistence = _equilibrium_symbols()[-1]
    return [Formula(r"1 - \cos\theta", one_minus_cosine(1 - contraction, persistence))]


def _angle_obligations() -> list[Obligation]:
    from theory.muon import one_minus_cosine, squared_norm

    lr, decay, energy, persistence = _equilibrium_symbols()
    lost = one_minus_cosine(decay, persistence)
    overlap = (1 - decay) + lr**2 * energy * persistence / squared_norm(lr, decay, energy, persistence)
    return [
        _against_engine("one_minus_cosine", lost),
        Obligation("E<W, W'> = a E|W|^2 - lr E<W, u>", 1 - lost, overlap),
    ]


def _filter() -> list[Formula]:
    from theory.muon import first_correlation
    from theory.symbols import momentum

    return [
        Formula(r"\rho_1", first_correlation(momentum, nesterov=False)),
        Formula(r"\rho_1^{\text{Nesterov}}", _factored(first_correlation(momentum, nesterov=True))),
    ]


def _factored(expression: Expr) -> Expr:
    from theory.forms import positive_factors

    return positive_factors(expression)


def _filter_obligations() -> list[Obligation]:
    from theory.gaussian_filter import GaussianFilter
    from theory.muon import first_correlation
    from theory.symbols import momentum

    def smooth(buffer: Expr, gradient: Expr) -> tuple[Expr, Expr]:
        after = momentum * buffer + gradient
        return after, after

    def nesterov(buffer: Expr, gradient: Expr) -> tuple[Expr, Expr]:
        after = momentum * buffer + gradient
        return after, gradient + momentum * after

    return [
        Obligation(
            f"{name} form from the matrices of its filter",
            first_correlation(momentum, nesterov=name == "Nesterov's"),
            GaussianFilter.from_step(step).first_correlation,
        )
        for name, step in (("heavy ball's", smooth), ("Nesterov's", nesterov))
    ]


def _leading() -> list[Formula]:
    from sympy import Symbol, sqrt

    lr, decay, energy, _ = _equilibrium_symbols()
    still = Symbol("S_0", positive=True)
    return [
        Formula(r"\sqrt{\mathbb E\|W\|_F^2}", sqrt(lr**2 * energy * (1 + 2 * still) / (2 * decay)), r"\sim"),
        Formula(r"\theta", sqrt(2 * decay / (1 + 2 * still)), r"\sim"),
    ]


def _leading_obligations() -> list[Obligation]:
    from sympy import limit

    from theory.muon import one_minus_cosine, squared_norm

    lr, decay, energy, persistence = _equilibrium_symbols()
    return [
        Obligation(
            "p E|W|^2 as p tends to 0",
            limit(decay * squared_norm(lr, decay, energy, persistence), decay, 0),
            lr**2 * energy * (1 + 2 * persistence) / 2,
        ),
        Obligation(
            "2 (1 - cos)/p as p tends to 0",
            limit(2 * one_minus_cosine(decay, persistence) / decay, decay, 0),
            2 / (1 + 2 * persistence),
        ),
    ]


def _geometric() -> list[Formula]:
    from sympy import sqrt

    from theory.symbols import contraction, momentum

    squared = (1 - contraction**2) * (1 - momentum**2)
    return [Formula(r"\sin\theta", sqrt(squared) / (1 + contraction * momentum))]


def _geometric_obligations() -> list[Obligation]:
    import theory
    from theory.muon import one_minus_cosine
    from theory.symbols import beta1, decay, momentum

    a = 1 - decay
    lost = one_minus_cosine(decay, momentum / (1 - a * momentum))
    adam = theory.equilibrium_of("adamw").one_minus_cosine.subs(beta1, momentum)
    published = (1 - a**2) * (1 - momentum**2) / (1 + a * momentum) ** 2
    return [
        Obligation("the published ratio is the sine, squared", lost * (2 - lost), published),
        Obligation("it is AdamW's angle", lost, adam),
    ]


def _rate_symbols() -> tuple[Expr, ...]:
    from sympy import Symbol

    from theory.symbols import contraction

    lr, _, energy, _ = _equilibrium_symbols()
    return (contraction, lr, energy, *(Symbol(name, real=True) for name in ("A_t", "b_{j,t}", "r_j", "w_j")))


def _rate() -> list[Formula]:
    from sympy import Symbol

    a, lr, energy, norm, overlap, mode, weight = _rate_symbols()
    total = Symbol("b_t", real=True)
    return [
        Formula("A_{t+1}", a**2 * norm - 2 * a * lr * total + lr**2 * energy),
        Formula("b_{j,t+1}", a * mode * overlap - lr * energy * weight),
    ]


def _rate_obligations() -> list[Obligation]:
    from sympy import Matrix, Symbol, factor, solve

    from theory.muon import squared_norm

    a, lr, energy, norm, overlap, mode, weight = _rate_symbols()
    after_norm, after_overlap = (f.right.subs(Symbol("b_t", real=True), overlap) for f in _rate())
    (fixed,) = solve([after_norm - norm, after_overlap - overlap], [norm, overlap], dict=True)
    z = Symbol("z")
    polynomial = Matrix([after_norm, after_overlap]).jacobian([norm, overlap]).charpoly(z).as_expr()
    persistence = weight / (1 - a * mode)
    return [
        Obligation(
            "with one mode the recursion stands still at the squared norm",
            factor(fixed[norm]),
            squared_norm(lr, 1 - a, energy, persistence),
        ),
        Obligation("its multipliers are a^2 and a r", polynomial, (z - a**2) * (z - a * mode)),
    ]


def _ball() -> list[Formula]:
    from sympy import Symbol

    from theory.symbols import wd

    return [Formula(r"\limsup_{t\to\infty}\|W_t\|_{\mathrm{op}}", Symbol("c", positive=True) / wd, r"\le")]


def _ball_obligations() -> list[Obligation]:
    from sympy import Symbol

    from theory.symbols import decay, lr, wd

    size = Symbol("c", positive=True)
    return [
        Obligation(
            "the ball of this radius is mapped into itself",
            ((1 - decay) * size / wd + lr * size).subs(decay, lr * wd),
            size / wd,
        )
    ]


@recorded
@cache
def _relaxations(device: str) -> list[Confrontation]:
    from proofs.muon import POINTS, relaxation

    return [relaxation(point, device=device) for point in POINTS[:4]]


@recorded
@cache
def _equilibria(device: str) -> list[Confrontation]:
    from proofs.muon import POINTS, equilibrium

    return [equilibrium(point, device=device) for point in POINTS]


CLAIMS = [
    Claim(
        id="muon-momentum-correlation",
        title="Muon: correlation of the momentum",
        statement=(
            "On white gradients the matrix whose polar factor is taken has entries of correlation "
            r"$\rho_k = \rho_1\alpha^{k-1}$ at lag k, at momentum $\alpha$, with"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_filter,
        obligations=_filter_obligations,
        states=("muon.first_correlation",),
        sources=("jordan2024muon",),
        extra_hypotheses=(GAUSSIAN,),
    ),
    Claim(
        id="muon-norm",
        title="Muon: equilibrium norm",
        statement=(
            r"At equilibrium, with $q = c^2\min(m, n)$ the energy of the scaled update and S its persistence "
            r"$\sum_{k\ge1}a^{k-1}C(\rho_k)$,"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_norm,
        obligations=_norm_obligations,
        states=("muon.squared_norm",),
        sources=("wen2025hyperball",),
        extra_hypotheses=RULE,
        experiment=_equilibria,
    ),
    Claim(
        id="muon-angle",
        title="Muon: equilibrium angle",
        statement=r"At equilibrium the cosine $\cos\theta = \mathbb E\langle W, W'\rangle/\mathbb E\|W\|_F^2$ is",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_angle,
        obligations=_angle_obligations,
        states=("muon.one_minus_cosine",),
        sources=("wen2025hyperball",),
        extra_hypotheses=RULE,
        experiment=_equilibria,
    ),
    Claim(
        id="muon-rate",
        title="Muon: convergence rate",
        statement=(
            r"Let $A_t = \mathbb E\|W_t\|_F^2$, and let $b_t = \sum_j b_{j,t}$ be the overlap of weights and update by "
            r"the modes $r_j = \alpha^{2j+1}$ of the correlation with weights $w_j = c_j\rho_1^{2j+1}$. From weights "
            r"independent of the momentum, deviations fall by the multipliers $a^2$ and $a\alpha^{2j+1}$:"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_rate,
        obligations=_rate_obligations,
        sources=(),
        extra_hypotheses=(*RULE, "the momentum is stationary"),
        experiment=_relaxations,
    ),
    Claim(
        id="muon-leading",
        title="Muon: leading order",
        statement=r"As $p \to 0$ at fixed momentum, with $S_0$ the persistence S at $a = 1$,",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=_leading,
        obligations=_leading_obligations,
        sources=(),
        extra_hypotheses=RULE,
    ),
    Claim(
        id="geometric-update-sine",
        title="An update of geometric correlation",
        statement=(
            r"If the update had the correlation $R_k = \alpha^k$, the angle would be AdamW's, and the published "
            "relative update is its sine, exactly:"
        ),
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_geometric,
        obligations=_geometric_obligations,
        sources=("wen2025hyperball",),
    ),
    Claim(
        id="muon-spectral-ball",
        title="Muon: a ball that cannot be left",
        statement=(
            r"Whatever the gradients, for $0 < \eta\lambda < 1$ the largest singular value of the weights obeys"
        ),
        kind=Kind.BOUND,
        setting=Setting.ALGEBRA,
        formulas=_ball,
        obligations=_ball_obligations,
        sources=("chen2024lionk",),
        extra_hypotheses=(POLAR, "c is the scale of the update"),
    ),
]
