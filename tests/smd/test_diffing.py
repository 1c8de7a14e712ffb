"""Conventions of libraries, and the angles by which they part."""

import inspect
import math
import re

import pytest
import torch

from smd.conventions import CONVENTIONS, DECAYS, convention_named, decay_per_step, equivalent_wd
from smd.diffing import diff, json_of
from smd.predicting import predict
from theory import OutOfDomain

TORCH_NAMES = {"lr": "lr", "wd": "weight_decay", "momentum": "momentum", "dampening": "dampening"}
ALWAYS = {"lr": 0.01, "wd": 0.1}


def test_every_convention_has_a_source_and_a_provenance():
    """Each names a web page, how it was read, a decay that is known, and itself only once."""
    assert len({c.label.lower() for c in CONVENTIONS}) == len(CONVENTIONS)
    for own in CONVENTIONS:
        assert re.fullmatch(r"https://\S+", own.source)
        assert own.provenance in ("code", "text", "second-hand", "recalled")
        assert own.decay in DECAYS
        assert set(own.defaults) <= {"lr", "wd", "momentum", "dampening", "beta1", "beta2"}


@pytest.mark.parametrize("own", [c for c in CONVENTIONS if c.library == "pytorch"], ids=lambda c: c.label)
def test_pytorch_rows_are_those_of_the_installed_torch(own):
    """Defaults of lr, decay, momentum, betas and eps are what torch.optim's signatures say."""
    written = {
        name: p.default
        for name, p in inspect.signature(getattr(torch.optim, own.name.partition("-")[0])).parameters.items()
    }
    for name, value in own.defaults.items():
        if name in ("beta1", "beta2"):
            betas = written.get("betas", (None, written.get("alpha")))
            assert value == betas[0 if name == "beta1" else 1]
        elif (own.name, name) != ("SGD-nesterov", "momentum"):
            assert value == written[TORCH_NAMES[name]]
    assert own.defaults.get("wd", 0) == written["weight_decay"]
    if own.eps is not None:
        assert own.eps == written["eps"]


@pytest.mark.parametrize(
    ("label", "settings"),
    [("pytorch:AdamW", {}), ("pytorch:SGD", {"momentum": 0.0}), ("pytorch:Adam", {}), ("pytorch:Muon", {})],
)
def test_decay_of_torch_is_what_is_said(label, settings):
    """With no gradient but decay, decoupled weights shrink by 1 - lr*wd; Adam's coupled ones move by about lr."""
    own = convention_named(label)
    weight = torch.nn.Parameter(torch.full((4, 4), 2.0, dtype=torch.float64))
    weight.grad = torch.zeros_like(weight)
    getattr(torch.optim, own.name)([weight], lr=0.1, weight_decay=0.3, **settings).step()
    moved = float(weight.detach()[0, 0])
    expected = 2 * (1 - 0.1 * 0.3) if own.rule != "adam_l2" else 2 - 0.1
    assert moved == pytest.approx(expected, rel=1e-6)


def test_decays_agree_at_the_peak_or_part_by_lr():
    """At the peak corrected equals decoupled and scheduled equals independent; below it each goes its own way."""
    assert decay_per_step("corrected", 0.1, 0.2, 0.1) == decay_per_step("decoupled", 0.1, 0.2, 0.1) == 0.1 * 0.2
    assert decay_per_step("scheduled", 0.1, 0.2, 0.1) == decay_per_step("independent", 0.1, 0.2, 0.1) == 0.2
    below = {name: decay_per_step(name, 0.05, 0.2, 0.1) for name in DECAYS}
    assert below == pytest.approx(
        {"coupled": 0.01, "decoupled": 0.01, "independent": 0.2, "corrected": 0.005, "scheduled": 0.1}
    )
    assert equivalent_wd("independent", 0.05, 0.2, 0.1) * 0.05 == pytest.approx(0.2)
    with pytest.raises(OutOfDomain, match="decay = odd is unknown"):
        decay_per_step("odd", 0.1, 0.2, 0.1)


def test_independent_decay_turns_further_by_the_root_of_lr():
    """At small decay the same coefficient without lr turns 1/sqrt(lr) as far; under a schedule it does not fall."""
    found = diff("pytorch:AdamW", "tfa:AdamW", lr=1e-2, wd=1e-5)
    assert found.ratio(1.0) == pytest.approx(10, rel=1e-3)
    assert found.ratio(0.1) == pytest.approx(10 * math.sqrt(10), rel=1e-3)
    assert set(found.parts) == {"weight decay", "eps"}
    angles = [found.sides[1].predictions[share].angular_update for share in (1.0, 0.1)]
    assert angles[0] == pytest.approx(angles[1], rel=1e-12)


def test_corrected_decay_keeps_the_norm_under_a_schedule():
    """Under AdamC's correction the equilibrium norm stays while lr falls, to leading order (chou, defazio)."""
    found = diff("timm:adamw-corrected", "timm:adamw", lr=1e-3, wd=1e-2)
    corrected, plain = ([side.predictions[s].equilibrium_norm for s in (1.0, 0.1)] for side in found.sides)
    assert corrected[0] == pytest.approx(corrected[1], rel=1e-3)
    assert plain[0] == pytest.approx(math.sqrt(10) * plain[1], rel=1e-3)


def test_same_rules_have_equal_angles():
    """fairseq's adam is AdamW; what differs is told, and the angle is the same."""
    found = diff("pytorch:AdamW", "fairseq:adam", **ALWAYS)
    assert found.parts == {}
    assert found.ratio(1.0) == 1.0
    assert found.sides[0].predictions[1.0].angular_update == predict("adamw", **ALWAYS).angular_update


def test_without_momentum_coupled_and_decoupled_are_one():
    """SGD without momentum is the same rule in every library."""
    found = diff("pytorch:SGD", "keras:SGD", **ALWAYS)
    assert "rule" in found.parts
    assert found.ratio(1.0) == 1.0


def test_defaults_are_each_librarys_own():
    """What is not given stands at each default, and is told."""
    found = diff("pytorch:AdamW", "keras:AdamW")
    assert found.parts["wd"] == ("0.01", "0.004")
    assert found.ratio(1.0) == pytest.approx(math.sqrt(0.4), rel=1e-3)


@pytest.mark.parametrize(
    ("labels", "given", "said"),
    [
        (("pytorch:AdamV", "optax:lion"), ALWAYS, "pytorch:AdamV is no known LIBRARY:OPTIMIZER; near it: pytorch:Adam"),
        (("pytorch:SGD", "optax:lion"), {"lr": 0.1}, "wd is missing: pytorch:SGD has none by default"),
        (("pytorch:AdamW", "optax:adamw"), {}, "lr is missing: optax:adamw has none"),
        (("pytorch:AdamW", "optax:adamw"), {**ALWAYS, "nu": 1.0}, "nu = 1 applies to neither"),
        (("pytorch:AdamW", "optax:adamw"), {"lr": 0.1, "wd": -1.0}, "wd = -1"),
    ],
)
def test_mistakes_are_named(labels, given, said):
    """One sentence with name and value."""
    with pytest.raises(OutOfDomain, match=re.escape(said)):
        diff(*labels, **given)


def test_json_has_both_sides():
    """Labels, parts, sources, predictions at the peak and below it."""
    shown = json_of(diff("pytorch:AdamW", "tfa:AdamW", **ALWAYS))
    assert [side["label"] for side in shown["sides"]] == ["pytorch:AdamW", "tfa:AdamW"]
    assert set(shown["angle_ratio"]) == {"1", "0.1"}
    assert shown["differs"]["weight decay"][1].startswith("independent")
