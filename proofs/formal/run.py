"""The whole formal check: theorems, what they assume, what the claims say of them, and every claim's lemmas."""

from __future__ import annotations

import os
import sys
import tempfile
from collections.abc import Mapping, Sequence
from pathlib import Path

from proofs import processes
from proofs.formal import toolchain
from proofs.installing import provided

EXPECTED = Path(__file__).parent / "assumptions.txt"
"""``File.theorem: axioms`` of every headline theorem."""


def headlines() -> dict[str, frozenset[str]]:
    """The headline theorems with the axioms that each may rest on."""
    lines = EXPECTED.read_text(encoding="utf-8").splitlines()
    return {name: frozenset(names.split()) for name, _, names in (line.partition(":") for line in lines)}


def scan(sources: Path = toolchain.SOURCES) -> list[str]:
    """Every forbidden word of the handwritten sources, with its file."""
    return [f"{f.name}: {w}" for f in sorted(sources.glob("*.v")) for w in toolchain.forbidden(f.read_text("utf-8"))]


def assumed(theorems: list[str], folder: Path) -> dict[str, frozenset[str]]:
    """What Coq says that each theorem rests on."""
    files = " ".join(dict.fromkeys(name.split(".")[0] for name in theorems))
    text = f"From {toolchain.LIBRARY} Require {files}.\n" + "".join(f"Print Assumptions {t}.\n" for t in theorems)
    with tempfile.TemporaryDirectory() as scratch:
        question = Path(scratch) / "Question.v"
        question.write_text(text, encoding="utf-8")
        return dict(zip(theorems, toolchain.axioms(toolchain.coqc(question, folder)), strict=True))


def differences(expected: dict[str, frozenset[str]], found: dict[str, frozenset[str]]) -> list[str]:
    """One line a theorem that rests on something else than expected."""

    def told(axioms: frozenset[str]) -> str:
        return ", ".join(sorted(axioms)) or "nothing"

    wrong = [name for name, axioms in expected.items() if found[name] != axioms]
    return [f"{name}: assumes {told(found[name])}, expected {told(expected[name])}" for name in wrong]


def correspondences(folder: Path) -> list[str]:
    """Compile the claims' formulas against the theorems; what they assume beyond the theorems."""
    from proofs.formal.correspondence import source, stated

    names = stated()
    text = source() + "".join(f"Print Assumptions {name}.\n" for name in names)
    with tempfile.TemporaryDirectory() as scratch:
        file = Path(scratch) / "Correspondence.v"
        file.write_text(text, encoding="utf-8")
        found = toolchain.axioms(toolchain.coqc(file, folder))
    known = frozenset().union(*headlines().values())
    foreign = {name: axioms - known for name, axioms in zip(names, found, strict=True)}
    return [f"{name}: assumes {', '.join(sorted(axioms))}" for name, axioms in foreign.items() if axioms]


def write_outside() -> int:
    """Translate every claim and write which ones are outside, with the reason."""
    from proofs.claims import CLAIMS
    from proofs.layers.kernel import OUTSIDE

    reasons = _reasons(list(CLAIMS))
    OUTSIDE.write_text("".join(f"{name}: {why}\n" for name, why in reasons.items() if why), encoding="utf-8")
    return 0


def outdated(listed: Mapping[str, str]) -> list[str]:
    """One line for each claim that is listed as outside for another reason than the translation gives, or for none."""
    now = _reasons(list(listed))
    return [
        f"{name} is listed as outside ({why}), the translation says: {now[name] or 'it is inside'}; "
        "python -m proofs.formal --outside writes the list"
        for name, why in listed.items()
        if now[name] != why
    ]


def _reasons(names: Sequence[str]) -> dict[str, str | None]:
    with processes.pool() as pool:
        return dict(zip(names, pool.map(_why_outside, names, chunksize=4), strict=True))


def _why_outside(name: str) -> str | None:
    from proofs.claims import CLAIMS
    from proofs.formal.coq_terms import Outside
    from proofs.formal.statements import lemmas

    try:
        lemmas(CLAIMS[name])
    except Outside as reason:
        return str(reason)
    return None


def main() -> int:
    """Run everything; 0 when all is as expected, 1 when something is refused or differs, 2 when Coq is missing."""
    if sys.argv[1:] == ["--outside"]:
        return write_outside()
    if hint := provided("Coq", toolchain.INSTALL, toolchain.missing):
        print(hint, file=sys.stderr)
        return 2
    if words := scan():
        print("\n".join(words), file=sys.stderr)
        return 1
    from proofs.formal import correspondence

    print(f"Compiling the theorems with Coq {toolchain.version()}", flush=True)
    try:
        folder = toolchain.make(os.cpu_count() or 1)
        wrong = differences(headlines(), assumed(list(headlines()), folder)) + correspondences(folder)
    except toolchain.CoqError as error:
        wrong = [str(error)]
    if wrong:
        print("\n".join(wrong), file=sys.stderr)
        return 1
    print(
        f"{len(headlines())} headline theorems and {len(correspondence.claims())} claims' formulas proved from them",
        flush=True,
    )
    return _claims()


def _claims() -> int:
    from proofs.claims import CLAIMS
    from proofs.layers import kernel
    from proofs.verification import planned, verify

    print("Compiling the claims' lemmas", flush=True)
    stale = outdated(kernel.outside())
    found = list(verify(planned(CLAIMS.values(), (kernel.LAYER,))))
    bad = [e for e in found if e.outcome != "holds"]
    for e in bad:
        print(f"{e.claim}: {e.detail}", file=sys.stderr)
    for line in stale:
        print(line, file=sys.stderr)
    count = sum(int(str(e.detail["lemmas"])) for e in found if e.outcome == "holds")
    print(f"{len(found) - len(bad)} claims hold by {count} lemmas, {len(bad)} do not, {len(kernel.outside())} outside")
    return 1 if bad or stale else 0
