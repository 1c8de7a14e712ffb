"""Claims about Muon: the correlation of polar factors, and the equilibrium that follows from it."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proofs.claim import Claim, Formula, Kind, Obligation, Setting

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation

GAUSSIAN = "the gradients are independent in time, with independent Gaussian entries of one variance"
POLAR = "the update is the exact polar factor of the momentum"
RULE = (GAUSSIAN, POLAR, "weight decay is decoupled, factor 1 - lr*wd; lr multiplies c times the update")
SHAPE = "m and n are the smaller and the larger side of the matrix; C is the correlation of polar factors"
SHOWN = ((2, 2), (2, 3), (3, 3), (4, 4))


def _series() -> list[Formula]:
    from sympy import IndexedBase, Poly, Sum, Symbol, factor, fraction, oo, together

    from theory.polar import hermite_energy

    m, n, first, third = _sides()
    excess, j = Symbol("D", real=True), _index()
    above, below = fraction(together(_chaos(*hermite_energy(m, n, 2), 2, m)))
    quadratic = Poly(above.subs(third, excess + (m + n + 1) * first), excess, first)
    cubic = sum(factor(c) * excess**a * first**b for (a, b), c in quadratic.terms())
    return [
        Formula(r"C(\rho)", Sum(IndexedBase("c")[j] * Symbol("rho", real=True) ** (2 * j + 1), (j, 0, oo))),
        Formula("c_0", _chaos(*hermite_energy(m, n, 1), 1, m)),
        Formula("c_1", cubic / factor(below)),
        Formula("D", third - (m + n + 1) * first),
    ]


def _index() -> Expr:
    """The index of the series in print, where n is a side of the matrix."""
    from sympy import Symbol

    return Symbol("j", integer=True, nonnegative=True)


def _sides() -> tuple[Expr, Expr, Expr, Expr]:
    from sympy import Symbol

    m, n = (Symbol(name, integer=True, positive=True) for name in "mn")
    return m, n, Symbol("M_{1/2}", positive=True), Symbol("M_{3/2}", positive=True)


def _chaos(gram: list[list], overlaps: list[dict], order: int, smaller: Expr) -> Expr:
    """2 order v^T G^-1 v / m: the energy of polar(X) in the chaos of order 2 order - 1, per unit of its energy."""
    from sympy import Matrix, cancel, sympify

    _, _, first, third = _sides()
    moment = {1: first, 3: third}
    vector = Matrix([sum(sympify(c) * moment[twice] for twice, c in overlap.items()) for overlap in overlaps])
    matrix = Matrix(gram).applyfunc(lambda x: cancel(sympify(x)))
    return cancel(2 * order * (vector.T * matrix.inv() * vector)[0] / smaller)


def wick_mean(power: int, rows: Expr, columns: Expr) -> Expr:
    """E tr (X X^T)^power by counting index loops over all pairings of the 2 power factors."""
    from sympy import Integer

    def pairings(left: list[int]) -> list[list[tuple[int, int]]]:
        if not left:
            return [[]]
        first, *rest = left
        return [[(first, x), *more] for x in rest for more in pairings([y for y in rest if y != x])]

    def loops(links: list[tuple[int, int]]) -> int:
        groups = [{i} for i in range(power)]
        for a, b in links:
            one, other = (next(g for g in groups if x in g) for x in (a, b))
            if one is not other:
                groups.remove(other)
                one |= other
        return len(groups)

    # Factor 2i is X with indices (row i, column i), factor 2i + 1 is X^T with (column i, row i + 1).
    row, column = [(f + 1) // 2 % power for f in range(2 * power)], [f // 2 for f in range(2 * power)]
    total = Integer(0)
    for pairing in pairings(list(range(2 * power))):
        total += rows ** loops([(row[a], row[b]) for a, b in pairing]) * columns ** loops(
            [(column[a], column[b]) for a, b in pairing]
        )
    return total


def _series_obligations() -> list[Obligation]:
    from sympy import Integer, Matrix, cancel

    from theory.polar import hermite_energy, vector_ratio

    m, n, first, third = _sides()
    size = m * n
    # Least squares of polar(X) on X, X X^T X and |X|^2 X; |X|^2 is independent of the direction of X.
    second, cube = wick_mean(2, m, n), wick_mean(3, m, n)
    gram = Matrix(
        [
            [size, second, size * (size + 2)],
            [second, cube, (size + 4) * second],
            [size * (size + 2), (size + 4) * second, size * (size + 2) * (size + 4)],
        ]
    )
    overlap = Matrix([first, third, (size + 1) * first])
    explained = cancel((overlap.T * gram.inv() * overlap)[0])
    # From 2 x 2 on: in one row the cubic maps are dependent.
    wide = {m: m + 1, n: n + 1}
    owed = [
        Obligation("c_0 by projecting polar(X) on X", _chaos(*hermite_energy(m, n, 1), 1, m), first**2 / (m * n) / m),
        Obligation(
            "c_1 by projecting polar(X) on every equivariant cubic map",
            _chaos(*hermite_energy(m, n, 2), 2, m).subs(wide, simultaneous=True),
            ((explained - first**2 / size) / m).subs(wide, simultaneous=True),
        ),
    ]
    one = Integer(1)
    for order in (1, 2, 3):
        lower, upper = (_vector_chaos(hermite_energy(one, n, k, 1), k, n) for k in (order, order + 1))
        owed.append(
            Obligation(
                f"at m = 1 the coefficients c_{order - 1} and c_{order} have the ratio of the vector law",
                cancel(upper / lower),
                vector_ratio(n, Integer(order - 1)),
            )
        )
    return owed


def _vector_chaos(energy: tuple[list[list], list[dict]], order: int, dim: Expr) -> Expr:
    """The same at m = 1 over M_(1/2)^2, where M_(s+1) = (n + 2s) M_s."""
    from sympy import Integer, cancel, sympify

    (((gram,),), (overlap,)) = energy
    value = Integer(0)
    for twice, coefficient in overlap.items():
        moment = Integer(1)
        for step in range(1, twice, 2):
            moment *= dim + step
        value += sympify(coefficient) * moment
    return cancel(2 * order * value**2 / sympify(gram))


def _nuclear() -> list[Formula]:
    from sympy import Integer, Rational, expand, pi, sqrt

    from theory.singular_values import singular_value_moment

    means = [singular_value_moment(m, Integer(n), Rational(1, 2)) for m, n in SHOWN]
    return [
        Formula(rf"\mathbb E\|X_{{{m}\times{n}}}\|_*", sqrt(pi) * expand(mean / sqrt(pi)))
        for (m, n), mean in zip(SHOWN, means, strict=True)
    ]


def _nuclear_obligations() -> list[Obligation]:
    from sympy import Integer, Rational, Symbol, expand, expand_func, gamma, gammasimp, integrate, sqrt

    from theory.singular_values import singular_value_moment

    half, n, x = Rational(1, 2), Symbol("n", integer=True, positive=True), Symbol("x", positive=True)
    chi = sqrt(2) * gamma((n + 1) * half) / gamma(n * half)
    owed = [
        Obligation("at m = 1 the mean of a chi variable", gammasimp(singular_value_moment(1, n, half) / chi), n / n)
    ]
    for columns in (2, 3, 4, 5):
        # Two singular values r (cos t, sin t) have the density cos 2t sin^(n-2) 2t in the angle; x = sin 2t.
        angle = (columns - 1) * integrate(sqrt(1 + x) * x ** (columns - 2), (x, 0, 1))
        radius = sqrt(2) * gamma(columns + half) / gamma(columns)
        owed.append(
            Obligation(
                f"the nuclear norm of 2 x {columns} in polar coordinates",
                singular_value_moment(2, Integer(columns), half),
                expand(expand_func(radius * angle)),
            )
        )
    for rows, columns in ((2, 3), (3, 4), (3, 6), (4, 5)):
        owed += [
            Obligation(
                f"the density of {rows} x {columns} has the Wick moment {k}",
                singular_value_moment(rows, Integer(columns), Integer(k)),
                wick_mean(k, Integer(rows), Integer(columns)) if k else Integer(rows),
            )
            for k in range(4)
        ]
    owed.append(Obligation("Wick's second moment is symmetric in the sides", *(wick_mean(2, *s) for s in _both())))
    return owed


def _both() -> tuple[tuple[Expr, Expr], tuple[Expr, Expr]]:
    m, n, _, _ = _sides()
    return (m, n), (n, m)


def _vector() -> list[Formula]:
    from sympy import Integer, Rational, Symbol, gamma, hyper

    half, n, rho = Rational(1, 2), Symbol("n", integer=True, positive=True), Symbol("rho", real=True)
    first = 2 / n * (gamma((n + 1) * half) / gamma(n * half)) ** 2
    return [Formula(r"C_{1\times n}(\rho)", first * rho * hyper([half, half], [n * half + Integer(1)], rho**2))]


def _vector_obligations() -> list[Obligation]:
    from sympy import Integer, Rational, Symbol, cancel, gamma, gammasimp

    from theory.gaussian_filter import arcsin_coefficient
    from theory.polar import vector_ratio
    from theory.symbols import index

    n, half = Symbol("n", integer=True, positive=True), Rational(1, 2)
    chi_squared = 2 * (gamma((n + 1) * half) / gamma(n * half)) ** 2
    arcsine = gammasimp((arcsin_coefficient(index + 1) / arcsin_coefficient(index)).rewrite(gamma))
    return [
        Obligation(
            "the hypergeometric ratio of 2F1(1/2, 1/2; n/2 + 1)",
            vector_ratio(n, index),
            (half + index) ** 2 / ((n * half + 1 + index) * (index + 1)),
        ),
        Obligation("at n = 1 the arcsine law", vector_ratio(Integer(1), index), cancel(arcsine)),
        Obligation(
            "Gauss's sum gives C(1) = 1",
            gammasimp(chi_squared / n * gamma(n * half + 1) * gamma(n * half) / gamma((n + 1) * half) ** 2),
            n / n,
        ),
    ]


def _limit() -> list[Formula]:
    from sympy import pi

    from theory.polar import square_limit

    return [Formula("c_j", square_limit(_index(), pi), r"\to")]


def _limit_obligations() -> list[Obligation]:
    from sympy import Integer, Rational, apart, pi

    from theory.polar import square_limit
    from theory.symbols import index

    odd = 2 * index + 1
    overlap = 2 / pi * (1 / odd + 1 / (odd + 2))
    first = square_limit(Integer(0), pi)
    return [
        Obligation(
            "the overlap of sign(cos t) with the Chebyshev polynomial of odd order, squared",
            square_limit(index, pi),
            overlap**2,
        ),
        Obligation("the first is the square of the mean of the quarter circle law", first, (8 / (3 * pi)) ** 2),
        # sum 1/(2j+1)^2 = pi^2/8 twice, less the first, and a telescoping sum that is 1.
        Obligation(
            "a term splits into squares of reciprocals and a telescoping difference",
            apart(square_limit(index, pi) * pi**2 / 4, index),
            1 / odd**2 + 1 / (odd + 2) ** 2 + 1 / odd - 1 / (odd + 2),
        ),
        Obligation(
            "so that the coefficients sum to one",
            4 / pi**2 * (pi**2 / 8 + pi**2 / 8 - 1 + Integer(1)),
            Rational(1),
        ),
    ]


def _bounds() -> list[Formula]:
    from sympy import Symbol

    rho = Symbol("rho", nonnegative=True)
    first = Symbol("c_0", nonnegative=True)
    return [
        Formula(r"C(\rho)", first * rho, r"\ge"),
        Formula(r"C(\rho)", first * rho + (1 - first) * rho**3, r"\le"),
    ]


def _bounds_obligations() -> list[Obligation]:
    from sympy import Integer, symbols

    from theory.muon import one_minus_cosine

    low, more, s, w = symbols("S h s w", nonnegative=True)
    rho, decay, pole = 1 / (1 + s), 1 / (1 + w), 1 / (1 + s)
    return [
        Obligation("a higher odd power of the correlation is smaller", rho**5, rho**3, "<="),
        Obligation(
            "so is its geometric sum",
            pole**5 / (1 - pole**5 * (1 - decay)),
            pole**3 / (1 - pole**3 * (1 - decay)),
            "<=",
        ),
        Obligation("1 - cos falls with S", one_minus_cosine(decay, low + more), one_minus_cosine(decay, low), "<="),
        Obligation("nothing is lost at correlation one", rho - rho + 1, Integer(1)),
    ]


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

    from theory.symbols import contraction, momentum

    j, first = _index(), Symbol("rho_1", nonnegative=True)
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


@cache
def _correlations(device: str) -> list[Confrontation]:
    from proofs.muon import correlation

    return [correlation(*shape, device=device) for shape in ((1, 3), (2, 2), (3, 5), (8, 16), (16, 16))]


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
        sources=("jordan2024muon",),
        extra_hypotheses=(GAUSSIAN,),
    ),
    Claim(
        id="muon-correlation",
        title="Muon: correlation of polar factors",
        statement=(
            r"For m x n Gaussian matrices of entrywise correlation $\rho$ the polar factors have the correlation "
            r"$C(\rho)$, an odd power series with $c_j \ge 0$ and $\sum c_j = 1$. Every $c_j$ is a quadratic form in "
            r"$M_{1/2}, \dots, M_{j+1/2}$ with rational coefficients, $M_s = \mathbb E\sum\sigma_i^{2s}$ over the "
            r"singular values; the first two, for $m \ge 2$ in the second:"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_series,
        obligations=_series_obligations,
        sources=("janson1997",),
        extra_hypotheses=(SHAPE,),
        experiment=_correlations,
    ),
    Claim(
        id="muon-nuclear-norm",
        title="Muon: mean nuclear norm",
        statement=(
            r"$M_s$ is a finite sum of gamma functions and beta integrals up to 1/2. For the mean nuclear norm "
            r"$M_{1/2}$, for instance,"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_nuclear,
        obligations=_nuclear_obligations,
        sources=("adler2000",),
    ),
    Claim(
        id="muon-correlation-vector",
        title="Muon: correlation of unit vectors",
        statement="Where one side of the matrix is 1 the polar factor is the unit vector, and for all n",
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        formulas=_vector,
        obligations=_vector_obligations,
        sources=(),
        extra_hypotheses=(SHAPE,),
    ),
    Claim(
        id="muon-correlation-limit",
        title="Muon: correlation of large square matrices",
        statement="As a square matrix grows, each coefficient of C tends to",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        formulas=_limit,
        obligations=_limit_obligations,
        sources=("marchenko1967",),
        extra_hypotheses=(SHAPE,),
    ),
    Claim(
        id="muon-correlation-bounds",
        title="Muon: bounds on the correlation",
        statement=(
            r"For $0 \le \rho \le 1$ the correlation lies between two polynomials. With more exact coefficients in "
            "place of the first alone the bounds close in, and they bound norm and angle:"
        ),
        kind=Kind.BOUND,
        setting=Setting.EXPECTATION,
        formulas=_bounds,
        obligations=_bounds_obligations,
        sources=(),
        extra_hypotheses=(SHAPE,),
        experiment=_correlations,
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
        sources=("wen2025hyperball",),
        extra_hypotheses=RULE,
        experiment=_equilibria,
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
