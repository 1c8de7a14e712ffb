"""Tables of the conventions page: symbols as the theory declares them, and what is meant by each convention."""

from __future__ import annotations

import ast
import inspect
from dataclasses import asdict, dataclass
from itertools import pairwise
from pathlib import Path

import sympy
from figures import table
from IPython.display import Markdown

from numerics import LAWS
from proofs.claim import SETTING_MEANING, Kind
from smd.conventions import CONVENTIONS, DECAYS
from smd.predicting import described
from theory import symbols
from theory.catalogue import MATRIX
from theory.compiled import NAMES

ERRATA = Path(__file__).parent / "data" / "errata.json"


def declared() -> list[tuple[str, sympy.Symbol, str]]:
    """Name in code, symbol and meaning of everything that ``theory.symbols`` declares with a meaning."""
    body = ast.parse(inspect.getsource(symbols)).body
    found = []
    for statement, after in pairwise(body):
        if not (isinstance(statement, ast.Assign) and isinstance(after, ast.Expr)):
            continue
        name = ast.unparse(statement.targets[0])
        if isinstance(getattr(symbols, name, None), sympy.Symbol) and isinstance(after.value, ast.Constant):
            found.append((name, getattr(symbols, name), str(after.value.value)))
    return found


def signs(symbol: sympy.Symbol) -> str:
    """What is assumed of a symbol wherever it stands."""
    kind = "integer, " if symbol.is_integer else ""
    sign = "> 0" if symbol.is_positive else "≥ 0" if symbol.is_nonnegative else "real" if symbol.is_real else "complex"
    return kind + sign


def hyperparameters() -> dict[str, str]:
    """Name of a hyper-parameter by its symbol's name in code: symbols of one letter are one object to SymPy."""
    (mapping,) = (
        statement.value
        for statement in ast.parse(inspect.getsource(symbols)).body
        if isinstance(statement, ast.Assign) and ast.unparse(statement.targets[0]) == "OF_PARAMETER"
    )
    return {ast.unparse(symbol): name.value for name, symbol in zip(mapping.keys, mapping.values, strict=True)}


def symbol_table() -> Markdown:
    """Every symbol; one letter has several meanings where the literature gives it several."""
    own = hyperparameters()
    rows = [
        (f"${sympy.latex(symbol)}$", f"`{own[name]}`" if name in own else "", signs(symbol), cell(meaning))
        for name, symbol, meaning in declared()
    ]
    return table(rows, ("symbol", "hyper-parameter", "assumed", "meaning"))


def decay_table() -> Markdown:
    """What weight decay does in one step, by the name of the convention, and who has it."""
    users = {name: [f"`{c.label}`" for c in CONVENTIONS if c.decay == name] for name in DECAYS}
    return table([(n, f"`{m}`", ", ".join(users[n])) for n, m in DECAYS.items()], ("decay", "in one step", "found in"))


def rule_table() -> Markdown:
    """The convention of each optimizer here."""
    rows = [(name, *described(name)[:2]) for name in (*NAMES, MATRIX)]
    return table([(f"`{n}`", title, cell(c)) for n, title, c in rows], ("rule", "optimizer", "convention"))


def setting_table() -> Markdown:
    """In what sense a claim holds."""
    return table(
        [(str(s), cell(meaning)) for s, meaning in SETTING_MEANING.items()], ("setting", "a claim in it holds")
    )


def kinds() -> str:
    """The kinds of claims."""
    return ", ".join(map(str, Kind))


def law_table() -> Markdown:
    """The laws that gradients are drawn from."""
    rows = [
        (
            f"`{law.name}`",
            " ".join([law.entries.kind.name.lower(), *(f"{x:g}" for x in law.entries.parameters)]),
            "orthogonal to w" if law.orthogonal else "any direction",
            "constant" if law.normalised else "random",
            "falls as 1/|w|".replace("|", "\\|") if law.scale_invariant else "does not see w",
        )
        for law in LAWS.values()
    ]
    return table(rows, ("gradients", "entries", "direction", "length of the noise", "scale"))


@dataclass(frozen=True)
class Erratum:
    """A statement of a release that was wrong: what it said, what is right, and how that was found."""

    date: str
    version: str
    place: str
    said: str
    says: str
    found: str


def errata(entries: list[dict[str, str]]) -> Markdown:
    """The corrections, latest first; raises TypeError for one that lacks a field or has a foreign one."""
    found = sorted((Erratum(**entry) for entry in entries), key=lambda e: e.date, reverse=True)
    if not found:
        return Markdown("No statement of a release has been corrected.")
    return table([tuple(map(cell, asdict(e).values())) for e in found], tuple(Erratum.__dataclass_fields__))


def cell(text: str) -> str:
    """Text of a table's cell."""
    return text.replace("|", "\\|").replace("\n", " ")
