"""The words of claims as LaTeX: statements, titles and hypotheses, with mathematics between dollars."""

from __future__ import annotations

import re

_WORDS = {
    "\\": r"\textbackslash{}", "^": r"\textasciicircum{}", "~": r"\textasciitilde{}", "<": r"\textless{}",
    ">": r"\textgreater{}", "|": r"\textbar{}", **{sign: f"\\{sign}" for sign in "{}_%&#"},
}  # fmt: skip


def words(text: str) -> str:
    """Text of a statement or a hypothesis as LaTeX: mathematics between dollars stays, backquotes become type."""
    parts = re.split(r"(\$[^$]*\$)", text)
    return "".join(part if part.startswith("$") and len(part) > 1 else _plain(part) for part in parts)


def _plain(text: str) -> str:
    quoted = text.split("`")
    escaped = ["".join(_WORDS.get(sign, sign) for sign in part) for part in quoted]
    return "".join(rf"\texttt{{{part}}}" if i % 2 else part for i, part in enumerate(escaped))
