"""What every update has in common: its state, its protocol, and how a step is made of a rule's few lines."""

from __future__ import annotations

import inspect
import math
from collections.abc import Callable
from dataclasses import dataclass, fields
from functools import cache
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np

from numerics.gradients import Gradient, norm

if TYPE_CHECKING:
    from torch import Tensor

Array = np.ndarray
VECTORS = ("buffer", "second_moment")
"""What a rule may keep for each weight, by the names of its arguments."""
NUMBERS = ("tensor_moment",)
"""What a rule may keep for each weight vector: one number."""
KEPT = (*VECTORS, *NUMBERS)


@dataclass(frozen=True)
class State:
    """What an optimizer keeps between steps; VECTORS have the weights' shape [..., dim], NUMBERS [..., 1].

    ``buffer`` is the momentum, ``second_moment`` the average of squared gradients, ``tensor_moment`` that of their
    means over the vector, ``steps`` the steps done; None is unused. Before the first step nothing is kept, and counts
    as zero.
    """

    buffer: Tensor | None = None
    second_moment: Tensor | None = None
    tensor_moment: Tensor | None = None
    steps: int = 0


@dataclass(frozen=True)
class Start:
    """Weights [replicas, dim] and optimizer state to start from."""

    weights: Tensor
    state: State


class Update(Protocol):
    """An optimizer's update on tensors."""

    def start(self, w: Tensor) -> State:
        """The state before the first step."""

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """The weights and the state after one step."""


@dataclass(frozen=True)
class Form:
    """A rule's lines: from the gradient that it sees to its step, entry by entry, and the size of the step.

    ``direction(g, ...)`` returns the direction u and what is kept; its arguments are known by their names: what is
    kept, vectors before numbers, a field of the update, a coefficient of the step, or one of ``MEASURED``. The step is
    s = u under coupled decay, where g holds wd w already, and s = wd w + u under decoupled decay;
    w <- w - size(...) s, where ``size`` may take ``step_norm`` = |s|.
    """

    name: str
    direction: Callable[..., Any]
    size: Callable[..., Any]
    decoupled: bool

    @property
    def kept(self) -> tuple[str, ...]:
        """What the rule keeps, in the order in which its lines return it."""
        return tuple(name for name in arguments(self.direction) if name in KEPT)

    @property
    def vectors(self) -> tuple[str, ...]:
        """Of what is kept the vectors."""
        return tuple(name for name in self.kept if name in VECTORS)

    @property
    def numbers(self) -> tuple[str, ...]:
        """Of what is kept the numbers."""
        return tuple(name for name in self.kept if name in NUMBERS)


@cache
def arguments(function: Callable[..., Any]) -> tuple[str, ...]:
    """The names of a function's arguments."""
    return tuple(inspect.signature(function).parameters)


MEASURED: dict[str, Callable[[Rule, Tensor, Gradient], Tensor | float]] = {
    "weight_norm": lambda rule, w, gradient: norm(w),
    "gradient_norm": lambda rule, w, gradient: norm(gradient.value),
    "mean_square": lambda rule, w, gradient: rule.mean_square(gradient.mean_square, w),
    "seen_square": lambda rule, w, gradient: rule.seen(w, gradient).square().mean(-1, keepdim=True),
}
"""Numbers of the whole vector that a rule may ask for. The norm is of the loss's gradient, without decay; the mean
square is of an entry of what the rule sees given w, and the seen square its average over the entries of this step."""


def learning_rate(lr: float) -> float:
    """The size of a step where a rule says nothing else."""
    return lr


@dataclass(frozen=True)
class Rule:
    """An update that acts entry by entry, given a few numbers of the whole vector.

    Coupled decay (L2): the rule sees g + wd w. Decoupled: it sees g, and w is multiplied by 1 - lr wd beforehand.
    ``at_mean`` is the direction without beta2, where the second moment stands at its mean given w.
    """

    lr: float
    wd: float
    decoupled: ClassVar[bool] = False
    direction: ClassVar[Callable[..., Any]]
    at_mean: ClassVar[Callable[..., Any] | None] = None
    size: ClassVar[Callable[..., Any]] = staticmethod(learning_rate)

    @classmethod
    def forms(cls) -> tuple[Form, ...]:
        """The rule's forms: with a memory of squares, and without one where it has a beta2 to leave out."""
        name = cls.__name__.lower()
        both = {name: cls.direction, f"{name}_at_mean": cls.at_mean}
        return tuple(Form(k, line, cls.size, cls.decoupled) for k, line in both.items() if line is not None)

    @property
    def form(self) -> Form:
        """The form that the hyper-parameters choose."""
        forms = self.forms()
        return forms[-1] if getattr(self, "beta2", "none to leave out") is None else forms[0]

    def coefficients(self, count: Array) -> dict[str, Array]:
        """Numbers that change from step to step; ``count`` [steps] counts from 1 at the first step."""
        return {}

    def scalars(self, count: Array, *, fresh: bool) -> dict[str, Array]:
        """Every number that the lines may ask for before the gradient is known, at each of ``count`` [steps].

        ``fresh`` says whether the first of them begins from nothing kept.
        """
        begins = np.zeros(len(count))
        begins[0] = fresh
        own = {f.name: getattr(self, f.name) for f in fields(self)}
        return {**{k: v for k, v in own.items() if v is not None}, "fresh": begins, **self.coefficients(count)}

    def mean_square(self, of_gradient: Tensor, w: Tensor) -> Tensor:
        """Mean square of an entry of what the rule sees, given w: under coupled decay wd^2 |w|^2/d is added.

        The gradient has mean zero given w.
        """
        return of_gradient if self.decoupled else of_gradient + self.wd**2 * w.square().mean(-1, keepdim=True)

    def seen(self, w: Tensor, gradient: Gradient) -> Tensor:
        """What the rule sees: the gradient, with wd w under coupled decay."""
        return gradient.value if self.decoupled else gradient.value + self.wd * w

    def start(self, w: Tensor) -> State:
        """Nothing kept."""
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step, as the form's lines say."""
        form, count = self.form, state.steps + 1
        kept = {name: getattr(state, name) for name in form.kept}
        fresh = all(held is None for held in kept.values())
        if not fresh and any(held is None for held in kept.values()):
            raise ValueError("the state has no second moment, which an update with beta2 needs; begin with start(w)")
        known: dict[str, Any] = {
            name: float(np.ravel(x)[0]) for name, x in self.scalars(np.array([float(count)]), fresh=fresh).items()
        }
        known |= {name: w.new_zeros((*w.shape[:-1], 1)) for name in kept} if fresh else kept
        known["g"] = self.seen(w, gradient)

        def of(function: Callable[..., Any]) -> Any:
            for name in arguments(function):
                if name in MEASURED:
                    known[name] = MEASURED[name](self, w, gradient)
            return function(**{name: known[name] for name in arguments(function)})

        found = of(form.direction)
        u = found[0] if form.kept else found
        after = {name: found[1 + i] for i, name in enumerate(form.kept)}
        step = self.wd * w + u if self.decoupled else u
        known["step_norm"] = norm(step) if "step_norm" in arguments(form.size) else math.nan
        return w - of(form.size) * step, State(**after, steps=count)
