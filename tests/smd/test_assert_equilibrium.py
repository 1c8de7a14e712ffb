"""An optimizer's own test: right ones pass, wrong ones fail, blunt runs are refused."""

import copy
from functools import partial

import pytest
import torch
from torch.nn import Parameter
from torch.optim import SGD, Adam, AdamW

import smd
from theory import OutOfDomain, UpdateRule
from theory.symbols import lr, wd

pytestmark = pytest.mark.chance(3, 1e-9)

HEAVY_BALL = partial(SGD, lr=0.5, weight_decay=1.0, momentum=0.9)
ADAMW = partial(AdamW, lr=0.5, weight_decay=1.0, betas=(0.9, 0.95), foreach=True)
RIGHT = {
    "SGD": (partial(SGD, lr=0.5, weight_decay=0.4), "sgd"),
    "heavy ball": (HEAVY_BALL, "sgdm"),
    "heavy ball on a scale-invariant loss": (HEAVY_BALL, "sgdm"),
    "Nesterov": (partial(HEAVY_BALL, nesterov=True), "nesterov"),
    "AdamW": (ADAMW, "adamw"),
    "Adam": (partial(Adam, lr=0.1, weight_decay=2.0, betas=(0.5, 0.99), foreach=True), "adam_l2"),
}
WRONG = {
    "Nesterov taken for the heavy ball": (partial(HEAVY_BALL, nesterov=True), "sgdm", {}),
    "twice the decay": (partial(ADAMW, weight_decay=2.0), "adamw", {"wd": 1.0}),
    "Adam taken for AdamW": (partial(Adam, lr=0.5, weight_decay=1.0, betas=(0.9, 0.95), foreach=True), "adamw", {}),
    "another learning rate": (partial(HEAVY_BALL, lr=0.4), "sgdm", {"lr": 0.5}),
    "no decay at all": (partial(HEAVY_BALL, weight_decay=0.0), "sgdm", {"wd": 1.0}),
}


@pytest.mark.parametrize("case", RIGHT)
def test_an_optimizer_settles_where_its_rule_says(case):
    """Norm and angle of torch's own optimizers agree with their rules, and the test could have failed."""
    make, rule = RIGHT[case]
    law = "fixed" if "scale-invariant" in case else None
    found = smd.assert_equilibrium(make, rule, law=law, replicas=96)
    assert found.agrees
    assert all(found.least_seen(s) < 0.05 * s.predicted for s in found.statistics)
    assert {s.name for s in found.statistics} == {"norm", "angle (rad)"}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_optimizer_fails(case):
    """The report says what was predicted, what was measured with its error, and how far apart they lie."""
    make, rule, told = WRONG[case]
    with pytest.raises(AssertionError) as failed:
        smd.assert_equilibrium(make, rule, replicas=16, **told)
    report = str(failed.value)
    assert f"{make.func.__name__} does not settle" in report
    assert all(word in report for word in ("norm: predicted", "measured", "+-", "errors)"))


def test_an_instance_is_left_as_it_is():
    """An instance lends its type, its options, its device and its dtype; its weights and state stay."""
    weights = Parameter(torch.ones(3, dtype=torch.float32))
    optimizer = HEAVY_BALL([weights])
    schedule = torch.optim.lr_scheduler.StepLR(optimizer, 1)
    weights.grad = torch.ones(3)
    optimizer.step()
    before = copy.deepcopy(optimizer.state_dict()), weights.detach().clone()
    found = smd.assert_equilibrium(optimizer, "sgdm", replicas=16)
    assert found.hyperparameters["wd"] == 1.0
    after = optimizer.state_dict()
    assert torch.equal(before[1], weights)
    assert torch.equal(before[0]["state"][0]["momentum_buffer"], after["state"][0]["momentum_buffer"])
    assert after["param_groups"] == before[0]["param_groups"]
    assert schedule.optimizer is optimizer
    with pytest.raises(AssertionError):
        smd.assert_equilibrium(optimizer, "sgdm", replicas=16, wd=1.5)


def test_a_rule_in_hand_is_taken():
    """A rule of one's own, by its lines."""
    rule = UpdateRule.from_step("mine", lambda w, g: ((1 - lr * wd) * w - lr * g,), ("w",))
    make = partial(SGD, lr=0.5, weight_decay=0.4)
    assert smd.assert_equilibrium(make, rule, replicas=16).agrees
    wrong = UpdateRule.from_step("mine", lambda w, g: ((1 - lr * wd / 2) * w - lr * g,), ("w",))
    with pytest.raises(AssertionError, match="mine"):
        smd.assert_equilibrium(make, wrong, replicas=16)


def test_a_blunt_run_is_refused():
    """Agreement of a run that could not have failed is no agreement."""
    with pytest.raises(smd.NoPower, match="would have gone unnoticed"):
        smd.assert_equilibrium(HEAVY_BALL, "sgdm", replicas=4, dim=4)


class Diverging(SGD):
    """Weights that leave every number."""

    @torch.no_grad()
    def step(self, closure=None):
        """One step too far."""
        for parameter in self.param_groups[0]["params"]:
            parameter.mul_(1e200)


def test_a_diverging_optimizer_fails():
    """Infinite weights are no agreement."""
    with pytest.raises(AssertionError), pytest.warns(RuntimeWarning):
        smd.assert_equilibrium(partial(Diverging, lr=0.5, weight_decay=1.0, momentum=0.9), "sgdm", replicas=4)


MISTAKES = {
    "unknown rule": (HEAVY_BALL, "adagrad", {}, "adagrad"),
    "open decay": (ADAMW, "adam", {}, "adam_l2 or adamw"),
    "no decay to settle by": (partial(SGD, lr=0.1), "sgd", {}, "wd = 0"),
    "too slow to wait for": (partial(SGD, lr=0.1, weight_decay=1e-5), "sgd", {}, "half-life"),
    "fewer steps than the start needs": (HEAVY_BALL, "sgdm", {"steps": 10}, "steps = 10"),
    "a parameter of another rule": (HEAVY_BALL, "sgdm", {"beta1": 0.9}, "beta1"),
    "a law without theory": (partial(Adam, lr=0.1, weight_decay=2.0), "adam_l2", {"law": "iid"}, "law = iid"),
    "a certain false alarm": (HEAVY_BALL, "sgdm", {"false_alarm": 1.0}, "false_alarm = 1"),
}


@pytest.mark.parametrize("case", MISTAKES)
def test_a_mistake_is_named(case):
    """What makes no sense is refused by name before anything runs."""
    make, rule, told, named = MISTAKES[case]
    with pytest.raises(OutOfDomain, match=named):
        smd.assert_equilibrium(make, rule, **told)
