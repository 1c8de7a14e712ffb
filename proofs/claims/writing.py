"""How claims are written: the left sides, readable right sides, and the series that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proofs.claim import Formula, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sympy import Expr, Symbol

    from theory import Equilibrium
    from theory.series import WeightedSeries

NORM = r"\|w\|"
PATHWISE_COSINE = r"\frac{\langle w, w'\rangle}{\|w\|\,\|w'\|}"
MEAN_COSINE = r"\frac{\mathbb{E}\langle w, w'\rangle}{\mathbb{E}\|w\|^2}"


def norm_left(found: Equilibrium, setting: Setting) -> str:
    """The left side that ``norm_power`` answers."""
    if setting is Setting.PATHWISE:
        return rf"{NORM}^{{{found.norm_exponent}}}"
    squared = rf"\mathbb{{E}}{NORM}^2"
    return squared if found.norm_exponent == 2 else rf"\left({squared}\right)^{{{found.norm_exponent / 2}}}"


def root_mean_square(setting: Setting) -> str:
    """The norm as a left side, without the expectation where it is pathwise."""
    return NORM if setting is Setting.PATHWISE else rf"\sqrt{{\mathbb{{E}}{NORM}^2}}"


def powered(found: Equilibrium, leading: Expr, power: int) -> Expr:
    """A leading order raised to the power at which it is rational, in its readable form."""
    from sympy import powdenest

    return found.display(powdenest(leading**power))


def remainder(coefficient: Expr) -> list[Formula]:
    """What the leading order neglects, to its own leading order."""
    from theory.forms import tidy
    from theory.symbols import decay

    return [Formula(r"\text{exact}/\text{leading} - 1", tidy(coefficient) * decay, r"\sim")]


def collected(polynomial: Expr) -> Expr:
    """Each factor monic and by powers of z, its coefficients in factored form."""
    from sympy import Mul, Poly, factor_list, numer, together

    from theory.forms import positive_factors
    from theory.symbols import multiplier

    written = []
    for piece, times in factor_list(numer(together(polynomial)), multiplier)[1]:
        terms = Poly(piece, multiplier).monic().terms()
        tidied = (positive_factors(c) if c != 1 else c for _, c in terms)
        written.append(sum(c * multiplier**k for c, ((k,), _) in zip(tidied, terms, strict=True)) ** times)
    return Mul(*written)


def without_dampening(polynomial: Expr) -> tuple[Expr, list[Formula]]:
    """Where decay enters only as u = p (1 - tau), the polynomial in u."""
    from sympy import cancel

    from theory.symbols import damped_decay, dampening, decay

    shorter = cancel(polynomial.subs(dampening, 1 - damped_decay / decay))
    if dampening not in polynomial.free_symbols or decay in shorter.free_symbols:
        return polynomial, []
    return shorter, [Formula("u", decay * (1 - dampening))]


def rational_multipliers(found: Equilibrium) -> list[Formula]:
    """The multipliers that need no root."""
    from sympy import Pow, Rational

    roots = [z for z in found.multipliers if not any(p.exp == Rational(1, 2) for p in z.atoms(Pow))]
    return [Formula(rf"z_{{{i}}}", found.display(z)) for i, z in enumerate(roots, 1)]


def series_formulas(found: Equilibrium) -> list[Formula]:
    """The series that an exact formula names."""
    return written_series(found, found.series)


def series_at_zero_formulas(found: Equilibrium) -> list[Formula]:
    """The series that a leading order names."""
    from theory.leading_order import series_at_zero

    return written_series(found, series_at_zero(found.series))


def written_series(found: Equilibrium, series: Mapping[Symbol, WeightedSeries]) -> list[Formula]:
    """Each series, then what its abbreviations stand for."""
    from sympy import latex

    written = [Formula(latex(symbol), found.abbreviated(value.expression)) for symbol, value in series.items()]
    short = found.rule.autocorrelation.abbreviations if series else ()
    return written + [Formula(latex(symbol), value) for symbol, value in short]
