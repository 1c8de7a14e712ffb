"""Empirical claims: what trained networks and their like were seen to do, with the tolerance of the statement.

They owe no identity. Their evidence comes from ``smd run``, and their status is at best *supported*.
"""

from __future__ import annotations

from collections.abc import Callable

from proofs.claim import Claim, Formula, Kind, Setting


def measured(
    claim_id: str,
    title: str,
    statement: str,
    sources: tuple[str, ...],
    hypotheses: tuple[str, ...] = (),
    formulas: Callable[[], list[Formula]] = list,
) -> Claim:
    """A claim about what runs show; ``formulas`` are what of the theory they are compared with."""
    return Claim(
        id=claim_id,
        title=title,
        statement=statement,
        kind=Kind.EMPIRICAL,
        setting=Setting.MEASURED,
        formulas=formulas,
        obligations=list,
        sources=sources,
        extra_hypotheses=hypotheses,
    )


CLAIMS = [
    measured(
        "toy-random-starts",
        "The toy function: where random starts go",
        "With curvatures 1, 2 and 4 the loss of runs from uniformly random points goes to zero at up to 0.8 times the "
        "threshold; at 1.5 to 10 times the threshold its mean is that of the equalised cycle within 2 per cent.",
        ("kodryan2022regimes",),
        ("projected gradient descent on the unit sphere, fixed learning rate, full gradients",),
    ),
]
