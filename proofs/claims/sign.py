"""Claims about signSGD, Signum and SGD on normalised gradients."""

from proofs.claim import Claim, Kind, Setting
from proofs.claims.families import equilibrium_claims
from proofs.claims.limits import agrees_with

CLAIMS = [
    *equilibrium_claims(
        "signsgd",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("bernstein2018",),
    ),
    *equilibrium_claims(
        "signum",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("bernstein2018",),
    ),
    Claim(
        id="signum-without-momentum",
        title="without momentum it is signSGD",
        statement="At beta1 = 0 norm and angle are those of signSGD:",
        kind=Kind.LIMIT,
        setting=Setting.ALGEBRA,
        sources=(),
        optimizer="signum",
        **agrees_with("signum", {"beta1": 0}, "signsgd"),
    ),
    *equilibrium_claims(
        "ngd",
        norm=Setting.EXPECTATION,
        angle=Setting.EXPECTATION,
        rate=Setting.EXPECTATION,
        sources=("hazan2015",),
    ),
]
