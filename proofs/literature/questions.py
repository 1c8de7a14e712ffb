"""Questions that the published statements leave open, and which rows answer them."""

from __future__ import annotations

from dataclasses import dataclass


@dataclass(frozen=True)
class Question:
    """``rows`` are ids of rows whose verdicts answer; ``pages`` the claims that derive more; ``answer`` says it."""

    asks: str
    answer: str
    rows: tuple[str, ...] = ()
    pages: tuple[str, ...] = ()


QUESTIONS = (
    Question("Does the angle of SGDM need a theorem with high probability?",
             "No: the angle of the second moments is exact in expectation, and one step deviates far less than the "
             "bound allows.", ("SMD-T3 SGDM", "SMD-T3 bound", "SMD-R3"), ("orthogonal-angle",)),
    Question("Are the decay exponents and the constant of the norm's bounds tight?",
             "They hold, but the deviation falls four times as fast, and the constant is larger than the sharp one by "
             "8 L/l and more.", ("SMD-T1 decay", "SMD-T2 decay", "SMD-T1 floor", "SMD-T1 literal")),
    Question("Is the time after a drop a lower bound?",
             "No. The least time, for SGD, is a quarter of a logarithm of the ratio and holds for each run.",
             ("SMD-C31 SGD", "SMD-C31 SGDM", "SMD-X3 stage 2"), ("drop-lower-bound",)),
    Question("What if the unit gradient shrinks or has no lower bound?",
             "The theorem is then silent; the sharp floor and the norm's fluctuation need no lower bound.",
             ("SMD-T1 floor", "SMD-E9 variance"), ("sgd-norm-variance",)),
    Question("How do the angles of successive small steps add?",
             "As a random walk without momentum, by more with it.", ("SMD-LSP SGD", "SMD-LSP SGDM"),
             ("turn-of-steps", "long-run-turn")),
    Question("Do published implementations use the right angle for Nesterov's momentum?",
             "No: both take the heavy ball's.", ("SMD-CODE Nesterov", "KOS-RV Nesterov"), ("nesterov-angle",)),
    Question("What is AdamW at finite lr wd, finite beta2 and with heavy tails?",
             "The norm and the angle are exact in lr wd; beta2 and kurtosis enter to first order in 1 - beta2.",
             ("KOS-TUC", "SU-1", "SU-2", "KOS-T1-adamw beta2"), ("adamw-norm", "adamw_beta2-angle")),
    Question("What is AdamW's transient where 1 - beta2 is comparable to lr wd?",
             "Slower than published: v follows the norm late.", ("KOS-TRANS", "KOS-TRANS lag", "K25-EQ11"),
             ("adamw-lag", "adamw-lag-rate")),
    Question("Is the linearised correlation of Lion's signs good enough?",
             "Not at lr wd comparable to 1 - beta2, and not at the leading order either.",
             ("KOS-T1-lion angle", "KOS-T1-lion norm", "KOS-X4 small batch", "KOS-X4 large batch"), ("lion-angle",)),
    Question("What is the norm of signSGD with momentum?",
             "Smaller than published: its leading order holds log 2/(1 - beta) where the momentum has 1/(1 - beta).",
             ("SU-3", "SU-3 as printed"), ("signum-norm", "signum-kurtosis")),
    Question("What does Muon's update remember?",
             "Less than its momentum does: the polar factor's correlation is an odd power series below the identity.",
             ("WEN-1 Muon norm", "WEN-1 Muon sine", "WEN-1 Muon Nesterov"), ("muon-correlation",)),
    Question("What is Adam with L2 at a finite share of decay in the gradient?",
             "Exact with the decay inside the denominator; the cube roots are its leading orders.",
             ("KOS-T1-adaml2 norm", "KOS-T1-adaml2 angle"), ("adam_l2-norm",)),
    Question("Has Adam no equilibrium?", "It has one that attracts; its angle depends on the gradient's size.",
             ("SMD-X6 Adam", "KOS-T1-adaml2 angle")),
    Question("Which formulas are immune to the gradients' correlation?",
             "For scale-invariant gradients the angles of SGD, heavy ball and AdamW with one denominator; no norm with "
             "a buffer, and not Nesterov's angle.", ("SMD-R2 overlap",),
             ("orthogonal-angle", "orthogonal-norm", "orthogonal-nesterov", "noise-signal")),
    Question("Do steady-state formulas hold near the end of a schedule?",
             "No: the norm stops following the learning rate.", ("DEF-1 end", "DEF-3 ratio", "CHO-1 schedule",
             "SU-4 series"), ("decay-end", "adiabatic-lag")),
    Question("From which start does the exponential schedule reproduce momentum?",
             "From the buffer of the root; from an empty one it differs by a constant factor that tends to one.",
             ("LA-T1 momentum",), ("exponential-lr-root", "exponential-lr-start")),
    Question("Is the relative update a chord or a sine?", "A sine, exactly; a chord to leading order.",
             ("WEN-1 relative update", "WEN-1 as a chord"), ("angle-chord-sine",)),
    Question("Can the angle be measured in single precision?",
             "Not by an arccosine of a cosine near one; by the chord it can.", ("SMD-D3", "KOS-X1 logger"),
             ("angle-chord-sine",)),
    Question("Is the realised angle of rotational variants the nominal one, and do short runs reach it?",
             "The realised one is its arctangent; a run shorter than the relaxation time never gets there.",
             ("KOS-RV angle", "KOS-X7 time")),
    Question("What does the radial gradient of scale-sensitive weights do, in numbers?",
             "It adds lr R/|w| to the decay per step, with the sign of R.", ("KOS-SS",)),
    Question("What are the mean losses of the second and the third regime?",
             "In the toy function (K - 1/lr)/2 on the equalised cycle and K/2 beyond every border.",
             ("KOD-PROP", "KOD-DIV"), ("toy-second-regime", "toy-third-regime")),
    Question("Which assumptions carry the instability, the norm and the bound?",
             "The instability is one of the model without noise; the norm is an RMS, not a maximum; the bound is hard "
             "but far from where noise settles.",
             ("AMI-3 stability", "AMI-3 with noise", "DEF-2 RMS", "DEF-2 largest", "LIK-1", "LIK-1 noise"),
             ("isotropic-noise",)),
    Question("Which printed forms are slips?",
             "A root on the side of a mean square; Moonlight's constant is AdamW's at one beta1 only.",
             ("SU-3 as printed", "WEN-1 size Moonlight", "WEN-1 Moonlight as AdamW", "SIB-1 norm")),
)  # fmt: skip
