"""Compiles kernels for sm_90 without a GPU and prints what they use: ``compiling '[["adamw", 1024, 4]]'``."""

import importlib
import json
import re
import subprocess
import sys
import tempfile
from pathlib import Path

import triton
from triton.backends.compiler import GPUTarget
from triton.compiler import ASTSource

from numerics.engines.fused_triton import block_of, flags_of
from numerics.gradients import FIXED

WHOLE = {"first": "i32", "count": "i32", "replicas": "i32", "seed": "i64", "whole": "i64"}
ARRAYS = ("weights", "kept", "memory", "squares", "norms", "lost", "turned", "rows")
TOOL = Path(triton.__file__).parent / "backends" / "nvidia" / "bin" / "cuobjdump"


def used(form, dim, warps, registers=None):
    """Registers a thread, and bytes outside of them."""
    kernel = importlib.import_module(f"numerics.engines.triton_kernels.{form}").chains
    fixed = {"DIM": dim, "BLOCK": block_of(dim), "SHARE": False, **flags_of(FIXED)}
    types = dict.fromkeys(kernel.arg_names, "fp32") | dict.fromkeys(ARRAYS, "*fp32") | WHOLE
    source = ASTSource(fn=kernel, signature=types | dict.fromkeys(fixed, "constexpr"), constexprs=fixed)
    options = {"num_warps": warps, "enable_fp_fusion": True, "maxnreg": registers}
    compiled = triton.compile(source, target=GPUTarget("cuda", 90, 32), options=options)
    with tempfile.NamedTemporaryFile(suffix=".cubin") as file:
        file.write(compiled.asm["cubin"])
        file.flush()
        told = subprocess.run([TOOL, "-res-usage", file.name], capture_output=True, text=True, check=True).stdout
    return {name: int(size) for name, size in re.findall(r"(REG|STACK|LOCAL):(\d+)", told)}


if __name__ == "__main__":
    print(json.dumps([used(*case) for case in json.loads(sys.argv[1])]))
