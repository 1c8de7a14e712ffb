"""An optimizer's own test: does it settle where its rule says it settles?"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import theory
from smd.simulating import MissingExtra, at_constant_energy

if TYPE_CHECKING:
    import torch
    from torch.optim import Optimizer

    from numerics.torch_optimizer import Factory
    from proofs.comparison import Confrontation
    from proofs.optimizer import Expected
    from theory.compiled import CompiledRule

LONGEST = 20_000
FORGOTTEN = 20.0
"""Half-lives of the norm before anything is averaged."""
AVERAGED = 30.0
"""Half-lives that are averaged."""
OF_SECOND_MOMENT = 5.0
"""Half-lives of beta2's memory before anything is averaged."""
LEAST_STEPS = 200
SCALE_INVARIANT = ("fixed", "sphere")
"""Gradient laws of a scale-invariant loss."""
KURTOSIS = {"laplace": 6.0}
"""Kurtosis of the gradient laws that are not Gaussian."""
ALIASES: dict[str, tuple[tuple[str, int | None], ...]] = {
    "wd": (("weight_decay", None),),
    "beta1": (("betas", 0),),
    "beta2": (("betas", 1), ("alpha", None)),
}
"""Where torch.optim keeps a hyper-parameter of another name."""


class NoPower(RuntimeError):
    """The optimizer agrees with its rule, but so would a wrong one: too few steps, replicas or coordinates."""


def assert_equilibrium(
    optimizer: Factory | Optimizer,
    rule: theory.UpdateRule | str,
    *,
    law: str | None = None,
    dim: int = 64,
    replicas: int = 32,
    steps: int | None = None,
    seed: int = 0,
    false_alarm: float = 1e-9,
    sharpness: float = 0.05,
    device: str | None = None,
    dtype: torch.dtype | None = None,
    **hyperparameters: float,
) -> Confrontation:
    """Assert that a torch optimizer settles at the norm and the angle per step of ``rule``.

    ``optimizer`` builds one from a list of parameters, or is an instance, whose type and first group's options
    are used and which is left as it is. ``rule`` is a name of ``theory.names()`` or an UpdateRule. A
    hyper-parameter that is not given is read from the optimizer's group; give those that must not be taken on trust.

    ``replicas`` parameters of ``dim`` coordinates see white gradients of ``law``. By default that is iid, with
    an energy that does not depend on |w|, where the linear moments are exact at every dimension; for a step size
    that depends on |w| it is fixed, the gradients of a scale-invariant loss. Norms are sqrt(E|w|^2), angles
    arccos(E<w, w'>/E|w|^2) in radians. The rule is the same at every lr and wd, so test at a large lr*wd, about
    0.01 to 0.1, where the equilibrium is reached in few ``steps``.

    Raises AssertionError where either differs, which happens with probability ``false_alarm`` although all is
    right; NoPower where a relative difference of ``sharpness`` would have gone unnoticed; theory.OutOfDomain
    for hyper-parameters without an equilibrium. Returns the comparison: print its ``report()``.
    """
    try:
        import torch

        from numerics.torch_optimizer import twin_of
        from proofs.optimizer import Run, confront
    except ModuleNotFoundError as missing:
        raise MissingExtra(
            f"{missing.name} is not installed: assert_equilibrium needs the extra sim, "
            "pip install 'spherical-motion[sim]'"
        ) from missing
    if not 0 < false_alarm < 1 or not 0 < sharpness < 1:
        raise theory.OutOfDomain(f"false_alarm = {false_alarm:g} and sharpness = {sharpness:g} must be in (0, 1)")
    make: Factory
    if isinstance(optimizer, torch.optim.Optimizer):
        make = twin_of(optimizer)
        like = optimizer.param_groups[0]["params"][0]
        device, dtype = device or like.device.type, dtype or like.dtype
    else:
        make = optimizer
    device, dtype = device or "cpu", dtype or torch.float64
    probe = make([torch.nn.Parameter(torch.ones(dim, dtype=dtype, device=device))])
    what, group = type(probe).__name__, probe.param_groups[0]
    compiled, found, beta2 = _predicted(rule, group, dim, law, hyperparameters)
    law = law or ("fixed" if compiled.has_gain and not compiled.normalised else "iid")
    if law not in SCALE_INVARIANT:
        if compiled.has_gain and not compiled.normalised:
            raise theory.OutOfDomain(f"law = {law} has no theory for {compiled.name}; use fixed or sphere")
        if not compiled.has_gain:
            found = at_constant_energy(found, compiled)
    burn_in, total = _length(found, beta2, steps)
    run = Run(
        law=law, grad_norm=_scale(compiled, found), dim=dim, replicas=replicas, steps=total, burn_in=burn_in,
        seed=seed, device=device, dtype=str(dtype).removeprefix("torch."),
    )  # fmt: skip
    expected = _expected(compiled, found, beta2, law)
    compared = confront(make, f"{what} as {compiled.name}", expected, run, found.hyperparameters, false_alarm)
    if not compared.agrees:
        raise AssertionError(f"{what} does not settle where {compiled.name} does\n{compared.report()}")
    blunt = {s.name: compared.least_seen(s) / s.predicted for s in compared.statistics}
    worst = max(blunt, key=lambda name: blunt[name])
    if blunt[worst] > sharpness:
        raise NoPower(
            f"the {worst.split()[0]} off by {blunt[worst]:.2g} of itself would have gone unnoticed, more than "
            f"sharpness = {sharpness:g}: raise steps, replicas or dim\n{compared.report()}"
        )
    return compared


def _predicted(
    rule: theory.UpdateRule | str, group: dict[str, Any], dim: int, law: str | None, given: dict[str, float]
) -> tuple[CompiledRule, theory.Prediction, float | None]:
    """The rule, its prediction at the optimizer's hyper-parameters, and the optimizer's beta2 if it has one."""
    from theory.catalogue import REFINED
    from theory.prediction import complete_rule, predict_rule

    beta2 = given.get("beta2", _read(group, "beta2"))
    if isinstance(rule, str):
        meant = theory.choices(rule)
        if len(meant) > 1:
            raise theory.OutOfDomain(f"rule = {rule} leaves the decay open: {' or '.join(one.rule for one in meant)}")
        name = meant[0].rule
        compiled = theory.load(REFINED.get(name, name) if beta2 else name)
    else:
        from theory.compiled import compile_rule
        from theory.equilibrium import Equilibrium

        compiled = compile_rule(Equilibrium(rule))
    read = {p.name: _read(group, p.name) for p in compiled.parameters}
    chosen = {**read, "dim": dim, "kurtosis": KURTOSIS.get(law or "")}
    own = {name: value for name, value in chosen.items() if compiled.takes(name)}
    return compiled, predict_rule(compiled, complete_rule(compiled, own | given), "as it is written"), beta2


def _read(group: dict[str, Any], name: str) -> float | None:
    """A hyper-parameter as a group of torch.optim keeps it, None where it does not."""
    for key, place in (*ALIASES.get(name, ()), (name, None)):
        if key in group:
            value = group[key] if place is None else group[key][place]
            return None if value is None or isinstance(value, (str, bool)) else float(value)
    return None


def _length(found: theory.Prediction, beta2: float | None, steps: int | None) -> tuple[int, int]:
    """(burn-in, steps) from the half-lives of the norm and of beta2's memory."""
    half = found.half_life or 1.0
    memory = math.log(2) / -math.log(beta2) if beta2 else 0.0
    burn_in = math.ceil(FORGOTTEN * half + OF_SECOND_MOMENT * memory) + 10
    total = burn_in + math.ceil(AVERAGED * half) + LEAST_STEPS if steps is None else steps
    if steps is None and total > LONGEST:
        raise theory.OutOfDomain(
            f"lr*wd is too small to wait for the equilibrium: the half-life is {half:.0f} steps"
            + (f", that of beta2 {memory:.0f}" if memory else "")
            + "; test the same code at a larger lr*wd, or give steps"
        )
    if total <= burn_in:
        raise theory.OutOfDomain(f"steps = {total} are no more than the {burn_in} in which the start is forgotten")
    return burn_in, total


def _scale(rule: CompiledRule, found: theory.Prediction) -> float:
    """sqrt(c) of the rule's energy q = c A^e: the gradient's RMS norm, at |w| = 1 where it depends on it."""
    from theory.prediction import symbol_values

    values = symbol_values(rule, found.hyperparameters)
    return float(rule("norm_at_constant_energy", values)) / math.sqrt(float(rule("unit_gram", values)[0][0]))


def _expected(rule: CompiledRule, found: theory.Prediction, beta2: float | None, law: str) -> Expected:
    """The prediction with what it neglects: beta2 beyond its first order, or at all; fluctuations of the norm."""
    from proofs.optimizer import Expected
    from theory.prediction import symbol_values

    values = symbol_values(rule, found.hyperparameters)
    neglected = 0.0
    if beta2 is not None and not rule.takes("beta2"):
        neglected = 1 - beta2
    elif rule.takes("kurtosis"):
        neglected = float(rule("neglected", values))
    return Expected(
        norm=found.equilibrium_norm,
        angle=found.angular_update,
        decay=values["p"],
        neglected=neglected,
        mean_field=rule.has_gain or law in SCALE_INVARIANT,
    )
