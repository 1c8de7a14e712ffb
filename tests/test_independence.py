"""Theory and numerics know nothing of each other, so that their agreement means something."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
FORBIDDEN = {
    "theory": {"torch", "numerics", "proofs", "smd"},
    "numerics": {"sympy", "mpmath", "theory", "proofs", "smd"},
    "proofs": {"smd"},
}


def imported(source):
    """Top names of everything that a source imports, at any depth and under any condition."""
    found = set()
    for node in ast.walk(ast.parse(source)):
        if isinstance(node, ast.Import):
            found |= {name.name.partition(".")[0] for name in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, "relative imports would hide where they lead"
            found.add((node.module or "").partition(".")[0])
        elif isinstance(node, ast.Call) and getattr(node.func, "id", getattr(node.func, "attr", "")) in (
            "__import__",
            "import_module",
        ):
            found |= {a.value.partition(".")[0] for a in node.args if isinstance(a, ast.Constant)}
    return found


@pytest.mark.parametrize("package", FORBIDDEN)
def test_sources_import_nothing_forbidden(package):
    """No source of the package imports what it must not know, not even inside a function."""
    files = sorted((ROOT / package).rglob("*.py"))
    assert files
    for file in files:
        assert not imported(file.read_text(encoding="utf-8")) & FORBIDDEN[package], file.name


def test_scan_finds_hidden_imports():
    """The scan can fail: an import inside a function, under a condition or by name is found."""
    source = "def f():\n    if x:\n        from sympy.abc import y\n    __import__('torch.nn')\nimport numpy.linalg"
    assert imported(source) == {"sympy", "torch", "numpy"}


@pytest.mark.parametrize(
    ("package", "absent"),
    [("numerics", ("sympy", "mpmath", "theory", "proofs")), ("theory", ("torch", "numerics", "sympy"))],
)
def test_importing_a_package_loads_nothing_forbidden(package, absent):
    """A fresh interpreter that imports the package has not loaded the other side, nor SymPy before it is asked."""
    code = f"import sys, {package}; print([m for m in {absent!r} if m in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], check=True, capture_output=True, text=True, timeout=120)
    assert ran.stdout.strip() == "[]"
