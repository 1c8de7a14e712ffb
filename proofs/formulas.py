"""Words of a claim: the formulas that stand among them as plain text become mathematics.

    formula     side (relation side)*                     p < 1, w <- w - lr g
    side        ["-" | "+-"] product (("+" | " - ") product)*
    product     factor (["*" | "/"] factor)*
    factor      base ["^" base]
    base        number | name | ( side ) | [ side ] | <side, side> | |side| | E factor
              | function(side, ...) | log factor

A name is a letter or one of NAMES, with a subscript. ``a`` is a name beside a sign, ``A`` wherever it begins no
sentence; a number alone stays as it is. What is no formula to the end is one as far as it goes.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass

NAMES = {
    "lr": r"\eta", "wd": r"\lambda", "eps": r"\varepsilon", "epsilon": r"\varepsilon", "beta1": r"\beta_1",
    "beta2": r"\beta_2", "grad": r"\nabla", "unit g": r"\tilde g", "m x n": r"m \times n", "dt": r"\mathrm{d}t",
    "infinity": r"\infty",
} | {
    letter: f"\\{letter}"
    for letter in (
        "alpha", "beta", "gamma", "delta", "eta", "theta", "kappa", "lambda", "mu", "xi", "rho", "sigma", "tau", "phi",
        "Phi", "omega",
    )
}  # fmt: skip
"""What a formula calls by a word."""
RELATIONS = {"=": "=", "<": "<", ">": ">", "<=": r"\le", ">=": r"\ge", "->": r"\to", "<-": r"\gets"}
FUNCTIONS = {"exp": r"\exp", "log": r"\log", "max": r"\max", "min": r"\min", "sign": r"\operatorname{sign}"}
"""Before brackets; the logarithm also before a letter."""
PROSE = {"beta": {"functions", "integrals"}, "gamma": {"distributed", "functions"}}
"""Names that are words before these."""
SIGNS = {*RELATIONS, "|", "+", "^"}
"""What stands beside no article."""
LENGTHS = re.compile(r"(w|g|d|u|\\theta|\\tilde g)(_\{\w+\})?'?|m|r")
"""Vectors: bars around them are their length."""
TOKEN = re.compile(
    r"(?P<space> +)|(?P<number>\d+(?:\.\d+)?)|(?P<name>(?:unit g|m x n)\b|[A-Za-z][A-Za-z0-9]*"
    r"(?:_(?:\w+|\(\w\+\d\)|\{[^}]*\}))?(?:'(?![A-Za-z])|~)?)|(?P<sign><=|>=|->|<-|\+-|.)"
)
MARKED = re.compile(r"(\$[^$]*\$|`[^`]*`)")
WORDS, FORMULA, CODE = "words", "formula", "code"


def pieces(text: str) -> Iterator[tuple[str, str]]:
    """What a claim's text is made of, in order: WORDS, a FORMULA in LaTeX, or CODE, each without its marks."""
    for part in MARKED.split(text):
        if len(part) > 1 and part[0] == part[-1] and part[0] in "$`":
            yield (FORMULA if part[0] == "$" else CODE), part[1:-1]
        else:
            yield from _among_words(part)


def markdown(text: str) -> str:
    """Markdown of a claim's text, in which a star is a product."""
    marks = {WORDS: "", FORMULA: "$", CODE: "`"}
    return "".join(
        marks[kind] + (piece.replace("*", r"\*") if kind == WORDS else piece) + marks[kind]
        for kind, piece in pieces(text)
    )


def _among_words(text: str) -> Iterator[tuple[str, str]]:
    tokens = [(kind, found[0]) for found in TOKEN.finditer(text) if (kind := found.lastgroup)]
    reader, words = _Reader(tokens), ""
    while reader.at < len(tokens):
        begin = reader.at
        formula = reader.formula()
        if formula is None or not any(kind == "name" or word in "+/=<>" for kind, word in tokens[begin : reader.at]):
            reader.at = begin + 1
            words += tokens[begin][1]
        else:
            yield WORDS, words
            yield FORMULA, formula
            words = ""
    yield WORDS, words


class _Failed(Exception):
    """Here stands no formula."""


@dataclass
class _Reader:
    tokens: list[tuple[str, str]]
    at: int = 0

    def formula(self) -> str | None:
        """The longest formula from here on, in LaTeX; None where none begins."""
        try:
            return self._chain(self._side, RELATIONS)
        except _Failed:
            return None

    def _side(self) -> str:
        sign = {"-": "-", "+-": r"\pm "}.get(self._word(), "")
        if sign and self._word(-1) not in ("", " ", "("):
            raise _Failed  # a hyphen
        self.at += bool(sign)
        return sign + self._chain(self._product, {"+": "+", "-": "-"})

    def _product(self) -> str:
        found = self._factor()
        while True:
            begin = self.at
            sign = self._sign({"*": " ", "/": "/"}) or " "
            try:
                if sign == " " and self.at == begin and self._word() == " ":
                    self.at += 1
                found += sign + self._factor()
            except _Failed:
                self.at = begin
                return found

    def _chain(self, part: Callable[[], str], signs: dict[str, str]) -> str:
        found = part()
        while True:
            begin = self.at
            sign = self._sign(signs)
            try:
                if sign is None:
                    raise _Failed
                found += f" {sign} {part()}"
            except _Failed:
                self.at = begin
                return found

    def _sign(self, signs: dict[str, str]) -> str | None:
        """One of these signs, with the spaces around it."""
        begin = self.at
        self.at += self._word() == " "
        found = signs.get(self._word())
        if found is None:
            self.at = begin
            return None
        self.at += 1
        self.at += self._word() == " "
        return found

    def _word(self, ahead: int = 0) -> str:
        place = self.at + ahead
        return self.tokens[place][1] if 0 <= place < len(self.tokens) else ""

    def _take(self, word: str) -> None:
        if self._word() != word:
            raise _Failed
        self.at += 1

    def _factor(self) -> str:
        base = self._base()
        if self._word() != "^":
            return base
        begin = self.at
        self.at += 1
        try:
            power = self._base()
        except _Failed:
            self.at = begin
            return base
        return f"{base}^{{{power[1:-1] if power.startswith('(') else power}}}"

    def _base(self) -> str:
        kind, word = self.tokens[self.at] if self.at < len(self.tokens) else ("", "")
        if word in ("(", "[", "<", "|"):
            return self._enclosed(word)
        if kind != "number" and not (kind == "name" and self._is_name(word)):
            raise _Failed
        begin = self.at
        self.at += 1
        try:
            if word == "E":
                self.at += self._word() == " "
                return r"\mathbb E " + self._factor()
            if word == "sqrt":
                return rf"\sqrt{{{self._enclosed('(')[1:-1]}}}"
            if word in FUNCTIONS:
                self.at += word == "log" and self._word() == " "
                return f"{FUNCTIONS[word]} {self._factor() if word == 'log' else self._enclosed('(')}"
        except _Failed:
            self.at = begin
            raise
        return _name(word) if kind == "name" else word

    def _enclosed(self, opening: str) -> str:
        begin = self.at
        try:
            self._take(opening)
            inner = self._side()
            while self._word() == "," and (opening == "<" or self.tokens[begin - 1][1] in FUNCTIONS):
                self._take(",")
                self._take(" ")
                inner += ", " + self._side()
            self._take({"(": ")", "[": "]", "<": ">", "|": "|"}[opening])
        except _Failed:
            self.at = begin
            raise
        if opening == "(":
            return f"({inner})"
        if opening == "[":
            return f"[{inner}]"
        if opening == "<":
            return rf"\langle {inner} \rangle"
        bar = "Vert" if LENGTHS.fullmatch(inner) else "vert"
        return rf"\l{bar} {inner} \r{bar}"

    def _is_name(self, word: str) -> bool:
        if self._word(-1) == "'":
            return False  # the letter of a genitive
        stem = word.rstrip("'~").partition("_")[0]
        if stem not in NAMES and stem not in FUNCTIONS and stem != "sqrt" and len(stem) != 1:
            return False
        after = self._word(2) if self._word(1) == " " else self._word(1)
        before = self._word(-2) if self._word(-1) == " " else self._word(-1)
        if after in PROSE.get(word, ()):
            return False
        if word == "a":
            return bool({before, after} & SIGNS)
        return word != "A" or after in SIGNS or before not in ("", ".", ":", ";")


def _name(word: str) -> str:
    stem, _, below = word.rstrip("'~").partition("_")
    below = below.strip("(){}")
    if len(below) > 1 and below.isalpha():
        below = rf"\mathrm{{{below}}}"
    name = NAMES.get(stem, stem) + (f"_{{{below}}}" if below else "") + "'" * word.endswith("'")
    return rf"\tilde {name}" if word.endswith("~") else name
