"""Which designs an optimizer can be put to, by name: what a report's command runs again."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from functools import partial

import theory
from numerics.arguments import device_of, law_of
from numerics.errors import BadSimulation
from proofs.comparison import Confrontation, Hyperparameters
from proofs.confrontation.decay import decay, twins
from proofs.confrontation.designs import long_run, perturbation, stationarity
from proofs.confrontation.sequential import looks
from proofs.confrontation.signs import BUFFER, lion_perturbation, sign_correlation, sign_stationarity
from proofs.confrontation.subject import Bench
from theory.catalogue import REFINED
from theory.compiled import NAMES

Design = Callable[[Hyperparameters, Bench], Confrontation]
FOLLOWING = ("sgd", "sgdm", "sgdw", "nesterov", "nesterovw", "adam_l2", "nadam_l2", "rmsprop", "lars")
"""Rules whose claims speak of gradients that follow 1/|w|; those of the others speak of gradients of one size."""
LINEAR = ("adamw", "nadamw", "rmspropw", "ngd")
"""Rules of the others whose step is linear in the gradient once its size is known."""


def designs(
    optimizer: str, steps: int = 600, burn_in: int = 300, start_norm: float = 1.0, factor: float = 0.5
) -> dict[str, Design]:
    """The designs of an optimizer by name; ``burn_in`` and ``start_norm`` are for the long run, ``factor`` for decay.

    Raises theory.OutOfDomain for an optimizer that has none.
    """
    if optimizer not in NAMES:
        raise theory.OutOfDomain(f"optimizer = {optimizer} is unknown here; known are {', '.join(NAMES)}")
    far: dict[str, Design] = {
        "long-run": partial(long_run, optimizer, steps=steps, burn_in=burn_in, start_norm=start_norm)
    }
    if optimizer in REFINED.values():
        return far
    far["decay"] = partial(decay, optimizer, factor=factor, steps=steps)
    if optimizer in BUFFER:
        far["stationarity"] = partial(sign_stationarity, optimizer)
        if optimizer == "lion":
            far |= {"perturbation": lion_perturbation, "sign-correlation": sign_correlation}
        return far
    return {
        "stationarity": partial(stationarity, optimizer),
        "perturbation": partial(perturbation, optimizer),
        "twins": partial(twins, optimizer, steps=steps),
        **far,
    }


def law_for(optimizer: str, design: str = "stationarity") -> str:
    """The gradient law of a design, where the claim leaves a choice that with the sharpest test.

    One step from given moments does not see how gradients follow |w|, so gradients of one length orthogonal to the
    weights serve every rule that is linear in them; beyond one step a rule is confronted in its own setting. LAMB
    divides by a norm that is nearly constant in many dimensions: gradients of random length hide what remains.
    """
    if optimizer in FOLLOWING:
        return "fixed"
    if design == "stationarity" and optimizer == "lamb":
        return "sphere"
    return "fixed" if design == "stationarity" and optimizer in LINEAR else "iid"


def at(optimizer: str, hyperparameters: Hyperparameters, dim: int) -> Hyperparameters:
    """The completed hyper-parameters, with this number of coordinates where the rule has one."""
    sized = {"dim": dim} if "dim" in {p.name for p in theory.load(optimizer).parameters} else {}
    return theory.complete(optimizer, {**hyperparameters, **sized})


def confront(
    optimizer: str,
    hyperparameters: Hyperparameters,
    design: str = "stationarity",
    *,
    law: str | None = None,
    dim: int = 64,
    replicas: int = 128,
    seed: int = 0,
    device: str = "cpu",
    resolve: float | None = None,
    **run: float,
) -> Iterator[Confrontation]:
    """An optimizer's prediction against its simulation by the design of that name.

    With ``resolve`` again and again, with twice the replicas, until a relative error of that size would be seen in
    every quantity that the design measures; else once. ``dim`` is that of the hyper-parameters where they have one.
    Raises theory.OutOfDomain or numerics.BadSimulation where something is unknown, missing or without an equilibrium.
    """
    known = designs(optimizer, **run)  # type: ignore[arg-type]
    if design not in known:
        raise theory.OutOfDomain(f"design = {design} is unknown for {optimizer}; known are {', '.join(known)}")
    if replicas < 2:
        raise BadSimulation(f"replicas = {replicas} must be at least 2 for an error bar")
    size = int(hyperparameters.get("dim") or dim)
    law = law or law_for(optimizer, design)
    law_of(law)
    device_of(device)
    bench = Bench(law, size, replicas, seed, device)
    full = at(optimizer, hyperparameters, size)
    if resolve is None:
        yield known[design](full, bench)
        return
    if not 0 < resolve < math.inf:
        raise theory.OutOfDomain(f"resolve = {resolve:g} is outside its range (0, inf)")
    yield from looks(partial(known[design], full), bench, resolve)
