"""The theory's derived expressions as a classic script, so that a page gives their numbers without a kernel.

The Python source that ``theory.codegen`` prints from SymPy's expressions is read again and printed as JavaScript,
operation by operation, so both languages evaluate one and the same form. Nothing but arithmetic passes: a construct
without a form here is refused. What Python keeps as data (ranges, defaults, names, thresholds) goes along as data.
"""

from __future__ import annotations

import ast
import json
from collections.abc import Collection, Mapping
from typing import Any

CALLS = {"sqrt": "Math.sqrt", "arcsin": "Math.asin", "abs": "Math.abs"}
CONSTANTS = {"pi": "Math.PI", "inf": "Infinity"}
OPERATORS = {ast.Add: "+", ast.Sub: "-", ast.Mult: "*", ast.Div: "/"}


class NotArithmetic(ValueError):
    """A piece of Python that has no form in JavaScript here; the message shows it."""


def translated(code: str, leave_out: Collection[str] = ()) -> str:
    """An object of the functions and facts that Python source from ``theory.codegen`` defines.

    A function of keywords becomes a function of one object that has them as keys. Raises NotArithmetic.
    """
    fields = {}
    for statement in ast.parse(code).body:
        if isinstance(statement, ast.FunctionDef) and statement.name not in leave_out:
            fields[statement.name] = _function(statement)
        elif isinstance(statement, ast.Assign):
            (target,) = statement.targets
            fields[ast.unparse(target)] = literal(_fact(statement.value))
    return object_of(fields)


def expression(node: ast.expr) -> str:
    """JavaScript for an arithmetic expression, every operation in brackets of its own."""
    match node:
        case ast.List(elts=items):
            return "[" + ", ".join(map(expression, items)) + "]"
        case ast.Constant(value=int() | float() as value):
            return repr(value)
        case ast.Name(id=name) | ast.Attribute(value=ast.Name(id="numpy"), attr=name):
            return CONSTANTS.get(name, name)
        case ast.UnaryOp(op=ast.USub(), operand=operand):
            return f"(-{expression(operand)})"
        case ast.BinOp(left=left, op=ast.Pow(), right=right):
            return f"Math.pow({expression(left)}, {expression(right)})"
        case ast.BinOp(left=left, op=op, right=right) if type(op) in OPERATORS:
            return f"({expression(left)} {OPERATORS[type(op)]} {expression(right)})"
        case ast.Call(func=ast.Attribute(value=ast.Name(id="numpy"), attr=name) | ast.Name(id=name), args=[only]):
            if name in CALLS:
                return f"{CALLS[name]}({expression(only)})"
    raise NotArithmetic(f"{ast.unparse(node)} has no form in JavaScript here")


def literal(value: Any) -> str:
    """Data as JavaScript, infinities by name."""
    return json.dumps(value)


def _function(statement: ast.FunctionDef) -> str:
    body = statement.body[0]
    if len(statement.body) > 1 or not isinstance(body, ast.Return) or body.value is None:
        raise NotArithmetic(f"{statement.name} is more than an expression")
    names = ", ".join(argument.arg for argument in statement.args.kwonlyargs)
    return f"({{{names}}}) => {expression(body.value)}"


def object_of(fields: Mapping[str, str]) -> str:
    """An object of fields whose values are JavaScript."""
    return "{\n" + ",\n".join(f"{name}: {code}" for name, code in fields.items()) + "\n}"


def _fact(node: ast.expr) -> Any:
    """A constant; of a table of functions the names of its rows, for the functions have names of their own."""
    if isinstance(node, ast.Dict) and all(isinstance(value, ast.Dict) for value in node.values):
        return [ast.literal_eval(key) for key in node.keys if key is not None]
    names = {"inf": float("inf"), "__builtins__": {}}
    return eval(compile(ast.Expression(node), "<fact>", "eval"), names)  # noqa: S307
