"""The simulation layer: confrontations at fixed points of each claim's domain.

The property tests draw from the whole domain; this layer is the quick version that a build runs.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterable
from functools import cache, partial

from numerics import LAWS
from proofs.claim import Claim
from proofs.comparison import Confrontation
from proofs.confrontation import (
    WARM,
    Bench,
    lion_perturbation,
    long_run,
    perturbation,
    sign_correlation,
    sign_stationarity,
    stationarity,
)
from proofs.domain import in_rates, inside, named
from proofs.verdict import Outcome, Verdict
from theory.optimizers.hypotheses import SCALE_INVARIANT

SEED = 20
POINTS: dict[str, list[dict[str, float]]] = {
    "sgd": [{"lr": 0.1, "wd": 1e-4}, {"lr": 0.5, "wd": 0.3}, {"lr": 0.5, "wd": 3.0}],
    "sgdm": [
        {"lr": 0.1, "wd": 1e-4, "momentum": 0.9},
        {"lr": 0.1, "wd": 0.5, "momentum": 0.99, "dampening": 0.9},
        {"lr": 0.5, "wd": 4.0, "momentum": 0.5},
    ],
    "adamw": [
        {"lr": 6e-4, "wd": 0.1, "beta1": 0.9, "dim": 64},
        {"lr": 0.1, "wd": 0.5, "beta1": 0.99, "dim": 64},
        {"lr": 0.5, "wd": 3.0, "beta1": 0.5, "dim": 64},
    ],
    "lion": [
        {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "beta2": 0.99, "dim": 128},
        {"lr": 0.1, "wd": 1.0, "beta1": 0.95, "beta2": 0.9, "dim": 128},
        {"lr": 0.5, "wd": 3.0, "beta1": 0.5, "beta2": 0.5, "dim": 128},
    ],
}

FIELD: dict[str, tuple[tuple[str, ...], list[dict[str, float]]]] = {
    "sgdw": (("fixed", "sphere"), [{"lr": 0.1, "wd": 0.5, "momentum": 0.9}]),
    "nesterov": (("fixed", "sphere"), [{"lr": 0.1, "wd": 0.1, "momentum": 0.9}]),
    "nesterovw": (("fixed", "sphere"), [{"lr": 0.1, "wd": 0.5, "momentum": 0.9}]),
    "rmspropw": (("iid", "fixed"), [{"lr": 0.1, "wd": 0.5, "dim": 64}]),
    "nadamw": (("iid", "fixed"), [{"lr": 0.1, "wd": 0.5, "beta1": 0.9, "dim": 64}]),
    "adam_l2": (
        ("fixed",),
        [{"lr": 0.05, "wd": 0.5, "beta1": 0.9, "dim": 64}, {"lr": 0.5, "wd": 2.0, "beta1": 0.5, "dim": 64}],
    ),
    "nadam_l2": (("fixed",), [{"lr": 0.05, "wd": 0.5, "beta1": 0.9, "dim": 64}]),
    "rmsprop": (("fixed",), [{"lr": 0.05, "wd": 0.5, "dim": 64}]),
    "ngd": (("iid", "fixed"), [{"lr": 0.1, "wd": 0.5}]),
    "signsgd": (("iid", "fixed"), [{"lr": 0.1, "wd": 0.5, "dim": 64}]),
    "lars": (("fixed",), [{"lr": 1.0, "wd": 0.5, "momentum": 0.9, "trust": 0.1}]),
    "lamb": (
        ("iid", "sphere"),
        [{"lr": 0.1, "wd": 0.5, "beta1": 0.9, "dim": 1024}, {"lr": 0.5, "wd": 2.0, "beta1": 0.5, "dim": 1024}],
    ),
}
"""Rules that are confronted by one step from their predicted moments: gradient laws and points."""

SIGNUM = [{"lr": 0.1, "wd": 0.1, "beta1": 0.9, "dim": 128}, {"lr": 0.5, "wd": 3.0, "beta1": 0.5, "dim": 128}]
GAUSSIAN, LAPLACE = ("iid", {"beta2": 0.98, "kurtosis": 3.0}), ("laplace", {"beta2": 0.99, "kurtosis": 6.0})
FINITE_BETA2: dict[str, tuple[dict[str, float], tuple[tuple[str, dict[str, float]], ...]]] = {
    "adamw_beta2": ({"beta1": 0.5}, (GAUSSIAN, LAPLACE)),
    "nadamw_beta2": ({"beta1": 0.5, "momentum_decay": 1.0}, (GAUSSIAN,)),
    "rmspropw_beta2": ({}, (GAUSSIAN,)),
}
"""Rules that are confronted by long runs: their own settings (NAdam's momentum is soon at its limit) and gradients."""


def applies(claim: Claim) -> bool:
    """Whether the claim speaks of something that a simulation measures."""
    return claim.experiment is not None or claim.id in _designs("cpu")


def confront(claim: Claim, device: str = "cpu") -> list[Confrontation]:
    """Every confrontation of the claim at its fixed points."""
    return _experiment(claim.experiment, device) if claim.experiment is not None else _designs(device)[claim.id]()


@cache
def _experiment(experiment: Callable[[str], list[Confrontation]], device: str) -> list[Confrontation]:
    """An experiment that several claims share, run once."""
    return experiment(device)


def check(claim: Claim, device: str = "cpu") -> Verdict:
    """Confront the claim; refuted when any comparison fails."""
    begin = time.perf_counter()
    found = confront(claim, device)
    failed = [c.report() for c in found if not c.agrees]
    met = [c for c in found if meets(claim, c)]
    designs = sorted({c.design for c in found})
    return Verdict(
        "simulation-gpu" if device == "cuda" else "simulation-cpu",
        Outcome.REFUTED if failed else Outcome.HOLDS if met else Outcome.UNDECIDED,
        f"{', '.join(designs)} at {len(found)} points, {found[0].false_alarm:g} false alarms a confrontation",
        time.perf_counter() - begin,
        ({"failed": failed} if failed else {"smallest_p_value": min(c.p_value for c in found)})
        | {"inside": len(met), "outside": len(found) - len(met), "points": [dict(c.hyperparameters) for c in found]}
        | {"resolves": resolved(claim, found), "comparisons": [recorded(c) for c in found]},
    )


def recorded(confrontation: Confrontation) -> dict[str, object]:
    """A confrontation as plain data: where it was, what repeats it, and each number beside its prediction."""
    return {
        "design": confrontation.design,
        "at": {**confrontation.hyperparameters, **confrontation.conditions},
        "p_value": confrontation.p_value,
        "command": confrontation.command,
        "statistics": [
            {"name": s.name, "predicted": s.predicted, "measured": s.measured.value, "error": s.error}
            for s in confrontation.statistics
        ],
    }


def resolved(claim: Claim, confrontations: Iterable[Confrontation]) -> float | None:
    """The least relative error of what the claim states that one of the confrontations rejects 99 times in 100.

    None where every prediction is zero, so that an error is no fraction of it.
    """
    quantity = claim.id.rpartition("-")[2]
    found = (c.resolves(quantity if quantity in c.resolution else "") for c in confrontations)
    return min((error for error in found if math.isfinite(error)), default=None)


def meets(claim: Claim, confrontation: Confrontation) -> bool:
    """Whether a confrontation lies in the claim's domain, under a gradient law that has what the claim assumes."""
    law = LAWS.get(str(confrontation.conditions.get("law")))
    if law is not None and SCALE_INVARIANT[0] in claim.hypotheses and not law.scale_invariant:
        return False
    return inside(named(confrontation.hyperparameters), in_rates(claim.domain()))


@cache
def _designs(device: str) -> dict[str, Callable[[], list[Confrontation]]]:
    found: dict[str, Callable[[], list[Confrontation]]] = {}
    for optimizer in ("sgd", "sgdm", "adamw"):
        found[f"{optimizer}-norm"] = found[f"{optimizer}-angle"] = partial(_equilibrium, optimizer, device)
        found[f"{optimizer}-rate"] = partial(_rates, optimizer, device)
    for optimizer in FIELD:
        found[f"{optimizer}-norm"] = found[f"{optimizer}-angle"] = partial(_one_step, optimizer, device)
    for optimizer in FINITE_BETA2:
        found[f"{optimizer}-norm"] = found[f"{optimizer}-angle"] = partial(_finite_beta2, optimizer, device)
    found["signum-norm"] = found["signum-angle"] = partial(_signs, "signum", device)
    found["lion-norm"] = found["lion-angle"] = partial(_signs, "lion", device)
    found["lion-rate"] = partial(_lion, lion_perturbation, device)
    found["lion-autocorrelation"] = partial(_lion, sign_correlation, device)
    return found


@cache
def _equilibrium(optimizer: str, device: str) -> list[Confrontation]:
    points = POINTS[optimizer]
    found = [stationarity(optimizer, p, _bench(law, device)) for p in points for law in ("fixed", "sphere")]
    law = "iid" if optimizer == "adamw" else "fixed"
    # Few replicas of many coordinates: the finite-d remainder of the mean field stays below the error bar.
    wide = Bench(law=law, dim=int(points[1].get("dim", 2048)), replicas=32, device=device, seed=SEED)
    return [*found, long_run(optimizer, points[1], wide, steps=1500, burn_in=1000)]


@cache
def _one_step(optimizer: str, device: str) -> list[Confrontation]:
    laws, points = FIELD[optimizer]
    benches = [(point, _bench(law, device, int(point.get("dim", 64)))) for point in points for law in laws]
    return [stationarity(optimizer, point, bench) for point, bench in benches]


@cache
def _finite_beta2(optimizer: str, device: str) -> list[Confrontation]:
    chosen, gradients = FINITE_BETA2[optimizer]
    found = []
    for law, at in gradients:
        bench = Bench(law=law, dim=256, replicas=256, device=device, seed=SEED)
        # A bias-corrected v misses its mean by nothing; without the correction it must grow to its mean first.
        burn_in = math.ceil((WARM / 2 if "beta1" in chosen else WARM) / (1 - at["beta2"]))
        point = {"lr": 1.0, "wd": 0.6, "dim": bench.dim, **chosen, **at}
        found.append(long_run(optimizer, point, bench, steps=burn_in + 60, burn_in=burn_in))
    return found


@cache
def _signs(optimizer: str, device: str) -> list[Confrontation]:
    points = SIGNUM if optimizer == "signum" else POINTS[optimizer]
    return [sign_stationarity(optimizer, point, _bench("iid", device, int(point["dim"]))) for point in points]


def _rates(optimizer: str, device: str) -> list[Confrontation]:
    laws = ("iid",) if optimizer == "adamw" else ("fixed", "sphere")
    return [perturbation(optimizer, point, _bench(law, device)) for point in POINTS[optimizer] for law in laws]


@cache
def _lion(design: Callable[..., Confrontation], device: str) -> list[Confrontation]:
    return [design(point, _bench("iid", device, int(point["dim"]))) for point in POINTS["lion"]]


def _bench(law: str, device: str, dim: int = 64) -> Bench:
    return Bench(law=law, dim=dim, device=device, seed=SEED)
