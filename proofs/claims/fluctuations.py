"""Claims about fluctuations of norm and angle around the mean field."""

from __future__ import annotations

from functools import cache, partial
from typing import TYPE_CHECKING

from proofs.claim import Claim, Kind, Setting
from proofs.claims.loading import derived_in
from theory.derivation import recorded

if TYPE_CHECKING:
    from proofs.comparison import Confrontation

SEED = 30
SMALL = "v and 1/d are small: what is left out is quadratic in them"
ENERGY = (
    "v is the relative variance of the squared unit-gradient norm, independent from step to step "
    "(2/(d-1) for Gaussian gradients)"
)
ISOTROPIC = "given the past the direction of g is isotropic in the hyperplane orthogonal to w"
WALK = "the coordinates of the input are independent and identically distributed, in time and among themselves"


@recorded
@cache
def _sgd(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.fluctuation import fluctuation

    points = [({"lr": 0.5, "wd": 0.6}, 33), ({"lr": 0.5, "wd": 1.2}, 65), ({"lr": 0.5, "wd": 2.8}, 65)]
    claim = "sgd-norm-variance, sgd-angle-fluctuation"
    return [
        fluctuation(claim, "sgd", chosen, Bench("sphere", dim, 64, SEED, device), steps=1500, burn_in=100)
        for chosen, dim in points
    ]


def _sgd_mean(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.fluctuation import sgd_mean

    points = [({"lr": 0.5, "wd": 0.6}, 33), ({"lr": 0.5, "wd": 1.2}, 129)]
    return [sgd_mean(chosen, Bench("sphere", dim, 64, SEED, device), steps=1500, burn_in=100) for chosen, dim in points]


@recorded
@cache
def _sgdm(device: str) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.fluctuation import fluctuation

    points = [
        ({"lr": 0.5, "wd": 0.4, "momentum": 0.5}, "sphere", 65),
        ({"lr": 0.5, "wd": 0.4, "momentum": 0.5}, "fixed", 65),
        ({"lr": 0.5, "wd": 1.2, "momentum": 0.8, "dampening": 0.5}, "sphere", 129),
    ]
    claim = "sgdm-norm-variance, sgdm-angle-fluctuation"
    return [
        fluctuation(claim, "sgdm", chosen, Bench(law, dim, 64, SEED, device), steps=1500, burn_in=200)
        for chosen, law, dim in points
    ]


def _walk(device: str, quantities: tuple[int, ...]) -> list[Confrontation]:
    from proofs.confrontation import Bench
    from proofs.fluctuation import fluctuation, walk_variance

    chosen = {"lr": 0.5, "wd": 0.6, "beta1": 0.5}
    claim = "random-walk-angle-fluctuation" if 2 in quantities else "random-walk-norm-variance"
    bench = Bench("iid", 32, 64, SEED, device)
    found = [fluctuation(claim, "adamw", chosen, bench, steps=1500, burn_in=100, quantities=quantities)]
    return found if 2 in quantities else [*found, walk_variance(chosen, bench, rarity=8, steps=1500, burn_in=100)]


CLAIMS = [
    Claim(
        id="norm-above-mean-field",
        title="The mean field is a lower bound",
        statement=(
            "With scale-invariant gradients and any law of the unit gradient's norm and direction, the true mean "
            "square of the norm at stationarity is at least the mean field, and equal where the norm is constant:"
        ),
        kind=Kind.BOUND,
        setting=Setting.EXPECTATION,
        sources=("wan2021spherical",),
        optimizer="sgdm",
        **derived_in("fluctuations", "above_mean_field"),
    ),
    Claim(
        id="sgd-norm-variance",
        title="SGD: fluctuation of the norm",
        statement="At stationarity the squared norm has, to leading order in v, the relative variance",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        states=("sgd.relative_variance",),
        sources=("wan2021spherical",),
        optimizer="sgd",
        extra_hypotheses=(ENERGY, SMALL),
        experiment=_sgd,
        **derived_in("fluctuations", "sgd_variance"),
    ),
    Claim(
        id="sgd-norm-shift",
        title="SGD: mean of the squared norm beyond the mean field",
        statement=(
            "At stationarity the mean of the squared norm exceeds the mean field A to second order in v by the "
            "fraction below, where kappa v^2 is the third central moment of the squared unit-gradient norm over L^3 "
            "(kappa = 2 for Gaussian gradients):"
        ),
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        states=("sgd.squared_norm_shift",),
        sources=("wan2021spherical",),
        optimizer="sgd",
        extra_hypotheses=(
            ENERGY,
            "the fourth moment of its noise is 3 v^2 + O(v^3), as for a sum of many independent parts",
            "v is small: what is left out is cubic in it",
        ),
        experiment=_sgd_mean,
        **derived_in("fluctuations", "sgd_shift"),
    ),
    Claim(
        id="sgd-angle-fluctuation",
        title="SGD: fluctuation of the angle",
        statement=(
            "At stationarity the angle of a single step has, to leading order in v, the variance and the mean below, "
            "where theta is the angle of sgd-angle:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        states=("sgd.angle_variance", "sgd.angle_shift"),
        sources=("wan2021spherical",),
        optimizer="sgd",
        extra_hypotheses=(ENERGY, SMALL),
        experiment=_sgd,
        **derived_in("fluctuations", "sgd_angle"),
    ),
    Claim(
        id="smd-noise-floor",
        title="SGD: the noise floor of the spherical motion theorem",
        statement=(
            "The mean square deviation of the squared norm tends, to leading order in the variance V of the squared "
            "unit-gradient norm, to the value below. The published constant is larger by the factor below, which is "
            "at least 8 for p < 1/2:"
        ),
        kind=Kind.BOUND,
        setting=Setting.EXPECTATION,
        sources=("wan2021spherical",),
        optimizer="sgd",
        extra_hypotheses=("l is a lower bound on the squared unit-gradient norm, as in the theorem", SMALL),
        **derived_in("fluctuations", "noise_floor"),
    ),
    Claim(
        id="sgdm-norm-variance",
        title="SGD with momentum: fluctuation of the norm",
        statement=(
            "At stationarity the squared norm has, to leading order, the relative variance below; the noise v~ is the "
            "relative variance of the squared gradient plus 2 alpha <m, g>:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        states=("sgdm.relative_variance",),
        sources=("wan2021spherical",),
        optimizer="sgdm",
        extra_hypotheses=(ENERGY, ISOTROPIC, SMALL),
        experiment=_sgdm,
        **derived_in("fluctuations", "sgdm_variance"),
    ),
    Claim(
        id="sgdm-angle-fluctuation",
        title="SGD with momentum: fluctuation of the angle",
        statement="At stationarity the angle of a single step has, to leading order, the variance and the mean",
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        states=("sgdm.angle_variance", "sgdm.angle_shift"),
        sources=("wan2021spherical",),
        optimizer="sgdm",
        extra_hypotheses=(ENERGY, ISOTROPIC, SMALL),
        experiment=_sgdm,
        **derived_in("fluctuations", "sgdm_angle"),
    ),
    Claim(
        id="random-walk-norm-variance",
        title="AdamW: fluctuation of the norm",
        statement=(
            "With independent coordinates of excess kurtosis K (0 for Gaussian gradients) the squared norm has at "
            "every dimension the relative variance"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        sources=(),
        optimizer="adamw",
        extra_hypotheses=(WALK,),
        experiment=partial(_walk, quantities=(0,)),
        **derived_in("fluctuations", "walk_variance"),
    ),
    Claim(
        id="random-walk-angle-fluctuation",
        title="AdamW: fluctuation of the angle",
        statement=(
            "With independent Gaussian coordinates the angle of a single step has, to leading order in 1/d, "
            "the variance below, and its mean is the angle of the second moments:"
        ),
        kind=Kind.LIMIT,
        setting=Setting.EXPECTATION,
        sources=("grimmett2020",),
        optimizer="adamw",
        extra_hypotheses=(WALK, "the input is Gaussian", "1/d is small: what is left out is quadratic in it"),
        experiment=partial(_walk, quantities=(2, 3)),
        **derived_in("fluctuations", "walk_angle"),
    ),
    Claim(
        id="mean-angle-over-rms-angle",
        title="Mean angle against RMS angle",
        statement=(
            "As the decay per step tends to zero the angle is proportional to the length of the tangential step. "
            "Where that is an isotropic Gaussian vector in n = d - 1 dimensions the mean falls short of the RMS by"
        ),
        kind=Kind.EXACT,
        setting=Setting.EXPECTATION,
        sources=("grimmett2020",),
        **derived_in("fluctuations", "chi"),
    ),
]
