"""A rule's own lines as a simulator on tensors: for rules that nobody has programmed a second time.

The lines are shared between theory and simulation, so agreement tests the calculus behind the equilibrium, and not
whether the lines are the optimizer that somebody runs.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

import torch
from sympy import Symbol, lambdify
from torch import Tensor

from numerics.gradients import Gradient
from numerics.updates import State
from theory import UpdateRule
from theory import symbols as theory_symbols

SHARED = "the simulator is translated from the rule's own lines: this tests the calculus and not the typing"
"""What a confrontation with a translated rule cannot show."""


class NotTranslatable(ValueError):
    """The rule has no simulator of white input."""


class Translated:
    """An update rule on tensors [replicas, dim], with its inputs scaled to the energy q(|w|^2) that it names.

    The state's ``buffer`` holds every state but the weights: [replicas, dim] for one, [k, replicas, dim] for k of them.
    """

    def __init__(self, rule: UpdateRule, chosen: Mapping[str, float | None]) -> None:
        if not rule.autocorrelation.is_white:
            raise NotTranslatable(f"{rule.name}: its input is correlated, and only white input is simulated here")
        self.rule, self.others = rule, len(rule.state) - 1
        numbers = rule.numbers(chosen)
        self.lr = numbers.pop(theory_symbols.lr)
        names = [Symbol(f"state_{i}") for i in range(len(rule.state))]
        source = Symbol("source")
        step = [e.subs(numbers) for e in rule.after(names, source)]
        self._step = lambdify([theory_symbols.lr, *names, source], step, modules=OF_TORCH)
        size = len(rule.state)
        self._pairs = [(i, j) for i in range(size) for j in range(i, size)]
        moments = [theory_symbols.moment(i, j) for i, j in self._pairs]
        gain = 1 if rule.gain is None else rule.gain
        energies = [e.subs(numbers) if hasattr(e, "subs") else e for e in (rule.amplitude, gain)]
        self._energy, self._gain = (lambdify([theory_symbols.lr, *moments], e, modules=OF_TORCH) for e in energies)

    def start(self, w: Tensor) -> State:
        """Every state but the weights at zero."""
        return State(buffer=w.new_zeros(self.others, *w.shape) if self.others else None)

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step of the rule's lines on an input of the direction of the gradient."""
        before = [w] if state.buffer is None else [w, *state.buffer.reshape(-1, *w.shape)]
        moments = [(before[i] * before[j]).sum(-1, keepdim=True) for i, j in self._pairs]
        unit = w.shape[-1] * gradient.mean_square
        energy = torch.as_tensor(self._energy(self.lr, *moments), dtype=w.dtype, device=w.device)
        source = gradient.value * (energy / unit).sqrt()
        after, *rest = self._step(self.lr * self._gain(self.lr, *moments), *before, source)
        if state.buffer is None:
            return after, replace(state, steps=state.steps + 1)
        return after, replace(state, buffer=torch.stack(rest).reshape(state.buffer.shape), steps=state.steps + 1)


def _root(value: Tensor | float) -> Tensor:
    return torch.as_tensor(value, dtype=torch.float64).sqrt()


OF_TORCH = [{"sqrt": _root}, "math"]
