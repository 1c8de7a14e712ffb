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
    kind, setting = Kind.EMPIRICAL, Setting.MEASURED
    return Claim(claim_id, title, statement, kind, setting, formulas, list, sources, extra_hypotheses=hypotheses)


SCALE_INVARIANT = "all trained weights are scale-invariant"
DRIVEN = "the law is driven by the measured energy of each row's unit gradient"
NOISY = "digits, half of the labels wrong, minibatches of 16"
HIDDEN = "the hidden matrices are scale-invariant: digits and bytes of Python, small networks"
CONSTANT = "constant learning rate and weight decay, lr wd = 0.01 a step"

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
        (
            "all trained weights scale-invariant, a frozen last layer, projected SGD in minibatches",
            "so many steps after the drop that the training loss comes within a factor of 3 of that of the low rate "
            "from the start; after fewer than a third of them both losses were still far above",
        ),
    ),
    measured(
        "regimes-in-training",
        "The regimes in ordinary training",
        "Under SGD the loss is that of the fixed effective learning rate (ELR) that the run has come to, within a "
        "factor of 1.5. With weight decay that ELR is, within 25 per cent, where runs at fixed ELR turn as much as "
        "decay makes up for; without, from the second regime, it falls by at least what they turn, and from the third "
        "into the first.",
        ("kodryan2022regimes",),
        ("all trained weights scale-invariant, a frozen last layer, SGD at a constant learning rate",),
    ),
    measured(
        "network-lr-drop",
        "A network whose learning rate drops: instant fall, slow rise",
        "When lr is divided by ten at the same weight decay in a batch-norm network with mostly noisy gradients, the "
        "angle of each layer falls at once as the law says, within 10 per cent; it is half way to its new equilibrium "
        "when the law says, within 15 per cent; and it ends where the law says, within 5 per cent, except that AdamW's "
        "first layer, whose inputs are mostly blank, ends more than 5 per cent below.",
        ("wan2021spherical",),
        (SCALE_INVARIANT, DRIVEN, NOISY),
    ),
    measured(
        "network-norm-rescaling",
        "A network whose norms are rescaled when the learning rate drops",
        "Dividing the norms by the fourth root of ten when lr is divided by ten puts the angle of SGDM within 10 per "
        "cent of its new equilibrium from 30 to 130 steps after. Dividing those of AdamW by the square root of ten "
        "leaves the angle more than a quarter too large over the first 30 steps: its second moment is not rescaled.",
        ("wan2021spherical",),
        (SCALE_INVARIANT, NOISY),
    ),
    measured(
        "network-drop-published-time",
        "A network at the published least time after a drop",
        "At log(k) (1 - alpha)/(2 eta lambda) steps after lr was divided by k = 10, published as the least time to the "
        "new equilibrium of SGDM, the angle has come within a tenth of it.",
        ("wan2021spherical",),
        (SCALE_INVARIANT, NOISY),
    ),
    measured(
        "network-drop-fitting",
        "A drop in a network that fits its data: the unit gradient does not stay",
        "Where labels are right the energy of the unit gradient falls by more than a quarter within 150 steps of the "
        "drop, and over the first 60 the angle is more than a tenth above the white law; it ends within 5 per cent.",
        ("wan2021spherical",),
        (SCALE_INVARIANT, "digits, minibatches of 64, SGDM"),
    ),
    measured(
        "network-adam-decay-forms",
        "A network under AdamW and under Adam with L2: the spread of rotation over layers",
        "In a scale-invariant ResNet-20 the law predicts the angles of AdamW and of Adam with L2 within 5 per cent in "
        "the median over layers. The standard deviation over layers of the log angle is within 0.05 of the law's with "
        "AdamW; with L2 it is above 0.25 and within 10 per cent of what the layers' unit gradients make the law say.",
        ("kosson2024rotational",),
        (SCALE_INVARIANT, "the law is driven by the measured energy of the unit gradient", NOISY),
    ),
    measured(
        "network-same-product",
        "Learning rates a thousandfold apart at one product lr wd",
        "Under SGDM every layer of a weight-standardised network ends within 10 per cent of one and the same angle and "
        "within 5 of the law's, at the two lowest rates in the time that the law says within 15 per cent, and "
        "accuracies differ by at most 4 points; the angles of its scale-sensitive twin differ more than twofold and "
        "its accuracies by more than 10 points.",
        ("kosson2024rotational",),
        (SCALE_INVARIANT, "digits, minibatches of 64, from weights as drawn"),
    ),
    measured(
        "network-batch-scaling",
        "Scaling rules over batch sizes in a network: rotation and norm",
        "From batch 32 to 512 the linear rule for SGDM, and the square-root rule of lr and wd for AdamW, keep what "
        "each layer turns over the same examples within 20 per cent. The norm stays within 10 under AdamW; under SGDM "
        "it is the law's within 10, as the energy of the unit gradient falls more slowly than the batch grows, and "
        "the angle per step is the law's within 5.",
        ("goyal2017accurate", "malladi2022sdes", "wan2021spherical"),
        (
            SCALE_INVARIANT,
            DRIVEN,
            "digits, half of the labels wrong",
        ),
    ),
    measured(
        "network-long-run-turn",
        "A network turns less over many steps than a random walk",
        "Over 8192 examples, 256 steps of batch 32, each layer turns by less than three quarters of what white noise "
        "with the same lr, wd and momentum would, although the angle of a single step is the law's.",
        ("wan2021spherical",),
        (SCALE_INVARIANT, "digits, half of the labels wrong"),
    ),
    measured(
        "network-equilibrium",
        "Networks under rules that are linear in their input: the white law's angle",
        "After the first half-life the RMS angle of each layer's matrix is that of the white law, driven by the "
        "measured energy of the unit gradient: within 5 per cent in the median over layers and half-lives. The "
        "denominators of AdamW and of Adam with L2 follow the energy as their running means do, and Adam with L2 is "
        "told by the sizes of its entries, each of which divides its own decay. From the gradients' autocorrelation "
        "the angle follows within 5 per cent in every layer for SGDM and AdamW. Each other rule that is linear in what "
        "enters it, the gradient, its direction or the gradient over its root, meets the white law as closely; but for "
        "Nesterov's momentum where gradients undo one another, with which it is within 15 per cent, and for LARS, "
        "whose buffer holds correlated directions. Where decay does not pass through the root, the autocorrelation of "
        "what enters gives the angle within 5 per cent in every layer.",
        ("kosson2024rotational", "wan2021spherical"),
        (HIDDEN, CONSTANT),
    ),
    measured(
        "network-equilibrium-sign",
        "Networks under Lion, Signum and signSGD: what gradients must be known by",
        "White Gaussian gradients miss Lion's angle by more than 5 per cent. In a perceptron that fits its data the "
        "sign persists since entries of the gradient have heavy tails in time: their law alone, without any "
        "correlation, gives the angle within 10 per cent. In a transformer gradients undo one another: their "
        "autocorrelation is the cause. Both together give every layer's angle within 15 per cent.",
        ("chen2023lion", "kosson2024rotational"),
        (HIDDEN, CONSTANT),
    ),
    measured(
        "network-equilibrium-muon",
        "Networks under Muon: the law of isotropic gradients",
        "The white law of Gaussian matrices gives the angle within 15 per cent in the median over layers and time. "
        "Gradients are not isotropic: the squared Frobenius norm over the squared spectral norm is at most 0.6 of a "
        "Gaussian matrix's in every layer.",
        ("kosson2024rotational",),
        (HIDDEN, CONSTANT),
    ),
    measured(
        "network-equilibrium-updates",
        "Networks at rest: the angle from the autocorrelation of the updates",
        "Over the last half of a run at constant lr and decay the RMS angle of every layer is within 2 per cent of "
        "what the autocorrelation and energy of its updates give.",
        ("kosson2024rotational",),
        (HIDDEN, CONSTANT),
    ),
    measured(
        "network-dead-neurons",
        "Neurons without gradient decay and never turn",
        "Under AdamW and Lion the weights of a neuron that never fires fall as (1 - p)^t and keep their direction, to "
        "rounding; left in, they lower the angle of their layer by more than 2 per cent while they last.",
        ("kosson2024rotational",),
        ("a perceptron with batch norm, of whose neurons some have a bias so low that they never fire",),
    ),
]
