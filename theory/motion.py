"""A rule's matrices, amplitude and input correlation as plain functions of eta and lambda, for recursions step by step.

The functions take ``eta``, ``lam`` (weight decay) and the rule's other symbols by keyword; their source is derived with
SymPy once and kept in the cache of ``compiled``.
"""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from importlib import import_module
from typing import TYPE_CHECKING, Any

import numpy as np

from theory import compiled
from theory.domain import OutOfDomain
from theory.summation import Array

if TYPE_CHECKING:
    from sympy import Expr, Matrix

    from theory.gaussian_filter import GaussianFilter
    from theory.update_rule import UpdateRule

TAIL = 1e-15
"""The part of the lag-one correlation that the modes may leave out."""
MOST_MODES = 1 << 14
STEP = "t"
"""The symbol of the step's number, 1 for the first, in coefficients with a schedule of their own."""
FILTERS = {"lion": "theory.optimizers.lion", "signum": "theory.optimizers.sign"}
"""Where the Gaussian filter stands whose sign is an optimizer's input."""


class Motion:
    """The functions of one rule: ``transition``, ``drive``, ``amplitude`` and the mixture behind its input."""

    def __init__(self, code: str, name: str) -> None:
        self.name = name
        self.functions: dict[str, Any] = {}
        exec(compile(code, f"<motion {name}>", "exec"), self.functions)  # noqa: S102

    @property
    def size(self) -> int:
        """The number of states."""
        return int(self.functions["SIZE"])

    @property
    def correlated(self) -> bool:
        """Whether inputs of different steps are correlated."""
        return bool(self.functions["CORRELATED"])

    @property
    def constant_energy(self) -> bool:
        """Whether q does not depend on |w|."""
        return bool(self.functions["CONSTANT_ENERGY"])

    def matrices(self, values: Mapping[str, Any]) -> tuple[Array, Array]:
        """M [n, n] and N [n] at numbers for eta, lam and the rule's other symbols.

        Where some of them are arrays [...], M is [..., n, n] and N [..., n].
        """
        n = self.size
        transition = _stacked([x for row in self.functions["transition"](**values) for x in row])
        return transition.reshape(*transition.shape[:-1], n, n), _stacked(self.functions["drive"](**values))

    def momentum(self, values: Mapping[str, float]) -> float:
        """That of a step, of a rule whose momentum has a schedule of its own."""
        return float(self.functions["momentum"](**values))

    def amplitude(self, squared_norm: float, values: Mapping[str, float]) -> float:
        """q at E|w|^2."""
        return float(self.functions["amplitude"](A=squared_norm, **values))

    def step_size(self, lr: float, gram: Array, values: Mapping[str, float]) -> float:
        """lr, times the rule's gain at the moments before the step where it has one (a trust ratio)."""
        if "gain" not in self.functions:
            return lr
        names = {f"G_{i}{j}": gram[i, j] for i in range(self.size) for j in range(i, self.size)}
        return lr * float(self.functions["gain"](A=gram[0, 0], **names, **values))

    def memory(self, values: Mapping[str, float], settled: bool) -> Memory:
        """What correlates the inputs, before the first step; raises OutOfDomain where too many modes are needed."""
        if "sign_filter" in self.functions:
            pole, correlation, stored = (float(x) for x in self.functions["sign_filter"](**values))
            return Memory(self._coefficients(correlation), pole, correlation, stored, 0.0 if settled else 1.0)
        pairs = np.array(self.functions["finite_modes"](**values), dtype=float).reshape(-1, 2)
        return Memory(pairs[:, 0], modes=pairs[:, 1])

    def _coefficients(self, correlation: float) -> Array:
        """(2/pi) times those of the arcsine, up to the n where the tail's bound falls below TAIL of the sum."""
        found: list[float] = []
        coefficient, size = 2 / np.pi, abs(correlation)
        while coefficient * size > TAIL * (1 - correlation**2) * 2 / np.pi * abs(correlation):
            if len(found) == MOST_MODES:
                raise OutOfDomain(f"{self.name}: its sign remembers too long at these betas for {MOST_MODES} modes")
            found.append(coefficient)
            coefficient *= float(self.functions["coefficient_ratio"](n=len(found) - 1))
            size *= correlation**2
        return np.array(found)


def _stacked(entries: list[Any]) -> Array:
    """[..., n] of n numbers or arrays [...]."""
    if not any(isinstance(entry, np.ndarray) for entry in entries):
        return np.array(entries, dtype=float)  # many times as fast
    return np.stack(np.broadcast_arrays(*entries), axis=-1).astype(float)


class Memory:
    """Inputs of the past as modes: c = E<s, x>/q = sum_n weight_n z_n, where z_n' = kept_n M z_n + entering_n N.

    A finite mixture has constant kept_n = mode_n and entering_n = 1. For the sign of a Gaussian filter of pole F the
    n-th mode is the power m = 2n + 1 of the correlation in the arcsine's series. From an empty buffer at step 0

        corr(c_s, c_t) = F^(t-s-1) alpha_s beta_t,   beta_t = (1 - kappa F^(2t))^(-1/2),
        alpha_s = (rho - kappa F^(2s+1)) beta_s,

    with rho = corr at lag one and kappa the buffer's share of the variance, both of the stationary filter.
    """

    def __init__(
        self,
        weights: Array,
        pole: float = 0.0,
        correlation: float = 0.0,
        stored: float = 0.0,
        age: float = 0.0,
        modes: Array | None = None,
    ) -> None:
        self.weights, self.modes = weights, modes
        self.pole, self.correlation, self.stored, self.age = pole, correlation, stored, age
        self.powers = 2.0 * np.arange(weights.size) + 1

    def advance(self) -> tuple[Array, Array]:
        """(kept, entering) of this step."""
        if self.modes is not None:
            return self.modes, np.ones_like(self.modes)
        pole, now = self.pole, self.age
        self.age = later = now * pole**2
        beta, next_beta = (1 / np.sqrt(1 - self.stored * x) for x in (now, later))
        alpha = (self.correlation - self.stored * pole * now) * beta
        return (pole * next_beta / beta) ** self.powers, (alpha * next_beta) ** self.powers


@cache
def motion(name: str) -> Motion:
    """The functions of a rule, from the cache where its entry is sound."""
    entry = compiled._entry(f"{name}-motion")
    code = compiled._read(entry)
    if code is None:
        from theory.optimizers import OPTIMIZERS

        code = source(OPTIMIZERS[name])
        compiled._write(entry, code)
    return Motion(code, name)


def source(rule: UpdateRule) -> str:
    """Python source of the functions of ``Motion``."""
    from sympy import Symbol, combsimp, factor, gammasimp

    from theory.codegen import _function
    from theory.gaussian_filter import arcsin_coefficient
    from theory.symbols import index, squared_norm, wd

    # Coefficients with a schedule of their own come as definitions, step sizes that follow the moments as a gain.
    definitions = dict(getattr(rule, "definitions", ()))

    def plain(expression: Expr | Matrix) -> Any:
        return expression.subs(definitions).subs(definitions).subs(wd, Symbol("lam", positive=True))

    transition, drive = plain(rule.transition), plain(rule.drive)
    law = rule.autocorrelation
    modes = [[plain(weight), plain(mode)] for weight, mode in law.modes]
    if any(str(symbol) == STEP for pair in modes for part in pair for symbol in part.free_symbols):
        raise OutOfDomain(
            f"optimizer = {rule.name}: its input's memory changes from step to step, which is not derived"
        )
    facts = {
        "SIZE": transition.rows,
        "CORRELATED": not law.is_white,
        "CONSTANT_ENERGY": squared_norm not in rule.amplitude.free_symbols,
    }
    parts = ["import numpy\nfrom math import inf", *(f"{name} = {value!r}" for name, value in facts.items())]
    parts += [
        _function("transition", [list(row) for row in transition.tolist()]),
        _function("drive", list(drive)),
        _function("amplitude", plain(rule.amplitude)),
        _function("finite_modes", modes),
    ]
    scheduled = [e for _, e in rule.definitions if any(str(symbol) == STEP for symbol in e.free_symbols)]
    if scheduled:
        parts.append(_function("momentum", scheduled[0]))
    gain = getattr(rule, "gain", None)
    if gain is not None:
        parts.append(_function("gain", plain(gain)))
    if law.series is not None:
        filtered = _filter(rule.name)
        stored = filtered.readout**2 * filtered.gain**2 / (1 - filtered.pole**2) / filtered.variance
        ratio = combsimp(arcsin_coefficient(index + 1) / arcsin_coefficient(index))
        parts += [
            _function("sign_filter", [filtered.pole, filtered.first_correlation, factor(stored)]),
            _function("coefficient_ratio", gammasimp(ratio)),
        ]
    return "\n\n".join(parts) + "\n"


def _filter(name: str) -> GaussianFilter:
    """The Gaussian filter whose sign is the rule's input."""
    if name not in FILTERS:
        raise OutOfDomain(f"optimizer = {name}: its input's memory has no filter from which a trajectory could start")
    found: GaussianFilter = import_module(FILTERS[name]).FILTER
    return found
