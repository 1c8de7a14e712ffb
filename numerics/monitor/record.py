"""A recorded run, read back: for every tensor its motion, its statistics and its label."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from numerics.monitor.correlations import Correlations

Array = np.ndarray
SERIES = (
    "norm",
    "angle",
    "update_ratio",
    "gradient_norm",
    "radial_gradient",
    "radial_update",
    "update_norm",
    "zeros",
    "fourth",
)
"""What is kept of every tensor at every sampled step."""
NEURON_SERIES = SERIES[:5]
"""What is kept of every neuron."""
LABELS = ("scale-invariant", "insensitive", "sensitive", "frozen")


@dataclass(frozen=True)
class Motion:
    """Series of a tensor [S], or of its neurons [S, n], at ``steps`` [S].

    norm |w_t|; angle in radians between w_t and w_{t+1}, 2 atan2(|p - q|, |p + q|) in double precision; update_ratio
    |w_{t+1} - w_t| / |w_t|; gradient_norm |g_t|; radial_gradient <g_t, w_t> / (|g_t| |w_t|). NaN where a norm is zero.
    """

    steps: Array
    norm: Array
    angle: Array
    update_ratio: Array
    gradient_norm: Array
    radial_gradient: Array

    @property
    def chord(self) -> Array:
        """|w_{t+1}/|w_{t+1}| - w_t/|w_t||, which is 2 sin(angle/2)."""
        return 2 * np.sin(self.angle / 2)

    @property
    def unit_gradient(self) -> Array:
        """|g| |w|, the gradient's norm at norm 1 where the loss does not see the norm."""
        return self.gradient_norm * self.norm


@dataclass(frozen=True)
class Neurons(Motion):
    """Motion of the ``n`` groups of rows of a tensor [S, n], at fewer steps than the tensor's own.

    ``silent`` [n] is the share of all samples in which the group's gradient was exactly zero.
    """

    silent: Array = field(default_factory=lambda: np.zeros(0))

    @property
    def dead(self) -> Array:
        """Which had no gradient at any sample [n]: they decay, and turn only by what their optimizer remembers."""
        return self.silent == 1


@dataclass(frozen=True)
class Moments:
    """Of a tensor's gradient, over its coordinates and the sampled steps.

    ``zeros`` share of entries that are exactly zero; ``kurtosis`` E g^4 / (E g^2)^2 over coordinates and time
    together; ``kurtosis_within`` the same of each followed coordinate over time alone, averaged over those that are
    not always zero; ``dead`` neurons without any gradient [n].
    """

    zeros: float
    kurtosis: float
    kurtosis_within: float
    dead: Array


@dataclass(frozen=True)
class ScaleCheck:
    """f(cW) against f(W) on a fixed batch, at ``steps`` [C], with c = 2.

    ``loss`` [C] is f(W), ``scaled`` what doubling the tensor changes, ``neurons`` what factors 2 and 1 drawn for
    each group of rows change, ``turned`` what a random direction of the tensor's own norm changes, each in absolute
    value [C].
    """

    steps: Array
    loss: Array
    scaled: Array
    neurons: Array
    turned: Array


@dataclass(frozen=True)
class Representation:
    """Of a layer on the probe, at ``steps`` [C]: |dW X|/|W X|, alignments |W X|/(|W||X|) and |dW X|/(|dW||X|)."""

    steps: Array
    change: Array
    alignment: Array
    update_alignment: Array


@dataclass(frozen=True)
class GradientNoise:
    """From microbatches at ``steps`` [C], unbiased: ``signal`` |G|^2, which noise can make negative, and ``noise``.

    ``noise`` is the trace of the covariance of one example's gradient. Microbatches are taken to be independent.
    """

    steps: Array
    signal: Array
    noise: Array

    @property
    def critical_batch(self) -> float:
        """B_simple = tr Sigma / |G|^2 in examples, the ratio of the means in time; infinite without a signal."""
        signal, noise = np.nanmean(self.signal), np.nanmean(self.noise)
        return float(noise / signal) if signal > 0 else float("inf")


@dataclass(frozen=True)
class TensorRecord(Motion):
    """One tensor of the model; Motion's series are [S].

    The update u_t is w_{t+1} = (1 - decay_gain d_t) w_t - lr u_t, where d_t is what ``decay`` says: lr wd for
    decoupled and coupled, wd for independent, lr wd lr/lr_max for corrected decay. decay_gain is 1 but where coupled
    decay passes a linear filter, whose gain at constant input it is, 1/(1 - momentum): there u is free of decay up to
    what w moves in the filter's memory. It is 0 where there is no decay, as where the norm is held by projection; and
    where decay is coupled and what becomes of it is not linear, or nothing is known: there u holds the decay too.

    ``radial_update`` is <u, w>/|w|^2 and ``update_norm`` |u|, NaN at lr = 0. ``label`` is one of LABELS,
    ``labelled_by`` what it was told from; ``grouping`` says over which groups of rows scale does not matter: "tensor",
    the unit of the neurons below, or "" where it does matter or is not known.
    """

    name: str = ""
    shape: tuple[int, ...] = ()
    group: int = 0
    label: str = ""
    labelled_by: str = ""
    grouping: str = ""
    unit: str = "tensor"
    decay: str = "unknown"
    decay_gain: float = 0.0
    radial_update: Array = field(default_factory=lambda: np.zeros(0))
    update_norm: Array = field(default_factory=lambda: np.zeros(0))
    zeros: Array = field(default_factory=lambda: np.zeros(0))
    fourth: Array = field(default_factory=lambda: np.zeros(0))
    neurons: Neurons | None = None
    updates: Correlations | None = None
    gradients: Correlations | None = None
    scale: ScaleCheck | None = None
    representation: Representation | None = None
    gradient_noise: GradientNoise | None = None

    @property
    def size(self) -> int:
        """Number of entries."""
        return int(np.prod(self.shape, dtype=int))

    @property
    def effective_decay(self) -> float:
        """Mean of <g, w>/|w|^2: what the gradient's radial part adds to coupled wd where lr multiplies the gradient."""
        with np.errstate(all="ignore"):
            found = self.radial_gradient * self.gradient_norm / self.norm
        return float(np.mean(found[np.isfinite(found)])) if np.isfinite(found).any() else float("nan")

    @property
    def gradient_moments(self) -> Moments:
        """Zeros, kurtosis and dead neurons of the gradient."""
        good = np.isfinite(self.gradient_norm)
        second, fourth = self.gradient_norm[good] ** 2 / max(self.size, 1), self.fourth[good]
        dead = self.neurons.dead if self.neurons is not None else np.zeros(0, bool)
        if not good.any():
            return Moments(float("nan"), float("nan"), float("nan"), dead)
        with np.errstate(all="ignore"):
            kurtosis = float(fourth.mean() / second.mean() ** 2)
            values = np.zeros((0, 0)) if self.gradients is None else self.gradients.followed.finite.values.astype(float)
            values = values / np.sqrt(np.mean(values**2, axis=0)) if values.size else values
            each = np.mean(values**4, axis=0) if values.size else np.full(1, np.nan)
        within = float(each[np.isfinite(each)].mean()) if np.isfinite(each).any() else float("nan")
        return Moments(float(self.zeros[good].mean()), kurtosis, within, dead)

    def between(self, start: float, stop: float) -> TensorRecord:
        """The samples at steps in [start, stop), and correlations of the windows that lie there as a whole."""
        inside = (self.steps >= start) & (self.steps < stop)
        cut: dict[str, Any] = {name: getattr(self, name)[inside] for name in ("steps", *SERIES)}
        if self.neurons is not None:
            held = (self.neurons.steps >= start) & (self.neurons.steps < stop)
            cut["neurons"] = replace(
                self.neurons, **{name: getattr(self.neurons, name)[held] for name in ("steps", *NEURON_SERIES)}
            )
        for name in ("updates", "gradients"):
            found = getattr(self, name)
            cut[name] = found.between(start, stop) if found is not None else None
        return replace(self, **cut)


@dataclass(frozen=True)
class Record:
    """A run as a monitor recorded it.

    ``header`` says what was recorded: provenance, the optimizer's class and options, the tensors, the sampling.
    ``lr`` and ``wd`` [T, groups] are those of every step, NaN where a resumed run left a gap. ``finished`` is False
    for a run that was never closed: still going on, or ended by a crash, which loses the last chunk at most.
    ``events`` are what was out of the ordinary, each with step, tensor and what; ``cost`` seconds by what they were
    spent on, beside the ``elapsed`` seconds of the run.
    """

    header: dict[str, Any]
    lr: Array
    wd: Array
    tensors: dict[str, TensorRecord]
    finished: bool
    events: list[dict[str, Any]]
    cost: dict[str, float]
    gradient_noise: GradientNoise | None = None

    @property
    def steps(self) -> int:
        """Steps recorded."""
        return len(self.lr)

    @property
    def overhead(self) -> float:
        """Seconds spent in the monitor over those spent outside of it, by its own clock."""
        spent = sum(seconds for name, seconds in self.cost.items() if name != "elapsed")
        return spent / max(self.cost.get("elapsed", 0.0) - spent, 1e-9)
