"""Claims about where an equilibrium exists and attracts, and about the border."""

from __future__ import annotations

from typing import TYPE_CHECKING

from proofs.claim import Claim, Kind, Setting
from proofs.claims.loading import derived_in

if TYPE_CHECKING:
    from proofs.comparison import Confrontation

PUBLISHED = "wan2021spherical"


def _alternating(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.fluctuation import alternating

    return [alternating(Bench("sphere", 33, 4096, 40, device), steps=20)]


CLAIMS = [
    Claim(
        id="sgd-attraction",
        title="SGD: every start ends at the equilibrium",
        statement=(
            "For 0 < p < 2, p not 1, and from every norm but the equilibrium's, each step brings the squared norm "
            "closer to its equilibrium A in the logarithm:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        sources=(PUBLISHED,),
        optimizer="sgd",
        **derived_in("stability", "sgd_attraction"),
    ),
    Claim(
        id="sgd-deviation",
        title="SGD: decay of a deviation",
        statement=(
            "A deviation of the squared norm is multiplied per step by the factor below. Above A it lies between the "
            "local multiplier 1 - 4p + 2p^2 and (1 - p)^2:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        sources=(PUBLISHED,),
        optimizer="sgd",
        **derived_in("stability", "sgd_deviation"),
    ),
    Claim(
        id="sgd-coupling",
        title="SGD: trajectories with the same noise approach",
        statement=(
            "With random unit-gradient norms, |w|^2 = x A and |unit g|^2 = xi L, the logarithm of the squared norm "
            "answers to its predecessor's by a number strictly between -1 and 1 for 0 < p < 2, p not 1. Two "
            "trajectories that share their noise approach each other, and at most one stationary law exists:"
        ),
        kind=Kind.EXACT,
        setting=Setting.PATHWISE,
        sources=(),
        optimizer="sgd",
        extra_hypotheses=("the unit gradient's norm, instead of being constant, may be any positive random number",),
        **derived_in("stability", "sgd_coupling"),
    ),
    Claim(
        id="sgd-at-one",
        title="SGD on the border p = 1",
        statement=(
            "At p = 1 the weights are replaced by the last gradient step. For n-dimensional Gaussian unit gradients, "
            "n = d - 1 > 2, the logarithm of the squared norm does a random walk and no stationary law exists:"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        sources=("grimmett2020",),
        optimizer="sgd",
        extra_hypotheses=(
            "the unit gradient is Gaussian in the hyperplane orthogonal to w, instead of constant in norm",
        ),
        experiment=_alternating,
        **derived_in("stability", "sgd_border"),
    ),
    Claim(
        id="sgd-at-two",
        title="SGD on the borders p = 0 and p = 2",
        statement="Where a^2 = 1 the norm grows for ever, as the fourth root of the number of steps:",
        kind=Kind.BOUND,
        setting=Setting.PATHWISE,
        sources=(),
        optimizer="sgd",
        **derived_in("stability", "sgd_limit"),
    ),
    Claim(
        id="sgdm-region",
        title="SGD with momentum: region of attraction",
        statement=(
            "In x = p (1 - tau)/(1 + alpha) the multipliers are alpha^2 and a pair of product alpha. All lie inside "
            "the unit circle exactly for 0 < x < 2, x not 1; at x = 1 one is -1:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        sources=(PUBLISHED,),
        optimizer="sgdm",
        **derived_in("stability", "sgdm_region"),
    ),
    Claim(
        id="sgdm-oscillation",
        title="SGD with momentum: onset of oscillation",
        statement=(
            "The slow pair is complex, of modulus sqrt(alpha), exactly between the two edges below, and no decay per "
            "step converges faster than sqrt(alpha). The onset lies at 1/4 to 0.3 of the published threshold "
            "p < (1 - sqrt(alpha))^2, at tau = 0:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        sources=(PUBLISHED,),
        optimizer="sgdm",
        **derived_in("stability", "sgdm_oscillation"),
    ),
    Claim(
        id="sgdm-at-one",
        title="SGD with momentum on the border x = 1",
        statement=(
            "At x = 1 the weights know only those of two steps ago and one gradient. In the mean field the squared "
            "norm may alternate for ever between any two values of the product below:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        sources=(),
        optimizer="sgdm",
        **derived_in("stability", "sgdm_border"),
    ),
    Claim(
        id="nesterov-region",
        title="Nesterov momentum: existence, and no alternation",
        statement=(
            "With coupled L2 and momentum 0 < alpha < 1, as PyTorch applies it, the equilibrium exists below the "
            "limit, and no multiplier is ever -1 there:"
        ),
        kind=Kind.EXACT,
        setting=Setting.MEAN_FIELD,
        sources=(),
        **derived_in("stability", "nesterov_region"),
    ),
]
