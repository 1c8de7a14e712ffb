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
    measured(
        "wrong-start-norm",
        "A wrong start norm neither vanishes nor explodes",
        "From hidden weights a hundred times too large or too small, the gradient times the norm of every layer stays "
        "within a factor of 4 above and 2 below what it is from the right norm; the norm returns within 10 per cent of "
        "the steps that SGD's recursion predicts from the settled unit gradient, ends within 10 per cent, and the "
        "held-out accuracy is at most 2 points lower.",
        ("wan2021spherical",),
        ("batch norm, SGD with coupled weight decay at a constant learning rate, enough steps to return",),
    ),
    measured(
        "network-three-regimes",
        "Three regimes in a network",
        "At a fixed effective learning rate the loss of a network on the sphere goes on falling up to a first "
        "boundary; is stationary beyond it, its log moves by at most 0.2 between quarters of the run; and is that of "
        "random weights within 15 per cent beyond a second.",
        ("kodryan2022regimes",),
        ("all trained weights scale-invariant, a frozen last layer, projected SGD in minibatches",),
    ),
    measured(
        "network-equal-steps",
        "Layers' effective steps in the second regime",
        "In the second regime the mean effective steps of the layers, individual learning rate times gradient norm, "
        "are equal within 5 per cent; in the first they are not, within the length of such runs.",
        ("kodryan2022regimes",),
        ("all trained weights scale-invariant, a frozen last layer, projected SGD in minibatches",),
    ),
    measured(
        "second-regime-annealing",
        "Annealing after the second regime",
        "A network that is first trained in the second regime and then at a low effective learning rate ends with a "
        "lower held-out loss and a held-out accuracy that is not lower than one trained in the first regime from the "
        "start, with as many steps, be it at the same low rate or at the best of the first regime.",
        ("kodryan2022regimes",),
        ("all trained weights scale-invariant, a frozen last layer, projected SGD in minibatches",),
    ),
    measured(
        "regimes-in-training",
        "The regimes in ordinary training",
        "Under SGD the loss is that of the fixed effective learning rate (ELR) that the run has come to, within a "
        "factor of 1.5. With weight decay that ELR is where runs at fixed ELR turn as much as decay makes up for; "
        "without, from the second regime, it falls by what they turn; both within 25 per cent. From the third regime a "
        "run without decay falls into the first.",
        ("kodryan2022regimes",),
        ("all trained weights scale-invariant, a frozen last layer, SGD at a constant learning rate",),
    ),
]
