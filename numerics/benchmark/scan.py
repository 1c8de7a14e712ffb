"""The same in jax: a scan over steps of weights [chains, dim], where jax is installed."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from typing import Any

from numerics.benchmark.peers import EPS, HYPERPARAMETERS

LENGTH = 16
"""Steps of one scan: compiled once, and called as often as there are as many steps."""


def has_jax() -> bool:
    """Whether jax is there."""
    return importlib.util.find_spec("jax") is not None


def scan(rule: str, chains: int, dim: int) -> Callable[[int], Any]:
    """``jax.lax.scan`` on weights [chains, dim], LENGTH steps at a time; what it returns is told how many times."""
    import jax
    from jax import numpy as np

    h = HYPERPARAMETERS[rule]

    def update(w: Any, m: Any, v: Any, g: Any, step: Any) -> Any:
        if rule == "sgdm":
            m = h["momentum"] * m + g + h["wd"] * w
            return w - h["lr"] * m, m, v
        shrunk = (1 - h["lr"] * h["wd"]) * w
        mixed = h["beta1"] * m + (1 - h["beta1"]) * g
        if rule == "lion":
            return shrunk - h["lr"] * np.sign(mixed), h["beta2"] * m + (1 - h["beta2"]) * g, v
        v = h["beta2"] * v + (1 - h["beta2"]) * g * g
        first, second = 1 - h["beta1"] ** step, 1 - h["beta2"] ** step
        return shrunk - h["lr"] / first * mixed / (np.sqrt(v / second) + EPS), mixed, v

    def body(state: Any, key: Any) -> Any:
        w, m, v, step = state
        z = jax.random.normal(key, w.shape)
        square = (w * w).sum(-1, keepdims=True)
        g = (z - (z * w).sum(-1, keepdims=True) / square * w) / np.sqrt(square * (dim - 1))
        after, m, v = update(w, m, v, g, step)
        dot = (w * after).sum(-1, keepdims=True)
        across = after - dot / square * w
        angle = np.arctan2(np.sqrt((across * across).sum(-1)), (dot / np.sqrt(square))[:, 0])
        return (after, m, v, step + 1), ((after * after).sum(-1), angle)

    @jax.jit
    def advance(state: Any, key: Any) -> Any:
        return jax.lax.scan(body, state, jax.random.split(key, LENGTH))

    def run(times: int) -> Any:
        keys = jax.random.split(jax.random.key(0), times + 1)
        w = jax.random.normal(keys[0], (chains, dim))
        w = w / np.sqrt((w * w).sum(-1, keepdims=True))
        state, measured = (w, np.zeros_like(w), np.zeros_like(w), np.float32(1)), []
        for key in keys[1:]:
            state, found = advance(state, key)
            measured.append(found)
        return jax.block_until_ready(measured)

    return run
