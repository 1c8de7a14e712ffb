"""Breaks formulas that are wider than a line of print: at the signs of a long sum, inside its group.

A page of the web scrolls sideways; paper does not. Widths are counted in signs that are seen.
"""

from __future__ import annotations

import re

WIDEST = 84
"""Signs on a line."""
OPENING = re.compile(r"\\begin\{(?:gathered|aligned)\}(?:\[t\])?|\\left\s*(?:\\?[^\sA-Za-z]|\\[A-Za-z]+)|(?<!\\)\{")
CLOSING = re.compile(r"\\end\{(?:gathered|aligned)\}|\\right\s*(?:\\?[^\sA-Za-z]|\\[A-Za-z]+)|(?<!\\)\}")
ROW = re.compile(r"\\\\")
SIGN = re.compile(r"(?<=\s)[+-](?=\s)")
FRACTION = re.compile(r"\\[dt]?frac\s*$")


def broken(line: str, widest: int = WIDEST) -> str:
    """One line of ``aligned`` with its long sums on several lines; the same line where it fits."""
    left, mark, right = line.partition("&")
    if width(line) <= widest:
        return line
    inside = _groups(right, widest)
    if width(inside) <= widest or len(terms := _parts(inside, SIGN)) == 1:
        return left + mark + inside
    rows = _filled(terms, widest - width(left))
    return left + mark + r"\begin{aligned}[t]&" + r" \\ &\quad ".join(rows) + r"\end{aligned}"


def width(text: str) -> int:
    """How many signs are seen side by side: of a fraction the longer part, of lines the longest."""
    if (rows := _parts(text, ROW))[1:]:
        return max(width(row.removeprefix(r"\\")) for row in rows)
    seen, place = 0, 0
    while group := OPENING.search(text, place):
        before, end = text[place : group.start()], _end(text, group)
        seen += _plain(before)
        inner = text[group.end() : end[0]]
        if FRACTION.search(before) and (second := OPENING.match(text, end[1])):
            after = _end(text, second)
            seen += max(width(inner), width(text[second.end() : after[0]]))
            end = after
        else:
            seen += width(inner) + (2 if group[0] != "{" else 0)
        place = end[1]
    return seen + _plain(text[place:])


def _plain(text: str) -> int:
    text = re.sub(r"\\(?:begin|end|left|right|[dt]?frac|quad|,|;|!)(?![a-z])|&", "", text)
    return len(re.sub(r"[\s^_]", "", re.sub(r"\\[A-Za-z]+|\\.", "x", text)))


def _end(text: str, opened: re.Match[str]) -> tuple[int, int]:
    """Where the group that opens there closes: begin and end of what closes it."""
    depth, place = 1, opened.end()
    while depth:
        closing = CLOSING.search(text, place)
        if closing is None:
            raise ValueError(f"{text}: a group that does not end")
        opening = OPENING.search(text, place)
        found = opening if opening and opening.start() < closing.start() else closing
        depth += 1 if found is opening else -1
        place = found.end()
    return found.span()


def _groups(text: str, widest: int) -> str:
    """The same with the sums inside its groups broken."""
    made, place = "", 0
    while group := OPENING.search(text, place):
        begin, end = _end(text, group)
        inner = text[group.end() : begin]
        if width(inner) > widest:
            inner = _groups(inner, widest)
        if width(inner) > widest and len(terms := _parts(inner, SIGN)) > 1:
            inner = r"\begin{gathered}" + r" \\ ".join(_filled(terms, widest)) + r"\end{gathered}"
        made += text[place : group.end()] + inner + text[begin:end]
        place = end
    return made + text[place:]


def _parts(text: str, mark: re.Pattern[str]) -> list[str]:
    """The text cut before each mark that stands outside every group."""
    cuts, place = [0], 0
    while place < len(text):
        group, found = OPENING.search(text, place), mark.search(text, place)
        if found and (group is None or found.start() < group.start()):
            cuts.append(found.start())
            place = found.end()
        elif group:
            place = _end(text, group)[1]
        else:
            break
    return [part for a, b in zip(cuts, [*cuts[1:], len(text)], strict=True) if (part := text[a:b]).strip()]


def _filled(terms: list[str], widest: int) -> list[str]:
    """Terms on as few lines as hold them; a line that begins with a sign has a space for its left side."""
    rows: list[str] = []
    for term in terms:
        if rows and width(rows[-1] + term) <= widest:
            rows[-1] += term
        else:
            rows.append("{} " + term if rows else term)
    return rows
