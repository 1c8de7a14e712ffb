"""What is confronted and where: an update of tensors, its prediction, and the bench that it runs on."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Generator, Tensor

import theory
from numerics import LAWS, Start, random_weights, simulate, update_for
from numerics.geometry import unit
from numerics.seeding import generator
from numerics.statistics import Estimate
from numerics.updates import Update
from proofs.comparison import Hyperparameters, Statistic
from theory.catalogue import REFINED
from theory.compiled import CompiledRule
from theory.prediction import symbol_values

Array = np.ndarray


@dataclass(frozen=True)
class Predicted:
    """Theory's second moments [k, k] of (w, buffer), 1 - cos, and Jacobian over the upper triangle.

    ``neglected`` is the part of the squared norm that the rule itself says it leaves out.
    """

    moments: Array
    one_minus_cosine: float
    jacobian: Array
    decay: float
    neglected: float = 0.0

    @classmethod
    def of(cls, optimizer: str, hyperparameters: Hyperparameters) -> Predicted:
        """At hyper-parameters inside the domain; raises theory.OutOfDomain elsewhere."""
        return cls.of_rule(theory.load(optimizer), theory.complete(optimizer, hyperparameters))

    @classmethod
    def of_rule(cls, rule: CompiledRule, hyperparameters: Hyperparameters) -> Predicted:
        """The same of a rule in hand, at completed hyper-parameters."""
        values = symbol_values(rule, hyperparameters)
        unit_gram = np.array(rule("unit_gram", values), dtype=float)
        moments = float(rule("norm", values)) ** 2 * unit_gram / unit_gram[0, 0]
        return cls(
            moments=moments,
            one_minus_cosine=float(rule("one_minus_cosine", values)),
            jacobian=np.array(rule("jacobian", values), dtype=float),
            decay=values["p"],
            neglected=float(rule("neglected", values)),
        )

    @property
    def angle(self) -> float:
        """The angle of the predicted cosine."""
        return 2 * math.asin(math.sqrt(min(self.one_minus_cosine / 2, 1.0)))

    def drift_of_norm(self) -> Array:
        """What one step moves the moments [upper triangle] for each unit of relative error in the norm alone."""
        count = len(self.moments) * (len(self.moments) + 1) // 2
        column = self.jacobian[:count, 0] - np.eye(count)[:, 0]
        return np.asarray(2 * self.moments[0, 0] * column)

    def cosine_statistic(self, lost: Estimate, rounding: float) -> Statistic:
        """The measured (1 - cos)/p beside the predicted one; it moves by angle sin(angle)/p with the angle."""
        predicted = self.one_minus_cosine / self.decay
        return Statistic(
            "(1 - cos) / p", predicted, lost, rounding, "angle", self.angle * math.sin(self.angle) / self.decay
        )

    def replaced(
        self,
        squared_norm: float | None = None,
        one_minus_cosine: float | None = None,
        jacobian: Array | None = None,
    ) -> Predicted:
        """The same prediction with another norm, cosine or Jacobian in it, for controls that must be rejected."""
        moments = self.moments.copy()
        if squared_norm is not None:
            moments[0, 0] = squared_norm
        lost = self.one_minus_cosine if one_minus_cosine is None else one_minus_cosine
        mapped = self.jacobian if jacobian is None else jacobian
        return replace(self, moments=moments, one_minus_cosine=lost, jacobian=mapped)


@dataclass(frozen=True)
class Bench:
    """Where a confrontation runs: gradient law, batch, seed, device."""

    law: str
    dim: int = 64
    replicas: int = 128
    seed: int = 0
    device: str = "cpu"

    def conditions(self) -> dict[str, object]:
        """For the report."""
        return {"law": self.law, "dim": self.dim, "replicas": self.replicas, "seed": self.seed, "device": self.device}

    def generator(self, stream: int) -> Generator:
        """An independent local generator."""
        return generator(self.seed, stream, self.device)


def grad_norm(optimizer: str, hyperparameters: Hyperparameters, bench: Bench, squared_norm: float) -> float:
    """The RMS (unit-)gradient norm of the run.

    A normalised rule does not see it; there it is chosen so that a coordinate has unit mean square at the
    start, which puts the momentum buffer in the units of the theory's normalised gradients.
    """
    if not theory.load(optimizer).normalised:
        return float(hyperparameters.get("grad_norm") or 1.0)
    return math.sqrt(bench.dim * (squared_norm if LAWS[bench.law].scale_invariant else 1.0))


def own(hyperparameters: Hyperparameters) -> dict[str, float | None]:
    """What the optimizer itself is built from."""
    return {k: v for k, v in hyperparameters.items() if k not in ("dim", "grad_norm", "kurtosis")}


def update_of(optimizer: str, hyperparameters: Hyperparameters) -> Update:
    """The update that a rule speaks of; the rules at finite beta2 speak of that of the rule that they refine."""
    refines = {refined: rule for rule, refined in REFINED.items()}
    return update_for(refines.get(optimizer, optimizer), own(hyperparameters))


@dataclass(frozen=True)
class Subject:
    """What is confronted: an update on tensors with its prediction, and how a report names it."""

    name: str
    update: Update
    expected: Predicted
    grad_norm: float
    hyperparameters: Hyperparameters

    @classmethod
    def named(
        cls, optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
    ) -> Subject:
        """An optimizer of the registry, programmed without knowledge of the theory."""
        expected = predicted or Predicted.of(optimizer, hyperparameters)
        scale = grad_norm(optimizer, hyperparameters, bench, expected.moments[0, 0])
        return cls(optimizer, update_of(optimizer, hyperparameters), expected, scale, hyperparameters)

    def one_step(self, bench: Bench, moments: Array) -> Step:
        """One step from replicas of the given moments, each taken twice: from a state and from its mirror image.

        Both meet the same noise. Directions are random, so the mirror image is as good a start; the mean of the two
        is free of the products of state and noise, which have mean zero and are most of the spread.
        """
        start = start_at(self.update, moments, bench)
        ends, lost = [], []
        for one in (start, mirrored(start)):
            run = simulate(
                self.update,
                law=bench.law,
                grad_norm=self.grad_norm,
                dim=bench.dim,
                replicas=bench.replicas,
                steps=1,
                seed=bench.seed,
                start=one,
                device=bench.device,
            )
            ends.append(moments_of(run.end, len(moments)))
            lost.append(run.lost_overlap[0])
        return Step(moments_of(start, len(moments)), np.mean(ends, axis=0), np.mean(lost, axis=0))


@dataclass(frozen=True)
class Step:
    """Second moments [replicas, upper triangle] before and after a step, and |w|^2 - <w, w'> [replicas]."""

    before: Array
    after: Array
    lost_overlap: Array


def mirrored(start: Start) -> Start:
    """The start with weights and buffer negated."""
    buffer = start.state.buffer
    return Start(-start.weights, replace(start.state, buffer=None if buffer is None else -buffer))


def start_at(update: Update, moments: Array, bench: Bench) -> Start:
    """Replicas whose second moments <s_i, s_j> are the given ones exactly, in random directions.

    A buffer that the moments do not speak of is empty, as at the update's own start.
    """
    generator = bench.generator(1)
    frame: list[Tensor] = []
    for _ in moments:
        drawn = random_weights(bench.replicas, bench.dim, 1.0, generator)
        for axis in frame:
            drawn = drawn - axis * (drawn * axis).sum(-1, keepdim=True)
        frame.append(unit(drawn))
    rows = _lower_factor(moments)
    weights, *rest = [sum((float(c) * axis for c, axis in zip(row, frame, strict=True)), 0 * frame[0]) for row in rows]
    state = replace(update.start(weights), steps=1)
    if not rest:
        return Start(weights, state)
    return Start(weights, replace(state, buffer=rest[0] if len(rest) == 1 else torch.stack(rest)))


def _lower_factor(moments: Array) -> Array:
    """Cholesky's factor, with zeros where a state depends on those before it."""
    factor = np.zeros_like(moments)
    for j in range(len(moments)):
        left = moments[j, j] - factor[j, :j] @ factor[j, :j]
        if left > 0:
            factor[j, j] = math.sqrt(left)
            factor[j + 1 :, j] = (moments[j + 1 :, j] - factor[j + 1 :, :j] @ factor[j, :j]) / factor[j, j]
    return factor


def moments_of(start: Start, size: int) -> Array:
    """Second moments [replicas, size (size + 1)/2] over the upper triangle."""
    w, buffer = start.weights, start.state.buffer
    states = [w, *(() if buffer is None else buffer.reshape(-1, *w.shape))][:size]
    rows = [(a * b).sum(-1) for i, a in enumerate(states) for b in states[i:]]
    return torch.stack(rows, dim=1).cpu().numpy()


def mean_of(samples: Array) -> Estimate:
    """The mean over replicas [replicas] with its standard error."""
    return Estimate(float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(len(samples))), len(samples))
