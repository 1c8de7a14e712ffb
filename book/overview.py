"""The README's figure: ``python book/overview.py`` writes ``_static/overview.svg``."""

from __future__ import annotations

from pathlib import Path

import matplotlib

matplotlib.use("Agg")

import matplotlib.pyplot as plt
import numpy as np
from figures import SERIES, drawing

import numerics
from proofs.literature import ROWS, compare
from smd.predicting import predict

TARGET = Path(__file__).parent / "_static" / "overview.svg"
CASES = {
    "sgd": ("SGD", "sphere", {}),
    "sgdm": ("SGD, momentum 0.9", "sphere", {"momentum": 0.9}),
    "adamw": ("AdamW, beta1 0.9", "iid", {"beta1": 0.9}),
    "lion": ("Lion, betas 0.9, 0.99", "iid", {"beta1": 0.9, "beta2": 0.99}),
}
LR, DIM = 0.1, 256


def measured(optimizer: str, law: str, decay: float, hyper: dict[str, float]) -> float:
    """The simulated angle at lr*wd = decay."""
    found = predict(optimizer, lr=LR, wd=decay / LR, **hyper)
    half = max(found.half_life or 1.0, 70.0 if optimizer == "lion" else 1.0)
    run = numerics.simulate(
        numerics.update_for(optimizer, {"lr": LR, "wd": decay / LR, **hyper}),
        law=law,
        dim=DIM,
        replicas=16,
        steps=round(60 * half) + 200,
        burn_in=round(30 * half) + 100,
        seed=11,
    )
    return run.angular_update.value


def main() -> None:
    """Draw exact angles as lines, simulated ones as dots, and Lion's published angle dotted."""
    grid = np.geomspace(1e-3, 1, 80)
    points = np.geomspace(3e-3, 0.8, 7)
    figure, axis = plt.subplots(figsize=(7.2, 4.2))
    for (optimizer, (label, law, hyper)), colour in zip(CASES.items(), SERIES, strict=True):
        exact = [predict(optimizer, lr=LR, wd=p / LR, **hyper).angular_update for p in grid[grid < 0.99]]
        axis.plot(grid[grid < 0.99], exact, color=colour, label=f"{label}: exact")
        axis.plot(points, [measured(optimizer, law, p, hyper) for p in points], "o", color=colour, markersize=5)
    (row,) = (row for row in ROWS if row.id == "KOS-T1-lion angle")
    at = compare(row)
    recipe = at.recipe["lr"] * at.recipe["wd"]
    anchor = predict("lion", **at.recipe).angular_update / at.ratio
    axis.plot(grid, anchor * np.sqrt(grid / recipe), color=SERIES[3], linestyle=":", label="Lion: as published")
    axis.set(xscale="log", yscale="log", xlabel="lr * wd", ylabel="angular update (rad per step)")
    axis.plot([], [], "o", color=drawing.ASIDE, label="simulation")
    axis.legend(fontsize=8)
    drawing.write(figure, TARGET, "python book/overview.py")


if __name__ == "__main__":
    main()
