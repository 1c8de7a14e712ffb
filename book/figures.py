"""What the book's pages show: the two pictures of every optimizer, tables and numbers, in the house's style."""

from __future__ import annotations

import matplotlib.pyplot as plt
import numpy as np
from IPython.display import Markdown

import numerics
import theory
from numerics import Result
from numerics.statistics import Estimate
from proofs.digits import shown
from proofs.experiments import drawing
from proofs.experiments.drawing import THEORY
from proofs.printed import predict as enclosed_predict
from smd.predicting import predict

SERIES = drawing.SERIES[:4]
APART, ERRORS = 0.1, 6.0
"""A simulation that is further off the theory, relatively and past so many errors, shows a mistake and no figure."""

drawing.use()


def made(date: str, source: str | None, now: str) -> str:
    """The day of a record, and whether the sources that it was made from have changed since."""
    return date[:10] if source == now else f"{date[:10]}; the sources have changed since"


def cosines(run: Result) -> np.ndarray:
    """E<w, w'>/|w||w'| of each step, over the replicas."""
    norms = run.squared_norm.mean(axis=1)
    return (norms[:-1] - run.lost_overlap.mean(axis=1)) / np.sqrt(norms[:-1] * norms[1:])


def settling(optimizer: str, law: str, steps: int, dim: int, starts: tuple[float, ...], **hyper: float) -> None:
    """Norm and angle over time from several start norms, with the predicted equilibrium as a dashed line."""
    scale = {"dim": dim} if theory.load(optimizer).takes("dim") else {}
    found = predict(optimizer, **hyper, **scale)
    _, (norms, angles) = plt.subplots(1, 2)
    for factor, colour in zip(starts, SERIES, strict=False):
        run = numerics.simulate(
            numerics.update_for(optimizer, hyper),
            law=law,
            dim=dim,
            replicas=8,
            steps=steps,
            start_norm=factor * found.equilibrium_norm,
            seed=1,
        )
        norms.plot(np.sqrt(run.squared_norm.mean(axis=1)), color=colour, label=f"from {factor:g} times the equilibrium")
        angles.plot(np.arccos(np.clip(cosines(run), -1, 1)), color=colour)
    norms.axhline(found.equilibrium_norm, color=THEORY, linestyle="--", label="theory")
    angles.axhline(found.angular_update, color=THEORY, linestyle="--")
    norms.set(xlabel="step", ylabel="norm", yscale="log")
    angles.set(xlabel="step", ylabel="angular update (rad)", yscale="log")
    norms.legend(fontsize=8)
    plt.show()


def measured_against_theory(
    optimizer: str, law: str, dim: int, products: tuple[float, ...], lr: float, **hyper: float
) -> None:
    """Equilibrium angle over lr*wd: simulation, exact and leading order; ValueError where the first two are APART."""
    scale = {"dim": dim} if theory.load(optimizer).takes("dim") else {}
    found, leading, measured = [], [], []
    for product in products:
        chosen = {"lr": lr, "wd": product / lr, **hyper}
        prediction = predict(optimizer, **chosen, **scale)
        half = prediction.half_life or 1.0
        slow = max(half, 70.0 if optimizer == "lion" else half)
        run = numerics.simulate(
            numerics.update_for(optimizer, chosen),
            law=law,
            dim=dim,
            replicas=16,
            steps=round(40 * slow) + 200,
            burn_in=round(20 * slow) + 100,
            start_norm=prediction.equilibrium_norm,
            seed=2,
        )
        found.append(prediction.angular_update)
        leading.append(prediction.leading_order["angular_update"])
        measured.append(run.angular_update)
    values = np.array([m.value for m in measured])
    errors = np.array([m.standard_error for m in measured])
    off = (np.abs(values - found) - ERRORS * errors) / found
    if off.max() > APART:
        worst = int(off.argmax())
        raise ValueError(
            f"{optimizer} at lr*wd = {products[worst]}: {values[worst]:.3g} where {found[worst]:.3g} is due"
        )
    _, (angle, ratio) = plt.subplots(1, 2)
    angle.errorbar(products, values, errors, fmt="o", color=SERIES[0], label="simulation", markersize=4)
    angle.plot(products, found, color=THEORY, linestyle="--", label="exact")
    angle.plot(products, leading, color=SERIES[1], linestyle=":", label="leading order")
    angle.set(xscale="log", yscale="log", xlabel="lr * wd", ylabel="angular update (rad)")
    angle.legend(fontsize=8)
    ratio.errorbar(products, values / np.array(found), errors / np.array(found), fmt="o", color=SERIES[0], markersize=4)
    ratio.plot(products, np.array(leading) / np.array(found), color=SERIES[1], linestyle=":")
    ratio.axhline(1, color=THEORY, linestyle="--")
    ratio.set(xscale="log", xlabel="lr * wd", ylabel="over the exact angle")
    plt.show()


def table(rows: list[tuple[object, ...]], header: tuple[str, ...]) -> Markdown:
    """A Markdown table of computed values."""
    lines = ["| " + " | ".join(header) + " |", "|" + "---|" * len(header)]
    lines += ["| " + " | ".join(str(cell) for cell in row) + " |" for row in rows]
    return Markdown("\n".join(lines))


def measured(number: float, spec: str) -> str:
    """The digits of what a simulation measured; the theory's go through ``proofs.digits.shown``."""
    return format(float(number), spec)


def with_error(estimate: Estimate, spec: str, over: float = 1.0, error: str | None = None) -> str:
    """A measurement and its standard error, over a number."""
    value, deviation = estimate.value / over, estimate.standard_error / over
    return f"{measured(value, spec)} ± {measured(deviation, error or spec)}"


def comparison(
    optimizer: str, law: str, dim: int, steps: int, burn_in: int, replicas: int = 16, **hyper: float
) -> Markdown:
    """Predicted beside measured norm and angle at one point."""
    scale = {"dim": dim} if theory.load(optimizer).takes("dim") else {}
    found = enclosed_predict(optimizer, **hyper, **scale)
    run = numerics.simulate(
        numerics.update_for(optimizer, hyper),
        law=law,
        dim=dim,
        replicas=replicas,
        steps=steps,
        burn_in=burn_in,
        start_norm=found.equilibrium_norm / 2,
        seed=3,
    )
    rows = []
    for name, estimate in (("equilibrium_norm", run.equilibrium_norm), ("angular_update", run.angular_update)):
        exact = getattr(found, name)
        rows.append(
            (
                name,
                shown(exact, ".6g"),
                measured(estimate.value, ".6g"),
                measured(estimate.standard_error, ".1g"),
                shown(found.leading_order[name], ".6g"),
            )
        )
    return table(rows, ("quantity", "exact", "measured", "standard error", "leading order"))


def display(*expressions: tuple[str, object]) -> Markdown:
    """Derived expressions as displayed equations."""
    from proofs.latex import latex

    return Markdown("\n\n".join(f"$$ {left} = {latex(right)} $$" for left, right in expressions))


__all__ = [
    "SERIES",
    "THEORY",
    "comparison",
    "cosines",
    "display",
    "measured",
    "measured_against_theory",
    "settling",
    "shown",
    "table",
    "theory",
    "with_error",
]
