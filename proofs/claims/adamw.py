"""Claims about AdamW with v at its instantaneous mean."""

from proofs.claim import Claim, Kind, Setting
from proofs.claims.families import equilibrium_claims
from proofs.claims.limits import agrees_with

CLAIMS = [
    *equilibrium_claims(
        "adamw",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("kosson2024rotational", "wen2025hyperball"),
        rate_hypotheses=(
            "each gradient is normalised when it arrives, or its scale does not depend on |w|: "
            "a raw buffer divided by a v that follows 1/|w|^2 has other multipliers",
        ),
    ),
    Claim(
        id="adamw-without-momentum",
        title="AdamW: without momentum it is a signed random walk",
        statement="At beta1 = 0 norm and angle are those of Lion at beta1 = 0, a walk of white unit updates:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="adamw",
        **agrees_with("adamw", {"beta1": 0}, "lion", {"beta1": 0}),
    ),
]
