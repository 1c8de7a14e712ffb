"""Confronting again with more replicas until an error of a given size would be seen, or the prediction is rejected."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import replace

from proofs.comparison import Confrontation
from proofs.confrontation.subject import Bench

LOOKS = 12
"""Doublings of the replicas after which it gives up."""


def looks(confront: Callable[[Bench], Confrontation], bench: Bench, resolve: float) -> Iterator[Confrontation]:
    """Confrontations with twice the replicas and a fresh seed each, up to the one that decides.

    Look k may raise a false alarm with probability FALSE_ALARM / 2^k for k = 1, 2, ...: by their sum the whole
    sequence does so with probability below FALSE_ALARM, whenever it is stopped. It stops at a rejection, or when a
    relative error ``resolve`` of every quantity would be rejected with the power of ``Confrontation.resolves``.
    """
    for look in range(LOOKS):
        found = confront(replace(bench, replicas=bench.replicas << look, seed=bench.seed + look))
        found = replace(found, false_alarm=found.false_alarm / 2 ** (look + 1))
        yield found
        if not found.agrees or all(error <= resolve for error in found.resolution.values()):
            return
