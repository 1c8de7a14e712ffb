"""The face: predictions for people's own scripts, with the claims they rest on."""

import pytest

import smd
from proofs import CLAIMS
from smd.predicting import NOISE, as_json, claims_of, predict
from theory import NAMES, OutOfDomain


def test_package_offers_its_verbs():
    """Prediction, simulation, claims, status and citation are one import away."""
    assert {"predict", "simulate", "CLAIMS", "status", "cite", "OutOfDomain", "NoEquilibrium"} <= set(smd.__all__)
    assert smd.predict is predict
    assert smd.CLAIMS is CLAIMS


@pytest.mark.parametrize("optimizer", NAMES)
def test_claims_of_an_optimizer_are_about_it(optimizer):
    """The claims named beside a prediction are those about its optimizer."""
    found = claims_of(optimizer)
    assert {f"{optimizer}-norm", f"{optimizer}-angle"} <= set(found)
    assert all(CLAIMS[claim_id].optimizer == optimizer for claim_id in found)


@pytest.mark.parametrize(
    ("optimizer", "name"), [("sgd", "dim"), ("sgdm", "dim"), ("adamw", "grad_norm"), ("lion", "grad_norm")]
)
def test_noise_that_does_not_enter_is_said_to(optimizer, name):
    """A parameter of the noise that leaves the equilibrium unchanged is taken, with a warning that says so."""
    plain, told = predict(optimizer, lr=0.1, wd=0.1), predict(optimizer, lr=0.1, wd=0.1, **{name: 7})
    assert told.equilibrium_norm == plain.equilibrium_norm
    (warning,) = set(told.warnings) - set(plain.warnings)
    assert warning.startswith(f"{name} does not enter: {NOISE[name]}")


@pytest.mark.parametrize(
    ("optimizer", "name", "value"), [("sgd", "dim", 2.5), ("sgd", "dim", 0), ("lion", "grad_norm", -1)]
)
def test_noise_that_does_not_enter_must_still_make_sense(optimizer, name, value):
    """Its range is checked all the same."""
    with pytest.raises(OutOfDomain, match=f"{name} = {value}"):
        predict(optimizer, lr=0.1, wd=0.1, **{name: value})


def test_what_is_none_is_not_given():
    """None stands for the default, as from a command line."""
    assert predict("lion", lr=0.1, wd=0.1, beta1=None, dim=None) == predict("lion", lr=0.1, wd=0.1)


def test_json_is_plain():
    """The JSON form holds numbers, strings, lists and None only."""
    found = as_json(predict("sgdm", lr=0.1, wd=0.1))
    for value in [*found.values(), *found["hyperparameters"].values(), *found["leading_order"].values()]:
        assert value is None or isinstance(value, float | str | list | dict)


def test_unknown_optimizer_is_named():
    """An optimizer that is none of the four is named beside them."""
    with pytest.raises(OutOfDomain, match="optimizer = adan is unknown; known are sgd, sgdm, nesterov"):
        predict("adan", lr=0.1, wd=0.1)
