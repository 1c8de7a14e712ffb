"""Claims about SGD."""

from proofs.claim import Setting
from proofs.claims.families import equilibrium_claims

CLAIMS = equilibrium_claims(
    "sgd",
    norm=Setting.PATHWISE,
    angle=Setting.PATHWISE,
    rate=Setting.PATHWISE,
    sources=("vanlaarhoven2017l2", "chiley2019online", "wan2021spherical", "li2022robust"),
)
