"""Updates of fixed size, signs and orthogonalised matrices: what correlation does to norm and angle; Adam's RMS."""

from __future__ import annotations

from functools import cache

from sympy import Expr, Integer, sqrt, symbols

import theory
from proofs.enclosed import of_expression, predicted
from proofs.literature.derived import at, in_learning_rate, moment, of
from proofs.literature.equilibria import ADAMW, LION, averaging
from proofs.literature.published import Published, Recipe, Relation, Side, printed
from theory import Prediction
from theory.muon import SQUARED_SCALES
from theory.stationary_input import driven_by, signal_and_noise
from theory.symbols import beta1, dim, lr, momentum, snr, wd

WEN, CHOU, LIK = "wen2025hyperball", "chou2025", "chen2024lionk"
MUON = {"lr": 0.02, "wd": 0.1, "momentum": 0.95, "rows": 64, "cols": 64}
WIDE, TALL = {"rows": 64, "cols": 256}, {"rows": 256, "cols": 64}
SIGNUM = {"lr": 1e-3, "wd": 0.1, "beta1": 0.9}
SIZE = ("rows", "cols")
kept = 1 - lr * wd


def geometric_norm(energy: Expr, coefficient: Expr) -> Expr:
    """|W| of an update of energy U^2 whose correlation at lag k is coefficient^k."""
    return lr * sqrt(energy * (1 + kept * coefficient) / ((1 - kept**2) * (1 - kept * coefficient)))


def geometric_sine(coefficient: Expr) -> Expr:
    """The relative update of the same."""
    return sqrt((1 - kept**2) * (1 - coefficient**2)) / (1 + kept * coefficient)


def _adamw_energy() -> Expr:
    return dim * averaging()


def _overlap() -> Expr:
    """-E<W, u> of AdamW: the fresh gradient in u = m' is orthogonal, so that <w, m'> = beta1 <w, m>."""
    return -beta1 * moment("adamw", 0, 1)


@cache
def _muon(lr_: float, wd_: float, momentum_: float, rows: int, cols: int, nesterov: bool) -> Prediction:
    shape = {"rows": rows, "cols": cols, "nesterov": nesterov, "scale": "none"}
    return predicted("muon", {"lr": lr_, "wd": wd_, "momentum": momentum_, **shape})


def muon(quantity: str, nesterov: bool) -> Side:
    """A number of Muon's equilibrium without a scale."""

    def number(recipe: Recipe) -> float:
        found = _muon(*(recipe[n] for n in ("lr", "wd", "momentum")), *(int(recipe[n]) for n in SIZE), nesterov)
        return getattr(found, quantity)

    return number


def _size(scale: str) -> Side:
    """|c polar(B)|_F of rows x cols."""
    return lambda r: of_expression(sqrt(SQUARED_SCALES[scale](*(int(r[n]) for n in SIZE)) * min(r[n] for n in SIZE)))


def _rows() -> Expr:
    return sqrt(symbols("m", positive=True))


def _moonlight() -> Expr:
    return sqrt(symbols("m", positive=True) * symbols("n", positive=True)) / 5


def _lasting() -> Expr:
    """(1 + beta)/(1 - beta)."""
    return (1 + beta1) / (1 - beta1)


def _chou_norm() -> Expr:
    """|W| at which lambda = (2 - a) eta/(2 a C^2) with C^2 = |W|^2 over the squared update and a = 1 - beta."""
    free = 1 - momentum
    return sqrt((2 - free) * lr / (2 * free * wd) * symbols("m", positive=True))


def _adam_rms() -> Expr:
    """RMS of Adam's update under a constant mean gradient, v at its mean."""
    found = driven_by(theory.OPTIMIZERS["adamw"], signal_and_noise())
    return sqrt(found.recursion.unit_gram[1, 1])


def _su_rms() -> Expr:
    return sqrt((snr + averaging()) / (snr + 1))


def _mean_square(recipe: Recipe) -> float:
    """E w^2 per coordinate of Signum."""
    return at("signum", {**recipe, "dim": 1}).equilibrium_norm ** 2


def _root_mean_square(recipe: Recipe) -> float:
    return _mean_square(recipe) ** 0.5


def _largest_sum() -> Expr:
    """lr times the sum of all (1 - p)^k: where a coordinate ends whose every sign is the same."""
    return in_learning_rate(lr / (1 - theory.equilibrium_of("rmspropw").recursion.transition[0, 0]))


def _lion_rms(recipe: Recipe) -> float:
    return at("lion", {**recipe, "dim": 1}).equilibrium_norm


def _muon_rms(recipe: Recipe) -> float:
    """RMS singular value of Muon's weights."""
    return muon("equilibrium_norm", True)(recipe) / of_expression(sqrt(min(int(recipe[n]) for n in SIZE)))


WHY_MUON = "the polar factor forgets faster than its momentum"

ROWS = (
    Published("WEN-1 norm", WEN, "text", "norm of AdamW", lambda: geometric_norm(_adamw_energy(), beta1),
              of("adamw", "norm"), ADAMW, "adamw-norm"),
    Published("WEN-1 overlap", WEN, "text", "-<W, u> of AdamW",
              lambda: lr * beta1 * _adamw_energy() / (1 - kept * beta1), _overlap, ADAMW, "adamw-norm"),
    Published("WEN-1 relative update", WEN, "text", "sine of AdamW's angle", lambda: geometric_sine(beta1),
              of("adamw", "sine"), ADAMW, "geometric-update-sine", why="neither the angle nor the chord"),
    Published("WEN-1 as a chord", WEN, "text", "chord of AdamW's step", lambda: geometric_sine(beta1),
              of("adamw", "chord"), ADAMW, "angle-chord-sine", why="the same formula read as a distance"),
    Published("WEN-1 size AdamW", WEN, "text", "RMS update of AdamW", lambda: sqrt(_adamw_energy()),
              lambda: sqrt(moment("adamw", 1, 1)), ADAMW, "adamw-norm"),
    Published("WEN-1 size Muon", WEN, "text", "size of Muon's update", _rows, lambda: _size("original"),
              {**MUON, **WIDE}, "muon-norm", why="wide matrices and tall ones, with the original scale"),
    Published("WEN-1 size unscaled", WEN, "text", "size of Muon's update, tall matrix", _rows, lambda: _size("none"),
              {**MUON, **TALL}, "muon-norm", held=SIZE, why="without the scale the shorter side counts"),
    Published("WEN-1 size Moonlight", WEN, "text", "size of Moonlight's update", _moonlight,
              lambda: _size("match_rms_adamw"), MUON, "muon-norm"),
    Published("WEN-1 Moonlight as AdamW", WEN, "text", "RMS update of AdamW per coordinate",
              lambda: Integer(1) / 5, lambda: sqrt(averaging()), ADAMW, "adamw-norm",
              why="equal at beta1 = 12/13 only"),
    Published("WEN-1 gradient", WEN, "text", "gradient of AdamW", lambda: sqrt(wd / lr),
              lambda: 1 / theory.equilibrium_of("adamw").norm, ADAMW, "adamw-norm", Relation.PROPORTIONAL,
              held=("dim",), why="a gradient of scale-invariant weights goes like 1/|w|; the ratio is the constant"),
    Published("WEN-1 Muon norm", WEN, "text", "norm of Muon", lambda: geometric_norm(_rows() ** 2, momentum),
              lambda: muon("equilibrium_norm", False), MUON, "muon-norm", held=SIZE, why=WHY_MUON),
    Published("WEN-1 Muon sine", WEN, "text", "sine of Muon's angle", lambda: geometric_sine(momentum),
              lambda: muon("sine", False), MUON, "muon-angle", held=SIZE, why=WHY_MUON),
    Published("WEN-1 Muon Nesterov", WEN, "text", "sine of Muon's angle, Nesterov", lambda: geometric_sine(momentum),
              lambda: muon("sine", True), MUON, "muon-angle", held=SIZE,
              why="the fresh gradient weighs more still"),
    Published("CHO-2", CHOU, "second-hand", "norm of an orthogonalised update", _chou_norm,
              lambda: muon("equilibrium_norm", False), MUON, "muon-norm", held=SIZE,
              why="(1 + beta)/(1 - beta) is the persistence of the momentum, not of its polar factor"),
    Published("CHO-2 AdamW", CHOU, "second-hand", "norm of AdamW",
              lambda: sqrt(_lasting() * lr / (2 * wd) * _adamw_energy()), of("adamw", "norm"), ADAMW, "adamw-norm",
              why="the same correction where the update is the momentum itself"),
    Published("SU-1", "su2025rms", "text", "RMS of Adam's update with a signal", _su_rms, _adam_rms,
              {**ADAMW, "r": 0.01}, "noise-signal", why="v at its mean"),
    Published("SU-1 number", "su2025rms", "text", "RMS of Adam's update without one", printed(".2294")[0], _adam_rms,
              {**ADAMW, "r": 0}, "noise-signal", tolerance=printed(".2294")[1]),
    Published("SU-3", "su2025rms", "text", "RMS weight of Signum", lambda: sqrt(lr * _lasting() / (2 * wd)),
              lambda: _root_mean_square, SIGNUM, "signum-norm",
              why="signs of a momentum are less correlated than the momentum; read as an RMS"),
    Published("SU-3 as printed", "su2025rms", "text", "mean square weight of Signum",
              lambda: sqrt(lr * _lasting() / (2 * wd)), lambda: _mean_square, SIGNUM, "signum-norm",
              why="the left side is printed as a mean square, which has another unit"),
    Published("LIK-1", LIK, "text", "largest weight of Lion, whatever the gradients", lambda: 1 / wd, _largest_sum,
              LION, "muon-spectral-ball", why="reached when every sign is the same"),
    Published("LIK-1 noise", LIK, "text", "RMS weight of Lion under noise, at most the bound", lambda: 1 / wd,
              lambda: _lion_rms, LION, "lion-norm", Relation.AT_MOST, given=lambda r: r["lr"] * r["wd"] < 0.5),
    Published("LIK-1 Muon", LIK, "recalled", "RMS singular value of Muon under noise, at most the bound",
              lambda: 1 / wd, lambda: _muon_rms, MUON, "muon-spectral-ball", Relation.AT_MOST, held=SIZE,
              given=lambda r: r["lr"] * r["wd"] < 0.5),
)  # fmt: skip
