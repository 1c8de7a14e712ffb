"""Confronting a prediction with a simulation: the only place where theory and numerics meet.

Three designs. *Stationarity*: replicas start at the predicted second moments and take one step; no
moment may move on average, and the overlap of the step gives the cosine. Given the moments one step is
exact at every dimension, so no mean field enters. *Perturbation*: pairs of replicas that share their
noise start on either side of the prediction along an eigenvector of the Jacobian; their difference must
grow by its multiplier. *Long run*: from anywhere, to the end, average.

Every comparison is a Student t test over independent replicas, Bonferroni-corrected within a confrontation,
with a stated probability of a false alarm. Errors are widened by a floor for rounding.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np
import torch
from torch import Generator, Tensor

import theory
from numerics import LAWS, Result, Start, random_weights, simulate, update_for
from numerics.geometry import squared_norm, unit
from numerics.seeding import generator
from numerics.statistics import Estimate
from numerics.updates import Lion, Update
from proofs.comparison import ROUNDING, Confrontation, Hyperparameters, Statistic
from theory.catalogue import REFINED
from theory.compiled import CompiledRule
from theory.prediction import symbol_values

TWIN_DISTANCE = 1e-5
WARM = 8.0
BUFFER = {"lion": "beta2", "signum": "beta1"}
"""What the buffer keeps of itself in a step."""

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

    def replaced(self, squared_norm: float | None = None, one_minus_cosine: float | None = None) -> Predicted:
        """The same prediction with another norm or cosine in it, for controls that must be rejected."""
        moments = self.moments.copy()
        if squared_norm is not None:
            moments[0, 0] = squared_norm
        lost = self.one_minus_cosine if one_minus_cosine is None else one_minus_cosine
        return replace(self, moments=moments, one_minus_cosine=lost)


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

    def one_step(self, bench: Bench, moments: Array) -> tuple[Start, Result]:
        """One step from replicas of the given moments."""
        start = start_at(self.update, moments, bench)
        return start, simulate(
            self.update,
            law=bench.law,
            grad_norm=self.grad_norm,
            dim=bench.dim,
            replicas=bench.replicas,
            steps=1,
            seed=bench.seed,
            start=start,
            device=bench.device,
        )


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


def stationarity(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """One step from the predicted moments: none may move, and the overlap gives 1 - cos."""
    return stationarity_of(Subject.named(optimizer, hyperparameters, bench, predicted), bench)


def stationarity_of(subject: Subject, bench: Bench) -> Confrontation:
    """The same of any update with its prediction."""
    expected = subject.expected
    start, run = subject.one_step(bench, expected.moments)
    size = len(expected.moments)
    scale = np.sqrt(np.diag(expected.moments))
    unit_moments = np.outer(scale, scale)[np.triu_indices(size)] * expected.decay
    drift = (moments_of(run.end, size) - moments_of(start, size)) / unit_moments
    names = [f"relative drift of moment {i}{j} / p" for i in range(size) for j in range(i, size)]
    # The step subtracts lr (g + wd w), of size p |w|, so above p = 1 rounding grows with p.
    floor = ROUNDING * max(1.0, expected.decay) / expected.decay
    statistics = [Statistic(n, 0.0, _mean(drift[:, k]), floor) for k, n in enumerate(names)]
    lost = run.lost_overlap[0] / expected.moments[0, 0] / expected.decay
    statistics.append(Statistic("(1 - cos) / p", expected.one_minus_cosine / expected.decay, _mean(lost), floor))
    claim = f"{subject.name}-norm, {subject.name}-angle"
    return _confrontation(claim, "stationarity", subject.hyperparameters, bench, statistics)


def perturbation(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, multiplier: float | None = None
) -> Confrontation:
    """Twins on either side of equilibrium along the slowest eigenvector: their distance obeys its multiplier.

    ``multiplier`` replaces the predicted one in controls that must be rejected. A complex pair is
    confronted through the Jacobian's action on the eigenvector's real part.
    """
    # Twins share a gradient of norm one: a normalised rule has no use for the predicted norm here.
    subject = replace(
        Subject.named(optimizer, hyperparameters, bench), grad_norm=grad_norm(optimizer, hyperparameters, bench, 1.0)
    )
    return perturbation_of(subject, bench, multiplier)


def perturbation_of(subject: Subject, bench: Bench, multiplier: float | None = None) -> Confrontation:
    """The same of any update with its prediction."""
    expected = subject.expected
    size = len(expected.moments)
    jacobian = expected.jacobian[: size * (size + 1) // 2, : size * (size + 1) // 2]
    values, vectors = np.linalg.eig(jacobian)
    slow = int(np.argmax(np.abs(values)))
    direction = np.real(vectors[:, slow])
    response = jacobian @ direction if multiplier is None else multiplier * direction
    scale = np.sqrt(np.diag(expected.moments))
    units = np.outer(scale, scale)[np.triu_indices(size)]
    length = TWIN_DISTANCE / np.max(np.abs(direction / units))
    ends = [
        moments_of(subject.one_step(bench, _shifted(expected.moments, sign * length * direction))[1].end, size)
        for sign in (1, -1)
    ]
    grown = (ends[0] - ends[1]) / (2 * length) / units
    floor = ROUNDING / TWIN_DISTANCE + TWIN_DISTANCE**2
    statistics = [
        Statistic(
            f"response of moment {k}",
            response[k] / units[k],
            _mean(grown[:, k]),
            floor * np.max(np.abs(direction / units)),
        )
        for k in range(len(direction))
    ]
    return _confrontation(f"{subject.name}-rate", "perturbation", subject.hyperparameters, bench, statistics)


def _shifted(moments: Array, change: Array) -> Array:
    shifted = moments.copy()
    rows, columns = np.triu_indices(len(moments))
    shifted[rows, columns] += change
    shifted[columns, rows] = shifted[rows, columns]
    return shifted


def lion_perturbation(hyperparameters: Hyperparameters, bench: Bench) -> Confrontation:
    """Lion's multipliers one by one: a^2 for the weights alone, beta2^2 for the buffer alone."""
    subject = replace(
        Subject.named("lion", hyperparameters, bench), grad_norm=grad_norm("lion", hyperparameters, bench, 1.0)
    )
    expected = subject.expected
    weights_alone, buffer_alone = expected.jacobian[0, 0], expected.jacobian[-1, -1]
    grown = []
    for state in (0, 1):
        ends = []
        for sign in (1, -1):
            moments = np.diag([expected.moments[0, 0], 1.0])
            moments[state, state] *= 1 + sign * TWIN_DISTANCE
            end = moments_of(subject.one_step(bench, moments)[1].end, 2)
            ends.append(end[:, 2 * state] / (2 * TWIN_DISTANCE * moments[state, state] / (1 + sign * TWIN_DISTANCE)))
        grown.append(ends[0] - ends[1])
    floor = ROUNDING / TWIN_DISTANCE + TWIN_DISTANCE**2
    statistics = [
        Statistic("multiplier of |w|^2", weights_alone, _mean(grown[0]), floor),
        Statistic("multiplier of |m|^2", buffer_alone, _mean(grown[1]), floor),
    ]
    return _confrontation("lion-rate", "perturbation", hyperparameters, bench, statistics)


def long_run(
    optimizer: str,
    hyperparameters: Hyperparameters,
    bench: Bench,
    *,
    steps: int,
    burn_in: int,
    start_norm: float = 1.0,
    predicted: Predicted | None = None,
) -> Confrontation:
    """From random directions of ``start_norm``, averaged after ``burn_in``: norm and 1 - cos.

    What an expanded rule says it neglects of the squared norm may be missing from it, and from 1 - cos.
    """
    expected = predicted or Predicted.of(optimizer, hyperparameters)
    run = simulate(
        update_of(optimizer, hyperparameters),
        law=bench.law,
        grad_norm=grad_norm(optimizer, hyperparameters, bench, 1.0),
        dim=bench.dim,
        replicas=bench.replicas,
        steps=steps,
        burn_in=burn_in,
        seed=bench.seed,
        start_norm=start_norm,
        device=bench.device,
    )
    norm = math.sqrt(expected.moments[0, 0])
    statistics = [
        Statistic(
            "norm",
            norm,
            run.equilibrium_norm,
            norm * (ROUNDING / min(expected.decay, 1) + expected.neglected / 2),
        ),
        Statistic(
            "1 - cos",
            expected.one_minus_cosine,
            run.one_minus_cosine,
            ROUNDING + expected.neglected * expected.one_minus_cosine,
        ),
    ]
    return _confrontation(f"{optimizer}-norm, {optimizer}-angle", "long run", hyperparameters, bench, statistics)


def sign_stationarity(
    optimizer: str, hyperparameters: Hyperparameters, bench: Bench, predicted: Predicted | None = None
) -> Confrontation:
    """Lion or Signum from its own history: one step from the predicted norm may not move it.

    Signs are built up from w = 0 over WARM memories of the buffer and an independent part is added that
    brings E|w|^2 to the prediction. Requires that the history alone stays below the prediction, which
    a positive autocorrelation ensures.
    """
    expected = predicted or Predicted.of(optimizer, hyperparameters)
    update = update_of(optimizer, hyperparameters)
    kept = float(hyperparameters[BUFFER[optimizer]] or 0.0)
    history = max(8, math.ceil(WARM / (1 - kept)))
    zero = torch.zeros(bench.replicas, bench.dim, dtype=torch.float64, device=bench.device)
    run = simulate(
        update, law="iid", dim=bench.dim, replicas=bench.replicas, steps=history, seed=bench.seed,
        start=Start(zero, update.start(zero)), device=bench.device,
    )  # fmt: skip
    built = squared_norm(run.end.weights).mean()
    missing = max(float(expected.moments[0, 0]) - float(built), 0.0)
    noise = random_weights(bench.replicas, bench.dim, math.sqrt(missing), bench.generator(2))
    start = Start(run.end.weights + noise, run.end.state)
    before = squared_norm(start.weights)
    last = simulate(
        update,
        law="iid",
        dim=bench.dim,
        replicas=bench.replicas,
        steps=1,
        seed=bench.seed + 1,
        start=start,
        device=bench.device,
    )
    scale = expected.moments[0, 0] * expected.decay
    drift = (squared_norm(last.end.weights) - before).cpu().numpy() / scale
    statistics = [
        Statistic("relative drift of |w|^2 / p", 0.0, _mean(drift), ROUNDING / expected.decay),
        Statistic(
            "(1 - cos) / p",
            expected.one_minus_cosine / expected.decay,
            _mean(last.lost_overlap[0] / scale),
            ROUNDING / expected.decay,
        ),
    ]
    return _confrontation(f"{optimizer}-norm, {optimizer}-angle", "stationarity", hyperparameters, bench, statistics)


def sign_correlation(
    hyperparameters: Hyperparameters, bench: Bench, lags: tuple[int, ...] = (1, 2, 5)
) -> Confrontation:
    """Correlation of Lion's signs at a few lags against the arcsine law, on a stationary buffer."""
    from theory.optimizers.lion import FILTER
    from theory.symbols import beta1, beta2

    chosen = own(hyperparameters)
    update = Lion(lr=1.0, wd=0.0, beta1=float(chosen["beta1"] or 0), beta2=float(chosen["beta2"] or 0))
    generator = bench.generator(3)
    w = torch.zeros(bench.replicas, bench.dim, dtype=torch.float64, device=bench.device)
    state = update.start(w)
    history = max(8, math.ceil(WARM / (1 - update.beta2)))
    signs: list[Tensor] = []
    for t in range(history + max(lags) + 1):
        after, state = update.step(w, LAWS["iid"].draw(w, 1.0, generator), state)
        if t >= history:
            signs.append(w - after)
        w = torch.zeros_like(w)
    at = {beta1: update.beta1, beta2: update.beta2}
    statistics = [
        Statistic(
            f"correlation at lag {k}",
            float(FILTER.sign_autocorrelation_at(k).subs(at)),
            _mean((signs[0] * signs[k]).mean(-1).cpu().numpy()),
            ROUNDING,
        )
        for k in lags
    ]
    return _confrontation("lion-autocorrelation", "sign correlation", hyperparameters, bench, statistics)


def _mean(samples: Array) -> Estimate:
    return Estimate(float(samples.mean()), float(samples.std(ddof=1) / math.sqrt(len(samples))), len(samples))


def _confrontation(
    claim: str, design: str, hyperparameters: Hyperparameters, bench: Bench, statistics: list[Statistic]
) -> Confrontation:
    return Confrontation(claim, design, dict(hyperparameters), bench.conditions(), tuple(statistics))
