"""What costs more: scale checks of the loss, a probe's representations, microbatches' noise."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics.monitor.clock import Clock
from numerics.monitor.errors import BadMonitor
from numerics.monitor.tensors import Tracked
from numerics.seeding import generator

Array = np.ndarray
FACTOR = 2.0
"""A power of two: scaling by it rounds nothing."""
SCALE_STREAM = 1 << 21


@contextmanager
def undisturbed(model: nn.Module) -> Iterator[None]:
    """Buffers (running statistics) and torch's random numbers are afterwards as they were, bit for bit."""
    buffers = [(b, b.clone()) for b in model.buffers()]
    devices = sorted({p.device.index or 0 for p in model.parameters() if p.is_cuda})
    with torch.random.fork_rng(devices=devices):
        try:
            yield
        finally:
            with torch.no_grad():
                for buffer, was in buffers:
                    buffer.copy_(was)


class Extras:
    """Runs what was asked for; ``take`` hands over what was found since the last time."""

    def __init__(
        self,
        model: nn.Module,
        tensors: list[Tracked],
        loss: Callable[[], Any] | None,
        probe: Any,
        microbatches: Callable[[], Iterable[Any]] | None,
        seed: int,
        clock: Clock,
    ) -> None:
        self.model, self.tensors, self.clock = model, tensors, clock
        self.loss, self.probe, self.microbatches = loss, probe, microbatches
        self.generator = generator(seed, SCALE_STREAM)
        self._layers = _layers(model, tensors) if probe is not None else {}
        self._inputs: dict[int, Tensor] = {}
        self._old: dict[int, Tensor] = {}
        self._found: dict[str, list[Array]] = {}

    def before(self, step: int) -> None:
        """What is to be seen at the weights before the step."""
        if self.loss is not None:
            with self.clock("loss"):
                self._keep("scale", step, self._scale(self.loss))
        if self.microbatches is not None:
            with self.clock("microbatches"):
                self._keep("noise", step, self._noise(self.microbatches))
        if self.probe is not None:
            with self.clock("probe"):
                self._look()

    def after(self, step: int) -> None:
        """What needs the weights after the step too."""
        if self._inputs:
            with self.clock("probe"):
                self._keep("probe", step, self._representation())

    def take(self) -> dict[str, Array]:
        """Arrays by name: steps and values."""
        found = {name: np.stack(values) for name, values in self._found.items()}
        self._found = {}
        return found

    def _keep(self, name: str, step: int, values: Array) -> None:
        self._found.setdefault(f"{name}_steps", []).append(np.array(step))
        self._found.setdefault(name, []).append(values)

    @torch.no_grad()
    def _scale(self, loss: Callable[[], Any]) -> Array:
        """f(W), and |f - f(W)| with a tensor doubled, its rows scaled, and turned [P, 4]; NaN at zero norm."""

        def value() -> float:
            with undisturbed(self.model):
                return float(loss())

        found = np.full((len(self.tensors), 4), np.nan)
        found[:, 0] = start = value()
        for place, one in enumerate(self.tensors):
            w = one.parameter
            norm = float(torch.linalg.vector_norm(w.double()))
            if not norm > 0:
                continue
            was = w.detach().clone()
            signs = torch.randint(0, 2, (one.rows, 1), generator=self.generator)
            rows = torch.where(signs == 1, FACTOR, 1.0).to(w)
            direction = torch.randn(w.shape, generator=self.generator, dtype=torch.float64)
            turned = was + (direction * (norm / direction.norm())).to(w)
            changed = (was * FACTOR, (was.reshape(one.rows, -1) * rows).view_as(was), turned)
            try:
                for column, other in enumerate(changed, 1):
                    w.copy_(other)
                    found[place, column] = abs(value() - start)
            finally:
                w.copy_(was)
        return found

    def _noise(self, microbatches: Callable[[], Iterable[Any]]) -> Array:
        """|G|^2 and tr Sigma of one example, unbiased, for each tensor [P, 2]: McCandlish et al. 2018, appendix A.1.

        With n microbatches of b examples, gradients G_i of mean M: tr Sigma/b = (sum |G_i|^2 - n |M|^2)/(n - 1) and
        |G|^2 = |M|^2 - tr Sigma/(b n).
        """
        parameters = [one.parameter for one in self.tensors]
        total = [torch.zeros_like(p) for p in parameters]
        squares = np.zeros(len(parameters))
        sizes = []
        with undisturbed(self.model), torch.enable_grad():
            for item in microbatches():
                loss, examples = item if isinstance(item, tuple) else (item, 1)
                gradients = torch.autograd.grad(loss, parameters, allow_unused=True)
                sizes.append(int(examples))
                for place, g in enumerate(gradients):
                    if g is not None:
                        total[place] += g
                        squares[place] += float(g.double().square().sum())
        count = len(sizes)
        if count < 2 or len(set(sizes)) > 1:
            raise BadMonitor(f"microbatches gave sizes {sizes[:8]}: at least two, all of one size, are needed")
        mean = np.array([float(t.double().square().sum()) for t in total]) / count**2
        noise = (squares - count * mean) / (count - 1)
        return np.stack([mean - noise / count, noise * sizes[0]], axis=1)

    @torch.no_grad()
    def _look(self) -> None:
        """Keep what goes into each layer on the probe, and the layers' weights."""
        hooks = []
        for place, layer in self._layers.items():

            def keep(module: nn.Module, inputs: tuple[Tensor, ...], place: int = place) -> None:
                self._inputs[place] = inputs[0].detach().clone()

            hooks.append(layer.register_forward_pre_hook(keep))
        try:
            with undisturbed(self.model):
                if callable(self.probe):
                    self.probe()
                else:
                    self.model(*self.probe) if isinstance(self.probe, tuple) else self.model(self.probe)
        finally:
            for hook in hooks:
                hook.remove()
        self._old = {place: self.tensors[place].parameter.detach().clone() for place in self._inputs}

    @torch.no_grad()
    def _representation(self) -> Array:
        """Change of the output and alignments of weights and step for each tensor [P, 3]; NaN for what is no layer."""
        found = np.full((len(self.tensors), 3), np.nan)
        for place, x in self._inputs.items():
            layer, old = self._layers[place], self._old[place]
            step = self.tensors[place].parameter - old
            size, norms = _norm(x), (_norm(old), _norm(step))
            y, change = _norm(_through(layer, old, x)), _norm(_through(layer, step, x))
            wanted = ((change, y), (y, norms[0] * size), (change, norms[1] * size))
            found[place] = [over / under if under else math.nan for over, under in wanted]
        self._inputs, self._old = {}, {}
        return found


def _norm(x: Tensor) -> float:
    return float(torch.linalg.vector_norm(x.double()))


def _through(layer: Any, weight: Tensor, x: Tensor) -> Tensor:
    """The layer's output with another weight and no bias."""
    with_other = {"weight": weight} | ({"bias": torch.zeros_like(layer.bias)} if layer.bias is not None else {})
    return torch.func.functional_call(layer, with_other, (x,))


def _layers(model: nn.Module, tensors: list[Tracked]) -> dict[int, nn.Module]:
    """Layers that multiply what comes in by a recorded weight of theirs, by the weight's place."""
    places = {id(one.parameter): place for place, one in enumerate(tensors)}
    plain = (nn.Linear, nn.Conv1d, nn.Conv2d, nn.Conv3d)
    return {
        places[id(module.weight)]: module
        for module in model.modules()
        if isinstance(module, plain)
        and any(type(module).forward is kind.forward for kind in plain)
        and id(module.weight) in places
    }
