"""Predictions with the claims that they rest on."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Any

import numpy as np

import theory
from theory import NoEquilibrium, OutOfDomain, Prediction
from theory.catalogue import Choice
from theory.domain import shown

__all__ = ["NoEquilibrium", "OutOfDomain", "Prediction", "as_json", "claims_of", "predict", "predict_all"]

NOISE = {"dim": "the number of coordinates", "grad_norm": "the gradient's norm"}
"""Hyper-parameters of the noise rather than of the optimizer: where they do not enter, a warning says so."""


def predict(
    optimizer: str, *, decay: Any = None, lr_max: float | None = None, **hyperparameters: float | None
) -> theory.Prediction:
    """The equilibrium of ``optimizer``: norm, angle (radians), rate per step, half-life (steps).

    ``optimizer`` is a name of ``theory.names()``; ``decay`` is coupled, decoupled, independent or corrected (needs
    ``lr_max``). Hyper-parameters by name: lr, wd, momentum, dampening, beta1, beta2, kurtosis, trust, at_step,
    momentum_decay, dim, grad_norm. Raises ``OutOfDomain`` for a value outside its range or a name that leaves the
    decay open ("adam"; see ``predict_all``), ``NoEquilibrium`` where none attracts.
    """
    from theory.catalogue import MATRIX

    if optimizer != MATRIX:
        theory.the_choice(optimizer, decay)
    return predict_all(optimizer, decay=decay, lr_max=lr_max, **hyperparameters)[0]


def predict_all(
    optimizer: str, *, decay: Any = None, lr_max: float | None = None, **hyperparameters: float | None
) -> list[theory.Prediction]:
    """One prediction for every meaning that ``optimizer`` leaves open: two for "adam" and "nadam" without ``decay``."""
    from theory.catalogue import MATRIX, refined

    if optimizer == MATRIX:
        if decay not in (None, "decoupled"):
            raise OutOfDomain(f"decay = {decay} does not apply to {MATRIX}, whose decay is decoupled")
        if lr_max is not None:
            raise OutOfDomain(f"lr_max = {shown(lr_max)} does not apply to {MATRIX}, whose decay is decoupled")
        return [_predict_muon(**hyperparameters)]
    found = []
    for choice in theory.choices(optimizer, decay):
        given = {name: value for name, value in hyperparameters.items() if value is not None}
        rule = refined(choice.rule, set(given))
        takes = {p.name for p in theory.load(rule).parameters}
        unused = [name for name in NOISE if name in given and name not in takes]
        for name in unused:
            _check_noise(name, given.pop(name))
        one = _predict_finite(choice, rule, lr_max, given)
        notes = [f"{n} does not enter: {NOISE[n]} leaves the equilibrium of {optimizer} unchanged" for n in unused]
        found.append(replace(one, warnings=[*one.warnings, *notes]))
    return found


def _predict_finite(choice: Choice, rule: str, lr_max: float | None, given: dict[str, Any]) -> theory.Prediction:
    from theory.prediction import predict_choice

    try:
        with np.errstate(invalid="ignore"):
            found = predict_choice(choice, lr_max=lr_max, **given)
        if math.isfinite(found.equilibrium_norm) and math.isfinite(found.angular_update):
            return found
    except OverflowError:
        pass
    raise OutOfDomain(f"norm or angle of {rule} is no number here: what is given is too extreme")


def _predict_muon(**given: Any) -> theory.Prediction:
    from theory.muon import PARAMETERS

    taken = {name: value for name, value in given.items() if value is not None}
    options = {name: taken.pop(name) for name in ("nesterov", "scale", "orthogonalise") if name in taken}
    known = {parameter.name for parameter in PARAMETERS}
    for name, value in taken.items():
        if name not in known:
            raise OutOfDomain(f"{name} = {shown(value)} does not apply to muon, which takes {', '.join(sorted(known))}")
    for name in ("lr", "wd", "rows", "cols"):
        if name not in taken:
            raise OutOfDomain(f"{name} is missing: muon needs it")
    return theory.predict_muon(**taken, **options)


def parameters_of(optimizer: str, decay: str | None = None) -> dict[str, theory.Parameter]:
    """The hyper-parameters that a name takes, by name; those of finite beta2 where it has a rule that knows them."""
    from theory import muon
    from theory.catalogue import MATRIX, REFINING, refined

    if optimizer == MATRIX:
        return {p.name: p for p in muon.PARAMETERS}
    rule = refined(theory.the_choice(optimizer, decay).rule, set(REFINING))
    return {p.name: p for p in theory.load(rule).parameters}


def described(optimizer: str) -> tuple[str, str, tuple[str, ...]]:
    """(title, convention, hypotheses) of a rule."""
    from theory.catalogue import MATRIX

    if optimizer == MATRIX:
        from theory import muon

        return muon.TITLE, muon.CONVENTION, muon.HYPOTHESES
    rule = theory.load(optimizer)
    return rule.title, rule.convention, rule.hypotheses


def _check_noise(name: str, value: float) -> None:
    from theory import domain

    {"dim": domain.DIM, "grad_norm": domain.GRAD_NORM}[name].check(value)


def claims_of(optimizer: str) -> list[str]:
    """Ids of the claims about an optimizer; Muon's, which no compiled rule stands behind, are known by their ids."""
    from proofs.claims import CLAIMS
    from theory.catalogue import MATRIX

    if optimizer == MATRIX:
        return [claim_id for claim_id in CLAIMS if claim_id.startswith(f"{MATRIX}-")]
    return [claim.id for claim in CLAIMS.values() if claim.optimizer == optimizer]


def as_json(found: theory.Prediction) -> dict[str, Any]:
    """The prediction under the keys of ``smd predict --json``."""
    from dataclasses import asdict

    fields = asdict(found)
    warnings = fields.pop("warnings")
    return {**fields, "claims": claims_of(found.optimizer), "warnings": warnings}
