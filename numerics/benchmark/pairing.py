"""Contestants in interleaved rounds, and ratios of what was measured in the same round.

Load, heat and clock change from minute to minute, and all contestants of a round feel them alike: a ratio is taken
within its round, and the spread of ratios over rounds is their uncertainty.
"""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

CONFIDENCE = 0.95


@dataclass(frozen=True)
class Contestant:
    """``run(steps)`` takes that many steps, each of ``work`` units."""

    run: Callable[[int], object]
    work: float


@dataclass(frozen=True)
class Ratio:
    """The median of paired ratios, and an interval between two of them that covers it with probability ``coverage``."""

    median: float
    low: float
    high: float
    coverage: float


def ratio(over: Sequence[float], under: Sequence[float]) -> Ratio:
    """over / under, paired by round: the median, between order statistics of CONFIDENCE.

    Independent rounds fall on either side of the true median like coins; where they are too few for CONFIDENCE the
    interval is that of all, and says what it covers. Raises ValueError for lists of different length or without rounds.
    """
    if len(over) != len(under) or not over:
        raise ValueError(f"{len(over)} rounds cannot be paired with {len(under)}")
    found = np.sort(np.asarray(over, float) / np.asarray(under, float))
    count = len(found)
    below = np.cumsum([math.comb(count, k) for k in range(count + 1)]) / 2.0**count
    cut = max(int(np.sum(below <= (1 - CONFIDENCE) / 2)) - 1, 0)
    coverage = 1 - 2 * below[cut]
    return Ratio(float(np.median(found)), float(found[cut]), float(found[count - 1 - cut]), float(max(coverage, 0.0)))


def steps_for(contestant: Contestant, seconds: float, clock: Callable[[], float]) -> int:
    """How many steps take about so long; they are run once, so that nothing is left to be compiled."""
    contestant.run(1)
    steps = 1
    while True:
        begin = clock()
        contestant.run(steps)
        took = clock() - begin
        if took > seconds / 4:
            break
        steps *= 4
    steps = max(1, round(steps * seconds / took))
    contestant.run(steps)
    return steps


def race(
    contestants: Mapping[str, Contestant],
    rounds: int,
    seconds: float,
    clock: Callable[[], float] = time.process_time,
    on_round: Callable[[int], None] | None = None,
) -> dict[str, list[float]]:
    """Rates [rounds] of each contestant, in units of its work per second of the clock.

    Every round runs all of them for about ``seconds`` each, beginning with another one. An interrupt ends the race:
    what comes back are the rounds that are whole.
    """
    rates: dict[str, list[float]] = {name: [] for name in contestants}
    names = list(contestants)
    try:
        steps = {name: steps_for(one, seconds, clock) for name, one in contestants.items()}
        for done in range(rounds):
            turn = done % len(names)
            found = {}
            for name in names[turn:] + names[:turn]:
                begin = clock()
                contestants[name].run(steps[name])
                found[name] = contestants[name].work * steps[name] / (clock() - begin)
            for name, rate in found.items():
                rates[name].append(rate)
            if on_round is not None:
                on_round(done + 1)
    except KeyboardInterrupt:
        raise Interrupted(rates) from None
    return rates


class Interrupted(KeyboardInterrupt):
    """An interrupt, with the rounds that were whole."""

    def __init__(self, rates: dict[str, list[float]]) -> None:
        super().__init__()
        self.rates = rates
