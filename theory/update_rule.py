"""An optimizer as its update rule: linear state, input, amplitude law, autocorrelation of the input."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field

from sympy import Expr, Matrix, Symbol, simplify, sympify

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
    references: tuple[str, ...] = field(default=())

    @classmethod
    def from_step(
        cls, name: str, step: Callable[..., Sequence[Expr]], state: tuple[str, ...], **rest: object
    ) -> UpdateRule:
        """A rule from its update written as code, ``step(*state, x) -> next state``."""
        transition, drive = read_off(step, state)
        return cls(name=name, state=state, transition=transition, drive=drive, **rest)  # type: ignore[arg-type]

    def in_decay(self) -> tuple[Matrix, Matrix]:
        """M and N with lambda = p / eta, so that the decay per step p stands alone."""
        return self.transition.subs(wd, decay / lr), self.drive.subs(wd, decay / lr)

    @property
    def elasticity(self) -> Expr:
        """d log q / d log A: -1 for scale-invariant gradients, 0 for normalised inputs.

        Raises ValueError when q is no power of A.
        """
        exponent = simplify(squared_norm * self.amplitude.diff(squared_norm) / self.amplitude)
        if exponent.free_symbols & {squared_norm}:
            raise ValueError(f"the amplitude law {self.amplitude} is not a power of {squared_norm}")
        return exponent
