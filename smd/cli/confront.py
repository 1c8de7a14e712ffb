"""``smd confront``: theory against a simulation at one point, and how small an error it would see."""

from __future__ import annotations

import json
import sys
from collections.abc import Mapping
from typing import Annotated

import typer

from smd.cli import hyperparameters, options


def command(
    context: typer.Context,
    optimizer: Annotated[str, typer.Argument(help="name of the rule, as in smd claims")],
    design: Annotated[
        str, typer.Option(help="stationarity, perturbation, long-run, decay, twins, sign-correlation")
    ] = "stationarity",
    law: Annotated[str | None, typer.Option(help="law of the gradients [default: the claim's]")] = None,
    replicas: Annotated[int, typer.Option(help="independent replicas")] = 128,
    seed: Annotated[int, typer.Option(help="seed of the random numbers")] = 0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    dim: Annotated[int, typer.Option(help="number of coordinates")] = 64,
    steps: Annotated[int, typer.Option(help="long-run, decay, twins: steps in all", min=1)] = 600,
    burn_in: Annotated[int, typer.Option(help="long-run: steps that are not averaged")] = 300,
    start_norm: Annotated[float, typer.Option(help="long-run: norm at the start")] = 1.0,
    factor: Annotated[float, typer.Option(help="decay: norm at the start over the equilibrium's")] = 0.5,
    resolve: Annotated[
        float | None, typer.Option(help="go on with more replicas until a relative error of this size would be seen")
    ] = None,
    as_json: options.Json = False,
) -> None:
    """Confront an optimizer's prediction with its simulation; exit 1 if they disagree.

    Hyper-parameters are options by their names: smd confront sgdm --lr 0.1 --wd 1e-4 --momentum 0.9
    """
    from proofs.confrontation import confront

    chosen = hyperparameters.read(context)[""]
    for found in confront(
        optimizer, chosen, design, law=law, dim=dim, replicas=replicas, seed=seed, device=device, resolve=resolve,
        steps=steps, burn_in=burn_in, start_norm=start_norm, factor=factor,
    ):  # fmt: skip
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


def _listed(resolution: Mapping[str, float]) -> str:
    return ", ".join(f"{error:.2g} in the {quantity}" for quantity, error in resolution.items())
