"""What names and ways to decay mean, which of them conflict, and what becomes of the coefficient."""

import pytest

from tests.compare import close
from theory import NAMES, NoEquilibrium, OutOfDomain, choices, names, predict, the_choice
from theory.catalogue import BOTH, DECAYS, FORMS, MATRIX, REFINED, Choice, refined

RULES = {rule for forms in FORMS.values() for rule in forms.values()}


def test_every_rule_has_a_name_and_every_name_a_rule():
    """Bases, rules and Muon are named once each; behind the names stand all compiled rules but the refined ones."""
    assert len(names()) == len(set(names()))
    assert set(names()) == {*FORMS, *RULES, MATRIX}
    assert {*RULES, *REFINED.values()} == set(NAMES)


@pytest.mark.parametrize("name", sorted(RULES))
def test_a_rule_is_what_its_name_says(name):
    """A rule's own name leaves nothing open, and says its decay unless it is a base's name too."""
    (meant,) = choices(name)
    assert meant.rule == name
    assert meant.decay in ("coupled", "decoupled")
    (base,) = {base for base, forms in FORMS.items() if name in forms.values()}
    assert FORMS[base][meant.decay] == name


@pytest.mark.parametrize(
    ("name", "decay", "rule"),
    [
        ("sgd", None, "sgd"), ("sgdm", None, "sgdm"), ("nesterov", None, "nesterov"), ("rmsprop", None, "rmsprop"),
        ("sgdm", "decoupled", "sgdw"), ("nesterov", "decoupled", "nesterovw"), ("rmsprop", "decoupled", "rmspropw"),
        ("adam", "coupled", "adam_l2"), ("adam", "decoupled", "adamw"), ("nadam", "coupled", "nadam_l2"),
        ("adam", "independent", "adamw"), ("nadam", "corrected", "nadamw"), ("sgdm", "independent", "sgdw"),
        ("adamw", None, "adamw"), ("adamw", "decoupled", "adamw"), ("adamw_beta2", None, "adamw_beta2"),
        ("lars", "coupled", "lars"),
    ],
)  # fmt: skip
def test_name_and_decay_choose_the_rule(name, decay, rule):
    """Independent and corrected decay are those of the decoupled rule and keep their own name."""
    meant = the_choice(name, decay)
    assert meant.rule == rule
    assert decay is None or meant.decay == decay


@pytest.mark.parametrize("name", BOTH)
def test_plain_adam_means_both(name):
    """Without a decay plain Adam and NAdam mean both forms; nothing else is left open."""
    assert [one.decay for one in choices(name)] == ["coupled", "decoupled"]
    assert {one.rule for one in choices(name)} == set(FORMS[name].values())
    assert [other for other in FORMS if len(choices(other)) > 1] == list(BOTH)
    with pytest.raises(OutOfDomain, match=f"optimizer = {name} needs a decay: coupled or decoupled"):
        the_choice(name)


CONFLICTS = {
    ("adamw", "coupled"): "decay = coupled conflicts with adamw, which is adam with decoupled decay",
    ("adam_l2", "decoupled"): "decay = decoupled conflicts with adam_l2, which is adam with coupled decay",
    ("sgdw", "independent"): "decay = independent conflicts with sgdw",
    ("lion", "coupled"): "decay = coupled does not apply to lion, whose decay is decoupled",
    ("lars", "decoupled"): "decay = decoupled does not apply to lars, whose decay is coupled",
    ("lamb", "corrected"): "decay = corrected does not apply to lamb, whose decay is coupled",
    ("sgd", "l2"): f"decay = l2 is unknown; known are {', '.join(DECAYS)}",
    ("adamw_beta2", "coupled"): "optimizer = adamw_beta2 is unknown",
    ("adagrad", None): "optimizer = adagrad is unknown; known are sgd, sgdm, nesterov",
    ("muon", None): "optimizer = muon is a rule of matrices",
}


@pytest.mark.parametrize(("asked", "says"), CONFLICTS.items(), ids=str)
def test_conflicts_are_named(asked, says):
    """What a name and a decay cannot mean together is refused with both of them."""
    with pytest.raises(OutOfDomain) as refused:
        choices(*asked)
    assert str(refused.value).startswith(says)


@pytest.mark.parametrize("lr", [0.02, 0.1])
def test_the_coefficient_gives_the_decay_per_step_that_was_meant(lr):
    """lr times the rule's own wd is lr wd, wd, or lr wd lr/lr_max."""
    meant = {"coupled": lr * 0.3, "decoupled": lr * 0.3, "independent": 0.3, "corrected": lr * 0.3 * lr / 0.1}
    for decay in DECAYS:
        assert lr * Choice("adamw", decay).coefficient(lr, 0.3, 0.1) == close(meant[decay], 1e-14)


@pytest.mark.parametrize(
    ("lr_max", "says"), [(None, "lr_max is missing"), (0.0, "lr_max = 0 is outside"), (0.05, "above lr_max = 0.05")]
)
def test_corrected_decay_needs_a_largest_learning_rate(lr_max, says):
    """It is asked for, must be a learning rate, and none may lie above it."""
    with pytest.raises(OutOfDomain, match=says):
        Choice("adamw", "corrected").coefficient(0.1, 0.3, lr_max)


def test_conversions_reach_the_prediction():
    """Independent and corrected decay have the angle of the decoupled rule at the converted coefficient, and say so."""
    for decay, own in (("independent", 0.3 / 0.1), ("corrected", 0.3 * 0.1 / 0.4)):
        found = predict("adam", lr=0.1, wd=0.3, decay=decay, lr_max=0.4 if decay == "corrected" else None)
        plain = predict("adamw", lr=0.1, wd=own)
        assert found.decay == decay
        assert found.angular_update == close(plain.angular_update, 1e-13)
        assert any(f"wd = 0.3 as {decay} decay is wd = {own:g}" in w for w in found.warnings)
        assert found.angular_update != pytest.approx(predict("adamw", lr=0.1, wd=0.3).angular_update, rel=0.1)
    with pytest.raises(NoEquilibrium):
        predict("adam", lr=0.1, wd=2.0, decay="independent")


def test_what_refines_a_rule():
    """beta2 or kurtosis call for the rule that knows them, where there is one."""
    for rule, better in REFINED.items():
        assert refined(rule, {"beta2"}) == refined(rule, {"kurtosis", "lr"}) == better
        assert refined(rule, {"lr", "wd"}) == rule
    assert refined("lion", {"beta2"}) == "lion"
