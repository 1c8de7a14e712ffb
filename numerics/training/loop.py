"""``train``: the loop, with a schedule, checkpoints from which it continues bit for bit, and clear ends."""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from contextlib import nullcontext
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from numerics import checkpoint as checkpoints
from numerics import container
from numerics.arguments import device_of, writable
from numerics.data import Dataset
from numerics.errors import BadTraining
from numerics.interrupts import Deferred
from numerics.seeding import SEEDS, STEPS, base_seed, mixed
from numerics.training.evaluation import Evaluation, cross_entropy, evaluate, fitting
from numerics.training.finite import first_tensor, first_weight, not_finite
from numerics.training.schedule import Schedule
from numerics.trees import packed, unpacked

Array = np.ndarray
PAUSE = 60.0
"""Seconds between two checkpoints."""


@dataclass(frozen=True)
class Outcome:
    """What a training left.

    ``losses`` [steps] are of each step's batch, before the step; ``state`` is the model's at the end, on the CPU;
    ``seconds`` are those in this process, from step ``continued`` on, 0 where there was no checkpoint.
    """

    losses: Array
    state: dict[str, Tensor]
    validation: Evaluation | None
    seconds: float
    continued: int = 0


def train(
    model: nn.Module,
    data: Dataset,
    optimizer: Any,
    *,
    steps: int,
    batch: int,
    seed: int,
    schedule: Mapping[str, Sequence[float] | Array] | None = None,
    loss: Callable[[Tensor, Tensor], Tensor] = cross_entropy,
    microbatches: int = 1,
    device: str = "cpu",
    monitor: Any = None,
    on_step: Callable[[int], None] | None = None,
    checkpoint: str | Path | None = None,
    pause: float = PAUSE,
    validate: int | None = 4096,
) -> Outcome:
    """Train ``model`` on batches of ``data`` for ``steps`` steps of ``optimizer``.

    ``optimizer`` is anything with zero_grad, step and param_groups, and state_dict and load_state_dict for
    checkpoints. ``schedule`` gives lr and wd of every step; see ``Schedule`` for several groups. ``loss`` is of
    outputs and targets, a mean over the batch; with ``microbatches`` a batch is computed in so many parts, as equal as
    may be, and batch statistics are then those of a part. ``validate`` is the most validation examples looked at in the
    end, 0 none.

    Batches, and what the model itself draws (dropout), depend on seed and step alone: on the CPU, with as many
    threads, the same arguments give the same bits, whatever torch's own generator did before, which is left as it
    was. ``monitor`` is a context manager that has hung itself to the optimizer; it is left, and so closed, however the
    training ends. ``on_step`` is told the number of steps done.

    With ``checkpoint`` the run writes that file every ``pause`` seconds and when it is interrupted, continues from it
    where it exists, bit for bit, and removes it at its end. A monitor must then continue at the same step, which
    ``steps_done`` tells: ``Monitor(.., resume=True, step=steps_done(path))``.

    Raises BadTraining for arguments without meaning and NotFinite, naming step and tensor, for a loss or weights that
    are no finite numbers: its ``losses`` are those until then, and neither a checkpoint nor a monitor's file is lost.
    """
    with nullcontext() if monitor is None else monitor:
        run = _Run(model, data, optimizer, steps, batch, seed, schedule, loss, microbatches, device)
        path = None if checkpoint is None else _usable(Path(checkpoint), optimizer, monitor)
        return run.to_end(path, pause, on_step, validate)


def steps_done(checkpoint: str | Path) -> int:
    """Steps that a training has done by its checkpoint, 0 where there is no such file."""
    if not Path(checkpoint).exists():
        return 0
    return int(container.read(checkpoint, checkpoints.KIND, checkpoints.VERSION)[0]["step"])


def _usable(path: Path, optimizer: Any, monitor: Any) -> Path:
    for name in ("state_dict", "load_state_dict"):
        if not hasattr(optimizer, name):
            raise BadTraining(f"{type(optimizer).__name__} has no {name}, which a checkpoint needs")
    there, here = steps_done(writable(path)), getattr(monitor, "step", None)
    if here is not None and here != there:
        raise BadTraining(f"the monitor stands at step {here} and {path} at {there}: let the monitor continue there")
    return path


class _Run:
    """A training on its way: what is fixed, and the losses so far."""

    def __init__(
        self,
        model: nn.Module,
        data: Dataset,
        optimizer: Any,
        steps: int,
        batch: int,
        seed: int,
        schedule: Mapping[str, Sequence[float] | Array] | None,
        loss: Callable[[Tensor, Tensor], Tensor],
        microbatches: int,
        device: str,
    ) -> None:
        for name, value, most in (
            ("steps", steps, None),
            ("batch", batch, None),
            ("microbatches", microbatches, batch),
        ):
            if value != int(value) or value < 1 or (most is not None and value > most):
                raise BadTraining(
                    f"{name} = {value} is not a whole number in [1, {'inf)' if most is None else f'{most}]'}"
                )
        if not 0 <= seed < SEEDS:
            raise BadTraining(f"seed = {seed} is outside its range [0, 2^63)")
        self.device = torch.device(device_of(device))
        self.model, self.optimizer = model.to(self.device), optimizer
        self.data = data.to(self.device)
        self.steps, self.batch, self.seed, self.loss, self.microbatches = steps, batch, seed, loss, microbatches
        self.dtype = next(model.parameters()).dtype
        self.settings = self._settings(schedule)
        self.schedule = Schedule(optimizer.param_groups, schedule, steps)
        self.losses = np.full(steps, np.nan)

    def to_end(
        self, path: Path | None, pause: float, on_step: Callable[[int], None] | None, validate: int | None
    ) -> Outcome:
        """Run from the start or from the checkpoint to the end."""
        began = saved = time.monotonic()
        continued = done = self._restore(path) if path is not None and path.exists() else 0
        self.model.train()
        devices = [self.device] if self.device.type == "cuda" else []
        with Deferred() as interrupt, torch.random.fork_rng(devices=devices):
            while done < self.steps:
                self.losses[done] = self._step(done)
                done += 1
                if on_step is not None:
                    on_step(done)
                ends = interrupt.asked
                if path is not None and (ends or time.monotonic() - saved > pause):
                    self._save(path, done)
                    saved = time.monotonic()
                if ends:
                    raise KeyboardInterrupt
        self._check_weights(done)
        found = None if validate == 0 else evaluate(self.model, self.data, most=validate)
        if path is not None:
            path.unlink(missing_ok=True)
        state = {name: value.detach().cpu().clone() for name, value in self.model.state_dict().items()}
        return Outcome(self.losses, state, found, time.monotonic() - began, continued)

    def _step(self, step: int) -> float:
        drawn = mixed(self.seed, STEPS + step)
        torch.default_generator.manual_seed(drawn)  # torch.manual_seed queues a call for each device not yet used
        if self.device.type == "cuda":
            torch.cuda.manual_seed(drawn)
        self.schedule.put(step)
        self.optimizer.zero_grad()
        inputs, targets = self.data.batch(step, self.batch, self.seed)
        inputs, targets = fitting(inputs, self.device, self.dtype), targets.to(self.device)
        total = 0.0
        for part, wanted in zip(*(x.tensor_split(self.microbatches) for x in (inputs, targets)), strict=True):
            share = len(part) / len(inputs)
            loss = self._loss(part, wanted)
            value = float(loss.detach())
            if not np.isfinite(value):
                where = first_tensor(self.model, part, partial(self._loss, part, wanted))
                raise not_finite(step, f"the loss is {value}", where, self.losses[:step])
            (loss * share if share != 1 else loss).backward()
            total += share * value
        self.optimizer.step()
        return total

    def _loss(self, inputs: Tensor, targets: Tensor) -> Tensor:
        return self.loss(self.model(inputs), targets)

    def _check_weights(self, done: int) -> None:
        where = first_weight(self.model)
        if where is not None:
            raise not_finite(done - 1, "the step went wrong", where, self.losses[:done])

    def _save(self, path: Path, done: int) -> None:
        self._check_weights(done)
        state = {"model": self.model.state_dict(), "optimizer": self.optimizer.state_dict()}
        checkpoints.write(path, self.settings, done, {"losses": self.losses[:done], **packed(state)})

    def _restore(self, path: Path) -> int:
        done, arrays = checkpoints.read(path, self.settings)
        if done > self.steps:
            raise BadTraining(f"{path} has {done} steps, more than steps = {self.steps}")
        state = unpacked(arrays)
        self.model.load_state_dict(state["model"])
        self.optimizer.load_state_dict(state["optimizer"])
        self.schedule.groups = self.optimizer.param_groups
        self.losses[:done] = arrays["losses"]
        return done

    def _settings(self, schedule: Mapping[str, Sequence[float] | Array] | None) -> dict[str, Any]:
        """What a checkpoint must agree in; steps may be more than before where there is no schedule."""
        groups = [{k: v for k, v in group.items() if k != "params"} for group in self.optimizer.param_groups]
        arrays = {name: np.asarray(values, np.float64) for name, values in (schedule or {}).items()}
        return {
            "model": type(self.model).__name__,
            "tensors": {name: [str(x.dtype), *x.shape] for name, x in self.model.state_dict().items()},
            "optimizer": type(self.optimizer).__name__,
            "groups": json.loads(json.dumps(groups, default=repr)),
            "data": f"{self.data.name} {self.data.digest}",
            "replacement": self.data.replacement,
            "batch": self.batch,
            "microbatches": self.microbatches,
            "seed": self.seed,
            "base_seed": base_seed(),
            "schedule": {name: hashlib.sha256(values.tobytes()).hexdigest() for name, values in arrays.items()},
            "device": str(self.device),
            "threads": torch.get_num_threads(),
        }
