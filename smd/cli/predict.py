"""``smd predict``: the equilibrium of an optimizer at given hyper-parameters."""

from __future__ import annotations

import json

from smd.cli import options


def command(
    optimizer: options.Optimizer,
    lr: options.LearningRate,
    wd: options.WeightDecay,
    decay: options.Decay = None,
    lr_max: options.LrMax = None,
    momentum: options.Momentum = None,
    dampening: options.Dampening = None,
    beta1: options.Beta1 = None,
    beta2: options.Beta2 = None,
    kurtosis: options.Kurtosis = None,
    at_step: options.AtStep = None,
    momentum_decay: options.MomentumDecay = None,
    trust: options.Trust = None,
    dim: options.Dim = None,
    grad_norm: options.GradNorm = None,
    rows: options.Rows = None,
    cols: options.Cols = None,
    nesterov: options.Nesterov = None,
    scale: options.Scale = None,
    orthogonalise: options.Orthogonalise = None,
    as_json: options.Json = False,
) -> None:
    """Equilibrium norm, angular update, convergence rate and half-life, exact and to leading order."""
    from smd import predicting

    found = predicting.predict_all(
        optimizer,
        decay=decay,
        lr_max=lr_max,
        **options.given(
            lr=lr, wd=wd, momentum=momentum, dampening=dampening, beta1=beta1, beta2=beta2, kurtosis=kurtosis,
            at_step=at_step, momentum_decay=momentum_decay, trust=trust, dim=dim, grad_norm=grad_norm, rows=rows,
            cols=cols, nesterov=nesterov, scale=scale, orthogonalise=orthogonalise,
        ),
    )  # fmt: skip
    if as_json:
        rows = [predicting.as_json(one) for one in found]
        print(json.dumps(rows if len(rows) > 1 else rows[0], indent=2))
        return
    from rich.console import Console

    from smd.cli.tables import prediction_table, print_notes

    if len(found) > 1:
        print(f"{optimizer} leaves the decay open ({', '.join(one.decay for one in found)}); --decay chooses:")
    for one in found:
        Console().print(prediction_table(one))
        print_notes(one, one.warnings)
        print(f"Claims: {', '.join(predicting.claims_of(one.optimizer))}")
