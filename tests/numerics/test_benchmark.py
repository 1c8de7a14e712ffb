"""Paired ratios on made-up clocks, the peers against each other, and races that are interrupted."""

import itertools

import numpy as np
import pytest
import torch

from numerics.benchmark import machine, peers
from numerics.benchmark.pairing import Contestant, Interrupted, race, ratio
from numerics.benchmark.races import BATCHED, DEFAULT, Plan, Race, against, run
from numerics.errors import BadSimulation
from numerics.gradients import LAWS
from numerics.updates import UPDATES
from numerics.updates.update import Gradient, State
from smd.benchmarking import rows

pytestmark = pytest.mark.chance(0)


def test_a_ratio_is_paired_by_round():
    """Load that both feel alike leaves no spread; the same rates unpaired show the load."""
    load = np.random.default_rng(0).uniform(0.2, 1, 21)
    found = ratio(list(7 * load), list(load))
    assert (found.low, found.median, found.high) == pytest.approx((7, 7, 7))
    unpaired = ratio(list(7 * load), list(load[::-1]))
    assert unpaired.low < 6 < 8 < unpaired.high


@pytest.mark.parametrize("rounds", [3, 6, 11, 30])
def test_the_interval_covers_as_often_as_it_says(rounds):
    """Of many series of ratios so many intervals hold the true median, and few do once moved by their own width."""
    generator = np.random.default_rng(rounds)
    series = [ratio(list(generator.lognormal(0, 0.3, rounds)), [1.0] * rounds) for _ in range(2000)]
    covered = np.mean([one.low <= 1 <= one.high for one in series])
    assert covered == pytest.approx(series[0].coverage, abs=0.02)
    assert series[0].coverage >= (0.95 if rounds >= 6 else 1 - 2.0 ** (1 - rounds))
    moved = np.mean([2 * one.high - one.low <= 1 <= 3 * one.high - 2 * one.low for one in series])
    assert moved < 0.1


def test_unequal_rounds_are_no_pairs():
    """Lists of different length, and none, are refused."""
    for over, under in (([1.0], [1.0, 2.0]), ([], [])):
        with pytest.raises(ValueError, match="paired"):
            ratio(over, under)


class Clock:
    """Time that passes only where work is done."""

    def __init__(self):
        self.now = 0.0

    def __call__(self):
        """Seconds."""
        return self.now

    def worker(self, seconds, work, log=None, name=None):
        """A contestant of so many seconds a step."""

        def run(steps):
            self.now += steps * seconds
            if log is not None:
                log.append(name)

        return Contestant(run, work)


def test_a_race_finds_the_rates_in_rotated_rounds():
    """Rates are work over time, and every round begins with another contestant."""
    clock, log = Clock(), []
    contestants = {name: clock.worker(s, 10.0, log, name) for name, s in (("a", 1e-3), ("b", 4e-3))}
    starts = []
    found = race(contestants, 4, 0.1, clock, lambda done: starts.append(log[-2:]))
    assert found == {"a": pytest.approx([1e4] * 4), "b": pytest.approx([2.5e3] * 4)}
    assert starts == [["a", "b"], ["b", "a"], ["a", "b"], ["b", "a"]]


def test_an_interrupt_leaves_whole_rounds():
    """The round that an interrupt cuts is dropped for all contestants."""
    clock, calls = Clock(), itertools.count()

    def run(steps):
        clock.now += steps * 1e-3
        if next(calls) == 12:
            raise KeyboardInterrupt

    with pytest.raises(Interrupted) as stopped:
        race({"a": Contestant(run, 1.0), "b": clock.worker(1e-3, 1.0)}, 50, 0.01, clock)
    kept = stopped.value.rates
    assert 0 < len(kept["a"]) == len(kept["b"]) < 50


@pytest.mark.parametrize("rule", peers.HYPERPARAMETERS)
def test_peers_are_the_rule(rule, monkeypatch):
    """On the same noise the torch.optim loop, both batches and the simulator's rule take the same steps."""
    h = peers.HYPERPARAMETERS[rule]
    w0, noise = torch.nn.functional.normalize(torch.randn(1, 12), dim=-1), torch.randn(9, 1, 12)
    monkeypatch.setattr(peers, "start", lambda shape, device: w0.reshape(shape).clone())
    found = []
    for peer in (peers.loop(rule, 12, "cpu"), peers.batched(rule, 1, 12, "cpu"), peers.in_place(rule, 1, 12, "cpu")):
        draws = iter(noise)
        monkeypatch.setattr(torch, "randn_like", lambda w, draws=draws: next(draws).reshape(w.shape))
        monkeypatch.setattr(torch.Tensor, "normal_", lambda g, draws=draws: g.copy_(next(draws)))
        found.append(peer(9).reshape(2, 9))
    update, w, state, expected = UPDATES[rule](**h), w0.double(), State(), []
    for z in noise.double():
        gradient = LAWS["sphere"].gradient(w, z, 1.0)
        assert isinstance(gradient, Gradient)
        after, state = update.step(w, gradient, state)
        expected.append([float(after.square().sum()), float(peers.angle(w, after))])
        w = after
    for one in found:
        assert one.T.double().numpy() == pytest.approx(np.array(expected), rel=2e-4)
    assert found[0].T.double().numpy() != pytest.approx(1.001 * np.array(expected), rel=2e-4)


def test_a_small_run_holds_what_the_book_shows():
    """One rule at one point, two rounds: machine, races and rates of as many rounds, in what JSON can hold."""
    plan = Plan(rules=("lion",), dims=(16,), rounds=2, seconds=1e-4, chains=(2,), threads=(1,), jax=False)
    told = []
    one = against("lion", 16, "cpu", everyone=False)
    assert isinstance(one, Race)
    assert {BATCHED, DEFAULT} <= set(one.contestants)
    found = run(plan, lambda done, total, what: told.append((done, total)), fresh=False)
    assert not found["interrupted"]
    assert {race["kind"] for race in found["races"]} >= {"engines", "dimensions"}
    assert all(len(rates) == 2 and min(rates) > 0 for race in found["races"] for rates in race["rates"].values())
    assert told[-1][0] == told[-1][1]
    assert found["machine"]["versions"]["torch"] == torch.__version__


def test_normals_on_threads_are_counted():
    """Threads each draw what they say; a race of them is compared with the fewest threads of its kind."""
    pytest.importorskip("numba")
    found = race({f"{n} threads": machine.normals_on(n) for n in (1, 2)}, 2, 1e-3)
    assert all(min(rates) > 0 for rates in found.values())
    one, two = (machine.normals_on(n).work for n in (1, 2))
    assert two == 2 * one


def test_threads_are_shown_over_the_machines_own():
    """The engine's gain, that of normals, and their ratio; where no normals were drawn it is left out."""
    rates = {"1 threads": [1.0, 2.0], "4 threads": [3.0, 6.0]}
    drawn = {"normals, 1 threads": [5.0, 5.0], "normals, 4 threads": [20.0, 20.0]}
    told = {name: (gain, own) for name, _, gain, own in rows({"kind": "threads", "rates": rates | drawn})}
    assert told["4 threads"][0].startswith("3 [")
    assert told["normals, 4 threads"] == ("4 [4, 4]", "")
    assert told["4 threads"][1] == "0.75 [0.75, 0.75]"
    assert [row[3] for row in rows({"kind": "threads", "rates": rates})] == ["", ""]


@pytest.mark.parametrize(
    ("wrong", "named"),
    [
        ({"rules": ("adagrad",)}, "rule = adagrad"),
        ({"dims": (1,)}, "dim = 1"),
        ({"rounds": 0}, "rounds = 0"),
        ({"device": "tpu"}, "device = tpu"),
    ],
)
def test_plans_without_meaning_are_refused(wrong, named):
    """Before anything runs."""
    with pytest.raises(BadSimulation, match=named):
        Plan(**wrong)
