"""The closed form of every white linear rule against its moment recursion, iterated to its end."""

import random

import numpy as np
import pytest
from sympy import lambdify

from tests.compare import close
from theory import NAMES, OPTIMIZERS, load
from theory.prediction import existence_limit

POINTS = 200
WHITE = [name for name in NAMES if OPTIMIZERS[name].autocorrelation.is_white]
IN_UNIT_INTERVAL = {"alpha", "beta_1", "beta_2", "tau", "mu"}


def draw(generator, names, rule):
    """A point of the domain: lr*wd from 1e-4 to the limit of existence, momenta up to 0.95."""
    values = {
        name: generator.uniform(0, 0.95) if name in IN_UNIT_INTERVAL else generator.uniform(0.1, 2) for name in names
    }
    values["p"] = 1.0
    limit = min(existence_limit(rule, values), 10.0)
    values["p"] = float(np.exp(generator.uniform(np.log(1e-4), np.log(0.98 * limit))))
    return values


def iterated(transition, drive):
    """sum_k M^k N N^T M^k^T by doubling: 2^n steps of G' = M G M^T + N N^T after n rounds."""
    moments, power = drive @ drive.T, transition
    for _ in range(60):
        moments, power = moments + power @ moments @ power.T, power @ power
    return moments


@pytest.mark.parametrize("optimizer", WHITE)
def test_unit_gram_is_the_end_of_the_recursion(optimizer):
    """At 200 random points the fixed point is the limit of the iterated moments to 1e-10, and 1 % off is seen."""
    rule = OPTIMIZERS[optimizer]
    transition, drive = rule.in_decay()
    names = sorted(transition.free_symbols | drive.free_symbols, key=str)
    matrices = lambdify(names, (transition, drive))
    generator = random.Random(optimizer)
    compiled = load(optimizer)
    codes = {str(symbol): "lambda_" if str(symbol) == "lambda" else str(symbol) for symbol in names}
    for _ in range(POINTS):
        values = draw(generator, {codes[str(s)] for s in names} - {"p"}, compiled)
        m, n = (np.array(part, dtype=float) for part in matrices(*(values[codes[str(s)]] for s in names)))
        expected = iterated(m, n.reshape(-1, 1))
        found = np.array(compiled("unit_gram", values), dtype=float)
        scale = np.sqrt(np.outer(np.diag(expected), np.diag(expected)))
        assert np.max(np.abs(found - expected) / scale) < 1e-10
        assert float(found[0, 0]) != close(1.01 * float(expected[0, 0]), 1e-3)
