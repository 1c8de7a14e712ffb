"""Simulating an optimizer on gradient noise: a batch of independent replicas, step by step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import MISSING, dataclass, fields

import numpy as np
import torch
from torch import Generator, Tensor

from numerics import geometry
from numerics.errors import BadSimulation
from numerics.gradients import LAWS, GradientLaw
from numerics.statistics import Estimate, jackknife
from numerics.updates import UPDATES, Start, Update

Array = np.ndarray


SEEDS = 1 << 63
LEAST_NORM = 1e-100
"""Below this, and above its inverse, squared norms leave double precision."""


@dataclass(frozen=True)
class Simulation:
    """What a run measured.

    ``squared_norm`` [steps + 1, replicas] is |w_t|^2; ``lost_overlap`` [steps, replicas] is
    <w_t, w_t - w_{t+1}>; ``angle`` [steps, replicas] in radians. Averages below run over the steps
    after ``burn_in`` and over replicas; errors come from the replicas.
    """

    squared_norm: Array
    lost_overlap: Array
    angle: Array
    burn_in: int
    end: Start

    @property
    def replicas(self) -> int:
        """Independent replicas."""
        return int(self.squared_norm.shape[1])

    def _means(self) -> Array:
        norms = self.squared_norm[self.burn_in : -1].mean(axis=0)
        return np.stack([norms, self.lost_overlap[self.burn_in :].mean(axis=0)], axis=1)

    @property
    def equilibrium_norm(self) -> Estimate:
        """sqrt(E|w|^2)."""
        return jackknife(self._means(), lambda m: np.sqrt(m[..., 0]))

    @property
    def one_minus_cosine(self) -> Estimate:
        """1 - E<w, w'>/E|w|^2."""
        return jackknife(self._means(), lambda m: m[..., 1] / m[..., 0])

    @property
    def cos_angular_update(self) -> Estimate:
        """E<w, w'>/E|w|^2."""
        return jackknife(self._means(), lambda m: 1 - m[..., 1] / m[..., 0])

    @property
    def angular_update(self) -> Estimate:
        """arccos of ``cos_angular_update``, radians."""
        return jackknife(self._means(), lambda m: 2 * np.arcsin(np.sqrt(np.maximum(m[..., 1] / m[..., 0] / 2, 0))))

    @property
    def mean_angle(self) -> Estimate:
        """Mean of the angle itself, radians."""
        return jackknife(self.angle[self.burn_in :].mean(axis=0), lambda m: m[..., 0])


def update_for(optimizer: str, hyperparameters: Mapping[str, float | None]) -> Update:
    """The tensor update of an optimizer by name; raises BadSimulation for an unknown name, field or combination."""
    if optimizer not in UPDATES:
        raise BadSimulation(f"optimizer = {optimizer} is unknown; known are {', '.join(UPDATES)}")
    rule = UPDATES[optimizer]
    defaults = {field.name: field.default for field in fields(rule)}
    for name, value in hyperparameters.items():
        if name not in defaults:
            raise BadSimulation(f"{name} = {value} is not a field of {optimizer}, which takes {', '.join(defaults)}")
    for name, default in defaults.items():
        if default is MISSING and name not in hyperparameters:
            raise BadSimulation(f"{name} of {optimizer} is missing; it has no default")
    try:
        return rule(**hyperparameters)
    except ValueError as wrong:
        raise BadSimulation(f"{optimizer}: {wrong}") from wrong


def device_of(name: str) -> torch.device:
    """The device, or BadSimulation where it is unknown or not there."""
    if name not in ("cpu", "cuda"):
        raise BadSimulation(f"device = {name} is unknown; known are cpu, cuda")
    if name == "cuda" and not torch.cuda.is_available():
        raise BadSimulation("device = cuda is not available here; use cpu")
    return torch.device(name)


def law_of(law: str | GradientLaw) -> GradientLaw:
    """A law by name, or itself; raises BadSimulation for a name that is unknown."""
    if isinstance(law, GradientLaw):
        return law
    if law not in LAWS:
        raise BadSimulation(f"law = {law} is unknown; known are {', '.join(LAWS)}")
    return LAWS[law]


def check_run(
    *, law: str | GradientLaw, dim: int, replicas: int, steps: int = 1, burn_in: int = 0, start_norm: float = 1.0, seed: int = 0
) -> None:
    """Raise BadSimulation for a run that has no meaning."""
    chosen = law_of(law)
    least = {"dim": (dim, chosen.least_dim), "replicas": (replicas, 2), "steps": (steps, 1), "burn_in": (burn_in, 0)}
    for name, (value, low) in least.items():
        if value < low:
            raise BadSimulation(f"{name} = {value} is outside its range [{low}, inf) for the law {chosen.name}")
    if burn_in >= steps:
        raise BadSimulation(f"burn_in = {burn_in} is outside its range [0, {steps}), below the number of steps")
    if not 0 <= seed < SEEDS:
        raise BadSimulation(f"seed = {seed} is outside its range [0, 2^63)")
    if not LEAST_NORM <= start_norm <= 1 / LEAST_NORM:
        raise BadSimulation(f"start_norm = {start_norm:g} is outside its range [{LEAST_NORM:g}, {1 / LEAST_NORM:g}]")


def random_weights(
    replicas: int, dim: int, norm: float, generator: Generator, dtype: torch.dtype = torch.float64
) -> Tensor:
    """Uniformly random directions [replicas, dim] of one norm."""
    raw = torch.randn(replicas, dim, generator=generator, device=generator.device, dtype=dtype)
    return norm * geometry.unit(raw)


def simulate(
    update: Update,
    *,
    law: str = "fixed",
    grad_norm: float = 1.0,
    dim: int = 64,
    replicas: int = 32,
    steps: int = 1000,
    burn_in: int = 0,
    seed: int = 0,
    start: Start | None = None,
    start_norm: float = 1.0,
    device: str = "cpu",
    dtype: torch.dtype = torch.float64,
    record_angles: bool = True,
    on_step: Callable[[int], None] | None = None,
) -> Simulation:
    """Run ``steps`` steps on gradients of ``law`` and record every step; statistics skip ``burn_in``.

    Without ``start`` the weights begin at random directions of norm ``start_norm``. Randomness comes
    from one local generator, so a seed gives one result on one device. ``record_angles=False`` leaves
    ``angle`` empty and saves a third of the time. ``on_step`` is called with the number of steps done.
    Raises BadSimulation for arguments without meaning.
    """
    place = device_of(device)
    check_run(law=law, dim=dim, replicas=replicas, steps=steps, burn_in=burn_in, start_norm=start_norm, seed=seed)
    generator = Generator(device=place).manual_seed(seed)
    if start is None:
        try:
            w = random_weights(replicas, dim, start_norm, generator, dtype)
        except (MemoryError, RuntimeError) as full:
            raise BadSimulation(f"replicas = {replicas} of dim = {dim} do not fit into memory") from full
        state = update.start(w)
    else:
        w, state = start.weights, start.state
    draw = LAWS[law].draw
    norms, overlaps, angles = [geometry.squared_norm(w)], [], []
    for t in range(steps):
        after, state = update.step(w, draw(w, grad_norm, generator), state)
        overlaps.append(geometry.lost_overlap(w, after))
        if record_angles:
            angles.append(geometry.angle(w, after))
        norms.append(geometry.squared_norm(after))
        w = after
        if on_step is not None:
            on_step(t + 1)
    return Simulation(
        squared_norm=_stack(norms),
        lost_overlap=_stack(overlaps),
        angle=_stack(angles) if record_angles else np.empty((0, replicas)),
        burn_in=burn_in,
        end=Start(w, state),
    )


def _stack(rows: list[Tensor]) -> Array:
    return torch.stack(rows).to("cpu", torch.float64).numpy()
