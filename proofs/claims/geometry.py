"""Claims about the quantities that are called angular update."""

from __future__ import annotations

from proofs.claim import Claim, Formula, Kind, Obligation, Setting


def _formulas() -> list[Formula]:
    from sympy import Symbol

    from theory import geometry

    lost = 1 - Symbol(r"\cos\theta", real=True)
    return [
        Formula(r"\text{chord}", geometry.chord(lost)),
        Formula(r"\text{sine}", geometry.sine(lost)),
        Formula(r"\text{angle}", geometry.angle(lost)),
    ]


def _obligations() -> list[Obligation]:
    from sympy import Symbol, acos, cos, expand_trig

    from theory import geometry

    lost = Symbol("x", positive=True)
    theta = geometry.angle(lost)
    return [
        Obligation("chord^2 = |u - u'|^2 = 2 - 2 cos", geometry.chord(lost) ** 2, 2 - 2 * (1 - lost)),
        Obligation("sine^2 + cos^2 = 1", geometry.sine(lost) ** 2 + (1 - lost) ** 2, lost / lost),
        Obligation("cos of the angle", expand_trig(cos(theta)), cos(acos(1 - lost))),
        Obligation(
            "sine = chord sqrt(1 - chord^2/4)",
            geometry.sine(lost) ** 2,
            geometry.chord(lost) ** 2 * (1 - geometry.chord(lost) ** 2 / 4),
        ),
    ]


CLAIMS = [
    Claim(
        id="angle-chord-sine",
        title="Angle, chord and sine of one step",
        statement="For one step with cosine between w and w' they are three different functions of it:",
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        formulas=_formulas,
        obligations=_obligations,
        sources=("wan2021spherical", "wen2025hyperball"),
        states=("geometry.angle", "geometry.chord", "geometry.sine"),
    )
]
