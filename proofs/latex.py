"""LaTeX of derived expressions, low powers first and a positive term in front."""

from __future__ import annotations

from sympy import Add, Expr
from sympy.printing.latex import LatexPrinter


class _Printer(LatexPrinter):
    def _print_Add(self, expr: Add, order: str | None = None) -> str:  # noqa: N802 - the printer's own protocol
        terms = self._as_ordered_terms(expr, order="rev-lex")
        first = next((t for t in terms if not t.could_extract_minus_sign()), terms[0])
        terms.remove(first)
        text = self._print(first)
        for term in terms:
            negative = term.could_extract_minus_sign()
            printed = self._print(-term if negative else term)
            if isinstance(term, Add):
                printed = rf"\left({printed}\right)"
            text += f" {'-' if negative else '+'} {printed}"
        return text


def latex(expression: Expr) -> str:
    """LaTeX in the book's style."""
    return str(_Printer({"inv_trig_style": "full"}).doprint(expression))
