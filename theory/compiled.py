"""Derived expressions as plain functions, kept on disk so that numbers need neither SymPy nor a derivation.

A cache entry is keyed by the content of every source file of ``theory``. A missing, foreign or
damaged entry is derived again; the cache costs time only.
"""

from __future__ import annotations

import hashlib
import os
import tempfile
from collections.abc import Callable, Mapping
from functools import cache
from pathlib import Path
from typing import TYPE_CHECKING, Any

from theory.domain import Parameter
from theory.summation import Array, NumericSeries

if TYPE_CHECKING:
    from theory.equilibrium import Equilibrium

NAMES = (
    "sgd", "sgdm", "sgdw", "nesterov", "nesterovw", "ngd", "adamw", "nadamw", "rmspropw",
    "adam_l2", "nadam_l2", "rmsprop", "adamw_beta2", "nadamw_beta2", "rmspropw_beta2",
    "lion", "signsgd", "signum", "lars", "lamb",
)  # fmt: skip
"""Every optimizer that can be compiled, in the order of the book."""


def cache_directory() -> Path:
    """Where entries lie: $SMD_CACHE_DIR, else spherical-motion in the user's cache directory."""
    if chosen := os.environ.get("SMD_CACHE_DIR"):
        return Path(chosen)
    base = os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache"
    return Path(base) / "spherical-motion"


@cache
def source_key() -> str:
    """Hash of the package's sources: any edit of a rule or of the engine asks for a new derivation."""
    digest = hashlib.sha256()
    for file in sorted(Path(__file__).parent.rglob("*.py")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    return digest.hexdigest()[:24]


class CompiledRule:
    """The functions of one optimizer: ``norm``, ``one_minus_cosine``, ... by keyword symbols."""

    def __init__(self, code: str, name: str) -> None:
        self.functions: dict[str, Any] = {}
        exec(compile(code, f"<derived {name}>", "exec"), self.functions)  # noqa: S102
        description: dict[str, Any] = self.functions["DESCRIPTION"]
        self.name: str = description["name"]
        self.title: str = description["title"]
        self.convention: str = description["convention"]
        self.hypotheses: tuple[str, ...] = description["hypotheses"]
        self.parameters = tuple(Parameter(**p) for p in description["parameters"])
        self.defined: list[str] = self.functions["DEFINED"]
        self.has_gain = self.functions["gain"] is not None

    def takes(self, parameter: str) -> bool:
        """Whether a hyper-parameter of this name enters."""
        return any(own.name == parameter for own in self.parameters)

    @property
    def normalised(self) -> bool:
        """Whether the input's energy is the same at every gradient scale."""
        return not self.takes("grad_norm")

    def __call__(self, function: str, values: Mapping[str, float]) -> Any:
        """A derived quantity at numbers for the symbols."""
        return self.functions[function](**values)

    def series(self, values: Mapping[str, float]) -> dict[str, NumericSeries]:
        """The series behind the symbols T at numbers."""

        def of_index(function: Callable[..., Array]) -> Callable[[Array], Array]:
            return lambda n: function(n=n, **values) + 0 * n

        return {
            symbol: NumericSeries(
                first_weight=float(parts["first_weight"](**values)),
                ratio=of_index(parts["ratio"]),
                ratio_bound=float(parts["ratio_bound"](**values)),
                factor=of_index(parts["factor"]),
                factor_bound=of_index(parts["factor_bound"]),
            )
            for symbol, parts in self.functions["SERIES"].items()
        }


@cache
def load(name: str) -> CompiledRule:
    """The compiled rule, from the cache where its entry is sound."""
    entry = _entry(name)
    code = _read(entry)
    if code is None:
        from theory.codegen import source
        from theory.optimizers import OPTIMIZERS

        code = source(OPTIMIZERS[name])
        _write(entry, code)
    return CompiledRule(code, name)


def compile_rule(found: Equilibrium) -> CompiledRule:
    """A rule that is in no registry, derived here and now and kept nowhere."""
    from theory.codegen import source

    return CompiledRule(source(found.rule, found=found, polynomials=False), found.rule.name)


def _entry(name: str) -> Path:
    return cache_directory() / f"{name}-{source_key()}.py"


def _read(entry: Path) -> str | None:
    try:
        seal, _, code = entry.read_text(encoding="utf-8").partition("\n")
    except (OSError, UnicodeDecodeError):
        return None
    return code if seal == _seal(code) else None


def _write(entry: Path, code: str) -> None:
    file = None
    try:
        entry.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.NamedTemporaryFile("w", dir=entry.parent, delete=False, encoding="utf-8") as file:
            file.write(f"{_seal(code)}\n{code}")
        os.replace(file.name, entry)
    except OSError:  # a cache that cannot be written costs the next call its time
        if file is not None:
            Path(file.name).unlink(missing_ok=True)


def _seal(code: str) -> str:
    return "# " + hashlib.sha256(code.encode()).hexdigest()


def main() -> None:
    """Derive every optimizer that the cache lacks, side by side, saying so."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    if lacking := [name for name in NAMES if _read(_entry(name)) is None]:
        print("Deriving the theory", flush=True)
        with ProcessPoolExecutor(os.cpu_count(), get_context("spawn")) as pool:
            for derived in pool.map(_derived, lacking):
                print(f"derived {derived}", flush=True)


def _derived(name: str) -> str:
    load(name)
    return name


if __name__ == "__main__":
    main()
