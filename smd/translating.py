"""Moving a recipe from one optimizer, or one batch size, to another.

Angle and half-life answer to lr*wd and the momenta alone; the norm, for a given lr*wd, answers to lr. So of
angle and half-life one can be matched by lr*wd, both only with a momentum of the target set free; how
lr*wd splits into lr and wd is then chosen by the norm, or by keeping one of the two.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import theory
from smd.predicting import NOISE, as_json, parameters_of, predict
from theory import OutOfDomain, Prediction, Unreachable
from theory.catalogue import MATRIX, the_choice
from theory.solving import QUANTITIES, NoCrossing, first_crossing, logarithmic, path_of

MATCHES = (("angle",), ("half_life",), ("angle", "half_life"))
KEEPS = ("norm", "lr", "wd")
MOMENTA = ("momentum", "beta1")
"""What can be set free to match angle and half-life at once, the first that the target has."""
SPAN, RATIO = 2.0**60, 4.0
SAME = 1e-9
SIZES = ("dim", "rows", "cols")
SHARED = (*SIZES, "grad_norm")
"""What describes the weights and their gradients, and so counts for both optimizers."""

Hyperparameters = Mapping[str, float | None]


@dataclass(frozen=True)
class Translation:
    """Two recipes: where a run comes from and where it goes.

    ``wanted`` holds angle, half_life and norm that the target was asked to meet (those of the source, or
    those that a ``batch`` times larger batch needs); ``matched`` names what it does meet.
    """

    source: Prediction
    target: Prediction
    matched: tuple[str, ...]
    keep: str
    wanted: dict[str, float | None]
    freed: str | None
    batch: float
    notes: list[str]

    @property
    def ratios(self) -> dict[str, float | None]:
        """Target over wanted, for angle, half-life and norm."""
        found: dict[str, float | None] = {}
        for name, wanted in self.wanted.items():
            value = getattr(self.target, QUANTITIES[name])
            found[name] = None if not wanted or value is None else value / wanted
        return found


def translate(
    source: str,
    target: str,
    *,
    match: str | Sequence[str] = "angle",
    keep: str = "norm",
    batch: float = 1.0,
    decay: str | None = None,
    to_decay: str | None = None,
    to: Hyperparameters | None = None,
    **hyperparameters: float | None,
) -> Translation:
    """The recipe of ``target`` that moves as ``source`` does.

    ``match`` is angle, half_life or both (``"angle,half_life"``: then the target's momentum is set free);
    ``keep`` says how lr*wd is split: the equilibrium ``norm``, ``lr`` or ``wd`` stays. ``decay`` and ``to_decay``
    are coupled or decoupled, where a name leaves it open. ``to`` holds hyper-parameters of the target alone; dim,
    rows, cols and grad_norm count for both, and a matrix of rows and cols has dim = rows * cols. ``batch`` is the
    factor by which the batch grows: angle^2 and the inverse half-life grow with it, and grad_norm^2 falls (noise only).
    """
    matched = _matches(match)
    if keep not in KEEPS:
        raise OutOfDomain(f"keep = {keep} is unknown; known are {', '.join(KEEPS)}")
    if not 0 < batch < math.inf:
        raise OutOfDomain(f"batch = {batch:g} is outside its range (0, inf)")
    source, target = _rule(source, decay), _rule(target, to_decay)
    own = {name: value for name, value in (to or {}).items() if value is not None}
    shared = _shared({source, target}, {**hyperparameters, **own})
    given = {name: value for name, value in {**hyperparameters, **shared}.items() if value is not None}
    noise = {name: value for name, value in given.items() if name in SHARED}
    found = predict(source, **_taken(source, given))
    for name in ("lr", "wd"):
        if name in own:
            raise OutOfDomain(f"to-{name} = {own[name]:g} is given, but it is what to solve for (see keep)")
    takes = _parameters(target)
    at = {**{name: value for name, value in noise.items() if name in takes}, **own}
    if batch != 1 and "grad_norm" in takes and "grad_norm" not in own:
        at["grad_norm"] = (at.get("grad_norm") or 1.0) / math.sqrt(batch)
    if keep == "norm":
        _require_sizes(source, target, {**noise, **own})
    wanted = _wanted(found, batch)
    missing = [name for name in matched if wanted[name] is None]
    if missing:
        raise Unreachable(f"match = {missing[0]} has no value to match: {'; '.join(found.warnings)}")
    freed = _freed(target, matched, own)
    if freed is not None:
        at[freed] = _free(target, freed, wanted, at, _lr(found))
    chosen = _split(target, matched[-1], wanted, keep, at, found)
    reached = predict(target, **chosen)
    result = Translation(found, reached, matched, keep, wanted, freed, batch, [])
    return replace(result, notes=_notes(matched, freed, result.ratios))


def json_of(found: Translation) -> dict[str, Any]:
    """The keys of ``smd translate --json``."""
    return {
        "source": as_json(found.source),
        "target": as_json(found.target),
        "matched": list(found.matched),
        "keep": found.keep,
        "freed": found.freed,
        "batch": found.batch,
        "wanted": found.wanted,
        "target_over_wanted": found.ratios,
        "notes": found.notes,
    }


def _matches(match: str | Sequence[str]) -> tuple[str, ...]:
    names = match.split(",") if isinstance(match, str) else list(match)
    plain = tuple(sorted(name.strip().replace("-", "_") for name in names))
    if plain not in MATCHES:
        raise OutOfDomain(f"match = {','.join(names)} is unknown; known are angle; half-life; angle,half-life")
    return plain


def _rule(name: str, decay: str | None) -> str:
    """The rule behind a name; its decay per step must be lr*wd."""
    if name == MATRIX and decay in (None, "decoupled"):
        return name
    choice = the_choice(name, decay)
    if choice.decay not in ("coupled", "decoupled"):
        raise OutOfDomain(f"decay = {choice.decay} is no coefficient of lr*wd; translate it as decoupled decay first")
    return choice.rule


def _parameters(optimizer: str) -> set[str]:
    return set(parameters_of(optimizer))


def _shared(optimizers: set[str], given: Hyperparameters) -> dict[str, float]:
    """dim = rows cols of a matrix; raises OutOfDomain where dim says otherwise or Muon lacks its shape."""
    rows, cols, dim = (given.get(name) for name in ("rows", "cols", "dim"))
    if MATRIX in optimizers and None in (rows, cols):
        raise OutOfDomain(f"{'rows' if rows is None else 'cols'} is missing: {MATRIX} needs it")
    if rows is None or cols is None:
        return {}
    if dim is not None and dim != rows * cols:
        raise OutOfDomain(f"dim = {dim:g} is not rows * cols = {rows * cols:g}")
    return {"dim": rows * cols}


def _taken(optimizer: str, given: Hyperparameters) -> dict[str, float | None]:
    """What is given, without the sizes of the weights that the optimizer does not take."""
    takes = _parameters(optimizer)
    return {name: value for name, value in given.items() if name in takes or name not in SIZES}


def _require_sizes(source: str, target: str, given: Hyperparameters) -> None:
    """Norms of two optimizers compare only if what sets them is known: the dimension, the gradient's size."""
    one, other = ({name for name in NOISE if name in _parameters(optimizer)} for optimizer in (source, target))
    lacking = [name for name in sorted(one | other) if name not in given]
    if one != other and lacking:
        needed = " and ".join(name.replace("_", "-") for name in lacking)
        raise OutOfDomain(
            f"keep = norm needs {needed}: {' and '.join(sorted(one)) or 'neither'} sets the norm of {source}, "
            f"{' and '.join(sorted(other)) or 'neither'} that of {target}; or keep lr, or wd"
        )


def _wanted(found: Prediction, batch: float) -> dict[str, float | None]:
    lost = 2 * math.sin(found.angular_update / 2) ** 2 * batch
    if lost >= 2:
        raise Unreachable(f"batch = {batch:g} would need a step of more than half a turn")
    angle = 2 * math.asin(math.sqrt(lost / 2))
    half_life = None if found.half_life is None else found.half_life / batch
    return {"angle": angle, "half_life": half_life, "norm": found.equilibrium_norm}


def _lr(found: Prediction) -> float:
    return float(found.hyperparameters["lr"] or 0)


def _wd(found: Prediction) -> float:
    return float(found.hyperparameters["wd"] or 0)


def _freed(target: str, matched: tuple[str, ...], own: Hyperparameters) -> str | None:
    if len(matched) == 1:
        return None
    free = [name for name in MOMENTA if name in _parameters(target) and name not in own]
    if not free:
        fixed = [f"to-{name} = {own[name]:g}" for name in MOMENTA if name in own]
        why = f"{fixed[0]} is given" if fixed else f"{target} has no momentum"
        raise OutOfDomain(f"match = angle,half-life needs a momentum to set free, but {why}")
    return free[0]


def _free(target: str, freed: str, wanted: Mapping[str, float | None], at: Hyperparameters, lr: float) -> float:
    """The momentum at which the decay for the half-life also gives the angle."""
    angle, half_life = float(wanted["angle"] or 0), float(wanted["half_life"] or 0)
    met: list[float] = []

    def reached(coefficient: float) -> float | None:
        try:
            found = theory.solve(
                target, "wd", "half_life", half_life, forward=predict, lr=lr, **{**at, freed: coefficient}
            )
        except OutOfDomain:
            return None
        met.append(found.prediction.angular_update)
        return met[-1]

    path = path_of(freed, {})
    try:
        return first_crossing(reached, angle, replace(path, values=path.values[::4]))
    except NoCrossing:
        between = f"it stays between {min(met):.6g} and {max(met):.6g}" if met else "no momentum has that half-life"
        raise Unreachable(
            f"angle = {angle:.6g} is not reached by {target} at half_life = {half_life:.6g} for any {freed}: {between}"
        ) from None


def _split(
    target: str,
    quantity: str,
    wanted: Mapping[str, float | None],
    keep: str,
    at: Hyperparameters,
    found: Prediction,
) -> dict[str, float | None]:
    """lr and wd that match the quantity and keep what is to be kept."""
    goal = float(wanted[quantity] or 0)
    if keep == "wd":
        lr = theory.solve(target, "lr", quantity, goal, forward=predict, wd=_wd(found), **at).value
        return {**at, "lr": lr, "wd": _wd(found)}

    def decay_at(lr: float) -> float:
        return theory.solve(target, "wd", quantity, goal, forward=predict, lr=lr, **at).value

    lr, wd = _lr(found), decay_at(_lr(found))
    if keep == "lr":
        return {**at, "lr": lr, "wd": wd}
    product = lr * wd
    elsewhere = getattr(predict(target, **{**at, "lr": 8 * lr, "wd": wd / 8}), QUANTITIES[quantity])
    alone = elsewhere is not None and math.isclose(elsewhere, goal, rel_tol=SAME)

    def wd_at(x: float) -> float:
        return product / x if alone else decay_at(x)

    def norm(x: float) -> float | None:
        try:
            return predict(target, **{**at, "lr": x, "wd": wd_at(x)}).equilibrium_norm
        except OutOfDomain:
            return None

    size = float(wanted["norm"] or 0)
    values = [lr / SPAN * RATIO**k for k in range(61)]
    try:
        lr = first_crossing(norm, size, logarithmic(values))
    except NoCrossing:
        raise Unreachable(f"norm = {size:.6g} is not reached by {target} at any lr; keep lr or wd instead") from None
    return {**at, "lr": lr, "wd": wd_at(lr)}


def _notes(matched: tuple[str, ...], freed: str | None, ratios: Mapping[str, float | None]) -> list[str]:
    if freed is not None:
        return [f"{freed} was set free to match both; check that the optimizer works well there"]
    other = "half_life" if matched == ("angle",) else "angle"
    ratio = ratios[other]
    if ratio is None or math.isclose(ratio, 1, rel_tol=1e-6):
        return []
    return [
        f"the {other.replace('_', '-')} is {ratio:.4g} times the wanted one and cannot be chosen as well: "
        "at given momenta both follow from lr*wd alone (--match angle,half-life sets the target's momentum free)"
    ]
