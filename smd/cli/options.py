"""The options that verbs share."""

from __future__ import annotations

from typing import Annotated, Any

import typer

from theory import names


def number(text: str) -> float:
    """A number as typed; what is none is named with its value."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a number") from None


def _optional(text: str) -> Any:
    return Annotated[float | None, typer.Option(help=text, parser=number, metavar="NUMBER")]


def given(**hyperparameters: Any) -> dict[str, Any]:
    """The hyper-parameters that were typed."""
    return {name: value for name, value in hyperparameters.items() if value is not None}


Optimizer = Annotated[str, typer.Argument(help=f"one of {', '.join(names())}")]
LearningRate = Annotated[float, typer.Option("--lr", help="learning rate", parser=number, metavar="NUMBER")]
WeightDecay = Annotated[
    float,
    typer.Option("--wd", help="weight decay coefficient, in the sense of --decay", parser=number, metavar="NUMBER"),
]
Decay = Annotated[
    str | None,
    typer.Option(
        "--decay",
        help="coupled (L2 in the gradient), decoupled (factor 1 - lr*wd), independent (1 - wd) "
        "or corrected (1 - lr*wd*lr/lr_max)",
    ),
]
LrMax = _optional("corrected decay: largest learning rate of the schedule")
Momentum = _optional("sgdm, nesterov, lars: heavy-ball momentum [default: 0.9]")
Dampening = _optional("sgdm: dampening [default: 0]")
Beta1 = _optional("adam, nadam, lamb, lion, signum [default: 0.9]")
Beta2 = _optional("lion [default: 0.99]; adamw, nadamw, rmspropw: without it v stands at its mean")
Kurtosis = _optional("adamw, nadamw, rmspropw: kurtosis of the gradient [default: 3]")
AtStep = _optional("nadam: number of the step in its momentum schedule [default: the limit]")
MomentumDecay = _optional("nadam: exponent of its momentum schedule [default: 0.004]")
Trust = _optional("lars: trust coefficient [default: 0.001]")
Dim = _optional("number of coordinates")
GradNorm = _optional("gradients of a scale-invariant loss: RMS unit-gradient norm [default: 1]")
Rows = _optional("muon: rows of the matrix")
Cols = _optional("muon: columns of the matrix")
Nesterov = Annotated[
    bool | None, typer.Option("--nesterov/--heavy-ball", help="muon: form of the momentum [default: nesterov]")
]
Scale = Annotated[str | None, typer.Option(help="muon: original, match_rms_adamw, spectral or none")]
Orthogonalise = Annotated[str | None, typer.Option(help="muon: polar or newton_schulz")]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
