"""Claims about the polar factors of correlated Gaussian matrices, Muon's update."""

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING

from proofs.claim import Claim, Formula, Kind, Obligation, Setting
from theory.derivation import recorded

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation

SHAPE = "m and n are the smaller and the larger side of the matrix; C is the correlation of polar factors"
SHOWN = ((2, 2), (2, 3), (3, 3), (4, 4))


def _series() -> list[Formula]:
    from sympy import IndexedBase, Poly, Sum, Symbol, factor, fraction, oo, together

    from theory.polar import hermite_energy

    m, n, first, third = _sides()
    excess, j = Symbol("D", real=True), index_in_print()
    above, below = fraction(together(_chaos(*hermite_energy(m, n, 2), 2, m)))
    quadratic = Poly(above.subs(third, excess + (m + n + 1) * first), excess, first)
    cubic = sum(factor(c) * excess**a * first**b for (a, b), c in quadratic.terms())
    return [
        Formula(r"C(\rho)", Sum(IndexedBase("c")[j] * Symbol("rho", real=True) ** (2 * j + 1), (j, 0, oo))),
        Formula("c_0", _chaos(*hermite_energy(m, n, 1), 1, m)),
        Formula("c_1", cubic / factor(below)),
        Formula("D", third - (m + n + 1) * first),
    ]


def index_in_print() -> Expr:
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

    half, n, u = Rational(1, 2), Symbol("n", integer=True, positive=True), Symbol("u", positive=True)
    chi = sqrt(2) * gamma((n + 1) * half) / gamma(n * half)
    owed = [
        Obligation("at m = 1 the mean of a chi variable", gammasimp(singular_value_moment(1, n, half) / chi), n / n)
    ]
    for columns in (2, 3, 4, 5):
        # Two singular values r (cos t, sin t) have the density cos 2t sin^(n-2) 2t in the angle; u^2 = 1 + sin 2t.
        angle = (columns - 1) * integrate(2 * u**2 * (u**2 - 1) ** (columns - 2), (u, 1, sqrt(2)))
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

    return [Formula("c_j", square_limit(index_in_print(), pi), r"\to")]


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

    rho, first = Symbol("rho", nonnegative=True), Symbol("c_0", nonnegative=True)
    low, high = bounds(rho, [first])
    return [Formula(r"C(\rho)", low, r"\ge"), Formula(r"C(\rho)", high, r"\le")]


def bounds(rho: Expr, leading: list[Expr]) -> tuple[Expr, Expr]:
    """Lower and upper bound on C from its first coefficients: the remaining mass nowhere, or on the next power."""
    from sympy import Integer

    low = sum((c * rho ** (2 * j + 1) for j, c in enumerate(leading)), Integer(0))
    return low, low + (1 - sum(leading)) * rho ** (2 * len(leading) + 1)


def _bounds_obligations() -> list[Obligation]:
    from sympy import Integer, symbols

    from theory.muon import one_minus_cosine

    persistence, more, s, w, *masses = symbols("S h s w t_0 t_1 t_2", nonnegative=True)
    rho, decay = 1 / (1 + s), 1 / (1 + w)
    # Any three nonnegative coefficients that sum to one, the last for all that follow.
    first, second, rest = (mass / (1 + sum(masses)) for mass in (1 + masses[0], masses[1], masses[2]))
    series = first * rho + second * rho**3 + rest * rho**5
    (low, high), (nearer, below) = bounds(rho, [first]), bounds(rho, [first, second])
    fifth, third = (rho**j / (1 - rho**j * (1 - decay)) for j in (5, 3))
    lost, more_lost = (one_minus_cosine(decay, x) for x in (persistence + more, persistence))
    return [
        Obligation("a series is above the lower bound", low, series, "<="),
        Obligation("a series is below the upper bound", series, high, "<="),
        Obligation("with two coefficients the lower bound rises", low, nearer, "<="),
        Obligation("with two coefficients the upper bound falls", below, high, "<="),
        Obligation("at correlation one the upper bound is reached", high.subs(s, 0), Integer(1)),
        Obligation("a higher odd power has the smaller geometric sum", fifth, third, "<="),
        Obligation("1 - cos falls with S", lost, more_lost, "<="),
    ]


@recorded
@cache
def _correlations(device: str) -> list[Confrontation]:
    from proofs.muon import correlation

    return [correlation(*shape, device=device) for shape in ((1, 3), (2, 2), (3, 5), (8, 16), (16, 16))]


CLAIMS = [
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
        states=("polar.hermite_energy",),
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
        states=("singular_values.singular_value_moment",),
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
]
