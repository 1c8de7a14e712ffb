"""The published formulas at the settings of the published runs, and the statements that belong to no formula."""

from __future__ import annotations

import numpy as np
from sympy import Expr, Integer, log, sqrt

import theory
from proofs.literature.derived import of, own, rate
from proofs.literature.equilibria import KOSSON, WAN, adamw_angle, adamw_norm, lion_angle, sgd_angle, sgdm_angle
from proofs.literature.published import Published, Recipe, Relation, Side, Unaudited
from theory import transient
from theory.symbols import dampening, dim, lr, momentum, wd
from theory.transient import drop

ANGLES = {"sgd": sgd_angle, "sgdm": sgdm_angle, "adamw": adamw_angle, "lion": lion_angle}
GOYAL, RESNET = "SGDM, ResNet-50 on ImageNet", "AdamW, ResNet-20 on CIFAR-10"
ANGLE_SETTINGS = (
    ("SMD-X1", WAN, "sgd", "SGD, ResNet-50 on ImageNet", {"lr": 0.2, "wd": 1e-4}),
    ("SMD-X2", WAN, "sgdm", GOYAL, {"lr": 0.2, "wd": 1e-4, "momentum": 0.9}),
    ("SMD-X3 stage 1", WAN, "sgdm", GOYAL, {"lr": 0.1, "wd": 1e-4, "momentum": 0.9}),
    ("SMD-X3 stage 3", WAN, "sgdm", GOYAL, {"lr": 1e-3, "wd": 1e-4, "momentum": 0.9}),
    ("SMD-X4 stage 1", WAN, "sgdm", "SGDM, Mask R-CNN on COCO", {"lr": 0.02, "wd": 1e-4, "momentum": 0.9}),
    ("SMD-X4 stage 3", WAN, "sgdm", "SGDM, Mask R-CNN on COCO", {"lr": 2e-4, "wd": 1e-4, "momentum": 0.9}),
    ("SMD-X5", WAN, "sgdm", "the same, with norms divided at each drop", {"lr": 2e-3, "wd": 1e-4, "momentum": 0.9}),
    ("KOS-X1", KOSSON, "adamw", "AdamW, GPT-2", {"lr": 6e-4, "wd": 0.1, "beta1": 0.9}),
    ("KOS-X2", KOSSON, "sgdm", GOYAL, {"lr": 0.1, "wd": 1e-4, "momentum": 0.9}),
    ("KOS-X3 small batch", KOSSON, "adamw", RESNET, {"lr": 0.05, "wd": 0.01, "beta1": 0.9}),
    ("KOS-X3 large batch", KOSSON, "adamw", RESNET, {"lr": 0.16, "wd": 0.01, "beta1": 0.9}),
    ("KOS-X4 small batch", KOSSON, "lion", "Lion, ResNet-20", {"lr": 5e-4, "wd": 1.0, "beta1": 0.9, "beta2": 0.99}),
    ("KOS-X4 large batch", KOSSON, "lion", "Lion, ResNet-20", {"lr": 0.016, "wd": 1.0, "beta1": 0.9, "beta2": 0.99}),
    ("KOS-X5", KOSSON, "adamw", "AdamW, ResNet-18", {"lr": 0.0125, "wd": 0.08, "beta1": 0.9}),
    ("KOS-X7", KOSSON, "adamw", "AdamW, transformer, zero-shot", {"lr": 5e-4, "wd": 1e-4, "beta1": 0.9}),
    ("KOS-X10", KOSSON, "sgdm", "SGDM, VGG-13", {"lr": 0.05, "wd": 5e-4, "momentum": 0.9}),
    ("KOS-X11 small batch", KOSSON, "sgdm", "SGDM, ResNet-20", {"lr": 0.5, "wd": 1e-4, "momentum": 0.9}),
    ("KOS-X11 large batch", KOSSON, "sgdm", "SGDM, ResNet-20", {"lr": 4.8, "wd": 1e-4, "momentum": 0.9}),
    ("KOS-X12", KOSSON, "adamw", RESNET, {"lr": 0.01, "wd": 0.01, "beta1": 0.9}),
    ("KOS-X13", KOSSON, "sgdm", GOYAL, {"lr": 0.1, "wd": 1e-4, "momentum": 0.9}),
)
FIFTEEN = {"lr": 0.01, "wd": 1e-4, "momentum": 0.9, "k": 10.0, "t": 15 * 5005}
"""Fifteen epochs of batches of 256 after the first drop."""


def _rms() -> Expr:
    return theory.equilibrium_of("adamw").norm / sqrt(dim)


def _time() -> Side:
    found = rate("adamw")()
    return lambda recipe: 1 / found(recipe)


def _logged(recipe: Recipe) -> float:
    """The arccosine of AdamW's cosine, rounded to single precision."""
    cosine = theory.predict("adamw", **own("adamw", recipe)).cos_angular_update
    return float(np.arccos(np.float32(cosine)))


def _recovered() -> Expr:
    rate_ = transient.slow_law(theory.OPTIMIZERS["sgdm"]).rate.subs(dampening, 0)
    return transient.recovered_angle().subs(transient.rate, rate_)


def _at(name: str, recipe: Recipe) -> tuple[Published, ...]:
    return (
        Published(f"{name} RMS", KOSSON, "code", "RMS weight of AdamW", lambda: adamw_norm() / sqrt(dim), _rms, recipe,
                  "adamw-norm"),
        Published(f"{name} time", KOSSON, "code", "relaxation time of AdamW", lambda: 1 / (2 * lr * wd), _time, recipe,
                  "adamw-rate"),
    )  # fmt: skip


def _setting(name: str, source: str, optimizer: str, what: str, recipe: Recipe) -> Published:
    provenance = "text" if source == WAN else "code"
    why = "the sign's correlation is linearised" if optimizer == "lion" else ""
    return Published(name, source, provenance, f"angle: {what}", ANGLES[optimizer], of(optimizer, "angle"), recipe,
                     f"{optimizer}-angle", why=why)  # fmt: skip


ROWS = (
    *(_setting(*row) for row in ANGLE_SETTINGS),
    *_at("KOS-X1", {"lr": 6e-4, "wd": 0.1, "beta1": 0.9}),
    *_at("KOS-X3", {"lr": 0.05, "wd": 0.01, "beta1": 0.9}),
    *_at("KOS-X5", {"lr": 0.0125, "wd": 0.08, "beta1": 0.9}),
    *_at("KOS-X7", {"lr": 5e-4, "wd": 1e-4, "beta1": 0.9}),
    *_at("KOS-X12", {"lr": 0.01, "wd": 0.01, "beta1": 0.9}),
    Published("KOS-X1 logger", KOSSON, "code", "angle, against an arccosine in single precision", lambda: _logged,
              of("adamw", "angle"), {"lr": 6e-4, "wd": 0.1, "beta1": 0.9}, "angle-chord-sine",
              why="a cosine near one has too few digits; smaller angles come out as zero",
              shown=r"\arccos(\cos\theta)"),
    Published("SMD-X3 stage 2", WAN, "text", "angle over its new value 15 epochs after the first drop",
              lambda: Integer(1), _recovered, FIFTEEN, "drop-recovery", held=("t",),
              why="by the slow law of a constant gradient size; the paper's curve is called settled by eye"),
    Published("SMD-C31 and SMD-X3", WAN, "text", "steps from the first drop to the new equilibrium, ResNet-50",
              lambda: log(drop) * (1 - momentum) / (2 * lr * wd), lambda: Integer(FIFTEEN["t"]), FIFTEEN,
              "drop-published-time", Relation.AT_LEAST, held=tuple(FIFTEEN), against="SMD-X3",
              why="at least a time, and within 15 epochs, that of batches of 256; eta is the new learning rate"),
)  # fmt: skip

TRAINING = "a result of training networks, which nothing here repeats"
REPEATED = "a result of training networks; experiments here repeat it on a small scale, as empirical claims"
NO_FORMULA = "no formula was seen"
UNAUDITED = (
    Unaudited("SMD-X6", WAN, "text", "accuracy and angle in the second stage, ResNet-18", TRAINING),
    Unaudited("SMD-T2 floor", WAN, "text", "constant term C(alpha) of the second theorem", "its value was not seen"),
    Unaudited("KOS-RW", KOSSON, "recalled", "the random-walk network", "a set-up, which claims nothing by itself"),
    Unaudited("KOS-LAYOUT", KOSSON, "code", "which script belongs to which section", "a list of files"),
    Unaudited("KOS-IMB", KOSSON, "second-hand", "imbalanced rotation costs accuracy", REPEATED),
    Unaudited("KOS-WS", KOSSON, "recalled", "weight standardisation restores balance", REPEATED),
    Unaudited("KOS-X6", KOSSON, "code", "spread of rotation across layers, Adam with L2", TRAINING),
    Unaudited("KOS-X8", KOSSON, "code", "DeiT-tiny", f"{TRAINING}; the learning rate was not seen"),
    Unaudited("KOS-X9", KOSSON, "text", "controlled rotation lessens the need for warmup", REPEATED),
    Unaudited("WARM-1", "kosson2024warmup", "text", "three sizes of an update", "definitions; the angle is SMD-D3"),
    Unaudited("WARM-2 batch", "kosson2024warmup", "text", "correlation of early gradients", REPEATED),
    Unaudited("WARM-4", "kosson2024warmup", "text", "Lion at a controlled angle", NO_FORMULA),
    Unaudited("WARM-5", "kosson2024warmup", "text", "compensation by the signal-to-noise ratio", NO_FORMULA),
    Unaudited("WARM-6", "kosson2024warmup", "text", "inverse bias correction", NO_FORMULA),
    Unaudited("WARM-X1", "kosson2024warmup", "text", "warmup of GPT-2 and others", TRAINING),
    Unaudited("WARM-Q", "kosson2024warmup", "text", "a short warmup is advised", "advice"),
    Unaudited("KOD-X", "kodryan2022regimes", "code", "three regimes of networks", TRAINING),
    Unaudited("LA-LEM", "li2020exponential", "recalled", "norm and effective learning rate of SGDM", NO_FORMULA),
    Unaudited("LLA-2", "li_fast_equilibrium", "second-hand", "mixing time in function space",
              "about the law of the trained function, of which nothing is derived here"),
    Unaudited("LOB-1", "lobacheva2021periodic", "text", "training is destabilised periodically",
              f"{TRAINING}; the mechanism without noise is that of AMI-3"),
    Unaudited("K25-EQ11 limit", "kosson2025mup", "second-hand", "the time to steady state is overestimated", TRAINING),
    Unaudited("CHO-1 perpendicular", "chou2025", "text", "removing the perpendicular part changes little", TRAINING),
    Unaudited("CHO-2 loss", "chou2025", "second-hand", "loss of corrected Scion", TRAINING),
    Unaudited("DEF-X", "defazio2025", "second-hand", "loss and accuracy of corrected decay", TRAINING),
    Unaudited("LIU-1", "liu_elr", "text", "eta/|W| governs the loss of a language model", TRAINING),
    Unaudited("DAN-1", "dangelo2024need", "recalled", "decay lets SGD's noise regularise", TRAINING),
)  # fmt: skip
