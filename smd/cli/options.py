"""The options that verbs share."""

from __future__ import annotations

from typing import Annotated

import typer


def number(text: str) -> float:
    """A number as typed; what is none is named with its value."""
    try:
        return float(text)
    except ValueError:
        raise typer.BadParameter(f"{text} is not a number") from None


Optimizer = Annotated[str, typer.Argument(help="sgd, sgdm, adamw or lion")]
LearningRate = Annotated[float, typer.Option("--lr", help="learning rate", parser=number, metavar="NUMBER")]
WeightDecay = Annotated[
    float,
    typer.Option(
        "--wd", help="weight decay coefficient (multiplied by lr every step)", parser=number, metavar="NUMBER"
    ),
]
Momentum = Annotated[
    float | None, typer.Option(help="sgdm: heavy-ball momentum [default: 0.9]", parser=number, metavar="NUMBER")
]
Dampening = Annotated[float | None, typer.Option(help="sgdm: dampening [default: 0]", parser=number, metavar="NUMBER")]
Beta1 = Annotated[float | None, typer.Option(help="adamw, lion [default: 0.9]", parser=number, metavar="NUMBER")]
Beta2 = Annotated[
    float | None,
    typer.Option(help="lion [default: 0.99]; adamw: without it v stands at its mean", parser=number, metavar="NUMBER"),
]
Dim = Annotated[float | None, typer.Option(help="number of coordinates", parser=number, metavar="NUMBER")]
GradNorm = Annotated[
    float | None, typer.Option(help="sgd, sgdm: RMS unit-gradient norm [default: 1]", parser=number, metavar="NUMBER")
]
Json = Annotated[bool, typer.Option("--json", help="print JSON")]
