"""Claims about SGD with momentum: heavy ball and Nesterov, coupled and decoupled."""

from proofs.claim import Claim, Kind, Setting
from proofs.claims.families import equilibrium_claims
from proofs.claims.limits import agrees_with, same_cosine

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
        title="without momentum it is SGD",
        statement="At momentum 0 and dampening 0 norm and angle are those of SGD:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="sgdm",
        **agrees_with("sgdm", {"momentum": 0, "dampening": 0}, "sgd"),
    ),
    *equilibrium_claims(
        "sgdw",
        norm=Setting.MEAN_FIELD,
        angle=Setting.EXPECTATION,
        rate=Setting.MEAN_FIELD,
        sources=("loshchilov2019decoupled",),
    ),
    Claim(
        id="sgdw-angle-of-adamw",
        title="it turns by AdamW's angle",
        statement="The cosine is AdamW's with momentum alpha for beta1, since both have the same matrices up to scale:",
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="sgdw",
        **same_cosine("sgdw", {"momentum": "beta1"}, "adamw"),
    ),
    *equilibrium_claims(
        "nesterov",
        norm=Setting.MEAN_FIELD,
        angle=Setting.EXPECTATION,
        rate=Setting.MEAN_FIELD,
        sources=("sutskever2013",),
    ),
    Claim(
        id="nesterov-without-momentum",
        title="without momentum it is SGD",
        statement="At momentum 0 norm and angle are those of SGD:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="nesterov",
        **agrees_with("nesterov", {"momentum": 0}, "sgd"),
    ),
    *equilibrium_claims(
        "nesterovw",
        norm=Setting.MEAN_FIELD,
        angle=Setting.EXPECTATION,
        rate=Setting.MEAN_FIELD,
        sources=("sutskever2013", "loshchilov2019decoupled"),
    ),
    Claim(
        id="nesterovw-angle-of-nadamw",
        title="it turns by NAdamW's angle",
        statement="The cosine is NAdamW's in the limit of its schedule, mu = beta1, with momentum alpha for beta1:",
        kind=Kind.IDENTITY,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="nesterovw",
        **same_cosine("nesterovw", {"momentum": "beta1"}, "nadamw", {"lookahead": "beta1"}),
    ),
]
