"""CIFAR in both published forms and folders of images, from small files made here; what is wrong is named."""

import pickle

import numpy as np
import pytest
import torch
from PIL import Image

from numerics import data
from numerics.data.unpickling import read_arrays
from numerics.errors import BadData

ROWS = 4
NAMES = {10: ([f"data_batch_{i}" for i in range(1, 6)], ["test_batch"]), 100: (["train"], ["test"])}


def contents(classes, place):
    """Pixels [rows, 3072] and labels of a file."""
    chosen = np.random.default_rng([classes, place])
    return chosen.integers(0, 256, (ROWS, 3072), np.uint8), chosen.integers(0, classes, ROWS)


def binary(folder, classes):
    """The binary version."""
    for place, name in enumerate([*NAMES[classes][0], *NAMES[classes][1]]):
        pixels, labels = contents(classes, place)
        columns = [labels[:, None]] if classes == 10 else [np.full((ROWS, 1), 7), labels[:, None]]
        np.hstack([*columns, pixels]).astype(np.uint8).tofile(folder / f"{name}.bin")
    return folder


def pickled(folder, classes, protocol=2):
    """The Python version: keys in bytes, as Python 2 wrote them."""
    for place, name in enumerate([*NAMES[classes][0], *NAMES[classes][1]]):
        pixels, labels = contents(classes, place)
        key = b"labels" if classes == 10 else b"fine_labels"
        held = {b"data": pixels, key: labels.tolist(), b"filenames": [b"x.png"] * ROWS}
        (folder / name).write_bytes(pickle.dumps(held, protocol=protocol))
    return folder


@pytest.mark.parametrize("classes", [10, 100])
@pytest.mark.parametrize("make", [binary, pickled])
def test_cifar_is_read(tmp_path, classes, make):
    """Pixels in their places and the right labels, from either version."""
    found = data.cifar(make(tmp_path, classes), classes)
    files = len(NAMES[classes][0])
    assert (len(found), len(found.validation), found.classes) == (files * ROWS, ROWS, classes)
    for side, first in ((found.training, 0), (found.validation, files)):
        pixels, labels = contents(classes, first)
        assert np.array_equal(side.pixels[:ROWS].numpy(), pixels.reshape(ROWS, 3, 32, 32))
        assert side.targets[:ROWS].tolist() == labels.tolist()
    inputs = found.training.take(torch.arange(len(found)))[0]
    assert torch.allclose(inputs.mean((0, 2, 3)), torch.zeros(3), atol=1e-5)
    assert torch.allclose(inputs.std((0, 2, 3), correction=0), torch.ones(3), atol=1e-4)


def test_both_versions_are_the_same_data(tmp_path):
    """So their digests are."""
    folders = tmp_path / "one", tmp_path / "other"
    for folder in folders:
        folder.mkdir()
    assert data.cifar(binary(folders[0], 10)).digest == data.cifar(pickled(folders[1], 10)).digest


class Hostile:
    """Would write a file when it is unpickled."""

    def __init__(self, path):
        self.path = path

    def __reduce__(self):
        return (open, (str(self.path), "w"))


def test_a_pickle_that_names_a_function_runs_nothing(tmp_path):
    """It is refused by the name; an ordinary unpickler would have run it."""
    path, trace = pickled(tmp_path, 10) / "data_batch_3", tmp_path / "trace"
    path.write_bytes(pickle.dumps({b"data": Hostile(trace)}, protocol=2))
    with pytest.raises(BadData, match=r"data_batch_3 is truncated or no pickle of arrays: it names \w+\.open"):
        data.cifar(tmp_path)
    assert not trace.exists()
    pickle.loads(path.read_bytes())[b"data"].close()  # noqa: S301 - the control
    assert trace.exists()


@pytest.mark.parametrize("protocol", [2, 3, 4])
def test_arrays_are_read_from_every_protocol(tmp_path, protocol):
    """Also in the order of columns; arrays of other numbers are refused."""
    path = tmp_path / "arrays"
    array = np.asfortranarray(np.arange(6, dtype=np.uint8).reshape(2, 3))
    path.write_bytes(pickle.dumps({"data": array, b"labels": [1, 2]}, protocol=protocol))
    found = read_arrays(path)
    assert np.array_equal(found["data"], array)
    assert found["labels"] == [1, 2]
    for other in (array.astype(float), np.array([None, "x"])):
        path.write_bytes(pickle.dumps({"data": other}, protocol=protocol))
        with pytest.raises(BadData, match="an array of other numbers than bytes"):
            read_arrays(path)


@pytest.mark.parametrize(
    ("make", "name", "change", "says"),
    [
        (
            binary,
            "data_batch_2.bin",
            lambda b: b[:-1],
            "data_batch_2.bin is truncated: 12291 bytes are not rows of 3073",
        ),
        (binary, "test_batch.bin", lambda b: b"", "test_batch.bin is empty"),
        (binary, "data_batch_1.bin", lambda b: b"\xc8" + b[1:], "has the label 200, outside the 10 classes"),
        (binary, "test_batch.bin", None, "test_batch.bin cannot be read: No such file"),
        (pickled, "data_batch_2", lambda b: b[:500], "data_batch_2 is truncated or no pickle of arrays"),
        (pickled, "data_batch_2", lambda b: b"", "data_batch_2 is empty"),
        (pickled, "data_batch_2", lambda b: b"text", "data_batch_2 is truncated or no pickle of arrays"),
        (pickled, "data_batch_2", lambda b: pickle.dumps([1]), "data_batch_2 holds a list, not a dictionary"),
        (pickled, "data_batch_2", lambda b: pickle.dumps({"labels": [1]}), "data_batch_2 has no data"),
        (
            pickled,
            "data_batch_2",
            lambda b: pickle.dumps({"data": np.zeros((1, 5), np.uint8), "labels": [1]}, protocol=2),
            r"data_batch_2 has data \(1, 5\) of uint8, not rows of 3072 bytes",
        ),
        (
            pickled,
            "test_batch",
            lambda b: pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [1, 2]}, protocol=2),
            r"test_batch has labels \(2,\) of int64 beside 1 images",
        ),
        (
            pickled,
            "test_batch",
            lambda b: pickle.dumps({"data": np.zeros((1, 3072), np.uint8), "labels": [10]}, protocol=2),
            "test_batch has the label 10, outside the 10 classes",
        ),
        (pickled, "test_batch", None, "test_batch cannot be read: No such file"),
    ],
)
def test_a_damaged_cifar_is_named(tmp_path, make, name, change, says):
    """One line with the file and what is wrong."""
    path = make(tmp_path, 10) / name
    if change is None:
        path.unlink()
    else:
        path.write_bytes(change(path.read_bytes()))
    with pytest.raises(BadData, match=says) as raised:
        data.cifar(tmp_path)
    assert str(path) in str(raised.value)
    assert "\n" not in str(raised.value)


def test_no_cifar_is_named(tmp_path):
    """No folder, an empty one, the other CIFAR, a number of classes that there is not."""
    with pytest.raises(BadData, match="nowhere is not a folder"):
        data.cifar(tmp_path / "nowhere")
    with pytest.raises(BadData, match=r"has neither data_batch_1\.bin nor data_batch_1 of CIFAR-10"):
        data.cifar(binary(tmp_path, 100))
    with pytest.raises(BadData, match="classes = 20 of CIFAR is unknown"):
        data.cifar(tmp_path, 20)


def picture(path, colour, size=(6, 4)):
    """A picture of one colour."""
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.new("RGB", size, colour).save(path)


def test_image_folders_are_read_when_asked(tmp_path):
    """Scaled to the shorter side, standardised, with the classes in the order of their names."""
    for part, number in (("train", 3), ("val", 1)):
        for place in range(number):
            picture(tmp_path / part / "cat" / f"{place}.png", (255, 0, 0))
            picture(tmp_path / part / "ant" / f"{place}.JPEG", (0, 0, 255), (4, 9))
    found = data.image_folder(tmp_path, size=2)
    assert (len(found), len(found.validation), found.classes, found.inputs) == (6, 2, 2, (3, 2, 2))
    inputs, targets = next(found.held_out())
    assert targets.tolist() == [0, 1]
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    pixels = inputs * deviation[:, None, None] + mean[:, None, None]
    assert torch.allclose(pixels[1], torch.tensor([1.0, 0, 0])[:, None, None].expand(3, 2, 2), atol=1e-6)
    assert torch.allclose(pixels[0, 2], torch.ones(2, 2), atol=0.02)  # JPEG rounds
    broken = tmp_path / "train" / "ant" / "1.JPEG"
    broken.write_bytes(broken.read_bytes()[:200])
    again = data.image_folder(tmp_path, size=2)
    assert again.digest != found.digest
    with pytest.raises(BadData, match=r"1\.JPEG cannot be read as an image"):
        again.training.take(torch.arange(len(again)))


@pytest.mark.chance(0)
def test_a_folder_without_parts_holds_every_tenth_out(tmp_path):
    """Of each class."""
    for place in range(20):
        picture(tmp_path / f"class{place % 2}" / f"{place:02}.png", (place, place, place))
    found = data.image_folder(tmp_path, size=4, replacement=False)
    assert (len(found), len(found.validation)) == (18, 2)
    assert not {*found.training.paths} & {*found.validation.paths}
    assert sorted(found.chosen(0, 18, 0).tolist()) == list(range(18))


def test_a_folder_that_cannot_be_used_is_named(tmp_path):
    """Missing, without classes, without images, without val, with another class in val, a size of zero."""

    def refused(says, size=4):
        with pytest.raises(BadData, match=says):
            data.image_folder(tmp_path / "images", size)

    refused("images is not a folder")
    (tmp_path / "images").mkdir()
    refused("images has no folders of classes")
    (tmp_path / "images" / "cat").mkdir()
    refused("cat has no images")
    picture(tmp_path / "images" / "cat" / "1.png", "red")
    refused("fewer than 10 images in each class")
    refused(r"size = 0 is outside its range", 0)
    picture(tmp_path / "images" / "train" / "cat" / "1.png", "red")
    refused("has a folder train and no folder val")
    picture(tmp_path / "images" / "val" / "dog" / "1.png", "red")
    refused(r"dog is a class that .*train does not have")
