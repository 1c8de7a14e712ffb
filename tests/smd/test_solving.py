"""The face of the inverse problems."""

import pytest

from smd.predicting import predict
from smd.solving import as_json, decay_per_step, solve
from theory import NAMES, OutOfDomain


@pytest.mark.parametrize("optimizer", NAMES)
@pytest.mark.parametrize(("target", "field"), [("angle", "angular_update"), ("norm", "equilibrium_norm")])
def test_the_solution_predicts_the_target(optimizer, target, field):
    """Predicting at the solution gives the target back, for every optimizer."""
    wanted = getattr(predict(optimizer, lr=0.02, wd=0.3), field)
    if wanted is None:
        return
    found = solve(optimizer, **{target: wanted}, lr=0.02)
    assert getattr(predict(optimizer, lr=0.02, wd=found.value), field) == pytest.approx(wanted, rel=1e-9)


def test_noise_that_does_not_enter_is_taken_with_a_warning():
    """dim for SGD is no mistake: it is said not to enter."""
    found = solve("sgd", angle=0.01, lr=0.1, dim=64)
    assert any("dim does not enter" in warning for warning in found.prediction.warnings)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({}, "one target is needed of angle, norm and half_life; given: none"),
        ({"angle": 0.1, "norm": 2.0}, "given: angle = 0.1, norm = 2"),
        ({"angle": 0.1, "unknown": "beta1"}, "for = beta1 is no hyper-parameter of sgd"),
        ({"angle": 0.1, "unknown": "grad_norm", "wd": 0.1}, "angle = 0.1 is not reached by sgd"),
    ],
)
def test_mistakes_are_named(arguments, said):
    """One sentence with name and value."""
    with pytest.raises(OutOfDomain, match=said):
        solve("sgd", lr=0.1, **arguments)


def test_json_is_plain():
    """Numbers, strings, lists and dictionaries; the decay per step is lr*wd."""
    found = solve("lion", half_life=1000, lr=0.1)
    shown = as_json(found)
    assert shown["decay_per_step"] == decay_per_step(found.prediction) == pytest.approx(0.1 * found.value)
    assert shown["unknown"] == "wd"
    assert shown["half_life"] == pytest.approx(1000)
