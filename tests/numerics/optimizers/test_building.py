"""Optimizers by name walk as their rules in the simulator and their references do."""

import pytest
import torch
from torch.nn import Parameter

from numerics import UPDATES
from numerics.gradients import Gradient
from numerics.muon import Muon as MuonRule
from numerics.optimizers import NAMES, BadOptimizer, Muon, build
from numerics.torch_optimizer import TorchOptimizer
from tests.numerics.optimizers.zoo import gradients, walk, weights
from tests.numerics.references import distance, double_scalars, reference, walk_data
from tests.numerics.references import walk as walk_of_rule
from theory import catalogue

HYPER = {
    "sgd": {},
    "sgdm": {"momentum": 0.8, "dampening": 0.3},
    "sgdw": {"momentum": 0.8, "dampening": 0.3},
    "nesterov": {"momentum": 0.8},
    "nesterovw": {"momentum": 0.8},
    "rmsprop": {"beta2": 0.9, "eps": 1e-3},
    "rmspropw": {"beta2": 0.9, "eps": 1e-3},
    "adam_l2": {"beta1": 0.7, "beta2": 0.9, "eps": 1e-3},
    "adamw": {"beta1": 0.7, "beta2": 0.9, "eps": 1e-3},
    "nadam_l2": {"beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "momentum_decay": 0.5},
    "nadamw": {"beta1": 0.7, "beta2": 0.9, "eps": 1e-3, "momentum_decay": 0.5},
    "lion": {"beta1": 0.7, "beta2": 0.9},
    "signsgd": {},
    "signum": {"beta1": 0.7},
    "ngd": {"beta1": 0.7},
    "lars": {"momentum": 0.7, "trust": 0.3},
    "lamb": {"beta1": 0.7, "beta2": 0.9, "eps": 1e-3},
}
ROUNDING = 1e-11


def departure(name, hyper, rule_hyper, data):
    """How far the optimizer with ``hyper`` walks from the rule and the reference with ``rule_hyper``."""
    with double_scalars():
        ours, _, _ = walk_of_rule(TorchOptimizer(lambda ps: build(name, ps, **hyper)), *data)
    engine, _, _ = walk_of_rule(UPDATES[name](**rule_hyper), *data)
    published, _ = reference(name, rule_hyper)(*data, **rule_hyper)
    return max(distance(ours, engine, data[0]), distance(ours, published, data[0]))


@pytest.mark.parametrize("name", HYPER)
def test_an_optimizer_by_name_walks_as_its_rule(name):
    """With the theory's names of hyper-parameters, and not with one of them off by 3 %."""
    data = walk_data(seed=11)
    hyper = {"lr": 0.05, "wd": 0.3, **HYPER[name]}
    assert departure(name, hyper, hyper, data) < ROUNDING
    for changed in hyper:
        wrong = {**hyper, changed: hyper[changed] * (1.5 if changed == "eps" else 1.03)}
        if name in ("lion", "signum", "signsgd") and changed.startswith("beta"):
            wrong[changed] = 0.2  # few signs turn when an average changes little
        assert departure(name, wrong, hyper, data) > 1e3 * ROUNDING, changed


def test_every_rule_of_the_theory_has_a_name():
    """And each rule of the catalogue with a fixed decay is compared above."""
    assert set(catalogue.names()) <= set(NAMES)
    fixed = {rule for forms in catalogue.FORMS.values() for rule in forms.values()}
    assert fixed == HYPER.keys()


@pytest.mark.parametrize("base", catalogue.FORMS)
@pytest.mark.parametrize("decay", ["coupled", "decoupled"])
def test_a_base_with_a_decay_is_the_theory_s_rule(base, decay):
    """The same rule, or a refusal of both."""
    try:
        rule = catalogue.the_choice(base, decay).rule
    except ValueError:
        with pytest.raises(BadOptimizer, match="does not apply"):
            build(base, weights(), lr=0.1, decay=decay)
        return
    given = gradients(4)
    with double_scalars():
        ours = walk(build(base, (ps := weights()), lr=0.1, wd=0.3, decay=decay), ps, given)
        theirs = walk(build(rule, (ps := weights()), lr=0.1, wd=0.3), ps, given)
    assert torch.equal(ours, theirs)


@pytest.mark.parametrize("name", ["sgd", "sgdm", "adam", "adamw", "nesterov", "rmsprop", "lion", "signum", "ngd"])
def test_independent_and_corrected_decay_take_their_share(name):
    """A zero gradient shows the decay alone: wd, and lr wd lr/lr_max."""
    for decay, share in (("independent", 0.3), ("corrected", 0.1 * 0.3 * 0.1 / 0.4)):
        p = Parameter(torch.ones(2, 3, dtype=torch.float64))
        optimizer = build(name, [p], lr=0.4, wd=0.3, decay=decay)
        optimizer.param_groups[0]["lr"] = 0.1
        p.grad = torch.zeros_like(p)
        optimizer.step()
        assert torch.allclose(p.detach(), torch.full_like(p, 1 - share), rtol=1e-14)


def test_corrected_decay_refuses_an_lr_above_the_largest():
    """By a message that names both."""
    ps = weights()
    optimizer = build("adamc", ps, lr=0.1, wd=0.1)
    optimizer.param_groups[0]["lr"] = 0.2
    with pytest.raises(BadOptimizer, match=r"lr = 0.2 is above lr_max = 0.1"):
        walk(optimizer, ps, gradients(1))


@pytest.mark.parametrize(("name", "more"), [("adamc", {}), ("lion_ar", {"schedule": "linear"})])
def test_what_is_refused_has_moved_nothing(name, more):
    """Neither weights nor state, in no group."""
    ps = weights()
    optimizer = build(name, [{"params": [p]} for p in ps], lr=0.1, wd=0.1, **more)
    optimizer.param_groups[1]["lr"] = 0.2
    with pytest.raises(BadOptimizer, match=r"lr = 0.2 is above lr_max = 0.1"):
        walk(optimizer, ps, gradients(1))
    assert all(map(torch.equal, ps, weights()))
    assert not any("exp_avg" in state for state in optimizer.state.values())


@pytest.mark.parametrize("name", ["sgdm", "adamw", "nadam_l2", "lion"])
def test_masters_are_to_be_had_with_every_class(name):
    """torch's walk in float32, rounded; weights that only torch's own class moves keep state of their own dtype."""
    given = gradients(5, torch.bfloat16)
    start = [p.detach() for p in weights(torch.bfloat16)]

    def run(cast, **more):
        ps = [Parameter(cast(p.clone())) for p in start]
        optimizer = build(name, ps, lr=0.02, wd=0.3, **more)
        return walk(optimizer, ps, [[cast(g) for g in step] for step in given])

    wide, rounded = run(torch.Tensor.float).bfloat16(), run(lambda p: p, master=False)
    assert torch.equal(run(lambda p: p, master=True), wide)
    assert not torch.equal(rounded, wide)


@pytest.mark.parametrize("nesterov", [True, False])
@pytest.mark.parametrize("scale", ["original", "match_rms_adamw"])
def test_muon_walks_as_torch_s_and_as_the_simulator_s(nesterov, scale):
    """torch's five steps in bfloat16, the simulator's exact polar factor; not at another scale."""
    hyper = {"lr": 0.05, "weight_decay": 0.3, "momentum": 0.8, "nesterov": nesterov}
    given = [step[:1] for step in gradients(6)]
    ours = walk(Muon((ps := weights()[:1]), scale=scale, **hyper), ps, given)
    torchs = walk(torch.optim.Muon((ps := weights()[:1]), adjust_lr_fn=scale, **hyper), ps, given)
    assert torch.allclose(ours, torchs, rtol=1e-12, atol=1e-13)
    exact = walk(Muon((ps := weights()[:1]), scale=scale, orthogonalise="polar", **hyper), ps, given)
    for other in (scale, "spectral"):
        rule = MuonRule(0.05, 0.3, 4, 6, 0.8, nesterov, other)
        w = start = weights()[0].detach().view(1, -1)
        state, path = rule.start(w), []
        for (g,) in given:
            w, state = rule.step(w, Gradient(g.view(1, -1), torch.ones(1, 1)), state)
            path.append(w[0])
        off = distance(exact[:, None], torch.stack(path)[:, None], start)
        assert (off < ROUNDING) == (other == scale)


def test_muon_leaves_vectors_and_flagged_tensors_to_adamw():
    """By its param groups: those walk as torch's AdamW, hidden matrices do not."""
    ps, qs = weights(), weights()
    given = gradients(5)
    groups = [{"params": ps[:1], "matrix": False, "lr": 0.01}, {"params": ps[1:]}]
    walk(build("muon", groups, lr=0.02, wd=0.3), ps, given)
    options = {"betas": (0.9, 0.95), "weight_decay": 0.3}
    walk(torch.optim.AdamW([{"params": qs[:1], "lr": 0.01}, {"params": qs[1:], "lr": 0.02}], **options), qs, given)
    assert [torch.allclose(p, q, rtol=1e-12) for p, q in zip(ps, qs, strict=True)] == [True, False, True]


@pytest.mark.parametrize(
    ("name", "hyper", "message"),
    [
        ("adan", {"lr": 0.1}, r"optimizer = adan is unknown; known are sgd, "),
        ("adam", {"lr": 0.1}, r"optimizer = adam needs a decay: coupled or decoupled"),
        ("lion", {}, r"lr is missing: lion needs it"),
        ("lion", {"lr": 0.1, "momentum": 0.9}, r"momentum is no hyper-parameter of lion; known are .*betas"),
        ("lion", {"lr": -1.0}, r"Invalid lr = -1: its range is \[0, inf\)"),
        ("lion", {"lr": float("nan")}, r"Invalid lr = nan"),
        ("lion", {"lr": 0.1, "beta2": 1.0}, r"Invalid betas\[1\] = 1: its range is \[0, 1\)"),
        ("lion", {"lr": 0.1, "wd": -0.1}, r"Invalid weight_decay = -0.1: its range is \[0, inf\)"),
        ("lion", {"lr": 0.1, "decay": "coupled"}, r"decay = coupled does not apply to lion, whose decay is decoupled"),
        ("lion", {"lr": 0.1, "decay": "cosine"}, r"decay = cosine is unknown; known are coupled, "),
        ("lion", {"lr": 0.1, "momentum_bias": "level"}, r"momentum_bias = level is unknown; known are corrected, inv"),
        ("lars", {"lr": 0.1, "trust": 0.0}, r"Invalid trust = 0: its range is \(0, inf\)"),
        ("lars", {"lr": 0.1, "decay": "independent"}, r"decay = independent does not apply to lars"),
        ("sgdw", {"lr": 0.1, "momentum": 1.0}, r"Invalid momentum = 1: its range is \[0, 1\)"),
        ("nesterovw", {"lr": 0.1, "momentum": 0.0}, r"nesterov needs a momentum above 0"),
        ("muon", {"lr": 0.1, "scale": "mup"}, r"scale = mup is unknown; known are original, "),
        ("lion_ar", {"lr": 0.1, "schedule": "cosine"}, r"schedule = cosine is unknown; known are equilibrium, linear"),
        ("projected_sgd", {"lr": 0.1, "wd": 0.1}, r"weight_decay = 0.1 has no meaning on a sphere"),
        ("projected_sgd", {"lr": 0.1, "grouping": "layer"}, r"grouping = layer is unknown; known are tensor, neuron"),
        ("adamw", {"lr": 0.1, "beta1": 1.5}, r"[Ii]nvalid beta"),
        ("lion", {"lr": "fast"}, r"Invalid lr = fast: it is no number"),
        ("lion", {"lr": 0.1, "betas": (0.9,)}, r"Invalid betas = \(0.9,\): they are two numbers"),
        ("lion", {"lr": 0.1, "betas": 0.9}, r"Invalid betas = 0.9: they are two numbers"),
    ],
)
def test_what_cannot_be_built_is_named(name, hyper, message):
    """In one line, as a ValueError."""
    ps = weights()
    with pytest.raises(ValueError, match=message) as raised:
        walk(build(name, ps, **hyper), ps, gradients(1))
    assert "\n" not in str(raised.value)
