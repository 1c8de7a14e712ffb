"""``smd confront``: theory against a simulation at one point, and how small an error it would see."""

from __future__ import annotations

import json
import math
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from smd.cli import hyperparameters, options

USUAL = "stationarity"
STEPS = 600
SETTLING, AVERAGED = 60, 20
"""Half-lives that a long run takes to forget its start to rounding, and over which it is averaged."""
LONGEST = 10**7
BUFFERS = ("momentum", "beta1", "beta2")


def command(
    context: typer.Context,
    optimizer: Annotated[str, typer.Argument(help="name of the rule, as in smd claims")],
    design: Annotated[
        str | None,
        typer.Option(
            help="stationarity, perturbation, long-run, decay, twins, sign-correlation "
            "[default: stationarity; long-run where nothing stands still]"
        ),
    ] = None,
    law: Annotated[str | None, typer.Option(help="law of the gradients [default: the claim's]")] = None,
    replicas: Annotated[int, typer.Option(help="independent replicas")] = 128,
    seed: Annotated[int, typer.Option(help="seed of the random numbers")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    dim: Annotated[int, typer.Option(help="number of coordinates")] = 64,
    steps: Annotated[
        int | None,
        typer.Option(help=f"steps in all [default: long-run {SETTLING + AVERAGED} half-lives, else {STEPS}]", min=1),
    ] = None,
    burn_in: Annotated[
        int | None,
        typer.Option(help=f"long-run: steps that are not averaged [default: {SETTLING} half-lives of the norm]", min=0),
    ] = None,
    start_norm: Annotated[
        float | None, typer.Option(help="long-run: norm at the start [default: twice the predicted]")
    ] = None,
    factor: Annotated[float, typer.Option(help="decay: norm at the start over the equilibrium's")] = 0.5,
    resolve: Annotated[
        float | None, typer.Option(help="go on with more replicas until a relative error of this size would be seen")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Confront an optimizer's prediction with its simulation; exit 1 if they disagree.

    Hyper-parameters are options by their names: smd confront sgdm --lr 0.1 --wd 1e-4 --momentum 0.9
    """
    from proofs.confrontation import confront, designs

    chosen = hyperparameters.read(context)[""]
    known = designs(optimizer)
    design = design or (USUAL if USUAL in known else next(iter(known)))
    run: dict[str, float] = {"steps": STEPS}
    if design == "long-run" and None in (steps, burn_in, start_norm):
        run = _settled(optimizer, chosen, dim, steps, burn_in)
    given = {"steps": steps, "burn_in": burn_in, "start_norm": start_norm, "factor": factor}
    run |= {name: value for name, value in given.items() if value is not None}
    for found in confront(
        optimizer, chosen, design, law=law, dim=dim, replicas=replicas, seed=seed, device=device, resolve=resolve, **run
    ):
        if resolve is not None:
            print(f"{found.conditions['replicas']} replicas resolve {_listed(found.resolution)}", file=sys.stderr)
    if as_json:
        shown = {
            "agrees": found.agrees, "p_value": found.p_value, "false_alarm": found.false_alarm,
            "resolves": found.resolution,
            "hyperparameters": dict(found.hyperparameters), "conditions": dict(found.conditions),
            "statistics": [
                {"name": s.name, "predicted": s.predicted, "measured": s.measured.value, "error": s.error}
                for s in found.statistics
            ],
        }  # fmt: skip
        print(json.dumps(shown, indent=2))
    else:
        print(found.report())
        for quantity, error in found.resolution.items():
            print(f"  an error of {error:.2g} in the {quantity} would be rejected 99 times in 100")
        print(f"{'agrees' if found.agrees else 'DISAGREES'} (a false alarm has probability {found.false_alarm:g})")
    if not found.agrees:
        raise typer.Exit(1)


def _settled(
    optimizer: str, chosen: Mapping[str, float | None], dim: int, steps: int | None, burn_in: int | None
) -> dict[str, float]:
    """A long run from twice the predicted norm that has forgotten it: in half-lives of the norm or of a buffer.

    Raises theory.OutOfDomain where that takes more than LONGEST steps and nothing else is said.
    """
    from proofs.confrontation.catalogue import at
    from theory import OutOfDomain, predict
    from theory.prediction import half_life

    full = at(optimizer, chosen, int(chosen.get("dim") or dim))
    found = predict(optimizer, **full)
    slowest = max(1.0, found.half_life or 0.0, *(half_life(1 - (full.get(name) or 0.0)) for name in BUFFERS))
    settling = math.ceil(SETTLING * slowest) if burn_in is None else burn_in
    whole = settling + math.ceil(AVERAGED * slowest)
    if steps is None and whole > LONGEST:
        raise OutOfDomain(
            f"a long run of {whole:.2g} steps would be needed, {SETTLING + AVERAGED} half-lives; --steps, --burn-in "
            f"and --start-norm say how long it is to be and where it begins"
        )
    return {"steps": whole, "burn_in": settling, "start_norm": 2 * found.equilibrium_norm}


def _listed(resolution: Mapping[str, float]) -> str:
    return ", ".join(f"{error:.2g} in the {quantity}" for quantity, error in resolution.items())
