"""Compiled code is kept under the hash of everything that functions of several files share."""

import ast
import sys

import pytest

compilation = pytest.importorskip("numerics.compilation", reason="numba is not installed")
ROOT = compilation.Path(compilation.__file__).parent


def imported(path):
    """The files of this package that a file imports, and those that they import."""
    found, waiting = set(), [path]
    while waiting:
        for node in ast.walk(ast.parse(waiting.pop().read_text())):
            names = []
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("numerics"):
                names = [node.module, *(f"{node.module}.{one.name}" for one in node.names)]
            files = {ROOT.parent.joinpath(*name.split(".")).with_suffix(".py") for name in names}
            new = {file for file in files if file.is_file()} - found
            found |= new
            waiting += new
    return found


def test_what_kernels_are_made_of_is_hashed():
    """All that a kernel or the recorder imports, but the law, which reaches them as an array of numbers."""
    needed = imported(ROOT / "engines" / "compiled" / "adamw.py") | imported(ROOT / "accumulate_numba.py")
    by_value = {ROOT / name for name in ("gradients.py", "torch_entries.py", "errors.py")}
    assert needed - by_value <= set(compilation.shared())
    assert ROOT / "engines" / "steps.py" in needed
    assert ROOT / "philox" / "kinds.py" in needed


def test_another_source_is_another_folder(tmp_path, monkeypatch):
    """A shared file that changed leads to another hash, the same bytes to the same."""
    file = tmp_path / "one.py"
    monkeypatch.setattr(compilation, "shared", lambda: [file])
    found = []
    for text in ("M = 1", "M = 2", "M = 1"):
        file.write_text(text)
        found.append(compilation.shared_hash.__wrapped__())
    assert found[0] == found[2] != found[1]


def test_compiling_is_announced_once_and_on_a_terminal_only(monkeypatch, capsys):
    """A pipe sees nothing of it; a person reads one line, however many functions are compiled."""
    for terminal, lines in ((False, 0), (True, 1)):
        monkeypatch.setattr(sys.stderr, "isatty", lambda answer=terminal: answer)
        announced = compilation.Announced()
        for _ in range(3):
            announced.on_start(None)
            announced.on_end(None)
        assert capsys.readouterr().err.count("Compiling with numba") == lines


def test_without_a_place_to_write_nothing_stops(tmp_path, monkeypatch):
    """Where the folder cannot be made numba compiles in every process, and its name is told all the same."""
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("SMD_CACHE_DIR", str(tmp_path / "file"))
    compilation.folder.cache_clear()
    try:
        assert compilation.folder() == tmp_path / "file" / "compiled" / compilation.shared_hash()
    finally:
        compilation.folder.cache_clear()
    assert not (tmp_path / "file").is_dir()
