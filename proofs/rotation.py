"""Experiments on controlled rotation and on what runs turn in all: torch's optimizers and ours against derived angles.

Every ``error`` spoils the prediction by that relative part, for controls.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import NamedTuple

import numpy as np
import torch
from sympy import Expr, Symbol, lambdify
from torch import Tensor
from torch.nn import Parameter

from numerics.arguments import update_for
from numerics.geometry import angle as angle_between
from numerics.gradients import Gradient
from numerics.optimizers import AdamW, LionAR, Rotational
from numerics.result import Result
from numerics.scheduled import simulate_scheduled
from numerics.seeding import generator as generator_of
from numerics.simulation import simulate
from numerics.statistics import Estimate, jackknife
from numerics.updates.update import State
from proofs.comparison import ROUNDING, Confrontation, Statistic
from proofs.pathwise import confrontation, discrepancy
from theory import OPTIMIZERS, equilibrium_of, predict, rotation, scheduled, transient
from theory.schedule import Schedule
from theory.symbols import beta1, contraction, dampening, decay, energy, lr, momentum, squared_norm

ROWS, WIDTH = 32, 24
NOMINAL = 0.1
FREE = 1e-9
"""What the rounding of some thousand angles may add to a relative difference."""


class Turned(NamedTuple):
    """Of each step and row, [steps, rows]: tan of the angle, and |part of the update across w|^2."""

    tangent: Tensor
    update_square: Tensor


def turn(averaging: float, spread: float, steps: int, seed: int = 0, device: str = "cpu") -> Turned:
    """Rotational SGD under gradients of log-normal length, ``spread`` the deviation of its logarithm."""
    generator = generator_of(seed, device=device)

    def normal(*shape: int) -> Tensor:
        return torch.randn(*shape, generator=generator, dtype=torch.float64, device=device)

    p = Parameter(normal(ROWS, WIDTH))
    base = torch.optim.SGD([p], lr=0.5)
    optimizer = Rotational(base, angle=NOMINAL, update_norm_decay=averaging, norm_eps=0.0)
    tangents, squares = [], []
    for _ in range(steps):
        before = p.detach().clone()
        unit = before / before.norm(dim=1, keepdim=True)
        noise = normal(ROWS, WIDTH)
        across = noise - (noise * unit).sum(1, keepdim=True) * unit
        length = torch.exp(spread * normal(ROWS, 1)) / across.norm(dim=1, keepdim=True)
        p.grad = (across + normal(ROWS, 1) * unit) * length
        optimizer.step()
        tangents.append(torch.tan(angle_between(before, p.detach())))
        squares.append((across * length).square().sum(1))
    return Turned(torch.stack(tangents).cpu(), torch.stack(squares).cpu())


def averages(squares: Tensor, averaging: float) -> Tensor:
    """v after each step, [steps, rows], by the derived recursion."""
    follow = lambdify((rotation.average, rotation.update_square, rotation.kept), rotation.next_average())
    found = [squares[0]]
    for count, size in enumerate(squares[1:], 2):
        found.append(follow(found[-1], size, weight(averaging, count)))
    return torch.stack(found)


def weight(averaging: float, count: int) -> float:
    """c_t."""
    return number(rotation.kept_weight(), {rotation.averaging: averaging, rotation.count: count})


def number(expression: Expr, at: Mapping[Symbol, float]) -> float:
    """A derived expression at numbers."""
    return float(expression.subs(at))


def variant_steps(averaging: float, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """tan of every step by the average before and after it, and what it exceeds the bound by."""
    run = turn(averaging, 1.0, 40, seed, device)
    after = averages(run.update_square, averaging)
    before = torch.cat([after[:1], after[:-1]])
    kept = torch.tensor([[weight(averaging, t)] for t in range(1, len(after) + 1)], dtype=torch.float64)
    law = lambdify((rotation.average, rotation.later_average, rotation.kept), rotation.squared_turn())
    ratio = torch.as_tensor(law(before, after, kept)) * torch.ones_like(after)
    tangent = run.tangent / NOMINAL
    most = (1 + kept).sqrt() * (1 - error)
    return confrontation(
        "rotational-step", "steps of our optimizer", {"eta_r": NOMINAL, "phi": averaging}, _where(seed, 40),
        discrepancy("tan of each step", (1 + error) * ratio.sqrt(), tangent, FREE),
        excess("tan beyond its bound", tangent, most),
    )  # fmt: skip


def variant_sum(spread: float, seed: int = 0, bound: float = 1.0, device: str = "cpu") -> Confrontation:
    """The sum of tan^2/eta_r^2 exceeds t and the logarithms of the averages nowhere; ``bound`` scales t in it."""
    averaging, steps = 0.9, 200
    run = turn(averaging, spread, steps, seed, device)
    logs = averages(run.update_square, averaging).log()
    ages = averaging ** torch.arange(1, steps + 1, dtype=torch.float64)[:, None]
    # sum_{s<t} phi^s log(v_t/v_s), for every t.
    rest = logs * (ages.cumsum(0) - ages) - ((ages * logs).cumsum(0) - ages * logs)
    most = bound * torch.arange(1, steps + 1, dtype=torch.float64)[:, None] + rest
    found = (run.tangent / NOMINAL).square().cumsum(0)
    at = {"eta_r": NOMINAL, "phi": averaging}
    where = {**_where(seed, steps), "spread": spread}
    return confrontation("rotational-mean-turn", "steps of our optimizer", at, where, excess("sum", found, most))


def excess(name: str, found: Tensor, most: Tensor) -> Statistic:
    """By how much numbers exceed their bound anywhere, relative to it; predicted to be nothing."""
    beyond = ((found - most) / most).clamp(min=0)
    return Statistic(name, 0.0, Estimate(float(beyond.max()), 0.0, beyond.numel()), FREE)


def unprojected(nominal: float, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """Unit gradients across w, of one length and without decay."""
    steps = 300
    run = simulate(
        update_for("ngd", {"lr": nominal, "wd": 0.0}), law="fixed", dim=WIDTH, replicas=ROWS, steps=steps, seed=seed,
        engine="torch", device=device,
    )  # fmt: skip
    t = np.arange(steps, dtype=float)[:, None]
    square, tangent = (
        torch.as_tensor(lambdify((rotation.count, rotation.nominal), law)(t, nominal * (1 + error)))
        for law in (rotation.unprojected_squared_norm(), rotation.unprojected_tangent())
    )
    return confrontation(
        "rotational-without-projection", "normalised steps without decay", {"eta_r": nominal}, _where(seed, steps),
        discrepancy("|w|^2", square, torch.as_tensor(run.squared_norm[:-1]), FREE),
        discrepancy("tan of each step", tangent, torch.tan(torch.as_tensor(run.angle)), FREE),
    )  # fmt: skip


def oblique_steps(seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """LionAR at beta_1 = 0, whose update is the gradient's sign: every row by its cosine with that sign."""
    generator = generator_of(seed, device=device)
    p = Parameter(torch.randn(ROWS, WIDTH, generator=generator, dtype=torch.float64, device=device))
    rate, wd, steps = 0.4, 0.2, 20
    optimizer = LionAR([p], lr=rate, betas=(0.0, 0.9), weight_decay=wd, grouping="neuron")
    nominal = (2 * rate * wd) ** 0.5
    tangents, cosines = [], []
    for _ in range(steps):
        before = p.detach().clone()
        # Some of the gradient lies along the weights, so that the cosine is not small.
        p.grad = before + torch.randn(ROWS, WIDTH, generator=generator, dtype=torch.float64, device=device)
        optimizer.step()
        signs = torch.sign(p.grad)
        cosines.append((signs * before).sum(1) / (signs.norm(dim=1) * before.norm(dim=1)))
        tangents.append(torch.tan(angle_between(before, p.detach())))
    law = lambdify((rotation.nominal, rotation.step_cosine), rotation.oblique_tangent())
    expected = law(nominal * (1 + error), torch.stack(cosines).cpu().numpy())
    return confrontation(
        "oblique-step", "steps of LionAR", {"lr": rate, "wd": wd}, _where(seed, steps),
        discrepancy("tan of each step", torch.as_tensor(expected), torch.stack(tangents).cpu(), FREE),
    )  # fmt: skip


def nominal_angle(p: float, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """The published variant of SGD, phi = 0, against torch's SGD at its equilibrium: the ratio of their angles."""
    rate = 0.5
    generator = generator_of(seed, device=device)
    weights = Parameter(torch.randn(ROWS, WIDTH, generator=generator, dtype=torch.float64, device=device))
    optimizer = Rotational(
        torch.optim.SGD([weights], lr=rate, weight_decay=p / rate), update_norm_decay=0.0, norm_eps=0.0
    )
    before = weights.detach().clone()
    weights.grad = torch.randn(ROWS, WIDTH, generator=generator, dtype=torch.float64, device=device)
    optimizer.step()
    turned = angle_between(before, weights.detach()).cpu()
    run = _sgd(scheduled("constant", lr=rate, wd=p / rate, steps=1), predict("sgd", lr=rate, wd=p / rate), 1.0, seed)
    measured = turned / float(run.angle.mean())
    shortfall = number(rotation.nominal_shortfall(equilibrium_of("sgd")), {}) * p
    expected = torch.full_like(measured, 1 + shortfall * (1 + error))
    # What the leading order leaves is of order p^2, and its coefficient of order one.
    return confrontation(
        "rotational-nominal", "the variant's steps and SGD's", {"lr": rate, "wd": p / rate}, _where(seed, 1),
        discrepancy("ratio of the angles", expected, measured, p**2),
    )  # fmt: skip


def _sgd(schedule: Schedule, rest: object, factor: float, seed: int, law: str = "fixed", device: str = "cpu") -> Result:
    """torch's SGD from ``factor`` times the norm of an equilibrium."""
    start = factor * float(rest.equilibrium_norm)  # type: ignore[attr-defined]
    return simulate_scheduled(
        "sgd", lr=schedule.lr, wd=schedule.wd, start_norm=start, law=law, dim=WIDTH, replicas=ROWS, seed=seed,
        device=device,
    )  # fmt: skip


def turning_budget(kind: str, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """Gradients of random length across w, under a schedule with warmup, from a small norm."""
    plan = scheduled(kind, lr=0.2, wd=0.3, steps=300, warmup=20)
    run = _sgd(plan, predict("sgd", lr=0.2, wd=0.3), 0.5, seed, "sphere", device)
    turned = -2 * torch.log(torch.cos(torch.as_tensor(run.angle))).sum(0)
    before, after = (torch.as_tensor(run.squared_norm[t]) for t in (0, -1))
    owed = torch.as_tensor(lambdify((squared_norm, rotation.later), rotation.owed())(before.numpy(), after.numpy()))
    # A step without change of the norm leaves log(1/a^2): the decay's part.
    still = rotation.squared_secant().subs(rotation.later, squared_norm)
    kept = lambdify((contraction,), still.simplify())(1 - plan.decay)
    whole = owed + float(np.log(kept).sum())
    return confrontation(
        "turning-budget", "torch.optim.SGD", {"lr": 0.2, "wd": 0.3}, {**_where(seed, plan.steps), "schedule": kind},
        discrepancy("sum of -2 log cos", (1 + error) * whole, turned, FREE),
    )  # fmt: skip


AT = {momentum: 0.9, dampening: 0, beta1: 0.9, energy: 1}
"""What the runs below take for other symbols than lr and decay."""
RUNS: dict[str, tuple[dict[str, float], str]] = {
    "sgd": ({}, "fixed"), "sgdm": ({"momentum": 0.9}, "fixed"), "adamw": ({"beta1": 0.9}, "iid"),
}  # fmt: skip
"""Their hyper-parameters and gradients."""
BETAS = (0.9, 0.99)
"""Of the variant below, and of AdamW beside it."""
FILLED = 100
"""Steps after which buffers of momentum 0.9 are full."""


def transit(name: str, p: float = 5e-4, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """Squared angles once the buffers are full, from 0.7 of the equilibrium norm, lr falling to half."""
    rate, steps = 0.1, round(0.4 / p)
    own, law = RUNS[name]
    width = {"dim": 1024} if law == "iid" else {}
    rest = predict(name, lr=rate, wd=p / rate, **own, **width)
    plan = scheduled("linear", lr=rate, wd=p / rate, steps=steps, final=0.5)
    run = _run(name, plan, 0.7 * float(rest.equilibrium_norm), seed, device)
    rule = OPTIMIZERS[name]
    share = number(rotation.turning_share(rule), AT) * (1 + error)
    contracted = 2 * number(transient.slow_law(rule).contraction, AT) * float(plan.decay[FILLED:].sum())
    ends = (run.squared_norm[FILLED], run.squared_norm[-1])
    columns = np.stack([(run.angle[FILLED:] ** 2).sum(0), *ends], axis=1)
    found = jackknife(columns, lambda m: m[..., 0] / (share * (np.log(m[..., 2] / m[..., 1]) + contracted)))
    # The slow law leaves relative terms of order p/(1 - momentum); an error bar counts several times over.
    statistic = Statistic("sum of angle^2 over the derived", 1.0, found, _left(p, own))
    at = {"lr": rate, "wd": p / rate, **own, **width}
    return confrontation("turning-in-transit", "trajectory", at, _where(seed, steps), statistic)


def _run(name: str, plan: Schedule, start: float, seed: int, device: str) -> Result:
    own, law = RUNS[name]
    return simulate(
        update_for(name, {**own, "lr": 1.0, "wd": 0.0}), schedule={"lr": plan.lr, "wd": plan.wd}, law=law,
        dim=1024 if law == "iid" else WIDTH, replicas=ROWS, steps=plan.steps, start_norm=start, seed=seed,
        engine="torch", device=device,
    )  # fmt: skip


def _left(p: float, own: Mapping[str, float]) -> float:
    return p / 2 / (1 - max(own.values(), default=0.0))


def _mean(values: np.ndarray) -> Estimate:
    return jackknife(values, lambda mean: mean[..., 0])


class Neurons:
    """Rotational AdamW on one matrix, a replica a row, told lr and weight decay before every step."""

    def __init__(self, plan: Schedule) -> None:
        self.plan = plan

    def start(self, w: Tensor) -> State:
        """A fresh optimizer."""
        self.matrix = Parameter(w.clone())
        base = torch.optim.AdamW([self.matrix], lr=1.0, betas=BETAS, eps=1e-12, weight_decay=1.0)
        self.optimizer = Rotational(base)
        return State()

    def step(self, w: Tensor, gradient: Gradient, state: State) -> tuple[Tensor, State]:
        """One step of it."""
        (group,) = self.optimizer.param_groups
        group.update(lr=float(self.plan.lr[state.steps]), weight_decay=float(self.plan.wd[state.steps]))
        self.matrix.grad = gradient.value.clone()
        self.optimizer.step()
        return self.matrix.detach().clone(), replace(state, steps=state.steps + 1)


def controlled(plan: Schedule, start_norm: float, dim: int, replicas: int = 8, seed: int = 0) -> Result:
    """Rotational AdamW under a schedule on gradients of a scale-invariant loss."""
    return simulate(
        Neurons(plan), law="sphere", dim=dim, replicas=replicas, steps=plan.steps, start_norm=start_norm, seed=seed
    )


def first_turn(factor: float, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """SGD's first step from ``factor`` times its equilibrium norm against one at equilibrium."""
    rate, wd = 0.1, 0.05
    rest, plan = predict("sgd", lr=rate, wd=wd), scheduled("constant", lr=rate, wd=wd, steps=1)
    away, still = (torch.tan(torch.as_tensor(_sgd(plan, rest, f, seed, "fixed", device).angle)) for f in (factor, 1.0))
    law = rotation.squared_excess(OPTIMIZERS["sgd"]) ** 0.5
    expected = number(law, {squared_norm: factor**2, rotation.later: 1.0}) * (1 + error)
    return confrontation(
        "early-angle", "torch.optim.SGD", {"lr": rate, "wd": wd}, {**_where(seed, 1), "start": factor},
        discrepancy("tan over that at equilibrium", torch.full_like(away, expected), away / still, FREE),
    )  # fmt: skip


def later_turn(p: float = 1e-4, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """AdamW from a third of its equilibrium norm, once the buffer is full: angle^2 by the norm of that step."""
    rate = 0.1
    own = {**RUNS["adamw"][0], "dim": 1024.0}
    rest = predict("adamw", lr=rate, wd=p / rate, **own)
    plan = scheduled("constant", lr=rate, wd=p / rate, steps=FILLED + 20)
    run = _run("adamw", plan, float(rest.equilibrium_norm) / 3, seed, device)
    law = lambdify((squared_norm, rotation.later), rotation.squared_excess(OPTIMIZERS["adamw"]))
    squares = law(run.squared_norm[FILLED:-1], float(rest.equilibrium_norm) ** 2)
    ratios = (run.angle[FILLED:] / float(rest.angular_update)) ** 2 / (squares * (1 + error))
    # The norm grows by 16 p of itself a step, over the 1/(1 - beta1) steps that the buffer remembers: a part of that.
    statistic = Statistic("angle^2 over the derived", 1.0, _mean(ratios.mean(0)), 3 * _left(p, RUNS["adamw"][0]))
    at = {"lr": rate, "wd": p / rate, **own}
    return confrontation("early-angle", "trajectory", at, _where(seed, plan.steps), statistic)


def warmup_turn(
    warm: bool, length: int = 1500, seed: int = 0, error: float = 0.0, device: str = "cpu"
) -> Confrontation:
    """The squared angles of SGD's first W steps, from a norm that they lengthen 51^(1/4)-fold without warmup."""
    start, decayed = 1.0, 1e-9
    rule = OPTIMIZERS["sgd"]
    forcing = transient.slow_law(rule).forcing
    grown = 50.0
    # Q_W/Q_0 = 51 without warmup: lr from f W = 50 Q_0.
    rate = (grown * start**4 / length / number(forcing, {**AT, lr: 1.0, decay: decayed})) ** 0.5
    plan = scheduled("constant", lr=rate, wd=decayed, steps=length, warmup=length if warm else 0)
    run = simulate_scheduled(
        "sgd", lr=plan.lr, wd=plan.wd, start_norm=start, law="fixed", dim=WIDTH, replicas=ROWS, seed=seed, device=device
    )
    growth = rotation.warmup_growth if warm else rotation.constant_growth
    at = {transient.warmup: float(length), transient.start: start**4}
    ratio = number(growth(forcing), {**AT, **at, lr: rate, decay: decayed})
    part = number(rotation.turning_share(rule), AT) / (1 - float(transient.slow_law(rule).elasticity))
    found = torch.as_tensor((run.angle**2).sum(0))
    expected = torch.full_like(found, part * float(np.log(ratio)) * (1 + error))
    # Sums for integrals, and the angle squared, which is grown/(2 W) at the first step.
    return confrontation(
        "warmup-turn", "torch.optim.SGD", {"lr": rate, "wd": decayed}, {**_where(seed, length), "warmup": warm},
        discrepancy("sum of angle^2", expected, found, grown / (16 * length)),
    )  # fmt: skip


def early_updates(bias: str, seed: int = 0, error: float = 0.0, device: str = "cpu") -> Confrontation:
    """AdamW's updates under signs drawn at random, for which v is 1 after its correction: their mean squares."""
    generator = generator_of(seed, device=device)
    width, beta, at = 4096, 0.9, (1, 2, 5, 12)
    p = Parameter(torch.zeros(ROWS, width, dtype=torch.float64, device=device))
    optimizer = AdamW([p], lr=1.0, betas=(beta, 0.99), eps=0.0, weight_decay=0.0, momentum_bias=bias)
    laws = {
        "corrected": rotation.corrected_mean_square(),
        "inverse": rotation.early_mean_square(),
        "level": rotation.settled_mean_square(),
    }
    statistics = []
    for count in range(1, max(at) + 1):
        before = p.detach().clone()
        p.grad = 2.0 * torch.randint(0, 2, (ROWS, width), generator=generator, device=device).double() - 1
        optimizer.step()
        if count in at:
            squares = (p.detach() - before).square().mean(1).cpu().numpy()
            expected = number(laws[bias], {beta1: beta, rotation.count: count}) * (1 + error)
            rounding = ROUNDING * 10
            statistics.append(Statistic(f"|update|^2/d of step {count}", expected, _mean(squares), rounding))
    where = {"replicas": ROWS, "seed": seed, "bias": bias, "dim": width}
    return Confrontation("early-momentum", "steps of our AdamW", {"beta1": beta}, where, tuple(statistics))


def _where(seed: int, steps: int) -> dict[str, object]:
    return {"replicas": ROWS, "seed": seed, "steps": steps}
