"""The handwritten theorems say what the claims say: the claims' own formulas stand in ``Correspondence.v.in``."""

from __future__ import annotations

import re
from pathlib import Path

from proofs.formal import coq_terms
from proofs.kept import kept

TEMPLATE = Path(__file__).parent / "Correspondence.v.in"
FORMULA = re.compile(r"<<([\w-]+) (\d+)>>")


def stated() -> tuple[str, ...]:
    """The lemmas, by name."""
    return tuple(re.findall(r"^Lemma (\w+)", TEMPLATE.read_text(encoding="utf-8"), re.MULTILINE))


def claims() -> dict[str, tuple[str, ...]]:
    """The claims whose formulas are proved from theorems, with the lemmas that do it."""
    found: dict[str, tuple[str, ...]] = {}
    for name, part in _lemmas().items():
        for claim, _ in FORMULA.findall(part):
            found[claim] = tuple(dict.fromkeys((*found.get(claim, ()), name)))
    return found


def source() -> str:
    """The Coq file, every formula in its place."""
    return _filled(TEMPLATE.read_text(encoding="utf-8"))


def statement(name: str) -> str:
    """A lemma as Coq text without its proof, every formula in its place."""
    return _filled(_lemmas()[name].partition("Proof.")[0].strip())


def _lemmas() -> dict[str, str]:
    """The template's text from each lemma to the next, by the lemma's name."""
    parts = re.split(r"^(?=Lemma )", TEMPLATE.read_text(encoding="utf-8"), flags=re.MULTILINE)[1:]
    return {part.split()[1]: part for part in parts}


def _filled(text: str) -> str:
    from proofs.claims import CLAIMS

    def formula(place: re.Match[str]) -> str:
        claim, number = CLAIMS[place[1]], int(place[2])
        return str(
            kept(
                claim, f"term-{number}", coq_terms.__name__, lambda: coq_terms.in_theorems(claim.displays[number].right)
            )
        )

    return FORMULA.sub(formula, text)
