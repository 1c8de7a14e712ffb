"""Motion away from equilibrium and under schedules: drops, transients, corrected decay, the end of training."""

from __future__ import annotations

from functools import cache

from sympy import Expr, Integer, Rational, Symbol, atan, exp, log, solve, sqrt

import theory
from proofs.enclosed import exactly
from proofs.literature.derived import in_learning_rate
from proofs.literature.equilibria import ADAMW, KOSSON, SGD, WAN
from proofs.literature.published import Published, Recipe, Relation, printed
from proofs.printed import final_norm
from theory import geometry, transient
from theory.catalogue import Choice
from theory.inverse import cosine_after
from theory.schedule import scheduled
from theory.symbols import dampening, decay, dim, elapsed, energy, lr, momentum, snr, squared_norm, wd
from theory.transient import drop, start, target, time

DROP = {**SGD, "k": 10.0}
BACK = {**DROP, "epsilon": 0.05}
"""Back within five per cent of the new angle."""
WALK = {"lr": 6e-4, "wd": 0.1, "t": 5000, "Q_0": 0.001}
SETTLING = {"wd": 1, "t": -1, "Q_0": -1}
"""Times in units of the relaxation, sizes in units of the equilibrium."""
COSINE = {"lr": 1e-3, "wd": 0.1, "steps": 10_000, "final": 0.1, "start": 0.1}
COOLING = {"lr": 0.1, "wd": 0.05, "steps": 1000, "final": 0.01}
AFTER = 2
PEAK = Symbol("eta_max", positive=True)
SCALE = Symbol("m", positive=True)


def _time_back(optimizer: str) -> Expr:
    rate = transient.slow_law(theory.OPTIMIZERS[optimizer]).rate.subs(dampening, 0)
    return transient.time_to_angle().subs(transient.rate, rate)


def _norm_ratio() -> Expr:
    norm = in_learning_rate(theory.equilibrium_of("sgd").norm)
    return norm / norm.subs(lr, lr / drop)


@cache
def _angles_at_drop() -> tuple[Expr, Expr, Expr]:
    """SGD's angle before a drop, at once after it, and at the new equilibrium."""
    tangent = in_learning_rate(transient.sgd_tangent().subs(squared_norm, theory.equilibrium_of("sgd").norm ** 2))
    kept = in_learning_rate(theory.equilibrium_of("sgd").norm ** 2)
    falling = in_learning_rate(transient.sgd_tangent()).subs(lr, lr / drop).subs(squared_norm, kept)
    return atan(tangent), atan(falling), atan(tangent.subs(lr, lr / drop))


def _turn_of_steps(optimizer: str) -> Expr:
    """The angle of AFTER steps over that of one."""
    found = theory.equilibrium_of(optimizer)
    return geometry.angle(1 - cosine_after(found, AFTER)) / found.angle


def _walk(kept: Expr, equilibrium: Expr) -> Expr:
    return kept * start + (1 - kept) * equilibrium


def _walked() -> Expr:
    """E|w_t|^2 of AdamW without momentum from |w_0|^2 = Q_0: a linear recursion of one number."""
    found = theory.equilibrium_of("rmspropw")
    return _walk(found.recursion.transition[0, 0] ** (2 * elapsed), found.norm**2)


def _kunin(kept: Expr, summed: Expr) -> Expr:
    return kept * start + lr**2 * energy * summed


def _published_ratio() -> Expr:
    kept, share = (1 - lr * wd) ** (2 * time), start / target
    return sqrt((1 + (share - 1) * kept) / (1 + (SCALE**2 * share - 1) * kept))


def _derived_ratio() -> Expr:
    return sqrt(transient.angle_ratio(SCALE)).subs(transient.rate, transient.slow_law(theory.OPTIMIZERS["adamw"]).rate)


def _su_signal() -> Expr:
    kept, share = (1 - lr * wd) ** elapsed, lr * wd * (1 + (1 - lr * wd) ** elapsed)
    return kept**2 * start + (1 - kept) ** 2 * (snr + share / (2 * (1 - kept))) / (wd**2 * (1 + snr))


def settled(on_the_way: Expr) -> Expr:
    """Its limit after many steps, without a signal."""
    forgotten = on_the_way.subs({snr: 0, (1 - lr * wd) ** elapsed: 0})
    return forgotten.subs((1 - lr * wd) ** (2 * elapsed), 0)


def _signal() -> Expr:
    """The mean's square and the walk of the noise, each a linear recursion of one number."""
    found = theory.equilibrium_of("rmspropw")
    kept, drive = found.recursion.transition[0, 0], found.recursion.drive[0]
    mean = drive * (1 - kept**elapsed) / (1 - kept)
    noise = found.norm**2 / dim * (1 - kept ** (2 * elapsed))
    return kept ** (2 * elapsed) * start + (snr * mean**2 + noise) / (1 + snr)


def _walk_change() -> Expr:
    """What one step adds to E|w|^2 per coordinate, without momentum."""
    transition = theory.equilibrium_of("rmspropw").recursion.transition[0, 0]
    return (transition**2 - 1) * start + lr**2


@cache
def _cosine_rms(lr_: float, wd_: float, steps: int, final: float, begin: float) -> float:
    schedule = scheduled("cosine", lr=lr_, wd=wd_, steps=steps, final=final)
    return final_norm("adamw", schedule, begin, beta1=0.9, dim=1)


def _su_example(recipe: Recipe) -> float:
    return _cosine_rms(recipe["lr"], recipe["wd"], int(recipe["steps"]), recipe["final"], recipe["start"])


def _cooled(recipe: Recipe) -> float:
    """|g|/|w| at the end of a linear decay of SGD that began at equilibrium."""
    schedule = scheduled("linear", lr=recipe["lr"], wd=recipe["wd"], steps=int(recipe["steps"]), final=recipe["final"])
    return 1 / final_norm("sgd", schedule) ** 2


def _corrected(recipe: Recipe) -> float:
    """Decay per step of the corrected form."""
    rate, coefficient = exactly(recipe["lr"]), exactly(recipe["wd"])
    return rate * Choice("adamw", "corrected").coefficient(rate, coefficient, recipe["eta_max"])


def _adamw_ratio(coefficient: Expr) -> Expr:
    """|g|/|w| of AdamW, unit gradients, at another weight decay."""
    norm = in_learning_rate(theory.equilibrium_of("adamw").norm)
    return (sqrt(dim) / norm).subs(wd, coefficient)


def _decay_for_norm() -> Expr:
    """The decay per step that keeps E|w|^2 at A, without momentum."""
    found = solve(theory.equilibrium_of("rmspropw").norm_power - squared_norm, decay)
    return min(found, key=lambda p: float(p.subs({lr: Rational(1, 100), dim: 1, squared_norm: 1})))


def _early_angle() -> Expr:
    """The angle over its equilibrium from a start Q_0."""
    return sqrt(target / transient.settling())


PEAKED = {**ADAMW, "eta_max": 1e-3}
EARLY = {"Q_0": 0.1, "Q_eq": 1.0, "r": 1e-3, "t": 100}

ROWS = (
    Published(
        "SMD-C31 SGD", WAN, "text", "steps until the angle is back, SGD", lambda: log(drop) / (2 * lr * wd),
        lambda: _time_back("sgd"), BACK, "drop-published-time", Relation.AT_LEAST,
        given=lambda r: r["k"] > 2, why="back within 5 %; eta is the new learning rate",
    ),
    Published(
        "SMD-C31 SGDM", WAN, "text", "steps until the angle is back, SGDM",
        lambda: log(drop) * (1 - momentum) / (2 * lr * wd), lambda: _time_back("sgdm"), {**BACK, "momentum": 0.9},
        "drop-published-time", Relation.AT_LEAST, given=lambda r: r["k"] > 2, why="back within 5 %",
    ),
    Published("SMD-RESC", WAN, "text", "norm before over norm after a drop, SGD", lambda: drop ** Rational(1, 4),
              _norm_ratio, DROP, "norm-rescaling"),
    Published("SMD-DROP at once", WAN, "recalled", "angle after over angle before a drop, SGD", lambda: 1 / drop,
              lambda: _angles_at_drop()[1] / _angles_at_drop()[0], DROP, "drop-recovery"),
    Published("SMD-DROP growth", WAN, "text", "growth of the angle after a drop, SGD", lambda: sqrt(drop),
              lambda: _angles_at_drop()[2] / _angles_at_drop()[1], DROP, "drop-recovery"),
    Published(
        "SMD-LSP SGD", WAN, "second-hand", f"angle of {AFTER} steps over that of one, SGD", lambda: sqrt(AFTER),
        lambda: _turn_of_steps("sgd"), SGD, "sgd-turn-of-steps", Relation.AT_MOST,
        given=lambda r: r["lr"] * r["wd"] < 0.2,
        why="lr and wd alike for both batches: the angle holds no gradient size",
    ),
    Published(
        "SMD-LSP SGDM", WAN, "second-hand", f"angle of {AFTER} steps over that of one, SGDM",
        lambda: sqrt(AFTER), lambda: _turn_of_steps("sgdm"), {**SGD, "momentum": 0.9}, "turn-of-steps",
        Relation.AT_MOST, why="successive steps of a heavy ball point alike",
    ),
    Published(
        "KOS-TRANS", KOSSON, "recalled", "squared norm on the way, AdamW without momentum",
        lambda: _walk((1 - lr * wd) ** (2 * elapsed), lr * dim / (2 * wd)), _walked, WALK, "trajectory-closed-form",
        limit=SETTLING,
    ),
    Published(
        "K25-EQ11", "kosson2025mup", "second-hand", "angle at (lr/m, m wd) over that at (lr, wd)", _published_ratio,
        _derived_ratio, {**ADAMW, "m": 8.0, "Q_0": 0.1, "Q_eq": 1.0, "t": 2000}, "trajectory-closed-form",
        limit={"wd": 1, "t": -1}, why="Q is the squared norm; v at its mean",
    ),
    Published(
        "KUN-1", "kunin2021neural", "code", "squared norm on the way, SGD",
        lambda: _kunin(exp(-2 * lr * wd * elapsed), (1 - exp(-2 * lr * wd * elapsed)) / (1 - exp(-2 * lr * wd))),
        lambda: _kunin((1 - decay) ** (2 * elapsed),
                       (1 - (1 - decay) ** (2 * elapsed)) / (1 - (1 - decay) ** 2)),
        {**SGD, "t": 50_000, "Q_0": 1.0}, "sgd-trajectory", limit=SETTLING,
        why="gradients of one given length; flow against steps",
    ),
    Published("SU-2", "su2025rms", "text", "squared RMS on the way, with a signal", _su_signal, _signal,
              {**WALK, "r": 0.01}, "noise-signal-transient",
              limit={**SETTLING, "r": 1}, why="from its start, without momentum"),
    Published("SU-3 and SU-2", "su2025rms", "text", "mean square weight of unit updates, no momentum, as printed",
              lambda: sqrt(lr / (2 * wd)), lambda: settled(_su_signal()), {"lr": 1e-3, "wd": 0.1}, "signsgd-norm",
              against="SU-2",
              why="without momentum both are the walk of updates of unit size; the root of SU-3 is of an RMS"),
    Published("SU-4 equation", "su2025rms", "text", "change of E w^2 in a step, no momentum",
              lambda: -2 * lr * wd * start + lr**2, _walk_change, {"lr": 1e-3, "wd": 0.1, "Q_0": 0.1},
              "trajectory-recursion", why="at a given size of the weights"),
    Published("SU-4 series", "su2025rms", "text", "RMS weight of AdamW after a cosine", printed(".0742")[0],
              lambda: _su_example, COSINE, "trajectory-recursion", tolerance=printed(".0742")[1]),
    Published("SU-4 mean field", "su2025rms", "text", "RMS weight of AdamW after a cosine", printed(".0760")[0],
              lambda: _su_example, COSINE, "trajectory-recursion", tolerance=printed(".0760")[1],
              why="an integral in place of the sum over steps"),
    Published("SU-4 simulation", "su2025rms", "text", "RMS weight of AdamW after a cosine", printed(".0744")[0],
              lambda: _su_example, COSINE, "trajectory-recursion", tolerance=3 / (2 * 10_000) ** 0.5,
              why="within three standard errors of one run of 10 000 weights"),
    Published("DEF-1 end", "defazio2025", "second-hand", "gradient over weight of SGD after a decay",
              lambda: sqrt(2 * wd / (lr * Symbol("final", positive=True))), lambda: _cooled, COOLING,
              "decay-end", shown=r"\sqrt{2\lambda/\eta_T}", held=("steps", "final", "grad_norm"),
              why="the norm stops following the learning rate"),
    Published("DEF-3 ratio", "defazio2025", "second-hand", "gradient over weight, corrected decay",
              lambda: sqrt(2 * wd / PEAK), lambda: _adamw_ratio(wd * lr / PEAK), PEAKED, "gradient-to-weight"),
    Published("DEF-3 decay", "defazio2025", "second-hand", "decay per step, corrected", lambda: lr**2 * wd / PEAK,
              lambda: _corrected, PEAKED, "gradient-to-weight", given=lambda at: at["lr"] <= at["eta_max"]),
    Published("DEF-3 uncoupled", "defazio2025", "second-hand", "gradient over weight, independent decay",
              lambda: sqrt(2 * wd) / lr, lambda: _adamw_ratio(wd / lr), {**ADAMW, "wd": 6e-5}, "gradient-to-weight"),
    Published("CHO-1 schedule", "chou2025", "text", "decay per step that keeps the norm", lambda: lr**2,
              _decay_for_norm, {"lr": 1e-3, "A": 1.0, "dim": 1}, "rmspropw-norm", Relation.PROPORTIONAL,
              limit={"lr": 1}, held=("A", "dim"), why="the ratio is the constant; A is the squared norm"),
    Published("WARM-2 start", "kosson2024warmup", "text", "angle from a small start, at least its equilibrium",
              lambda: Integer(1), _early_angle, EARLY, "warmup-peak", Relation.AT_LEAST,
              given=lambda r: r["Q_0"] < r["Q_eq"]),
)  # fmt: skip
