"""The kernel layer: Coq compiles the lemmas into which a claim's obligations are translated.

Claims are compiled together, for Coq takes longer to start than to check a lemma. A claim holds when the file
with all its lemmas compiled and nothing beyond the axioms of Coq's real numbers was assumed.
"""

from __future__ import annotations

import re
import tempfile
import time
from collections.abc import Sequence
from contextlib import suppress
from functools import cache
from pathlib import Path

from proofs.claim import Claim
from proofs.formal import toolchain
from proofs.formal.coq_terms import Outside
from proofs.formal.statements import Lemma, lemmas
from proofs.verdict import Outcome, Verdict

LAYER = "kernel"
CHARACTERS = 60_000
"""Of lemmas in one file."""
OUTSIDE = Path(toolchain.__file__).parent / "outside.txt"
"""The claims that are not translated, with the reason."""


@cache
def outside() -> dict[str, str]:
    """Claims that are known not to be translated, with the reason."""
    return dict(line.split(": ", 1) for line in OUTSIDE.read_text(encoding="utf-8").splitlines())


def applies(claim: Claim) -> bool:
    """Whether the claim is among those that are translated."""
    return claim.id not in outside()


def prepare(claim: Claim) -> None:
    """Translate one claim's obligations, which takes its derivation; the lemmas are kept for who compiles them."""
    with suppress(Outside):
        lemmas(claim)


def check(claim: Claim) -> Verdict:
    """Compile one claim's lemmas."""
    return check_all([claim])[0]


def check_all(claims: Sequence[Claim]) -> list[Verdict]:
    """Compile the lemmas of several claims, together where they fit; the verdicts in the order of the claims."""
    verdicts: dict[str, Verdict] = {}
    translated: dict[str, list[Lemma]] = {}
    for claim in claims:
        try:
            translated[claim.id] = lemmas(claim)
        except Outside as reason:
            verdicts[claim.id] = Verdict(LAYER, Outcome.UNDECIDED, "translation to Coq", 0.0, {"outside": str(reason)})
    for file in _files(translated):
        verdicts |= _compiled(file)
    return [verdicts[claim.id] for claim in claims]


def source(translated: dict[str, list[Lemma]]) -> str:
    """One Coq file of several claims' lemmas, with a last question about what all of them assume."""
    text = "From SphericalMotion Require Import Obligations.\n\n"
    text += "\n".join(lemma.text for found in translated.values() for lemma in found)
    together = " ".join(f"let _ := {lemma.name} in" for found in translated.values() for lemma in found)
    return f"{text}\nDefinition together := {together} I.\nPrint Assumptions together.\n"


def _files(translated: dict[str, list[Lemma]]) -> list[dict[str, list[Lemma]]]:
    files: list[dict[str, list[Lemma]]] = [{}]
    size = 0
    for name, found in translated.items():
        if files[-1] and size > CHARACTERS:
            files, size = [*files, {}], 0
        files[-1][name] = found
        size += sum(len(lemma.text) for lemma in found)
    return [file for file in files if file]


def _compiled(file: dict[str, list[Lemma]]) -> dict[str, Verdict]:
    """Verdicts on the claims of one file; a claim that Coq refuses is left out and the rest compiled again."""
    verdicts: dict[str, Verdict] = {}
    while file:
        begin = time.perf_counter()
        text = source(file)
        with tempfile.TemporaryDirectory() as folder:
            path = Path(folder) / "Claims.v"
            path.write_text(text, encoding="utf-8")
            try:
                printed = toolchain.coqc(path, toolchain.library())
            except toolchain.CoqError as error:
                refused = _refused(file, text, str(error))
                verdicts[refused] = _undecided(begin, {"coq": _brief(str(error))})
                file = {name: found for name, found in file.items() if name != refused}
                continue
        assumed = toolchain.axioms(printed)
        foreign = sorted(frozenset().union(*assumed) - toolchain.OF_THE_REALS)
        if len(assumed) != 1 or foreign:
            return verdicts | {name: _undecided(begin, {"assumed": foreign}) for name in file}
        seconds = (time.perf_counter() - begin) / len(file)
        return verdicts | {name: _holds(found, seconds) for name, found in file.items()}
    return verdicts


def _holds(found: Sequence[Lemma], seconds: float) -> Verdict:
    method = f"Coq {toolchain.version()}, obligations translated to lemmas; axioms of the real numbers only"
    return Verdict(LAYER, Outcome.HOLDS, method, seconds, {"lemmas": len(found)})


def _undecided(begin: float, detail: dict[str, object]) -> Verdict:
    return Verdict(LAYER, Outcome.UNDECIDED, f"Coq {toolchain.version()}", time.perf_counter() - begin, detail)


def _refused(file: dict[str, list[Lemma]], text: str, error: str) -> str:
    """The claim in whose text Coq's error lies."""
    where = re.search(r"line (\d+)", error)
    if where is None:
        raise toolchain.CoqError(error)
    before = "\n".join(text.splitlines()[: int(where[1])])
    for name, found in reversed(file.items()):
        if any(f" {lemma.name} " in before for lemma in found):
            return name
    raise toolchain.CoqError(error)


def _brief(error: str) -> str:
    return " ".join(error.split())[:300]
