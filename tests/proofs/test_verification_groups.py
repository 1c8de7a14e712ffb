"""Many checks in several processes: what goes together, in which order, and that all of it comes back."""

from concurrent.futures import Future
from types import SimpleNamespace

import pytest

from proofs import CLAIMS, planned, processes, verification
from proofs import evidence as ledger
from proofs.evidence import of
from proofs.verdict import Outcome, Verdict
from proofs.verification import FEW, Check, _expected, verify

NAMES = [name for name, claim in CLAIMS.items() if claim.optimizer in ("sgd", "sgdw")][: FEW + 2]


class Pool:
    """An executor that runs here and keeps what it was given."""

    given: list[list[Check]]

    def __init__(self, jobs, prepare):
        Pool.given = []
        prepare()

    def __enter__(self):
        return self

    def __exit__(self, *error):
        return False

    def submit(self, function, group):
        """The result at once, as a future."""
        Pool.given.append(group)
        done = Future()
        done.set_result(function(group))
        return done


@pytest.fixture
def checks(monkeypatch):
    """More checks than are run one by one, of a layer that is quick, and a pool of this process."""
    monkeypatch.setattr(processes, "pool", Pool)
    return planned([CLAIMS[name] for name in NAMES], ("points",))


def test_every_check_leaves_evidence_and_one_optimizer_stays_together(checks):
    """Each check comes back once, recorded; the claims of one optimizer are one group, and no check is in two."""
    assert len(checks) > FEW
    found = list(verify(checks, jobs=2))
    assert sorted(e.claim for e in found) == sorted(check.claim for check in checks)
    assert all(of(CLAIMS[name]) for name in NAMES)
    optimizers = [{CLAIMS[check.claim].optimizer for check in group} for group in Pool.given]
    assert all(len(names) == 1 for names in optimizers)
    assert sum(map(len, Pool.given)) == len(checks)


def test_what_took_long_begins_first(checks):
    """The seconds of the last run order the groups; without one a guess does."""
    (last,) = [name for name in NAMES if CLAIMS[name].optimizer == "sgdw"][-1:]
    before = _expected([Check(last, "points")])
    ledger.record(CLAIMS[last], Verdict("points", Outcome.HOLDS, "by hand", 1000.0))
    assert _expected([Check(last, "points")]) == 1000.0 != before
    list(verify(checks, jobs=2))
    assert CLAIMS[Pool.given[0][0].claim].optimizer == "sgdw"


class Together:
    """A layer that checks claims together, and keeps what it was asked."""

    def __init__(self, most):
        self.most, self.prepared, self.asked = most, [], []

    def prepare(self, claim):
        """Only noted."""
        self.prepared.append(claim.id)

    def check_all(self, claims):
        """Each holds, up to so many."""
        self.asked.append([claim.id for claim in claims])
        return [Verdict("kernel", Outcome.HOLDS, "together", 0.0) for _ in claims[: self.most]]


@pytest.fixture
def together(monkeypatch):
    """The kernel layer, replaced by one that says yes."""
    layer = Together(most=100)
    kernel = verification.TABLE["kernel"]
    entry = SimpleNamespace(
        checker=layer, device=kernel.device, device_name=kernel.device, module=kernel.module, worth=kernel.worth,
        runs_here=False,
    )  # fmt: skip
    monkeypatch.setitem(verification.TABLE, "kernel", entry)
    return layer


def test_a_layer_that_checks_together_is_given_them_together(checks, together, monkeypatch):
    """Each claim is made ready with its group and checked with others, once, when the group's other checks are done."""
    monkeypatch.setattr(verification, "TOGETHER", 3)
    monkeypatch.setattr(verification, "FEW", 1)
    joint = [Check(name, "kernel") for name in NAMES]
    found = list(verify([*checks, *joint], jobs=2))
    assert sorted(together.prepared) == sorted(NAMES) == sorted(name for some in together.asked for name in some)
    assert [len(some) for some in together.asked] == [3, 2, 1, 1, 1]  # in the end all processes share
    assert sorted((e.claim, e.layer) for e in found) == sorted(
        (check.claim, check.layer) for check in [*checks, *joint]
    )


def test_a_verdict_too_few_is_an_error(together):
    """It is not passed over that a layer says nothing of a claim."""
    together.most = 1
    with pytest.raises(ValueError, match="shorter"):
        verification._run_together([Check(name, "kernel") for name in NAMES[:2]])
