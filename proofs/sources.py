"""What a piece of evidence was made from: the modules that its claim and its layer import, and the data beside them.

Imports are read off the sources, also those inside functions, and kept for the sources as they are. A name that a
package loads lazily stands in its stub; a module that is imported by a name made at run time counts as every module
with that beginning.
"""

from __future__ import annotations

import ast
import hashlib
import re
from collections.abc import Iterable, Iterator
from functools import cache
from pathlib import Path

import theory
from proofs.store import stored

PACKAGES = {
    "theory": Path(str(theory.__file__)).parent,
    "numerics": Path(__file__).parents[1] / "numerics",
    "proofs": Path(__file__).parent,
}
DATA = {".json", ".v", ".txt"}
WORDS = re.compile(r"\w[\w.]*")
"""A constant that can be the name of a file or a folder, or the beginning of a module's."""


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
    return file.parts, hashlib.sha256(_name(file).encode() + b"\0" + file.read_bytes()).digest()


def _name(file: Path) -> str:
    """The file's path from its package on."""
    (root,) = (folder for folder in PACKAGES.values() if file.is_relative_to(folder))
    return file.relative_to(root.parent).as_posix()


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
def _names() -> dict[str, list[list[str]]]:
    """Of every source and stub, by its path, what can name a module or a file: its kind and words."""
    files = [file for package in PACKAGES.values() for file in package.rglob("*") if file.suffix in {".py", ".pyi"}]
    names = {_name(file): file for file in files}
    return dict(stored(f"sources-{_hash(files)}", lambda: {n: list(_named(file)) for n, file in names.items()}))


def _named(file: Path) -> Iterator[list[str]]:
    for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            yield from (["import", alias.name] for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (["from", node.module, alias.name] for alias in node.names)
        elif isinstance(node, ast.Attribute) and isinstance(node.value, ast.Name) and node.value.id in PACKAGES:
            yield ["attribute", node.value.id, node.attr]
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and WORDS.fullmatch(node.value):
            yield ["text", node.value]


@cache
def _lazy(package: str) -> dict[str, str]:
    """The module behind each name that a package loads lazily."""
    found = _names().get(_name(_file(package).with_suffix(".pyi")), [])
    return {words[1]: f"{package}.{words[0]}" for kind, *words in found if kind == "from"}


@cache
def _imports(module: str) -> frozenset[str]:
    """What a module imports of the packages itself."""
    known, found = _modules(), set[str]()
    for kind, *words in _names()[_name(_file(module))]:
        if kind == "import":
            found |= known.keys() & set(words)
        elif kind == "from" and (inner := ".".join(words)) in known:
            found.add(inner)
        elif kind == "from" and words[0] in known:
            found.add(_lazy(words[0]).get(words[1], words[0]))
        elif kind == "attribute" and words[1] in _lazy(words[0]):
            found.add(_lazy(words[0])[words[1]])
        elif kind == "text" and words[0].endswith(".") and words[0].partition(".")[0] in PACKAGES:
            found |= {name for name in known if name.startswith(words[0])}
    return frozenset(found)


@cache
def _files(module: str) -> list[Path]:
    """A module's source and the data beside it."""
    return [_file(module), *_beside(module)]


def _beside(module: str) -> list[Path]:
    """Data files, alone or in folders, beside a module that it names."""
    folder, found = _file(module).parent, []
    for kind, *words in _names()[_name(_file(module))]:
        if kind == "text":
            place = folder / words[0]
            if place.is_file() and place.suffix in DATA:
                found.append(place)
            elif place.is_dir():
                found += [file for file in place.rglob("*") if file.suffix in DATA]
    return found
