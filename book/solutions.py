"""Enclosures of what ``smd solve`` and ``smd translate`` find, for the book's tables."""

from __future__ import annotations

from collections.abc import Callable

from flint import arb

from proofs.digits import Enclosed, ball
from proofs.enclosed import RuleMotion, motion_of
from proofs.printed import root
from smd.translating import Translation
from theory.solving import Solution

MEASURES: dict[str, Callable[[RuleMotion], arb]] = {
    "angle": RuleMotion.angular_update,
    "norm": RuleMotion.equilibrium_norm,
    "half_life": RuleMotion.half_life,
}
"""What can be asked for, as in ``theory.solving.QUANTITIES``."""


def solved(found: Solution, quantity: str, wanted: float) -> Enclosed:
    """The value of a solution, around which the quantity crosses what was wanted."""
    rule, chosen = found.prediction.optimizer, found.prediction.hyperparameters

    def off(x: arb) -> arb:
        return MEASURES[quantity](RuleMotion(rule, {**chosen, found.unknown: Enclosed(found.value, x)})) - ball(wanted)

    return root(off, found.value)


def translated(found: Translation) -> dict[str, Enclosed]:
    """What a translation solved for: lr and wd, and the momentum that was set free.

    Angle and half-life answer to lr*wd alone. Each unknown inside another is shown to more digits than that one.
    """
    rule, free = found.target.optimizer, dict(found.target.hyperparameters)
    lr, wd = (float(free[name] or 0) for name in ("lr", "wd"))
    source = motion_of(found.source)
    batch = ball(found.batch)
    wanted = {
        "angle": 2 * (source.lost * batch / 2).sqrt().asin(),
        "half_life": source.half_life() / batch,
        "norm": source.equilibrium_norm(),
    }
    if "grad_norm" in free:
        free["grad_norm"] = Enclosed(float(free["grad_norm"] or 1), 1 / batch.sqrt())

    def off(quantity: str, **at: arb) -> arb:
        known = {name: Enclosed(float(x.mid()), x) for name, x in at.items()}
        return MEASURES[quantity](RuleMotion(rule, {**free, **known})) - wanted[quantity]

    def decay_at(quantity: str, rate: arb, digits: int, **at: arb) -> arb:
        return root(lambda x: off(quantity, lr=rate, wd=x, **at), lr * wd / float(rate.mid()), digits).ball

    solution = {}
    if found.freed is not None:
        start = ball(lr)
        solution[found.freed] = free[found.freed] = root(
            lambda x: off(
                "angle", lr=start, wd=decay_at("half_life", start, 13, **{found.freed: x}), **{found.freed: x}
            ),
            float(free[found.freed] or 0),
            10,
        )
    last = found.matched[-1]
    if found.keep == "wd":
        return {**solution, "lr": root(lambda x: off(last, lr=x), lr), "wd": Enclosed(wd, arb(wd))}
    rate = root(lambda x: off("norm", lr=x, wd=decay_at(last, x, 11)), lr, 7)
    return {**solution, "lr": rate, "wd": Enclosed(wd, lambda: decay_at(last, rate.ball, 6))}
