"""The claims, by permanent id."""

from proofs.claim import Claim
from proofs.claims import (
    adam,
    adam_beta2,
    adamw_lag,
    correlation,
    equivalences,
    fluctuations,
    geometry,
    lion,
    muon,
    networks,
    noise,
    polar,
    recipes,
    rotation,
    schedules,
    sgd,
    sgdm,
    sign,
    stability,
    three_regimes,
    trajectories,
    trust,
    warmup,
)
from proofs.kept import keep

MODULES = (
    geometry, sgd, sgdm, adam, adam_beta2, lion, sign, trust, polar, muon, correlation, noise, trajectories, schedules,
    adamw_lag, equivalences, three_regimes, rotation, warmup, stability, fluctuations, recipes,
    networks,
)  # fmt: skip
"""The topics in the order of the book."""
CLAIMS: dict[str, Claim] = {claim.id: claim for module in MODULES for claim in module.CLAIMS}
"""Every claim of the book, in its order."""
for _module in MODULES:
    for _claim in _module.CLAIMS:
        keep(_claim, _module.__name__)

__all__ = ["CLAIMS", "MODULES"]
