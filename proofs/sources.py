"""What a piece of evidence was made from: the modules that its claim and its layer import, and the data beside them.

Imports are read off the sources, also those inside functions. A name that a package loads lazily stands in its stub; a
module that is imported by a name made at run time counts as every module with that beginning.
"""

from __future__ import annotations

import ast
import hashlib
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import theory

PACKAGES = {
    "theory": Path(str(theory.__file__)).parent,
    "numerics": Path(__file__).parents[1] / "numerics",
    "proofs": Path(__file__).parent,
}
DATA = {".json", ".v", ".txt"}


def hash_of_all() -> str:
    """Hash of every source of theory, numerics and proofs."""
    files = (f for package in PACKAGES.values() for f in package.rglob("*") if f.suffix in DATA | {".py"})
    return _hash(files)


@cache
def hash_of(*modules: str) -> str:
    """Hash of the sources that these modules need, themselves included."""
    return _hash(file for module in reached(modules) for file in _files(module))


def reached(modules: Iterable[str]) -> set[str]:
    """The modules with all that they import, directly or not."""
    found, waiting = set(modules), list(modules)
    while waiting:
        new = _imports(waiting.pop()) - found
        found |= new
        waiting += new
    return found


def _hash(files: Iterable[Path]) -> str:
    digest = hashlib.sha256()
    for _, content in sorted(set(map(_content, files))):
        digest.update(content)
    return digest.hexdigest()[:16]


@cache
def _content(file: Path) -> tuple[tuple[str, ...], bytes]:
    """The parts of the file's path, which order files, and the digest of its path from its package on and its bytes."""
    (root,) = (folder for folder in PACKAGES.values() if file.is_relative_to(folder))
    name = file.relative_to(root.parent).as_posix()
    return file.parts, hashlib.sha256(name.encode() + b"\0" + file.read_bytes()).digest()


@cache
def _modules() -> dict[str, Path]:
    return {
        ".".join(file.relative_to(folder.parent).with_suffix("").parts).removesuffix(".__init__"): file
        for folder in PACKAGES.values()
        for file in folder.rglob("*.py")
    }


def _file(module: str) -> Path:
    return _modules()[module]


@cache
def _nodes(file: Path) -> list[ast.AST]:
    """The nodes of a source that can name a module or a file."""
    kinds = (ast.Import, ast.ImportFrom, ast.Attribute, ast.Constant)
    return [node for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))) if isinstance(node, kinds)]


@cache
def _lazy(package: str) -> dict[str, str]:
    """The module behind each name that a package loads lazily."""
    stub = _file(package).with_suffix(".pyi")
    found = _nodes(stub) if stub.exists() else []
    return {
        alias.name: f"{package}.{node.module}"
        for node in found
        if isinstance(node, ast.ImportFrom)
        for alias in node.names
    }


@cache
def _imports(module: str) -> frozenset[str]:
    """What a module imports of the packages itself."""
    return frozenset(found for node in _nodes(_file(module)) for found in _named_in(node))


def _named_in(node: ast.AST) -> Iterator[str]:
    known = _modules()
    if isinstance(node, ast.Import):
        yield from (alias.name for alias in node.names if alias.name in known)
    elif isinstance(node, ast.ImportFrom) and node.module:
        for alias in node.names:
            inner = f"{node.module}.{alias.name}"
            if inner in known:
                yield inner
            elif node.module in known:
                yield _lazy(node.module).get(alias.name, node.module)
    elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PACKAGES:
        behind = _lazy(node.value.id).get(node.attr)
        if behind is not None:
            yield behind
    elif isinstance(node, ast.Constant) and isinstance(node.value, str):
        text = node.value
        if text.endswith(".") and text.partition(".")[0] in PACKAGES:
            yield from (name for name in known if name.startswith(text))


@cache
def _files(module: str) -> list[Path]:
    """A module's source and the data beside it."""
    return [_file(module), *_beside(module)]


def _beside(module: str) -> list[Path]:
    """Data files, alone or in folders, beside a module that it names."""
    folder, found = _file(module).parent, []
    for node in _nodes(_file(module)):
        if isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.replace(".", "").isalpha():
            place = folder / node.value
            if place.is_file() and place.suffix in DATA:
                found.append(place)
            elif place.is_dir():
                found += [file for file in place.rglob("*") if file.suffix in DATA]
    return found
