"""Which examples a step sees, label noise, the digits and the bytes of Python's sources."""

import math
import sys
from dataclasses import replace

import pytest
import torch

from numerics import data
from numerics.errors import BadData
from tests.budget import compared

pytestmark = pytest.mark.chance(0)


@pytest.fixture(scope="module")
def digits():
    """The digits, read when a test here is run."""
    return data.digits()


def same(one, other):
    """Whether two batches are equal bit for bit."""
    return all(torch.equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("replacement", [True, False])
def test_a_batch_depends_on_seed_and_step_alone(replacement):
    """Asked in any order, and whatever torch's own generator does, which is left alone."""
    drawn = data.digits(replacement=replacement)
    torch.manual_seed(1)
    before = torch.get_rng_state()
    first = [drawn.batch(step, 9, 4) for step in range(5)]
    assert torch.equal(before, torch.get_rng_state())
    torch.manual_seed(2)
    assert all(same(drawn.batch(step, 9, 4), first[step]) for step in reversed(range(5)))
    assert not same(first[0], first[1])
    assert not same(first[0], drawn.batch(0, 9, 5))


def test_without_replacement_every_epoch_sees_every_example_once(digits):
    """In an order of its own; a batch may straddle two epochs."""
    drawn = digits.without_replacement()
    size = 100
    seen = torch.cat([drawn.chosen(step, size, 3) for step in range(3 * len(drawn) // size)])
    epochs = [seen[place : place + len(drawn)] for place in (0, len(drawn))]
    for epoch in epochs:
        assert torch.equal(epoch.sort().values, torch.arange(len(drawn)))
    assert not torch.equal(*epochs)
    with_more = torch.cat([digits.chosen(step, size, 3) for step in range(len(drawn) // size + 1)])
    assert len(with_more[: len(drawn)].unique()) < len(drawn)


def test_epochs_follow_the_base_seed(digits, monkeypatch):
    """Also where it changes within one process."""
    drawn = digits.without_replacement()
    one = drawn.chosen(0, 50, 3)
    monkeypatch.setenv("SMD_BASE_SEED", "77")
    assert not torch.equal(drawn.chosen(0, 50, 3), one)


def test_a_single_class_has_no_noise(digits):
    """There is no other to take."""
    with pytest.raises(BadData, match="digits has one class: no label can be wrong"):
        replace(digits, classes=1).label_noise(0.1)


def test_a_batch_larger_than_the_data(digits):
    """It takes whole epochs."""
    assert torch.equal(
        digits.without_replacement().chosen(0, 2 * len(digits), 1).bincount(), torch.full((len(digits),), 2)
    )


def test_digits_are_standardised_and_split(digits):
    """1438 and 359 images, mean 0 and deviation 1 over the training pixels; all ten classes on both sides."""
    assert (len(digits), len(digits.validation)) == (1438, 359)
    inputs, targets = digits.training.take(torch.arange(len(digits)))
    assert inputs.shape == (1438, *digits.inputs)
    assert inputs.dtype == torch.float32
    assert abs(float(inputs.mean())) < 1e-5
    assert abs(float(inputs.std(correction=0)) - 1) < 1e-5
    held_out = torch.cat([part for _, part in digits.held_out(100)])
    assert len(held_out) == 359
    assert targets.unique().tolist() == held_out.unique().tolist() == list(range(10))
    assert sum(len(part) for _, part in digits.held_out(7, most=20)) == 20


@pytest.mark.chance(1, 1e-9)
def test_label_noise_alters_the_share_that_is_asked(digits):
    """By Hoeffding's inequality the share is further off than the tolerance with probability below 1e-9."""
    noisy = digits.label_noise(0.3, seed=1)
    share = float((noisy.training.targets != digits.training.targets).double().mean())
    compared(1e-9)
    assert abs(share - 0.3) < math.sqrt(math.log(2e9) / 2 / len(digits))


def test_label_noise_is_drawn_once_and_never_right(digits):
    """At share 1 every target is wrong and a class; at 0 none; validation stays; the digest tells them apart."""
    wrong = digits.label_noise(1.0, seed=2)
    assert not (wrong.training.targets == digits.training.targets).any()
    assert wrong.training.targets.unique().tolist() == list(range(10))
    assert torch.equal(digits.label_noise(0.0).training.targets, digits.training.targets)
    assert torch.equal(wrong.training.targets, digits.label_noise(1.0, seed=2).training.targets)
    assert torch.equal(wrong.validation.targets, digits.validation.targets)
    assert len({digits.digest, wrong.digest, digits.label_noise(1.0, seed=3).digest}) == 3
    for share in (-0.1, 1.5, math.nan):
        with pytest.raises(BadData, match=r"label_noise = .* is outside its range \[0, 1\]"):
            digits.label_noise(share)


def test_python_bytes_are_windows_of_its_sources():
    """A target is the byte one place further on; both sides hold Python; the same contents every time."""
    text = data.python_bytes(context=32)
    inputs, targets = text.batch(0, 8, 1)
    assert inputs.shape == targets.shape == (8, 32)
    assert torch.equal(inputs[:, 1:], targets[:, :-1])
    for side in (text.training, text.validation):
        content = bytes(side.text[:100_000].tolist())
        assert b"def " in content
        assert b"import " in content
    assert text.digest == data.python_bytes(context=32).digest != data.python_bytes(context=33).digest
    noisy = text.label_noise(1.0)
    right = text.training.take(torch.arange(5))
    wrong = noisy.training.take(torch.arange(5))
    assert torch.equal(wrong[0], right[0])
    assert not (wrong[1] == right[1]).any()


def test_every_window_of_a_file_is_there(tmp_path):
    """The first and the last window, on both sides."""
    path = tmp_path / "text"
    path.write_bytes(bytes(range(100)))
    text = data.text_file(path, context=4)
    assert (len(text), len(text.validation)) == (86, 2)
    inputs, targets = text.training.take(torch.tensor([0, 85]))
    assert inputs.tolist() == [[0, 1, 2, 3], [85, 86, 87, 88]]
    assert targets.tolist() == [[1, 2, 3, 4], [86, 87, 88, 89]]
    inputs, targets = next(text.held_out())
    assert inputs.tolist() == [[90, 91, 92, 93], [94, 95, 96, 97]]
    assert targets.tolist() == [[91, 92, 93, 94], [95, 96, 97, 98]]


def test_a_text_that_cannot_be_used_is_named(tmp_path):
    """Missing, a folder, empty, too short."""
    path = tmp_path / "text"
    with pytest.raises(BadData, match=f"{path} cannot be read: No such file or directory"):
        data.text_file(path)
    with pytest.raises(BadData, match=f"{tmp_path} cannot be read: Is a directory"):
        data.text_file(tmp_path)
    path.write_bytes(b"")
    with pytest.raises(BadData, match=f"{path} is empty"):
        data.text_file(path)
    path.write_bytes(b"short" * 10)
    with pytest.raises(BadData, match=r"is too short: a window takes context \+ 1 = 17 bytes, a part has 5"):
        data.text_file(path, context=16)
    with pytest.raises(BadData, match=r"context = 0 is outside its range"):
        data.text_file(path, context=0)


def test_a_batch_has_a_size(digits):
    """Zero examples are refused."""
    with pytest.raises(BadData, match="batch = 0 of digits is outside its range"):
        digits.batch(0, 0, 1)


@pytest.mark.parametrize(
    ("missing", "load"), [("sklearn.datasets", data.digits), ("PIL", lambda: data.image_folder("."))]
)
def test_what_is_not_installed_is_named(monkeypatch, missing, load):
    """With the command that installs it."""
    sys.modules["numerics.data.digits"]._read.cache_clear()
    monkeypatch.setitem(sys.modules, missing, None)
    with pytest.raises(BadData, match=r"pip install 'spherical-motion\["):
        load()
