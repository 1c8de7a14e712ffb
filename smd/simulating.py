"""A simulation beside its prediction."""

from __future__ import annotations

import importlib.util
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import theory
from smd.predicting import as_json, predict

if TYPE_CHECKING:
    from numerics import Result
    from numerics.statistics import Estimate
    from theory.compiled import CompiledRule

DEFAULT_DIM = 256
DEFAULT_REPLICAS = 64
MEASURED_HALF_LIVES = 15.0
REMAINDERS = (1e-12, 1e-6)
LONGEST = 100_000
"""Steps that are run without being asked for."""
RECORDS = 2_000
"""Steps of a trajectory that are kept, about; averages are over all."""
NOT_THE_OPTIMIZERS = ("dim", "grad_norm", "kurtosis")


class MissingExtra(ImportError):
    """A dependency of an optional part is not installed; the message names the extra."""


@dataclass(frozen=True)
class Comparison:
    """Prediction and measurement of one run, with what was run."""

    prediction: theory.Prediction
    run: Result
    settings: dict[str, Any]

    @property
    def measured(self) -> dict[str, Estimate]:
        """Norm, angle and cosine by the averages of the prediction."""
        return {
            "equilibrium_norm": self.run.equilibrium_norm,
            "angular_update": self.run.angular_update,
            "cos_angular_update": self.run.cos_angular_update,
        }

    def as_json(self) -> dict[str, Any]:
        """The keys of ``smd simulate --json``."""
        measured = self.measured
        return {
            **as_json(self.prediction),
            "measured": {name: estimate.value for name, estimate in measured.items()},
            "standard_error": {name: estimate.standard_error for name, estimate in measured.items()},
            "settings": self.settings,
        }


def simulate(
    optimizer: str,
    *,
    law: str | None = None,
    steps: int | None = None,
    replicas: int = DEFAULT_REPLICAS,
    seed: int = 0,
    device: str = "cpu",
    engine: str | None = None,
    start_norm: float = 1.0,
    checkpoint: str | Path | None = None,
    on_step: Callable[[int, int], None] | None = None,
    decay: str | None = None,
    lr_max: float | None = None,
    **hyperparameters: float | None,
) -> Comparison:
    """Simulate ``optimizer`` on gradient noise, beside its prediction.

    The weights start in random directions of norm ``start_norm``. ``law`` is fixed or sphere (scale-invariant
    gradients), iid (Gaussian), laplace, sparse or student (independent entries, independent of the weights); by default
    fixed where the gradient's norm enters and iid for the normalised optimizers. ``steps`` is by default long enough to
    forget the start and to average; the first part, named in ``settings``, is not averaged. ``engine`` is torch, numba,
    reduction or triton, by default the fastest that can. A run with a ``checkpoint`` continues from that file where it
    was interrupted. Needs torch, which comes with the extra ``sim``.
    """
    numerics = _numerics()
    meant = theory.the_choice(optimizer, decay)
    rule = theory.load(meant.rule)
    dim = hyperparameters.pop("dim", None)
    dim = DEFAULT_DIM if dim is None else theory.Parameter("dim", 1, math.inf, True, None, "", whole=True).check(dim)
    scale = hyperparameters.get("grad_norm") or 1.0
    law = law or ("fixed" if rule.takes("grad_norm") else "iid")
    found = predict(
        optimizer, decay=decay, lr_max=lr_max, **hyperparameters, **({"dim": dim} if rule.takes("dim") else {})
    )
    numerics.device_of(device)
    numerics.check_run(
        law=law, dim=int(dim), replicas=replicas, steps=1 if steps is None else steps, start_norm=start_norm, seed=seed
    )
    if law not in ("fixed", "sphere") and rule.takes("grad_norm"):
        if rule.has_gain:
            raise theory.OutOfDomain(f"law = {law} has no theory for {meant.rule}; use fixed or sphere")
        found = at_constant_energy(found)
    notes = list(found.warnings)
    if law != "iid" and meant.rule in ("lion", "signum"):
        notes.append(f"law {law}: the sign law is derived for iid Gaussian gradients, so a difference remains")
    burn_in, total = _length(found, start_norm)
    total = min(total, LONGEST) if steps is None else steps
    if total <= burn_in:
        notes.append(
            f"{total} steps are too few to forget the start norm {start_norm:g}, which takes about {burn_in}: "
            "the run is not at equilibrium"
        )
        burn_in = total // 2
    own = {k: v for k, v in found.hyperparameters.items() if k not in NOT_THE_OPTIMIZERS}
    run = numerics.simulate(
        meant.rule,
        own,
        record=max(1, total // RECORDS),
        engine=engine,
        checkpoint=checkpoint,
        law=law,
        grad_norm=float(scale),
        dim=int(dim),
        replicas=replicas,
        steps=total,
        burn_in=burn_in,
        seed=seed,
        device=device,
        start_norm=start_norm,
        on_step=None if on_step is None else lambda done: on_step(done, total),
    )
    settings = {
        "law": law, "dim": int(dim), "grad_norm": float(scale), "replicas": replicas, "steps": total,
        "burn_in": burn_in, "seed": seed, "device": device, "start_norm": start_norm,
        "engine": run.provenance.engine, "dtype": run.provenance.dtype,
    }  # fmt: skip
    return Comparison(replace(found, warnings=notes), run, settings)


def at_constant_energy(found: theory.Prediction, rule: CompiledRule | None = None) -> theory.Prediction:
    """The prediction for gradients whose size does not depend on |w| (law iid): same angle, another norm.

    ``rule`` is needed where the optimizer is in no registry.
    """
    from theory.prediction import half_life, signed_multiplier, slowest_at_constant_energy, symbol_values

    rule = rule or theory.load(found.optimizer)
    values = symbol_values(rule, found.hyperparameters)
    slow = slowest_at_constant_energy(rule, values)
    note = (
        "law iid: the gradient's size does not depend on |w|, so norm and rate are those of a random walk; "
        "leading_order is for scale-invariant gradients"
    )
    return replace(
        found,
        equilibrium_norm=float(rule("norm_at_constant_energy", values)),
        convergence_rate=signed_multiplier(slow),
        half_life=half_life(slow),
        warnings=[*found.warnings, note],
    )


def _length(found: theory.Prediction, start_norm: float) -> tuple[int, int]:
    """(burn-in, steps): until the start is forgotten, then MEASURED_HALF_LIVES half-lives.

    To REMAINDERS[0] of the deviation where that stays below LONGEST steps, else to REMAINDERS[1]. A
    deviation from below is at most the equilibrium itself; one from above counts with its size.
    """
    half = found.half_life or 1.0
    beta2 = found.hyperparameters.get("beta2")
    if beta2:
        half = max(half, math.log(2) / -math.log(beta2))
    above = 4 * max(0.0, math.log2(start_norm / found.equilibrium_norm))
    measured = math.ceil(MEASURED_HALF_LIVES * half) + 200
    burn_in = 0
    for remainder in REMAINDERS:
        burn_in = math.ceil(half * (math.log2(1 / remainder) + above)) + 10
        if burn_in + measured <= LONGEST:
            break
    return burn_in, burn_in + measured


def _numerics() -> Any:
    if importlib.util.find_spec("torch") is None:
        raise MissingExtra(
            "torch is not installed: simulations need the extra sim, pip install 'spherical-motion[sim]'"
        )
    import numerics

    return numerics
