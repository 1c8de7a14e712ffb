"""Mutants of the rules at finite beta2 before exact quadrature, where a long run sees too little of them.

Their claims are of first order in 1 - beta2. A simulation cannot come near enough to beta2 = 1 to tell a coefficient of
that order from the order that is left out; quadrature can, and nothing of the theory's expansion enters it. What is
equal to the truth to first order is not wrong by what the claims state.
"""

from __future__ import annotations

from functools import cache

from proofs.beta2_quadrature import Quadrature
from proofs.confrontation.mutants import NORM
from proofs.confrontation.subject import Bench
from proofs.confrontation.trials import LATE, Trial, unseen
from theory.catalogue import REFINED
from theory.compiled import load

DESIGN = "quadrature"
NEAR, NEARER = 1e-4, 1e-7
"""1 - beta2 where quadrature judges, and where formulas that are equal to first order count as equal."""
POINTS = (
    {"lr": 0.8, "wd": 0.7, "beta1": 0.5, "at_step": LATE, "momentum_decay": 3 / LATE, "kurtosis": 3.0},
    {"lr": 0.5, "wd": 0.2, "beta1": 0.8, "at_step": LATE, "momentum_decay": 15 / LATE, "kurtosis": 6.0},
)
"""Without beta2; NAdam's momentum has not reached its limit there."""
ROOM = 2.0
"""How many times what the rule says it leaves out an exact value may lie away."""


def is_expanded(optimizer: str) -> bool:
    """Whether a rule's formulas are of first order in 1 - beta2."""
    return optimizer in REFINED.values()


@cache
def points(optimizer: str) -> tuple[Trial, ...]:
    """Where quadrature judges."""
    takes = load(optimizer).takes
    return tuple(
        Trial(optimizer, {name: value for name, value in point.items() if takes(name)} | {"beta2": 1 - NEAR}, Bench(""))
        for point in POINTS
    )


@cache
def nearer(optimizer: str) -> tuple[Trial, ...]:
    """Points of the whole domain, so near to beta2 = 1 that only the first order of 1 - beta2 is seen."""
    return tuple(
        Trial(optimizer, trial.hyperparameters | {"beta2": 1 - NEARER}, trial.bench) for trial in unseen(optimizer)
    )


@cache
def exact(trial: Trial, quantity: str) -> float:
    """E|w|^2 or 1 - cos by quadrature, for gradients whose squares are gamma distributed."""
    values = trial.values(trial.optimizer)
    assert values is not None
    contraction, beta1 = 1 - values["p"], values.get("beta_1", 0.0)
    at = Quadrature(beta1, values["beta_2"], values["K"], values.get("mu", 1.0))
    if quantity == NORM:
        return values["d"] * values["eta"] ** 2 * at.walk(contraction) / (1 - contraction**2)
    return at.one_minus_cosine(contraction)


def allowed(trial: Trial) -> float:
    """The relative distance from the exact value at which a number is rejected."""
    return ROOM * trial.expected.neglected
