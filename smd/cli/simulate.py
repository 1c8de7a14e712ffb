"""``smd simulate``: a simulation beside its prediction."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from smd.cli import options
from smd.cli.progress import Bar

if TYPE_CHECKING:
    from smd.simulating import Comparison


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
    trust: options.Trust = None,
    dim: options.Dim = None,
    grad_norm: options.GradNorm = None,
    steps: Annotated[int | None, typer.Option(help="steps in all [default: from the predicted half-life]")] = None,
    replicas: Annotated[int, typer.Option(help="independent replicas")] = 64,
    seed: Annotated[int, typer.Option(help="seed of the random numbers")] = 0,
    law: Annotated[str | None, typer.Option(help="fixed, sphere, iid, laplace, sparse or student")] = None,
    start_norm: Annotated[float, typer.Option(help="norm of the weights at the start")] = 1.0,
    device: Annotated[str, typer.Option(help="cpu or cuda")] = "cpu",
    engine: Annotated[str | None, typer.Option(help="torch, numba, reduction or triton [default: the fastest]")] = None,
    checkpoint: Annotated[Path | None, typer.Option(help="file to continue from if the run is interrupted")] = None,
    plot: Annotated[Path | None, typer.Option(help="write a figure of norm and angle over time")] = None,
    as_json: options.Json = False,
) -> None:
    """Simulate an optimizer on gradient noise and show what was measured beside what was predicted."""
    from smd.plotting import check_plot
    from smd.simulating import simulate

    if plot is not None:
        check_plot(plot)
    with Bar("simulating", "steps") as bar:
        found = simulate(
            optimizer,
            decay=decay, lr_max=lr_max,
            **options.given(
                lr=lr, wd=wd, momentum=momentum, dampening=dampening, beta1=beta1, beta2=beta2, kurtosis=kurtosis,
                trust=trust, dim=dim, grad_norm=grad_norm,
            ), law=law, steps=steps, replicas=replicas, seed=seed, device=device,
            engine=engine, checkpoint=checkpoint, start_norm=start_norm, on_step=bar.show,
        )  # fmt: skip
    if plot is not None:
        _plot(found, plot)
    if as_json:
        print(json.dumps(found.as_json(), indent=2))
        return
    _print(found)


def _print(found: Comparison) -> None:
    from rich.console import Console
    from rich.table import Table

    from smd.cli.tables import LABELS, number, print_notes, title

    table = Table(title=title(found.prediction), title_justify="left")
    table.add_column("quantity", no_wrap=True)
    for column in ("predicted", "measured", "error", "off by"):
        table.add_column(column, justify="right")
    for name, estimate in found.measured.items():
        predicted = getattr(found.prediction, name)
        table.add_row(
            LABELS[name].split("  ")[0],
            number(predicted),
            number(estimate.value),
            f"{estimate.standard_error:.2g}",
            _difference(estimate, predicted),
        )
    Console().print(table)
    print(", ".join(f"{k}={v}" for k, v in found.settings.items()))
    print_notes(found.prediction, found.prediction.warnings)


def _difference(estimate: object, predicted: float) -> str:
    from numerics.statistics import Estimate

    assert isinstance(estimate, Estimate)
    if abs(estimate.value - predicted) <= 1e-10 * abs(predicted):
        return "to rounding"
    return f"{estimate.deviations(predicted):+.1f} errors"


def _plot(found: Comparison, target: Path) -> None:
    import numpy as np

    from smd.plotting import two_panels, write

    run, predicted = found.run, found.prediction
    figure, (norms, angles) = two_panels(9, 3.2)
    steps = run.record * np.arange(len(run.squared_norm))
    norms.plot(steps, np.sqrt(run.squared_norm.mean(axis=1)), label="simulation")
    norms.axhline(predicted.equilibrium_norm, color="black", linestyle="--", label="theory")
    norms.set(xlabel="step", ylabel="norm", yscale="log")
    cosines = 1 - run.lost_overlap.mean(axis=1) / run.squared_norm[:-1].mean(axis=1)
    angles.plot(steps[:-1], np.arccos(np.clip(cosines, -1, 1)), label="simulation")
    angles.axhline(predicted.angular_update, color="black", linestyle="--", label="theory")
    angles.set(xlabel="step", ylabel="angular update (rad)", yscale="log")
    norms.legend()
    write(figure, target)
