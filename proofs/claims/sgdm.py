"""Claims about SGD with momentum and coupled L2."""

from proofs.claim import Claim, Kind, Setting
from proofs.claims.families import equilibrium_claims
from proofs.claims.limits import agrees_with

CLAIMS = [
    *equilibrium_claims(
        "sgdm",
        norm=Setting.MEAN_FIELD,
        angle=Setting.EXPECTATION,
        rate=Setting.MEAN_FIELD,
        sources=("wan2021spherical", "kosson2024rotational"),
    ),
    Claim(
        id="sgdm-without-momentum",
        title="SGD with momentum: without momentum it is SGD",
        statement="At momentum 0 and dampening 0 norm and angle are those of SGD:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="sgdm",
        **agrees_with("sgdm", {"momentum": 0, "dampening": 0}, "sgd"),
    ),
]
