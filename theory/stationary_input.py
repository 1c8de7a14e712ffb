"""A linear rule driven by any stationary input: its second moments from the input's autocorrelation.

c = E<s_t, x_t>/q = sum_{k>=1} M^(k-1) N R_k is all that the moments see of it (``Autocorrelation.cross``
sums it for mixtures of geometric sequences, ``moments`` here for an array of R_k).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
from sympy import Expr

from theory.autocorrelation import Autocorrelation, geometric
from theory.domain import NoEquilibrium
from theory.equilibrium import Equilibrium
from theory.symbols import persistence, snr
from theory.update_rule import UpdateRule

Array = np.ndarray


def driven_by(rule: UpdateRule, autocorrelation: Autocorrelation, amplitude: Expr | None = None) -> Equilibrium:
    """The equilibrium of ``rule`` under gradients that do not see w, of this autocorrelation and energy."""
    changed = {} if amplitude is None else {"amplitude": amplitude}
    return Equilibrium(replace(rule, autocorrelation=autocorrelation, **changed))


def autoregressive() -> Autocorrelation:
    """R_k = phi^k: gradients that are AR(1) in time."""
    return geometric(persistence, persistence)


def signal_and_noise() -> Autocorrelation:
    """R_k = r / (1 + r), k >= 1: a constant gradient plus white noise at signal-to-noise ratio r."""
    return geometric(snr / (1 + snr), snr**0)


def moments(transition: Array, drive: Array, correlations: Sequence[float] | Array) -> tuple[Array, float]:
    """(G, cos) at unit input energy: G = E[s s^T] [n, n], cos = E<w, w'>/E|w|^2, from R_1, R_2, ... (0 beyond).

    ``transition`` is M [n, n], ``drive`` is N [n]. Raises NoEquilibrium where M does not contract.
    """
    m, n = np.asarray(transition, dtype=float), np.asarray(drive, dtype=float).reshape(-1)
    radius = float(np.abs(np.linalg.eigvals(m)).max())
    if radius >= 1:
        raise NoEquilibrium(f"the rule's largest multiplier is {radius:g}, so its moments grow without bound")
    cross = np.zeros_like(n)
    for correlation in reversed(np.asarray(correlations, dtype=float)):
        cross = m @ cross + correlation * n
    pushed = np.outer(m @ cross, n)
    noise = np.outer(n, n) + pushed + pushed.T
    gram = np.linalg.solve(np.eye(m.size) - np.kron(m, m), noise.reshape(-1)).reshape(m.shape)
    return gram, float(((m @ gram)[0, 0] + n[0] * cross[0]) / gram[0, 0])
