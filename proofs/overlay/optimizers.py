"""The theory's name and hyper-parameters of an optimizer's class and options, as a record's header has them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from theory.domain import OutOfDomain
from theory.driven import LAGGING

SIGNS = ("lion", "signum", "signsgd")
"""Rules that step by a sign."""
ADAMS = ("adamw", "nadamw", "rmspropw", "adam_l2", "nadam_l2", "rmsprop", "lamb")
"""Rules that divide each coordinate by its own root mean square, so that each has the same weight."""
DIRECTIONS = ("ngd", "signsgd", "lars")
"""Rules that divide the gradient by its own norm at each step, or see nothing of it: what enters them is g/|g|."""
TRUST = ("lars", "lamb")
"""Rules whose effective learning rate is set by a trust ratio, so that lr wd is no decay of theirs."""
THROUGH_ROOT = ("adam_l2", "nadam_l2", "rmsprop")
"""Rules whose decay is divided by that root too: entries of larger gradients, and of larger weights, decay slower."""
MUON = ("momentum", "nesterov", "scale", "orthogonalise")
RULES: dict[tuple[str, str], str] = {
    ("Adam", "coupled"): "adam_l2",
    ("AdamW", "coupled"): "adam_l2",
    ("NAdam", "coupled"): "nadam_l2",
    ("RMSprop", "coupled"): "rmsprop",
    ("LARS", "coupled"): "lars",
    ("LAMB", "coupled"): "lamb",
    ("Adam", ""): "adamw",
    ("AdamW", ""): "adamw",
    ("AdamC", ""): "adamw",
    ("NAdam", ""): "nadamw",
    ("RMSpropW", ""): "rmspropw",
    ("NGD", ""): "ngd",
    ("Lion", ""): "lion",
    ("Signum", ""): "signum",
    ("SignSGD", ""): "signsgd",
    ("Muon", ""): "muon",
}
"""The theory's rule by class and decay; any decay that is not coupled acts on the weights alone."""


def meaning(name: str, options: Mapping[str, Any], decay: str) -> tuple[str, dict[str, Any]]:
    """(rule, hyper-parameters without lr and wd) of a class; raises OutOfDomain for one the theory has no rule of."""
    if decay == "unknown":
        raise OutOfDomain(f"optimizer = {name}: what it means by weight decay is not known; tell the monitor by decay=")
    kind = "coupled" if decay == "coupled" else ""
    if name in ("SGD", "SGDW"):
        rule = _heavy_ball(options, kind)
    else:
        found = RULES.get((name, kind))
        if found is None:
            raise OutOfDomain(f"optimizer = {name} with {decay} decay: the theory has no such rule")
        rule = found
    if any(options.get(name) for name in ("amsgrad", "centered")):
        raise OutOfDomain(f"optimizer = {name} with amsgrad or centered: the theory has no such rule")
    if rule == "muon":
        return rule, {name: options[name] for name in MUON if name in options} | _torch_muon(options)
    if rule == "rmsprop" and options.get("momentum"):
        raise OutOfDomain(f"optimizer = {name} with momentum: the theory has no such rule")
    if rule == "signum" and options.get("nesterov"):
        raise OutOfDomain(f"optimizer = {name} with nesterov: the theory has no such rule")
    return rule, _known(rule, options)


def _heavy_ball(options: Mapping[str, Any], kind: str) -> str:
    if not options.get("momentum"):
        return "sgd"
    return ("nesterov" if options.get("nesterov") else "sgdm" if kind else "sgd") + ("" if kind else "w")


def _torch_muon(options: Mapping[str, Any]) -> dict[str, Any]:
    """torch.optim.Muon names its scale ``adjust_lr_fn``."""
    if "scale" in options:
        return {}
    return {"scale": options.get("adjust_lr_fn") or "original", "orthogonalise": "newton_schulz"}


def _known(rule: str, options: Mapping[str, Any]) -> dict[str, Any]:
    from theory.compiled import load

    given = dict(options)
    for place, beta in enumerate(options.get("betas") or ()):
        given[f"beta{place + 1}"] = beta
    if rule in ("signum", "ngd") and "momentum" in given:
        given["beta1"] = given["momentum"]
    if rule in ("rmsprop", "rmspropw"):
        given["beta2"] = given.get("alpha")
    known = {p.name for p in load(rule).parameters} - {"lr", "wd", "dim", "grad_norm"}
    if rule in LAGGING:
        known |= {"beta2", "eps"}
    return {name: float(given[name]) for name in known if given.get(name) is not None}
