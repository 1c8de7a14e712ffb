"""The confrontations on a CUDA device, at sizes that need one: ``make test-gpu``."""

import pytest

from proofs.confrontation import Bench, Predicted, perturbation, sign_stationarity, stationarity
from proofs.confrontation.catalogue import at, law_for
from proofs.confrontation.power import mapped
from proofs.confrontation.signs import BUFFER

pytestmark = [pytest.mark.cuda, pytest.mark.chance(2)]

DIM, REPLICAS = 1 << 16, 1024
POINT = {"lr": 0.1, "wd": 1e-3}


def case(optimizer, design):
    """Hyper-parameters and a bench of 2^26 coordinates."""
    trust = {"trust": 0.1, "lr": 1.0} if optimizer == "lars" else {}
    return at(optimizer, POINT | trust, DIM), Bench(law_for(optimizer, design), DIM, REPLICAS, 1, "cuda")


@pytest.mark.parametrize("optimizer", [name for name in mapped() if name not in BUFFER])
def test_one_step_of_many_coordinates(optimizer):
    """The predicted moments stay, an error of a tenth of a per cent in the norm would be seen, and one is rejected."""
    chosen, bench = case(optimizer, "stationarity")
    c = stationarity(optimizer, chosen, bench)
    assert c.agrees, c.report()
    assert c.resolves("norm") < 1e-3
    right = Predicted.of(optimizer, chosen)
    wrong = right.replaced(squared_norm=1.01 * right.moments[0, 0])
    assert not stationarity(optimizer, chosen, bench, wrong).agrees


@pytest.mark.parametrize("optimizer", [name for name in mapped() if name not in BUFFER])
def test_perturbations_of_many_coordinates(optimizer):
    """Twins part by the multiplier; a rate off by a per cent would be seen."""
    chosen, bench = case(optimizer, "perturbation")
    c = perturbation(optimizer, chosen, bench)
    assert c.agrees, c.report()
    assert c.resolves("rate") < 0.01


@pytest.mark.parametrize("optimizer", BUFFER)
def test_signs_of_many_coordinates(optimizer):
    """Lion's and Signum's norm stays, to half a per cent, and a norm two per cent off is rejected."""
    chosen, _ = case(optimizer, "stationarity")
    bench = Bench("iid", 1 << 13, REPLICAS, 1, "cuda")
    chosen = {**chosen, "dim": bench.dim}
    c = sign_stationarity(optimizer, chosen, bench)
    assert c.agrees, c.report()
    assert c.resolves("norm") < 5e-3
    right = Predicted.of(optimizer, chosen)
    wrong = right.replaced(squared_norm=1.04 * right.moments[0, 0])
    assert not sign_stationarity(optimizer, chosen, bench, wrong).agrees
