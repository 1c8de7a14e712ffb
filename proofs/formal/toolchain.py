"""Coq on this machine: whether it is there, how it is installed, how files are compiled, what it assumed."""

from __future__ import annotations

import hashlib
import os
import re
import shutil
import subprocess
import tempfile
from contextlib import suppress
from functools import cache
from pathlib import Path

from theory.compiled import cache_directory

SOURCES = Path(__file__).parent / "coq"
INSTALL = (
    "apt-get update && apt-get install -y --no-install-recommends coq libcoq-coquelicot libcoq-interval coinor-csdp"
)
"""The one line that installs it on Debian or Ubuntu, as root."""
LIBRARY = "SphericalMotion"
OF_THE_REALS = frozenset(
    (
        "ClassicalDedekindReals.sig_forall_dec",
        "ClassicalDedekindReals.sig_not_dec",
        "FunctionalExtensionality.functional_extensionality_dep",
    )
)
"""The axioms on which Coq's own real numbers stand."""
FORBIDDEN = re.compile(
    r"\b(Admitted|admit|give_up|Axioms?|Parameters?|Conjectures?|bypass_check|type_in_type|"
    r"Unset\s+(?:Guard|Positivity|Universe)\s+Check\w*|vm_cast_no_check|native_cast_no_check|exact_no_check)\b"
)
"""Words that would let something pass unproved."""
IN_SECTIONS = re.compile(r"\b(Hypothes[ie]s|Variables?|Context|Section\s+\w+|End\s+\w+)\b")


class CoqError(RuntimeError):
    """Coq refused a file; the message is its own."""


def missing() -> str | None:
    """None where Coq is installed, else one line that says how to install it."""
    return None if shutil.which("coqc") else f"Coq is not installed; as root on Debian or Ubuntu: {INSTALL}"


@cache
def version() -> str:
    """Coq's version number."""
    return subprocess.run(["coqc", "-print-version"], capture_output=True, text=True, check=True).stdout.split()[0]


def forbidden(source: str) -> list[str]:
    """What a source may not say: unproved statements, and hypotheses outside a section."""
    text = _without_comments(source)
    found = FORBIDDEN.findall(text)
    open_sections: list[str] = []
    for word in IN_SECTIONS.findall(text):
        kind, _, name = word.partition(" ")
        if kind == "Section":
            open_sections.append(name.strip())
        elif kind == "End":
            if name.strip() in open_sections:
                open_sections.remove(name.strip())
        elif not open_sections:
            found.append(f"{kind} outside a section")
    return found


def _without_comments(source: str) -> str:
    kept, depth = [], 0
    for piece in re.split(r"(\(\*|\*\))", source):
        if piece == "(*":
            depth += 1
        elif piece == "*)" and depth:
            depth -= 1
        elif not depth:
            kept.append(piece)
    return " ".join(kept)


@cache
def library() -> Path:
    """A folder with the sources and the compiled tactics, made once for these sources and this Coq."""
    digest = hashlib.sha256(version().encode())
    for file in sorted(SOURCES.glob("*.v")):
        digest.update(file.name.encode() + b"\0" + file.read_bytes())
    target = cache_directory() / "coq" / digest.hexdigest()[:16]
    if not (target / "Obligations.vo").exists():
        target.parent.mkdir(parents=True, exist_ok=True)
        with tempfile.TemporaryDirectory(dir=target.parent) as unfinished:
            made = Path(unfinished) / "made"
            shutil.copytree(SOURCES, made)
            coqc(made / "Obligations.v", made)
            if not target.exists():
                with suppress(OSError):  # another process was first
                    os.replace(made, target)
    return target


def coqc(file: Path, folder: Path) -> str:
    """Compile one file against the library in a folder; what Coq printed.

    Raises:
        CoqError: with Coq's message.
    """
    command = ["coqc", "-q", "-Q", str(folder), LIBRARY, "-w", "-notation-overridden", str(file)]
    done = subprocess.run(command, capture_output=True, text=True)
    if done.returncode:
        raise CoqError(done.stderr.strip() or done.stdout.strip() or f"coqc ended with {done.returncode}")
    return done.stdout


def make(jobs: int) -> Path:
    """Compile every handwritten file, side by side; the folder.

    Raises:
        CoqError: with Coq's message.
    """
    folder = library()
    for command in (["coq_makefile", "-f", "_CoqProject", "-o", "Makefile"], ["make", "-s", f"-j{jobs}"]):
        environment = {k: v for k, v in os.environ.items() if k not in ("MAKEFLAGS", "MAKELEVEL")}
        done = subprocess.run(command, cwd=folder, capture_output=True, text=True, env=environment)
        if done.returncode:
            raise CoqError(done.stderr.strip())
    return folder


def axioms(printed: str) -> list[frozenset[str]]:
    """The axioms in each answer to ``Print Assumptions``, in order."""
    found: list[set[str]] = []
    for line in printed.splitlines():
        if line.startswith(("Axioms:", "Closed under the global context")):
            found.append(set())
        elif found and (name := re.match(r"([\w.']+)(?: :|$)", line)):
            found[-1].add(name[1])
    return [frozenset(names) for names in found]
