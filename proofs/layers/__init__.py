"""The checkers, one a file: claim in, verdict out. ``TABLE`` says what each is worth and needs."""

from __future__ import annotations

from dataclasses import dataclass, field
from enum import StrEnum
from importlib import import_module
from importlib.util import find_spec
from shutil import which
from types import ModuleType


class Worth(StrEnum):
    """What it means that a layer holds."""

    PROVES = "proves"
    DECIDES = "decides"
    CHECKS = "checks"
    MEASURES = "measures"


@dataclass(frozen=True)
class Layer:
    """A layer's name, its module here, its worth, and the packages (by the name to import) and program it needs.

    ``run_by`` is the command that runs it.
    """

    name: str
    module: str
    worth: Worth
    needs: dict[str, str] = field(default_factory=dict)
    extra: str = "check"
    device: str = "cpu"
    program: str = ""
    run_by: str = "smd verify"

    @property
    def lacks(self) -> list[str]:
        """The packages and the program that are not installed."""
        packages = [package for name, package in self.needs.items() if find_spec(name) is None]
        return packages + ([self.program] if self.program and which(self.program) is None else [])

    @property
    def remedy(self) -> str:
        """What installs them."""
        return "make formal INSTALL=1" if self.program else f"pip install 'spherical-motion[{self.extra}]'"

    @property
    def runs_here(self) -> bool:
        """Whether packages and device are there."""
        if self.lacks:
            return False
        return self.device == "cpu" or bool(import_module("torch").cuda.is_available())

    @property
    def device_name(self) -> str:
        """What it runs on: cpu, or the GPU by name."""
        return self.device if self.device == "cpu" else str(import_module("torch").cuda.get_device_name())

    @property
    def checker(self) -> ModuleType:
        """The module with ``check(claim)``, and ``applies(claim)`` where it does not apply to every claim.

        Where claims are checked together it has ``check_all(claims)`` too, and ``prepare(claim)`` for what the
        claim's derivation gives.
        """
        return import_module(f"proofs.layers.{self.module}")


TRAINING = {"torch": "torch", "joblib": "joblib", "sklearn": "scikit-learn", "matplotlib": "matplotlib"}
TABLE = {
    layer.name: layer
    for layer in (
        Layer("identity", "identity", Worth.PROVES),
        Layer("certificate", "certificate", Worth.PROVES),
        Layer("kernel", "kernel", Worth.PROVES, program="coqc"),
        Layer("smt", "smt", Worth.DECIDES, {"z3": "z3-solver", "cvc5": "cvc5"}),
        Layer("points", "points", Worth.CHECKS),
        Layer("interval", "interval", Worth.CHECKS, {"flint": "python-flint"}),
        Layer("slope", "slope", Worth.CHECKS),
        Layer("simulation-cpu", "simulation", Worth.MEASURES, {"torch": "torch"}, "sim"),
        Layer("simulation-gpu", "simulation", Worth.MEASURES, {"torch": "torch"}, "sim", "cuda"),
        Layer("network", "network", Worth.MEASURES, TRAINING, "train", run_by="smd run"),
        Layer("network-gpu", "network", Worth.MEASURES, TRAINING, "train", "cuda", run_by="smd run"),
    )
}
"""Every layer by name, cheapest first."""


def of_worth(*worth: Worth) -> tuple[str, ...]:
    """Names of the layers of these worths."""
    return tuple(name for name, layer in TABLE.items() if layer.worth in worth)
