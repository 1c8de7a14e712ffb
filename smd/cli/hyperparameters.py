"""Hyper-parameters of any optimizer as options: ``--beta1 0.95``, whatever the optimizer is and takes."""

from __future__ import annotations

from collections.abc import Iterable

import typer

from smd.cli.options import number

SETTINGS = {"allow_extra_args": True, "ignore_unknown_options": True}
"""Context settings of a verb that reads its optimizer's hyper-parameters here."""


def read(context: typer.Context, prefixes: Iterable[str] = ("",)) -> dict[str, dict[str, float | None]]:
    """The options that the verb did not name, as numbers by prefix and name; the optimizer judges the names.

    ``--to-beta1 0.9`` is beta1 under the prefix ``to-``. The longest prefix that fits counts.
    """
    found: dict[str, dict[str, float | None]] = {prefix: {} for prefix in prefixes}
    waiting = list(context.args)
    while waiting:
        option = waiting.pop(0)
        if not option.startswith("--") or option == "--":
            raise typer.BadParameter(f"unexpected argument {option}")
        name, equals, value = option[2:].partition("=")
        if not equals:
            if not waiting or waiting[0].startswith("--"):
                raise typer.BadParameter(f"{option} is unknown, or its number is missing")
            value = waiting.pop(0)
        prefix = max((p for p in found if name.startswith(p)), key=len)
        key = name.removeprefix(prefix).replace("-", "_")
        if key in found[prefix]:
            raise typer.BadParameter(f"{option} is given twice")
        try:
            found[prefix][key] = number(value)
        except typer.BadParameter as wrong:
            raise typer.BadParameter(f"{option}: {wrong}") from None
    return found
