"""What every optimizer keeps to: saving and loading, closures, schedulers, hooks, foreach, half precision, refusals."""

import copy
import io

import pytest
import torch
from torch.nn import Parameter

from numerics.optimizers import (
    BadOptimizer,
    Lion,
    RepresentationCompensated,
    Rotational,
    SignSGD,
    Wrapper,
    build,
    decay_convention,
)
from numerics.optimizers.base import HALF, SMALL
from tests.numerics.optimizers.zoo import OURS, WRAPPED, ZOO, adamw, gradients, sgd, walk, weights

MINE = [*OURS, *WRAPPED]
BF16 = torch.bfloat16
TOGETHER = ("projected_sgd",)
"""Whose tensors all need a gradient."""


def through_a_file(state):
    """The state as it comes back from torch.save."""
    file = io.BytesIO()
    torch.save(state, file)
    file.seek(0)
    return torch.load(file, weights_only=True)


def same(left, right):
    """Whether two states are equal bit for bit, dtypes included."""
    if isinstance(left, torch.Tensor):
        return left.dtype == right.dtype and torch.equal(left, right)
    if isinstance(left, dict):
        return left.keys() == right.keys() and all(same(left[k], right[k]) for k in left)
    if isinstance(left, list | tuple):
        return len(left) == len(right) and all(map(same, left, right))
    return left == right


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize(("dtype", "master"), [(torch.float32, False), (BF16, False), (BF16, True)])
def test_a_run_saved_and_loaded_in_the_middle_goes_on_bit_for_bit(name, dtype, master):
    """Through torch.save, with a schedule, into a fresh optimizer; without the state it goes elsewhere."""
    given = gradients(9, dtype)

    def fresh(like=None):
        ps = weights(dtype) if like is None else [Parameter(p.detach().clone()) for p in like]
        optimizer = ZOO[name](ps, master=master)
        return ps, optimizer, torch.optim.lr_scheduler.ExponentialLR(optimizer, 0.9)

    def go(ps, optimizer, scheduler, steps):
        path = []
        for step in steps:
            path.append(walk(optimizer, ps, [step]))
            scheduler.step()
        return torch.cat(path)

    ps, optimizer, scheduler = fresh()
    go(ps, optimizer, scheduler, given[:4])
    saved = through_a_file([optimizer.state_dict(), scheduler.state_dict()])
    middle = [p.detach().clone() for p in ps]
    undisturbed = go(ps, optimizer, scheduler, given[4:])
    end = optimizer.state_dict()

    qs, again, its = fresh(middle)
    again.load_state_dict(saved[0])
    its.load_state_dict(saved[1])
    assert torch.equal(go(qs, again, its, given[4:]), undisturbed)
    assert same(again.state_dict(), end)
    assert not same(end, saved[0])
    if again.state:
        qs, forgetful, its = fresh(middle)
        its.load_state_dict(saved[1])
        for ours, theirs in zip(forgetful.param_groups, saved[0]["param_groups"], strict=True):
            ours["lr"] = theirs["lr"]
        assert not same(forgetful.state_dict(), saved[0])


@pytest.mark.parametrize("name", MINE)
def test_loading_shares_no_memory_with_what_was_loaded(name):
    """And a copy of the optimizer goes its own way."""
    ps, qs = weights(), weights()
    one, other = ZOO[name](ps), ZOO[name](qs)
    walk(one, ps, gradients(3))
    held = one.state_dict()
    before = copy.deepcopy(held)
    other.load_state_dict(held)
    walk(other, qs, gradients(3))
    assert same(held, before)
    twin, rs = copy.deepcopy((one, ps))
    assert torch.equal(walk(twin, rs, gradients(3)), walk(one, ps, gradients(3)))


@pytest.mark.parametrize("name", OURS)
def test_foreach_is_the_loop(name):
    """Bit for bit: the same lines act on lists of one."""
    given = gradients(6, torch.float32)
    together, apart = (
        walk(ZOO[name](ps, foreach=foreach), ps, given) for foreach in (True, False) for ps in [weights(torch.float32)]
    )
    assert torch.equal(together, apart)


def test_small_tensors_go_together_and_large_ones_in_turn():
    """On the CPU, where nothing is asked; an empty list has no batch."""
    few, many = (Parameter(torch.zeros(size)) for size in (SMALL - 1, SMALL + 2))
    optimizer = ZOO["lion"]([few, many])
    group = optimizer.param_groups[0]
    assert optimizer.batches(group, [few, few]) == [[few, few]]
    assert len(optimizer.batches(group, [few, many])) == 2
    assert optimizer.batches(group, []) == []


@pytest.mark.parametrize("name", MINE)
def test_a_closure_is_evaluated_once_with_gradients(name):
    """Its loss is returned, and the step is the one without it."""
    ps, qs = weights(), weights()
    optimizer, plain = ZOO[name](ps), ZOO[name](qs)
    calls = []

    def closure():
        calls.append(torch.is_grad_enabled())
        optimizer.zero_grad()
        loss = sum(p.sin().sum() for p in ps)
        loss.backward()
        return loss

    before = sum(p.detach().sin().sum() for p in ps)
    assert torch.equal(optimizer.step(closure).detach(), before)
    walk(plain, qs, [[q.detach().cos() for q in qs]])
    assert calls == [True]
    assert all(map(torch.equal, ps, qs))


@pytest.mark.parametrize("name", MINE)
def test_a_scheduler_and_the_group_s_lr_are_obeyed(name):
    """At lr 0 nothing moves; step hooks are called."""
    ps = weights()
    optimizer = ZOO[name](ps)
    called = []
    optimizer.register_step_pre_hook(lambda *_: called.append("before"))
    optimizer.register_step_post_hook(lambda *_: called.append("after"))
    torch.optim.lr_scheduler.LambdaLR(optimizer, lambda t: 0.0 if t == 0 else 1.0)
    before = torch.cat([p.detach().flatten() for p in ps])
    path = walk(optimizer, ps, gradients(1))
    limit = 1e-14 if "rotational" in name or name in ("lion_ar", "projected_sgd") else 0
    centred = name == "rotational_adamw"
    assert (path[0] - before).abs().max() <= limit * before.abs().max() or centred
    assert called == ["before", "after"]


@pytest.mark.parametrize("name", [n for n in OURS if n not in ("adam", "nadam")])
def test_maximising_goes_along_minus_the_gradient(name):
    """The walk of the negative gradients."""
    given = gradients(4)
    up = walk(ZOO[name]((ps := weights()), maximize=True), ps, given)
    down = walk(ZOO[name](ps := weights()), ps, [[-g for g in step] for step in given])
    assert torch.equal(up, down)
    plain = walk(ZOO[name](ps := weights()), ps, given)
    assert not torch.equal(up, plain)


@pytest.mark.parametrize("name", MINE)
def test_without_a_gradient_nothing_moves_and_a_zero_gradient_is_harmless(name):
    """No state, no decay; and no division by zero."""
    ps = weights()
    optimizer, before = ZOO[name](ps), [p.detach().clone() for p in ps]
    if name not in TOGETHER:
        walk(optimizer, ps, [[gradients(1)[0][0], None, None]])
        assert [torch.equal(p, b) for p, b in zip(ps, before, strict=True)] == [False, True, True]
        assert not any(p in optimizer.state for p in ps[1:])
    else:
        with pytest.raises(BadOptimizer, match="2 of 3 tensors that go together have no gradient"):
            walk(optimizer, ps, [[gradients(1)[0][0], None, None]])
    zero = [[torch.zeros_like(p) for p in ps]]
    walk(ZOO[name](qs := weights()), qs, zero * 2)
    assert all(q.isfinite().all() for q in qs)
    walk(optimizer, ps, gradients(1) + zero)
    assert all(p.isfinite().all() for p in ps)


@pytest.mark.parametrize("name", MINE)
@pytest.mark.parametrize("dtype", HALF)
def test_half_precision_keeps_float32_state(name, dtype):
    """With masters the walk is the float32 one rounded; without it is not."""
    given = gradients(8, dtype)
    start = [p.detach() for p in weights(dtype)]
    wide = walk(ZOO[name](ps := [Parameter(p.float()) for p in start]), ps, [[g.float() for g in s] for s in given])
    optimizer = ZOO[name](ps := [Parameter(p.clone()) for p in start], master=True)
    assert torch.equal(walk(optimizer, ps, given), wide.to(dtype))
    inner = getattr(optimizer, "base", optimizer)
    tensors = [v for one in (optimizer, inner) for s in one.state.values() for v in s.values() if hasattr(v, "dtype")]
    assert tensors
    assert all(v.dtype == torch.float32 for v in tensors)
    without = ZOO[name](ps := [Parameter(p.clone()) for p in start])
    assert not torch.equal(walk(without, ps, given), wide.to(dtype))


def test_small_updates_vanish_in_bfloat16_unless_there_is_a_master():
    """Below 2^-9 of the entry always, above 2^-8 never."""
    start = torch.linspace(1, 2, 129)[:-1].to(BF16)
    for lr, master, moved in ((2**-9.01, False, 0), (2**-6.99, False, 128), (2**-9.01, True, 128)):
        p = Parameter(start.clone())
        relative = torch.ones_like(start) * start
        optimizer = SignSGD([p], lr=lr, master=master)
        for _ in range(1 if not master else 9):
            p.grad = -relative
            optimizer.step()
        assert int((p != start).sum()) == moved


@pytest.mark.parametrize("name", MINE)
def test_sparse_gradients_and_complex_weights_are_refused(name):
    """In one line."""
    p = Parameter(torch.ones(3, 2))
    p.grad = torch.ones(3, 2).to_sparse()
    with pytest.raises(BadOptimizer, match=r"takes no sparse gradients; that of parameter \[3, 2\] of float32 is one"):
        ZOO[name]([p]).step()
    with pytest.raises(BadOptimizer, match=r"takes no complex parameters; parameter \[3\] of complex64 is one"):
        ZOO[name]([Parameter(torch.ones(3, dtype=torch.complex64))])


def test_wrappers_refuse_what_they_cannot_wrap():
    """And the state of another kind of optimizer."""
    ps = weights()
    with pytest.raises(BadOptimizer, match="LBFGS evaluates its closure several times"):
        Wrapper(torch.optim.LBFGS(ps))
    with pytest.raises(BadOptimizer, match="it has no state of a base optimizer"):
        Wrapper(adamw(ps)).load_state_dict(adamw(ps).state_dict())


def test_a_plain_wrapper_walks_as_its_base():
    """Bit for bit, in float32, with groups of their own options added later."""
    given = gradients(5, torch.float32)
    for make in (sgd, adamw):
        base = make((ps := weights(torch.float32))[:1])
        wrapper = Wrapper(make((qs := weights(torch.float32))[:1]))
        for optimizer, rest in ((base, ps[1:]), (wrapper, qs[1:])):
            optimizer.add_param_group({"params": rest, "lr": 0.5, "weight_decay": 0.0})
        assert torch.equal(walk(base, ps, given), walk(wrapper, qs, given))


def test_a_wrapper_takes_over_a_running_optimizer():
    """Its state goes on, in float32 where weights are in half precision."""
    given = gradients(6, torch.float32)
    ps = weights(torch.float32)
    base = adamw(ps)
    walk(base, ps, given[:3])
    qs, other = copy.deepcopy((ps, base))
    assert torch.equal(walk(Wrapper(other), qs, given[3:]), walk(base, ps, given[3:]))


@pytest.mark.parametrize("name", ["rotational_sgdm", "rotational_lion", "lion_ar", "projected_sgd", "muon", "lamb"])
def test_strided_weights_walk_as_contiguous_ones(name):
    """A transposed matrix and a convolution in channels-last order, of which there is no flat view.

    Sums have another order, and a wrapper divides the rounding of w by lr.
    """

    def strided(matrix, kernel):
        return [matrix.detach().T.contiguous().T, kernel.detach().to(memory_format=torch.channels_last)]

    ps, given = weights()[:2], [step[:2] for step in gradients(4)]
    qs = [torch.nn.Parameter(q) for q in strided(*ps)]
    assert not any(q.is_contiguous() for q in qs)
    path = walk(ZOO[name](ps), ps, given)
    assert torch.allclose(walk(ZOO[name](qs), qs, [strided(*g) for g in given]), path, rtol=1e-12, atol=1e-12)


def test_the_decay_convention_is_told():
    """For torch's classes, ours and wrappers, by parameter."""

    def of(optimizer):
        group = optimizer.param_groups[0]
        return [decay_convention(optimizer, group, p) for p in group["params"]]

    told = {name: set(of(ZOO[name](weights()))) for name in ZOO}
    coupled = ("sgd", "sgdm", "nesterov", "adam_l2", "nadam_l2", "rmsprop", "lars", "lamb", "adam", "wrapper_sgdm")
    assert all(told[name] == {"coupled"} for name in coupled)
    assert told["adamc"] == {"corrected"}
    assert told["projected_sgd"] == {"none"}
    assert all(told[n] == {"decoupled"} for n in ("adamw", "nadamw", "lion", "muon", "sgdw", "compensated_adamw"))
    assert of(Rotational(sgd(weights()))) == ["none", "none", "coupled"]
    assert of(build("lion_ar", weights(), lr=0.1, wd=0.1)) == ["none", "none", "decoupled"]
    assert of(build("lion", weights(), lr=0.1, decay="independent")) == ["independent"] * 3
    assert of(torch.optim.Rprop(weights())) == ["none"] * 3
    assert of(type("Other", (torch.optim.AdamW,), {})(weights())) == ["unknown"] * 3
    assert isinstance(RepresentationCompensated(Lion(weights())), Wrapper)
