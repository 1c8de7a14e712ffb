"""An optimizer as its update rule: linear state, input, amplitude law, autocorrelation of the input."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from sympy import Dummy, Expr, Integer, Matrix, Symbol, SympifyError, simplify, sympify

from theory.autocorrelation import WHITE, Autocorrelation
from theory.domain import Parameter
from theory.inferring import BadRule, canonical, inferred_parameters, numbers_of
from theory.symbols import decay, energy, lr, squared_norm, wd

Step = Callable[..., Sequence[Expr]]


class NotLinear(BadRule):
    """The step is not linear in its state and input, so it has no matrices M and N."""


def next_state(step: Step, before: Sequence[Expr], source: Expr) -> list[Expr]:
    """What the step makes of a state and an input; raises BadRule where that is no state in SymPy's terms."""
    found = step(*before, source)
    if not isinstance(found, (tuple, list, Matrix)):
        found = (found,)
    if len(found) != len(before):
        raise BadRule(f"the step returns {len(found)} values where the state has {len(before)}")
    try:
        after = [sympify(e, strict=True) for e in found]
    except (SympifyError, TypeError, ValueError):
        strange = next((e for e in found if not isinstance(e, (Expr, int, float))), found)
        raise BadRule(f"the step returns a {type(strange).__name__}, which is no SymPy expression") from None
    if not all(isinstance(e, Expr) for e in after):
        raise BadRule("the step returns something that is no number and no SymPy expression")
    return [canonical(e) for e in after]


def read_off(step: Step, state: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Matrices of a linear step: s' = M s + N x.

    ``step(*state, x)`` is the optimizer's update written as code and returns the next state in the
    order of ``state``. Raises NotLinear when the result is not linear in (state, x).
    """
    *before, source = symbols = [*(Dummy(f"s_{name}") for name in state), Dummy("x")]
    after = Matrix([e.expand() for e in next_state(step, before, source)])
    found = Matrix([[e.coeff(symbol) for symbol in symbols] for e in after])
    if any((found * Matrix(symbols) - after).expand()) or found.free_symbols & set(symbols):
        raise NotLinear(f"the step of ({', '.join(state)}) is not linear in its state and input")
    return found[:, :-1], found[:, -1]


@dataclass(frozen=True)
class UpdateRule:
    """s' = M s + N x for every coordinate, with E|x|^2 = q(A) and E<x_t, x_{t+k}> = q R_k.

    ``transition`` is M (n x n), ``drive`` is N (n x 1); the first state is the weight w.
    ``amplitude`` is q as an expression in A = E|w|^2 (``symbols.squared_norm``).
    ``autocorrelation`` is the normalised R_k of the input; ``convention`` and ``hypotheses`` are
    printed beside every number, ``references`` are keys of references.bib.
    ``gain`` is y where the step size is y eta instead of eta, with y an expression in the moments before
    the step (``symbols.moment``): a trust ratio, or a denominator that contains the decay itself. The rule
    is then its linear rule at the effective learning rate y eta, and its decay per step P = y eta lambda.
    ``definitions`` are symbols of M and N that stand for expressions of the hyper-parameters; ``neglected`` is the
    relative size of what they leave out of E|w|^2 where they are an expansion. ``step`` is the code that M and N were
    read off, if any.
    """

    name: str
    title: str
    state: tuple[str, ...]
    transition: Matrix
    drive: Matrix
    amplitude: Expr
    parameters: tuple[Parameter, ...]
    convention: str
    hypotheses: tuple[str, ...]
    autocorrelation: Autocorrelation = WHITE
    gain: Expr | None = None
    definitions: tuple[tuple[Symbol, Expr], ...] = ()
    neglected: Expr = field(default=Integer(0))
    references: tuple[str, ...] = field(default=())
    step: Step | None = field(default=None, compare=False, repr=False)

    @classmethod
    def from_step(cls, name: str, step: Step, state: tuple[str, ...], **rest: Any) -> UpdateRule:
        """A rule from its update written as code, ``step(*state, x) -> next state``; the rest as ``from_matrices``."""
        transition, drive = read_off(step, state)
        return cls.from_matrices(name, transition, drive, state, step=step, **rest)

    @classmethod
    def from_matrices(
        cls,
        name: str,
        transition: Matrix,
        drive: Matrix,
        state: tuple[str, ...],
        *,
        amplitude: Expr | float = energy / squared_norm,
        parameters: Sequence[Parameter] = (),
        defaults: Mapping[str | Symbol, float] | None = None,
        title: str | None = None,
        convention: str = "as the rule's own lines say",
        hypotheses: tuple[str, ...] | None = None,
        **rest: Any,
    ) -> UpdateRule:
        """A rule from M (n x n) and N (n x 1), with whatever is not given inferred.

        By default the input is a scale-invariant loss's gradient, q = L/A. Hyper-parameters are the symbols of
        M, N and q; one that ``parameters`` does not name has the range of its assumptions, and its
        default in ``defaults``, by name or symbol. A symbol called lr, wd, momentum, ... is the theory's own.
        Raises BadRule where no rule is described.
        """
        shape = (Matrix(transition).shape, Matrix(drive).shape)
        if shape != ((len(state), len(state)), (len(state), 1)):
            raise BadRule(f"M is {shape[0]} and N is {shape[1]} where the state has {len(state)} entries")
        matrices = [Matrix(m).applyfunc(canonical) for m in (transition, drive)]
        law = canonical(sympify(amplitude))
        gain, definitions = rest.get("gain"), rest.get("definitions", ())
        expressions = [*matrices[0], *matrices[1], law, *([gain] if gain is not None else [])]
        expressions += [sympify(part) for mode in rest.get("autocorrelation", WHITE).modes for part in mode]
        return cls(
            name=name,
            title=title or name,
            state=tuple(state),
            transition=matrices[0],
            drive=matrices[1],
            amplitude=law,
            parameters=inferred_parameters(name, expressions, definitions, parameters, defaults or {}),
            convention=convention,
            hypotheses=hypotheses or (f"the input is white with mean zero given the past, E|x|^2 = {law}, A = E|w|^2",),
            **rest,
        )

    def after(self, before: Sequence[Expr], source: Expr) -> list[Expr]:
        """The next state: what the step's own lines make of it, or M s + N x where the rule was given by matrices."""
        if self.step is None:
            return list(self.transition * Matrix(before) + self.drive * source)
        return next_state(self.step, before, source)

    def numbers(self, chosen: Mapping[str, float | None]) -> dict[Symbol, float]:
        """The rule's symbols at hyper-parameters by name."""
        free = self.transition.free_symbols | self.drive.free_symbols | self.amplitude.free_symbols
        free |= self.gain.free_symbols if self.gain is not None else set()
        return numbers_of(free, self.definitions, chosen)

    def in_decay(self) -> tuple[Matrix, Matrix]:
        """M and N in the decay per step p: with lambda = p / eta, or with y eta = p / lambda under a gain."""
        return self.eliminated(self.transition), self.eliminated(self.drive)

    def eliminated(self, matrix: Matrix) -> Matrix:
        """The matrix with one of eta, lambda replaced by the decay per step."""
        return matrix.subs(wd, decay / lr) if self.gain is None else matrix.subs(lr, decay / wd)

    @property
    def elasticity(self) -> Expr:
        """d log q / d log A: -1 for scale-invariant gradients, 0 for normalised inputs.

        Raises ValueError when q is no power of A.
        """
        exponent = simplify(squared_norm * self.amplitude.diff(squared_norm) / self.amplitude)
        if exponent.free_symbols & {squared_norm}:
            raise ValueError(f"the amplitude law {self.amplitude} is not a power of {squared_norm}")
        return exponent
