"""The Triton form, on a GPU or under its interpreter: words bit by bit, normals to single precision."""

import importlib

import numpy as np
import pytest
import torch

from numerics.philox import reference

SEED = (0xA4093822 << 32) + 5
CHAINS, BLOCKS = 3, 64


@pytest.fixture(scope="module")
def filled():
    """Words and normals [CHAINS, 4, BLOCKS] at step 9 of stream 2, from a kernel with a chain a program."""
    pytest.importorskip("triton", reason="Triton is not installed")
    kernel = importlib.import_module("tests.numerics.philox.triton_kernel").fill
    device = "cuda" if torch.cuda.is_available() else "cpu"
    words = torch.empty(CHAINS, 4, BLOCKS, dtype=torch.int64, device=device)
    normals = torch.empty(CHAINS, 4, BLOCKS, dtype=torch.float32, device=device)
    kernel[(CHAINS,)](words, normals, SEED, 9, 2, BLOCKS=BLOCKS)
    return words.cpu().numpy(), normals.cpu().numpy()


@pytest.mark.parametrize("chain", range(CHAINS))
def test_words_and_normals_are_the_reference(filled, chain):
    """Equal words; normals within 5e-6."""
    words, normals = filled
    assert np.array_equal(words[chain].T, reference.words(SEED, chain, 9, 2, BLOCKS))
    entries = reference.normals(SEED, chain, 9, 2, 4 * BLOCKS)
    assert np.abs(normals[chain].ravel() - entries).max() < 5e-6
