"""The Triton form, on a GPU or under its interpreter: words bit by bit, normals to single precision."""

import importlib
import os
import subprocess
import sys

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


COMPILE = """
import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource
from tests.numerics.philox.triton_kernel import fill

signature = dict(words="*i64", normals="*fp32", seed="i64", step="i64", stream="i32", BLOCKS="constexpr")
source = ASTSource(fn=fill, signature=signature, constexprs={"BLOCKS": 256})
print(triton.compile(source, target=GPUTarget("cuda", 90, 32)).asm["ptx"])
"""


def test_it_compiles_for_a_gpu():
    """The interpreter lets through what the compiler rejects; no GPU is needed to compile."""
    pytest.importorskip("triton", reason="Triton is not installed")
    environment = {**os.environ, "TRITON_INTERPRET": "0", "TRITON_DEFAULT_FP_FUSION": "1"}
    compiled = subprocess.run([sys.executable, "-c", COMPILE], capture_output=True, text=True, env=environment)
    assert ".target sm_90" in compiled.stdout, compiled.stderr
    assert compiled.stdout.count("mul.hi.u32") + compiled.stdout.count("mul.wide.u32") >= 20
