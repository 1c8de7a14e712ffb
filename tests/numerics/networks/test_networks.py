"""Networks by name: their sizes, their weights from the seed alone, what they compute, and what is refused."""

import pytest
import torch

from numerics import networks
from numerics.errors import BadTraining
from numerics.networks import Grouping, decay_groups, roles, scale_invariant, standardised
from numerics.networks.gpt import rotated
from numerics.seeding import generator

pytestmark = pytest.mark.chance(0)

MLP = {"inputs": (1, 4, 4), "classes": 3, "width": 8}


def count(model):
    """How many numbers a model's parameters are."""
    return sum(weight.numel() for weight in model.parameters())


def test_sizes_are_those_published():
    """0.27 M parameters for ResNet-20 and 11.17 M for ResNet-18 with a 3 x 3 stem and ten classes."""
    assert count(networks.build("resnet20", inputs=(3, 32, 32), classes=10, seed=0)) == 269722
    assert count(networks.build("resnet18", inputs=(3, 32, 32), classes=10, seed=0)) == 11173962


@pytest.mark.parametrize(("name", "inputs"), [("mlp", (3, 5)), ("resnet20", (1, 8, 8)), ("gpt", (9,))])
def test_weights_depend_on_the_seed_alone(name, inputs):
    """Torch's own generator is neither read nor moved; float32 weights are those of float64, rounded."""
    torch.manual_seed(1)
    before = torch.get_rng_state()
    size = {"width": 8}
    one = networks.build(name, inputs=inputs, classes=4, seed=3, **size)
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    again = networks.build(name, inputs=inputs, classes=4, seed=3, **size)
    double = networks.build(name, inputs=inputs, classes=4, seed=3, dtype=torch.float64, **size)
    other = networks.build(name, inputs=inputs, classes=4, seed=4, **size)
    for place, weight in one.named_parameters():
        assert torch.equal(weight, again.get_parameter(place))
        assert torch.equal(weight, double.get_parameter(place).float())
        if weight.ndim > 1:
            assert not torch.equal(weight, other.get_parameter(place))


def test_standardised_rows_have_mean_zero_and_norm_one():
    """The definition, for a matrix and a convolution; a constant row becomes zero."""
    for shape in ((4, 6), (4, 2, 3, 3)):
        weight = torch.randn(shape, generator=generator(1), dtype=torch.float64)
        rows = standardised(weight).flatten(1)
        assert torch.allclose(rows.mean(1), torch.zeros(4).double(), atol=1e-15)
        assert torch.allclose(rows.norm(dim=1), torch.ones(4).double())
        centred = weight.flatten(1) - weight.flatten(1).mean(1, keepdim=True)
        root = centred.shape[1] ** 0.5
        assert torch.allclose(rows, centred / (root * centred.std(1, correction=0, keepdim=True)))
    assert torch.equal(standardised(torch.ones(2, 3)), torch.zeros(2, 3))


@pytest.mark.parametrize("normalised", ["queries and keys", "all", "none"])
@pytest.mark.parametrize("positions", ["rotary", "learned"])
def test_gpt_sees_the_past_alone(normalised, positions):
    """A later token alters no earlier output, an earlier one alters the later outputs."""
    model = networks.build(
        "gpt", inputs=(6,), classes=9, seed=1, width=8, heads=2, normalised=normalised, positions=positions
    )
    tokens = torch.arange(6)[None]
    with torch.no_grad():
        whole = model(tokens)
        later, earlier = tokens.clone(), tokens.clone()
        later[0, 5], earlier[0, 0] = 8, 8
        assert torch.allclose(model(later)[0, :5], whole[0, :5], atol=1e-6)
        assert not torch.allclose(model(later)[0, 5], whole[0, 5], atol=1e-3)
        assert not torch.allclose(model(earlier)[0, 5], whole[0, 5], atol=1e-3)


def test_rotary_positions_keep_norms_and_see_distances_alone():
    """<R_s q, R_t k> depends on t - s, and |R q| = |q|."""
    q, k = (torch.randn(8, generator=generator(seed), dtype=torch.float64).expand(5, 8) for seed in (1, 2))
    products = rotated(q) @ rotated(k).T
    assert torch.allclose(rotated(q).norm(dim=1), q.norm(dim=1))
    for distance in range(-3, 4):
        along = products.diagonal(distance)
        assert torch.allclose(along, along[0].expand_as(along))
    assert not torch.allclose(products[0, 0], products[0, 1])


@pytest.mark.parametrize("dtype", [torch.bfloat16, torch.float16])
def test_rotary_positions_are_all_different_in_half_precision(dtype):
    """Each is that of float64 to the rounding of its own numbers, above 256 positions too."""
    x = torch.ones(1024, 8, dtype=dtype)
    assert (rotated(x).double() - rotated(x.double())).abs().max() < 4 * torch.finfo(dtype).eps


def test_a_frozen_head_is_not_trained():
    """It has no gradient and no role; the rest does."""
    model = networks.build("mlp", seed=0, frozen_head=True, head_scale=10.0, **MLP)
    trained = networks.build("mlp", seed=0, **MLP)
    assert not any(weight.requires_grad for weight in model.head.parameters())
    assert torch.allclose(model.head.weight, 10 * trained.head.weight)
    assert roles(model).outer == {}
    assert roles(trained).outer.keys() == {"head.weight"}


def test_roles_are_a_partition():
    """Hidden matrices, embeddings and heads, gains and biases: each trained parameter once."""
    model = networks.build("gpt", inputs=(4,), classes=5, seed=0, width=8, heads=2, positions="learned")
    found = roles(model)
    assert found.outer.keys() == {"tokens.weight", "positions.weight", "head.weight"}
    assert all(weight.ndim == 2 for weight in found.hidden.values())
    assert len(found.hidden) == 12
    together = [*found.hidden, *found.outer, *found.vectors]
    assert sorted(together) == sorted(name for name, _ in model.named_parameters())
    decayed, still = decay_groups(model, 0.1)
    assert (decayed["weight_decay"], still["weight_decay"]) == (0.1, 0.0)
    assert all(weight.ndim > 1 for weight in decayed["params"])
    assert all(weight.ndim == 1 for weight in still["params"])


def test_roles_of_another_model():
    """The last linear layer of a model of torch's own is the head."""
    model = torch.nn.Sequential(torch.nn.Embedding(5, 3), torch.nn.Linear(3, 3), torch.nn.Linear(3, 2))
    found = roles(model)
    assert found.outer.keys() == {"0.weight", "2.weight"}
    assert found.hidden.keys() == {"1.weight"}
    assert scale_invariant(model) == {}


@pytest.mark.parametrize(
    ("name", "options", "says"),
    [
        ("cnn", {}, "network = cnn is unknown; known are mlp, resnet20, resnet18, gpt"),
        ("mlp", {"heads": 2}, "heads = 2 is not an option of mlp, which takes width, depth"),
        ("mlp", {"width": 0}, r"width = 0 of mlp is outside its range \[1, inf\)"),
        ("mlp", {"normalisation": "spectral"}, "normalisation = spectral is unknown; known are batch"),
        ("gpt", {"normalised": "values"}, "normalised = values is unknown; known are queries and keys, all, none"),
        ("gpt", {"positions": "alibi"}, "positions = alibi is unknown; known are rotary, learned"),
        ("gpt", {"width": 12, "heads": 4}, "width = 12 is not divisible by twice the heads = 4"),
        ("resnet20", {"inputs": (8,)}, r"inputs = \(8,\) is not channels, height and width"),
        ("gpt", {"inputs": (1, 8, 8)}, r"inputs = \(1, 8, 8\) is not one number of positions"),
    ],
)
def test_what_does_not_exist_is_named(name, options, says):
    """One line with what is wrong and what is known."""
    given = {"inputs": (8,), "classes": 4, "seed": 0, **options}
    with pytest.raises(BadTraining, match=says):
        networks.build(name, **given)


def test_blocks_must_fill_the_tensor():
    """Rows that do not divide into the groups are refused."""
    assert Grouping(2, "head").blocks(torch.ones(4, 3)).shape == (2, 6)
    with pytest.raises(BadTraining, match="groups = 3 does not divide the 4 rows"):
        Grouping(3, "head").blocks(torch.ones(4, 3))
