"""Where a network says that it does not see a scale it does not, and its twin does; in float64."""

import pytest
import torch

from numerics import networks
from numerics.networks import Grouping, scale_invariant
from numerics.networks.normalisation import Layer
from numerics.seeding import generator
from numerics.training import cross_entropy

pytestmark = pytest.mark.chance(0)

TOLERANCE = 1e-10
"""Ten thousand times the rounding of float64, and the eps of a normalisation is 1e-12."""
SEEN = 1e-5
"""Change of outputs, or radial share of a gradient, by which a scale counts as seen."""
SIZES = {
    "mlp": {"inputs": (1, 4, 4), "width": 16},
    "resnet20": {"inputs": (2, 8, 8), "width": 4},
    "resnet18": {"inputs": (2, 8, 8), "width": 4},
    "gpt": {"inputs": (6,), "width": 16, "heads": 2},
}
NORMALISATIONS = ("batch", "standardised layer", "standardised group", "layer", "group")
VARIANTS = [
    *((name, {"normalisation": one}) for name in ("mlp", "resnet20", "resnet18") for one in NORMALISATIONS),
    *(
        ("gpt", {"normalised": one, "positions": positions})
        for one in ("queries and keys", "all")
        for positions in ("rotary", "learned")
    ),
]
CLASSES, SIZE = 7, 6


def network(name, **options):
    """A small network in float64, in training mode, and inputs with targets for it."""
    size = SIZES[name]
    model = networks.build(name, classes=CLASSES, seed=5, dtype=torch.float64, **size, **options)
    drawn = generator(6)
    shape = (SIZE, *size["inputs"])
    if name == "gpt":
        inputs = torch.randint(0, CLASSES, shape, generator=drawn)
        return model, inputs, torch.randint(0, CLASSES, shape, generator=drawn)
    return model, torch.randn(shape, generator=drawn, dtype=torch.float64), torch.arange(SIZE) % CLASSES


def scaled(weight, grouping, seed=7):
    """A copy with each block scaled by its own factor in [1/3, 3]."""
    blocks = grouping.blocks(weight.detach())
    factors = 3 ** (2 * torch.rand(len(blocks), 1, generator=generator(seed), dtype=torch.float64) - 1)
    return (factors * blocks).view_as(weight)


def change(model, inputs, groupings):
    """Largest relative change of outputs when the blocks of these tensors are scaled."""
    others = {name: scaled(model.get_parameter(name), grouping) for name, grouping in groupings.items()}
    with torch.no_grad():
        before, after = model(inputs), torch.func.functional_call(model, others, (inputs,))
    return float((after - before).abs().max() / before.abs().max())


def radial(model, inputs, targets, groupings):
    """By tensor the largest |<g, w>| / (|g| |w|) over its blocks that have a gradient, and the gradient's norm."""
    model.zero_grad()
    cross_entropy(model(inputs), targets).backward()
    found = {}
    for name, grouping in groupings.items():
        weight = model.get_parameter(name)
        g, w = grouping.blocks(weight.grad), grouping.blocks(weight.detach())
        size = float(g.norm())
        used = g.norm(dim=1) > 1e-6 * size
        found[name] = float(torch.cosine_similarity(g[used], w[used]).abs().max()), size
    return found


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_a_claimed_scale_is_not_seen_and_the_twin_sees_it(name, options):
    """f(cW) = f(W) block by block, <g, w> = 0; with the same tensors of the twin neither holds."""
    model, inputs, targets = network(name, **options)
    twin = network(name, **networks.twin_options(name, **options))[0]
    claimed = scale_invariant(model)
    assert claimed
    assert not scale_invariant(twin)
    assert change(model, inputs, claimed) < TOLERANCE
    ours, theirs = (radial(one, inputs, targets, claimed) for one in (model, twin))
    for tensor, grouping in claimed.items():
        share, size = ours[tensor]
        assert size > 1e-8, f"{tensor} has no gradient, so that its direction says nothing"
        assert share < TOLERANCE, tensor
        assert twin.get_parameter(tensor).shape == model.get_parameter(tensor).shape
        assert change(twin, inputs, {tensor: grouping}) > SEEN, tensor
        assert theirs[tensor][0] > SEEN, tensor


@pytest.mark.parametrize(("name", "options"), VARIANTS)
def test_what_is_not_claimed_is_seen(name, options):
    """Every other weight's scale matters, and so does every row's where only the tensor or a group is claimed."""
    model, inputs, _ = network(name, **options)
    claimed = scale_invariant(model)
    for tensor, weight in model.named_parameters():
        if weight.ndim > 1 and tensor not in claimed:
            assert change(model, inputs, {tensor: Grouping(1, "tensor")}) > SEEN, tensor
    for tensor, grouping in claimed.items():
        rows = len(model.get_parameter(tensor))
        if grouping.groups < rows:
            assert change(model, inputs, {tensor: Grouping(rows, "neuron")}) > SEEN, tensor


def test_the_claims_are_those_documented():
    """Blocks are rows with batch normalisation or weight standardisation, else what one normalisation spans."""
    units = {
        one: {(g.groups, g.unit) for g in scale_invariant(network("mlp", normalisation=one)[0]).values()}
        for one in NORMALISATIONS
    }
    assert units == {
        "batch": {(16, "neuron")},
        "standardised layer": {(16, "neuron")},
        "standardised group": {(16, "neuron")},
        "layer": {(1, "tensor")},
        "group": {(2, "channels")},
    }
    few = scale_invariant(network("gpt", normalised="queries and keys")[0])
    assert {name.split(".", 2)[2] for name in few} == {"attention.query.weight", "attention.key.weight"}
    assert set(few.values()) == {Grouping(2, "head")}
    model = network("gpt", normalised="all", positions="learned")[0]
    matrices = {name for name, weight in model.named_parameters() if weight.ndim > 1}
    assert scale_invariant(model).keys() == matrices - {"head.weight"}


def test_batch_normalisation_in_evaluation_sees_the_scale():
    """There the statistics stay those of the running averages, as the documentation says."""
    model, inputs, _ = network("mlp", normalisation="batch")
    assert change(model.eval(), inputs, scale_invariant(model)) > SEEN


@pytest.mark.parametrize("eps", [1e-1, 1e-5])
def test_eps_leaves_the_share_that_is_documented(eps):
    """With y = N(W x), dy/dlog c at cW is eps / (variance + eps) times y."""
    layer = Layer(5, 3, "batch", affine=False, eps=eps).double()
    layer.draw(generator(1))
    x = torch.randn(20, 5, generator=generator(2), dtype=torch.float64)
    scale = torch.ones(1, dtype=torch.float64)
    weights = layer.weight.detach()

    def outputs(c):
        return torch.func.functional_call(layer, {"weight": c * weights}, (x,))

    y, slope = torch.autograd.functional.jvp(outputs, scale, scale)
    variance = (x @ weights.T).var(0, correction=0)
    expected = y * eps / (variance + eps)
    assert torch.allclose(slope, expected, rtol=1e-9, atol=1e-12)
    assert float(slope.abs().max()) > eps / 10


def test_a_row_without_variance_gives_no_nan():
    """Weights or inputs that are zero give zero outputs, and finite gradients."""
    for normalisation in NORMALISATIONS:
        layer = Layer(4, 8, normalisation)
        torch.nn.init.zeros_(layer.weight)
        layer(torch.ones(3, 4)).sum().backward()
        assert layer.weight.grad.isfinite().all(), normalisation
