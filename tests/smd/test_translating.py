"""Recipes moved to another optimizer or batch size."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from smd.predicting import predict
from smd.translating import json_of, translate
from tests.strategies import examples, log_uniform, optimizers
from theory import OutOfDomain

KNOWN = ("sgd", "sgdm", "adamw", "lion")
SIZES = {"dim": 128, "grad_norm": 2.0}
BACK = 1e-8


def lr_wd():
    """Learning rates, and decays per step whose half-lives are slower than any momentum here."""
    return st.tuples(log_uniform(1e-4, 1.0), log_uniform(1e-6, 2e-4))


@examples(0.15)
@given(
    source=optimizers(*KNOWN), target=optimizers(*KNOWN), recipe=lr_wd(), match=st.sampled_from(["angle", "half-life"])
)
def test_there_and_back_is_the_recipe_again(source, target, recipe, match):
    """Translated to the target the matched quantity and the norm stay, and translated back lr and wd return."""
    lr, decay = recipe
    there = translate(source, target, lr=lr, wd=decay / lr, match=match, **SIZES)
    assert there.ratios["norm"] == pytest.approx(1, rel=BACK)
    assert there.ratios[match.replace("-", "_")] == pytest.approx(1, rel=BACK)
    moved = {name: there.target.hyperparameters[name] for name in ("lr", "wd")}
    back = translate(target, source, **moved, match=match, **SIZES)
    assert back.target.hyperparameters["lr"] == pytest.approx(lr, rel=1e-6)
    assert back.target.hyperparameters["wd"] == pytest.approx(decay / lr, rel=1e-6)


@examples(0.1)
@given(recipe=lr_wd(), target=optimizers("adamw", "sgdm"), beta1=st.floats(0.5, 0.95))
def test_both_are_matched_with_a_free_momentum(recipe, target, beta1):
    """Angle, half-life and norm at once, by the momentum of the target."""
    lr, decay = recipe
    found = translate("adamw", target, lr=lr, wd=decay / lr, beta1=beta1, match="angle,half-life", **SIZES)
    assert found.freed in ("beta1", "momentum")
    assert all(ratio == pytest.approx(1, rel=1e-7) for ratio in found.ratios.values())
    if target == "adamw":
        assert found.target.hyperparameters["beta1"] == pytest.approx(beta1, rel=1e-6)


@pytest.mark.parametrize("keep", ["lr", "wd"])
def test_what_is_kept_is_kept(keep):
    """lr or wd stays to the last digit."""
    found = translate("adamw", "lion", lr=1e-3, wd=0.1, keep=keep)
    assert found.target.hyperparameters[keep] == found.source.hyperparameters[keep]
    assert found.ratios["angle"] == pytest.approx(1, rel=BACK)
    assert found.ratios["norm"] != pytest.approx(1, rel=0.1)


def test_adamw_to_adamw_at_another_beta1_by_hand():
    """Half-life matched: lr*wd stays, and the norm changes by (1 + a b)(1 - b')... of the closed form only."""
    found = translate("adamw", "adamw", lr=1e-3, wd=0.1, beta1=0.9, match="half_life", keep="lr", to={"beta1": 0.5})
    assert found.target.hyperparameters["wd"] == pytest.approx(0.1, rel=1e-9)
    angle = math.acos(1 - 1e-4 * 0.5 / (1 + (1 - 1e-4) * 0.5))
    assert found.target.angular_update == pytest.approx(angle, rel=1e-9)
    assert found.ratios["angle"] == pytest.approx(math.sqrt((0.5 / 1.5) / (0.1 / 1.9)), rel=1e-3)
    assert "the angle is 2.5" in found.notes[0]


@pytest.mark.parametrize(("optimizer", "by_lr", "by_wd"), [("sgd", 8, 1), ("adamw", math.sqrt(8), math.sqrt(8))])
def test_scaling_rules_are_its_leading_order(optimizer, by_lr, by_wd):
    """At small lr*wd an eightfold batch multiplies lr by 8 for SGD, lr and wd by sqrt 8 for AdamW."""
    found = translate(optimizer, optimizer, lr=0.1, wd=1e-5, batch=8)
    assert found.target.hyperparameters["lr"] / 0.1 == pytest.approx(by_lr, rel=1e-4)
    assert found.target.hyperparameters["wd"] / 1e-5 == pytest.approx(by_wd, rel=1e-4)
    assert found.target.half_life == pytest.approx(predict(optimizer, lr=0.1, wd=1e-5).half_life / 8, rel=1e-3)


def test_a_wrong_rule_would_be_noticed():
    """The comparison can fail: linear scaling of AdamW is not what an eightfold batch asks for."""
    found = translate("adamw", "adamw", lr=0.1, wd=1e-5, batch=8)
    assert found.target.hyperparameters["lr"] / 0.1 != pytest.approx(8, rel=0.5)


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ({"match": "speed"}, "match = speed is unknown"),
        ({"keep": "calm"}, "keep = calm is unknown; known are norm, lr, wd"),
        ({"batch": -1.0}, "batch = -1 is outside"),
        ({"batch": 1e12, "keep": "lr"}, "batch = 1e[+]12 would need"),
        ({"to": {"lr": 0.1}}, "to-lr = 0.1 is given"),
        ({}, "keep = norm needs dim and grad-norm"),
        ({"match": "angle,half_life", "keep": "lr", "to": {"momentum": 0.9}}, "to-momentum = 0.9 is given"),
    ],
)
def test_mistakes_are_named(arguments, said):
    """What cannot be asked, or not be reached, is said in one sentence."""
    with pytest.raises(OutOfDomain, match=said):
        translate("adamw", "sgdm", lr=1e-3, wd=0.1, **arguments)


def test_unknown_target_and_no_momentum():
    """An unknown optimizer, and one without a momentum to set free."""
    with pytest.raises(OutOfDomain, match="optimizer = adagrad is unknown"):
        translate("adamw", "adagrad", lr=1e-3, wd=0.1)
    with pytest.raises(OutOfDomain, match="sgd has no momentum"):
        translate("adamw", "sgd", lr=1e-3, wd=0.1, match="angle,half_life", keep="lr")


def test_json_holds_both_recipes():
    """Source, target, what was matched and by how much the rest is off."""
    shown = json_of(translate("adamw", "lion", lr=1e-3, wd=0.1))
    assert shown["matched"] == ["angle"]
    assert shown["target_over_wanted"]["angle"] == pytest.approx(1)
    assert shown["target_over_wanted"]["half_life"] == pytest.approx(0.421, rel=1e-2)
    assert shown["source"]["optimizer"] == "adamw"
    assert shown["target"]["optimizer"] == "lion"


@pytest.mark.parametrize("match", ["angle", "half-life", "angle,half-life"])
def test_adamw_and_muon_are_translated_through_the_matrix(match):
    """A matrix is a vector of dim = rows cols to AdamW: angle or half-life and the norm stay, there and back."""
    shape = {"rows": 8, "cols": 16}
    there = translate("adamw", "muon", lr=1e-3, wd=0.1, match=match, **shape)
    for name in (*match.split(","), "norm"):
        assert there.ratios[name.replace("-", "_")] == pytest.approx(1, rel=1e-7)
    assert there.source.hyperparameters["dim"] == 128
    moved = {name: there.target.hyperparameters[name] for name in ("lr", "wd", "momentum")}
    back = translate("muon", "adamw", **moved, match=match, **shape)
    assert back.target.hyperparameters["lr"] == pytest.approx(1e-3, rel=1e-6)
    assert back.target.hyperparameters["wd"] == pytest.approx(0.1, rel=1e-6)


def test_names_that_leave_the_decay_open_need_it():
    """A name such as adam is translated as the form of decay that is said, for the source and for the target."""
    there = translate("adam", "sgdm", lr=1e-3, wd=0.1, decay="coupled", to_decay="decoupled", keep="lr")
    assert (there.source.optimizer, there.target.optimizer) == ("adam_l2", "sgdw")
    with pytest.raises(OutOfDomain, match="needs a decay"):
        translate("adam", "sgdm", lr=1e-3, wd=0.1, keep="lr")
