"""A rule that a reader wrote in SymPy: read from its file, derived, confronted with its own lines as a simulator."""

from __future__ import annotations

import math
import runpy
import traceback
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import theory
from smd.simulating import MissingExtra

if TYPE_CHECKING:
    from sympy import Expr

    from proofs.comparison import Confrontation
    from theory.compiled import CompiledRule

Stage = Callable[[int, int, str], None]
STAGES = ("norm and angle", "leading orders", "convergence", "numbers", "one step", "twins")
RULE = "rule"
"""The name that decides where a file holds several rules."""
LEAST_INDEPENDENCE = 1e-9
"""Below this eigenvalue of the states' correlation matrix they do not move on their own."""


class BadRuleFile(ValueError):
    """A file from which no rule can be read, or a rule that cannot be derived; the message says which and why."""


@dataclass(frozen=True)
class Formula:
    """One derived quantity: exact, and its leading order in p = lr*wd with the relative order of what that neglects."""

    name: str
    exact: Expr | None
    leading: Expr
    neglected: Expr | None

    def latex(self) -> dict[str, str]:
        """LaTeX of each side."""
        from proofs.latex import latex

        parts = {"exact": self.exact, "leading_order": self.leading, "neglected": self.neglected}
        return {name: latex(part) for name, part in parts.items() if part is not None}


@dataclass(frozen=True)
class Derivation:
    """Formulas, numbers and confrontations of one rule.

    ``exists_below`` is the p = lr*wd at which E|w|^2 diverges, as a number and, where it has radicals,
    in ``exists_below_formulas``. ``notes`` say what a reader must know of the confrontation.
    """

    rule: theory.UpdateRule
    prediction: theory.Prediction
    formulas: tuple[Formula, ...]
    exists_below: float
    exists_below_formulas: tuple[Expr, ...]
    confrontations: tuple[Confrontation, ...]
    notes: tuple[str, ...]

    @property
    def agrees(self) -> bool | None:
        """Whether every confrontation agrees; None where none was run."""
        return all(c.agrees for c in self.confrontations) if self.confrontations else None

    def as_json(self) -> dict[str, Any]:
        """The keys of ``smd derive --json``."""
        from dataclasses import asdict

        from proofs.latex import latex

        return {
            **asdict(self.prediction),
            "title": self.rule.title,
            "convention": self.rule.convention,
            "hypotheses": list(self.rule.hypotheses),
            "exists_below": self.exists_below if math.isfinite(self.exists_below) else None,
            "exists_below_latex": [latex(e) for e in self.exists_below_formulas],
            "latex": {f.name: f.latex() for f in self.formulas},
            "agrees": self.agrees,
            "confrontations": [
                {
                    "design": c.design,
                    "p_value": c.p_value,
                    "false_alarm": c.false_alarm,
                    "conditions": dict(c.conditions),
                    "statistics": [
                        {
                            "name": s.name,
                            "predicted": s.predicted,
                            "measured": s.measured.value,
                            "error": s.error,
                            "deviations": s.deviations,
                            "least_difference_seen": c.least_seen(s),
                        }
                        for s in c.statistics
                    ],
                }
                for c in self.confrontations
            ],
            "notes": list(self.notes),
        }


def read_rule(path: Path | str) -> theory.UpdateRule:
    """The update rule of a Python file: its ``rule``, or the only one that it defines; raises BadRuleFile."""
    from theory import OPTIMIZERS, UpdateRule

    path = Path(path)
    if not path.is_file():
        raise BadRuleFile(f"{path}: {'this is a folder' if path.is_dir() else 'there is no such file'}")
    try:
        found = runpy.run_path(str(path))
    except (Exception, SystemExit) as wrong:
        raise BadRuleFile(f"{path}{_line(wrong, path)}: {type(wrong).__name__}: {wrong}") from None
    own = {name: value for name, value in found.items() if isinstance(value, UpdateRule)}
    if RULE in found:
        if RULE not in own:
            raise BadRuleFile(f"{path}: {RULE} is of type {type(found[RULE]).__name__} and no UpdateRule")
        return own[RULE]
    own = {name: value for name, value in own.items() if all(value is not known for known in OPTIMIZERS.values())}
    if not own:
        raise BadRuleFile(f"{path} defines no UpdateRule: write {RULE} = UpdateRule.from_step(name, step, states)")
    if len({id(value) for value in own.values()}) > 1:
        raise BadRuleFile(f"{path} defines several rules, {', '.join(own)}: call the one that is meant {RULE}")
    return next(iter(own.values()))


def _line(wrong: BaseException, path: Path) -> str:
    """Where in the file it happened."""
    if isinstance(wrong, SyntaxError) and wrong.filename == str(path):
        return f", line {wrong.lineno}"
    lines = [frame.lineno for frame in traceback.extract_tb(wrong.__traceback__) if frame.filename == str(path)]
    return f", line {lines[-1]}" if lines else ""


def derive(
    rule: theory.UpdateRule | Path | str,
    *,
    simulate: bool = True,
    dim: int = 64,
    replicas: int = 128,
    seed: int = 0,
    device: str = "cpu",
    on_stage: Stage | None = None,
    **hyperparameters: float | None,
) -> Derivation:
    """The equilibrium of an UpdateRule, or of the file that defines it, at hyper-parameters by name.

    Unless ``simulate`` is False it is confronted with a simulator translated from the same lines, ``replicas`` of
    ``dim`` coordinates: one step from the predicted moments, and twins for the rate. Raises BadRuleFile, OutOfDomain
    for a missing or impossible value, NoEquilibrium where none attracts.
    """
    from sympy.polys.polyerrors import PolynomialError

    from theory.compiled import compile_rule
    from theory.gram import NoFixedPoint
    from theory.prediction import complete_rule, existence_limit, predict_rule, symbol_values
    from theory.stability import divergences

    own = rule if isinstance(rule, theory.UpdateRule) else read_rule(rule)
    if simulate:
        _require_simulation(own)
    chosen = complete_rule(own, hyperparameters)
    stage = _stages(on_stage)
    found = theory.Equilibrium(own)
    try:
        formulas = _formulas(found, stage)
        compiled = compile_rule(found)
    except NoFixedPoint as none:
        raise BadRuleFile(str(none)) from none
    except (ArithmeticError, NotImplementedError, TypeError, ValueError, PolynomialError) as failed:
        raise BadRuleFile(f"{own.name} could not be derived: {type(failed).__name__}: {failed}") from failed
    stage()
    prediction = predict_rule(compiled, chosen, "as it is written")
    below = existence_limit(compiled, symbol_values(compiled, chosen))
    limits = tuple(e for e in divergences(found) if _is_number(e.subs(own.numbers(chosen)), below))
    confronted, notes = _confront(own, compiled, chosen, stage, dim, replicas, seed, device) if simulate else ((), ())
    return Derivation(own, prediction, formulas, below, limits, confronted, notes)


def _stages(on_stage: Stage | None) -> Callable[[], None]:
    names = iter(enumerate(STAGES))

    def next_stage() -> None:
        done, name = next(names)
        if on_stage is not None:
            on_stage(done, len(STAGES), name)

    return next_stage


def _require_simulation(rule: theory.UpdateRule) -> None:
    try:
        import torch  # noqa: F401
    except ModuleNotFoundError as missing:
        raise MissingExtra(
            f"{missing.name} is not installed: the confrontation needs the extra sim, "
            "pip install 'spherical-motion[sim]'; --no-simulation derives without it"
        ) from missing
    if not rule.autocorrelation.is_white:
        raise BadRuleFile(
            f"{rule.name}: its input is correlated, and only white input is simulated here; "
            "--no-simulation derives without a confrontation"
        )


def _formulas(found: theory.Equilibrium, stage: Callable[[], None]) -> tuple[Formula, ...]:
    from theory import geometry
    from theory.forms import positive_factors
    from theory.transient import slow_law

    stage()
    lost = found.display(found.one_minus_cosine)
    exact = found.display(found.norm_power) ** (1 / found.norm_exponent), lost, geometry.angle(lost)
    stage()
    orders = found.norm_leading_order, found.one_minus_cosine_leading_order, found.angle_leading_order
    names = "norm", "one_minus_cosine", "angle"
    formulas = [
        Formula(name, of, order.leading, order.neglected) for name, of, order in zip(names, exact, orders, strict=True)
    ]
    stage()
    if found.rule.gain is None and found.rule.autocorrelation.is_white:
        formulas.append(Formula("convergence_rate", None, 1 - positive_factors(slow_law(found.rule).rate), None))
    return tuple(formulas)


def _is_number(value: Expr, number: float) -> bool:
    return not value.free_symbols and math.isclose(float(value), number, rel_tol=1e-9)


def _confront(
    rule: theory.UpdateRule,
    compiled: CompiledRule,
    chosen: dict[str, float | None],
    stage: Callable[[], None],
    dim: int,
    replicas: int,
    seed: int,
    device: str,
) -> tuple[tuple[Confrontation, ...], tuple[str, ...]]:
    import numpy as np

    from numerics import check_run, device_of
    from proofs.confrontation import Bench, Predicted, Subject, perturbation_of, stationarity_of
    from proofs.translation import SHARED, Translated

    law = "iid" if compiled.normalised else "fixed"
    device_of(device)
    check_run(law=law, dim=dim, replicas=replicas, seed=seed)
    if dim < 2 * len(rule.state):
        raise theory.OutOfDomain(f"dim = {dim} is outside its range [{2 * len(rule.state)}, inf) for this many states")
    expected = Predicted.of_rule(compiled, chosen)
    bench = Bench(law=law, dim=dim, replicas=replicas, seed=seed, device=device)
    subject = Subject(rule.name, Translated(rule, chosen), expected, 1.0, chosen)
    stage()
    found = [stationarity_of(subject, bench)]
    stage()
    scale = np.sqrt(np.diag(expected.moments))
    independent = np.linalg.eigvalsh(expected.moments / np.outer(scale, scale)).min() > LEAST_INDEPENDENCE
    if independent:
        return (*found, perturbation_of(subject, bench)), (SHARED,)
    return tuple(found), (SHARED, "two of the states are proportional here, so the rate was not confronted")
