"""Equilibrium norm and angle of each layer, for every optimizer: from nothing, from gradients, from updates."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from numerics.statistics import Estimate
from proofs.experiments.experiment import Cell, Experiment, Finding, Mode, Relation, Table, groups, over_seeds
from proofs.overlay.optimizers import SIGNS, TRUST

if TYPE_CHECKING:
    from matplotlib.figure import Figure

LINEAR, SIGN, MUON, IDENTITY, DEAD = (
    "network-equilibrium", "network-equilibrium-sign", "network-equilibrium-muon", "network-equilibrium-updates",
    "network-dead-neurons",
)  # fmt: skip
DECAY = 0.01
"""lr wd of a step, over 1 - momentum where decay is coupled: the norm forgets in 100 steps."""
NOISE = 0.3
RULES: dict[str, dict[str, Any]] = {
    "sgdm": {"rate": 0.1, "wd": DECAY},
    "adamw": {"rate": 2e-3, "wd": DECAY / 2e-3, "hyperparameters": {"beta2": 0.99}},
    "adam_l2": {"rate": 1e-3, "wd": 0.1, "hyperparameters": {"beta2": 0.99}},
    "lion": {"rate": 1e-3, "wd": DECAY / 1e-3},
    "signum": {"rate": 1e-3, "wd": DECAY / 1e-3, "hyperparameters": {"momentum": 0.9}},
    "muon": {"rate": 2e-2, "wd": DECAY / 2e-2, "hyperparameters": {"orthogonalise": "polar"}},
}
MORE: dict[str, dict[str, Any]] = {
    "sgd": {"rate": 0.3, "wd": DECAY / 0.3},
    "sgdw": {"rate": 0.1, "wd": 10 * DECAY},
    "nesterov": {"rate": 0.1, "wd": DECAY},
    "nesterovw": {"rate": 0.1, "wd": 10 * DECAY},
    "nadamw": {"rate": 2e-3, "wd": DECAY / 2e-3, "hyperparameters": {"beta2": 0.99}},
    "nadam_l2": {"rate": 1e-3, "wd": 0.1, "hyperparameters": {"beta2": 0.99}},
    "rmsprop": {"rate": 1e-3, "wd": 0.1},
    "rmspropw": {"rate": 2e-3, "wd": DECAY / 2e-3},
    "ngd": {"rate": 0.1, "wd": 10 * DECAY},
    "signsgd": {"rate": 1e-3, "wd": DECAY / 1e-3},
    "lars": {"rate": 15.0, "wd": DECAY},
    "lamb": {"rate": 1e-2, "wd": 1.0},
}
"""Not of the quick matrix. SGD has a lr at which it rests near its start: far above it bursts of |u| would rule."""
WITHHELD = ("adam_l2", "nadam_l2", "rmsprop", *TRUST)
"""Their update holds their own decay, so that its correlations say nothing of the norm."""
MEMORYLESS = ("sgd", "ngd", "signsgd", "rmspropw")
"""Rules without momentum, whose updates are nearly white, so that no correlations are missed."""
BLIND = {"nadamw": 0.8}
"""Bounds of a control: NAdam's momentum is still near a half in these runs."""
ANTICORRELATED = (("gpt", "nesterov"), ("gpt", "nesterovw"), ("gpt", "nadamw"), ("mlp", "nadamw"))
"""Where the white line is not held to its bar, known from runs with other seeds: gradients undo one another."""
KILLED = 8
WHITE, A, B, B_SIGN = 0.05, 0.02, 0.05, 0.15
BAR = "the bar that was set before: {} per cent"
STEPS = {"mlp": 1000, "gpt": 800, "resnet20": 2400}
SLOW = ("adam_l2", "nadam_l2", "rmsprop")
"""Whose half-life is up to 280 steps here, known from runs with other seeds: they take 1.6 times as many."""


def _point(network: str, name: str, noise: float, *, levels: bool, scale: float = 1) -> dict[str, Any]:
    rule = {"hyperparameters": {}, **(RULES | MORE)[name]}
    steps = int(STEPS[network] * scale * (1.6 if name in SLOW else 1))
    return {
        **rule,
        "network": network,
        "optimizer": name,
        "noise": noise,
        "steps": steps,
        "levels": levels,
        "killed": 0,
    }


def _grid(mode: Mode) -> list[dict[str, Any]]:
    dead = [{**_point("mlp", name, 0.0, levels=False), "steps": 300, "killed": KILLED} for name in ("adamw", "lion")]
    if mode is Mode.FULL:
        full = (RULES | MORE).keys()
        noises = {"mlp": (0.0, NOISE), "gpt": (0.0,), "resnet20": (NOISE,)}
        return dead + [
            _point(n, r, x, levels=True, scale=4) for n, every in noises.items() for x in every for r in full
        ]
    # What takes longest comes first, so that no process waits for it in the end.
    found = [_point("gpt", name, 0.0, levels=name in ("lion", "muon")) for name in RULES if name != "signum"]
    found += [_point("mlp", name, 0.0, levels=name != "adam_l2") for name in RULES if name != "signum"]
    found += [_point("mlp", name, NOISE, levels=name in SIGNS) for name in ("sgdm", "adam_l2", "lion", "signum")]
    return found + dead


def _at(cells: Sequence[Cell]) -> dict[tuple[Any, ...], list[Cell]]:
    """By network, share of wrong labels and optimizer, without those with killed neurons."""
    return groups([cell for cell in cells if not cell.parameters["killed"]], "network", "noise", "optimizer")


def _where(network: str, noise: float, name: str) -> str:
    return f"{network}{f', {noise:.0%} wrong labels' if noise else ''}, {name}"


def _worst(level: str) -> Callable[[Cell], float]:
    return lambda cell: float(np.abs(cell.values[level] - 1).max())


def _median(key: str) -> Callable[[Cell], float]:
    return lambda cell: float(np.median(cell.values[key]))


def _rung(place: int) -> Callable[[Cell], float]:
    return lambda cell: float(np.nanmean(cell.values["rungs"][:, place]))


def _judge(cells: Sequence[Cell]) -> list[Finding]:
    found: list[Finding] = []
    for (network, noise, name), own in _at(cells).items():
        where = _where(network, noise, name)
        claim = SIGN if name in SIGNS else MUON if name == "muon" else LINEAR
        found += _white(where, network, noise, name, own)
        if not own[0].parameters["levels"]:
            continue
        if name not in WITHHELD:
            found += _identity(where, name, own)
        if name != "muon":
            bar = B_SIGN if name in SIGNS else B
            what = f"{where}: level B, worst layer's |measured / predicted angle - 1|"
            found.append(_most(what, over_seeds(own, _worst("gradients")), bar, BAR.format(f"{bar * 100:g}"), claim))
    return found + _causes(cells) + _of_dead(cells)


def _identity(where: str, name: str, own: Sequence[Cell]) -> list[Finding]:
    what, worst = (
        f"{where}: level A, worst layer's |measured / predicted angle - 1|",
        over_seeds(own, _worst("updates")),
    )
    right = _most(what, worst, A, BAR.format(2), IDENTITY)
    if name in MEMORYLESS:
        return [right]
    what = f"control, {where}: level A without correlations, measured / predicted angle"
    bound, reason = BLIND.get(name, 0.5), "an identity that sees no correlations must be far off"
    return [right, _most(what, over_seeds(own, _median("blind")), bound, reason, IDENTITY)]


def _white(where: str, network: str, noise: float, name: str, own: Sequence[Cell]) -> list[Finding]:
    if name in SIGNS or name == "muon":
        return []
    what, error = f"{where}: white, median error of the angle over layers and time", over_seeds(own, _median("errors"))
    control = over_seeds(own, lambda cell: float(np.nanmedian(cell.values["doubled"])))
    reason = "a line for another decay must be seen to be wrong"
    wrong = _least(f"control, {where}: median error of the line for twice the decay", control, 0.2, reason, LINEAR)
    if name == "lars":
        seen = over_seeds(own, _median("held"))
        return [
            _least(f"{where}: white misses, median error over layers and time", error, WHITE, BAR.format(5), LINEAR),
            _most(
                f"{where}: 2 sum_k momentum^k R_k of g/|g|", seen, -0.05, "white is 0; what the buffer holds", LINEAR
            ),
        ]
    if (network, name) in ANTICORRELATED:
        seen, reason = over_seeds(own, _median("whiteness")), "white is 0; gradients that undo one another"
        return [
            _most(what, error, 0.15, "not the bar of 5 per cent: see the next finding", LINEAR),
            _most(f"{where}: 2 sum_k a^(k-1) R_k of the gradients", seen, -0.1, reason, LINEAR),
            wrong,
        ]
    right = _most(what, error, WHITE, BAR.format(5), LINEAR)
    return [right] if name in TRUST else [right, wrong]


def _causes(cells: Sequence[Cell]) -> list[Finding]:
    """Why white noise misses: what violates it, and what of it must be told for the line to hold."""
    at, found = _at(cells), []
    for key in (("mlp", 0.0, "lion"), ("gpt", 0.0, "lion")):
        own = at.get(key)
        if own is None:
            continue
        where, errors = _where(*key), over_seeds(own, _median("errors"))
        zeros = over_seeds(own, lambda cell: abs(_rung(1)(cell) - _rung(0)(cell)))
        found += [
            _least(f"{where}: white misses, median error over layers and time", errors, WHITE, BAR.format(5), SIGN),
            _most(
                f"{where}: zeros alone change measured / predicted by", zeros, 0.01, "a hundredth: not the cause", SIGN
            ),
        ]
        law = over_seeds(own, _rung(2))
        if key[0] == "mlp":
            seen = over_seeds(own, _median("kurtosis"))
            found += [
                _least(f"{where}: entries have heavy tails, kurtosis in time", seen, 10.0, "Gaussian is 3", SIGN),
                _most(f"{where}: Gaussian, measured / predicted", over_seeds(own, _rung(0)), 0.8, "it persists", SIGN),
                _near(f"{where}: by the entries' law alone, measured / predicted", law, 0.1, "it is the cause", SIGN),
            ]
        else:
            seen = over_seeds(own, _median("whiteness"))
            reason = "white is 0; gradients that undo one another"
            found += [
                _most(f"{where}: 2 sum_k a^(k-1) R_k of the gradients", seen, -0.2, reason, SIGN),
                _least(
                    f"{where}: by the entries' law alone, measured / predicted", law, 1.1, "not the cause here", SIGN
                ),
            ]
    for key, own in at.items():
        if key[2] == "muon":
            where, seen = _where(*key), over_seeds(own, lambda cell: float(cell.values["stable_rank"].max()))
            reason = "the law supposes 1"
            what = f"{where}: |G|_F^2 / |G|_2^2 of the gradient over a Gaussian matrix's, largest of the layers"
            found.append(_most(what, seen, 0.6, reason, MUON))
            reason = "not the bar of 5 per cent: gradients are far from isotropic, see the next finding"
            what = f"{where}: white, median error of the angle over layers and time"
            found.insert(-1, _most(what, over_seeds(own, _median("errors")), 0.15, reason, MUON))
    return found


def _of_dead(cells: Sequence[Cell]) -> list[Finding]:
    found = []
    for (name,), own in groups([cell for cell in cells if cell.parameters["killed"]], "optimizer").items():
        where = f"mlp, {name}, {KILLED} neurons a layer that never fire"
        right = over_seeds(own, lambda cell: float((cell.values["dead"] == cell.parameters["killed"]).mean()))
        found += [
            Finding(f"{where}: told apart, share of layers", 1.0, right, 0.0, "they are known", claims=(DEAD,)),
            _most(f"{where}: relative error of log|w_T| - log|w_0| = T log(1 - p)",
                  over_seeds(own, lambda cell: float(cell.values["decays"].max())), 1e-4, "single precision", DEAD),
            _most(f"{where}: largest angle of a step of theirs, in radians",
                  over_seeds(own, lambda cell: float(cell.values["turned"].max())), 1e-6, "single precision", DEAD),
            _most(f"{where}: control, angle of the layer with them over that without, first half-life",
                  over_seeds(own, _median("with_dead")), 0.98, "left in they must be seen", DEAD),
        ]  # fmt: skip
    return found


def _most(name: str, seen: Estimate, bound: float, reason: str, claim: str) -> Finding:
    return Finding(name, bound, seen, 0.0, reason, Relation.AT_MOST, (claim,))


def _least(name: str, seen: Estimate, bound: float, reason: str, claim: str) -> Finding:
    return Finding(name, bound, seen, 0.0, reason, Relation.AT_LEAST, (claim,))


def _near(name: str, seen: Estimate, tolerance: float, reason: str, claim: str) -> Finding:
    return Finding(name, 1.0, seen, tolerance, reason, claims=(claim,))


COLUMNS = (
    "network", "optimizer", "error", "norm", "white", "with zeros", "entries' law", "gradients (B)", "updates (A)",
    "R_1 of updates", "whiteness", "kurtosis", "bursts", "bursts of updates", "stable rank", "left out",
)  # fmt: skip


def _table(cells: Sequence[Cell]) -> Table:
    rows = []
    for (network, noise, name), own in _at(cells).items():
        seen = f"{network}{f', {noise:.0%} wrong labels' if noise else ''}"
        rungs = [_mean(own, "rungs", place) for place in (1, 2)]
        levels = [_mean(own, key) for key in ("gradients", "updates")]
        rest = [_mean(own, key) for key in ("persistence", "whiteness", "kurtosis", "bursts", "jumps", "stable_rank")]
        first = [over_seeds(own, _median("errors")).value, _mean(own, "norms"), _mean(own, "white")]
        rows.append((seen, name, *first, *rungs, *levels, *rest, ""))
    for (name,), own in groups([cell for cell in cells if cell.parameters["killed"]], "optimizer").items():
        fell = max(float(cell.values["decays"].max()) for cell in own)
        why = f"{KILLED} neurons a layer without any gradient: they decay as (1 - p)^t, to {fell:.0e}, and never turn"
        first = [over_seeds(own, _median("errors")).value, _mean(own, "norms"), _mean(own, "white")]
        rows.append((f"mlp, {own[0].parameters['steps']} steps", name, *first, *[""] * 6, *(
            _mean(own, key) for key in ("kurtosis", "bursts")
        ), "", "", why))  # fmt: skip
    caption = (
        "Error: median over layers, and over half-lives after the first, of the white line's angle; norm: measured "
        "over predicted. From white to updates: measured over predicted RMS angle of the last half of the run, mean "
        "over layers, as the line is told more: nothing but the energy of the gradient; for signs the exact zeros of "
        "their entries, the law of their entries; the autocorrelation of the gradients; that of the updates. "
        "Whiteness: 2 sum a^(k-1) R_k of the gradients, 0 if white. Kurtosis: of an entry in time, median, 3 if "
        "Gaussian. Bursts: E|g|^4/(E|g|^2)^2, 1 if steady, and the same of updates. Stable rank: of the gradient, over "
        "a Gaussian matrix's."
    )
    return Table(COLUMNS, rows, caption)


def _mean(own: Sequence[Cell], key: str, place: int | None = None) -> float | str:
    """Mean over layers and seeds, empty where nothing was measured or predicted."""
    if key not in own[0].values:
        return ""
    values = np.array([cell.values[key] for cell in own], dtype=float)
    values = values if place is None else values[..., place]
    return float(np.nanmean(values)) if np.isfinite(values).any() else ""


SHOWN = ("sgdm", "adamw", "adam_l2", "lion", "muon")
LEVELS = (("white", "white", "s"), ("gradients", "gradients (B)", "^"), ("updates", "updates (A)", "o"))


def _figure(cells: Sequence[Cell]) -> Figure:
    from proofs.experiments.drawing import SERIES, THEORY, panels

    figure, axes = panels(rows=2)
    at = _at(cells)
    for above, below, network in zip(axes[0], axes[1], ("mlp", "gpt"), strict=True):
        for colour, name in zip(SERIES, SHOWN, strict=False):
            own = at.get((network, 0.0, name))
            if own is None:
                continue
            values = own[0].values
            above.plot(values["at"], values["angle"], "o", color=colour, markersize=3, label=name)
            above.plot(values["at"], values["line"], "--", color=THEORY, linewidth=1)
        above.set(yscale="log", xlabel="steps", title=f"{network}: a middle layer, dashed: white noise")
        below.axhline(1, color=THEORY, linestyle="--", linewidth=1)
        for place, name in enumerate(SHOWN):
            for shift, colour, (key, _, marker) in zip((-0.2, 0, 0.2), SERIES, LEVELS, strict=False):
                own = [cell for cell in at.get((network, 0.0, name), []) if key in cell.values]
                ratios = np.array([cell.values[key] for cell in own], dtype=float).ravel()
                below.plot(np.full(ratios.size, place + shift), ratios, marker, color=colour, markersize=3, alpha=0.7)
        below.set(xticks=range(len(SHOWN)), xticklabels=SHOWN, title=f"{network}: each layer and seed")
    axes[0, 0].set(ylabel="RMS angle, radians")
    axes[1, 0].set(ylabel="measured / predicted")
    axes[0, 1].legend(ncols=2)
    for colour, (_, label, marker) in zip(SERIES, LEVELS, strict=False):
        axes[1, 0].plot([], [], marker, color=colour, label=label)
    axes[1, 0].legend()
    return figure


EXPERIMENT = Experiment(
    name="equilibrium",
    title="Equilibrium norm and angle, layer by layer",
    claims=(LINEAR, SIGN, MUON, IDENTITY, DEAD),
    tests=(
        "Scale-invariant hidden matrices of networks in training at constant lr and decay, against the norm and angle "
        "that follow from lr, decay, the start norm and the measured energy of the unit gradient, if gradients are "
        "white in time; and, where they are not, from the gradients' autocorrelation and law of entries (level B) or "
        "from the updates' autocorrelation (level A, an identity). Correlations are exact, at every lag up to 4/p, "
        "over the last half of the run. Nothing is fitted. Adam's beta2 is 0.99 and Muon's polar factor exact; heads, "
        "embeddings and gains do not decay and are no part of it."
    ),
    cell="proofs.experiments.cells.equilibrium:run",
    grid=_grid,
    judge=_judge,
    table=_table,
    figure=_figure,
    seeds={Mode.QUICK: 4, Mode.FULL: 5},
    seconds={Mode.QUICK: 155.0, Mode.FULL: 14400.0},
    published=(),
)
