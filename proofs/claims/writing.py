"""How claims are written: the left sides, readable right sides, and the series that they name."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proofs.claim import Formula, Setting

if TYPE_CHECKING:
    from collections.abc import Mapping

    from sympy import Expr, Symbol

    from theory import Equilibrium, LeadingOrder
    from theory.series import WeightedSeries

LONGEST = 260
"""LaTeX characters of a factor that still reads as one line."""
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


def leading(found: Equilibrium, left: str, expression: Expr, power: int) -> Formula:
    """A leading order as a root of a rational form, or in plain powers under a gain."""
    from sympy import factor, powdenest, powsimp

    if found.rule.gain is not None:
        return Formula(left, powsimp(powdenest(factor(expression), force=True), force=True), r"\sim")
    return Formula(left, found.display(powdenest(expression**power)), r"\sim", root=power)


def remainder(found: Equilibrium, law: LeadingOrder) -> list[Formula]:
    """What the leading order neglects, to its own leading order."""
    from theory.forms import tidy
    from theory.symbols import decay, decay_behind_gain

    if law.next_coefficient == 0:
        return []
    small = decay if found.rule.gain is None else decay_behind_gain
    coefficient = law.next_coefficient if law.next_coefficient.is_number else tidy(law.next_coefficient)
    return [Formula(r"\text{exact}/\text{leading} - 1", coefficient * small**law.remainder_order, r"\sim")]


def determinant(found: Equilibrium, polynomial: Expr) -> list[Formula]:
    """The characteristic polynomial; the coefficients of a long factor stand below it, one a line."""
    from sympy import Mul, Poly, Symbol, factor_list, latex, numer, together

    from theory.symbols import decay, decay_behind_gain, multiplier

    shown, below = [], []
    for piece, times in factor_list(numer(together(polynomial)), multiplier)[1]:
        written = collected(piece)
        if len(latex(written)) > LONGEST:
            monic = Poly(written.expand(), multiplier).monic()
            names = [Symbol(f"c_{k}") for k in range(monic.degree())]
            below += [Formula(f"c_{k}", found.display(monic.coeff_monomial(multiplier**k))) for k in range(len(names))]
            written = multiplier ** monic.degree() + sum(c * multiplier**k for k, c in enumerate(names))
        elif found.rule.gain is not None:
            written = written.subs(decay, decay_behind_gain)
        shown.append(written**times)
    return [Formula(r"\det(z - J)", Mul(*shown)), *below]


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


def names(found: Equilibrium, at_zero: bool = False) -> list[Formula]:
    """What the symbols of a formula stand for: gain, definitions, series (at p = 0 for a leading order)."""
    from sympy import latex

    from theory.leading_order import series_at_zero
    from theory.symbols import decay_behind_gain, gain, lr, wd

    said = [Formula(latex(symbol), value) for symbol, value in found.rule.definitions]
    if found.rule.gain is not None and not at_zero:
        said += [Formula(latex(decay_behind_gain), gain * lr * wd), Formula(latex(gain), found.rule.gain)]
    if found.rule.gain is not None and at_zero:
        said.append(Formula(latex(decay_behind_gain), found.step_size_law.decay, r"\sim"))
    return said + written_series(found, series_at_zero(found.series) if at_zero else found.series)


def written_series(found: Equilibrium, series: Mapping[Symbol, WeightedSeries]) -> list[Formula]:
    """Each series, then what its abbreviations stand for."""
    from sympy import latex

    written = [Formula(latex(symbol), found.abbreviated(value.expression)) for symbol, value in series.items()]
    short = found.rule.autocorrelation.abbreviations if series else ()
    return written + [Formula(latex(symbol), value) for symbol, value in short]
