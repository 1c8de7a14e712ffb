"""Role that prints a number of the theory in prose: ``{number}`.2g of (1 + alpha)*<CLAIM:0> at alpha = 0.9` ``.

``<CLAIM:0>`` is the right side of that claim's first formula. The digits are those of an enclosure, or the build stops.
"""

from __future__ import annotations

import re
from typing import Any

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from sphinx.application import Sphinx
from sympy import Rational, Symbol
from sympy.parsing.sympy_parser import parse_expr, rationalize, standard_transformations

from proofs import CLAIMS
from proofs.digits import shown
from proofs.enclosed import of_expression

ROLE = re.compile(r"(?P<spec>\S+) of (?P<expression>.+?)(?: at (?P<point>.+))?", re.DOTALL)
FORMULA = re.compile(r"<([\w-]+):(\d+)>")


def number(text: str) -> str:
    """The digits that the role's text asks for."""
    found = ROLE.fullmatch(text)
    if found is None:
        raise ValueError(f"{text}: it must read FORMAT of EXPRESSION at NAME = VALUE, ...")
    pairs = (pair.split("=") for pair in (found["point"] or "").split(",") if pair)
    point = {name.strip(): Rational(value.strip()) for name, value in pairs}
    formulas = {f"formula_{i}": named for i, named in enumerate(FORMULA.findall(found["expression"]))}
    names = iter(formulas)
    written = FORMULA.sub(lambda _: next(names), found["expression"])
    expression = parse_expr(written, transformations=(*standard_transformations, rationalize))
    known = {name: CLAIMS[claim].displays[int(place)].right for name, (claim, place) in formulas.items()}
    expression = expression.subs({Symbol(name): formula for name, formula in known.items()})
    return shown(of_expression(expression.subs({s: point[str(s)] for s in expression.free_symbols})), found["spec"])


def role(
    name: str, rawtext: str, text: str, lineno: int, inliner: Inliner, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """The number as text, or an error where it stands."""
    try:
        return [nodes.Text(number(text))], []
    except (ArithmeticError, LookupError, ValueError) as wrong:
        return [], [inliner.reporter.error(f"number: {wrong}", line=lineno)]


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the role."""
    app.add_role("number", role)
    return {"parallel_read_safe": True}
