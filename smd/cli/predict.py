"""``smd predict``: the equilibrium of an optimizer at given hyper-parameters."""

from __future__ import annotations

import json

from smd.cli import options


def command(
    optimizer: options.Optimizer,
    lr: options.LearningRate,
    wd: options.WeightDecay,
    momentum: options.Momentum = None,
    dampening: options.Dampening = None,
    beta1: options.Beta1 = None,
    beta2: options.Beta2 = None,
    dim: options.Dim = None,
    grad_norm: options.GradNorm = None,
    as_json: options.Json = False,
) -> None:
    """Equilibrium norm, angular update, convergence rate and half-life, exact and to leading order."""
    from smd import predicting

    found = predicting.predict(
        optimizer,
        lr=lr,
        wd=wd,
        momentum=momentum,
        dampening=dampening,
        beta1=beta1,
        beta2=beta2,
        dim=dim,
        grad_norm=grad_norm,
    )
    if as_json:
        print(json.dumps(predicting.as_json(found), indent=2))
        return
    from rich.console import Console

    from smd.cli.tables import prediction_table, print_notes

    Console().print(prediction_table(found))
    print_notes(found, found.warnings)
    print(f"Claims: {', '.join(predicting.claims_of(optimizer))}")
