"""The theory's line over runs whose law is known: drawn here, step by step, without the theory."""

import json
from types import SimpleNamespace

import numpy as np
import pytest

from numerics.monitor.correlations import Correlations, Followed
from proofs.overlay.hypotheses import bursts, kurtosis
from proofs.overlay.levels import momentum_correlations, normal_parts, parts_of, sign_law
from proofs.overlay.long_lags import dense, of_directions
from proofs.overlay.measured import INVARIANT, Correlated, Measured, lags_seen, smoothed
from proofs.overlay.optimizers import meaning
from proofs.overlay.overlay import half_life, overlay, overlay_record
from theory import OutOfDomain, predict
from theory.schedule import Schedule

STEPS, SIZE = 1200, 4000
LR, WD = 0.1, 0.2


def drawn(seed=0, persistence=0.0, lr=None):
    """AdamW without momentum, v held at 1, on AR(1) gradients that do not see w: what a monitor records of it."""
    generator = np.random.default_rng(seed)
    lr = np.full(STEPS, LR) if lr is None else lr
    w, g = generator.standard_normal(SIZE), generator.standard_normal(SIZE)
    norm, angle, energy, entries = [], [], [], []
    for eta in lr:
        after = (1 - eta * WD) * w - eta * g
        norm.append(np.linalg.norm(w))
        p, q = w / np.linalg.norm(w), after / np.linalg.norm(after)
        angle.append(2 * np.arctan2(np.linalg.norm(p - q), np.linalg.norm(p + q)))
        energy.append(g @ g)
        entries.append(g[:64])
        w, g = after, persistence * g + np.sqrt(1 - persistence**2) * generator.standard_normal(SIZE)
    norm, angle, energy, steps = np.array(norm), np.array(angle), np.array(energy), np.arange(STEPS)
    known = Correlated(persistence ** np.arange(1, 300), steps, energy)
    return Measured(
        name="w",
        optimizer="adamw",
        hyperparameters={"beta1": 0.0},
        schedule=Schedule(lr, np.full(STEPS, WD)),
        shape=(40, 100),
        steps=steps,
        norm=norm,
        angle=angle,
        unit_energy=energy * norm**2,
        updates=known,
        gradients=known,
        even_gradients=known,
        entries=np.array(entries),
    )


def test_white_gradients_meet_the_line_and_correlated_ones_do_not():
    """At every level for white gradients; AR(1) ones leave the white line alone and meet the other two."""
    white, red = drawn(), drawn(persistence=0.8)
    for level in ("white", "gradients", "updates"):
        assert overlay(white, level).median_error < 0.02, level
    missed = overlay(red, "white")
    assert missed.ratio < 0.5
    assert [one.supposes for one in missed.failing] == ["gradients are white in time"]
    for level in ("gradients", "updates"):
        found = overlay(red, level)
        assert abs(found.ratio - 1) < 0.02, level
        assert abs(found.norm_ratio - 1) < 0.05, level


def test_the_line_follows_the_schedule():
    """Under a cosine the line is that of each step's lr; a line for the constant peak is far off."""
    lr = LR * (1 + np.cos(np.pi * np.arange(STEPS) / STEPS)) / 2 + 0.01
    run = drawn(lr=lr)
    assert overlay(run).median_error < 0.03
    constant = Schedule(np.full(STEPS, LR), np.full(STEPS, WD))
    wrong = Measured(**{**run.__dict__, "schedule": constant})
    assert overlay(wrong).median_error > 0.2


def test_only_invariant_tensors_get_a_line():
    """A sensitive tensor's line is withheld with the reason, and its numbers are NaN and null."""
    found = overlay(Measured(**{**drawn().__dict__, "label": "sensitive"}))
    assert "sensitive" in found.withheld
    assert np.isnan(found.predicted_angle).all()
    told = json.loads(json.dumps(found.as_json()))
    assert told["median_error"] is None
    assert set(told["predicted_norm"]) == {None}


def test_coupled_adam_has_no_line_from_its_updates():
    """Its update holds its own decay: withheld, not drawn."""
    found = overlay(Measured(**{**drawn().__dict__, "gain": 0.0}), "updates")
    assert "holds its own decay" in found.withheld


def test_updates_need_no_rule():
    """An optimizer that the theory has no rule of: the line of its updates is the same, the other levels say why."""
    run = drawn(persistence=0.8)
    own = Measured(**{**run.__dict__, "optimizer": "Mine", "hyperparameters": {}, "ruleless": "Mine: no rule"})
    np.testing.assert_array_equal(overlay(own, "updates").predicted_angle, overlay(run, "updates").predicted_angle)
    assert abs(overlay(own, "updates").ratio - 1) < 0.02
    assert half_life(own) == pytest.approx(half_life(run), rel=0.02)
    for level in ("white", "gradients"):
        assert overlay(own, level).withheld == "Mine: no rule", level


def test_dead_neurons_decay_and_never_turn():
    """Most of the squared norm without gradient: the layer turns less at first, along its line, and it is said so.

    The line at the equilibrium, which knows of no start, is far off.
    """
    run = drawn()
    still = 3 * run.norm[0] * (1 - LR * WD) ** np.arange(STEPS + 1)
    after, total = np.append(run.norm[1:], run.norm[-1]), np.hypot(run.norm, still[:-1])
    overlap = np.cos(run.angle) * run.norm * after + still[:-1] * still[1:]
    angle = np.arccos(overlap / (total * np.hypot(after, still[1:])))
    energy = run.unit_energy / run.norm**2 * total**2
    layer = Measured(
        **{**run.__dict__, "optimizer": "sgd", "hyperparameters": {}, "norm": total, "angle": angle, "dead": 0.9}
        | {"unit_energy": energy}
    )
    found, early = overlay(layer), slice(0, 40)
    assert np.abs(found.predicted_angle[early] / angle[early] - 1).mean() < 0.02
    assert np.abs(np.sqrt(2 * LR * WD) / angle[early] - 1).mean() > 0.5
    assert any("every neuron" in one.supposes for one in found.failing)


def test_entries_without_gradient_do_not_move():
    """AdamW's energy counts the entries that ever have a gradient."""
    run = drawn()
    entries = np.hstack([run.entries, np.zeros_like(run.entries)])
    half = Measured(**{**run.__dict__, "entries": entries})
    assert half.live == 0.5
    assert overlay(half).norm_ratio == pytest.approx(np.sqrt(2) * overlay(run).norm_ratio, rel=0.01)


def test_adam_with_l2_is_told_by_the_sizes_of_its_entries():
    """Shares of |g|^2 and |w_0|^2 of equally many entries; entries of large gradients decay slower, and are seen to."""
    run = Measured(**{**drawn().__dict__, "optimizer": "adam_l2", "hyperparameters": {"beta1": 0.0, "beta2": 0.9}})
    apart = Measured(**{**run.__dict__, "entries": run.entries * np.tile([1.0, 3.0], 32)})
    starts, shares = parts_of(apart)
    assert starts.sum() == pytest.approx(1)
    assert shares.sum() == pytest.approx(1)
    assert shares.max() / shares.min() == pytest.approx(9, rel=0.3)
    alike = parts_of(run)[1]
    assert alike.max() / alike.min() < 1.3
    lines = [overlay(one, "white").predicted_norm[-1] for one in (run, apart)]
    assert abs(lines[1] / lines[0] - 1) > 0.02


def test_parts_of_a_normal_are_the_means_of_its_draws():
    """E x^2 within parts of equal probability of |x|, by sorting draws; their mean is 1."""
    draws = np.sort(np.square(np.random.default_rng(0).standard_normal(1 << 20))).reshape(8, -1).mean(axis=1)
    np.testing.assert_allclose(normal_parts(8), draws, rtol=0.01)
    assert normal_parts(5).mean() == pytest.approx(1)
    assert np.abs(normal_parts(8)[::-1] / draws - 1).min() > 0.1


def test_signs_of_bursts_persist():
    """Entries with heavy tails make Lion's sign persist; that of Gaussian ones it is the arcsine law's."""
    run = Measured(**{**drawn().__dict__, "optimizer": "lion", "hyperparameters": {"beta1": 0.9, "beta2": 0.99}})
    heavy = run.entries**3
    plain = sign_law(run, correlated=False).correlations[1]
    tailed = sign_law(run, correlated=False, entries=heavy).correlations[1]
    assert plain == pytest.approx(0.227, abs=0.02)
    assert tailed > plain + 0.05
    assert kurtosis(run.entries) == pytest.approx(3, abs=0.3)
    assert kurtosis(heavy) > 15


def test_momentum_of_white_gradients():
    """Heavy ball has mu^k, Nesterov the theory's first correlation; correlated gradients add to both."""
    from theory.muon import first_correlation

    known = momentum_correlations(np.zeros(5), 0.9, nesterov=False)
    np.testing.assert_allclose(known, 0.9 ** np.arange(1, 6), rtol=1e-8)
    ahead = momentum_correlations(np.zeros(5), 0.9, nesterov=True)
    np.testing.assert_allclose(ahead[0], first_correlation(0.9, True), rtol=1e-8)
    assert momentum_correlations(0.5 ** np.arange(1, 6), 0.9, nesterov=False)[0] > known[0]


def test_smoothing_takes_samples_in_the_window_or_the_nearest():
    """Means over samples within half a window, which spans the longest gap; NaN is left out; at the end the nearest."""
    found = smoothed(np.array([0, 1, 2, 3, 4, 8]), np.array([1.0, 3.0, np.nan, 5.0, 7.0, 9.0]), 30, 4)
    assert found[0] == 4.0
    assert found[6] == pytest.approx((5 + 7 + 9) / 3)
    assert found[20] == 9.0


def followed(values):
    """A record's correlations, every step sampled, its own lags up to 20."""
    lags = np.arange(1, 21)
    square = np.mean(values**2)
    known = np.array([np.mean(values[:-k] * values[k:]) / square for k in lags])
    some = SimpleNamespace(steps=np.arange(len(values)), values=values)
    some.finite = some
    return SimpleNamespace(lags=lags, values=known, by_coordinate=known, pairs=len(values) - lags, followed=some)


def test_long_lags_come_from_followed_coordinates():
    """A slow AR(1) keeps its correlation beyond the record's lags; white noise has none there."""
    generator = np.random.default_rng(3)
    x = np.zeros((3000, 64))
    for t in range(1, 3000):
        x[t] = 0.98 * x[t - 1] + generator.standard_normal(64)
    found = dense(followed(x[500:]), 100)
    np.testing.assert_allclose(found, 0.98 ** np.arange(1, 101), atol=0.06)
    white = dense(followed(generator.standard_normal((3000, 64))), 400)
    assert np.count_nonzero(white[20:]) < 100


def test_anchors_speak_of_what_lasts_alone():
    """Ten pairs at long lags are the line of updates there; gradients, nearly white, have none but what is told."""
    generator = np.random.default_rng(5)
    values = np.cumsum(generator.standard_normal((3000, 64)), axis=0)
    for x in (values, generator.standard_normal((3000, 64))):
        found = followed(x)
        found.lags = np.append(found.lags, [100, 200])
        found.values = found.by_coordinate = np.append(found.values, [0.7, 0.3])
        found.pairs = np.append(found.pairs, [10, 10])
        lasting, fading = dense(found, 200, lasting=True), dense(found, 200)
        assert (lasting[99], lasting[199]) == pytest.approx((0.7, 0.3))
        assert 0.3 < lasting[149] < 0.7
        assert (fading[[99, 199]] > 0.8).all() if x is values else np.count_nonzero(fading[20:]) < 60


def test_a_record_tells_the_correlations_of_directions():
    """Pairs of steps whose gradients agree are few and long, the others white and short: g correlates, g/|g| does not.

    By each coordinate and by energy alike, at steps that the followed coordinates share with the energies.
    """
    generator = np.random.default_rng(11)
    x = generator.standard_normal((2000, 64))
    x[1::100] = x[::100]
    lengths = np.where(np.arange(2000) % 100 < 2, 30.0, 1.0)
    x *= lengths[:, None]
    steps, lags = 2 * np.arange(2000), np.array([2, 4, 6])
    own = np.square(x).sum(axis=1)
    cross = np.array([[[(x[: -k // 2] * x[k // 2 :]).sum() for k in lags]]])
    found = Correlations(
        all_lags=lags, windows=np.array([[0, 4000]]), cross=cross, own=np.full((1, 1, 3), own.sum()),
        counts=np.array([[1999, 1998, 1997]]), steps=steps, energy=own, exact=True,
        followed=Followed(np.arange(64), steps, x),
    )  # fmt: skip
    directions = of_directions(found)
    assert found.values[0] > 0.3
    assert found.by_coordinate[0] > 0.3
    np.testing.assert_allclose(directions.values, [0.01, 0, 0], atol=0.01)
    np.testing.assert_allclose(directions.by_coordinate, [0.01, 0, 0], atol=0.01)
    assert directions.pairs.tolist() == [1999, 1998, 1997]
    np.testing.assert_allclose(dense(directions, 6), [0.01, 0.01, 0, 0, 0, 0], atol=0.01)


def test_a_trust_ratio_decides_how_long_weights_remember():
    """There lr wd is no decay: as many lags as there may be, not the 27 of LARS' lr wd = 0.15."""
    plan = Schedule(np.full(1000, 15.0), np.full(1000, 0.01))
    assert [lags_seen(plan, 0.0, name) for name in ("lars", "lamb", "sgdm")] == [500, 500, 27]


def test_lars_sees_the_length_of_each_gradient():
    """Its line has the energy of the step itself; that of SGD has the mean over half the norm's half-life."""
    run = Measured(**{**drawn().__dict__, "optimizer": "lars", "hyperparameters": {"momentum": 0.9, "trust": 0.01}})
    assert overlay(run).settings["window"] == 1
    np.testing.assert_allclose(run.smoothed_energy(1), run.unit_energy, rtol=1e-9)
    assert overlay(Measured(**{**run.__dict__, "optimizer": "sgd", "hyperparameters": {}})).settings["window"] > 1


@pytest.mark.parametrize(
    ("name", "options", "decay", "expected"),
    [
        ("SGD", {"momentum": 0.0}, "coupled", ("sgd", {})),
        ("SGD", {"momentum": 0.9, "nesterov": True}, "coupled", ("nesterov", {"momentum": 0.9})),
        ("SGDW", {"momentum": 0.9}, "decoupled", ("sgdw", {"momentum": 0.9})),
        (
            "AdamW",
            {"betas": (0.9, 0.99), "eps": 1e-8},
            "decoupled",
            ("adamw", {"beta1": 0.9, "beta2": 0.99, "eps": 1e-8}),
        ),
        (
            "Adam",
            {"betas": (0.9, 0.99), "eps": 1e-8},
            "coupled",
            ("adam_l2", {"beta1": 0.9, "beta2": 0.99, "eps": 1e-8}),
        ),
        ("RMSprop", {"alpha": 0.98, "eps": 1e-8}, "coupled", ("rmsprop", {"beta2": 0.98, "eps": 1e-8})),
        ("Lion", {"betas": (0.9, 0.99)}, "decoupled", ("lion", {"beta1": 0.9, "beta2": 0.99})),
        ("Signum", {"momentum": 0.9}, "decoupled", ("signum", {"beta1": 0.9})),
    ],
)
def test_classes_have_their_rule(name, options, decay, expected):
    """Name and hyper-parameters of the theory."""
    assert meaning(name, options, decay) == expected


@pytest.mark.parametrize(("name", "decay"), [("Mine", "decoupled"), ("AdamW", "unknown"), ("LionAR", "decoupled")])
def test_unknown_classes_are_refused(name, decay):
    """With their name."""
    with pytest.raises(OutOfDomain, match=name):
        meaning(name, {}, decay)


def test_a_class_with_more_than_its_rule_is_refused():
    """RMSprop's own momentum, which the theory's RMSprop has not; without it there is a rule."""
    assert meaning("RMSprop", {"momentum": 0}, "coupled") == ("rmsprop", {})
    with pytest.raises(OutOfDomain, match="RMSprop with momentum"):
        meaning("RMSprop", {"momentum": 0.9}, "coupled")


def test_levels_and_tensors_that_are_none():
    """They are refused by name; half-lives are positive; bursts of a steady energy are 1."""
    run = drawn()
    with pytest.raises(OutOfDomain, match="level = grey"):
        overlay(run, "grey")
    with pytest.raises(OutOfDomain, match="tensor = x is not in the record"):
        overlay_record(SimpleNamespace(tensors={"w": None}), "x")
    assert half_life(run) == pytest.approx(np.log(2) / -2 / np.log(1 - LR * WD))
    heavy = Measured(**{**run.__dict__, "optimizer": "sgdm", "hyperparameters": {"momentum": 0.9}})
    energy = float(np.sqrt(run.unit_energy.mean()))
    assert half_life(heavy) == predict("sgdm", lr=LR, wd=WD, momentum=0.9, grad_norm=energy).half_life
    muon = Measured(**{**run.__dict__, "optimizer": "muon", "hyperparameters": {}})
    assert half_life(muon) == pytest.approx(half_life(run))
    coupled = Measured(**{**run.__dict__, "optimizer": "adam_l2", "hyperparameters": {"beta1": 0.9}})
    assert 1 < half_life(coupled) < STEPS
    assert bursts(Measured(**{**run.__dict__, "unit_energy": np.ones(STEPS)})) == 1
    assert run.label == INVARIANT
