"""Where mutants are tried: points of each rule's domain, and what a design says there of any number."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache, cached_property
from itertools import islice
from typing import Any

import numpy as np

import theory
from numerics import Result
from numerics.accumulate import QUANTITIES
from numerics.seeding import mixed
from proofs.comparison import Confrontation
from proofs.confrontation.designs import long_run_of, perturbation, simulated, stationarity
from proofs.confrontation.mutants import FILTERS, NORM, RATE, SIGNS, SLOW
from proofs.confrontation.signs import LAGS, WARM, lion_perturbation, sign_correlation, sign_stationarity
from proofs.confrontation.subject import Bench, Predicted
from proofs.layers.simulation import FIELD
from theory.catalogue import REFINED
from theory.prediction import symbol_values

SEED = 47
DRAWN = 2
"""Points that are drawn from the domain and simulated, beside the chosen ones."""
UNSEEN = 12
"""Points that are drawn only to compare formulas."""
SCALE_INVARIANT_RATE = ("sgd", "sgdm", "sgdw", "nesterov", "nesterovw", "adam_l2", "rmsprop", "lars")
"""Rules whose Jacobian knows how the gradient answers to |w|."""

LATE = 1e14
"""A step of NAdam at which mu and the next step's differ by rounding, while t psi is as large as one wants.

The theory takes them as one; torch weighs the average by the next step's.
"""
AVERAGED = 12000
"""Steps of a long run that are averaged."""
KURTOSES = {"iid": 3.0, "laplace": 6.0}
"""The kurtosis of a coordinate under the laws of the long runs."""
RANGES: dict[str, Callable[[float], float]] = {
    "lr": lambda share: 10 ** (share - 1),
    "grad_norm": lambda share: 10 ** (2 * share - 1),
    "trust": lambda share: 0.1 + share,
    "momentum": lambda share: 0.95 * share,
    "dampening": lambda share: 0.9 * share,
    "beta1": lambda share: 0.95 * share,
    "beta2": lambda share: 0.95 * share,
    "at_step": lambda share: LATE,
    "momentum_decay": lambda share: 20 * share / LATE,
}
"""Where hyper-parameters are drawn from, by a number in [0, 1)."""
CHOSEN: dict[str, list[dict[str, float]]] = {
    "sgd": [{"lr": 0.5, "wd": 0.7, "grad_norm": 1.5}, {"lr": 0.1, "wd": 1e-4}, {"lr": 0.5, "wd": 3.0}],
    "sgdm": [
        {"lr": 0.5, "wd": 0.7, "momentum": 0.6, "dampening": 0.3, "grad_norm": 1.5},
        {"lr": 0.5, "wd": 0.2, "momentum": 0.3, "dampening": 0.6, "grad_norm": 1.5},
        {"lr": 0.5, "wd": 0.2, "momentum": 0.1, "dampening": 0.2, "grad_norm": 1.5},
        {"lr": 0.1, "wd": 1e-4, "momentum": 0.9},
        {"lr": 0.5, "wd": 3.0, "momentum": 0.5},
    ],
    "nesterov": [{"lr": 0.5, "wd": 0.7, "momentum": 0.6, "grad_norm": 1.5}, {"lr": 0.1, "wd": 0.1, "momentum": 0.9}],
    "nesterovw": [
        {"lr": 0.5, "wd": 0.7, "momentum": 0.6, "grad_norm": 1.5},
        {"lr": 0.5, "wd": 3.0, "momentum": 0.8},
        {"lr": 0.1, "wd": 0.1, "momentum": 0.9},
    ],
    "ngd": [{"lr": 0.5, "wd": 0.7}, {"lr": 0.1, "wd": 0.5}],
    "adamw": [
        {"lr": 0.5, "wd": 0.7, "beta1": 0.6, "dim": 64},
        {"lr": 6e-4, "wd": 0.1, "beta1": 0.9, "dim": 64},
        {"lr": 0.5, "wd": 3.0, "beta1": 0.5, "dim": 64},
    ],
    "nadamw": [
        {"lr": 0.5, "wd": 0.7, "beta1": 0.6, "dim": 64, "at_step": LATE, "momentum_decay": 3 / LATE},
        {"lr": 0.5, "wd": 1.4, "beta1": 0.8, "dim": 64, "at_step": LATE, "momentum_decay": 15 / LATE},
        {"lr": 0.1, "wd": 0.5, "beta1": 0.9, "dim": 64},
    ],
    "rmspropw": [{"lr": 0.5, "wd": 0.7, "dim": 64}, {"lr": 0.1, "wd": 0.5, "dim": 64}],
    "lars": [
        {"lr": 2.0, "wd": 0.7, "momentum": 0.6, "trust": 0.3, "grad_norm": 1.5},
        {"lr": 1.0, "wd": 0.5, "momentum": 0.9, "trust": 0.1},
    ],
    "lamb": [{"lr": 0.6, "wd": 0.7, "beta1": 0.6, "dim": 1024}, {"lr": 0.1, "wd": 0.5, "beta1": 0.9, "dim": 1024}],
    "lion": [
        {"lr": 0.5, "wd": 0.7, "beta1": 0.5, "beta2": 0.7, "dim": 128},
        {"lr": 0.5, "wd": 3.0, "beta1": 0.6, "beta2": 0.5, "dim": 128},
        {"lr": 0.5, "wd": 1.4, "beta1": 0.95, "beta2": 0.9, "dim": 128},
        {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "beta2": 0.99, "dim": 128},
    ],
    "signum": [
        {"lr": 0.5, "wd": 0.7, "beta1": 0.6, "dim": 128},
        {"lr": 0.5, "wd": 3.0, "beta1": 0.5, "dim": 128},
        {"lr": 0.5, "wd": 1.4, "beta1": 0.95, "dim": 128},
        {"lr": 0.1, "wd": 0.1, "beta1": 0.9, "dim": 128},
    ],
    "adamw_beta2": [{"lr": 0.8, "wd": 0.7, "beta1": 0.5, "beta2": 0.995}],
    "nadamw_beta2": [{"lr": 0.8, "wd": 0.7, "beta1": 0.5, "beta2": 0.995, "momentum_decay": 1.0}],
    "rmspropw_beta2": [{"lr": 0.8, "wd": 0.7, "beta2": 0.995}],
}
"""A point where every term of the formulas weighs, a recipe or a point of the layer, one at a large decay."""
CHOSEN |= {
    "sgdw": CHOSEN["sgdm"], "signsgd": CHOSEN["rmspropw"],
    "adam_l2": [{**point, "grad_norm": 1.5} for point in CHOSEN["adamw"]],
    "nadam_l2": [{**point, "grad_norm": 1.5} for point in CHOSEN["nadamw"]],
    "rmsprop": [{**point, "grad_norm": 1.5} for point in CHOSEN["rmspropw"]],
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Trial:
    """One point of a rule's domain with a bench: what the designs say there of a number."""

    optimizer: str
    hyperparameters: dict[str, float]
    bench: Bench

    @cached_property
    def expected(self) -> Predicted:
        """Theory's prediction."""
        return Predicted.of(self.optimizer, self.hyperparameters)

    @cache  # noqa: B019
    def values(self, rule: str) -> dict[str, float] | None:
        """Numbers for the symbols of a rule's formulas here; None where that rule has no equilibrium."""
        compiled = theory.load(rule)
        known = {name: value for name, value in self.hyperparameters.items() if compiled.takes(name)}
        try:
            return symbol_values(compiled, theory.complete(rule, known))
        except theory.NoEquilibrium:
            return None

    @cached_property
    def _long(self) -> Result:
        """A long run less what the same noise does to the rule with v at its mean, whose equilibrium is exact."""
        own, bench = self.hyperparameters, self.bench
        burn_in = math.ceil(WARM / (1 - own["beta2"]))
        rule = next(rule for rule, refined in REFINED.items() if refined == self.optimizer)
        known = {name: value for name, value in own.items() if theory.load(rule).takes(name)}
        run, still = (
            simulated(name, at, bench, steps=burn_in + AVERAGED, burn_in=burn_in)
            for name, at in ((self.optimizer, own), (rule, known))
        )
        exact = Predicted.of(rule, known)
        mean, squared = run.mean.copy(), float(exact.moments[0, 0])
        for name, value in (("squared_norm", squared), ("lost_overlap", squared * exact.one_minus_cosine)):
            row = QUANTITIES.index(name)
            mean[row] -= still.mean[row] - value
        return replace(run, mean=mean)

    def shown(self, quantity: str, value: Any, entry: tuple[int, int] | None = None) -> Confrontation:
        """The confrontation with this value of the quantity in the place of theory's."""
        with np.errstate(all="ignore"):
            return self._shown(quantity, value, entry)

    def _shown(self, quantity: str, value: Any, entry: tuple[int, int] | None) -> Confrontation:
        optimizer, point, bench = self.optimizer, self.hyperparameters, self.bench
        if quantity == SIGNS:
            return sign_correlation(point, bench, LAGS, value)
        if quantity == SLOW and optimizer not in FILTERS:
            return perturbation(optimizer, point, self._rate_bench, value)
        if quantity in (RATE, SLOW):
            row, column = entry or (0, 0)
            jacobian = self.expected.jacobian.copy()
            jacobian[row, column] = value
            predicted = self.expected.replaced(jacobian=jacobian)
            if optimizer in FILTERS:
                return lion_perturbation(point, bench, predicted)
            return perturbation(optimizer, point, self._rate_bench, moment=column, predicted=predicted)
        predicted = self.expected.replaced(**{"squared_norm" if quantity == NORM else "one_minus_cosine": value})
        if optimizer in FILTERS:
            return sign_stationarity(optimizer, point, bench, predicted)
        if optimizer in REFINED.values():
            return long_run_of(self._long, optimizer, point, bench, predicted)
        return stationarity(optimizer, point, bench, predicted)

    @property
    def _rate_bench(self) -> Bench:
        law = "fixed" if self.optimizer in SCALE_INVARIANT_RATE else "iid"
        return Bench(law=law, dim=self.bench.dim, replicas=self.bench.replicas, seed=self.bench.seed)


def trials(optimizer: str) -> tuple[Trial, ...]:
    """The points at which a rule's mutants are simulated: the chosen ones, then drawn ones."""
    return _trials(optimizer, SEED)


@cache
def _trials(optimizer: str, seed: int) -> tuple[Trial, ...]:
    finite = optimizer in REFINED.values()
    points = [*CHOSEN[optimizer], *(() if finite else islice(drawn(optimizer), DRAWN))]
    return tuple(_trial(optimizer, point, law, seed) for point in points for law in laws(optimizer))


def unseen(optimizer: str) -> list[Trial]:
    """More points of the domain, where formulas are compared and nothing is simulated."""
    points = islice(drawn(optimizer), DRAWN, DRAWN + UNSEEN)
    return [_trial(optimizer, point, laws(optimizer)[0], SEED) for point in points]


def laws(optimizer: str) -> tuple[str, ...]:
    """The gradients under which a rule's moments are confronted, as in the simulation layer."""
    if optimizer in REFINED.values():
        return tuple(KURTOSES)
    if optimizer in FILTERS:
        return ("iid",)
    return (FIELD[optimizer][0][0] if optimizer in FIELD else "fixed",)


def _trial(optimizer: str, point: Mapping[str, float], law: str, seed: int) -> Trial:
    if optimizer not in REFINED.values():
        replicas = 1024 if law == "fixed" else 4096 * 64 // int(point.get("dim", 64))
        return Trial(optimizer, dict(point), Bench(law, int(point.get("dim", 64)), replicas, seed))
    bench = Bench(law=law, dim=256, replicas=128, seed=seed)
    return Trial(optimizer, {**point, "kurtosis": KURTOSES[law], "dim": bench.dim}, bench)


def drawn(optimizer: str) -> Iterator[dict[str, float]]:
    """Points of the rule's domain, for ever, the same at every call with one base seed."""
    generator = np.random.default_rng(mixed(SEED, len(optimizer)))
    rule = theory.load(optimizer)
    while True:
        point = {p.name: RANGES[p.name](generator.random()) for p in rule.parameters if p.name in RANGES}
        point["dim"] = CHOSEN[optimizer][0].get("dim", 64)
        point["wd"] = math.exp(generator.uniform(math.log(1e-2), math.log(1.5))) / point["lr"]
        point = {name: value for name, value in point.items() if rule.takes(name)}
        try:
            Predicted.of(optimizer, point)
        except theory.NoEquilibrium:
            continue
        yield point
