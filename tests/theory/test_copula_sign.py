"""Signs under gradients of any law and autocorrelation: against the arcsine law, random scales, and drawn paths.

Comparisons of drawn paths fail by chance once in 1e9: errors are those of Student's law over PARTS groups of paths.
"""

import numpy as np
import pytest
from scipy.special import ndtri
from scipy.stats import t as student

from numerics.seeding import mixed
from theory import OutOfDomain
from theory.copula_sign import PARTS, copula_sign, gaussian_paths, score_correlations
from theory.optimizers.lion import FILTER
from theory.scale_mixtures import sparse
from theory.sign_family import sign_correlations
from theory.symbols import beta1, beta2

BETAS = {"beta1": 0.8, "beta2": 0.9}
NORMAL = ndtri(0.5 + (np.arange(400) + 0.5) / 800)[:, None]
SMALL = {"lags": 10, "steps": 1500, "paths": 128}
ALARM = float(student.isf(5e-10, PARTS - 1))


def seed(stream):
    """A seed that the suite's base seed moves."""
    return mixed(0, stream) % 2**32


def filtered_correlation(known, k, horizon=300):
    """Correlation of the filter's output at lag k for Gaussian gradients of autocorrelation R_1, R_2, ..., in full."""
    taps = np.concatenate([[0.2], 0.8 * 0.1 * 0.9 ** np.arange(horizon)])
    full = np.concatenate([[1.0], known, np.zeros(2 * horizon + k + 2)])

    def product(shift):
        lag = np.abs(np.subtract.outer(np.arange(taps.size), np.arange(taps.size)) + shift)
        return taps @ full[lag] @ taps

    return product(k) / product(0)


@pytest.mark.chance(11)
def test_white_gaussian_entries_obey_the_arcsine_law():
    """R_k = (2/pi) arcsin rho_k of the filter; at another beta2 it is another."""
    found = copula_sign(NORMAL, **BETAS, **SMALL, seed=seed(1))
    rho = float(FILTER.first_correlation.subs({beta1: 0.8, beta2: 0.9}))
    expected = 2 / np.pi * np.arcsin(rho * 0.9 ** np.arange(10))
    assert (np.abs(found.correlations[1:] - expected) < ALARM * found.standard_error[1:] + 1e-3).all()
    other = copula_sign(NORMAL, beta1=0.8, beta2=0.97, **SMALL, seed=seed(1))
    assert abs(other.first.value - expected[0]) > ALARM * other.first.standard_error + 1e-3


@pytest.mark.chance(4)
def test_correlated_gaussian_entries_obey_the_arcsine_law():
    """The same of a correlated sequence, through the filter in full; the white law is far off."""
    known = -0.08 * 0.8 ** np.arange(40)
    found = copula_sign(NORMAL, known, **BETAS, **SMALL, seed=seed(2))
    for k in (1, 5):
        expected = 2 / np.pi * np.arcsin(filtered_correlation(known, k))
        white = 2 / np.pi * np.arcsin(filtered_correlation(np.zeros(1), k))
        assert abs(found.correlations[k] - expected) < ALARM * found.standard_error[k] + 1e-3
        assert abs(found.correlations[k] - white) > ALARM * found.standard_error[k] + 1e-3


@pytest.mark.chance(2)
def test_zeros_are_those_of_random_scales():
    """Half of the entries zero: what ``sign_family`` has from scales, which Gaussian entries have not."""
    entries = np.concatenate([np.zeros_like(NORMAL), NORMAL])
    found = copula_sign(entries, **BETAS, **SMALL, seed=seed(3))
    (expected,) = sign_correlations(sparse(0.5), (1,), 0.8, 0.9, starts=1000, seed=seed(4))
    error = np.hypot(found.first.standard_error, expected.standard_error)
    assert abs(found.first.value - expected.value) < ALARM * error + 2e-3
    plain = copula_sign(NORMAL, **BETAS, **SMALL, seed=seed(3))
    assert abs(plain.first.value - expected.value) > ALARM * error + 2e-3


@pytest.mark.chance(1)
def test_heavy_tails_need_more_correlated_scores():
    """Paths of the scores' correlation have the gradient's, by drawing them; left as it is, it would be too small."""
    laws = NORMAL**3
    scores = score_correlations(laws, [0.3])
    x = gaussian_paths(scores, 2, 200_000, seed(5)) ** 3
    products = x[0] * x[1] / 15
    error = products.std() / np.sqrt(products.size)
    assert abs(products.mean() - 0.3) < ALARM * error + 0.01
    assert scores[0] > 0.4
    np.testing.assert_allclose(score_correlations(NORMAL, [-0.5, 0.0, 0.9]), [-0.5, 0.0, 0.9], atol=0.02)


@pytest.mark.chance(0)
def test_a_dead_coordinate_does_not_move():
    """Columns that are zero throughout count in what moves, and nowhere else."""
    half = copula_sign(np.hstack([NORMAL, np.zeros_like(NORMAL)]), **BETAS, **SMALL, seed=seed(6))
    whole = copula_sign(NORMAL, **BETAS, **SMALL, seed=seed(6))
    assert half.moving == pytest.approx(0.5)
    np.testing.assert_array_equal(half.correlations, whole.correlations)


@pytest.mark.parametrize(
    ("samples", "given", "message"),
    [
        (np.zeros((5, 2)), {}, "samples"),
        (NORMAL, {"beta1": 1.0}, "beta1"),
        (NORMAL, {"lags": 2000}, "lags"),
    ],
)
def test_what_has_no_meaning_is_refused(samples, given, message):
    """One line names what and why."""
    with pytest.raises(OutOfDomain, match=message):
        copula_sign(samples, **(BETAS | SMALL | given))
