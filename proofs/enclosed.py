"""What the theory predicts, with enclosures from its derived expressions: not from the code that makes its doubles.

The hyper-parameters are the doubles that were given. Nothing is enclosed before a ball is asked for, so that
predictions cost what they cost, and need no ball arithmetic.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from functools import cached_property, partial
from typing import TYPE_CHECKING, Any

import theory
from proofs.digits import Enclosed, ball
from theory import MuonPrediction, Prediction

if TYPE_CHECKING:
    from flint import arb
    from sympy import Expr, Symbol

    from theory.series import WeightedSeries


def predicted(optimizer: str, recipe: Mapping[str, Any]) -> Prediction:
    """The prediction at any recipe, by a rule's own name, every number enclosed."""
    if optimizer == "muon":
        return enclosed(theory.predict_muon(**recipe))
    return enclosed(theory.predict(optimizer, **recipe))


def of_expression(expression: Expr, values: Mapping[Symbol, float] | None = None) -> Enclosed:
    """An expression at numbers for its symbols, which are taken exactly or with their own balls."""
    from sympy import Rational

    known = values or {}
    value = expression.xreplace({symbol: Rational(float(number)) for symbol, number in known.items()}).evalf(30)
    return Enclosed(float(value), lambda: ball_of(expression, {s: ball(number) for s, number in known.items()}))


def ball_of(expression: Expr, at: Mapping[Symbol, arb]) -> arb:
    """``balls.enclose``, which is not loaded before it is needed."""
    from proofs.balls import enclose

    return enclose(expression, at)


def exactly(number: float) -> Enclosed:
    """A double that stands for itself."""
    return Enclosed(number, lambda: ball(float(number)))


def enclosed(found: Prediction) -> Prediction:
    """The prediction with a ball behind every number."""
    own = motion_of(found)
    names = ["equilibrium_norm", "angular_update", "cos_angular_update", "chord", "sine"]
    names += [name for name in ("convergence_rate", "half_life") if getattr(found, name) is not None]
    if isinstance(found, MuonPrediction):
        names.append("update_persistence")
    known: dict[str, Any] = {name: Enclosed(getattr(found, name), getattr(own, name)) for name in names}
    leading = {name: Enclosed(value, partial(own.leading, name)) for name, value in found.leading_order.items()}
    return replace(found, **known, leading_order={**leading})


def motion_of(found: Prediction) -> Motion:
    """The enclosures of a prediction, method by method."""
    return (
        MuonMotion(found) if isinstance(found, MuonPrediction) else RuleMotion(found.optimizer, found.hyperparameters)
    )


class Motion:
    """The enclosures that follow from 1 - cos and the multipliers."""

    @cached_property
    def lost(self) -> arb:
        """1 - cos."""
        raise NotImplementedError

    def equilibrium_norm(self) -> arb:
        """The root of the mean square."""
        raise NotImplementedError

    def leading(self, quantity: str) -> arb:
        """A number of the leading order."""
        raise NotImplementedError

    @cached_property
    def slowest(self) -> tuple[arb, arb]:
        """(z with its sign if it is real, |z|)."""
        raise NotImplementedError

    def angular_update(self) -> arb:
        """The angle, radians."""
        return 2 * (self.lost / 2).sqrt().asin()

    def cos_angular_update(self) -> arb:
        """The cosine."""
        return 1 - self.lost

    def chord(self) -> arb:
        """Its chord."""
        return (2 * self.lost).sqrt()

    def sine(self) -> arb:
        """Its sine."""
        return (self.lost * (2 - self.lost)).sqrt()

    def convergence_rate(self) -> arb:
        """The slowest multiplier, or its modulus."""
        return self.slowest[0]

    def half_life(self) -> arb:
        """log 2 / -log |z|, steps."""
        from flint import arb

        return -arb(2).log() / self.slowest[1].log()


class RuleMotion(Motion):
    """A rule with derived expressions. A decay behind a gain is taken as it was found."""

    def __init__(self, name: str, chosen: Mapping[str, float | None]) -> None:
        self.name, self.chosen = name, chosen

    @cached_property
    def at(self) -> dict[Symbol, arb]:
        """Balls for the rule's symbols."""
        return balls(self.name, self.chosen)

    def _of(self, expression: Expr) -> arb:
        return ball_of(expression, self.at)

    @cached_property
    def lost(self) -> arb:
        """1 - cos."""
        return self._of(theory.equilibrium_of(self.name).one_minus_cosine)

    def angular_update(self) -> arb:
        """The angle, radians."""
        return self._of(theory.equilibrium_of(self.name).angle)

    def chord(self) -> arb:
        """Its chord."""
        return self._of(theory.equilibrium_of(self.name).chord)

    def sine(self) -> arb:
        """Its sine."""
        return self._of(theory.equilibrium_of(self.name).sine)

    def equilibrium_norm(self) -> arb:
        """The root of the mean square."""
        return self._of(theory.equilibrium_of(self.name).norm)

    def leading(self, quantity: str) -> arb:
        """A number of the leading order."""
        found = theory.equilibrium_of(self.name)
        laws = {"equilibrium_norm": found.norm_leading_order, "angular_update": found.angle_leading_order}
        return self._of(laws[quantity].leading)

    @cached_property
    def slowest(self) -> tuple[arb, arb]:
        """(z, |z|)."""
        from flint import acb, acb_mat, arb

        jacobian = theory.equilibrium_of(self.name).jacobian
        found = acb_mat([[acb(self._of(entry)) for entry in row] for row in jacobian.tolist()]).eig(multiple=True)
        largest = max(found, key=lambda z: float(abs(z).mid()))
        size = arb(0)
        for z in found:
            size = size.max(abs(z))
        return (largest.real if largest.imag.contains(0) else size), size


class MuonMotion(Motion):
    """Muon, from the persistence S of its update.

    S is enclosed with its tail where the matrix has one row or column; else it is taken as it was found, for the
    reason in ``digits.OUTSIDE``.
    """

    def __init__(self, found: MuonPrediction) -> None:
        from proofs.balls import exact

        given = {name: float(value or 0) for name, value in found.hyperparameters.items()}
        self.found, self.rows, self.columns = found, int(given["rows"]), int(given["cols"])
        self.lr, self.momentum = exact(given["lr"]), exact(given["momentum"])
        self.p = self.lr * exact(given["wd"])

    def memory(self, p: arb, known: float) -> arb:
        """S at a decay per step; ``known`` is its double."""
        from proofs.balls import enclose_series, exact
        from theory.muon import first_correlation
        from theory.symbols import correlation, decay, momentum

        if self.found.orthogonalise != "polar" or min(self.rows, self.columns) > 1:
            return exact(known)
        first = first_correlation(self.momentum, self.found.nesterov)
        at = {correlation: first, decay: p, momentum: self.momentum}
        return enclose_series(_vector_memory(max(self.rows, self.columns)), at)

    @cached_property
    def moving(self) -> arb:
        """S at the decay per step."""
        return self.memory(self.p, self.found.memory)

    @cached_property
    def still(self) -> arb:
        """S at no decay."""
        return self.memory(self.p * 0, (self.found.update_persistence - 1) / 2)

    @cached_property
    def energy(self) -> arb:
        """E|u|^2, scaled."""
        from proofs.balls import exact
        from theory.muon import SQUARED_SCALES

        return exact(SQUARED_SCALES[self.found.scale](self.rows, self.columns)) * exact(self.found.update_energy)

    @cached_property
    def lost(self) -> arb:
        """1 - cos."""
        from theory.muon import one_minus_cosine

        return one_minus_cosine(self.p, self.moving)

    def equilibrium_norm(self) -> arb:
        """The root of the mean square."""
        from theory.muon import squared_norm

        return squared_norm(self.lr, self.p, self.energy, self.moving).sqrt()

    def update_persistence(self) -> arb:
        """1 + 2 S at no decay."""
        return 1 + 2 * self.still

    def leading(self, quantity: str) -> arb:
        """A number of the leading order."""
        if quantity == "angular_update":
            return (2 * self.p / self.update_persistence()).sqrt()
        return (self.lr**2 * self.energy * self.update_persistence() / (2 * self.p)).sqrt()

    @cached_property
    def slowest(self) -> tuple[arb, arb]:
        """(z, |z|)."""
        kept = 1 - self.p
        found = (kept**2, kept * self.momentum, self.momentum**2)
        largest = max(found, key=lambda z: float(abs(z).mid()))
        size = abs(found[0]).max(abs(found[1])).max(found[2])
        return largest, size


def _vector_memory(columns: int) -> WeightedSeries:
    """S = sum_j c_j rho_1^(2j+1)/(1 - a alpha^(2j+1)) with the c_j of a matrix of one row."""
    from sympy import Abs, Integer, Rational, gamma, rf

    from theory.series import WeightedSeries
    from theory.symbols import correlation, decay, index, momentum

    half, n = Rational(1, 2), Integer(columns)
    first = 2 / n * (gamma((n + 1) / 2) / gamma(n / 2)) ** 2
    share = first * rf(half, index) ** 2 / (rf(n / 2 + 1, index) * rf(1, index))
    mode = momentum ** (2 * index + 1)
    return WeightedSeries(
        weight=share * correlation ** (2 * index + 1),
        factor=1 / (1 - (1 - decay) * mode),
        ratio_bound=correlation**2,
        factor_bound=1 / (1 - Abs(1 - decay) * mode),
    )


def balls(optimizer: str, chosen: Mapping[str, float | None]) -> dict[Symbol, arb]:
    """The symbols at exact hyper-parameters, series enclosed; a decay behind a gain is taken as it was found."""
    from proofs.balls import enclose, enclose_series, exact
    from theory.leading_order import series_at_zero
    from theory.prediction import symbol_values
    from theory.symbols import OF_PARAMETER, decay, energy

    found = theory.equilibrium_of(optimizer)
    at: dict[Symbol, arb] = {}
    for parameter in theory.load(optimizer).parameters:
        value = parameter.absent if chosen[parameter.name] is None else chosen[parameter.name]
        own = ball(value or 0.0)
        at[OF_PARAMETER[parameter.name]] = own**2 if OF_PARAMETER[parameter.name] is energy else own
    if found.rule.gain is None:
        at[decay] = ball(chosen["lr"] or 0.0) * ball(chosen["wd"] or 0.0)
    else:
        at[decay] = exact(symbol_values(theory.load(optimizer), chosen)["p"])
    for symbol, expression in found.rule.definitions:
        at[symbol] = enclose(expression.subs(dict(found.rule.definitions)), at)
    for symbol, series in (found.series | series_at_zero(found.series)).items():
        at[symbol] = enclose_series(series, at)
    return at
