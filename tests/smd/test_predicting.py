"""The face: predictions for people's own scripts, with the claims they rest on."""

import pytest

import smd
from proofs import CLAIMS
from smd.predicting import NOISE, as_json, claims_of, predict
from theory import NAMES, OutOfDomain
from theory.catalogue import REFINED


def test_package_offers_its_verbs():
    """Prediction, simulation, claims, status and citation are one import away."""
    assert {"predict", "simulate", "CLAIMS", "status", "cite", "OutOfDomain", "NoEquilibrium"} <= set(smd.__all__)
    assert smd.predict is predict
    assert smd.CLAIMS is CLAIMS


WITHOUT_RATE = {"lars", "nadam_l2", *REFINED.values()}
"""Rules whose rate is not claimed."""


@pytest.mark.parametrize("optimizer", NAMES)
def test_claims_of_an_optimizer_are_about_it(optimizer):
    """The claims named beside a prediction are those about its optimizer, its rate among them where claimed."""
    found = claims_of(optimizer)
    assert {f"{optimizer}-norm", f"{optimizer}-angle"} <= set(found)
    assert (f"{optimizer}-rate" in found) == (optimizer not in WITHOUT_RATE)
    assert all(CLAIMS[claim_id].optimizer == optimizer for claim_id in found)


def test_claims_of_muon_are_known_by_their_ids():
    """No compiled rule stands behind Muon: its claims are those whose ids begin with its name, all without a rule."""
    found = claims_of("muon")
    assert {"muon-norm", "muon-angle", "muon-rate"} <= set(found)
    assert all(claim_id.startswith("muon-") and CLAIMS[claim_id].optimizer is None for claim_id in found)


def test_a_name_in_front_of_an_id_is_not_enough():
    """A claim that compares rules is not about the one that its id begins with."""
    assert CLAIMS["sgd-is-adam-g"].optimizer is None
    assert "sgd-is-adam-g" not in claims_of("sgd")


@pytest.mark.parametrize(
    ("optimizer", "given", "says"),
    [
        ("sgd", {"scale": "foo"}, "scale = foo does not apply to sgd"),
        ("adamw", {"nesterov": True}, "nesterov = True does not apply to adamw"),
        ("muon", {"rows": 8, "cols": 8, "beta1": "foo"}, "beta1 = foo does not apply to muon"),
        ("muon", {"rows": 8, "cols": 8, "lr_max": 1.0}, "lr_max = 1 does not apply to muon"),
        ("sgd", {"dim": "many"}, "dim = many is not a number"),
        ("sgdm", {"momentum": True}, "momentum = True is not a number"),
        ("adam", {}, "optimizer = adam needs a decay: coupled or decoupled"),
        ("adam", {"decay": "corrected", "lr_max": 0.01}, "lr = 0.1 is above lr_max = 0.01"),
    ],
)
def test_what_is_no_number_or_does_not_apply_is_said(optimizer, given, says):
    """Words and truth values where numbers belong, and options of other rules, are named as they were given."""
    with pytest.raises(OutOfDomain, match=says):
        predict(optimizer, **{"lr": 0.1, "wd": 0.1, **given})


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
