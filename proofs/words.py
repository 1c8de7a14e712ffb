"""The words of claims as LaTeX: statements, titles and hypotheses."""

from __future__ import annotations

from proofs.formulas import CODE, FORMULA, WORDS, pieces

_WORDS = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", **{sign: f"\\{sign}" for sign in "{}_%&#"},
}  # fmt: skip


def words(text: str) -> str:
    """A statement or a hypothesis as LaTeX, its formulas as mathematics and its code as type."""
    shown = {FORMULA: "${}$", CODE: r"\texttt{{{}}}", WORDS: "{}"}
    return "".join(shown[kind].format(piece if kind == FORMULA else _escaped(piece)) for kind, piece in pieces(text))


def _escaped(text: str) -> str:
    return "".join(_WORDS.get(sign, sign) for sign in text)
