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
    measured(
        "warmup-early-angle",
        "The angle of AdamW's first updates",
        "Without warmup, weights below their norm in equilibrium and the bias correction of the momentum make AdamW's "
        "early updates turn many times further than in equilibrium: as the law of white gradients predicts from the "
        "start norms and the schedule, within 20 per cent before the first half-life and 5 per cent after it.",
        ("kosson2024warmup",),
        ("scale-invariant layers of a batch-norm network", "small batches"),
    ),
    measured(
        "warmup-early-correlation",
        "Early gradients are correlated",
        "Early in training gradients agree more than later: updates under warmup are larger than those of white "
        "gradients, representations change more per angle, and the critical batch size is smaller.",
        ("kosson2024warmup",),
    ),
    measured(
        "warmup-controlled-rotation",
        "Controlled rotation lessens the need for warmup",
        "At a high learning rate warmup lowers the loss of AdamW, and by more than that of optimizers whose angle per "
        "step is controlled.",
        ("kosson2024warmup", "kosson2024rotational"),
    ),
    measured(
        "standardised-rotation",
        "Weight standardisation balances rotation",
        "Under SGDM every neuron of a layer-norm network with weight standardisation turns by the derived angle per "
        "step, in the median within 5 per cent; under plain layer norm neurons turn at least twice as unequally.",
        ("kosson2024rotational",),
        ("hidden layers without gains", "neurons that have gradients"),
    ),
    measured(
        "standardised-accuracy",
        "Weight standardisation helps layer norm",
        "Each at its best learning rate, a layer-norm network is at least as accurate with weight standardisation as "
        "without, and as accurate as one with batch norm.",
        ("kosson2024rotational",),
    ),
    measured(
        "imbalanced-rotation",
        "Imbalanced rotation costs accuracy",
        "Where some neurons turn ten times faster or slower than the others, held-out loss and accuracy are worse than "
        "with balanced rotation, each at its best angle.",
        ("kosson2024rotational",),
    ),
]
