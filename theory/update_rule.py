"""An optimizer as its update rule: linear state, input, amplitude law, autocorrelation of the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Integer, Matrix, Symbol, simplify, sympify

from theory.autocorrelation import WHITE, Autocorrelation
from theory.domain import Parameter
from theory.symbols import decay, lr, squared_norm, wd


class NotLinear(ValueError):
    """The step is not linear in its state and input, so it has no matrices M and N."""


def read_off(step: Callable[..., Sequence[Expr]], state: Sequence[str]) -> tuple[Matrix, Matrix]:
    """Matrices of a linear step: s' = M s + N x.

    ``step(*state, x)`` is the optimizer's update written as code and returns the next state in the
    order of ``state``. Raises NotLinear when the result is not linear in (state, x).
    """
    symbols = [Symbol(f"s_{name}") for name in state]
    source = Symbol("x")
    after = Matrix([sympify(e).expand() for e in step(*symbols, source)])
    transition, drive = after.jacobian(symbols), after.diff(source)
    linear = (transition * Matrix(symbols) + drive * source - after).expand()
    free = transition.free_symbols | drive.free_symbols
    if any(linear) or free & {*symbols, source}:
        raise NotLinear(f"the step of ({', '.join(state)}) is not linear in its state and input")
    return transition, drive


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
    relative size of what they leave out of E|w|^2 where they are an expansion.
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

    @classmethod
    def from_step(
        cls, name: str, step: Callable[..., Sequence[Expr]], state: tuple[str, ...], **rest: object
    ) -> UpdateRule:
        """A rule from its update written as code, ``step(*state, x) -> next state``."""
        transition, drive = read_off(step, state)
        return cls(name=name, state=state, transition=transition, drive=drive, **rest)  # type: ignore[arg-type]

    def step(self, state: Sequence[Expr], source: Expr) -> list[Expr]:
        """The next state M s + N x."""
        return list(self.transition * Matrix(list(state)) + self.drive * source)

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
