"""The monitor: two hooks on an optimizer, and a file that grows."""

from __future__ import annotations

import atexit
import math
import time
import warnings
from collections.abc import Callable, Iterable, Mapping
from datetime import UTC, datetime
from pathlib import Path
from types import TracebackType
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn
from torch.optim import Optimizer

from numerics.container import Array
from numerics.monitor import decay as decays
from numerics.monitor.chunks import KIND, VERSION, Writer
from numerics.monitor.clock import Clock
from numerics.monitor.errors import BadMonitor, MonitorWarning
from numerics.monitor.extras import Extras
from numerics.monitor.pattern import Pattern
from numerics.monitor.reading import end_before
from numerics.monitor.sampling import Sample, Sampler
from numerics.monitor.tensors import tracked
from numerics.monitor.window import Window
from numerics.optimizers.base import decay_share
from numerics.provenance import source_hash, versions
from numerics.seeding import base_seed

NO_ANGLE = "norm 0: it has no angle"
WEIGHTS, GRADIENT = "weights that are not finite", "gradient that is not finite"
WINDOW = 2
"""Blocks of the sampling pattern in a chunk."""


class Monitor:
    """Records a run: ``Monitor(model, optimizer, path)`` before the loop and ``close()`` after it, or as a context.

    It looks at the weights before and after ``optimizer.step``, at one step in ``every`` on average, and appends what
    it finds to the file at ``path``; ``read`` reads it, also while the run goes on. Nothing of the run is changed.

    Given more, it records more, at the beginning, after one block of samples and every ``rare`` steps:

    loss          a callable without arguments, the loss on a fixed batch: does f(cW) = f(W) hold, tensor by tensor?
                  Three evaluations a tensor.
    probe         inputs of the model, or a callable that runs it: how much each layer's output changes, alignments.
                  One evaluation.
    microbatches  a callable that yields losses of microbatches, or pairs (loss, examples): the gradient's signal, its
                  noise and the critical batch size. One gradient for each.

    ``decay`` says what an optimizer that is not known means by weight decay (decoupled, coupled, independent,
    corrected). ``groups`` gives for a parameter's name the number of groups of rows that are one neuron, head, ...;
    what ``numerics.networks.scale_invariant`` returns will do. Tensors of up to ``exact`` entries are correlated
    as they are, larger ones through a random projection; ``coordinates`` entries of each are followed exactly;
    ``neurons`` = n records the neurons at one sample in n, 0 not at all. ``resume`` goes on with the file of an
    earlier run after ``step`` steps, by default all that it holds.

    Raises BadMonitor for what is no model or no optimizer of it, and a file that is there or cannot be written. If
    writing fails later, a MonitorWarning says so once, recording ends, what was recorded is kept, and the training
    goes on.
    """

    def __init__(
        self,
        model: nn.Module,
        optimizer: Optimizer,
        path: str | Path,
        every: int = 10,
        *,
        loss: Callable[[], Any] | None = None,
        probe: Any = None,
        microbatches: Callable[[], Iterable[Any]] | None = None,
        decay: str | None = None,
        groups: Mapping[str, Any] | None = None,
        exact: int = 4096,
        coordinates: int = 64,
        neurons: int = 10,
        rare: int = 1000,
        resume: bool = False,
        step: int | None = None,
        seed: int = 0,
    ) -> None:
        self.path = Path(path)
        self.optimizer = _innermost(optimizer)
        self.pattern = Pattern(every)
        self._tensors, self._frozen = tracked(model, self.optimizer, groups or {})
        whole = [self.optimizer.param_groups[t.group] for t in self._tensors]
        self._conventions = [
            decays.convention(self.optimizer, g, t.parameter, decay) for g, t in zip(whole, self._tensors, strict=True)
        ]
        self._gains = [decays.gain(self.optimizer, g, c) for g, c in zip(whole, self._conventions, strict=True)]
        self._decays = list(zip((t.group for t in self._tensors), self._conventions, self._gains, strict=True))
        self._distinct = set(self._decays)
        self._groups = len(self.optimizer.param_groups)
        self._sampler = Sampler(self._tensors, exact, coordinates, seed)
        self._clock = Clock()
        self._extras = Extras(model, self._tensors, loss, probe, microbatches, seed, self._clock)
        self._rare = math.ceil(rare / self.pattern.block) * self.pattern.block
        self._events: list[dict[str, Any]] = []
        self._named: set[tuple[str, str]] = set()
        self._sampled = self._skipped = False
        self._spent = 0.0
        self.step = step or 0
        """Steps taken so far."""
        end = None
        if resume and self.path.exists():
            self.step, end = end_before(self.path, [t.name for t in self._tensors], every, step)
        self._writer: Writer | None = self._open(end)
        self._window = Window(self._sampler, self.pattern, neurons, self.step)
        if end is None:
            followed = np.concatenate(self._sampler.followed)
            self._append(self._header(every, seed), {"lags": self.pattern.lags, "followed": followed})
        self._name_unknown()
        self._hooks = [
            self.optimizer.register_step_pre_hook(self._before),
            self.optimizer.register_step_post_hook(self._after),
        ]
        atexit.register(self._flush)

    def close(self) -> None:
        """Write what is not yet written, say that the run is finished, and let go of the optimizer."""
        if self._writer is None:
            return
        self._flush()
        self._append({"kind": "end", "events": self._take_events()}, {})
        self._let_go()

    def __enter__(self) -> Monitor:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if error is not None:
            self._event("", f"stopped by {type(error).__name__}: {error}")
        self.close()

    def _before(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        begin = time.perf_counter()
        # Mixed precision with a fused optimizer lets the step itself find out that it must not be taken.
        infinite = getattr(optimizer, "found_inf", None)
        self._skipped = infinite is not None and float(infinite) > 0
        if self._skipped or self._writer is None:
            return
        groups = optimizer.param_groups[: self._groups]
        self._lr = [float(g.get("lr", math.nan)) for g in groups]
        self._wd = [float(g.get("weight_decay", 0.0) or 0.0) for g in groups]
        self._sampled = self.pattern.samples(self.step)
        if not self._sampled:
            self._spent = time.perf_counter() - begin
            return
        with self._clock("sampling"):
            shares = {
                (group, c, gain): gain * decay_share(groups[group], c) if gain else 0.0
                for group, c, gain in self._distinct
            }
            self._shares = [shares[decay] for decay in self._decays]
            if self._due:
                self._extras.before(self.step)
            closure = kwargs.get("closure", args[1] if len(args) > 1 else None)
            self._sampler.before(closure is None, _scale(optimizer))

    def _after(self, optimizer: Optimizer, args: Any, kwargs: Any) -> None:
        begin = time.perf_counter()
        if self._skipped or self._writer is None:
            return
        self._window.step(self._lr, self._wd)
        if not self._sampled:
            self._clock.add("stepping", begin - self._spent)
        else:
            with self._clock("sampling"):
                lr = [self._lr[t.group] for t in self._tensors]
                sample = self._sampler.after(self._shares, lr, _scale(optimizer))
                self._window.add(self.step, sample)
                self._look_at(sample)
                if self._due:
                    self._extras.after(self.step)
        self.step += 1
        if self.step % (WINDOW * self.pattern.block) == 0:
            self._flush()

    @property
    def _due(self) -> bool:
        return self.step % self._rare == 0 or self.step == self.pattern.block

    def _look_at(self, sample: Sample) -> None:
        """Name what is not finite and what has no direction, once each."""
        norm, gradient = sample.tensors[:, 0], sample.tensors[:, 3]
        if norm.min() > 0 and (norm + gradient).max() < math.inf:
            return
        found: dict[str, list[str]] = {}
        for place in np.flatnonzero(~(np.isfinite(norm) & (norm > 0) & np.isfinite(gradient))).tolist():
            one = self._tensors[place]
            wrong = [NO_ANGLE] if norm[place] == 0 else [] if np.isfinite(norm[place]) else [WEIGHTS]
            if not np.isfinite(gradient[place]) and one.parameter.grad is not None:
                wrong.append(GRADIENT)
            for what in wrong:
                # A bias begins at zero; that is no accident.
                if self._event(one.name, what) and (what != NO_ANGLE or one.rows > 1):
                    found.setdefault(what, []).append(one.name)
        for what, names in found.items():
            more = f" and {len(names) - 1} more" if len(names) > 1 else ""
            self._warn(names[0] + more, what)

    def _event(self, tensor: str, what: str) -> bool:
        """Note it down, unless it is noted already."""
        if (tensor, what) in self._named:
            return False
        self._named.add((tensor, what))
        self._events.append({"step": self.step, "tensor": tensor, "what": what})
        return True

    def _warn(self, who: str, what: str) -> None:
        warnings.warn(f"step {self.step}: {who}: {what}", MonitorWarning, stacklevel=2)

    def _take_events(self) -> list[dict[str, Any]]:
        events, self._events = self._events, []
        return events

    def _name_unknown(self) -> None:
        if decays.UNKNOWN in self._conventions:
            unknown = (
                f"{type(self.optimizer).__name__} is not known to this monitor, so whether its weight decay is "
                f"decoupled is not; all else is recorded, with the decay left in the updates; "
                f"Monitor(decay='decoupled' or 'coupled') says it"
            )
            if self._event("", unknown):
                self._warn(str(self.path), unknown)

    def _header(self, every: int, seed: int) -> dict[str, Any]:
        sampler = self._sampler
        tensors = [
            {
                "name": t.name,
                "shape": list(t.parameter.shape),
                "dtype": str(t.parameter.dtype).removeprefix("torch."),
                "group": t.group,
                "rows": t.rows,
                "unit": t.unit,
                "exact": bool(sampler.exact[place]),
                "groups": sampler.groups(place),
                "followed": len(sampler.followed[place]),
                "decay": self._conventions[place],
                "decay_gain": self._gains[place],
            }
            for place, t in enumerate(self._tensors)
        ]
        frozen = [
            {"name": name, "shape": list(p.shape), "norm": float(torch.linalg.vector_norm(p.detach().double()))}
            for name, p in self._frozen.items()
        ]
        return {
            "kind": "header",
            "format": KIND,
            "version": VERSION,
            "date": datetime.now(UTC).isoformat(timespec="seconds"),
            "versions": versions(),
            "source": source_hash(),
            "base_seed": base_seed(),
            "seed": seed,
            "every": every,
            "block": self.pattern.block,
            "optimizer": type(self.optimizer).__name__,
            "options": [_options(group) for group in self.optimizer.param_groups],
            "tensors": tensors,
            "frozen": frozen,
        }

    def _open(self, end: int | None) -> Writer:
        try:
            return Writer(self.path, end)
        except FileExistsError:
            if not self.path.is_file():
                raise BadMonitor(f"{self.path} is no file that can be written") from None
            raise BadMonitor(
                f"{self.path} is there already; resume=True goes on with it, another name leaves it alone"
            ) from None
        except OSError as failed:
            raise BadMonitor(f"{self.path} cannot be written: {failed.strerror or failed}") from failed

    def _flush(self) -> None:
        if self._writer is None or self._window.empty:
            return
        with self._clock("writing"):
            meta, arrays = self._window.close()
        self._append(
            {"kind": "window", **meta, "events": self._take_events(), "cost": self._clock.take()},
            arrays | self._extras.take(),
        )

    def _append(self, meta: dict[str, Any], arrays: dict[str, Array]) -> None:
        """Write a chunk, or say once why it cannot be written and record no more."""
        if self._writer is None:
            return
        try:
            with self._clock("writing"):
                self._writer.append(meta, arrays)
        except OSError as failed:
            self._let_go()
            warnings.warn(
                f"{self.path} cannot be written: {failed.strerror or failed}; recording ends at step {self.step}, "
                f"what was recorded is kept, the training goes on",
                MonitorWarning,
                stacklevel=2,
            )

    def _let_go(self) -> None:
        for hook in getattr(self, "_hooks", []):
            hook.remove()
        atexit.unregister(self._flush)
        if self._writer is not None:
            try:
                self._writer.close()
            except OSError as failed:
                warnings.warn(f"{self.path}: {failed.strerror or failed}", MonitorWarning, stacklevel=2)
            self._writer = None


def _innermost(optimizer: Any) -> Optimizer:
    """The optimizer whose steps have hooks, within a trainer's wrapper."""
    found = optimizer
    while not hasattr(found, "_optimizer_step_pre_hooks") and isinstance(getattr(found, "optimizer", None), Optimizer):
        found = found.optimizer
    if not isinstance(found, Optimizer) or not hasattr(found, "_optimizer_step_pre_hooks"):
        raise BadMonitor(f"{type(optimizer).__name__} is no torch.optim.Optimizer")
    return found


def _scale(optimizer: Optimizer) -> Tensor | None:
    """What mixed precision has multiplied the gradients by where the optimizer itself is to divide by it."""
    found = getattr(optimizer, "grad_scale", None)
    return found if isinstance(found, Tensor) else None


def _options(group: Mapping[str, Any]) -> dict[str, Any]:
    """A param group's options as JSON has them."""
    plain: dict[str, Any] = {}
    for name, value in group.items():
        if name == "params":
            continue
        if isinstance(value, Tensor) and value.numel() == 1:
            value = float(value)
        plain[name] = value if isinstance(value, str | int | float | bool | list | tuple | None) else repr(value)
    return plain
