"""Running the command in this process."""

import sys
from dataclasses import dataclass

import pytest

from smd.cli.app import main


@dataclass(frozen=True)
class Run:
    """Exit code and what was printed."""

    code: int
    out: str
    err: str

    @property
    def complaints(self):
        """The lines on standard error that are not empty."""
        return [line for line in self.err.splitlines() if line.strip()]


@pytest.fixture
def smd(monkeypatch, capsys):
    """``smd(*arguments)`` runs the command as from a wide terminal, whatever the one behind the tests is."""
    monkeypatch.setenv("COLUMNS", "160")

    def run(*arguments):
        monkeypatch.setattr(sys, "argv", ["smd", *arguments])
        with pytest.raises(SystemExit) as stopped:
            main()
        return Run(stopped.value.code, *capsys.readouterr())

    return run
