"""Predictions with the claims that they rest on."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import theory
from theory import NoEquilibrium, OutOfDomain, Prediction

__all__ = ["NoEquilibrium", "OutOfDomain", "Prediction", "as_json", "claims_of", "predict"]

NOISE = {"dim": "the number of coordinates", "grad_norm": "the gradient's norm"}
"""Hyper-parameters of the noise rather than of the optimizer: where they do not enter, a warning says so."""


def predict(optimizer: str, **hyperparameters: float | None) -> theory.Prediction:
    """The equilibrium of ``optimizer``: norm, angle (radians), rate per step, half-life (steps).

    Hyper-parameters by name: lr, wd, momentum, dampening, beta1, beta2, dim, grad_norm. Raises
    ``OutOfDomain`` for a value outside its range and ``NoEquilibrium`` where none attracts.
    """
    given = {name: value for name, value in hyperparameters.items() if value is not None}
    if optimizer not in theory.NAMES:
        return theory.predict(optimizer, **given)
    takes = {p.name for p in theory.load(optimizer).parameters}
    unused = [name for name in NOISE if name in given and name not in takes]
    for name in unused:
        _check_noise(name, given.pop(name))
    found = theory.predict(optimizer, **given)
    notes = [f"{name} does not enter: {NOISE[name]} leaves the equilibrium of {optimizer} unchanged" for name in unused]
    return replace(found, warnings=[*found.warnings, *notes])


def _check_noise(name: str, value: float) -> None:
    from theory import domain

    {"dim": domain.DIM, "grad_norm": domain.GRAD_NORM}[name].check(value)


def claims_of(optimizer: str) -> list[str]:
    """Ids of the claims about an optimizer."""
    from proofs.claims import CLAIMS

    return [claim.id for claim in CLAIMS.values() if claim.optimizer == optimizer]


def as_json(found: theory.Prediction) -> dict[str, Any]:
    """The prediction under the keys of ``smd predict --json``."""
    from dataclasses import asdict

    fields = asdict(found)
    warnings = fields.pop("warnings")
    return {**fields, "claims": claims_of(found.optimizer), "warnings": warnings}
