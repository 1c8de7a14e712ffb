"""The command ``smd``: its verbs, and the one line that every mistake earns."""

from __future__ import annotations

import re
import sys
from importlib import metadata

import typer

from smd.cli import (
    audit,
    bench,
    cite,
    claims,
    confront,
    derive,
    diff,
    explain,
    hyperparameters,
    mutants,
    overlay,
    power,
    predict,
    promote,
    run,
    simulate,
    solve,
    trajectory,
    translate,
    verify,
    watch,
)

app = typer.Typer(
    help="Spherical motion dynamics: what weight decay does to scale-invariant weights.",
    add_completion=False,
    rich_markup_mode=None,
    pretty_exceptions_enable=False,
)
app.command("predict")(predict.command)
app.command("simulate")(simulate.command)
app.command("trajectory")(trajectory.command)
app.command("solve", context_settings=hyperparameters.SETTINGS)(solve.command)
app.command("translate", context_settings=hyperparameters.SETTINGS)(translate.command)
app.command("diff", context_settings=hyperparameters.SETTINGS)(diff.command)
app.command("explain")(explain.command)
app.command("derive")(derive.command)
app.command("claims")(claims.command)
app.command("cite")(cite.command)
app.command("audit")(audit.command)
app.command("verify")(verify.command)
app.command("mutants")(mutants.command)
app.command("promote")(promote.command)
app.command("confront", context_settings=hyperparameters.SETTINGS)(confront.command)
app.command("power")(power.command)
app.command("run")(run.command)
app.command("bench")(bench.command)
app.command("watch")(watch.command)
app.command("overlay")(overlay.command)

INTERRUPTED = 130


def main() -> None:
    """Run the command; bad input is one line on standard error and exit code 2."""
    try:
        code = app(sys.argv[1:] or ["--help"], standalone_mode=False)
    except (typer.Abort, KeyboardInterrupt):
        code = INTERRUPTED
    except Exception as mistake:
        message = _message(mistake)
        if message is None:
            raise
        print(f"smd: {' '.join(message.split())}", file=sys.stderr)
        code = 2
    if code == INTERRUPTED:  # some versions of typer return it instead of raising
        print("smd: interrupted", file=sys.stderr)
    sys.exit(code or 0)


def _message(mistake: Exception) -> str | None:
    """What to tell a person, or None for a fault of ours.

    Usage errors are known by their method: typer carries click's classes under changing names.
    """
    if isinstance(mistake, OSError) and mistake.filename is not None:
        return f"{mistake.filename}: {mistake.strerror}"
    if isinstance(mistake, ModuleNotFoundError) and (extra := _extra(mistake.name or "")):
        remedy = f"pip install 'spherical-motion[{extra}]'"
        return f"{mistake.name} is not installed; it comes with the extra {extra}: {remedy}"
    if hasattr(mistake, "format_message"):
        return str(mistake.format_message()) or "a verb is missing; smd --help lists them"
    return str(mistake) if _is_ours(mistake) else None


def _extra(module: str) -> str | None:
    """The extra that brings a module; None for one of ours and for what comes anyway."""
    root = module.partition(".")[0]
    package = {"sklearn": "scikit-learn"}.get(root, root)
    lines = metadata.requires("spherical-motion") or ()
    listed = (re.match(r"([\w-]+).*\bextra == \W(\w+)", line) for line in lines)
    return next((found[2] for found in listed if found and found[1] == package), None)


def _is_ours(mistake: Exception) -> bool:
    """Whether the message was written for a person: our own exceptions, and files that cannot be reached."""
    return isinstance(mistake, OSError) or type(mistake).__module__.partition(".")[0] in (
        "theory",
        "numerics",
        "proofs",
        "smd",
    )
