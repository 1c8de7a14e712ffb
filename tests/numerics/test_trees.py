"""Nested state comes back from arrays bit for bit."""

import json
import math

import numpy as np
import pytest
import torch

from numerics.errors import BadTraining
from numerics.trees import packed, unpacked


def test_a_tree_comes_back():
    """Kinds, keys that are numbers, half precision, nan and a tensor without axes."""
    tree = {
        "state": {0: {"step": torch.tensor(3.0), "m": torch.randn(2, 3).bfloat16()}, 1: {}},
        "groups": [{"betas": (0.9, 1 / 3), "lr": 1e-300, "params": [0, 1], "nesterov": False, "none": None}],
        "bytes": torch.arange(4, dtype=torch.uint8),
        "array": np.arange(3, dtype=np.int16),
        "numbers": [math.inf, -0.0, 2**62],
        "text": "plain",
    }
    found = unpacked(packed(tree))
    assert found["state"].keys() == {0, 1}
    for name, value in tree["state"][0].items():
        assert found["state"][0][name].dtype == value.dtype
        assert torch.equal(found["state"][0][name], value)
    assert found["groups"] == tree["groups"]
    assert isinstance(found["groups"][0]["betas"], tuple)
    assert torch.equal(found["bytes"], tree["bytes"])
    assert np.array_equal(found["array"], tree["array"])
    assert json.dumps(found["numbers"]) == json.dumps(tree["numbers"])
    assert found["text"] == "plain"


def test_what_cannot_be_kept_is_named():
    """A function in an optimizer's state."""
    with pytest.raises(BadTraining, match="state of type builtin_function_or_method cannot be kept"):
        packed({"f": print})
