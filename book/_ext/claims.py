"""Sphinx directives that print claims from the packages: ``{claim} ID`` and ``{claim-table}``.

A page names a claim; statement, formulas, hypotheses, status and BibTeX come from ``proofs``.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

from docutils import nodes
from docutils.parsers.rst.states import Inliner
from docutils.statemachine import StringList
from drawn_figures import Drawn
from sphinx.application import Sphinx
from sphinx.environment import BuildEnvironment
from sphinx.util.docutils import SphinxDirective

import proofs
from proofs import evidence, formulas
from proofs.citation import notation
from proofs.claim import SETTING_MEANING, Claim, Kind
from proofs.dependencies import depends_on
from proofs.dossier import PAGE, dossier
from proofs.evidence import Evidence
from proofs.formal import correspondence
from proofs.formal.run import headlines
from proofs.graph import connected, family, svg, table
from proofs.latex_package import aligned
from proofs.layers import kernel
from proofs.sources import hash_of_all
from proofs.status import STATUS_MEANING, Status, status
from proofs.verdict import Outcome

COLOUR = {
    Status.REFUTED: "danger",
    Status.STALE: "warning",
    Status.UNDECIDED: "warning",
    Status.SUPPORTED: "info",
    Status.DECIDED: "primary",
    Status.PROVED: "success",
    Status.FULLY_PROVED: "success",
}
ENVIRONMENT = {Kind.EXACT: "theorem", Kind.LEADING_ORDER: "corollary", Kind.BOUND: "lemma"}
ELSEWHERE = (
    r"\emph{{The web page \texttt{{{}.html}} has the graph of what was derived from what; "
    "the last column of the table of claims has its arrows.}}"
)
"""In print, where the graph would be too small to read."""
TYPESET = Path(__file__).parents[1] / ".jupyter_cache" / "claims.json"
"""The claims' MyST sources, made side by side beforehand."""


@cache
def evidence_of(claim: Claim) -> list[Evidence]:
    """The evidence on a claim, read once: a book shows what there was when it was begun."""
    return evidence.of(claim)


@cache
def standing(claim: Claim) -> Status:
    """The status by that evidence."""
    return status(claim, evidence_of)


def state() -> str:
    """What the sources of the claims were made from: the packages, and the evidence."""
    known = sorted(f"{e.claim} {e.label} {e.outcome} {e.date}" for c in proofs.CLAIMS.values() for e in evidence_of(c))
    return hashlib.sha256("\n".join([hash_of_all(), *known]).encode()).hexdigest()


@cache
def typeset() -> dict[str, dict[str, Any]]:
    """By claim id its MyST ``source`` and its ``dossier``, empty where they were made from something else."""
    if not TYPESET.exists():
        return {}
    found = json.loads(TYPESET.read_text(encoding="utf-8"))
    return dict(found["claims"]) if found["state"] == state() else {}


def typesetting(ids: Sequence[str]) -> dict[str, dict[str, Any]]:
    """The same of these claims, made now."""
    return {
        name: {"source": claim_source(proofs.CLAIMS[name]), "dossier": dossier(proofs.CLAIMS[name])} for name in ids
    }


def known(claim_id: str) -> dict[str, Any]:
    """The same of one claim, from the file if it is there."""
    return typeset().get(claim_id) or typesetting([claim_id])[claim_id]


class ClaimDirective(SphinxDirective):
    """A claim as a numbered environment with its facts and its BibTeX."""

    required_arguments = 1

    def run(self) -> list[nodes.Node]:
        name = self.arguments[0]
        if name not in proofs.CLAIMS:
            raise self.error(f"there is no claim {name}")
        note_claims(self)
        return parsed(self, known(name)["source"])


class ClaimTableDirective(SphinxDirective):
    """Every claim with its computed status, linked to where it stands."""

    def run(self) -> list[nodes.Node]:
        note_claims(self)
        rows = ["| claim | kind | setting | status | derived from |", "|---|---|---|---|---|"]
        for claim in proofs.CLAIMS.values():
            origins = ", ".join(f"{{claim-id}}`{other}`" for other in depends_on(claim)) or "the update rule"
            cells = (
                f"{{claim-id}}`{claim.id}` ({reference(claim.id)})",
                claim.kind,
                claim.setting,
                badge(claim),
                origins,
            )
            rows.append("| " + " | ".join(map(str, cells)) + " |")
        return parsed(self, "\n".join(rows))


class KernelTableDirective(SphinxDirective):
    """What Coq has checked, by the fresh evidence there is."""

    def run(self) -> list[nodes.Node]:
        note_claims(self)
        fresh = [
            e for c in proofs.CLAIMS.values() for e in evidence_of(c) if e.layer == kernel.LAYER and not e.is_stale
        ]
        held = [e for e in fresh if e.outcome is Outcome.HOLDS]
        rows = (
            ("claims", len(proofs.CLAIMS)),
            ("whose obligations Coq has checked here", len(held) or "none: Coq has not run on these sources"),
            ("by lemmas", sum(int(str(e.detail["lemmas"])) for e in held)),
            ("whose formula is proved from a theorem", len(correspondence.claims())),
            ("outside the translation", len(kernel.outside())),
            ("headline theorems, with their axioms on record", len(headlines())),
        )
        return parsed(self, "\n".join(["| | |", "|---|---|", *(f"| {name} | {value} |" for name, value in rows)]))


class ClaimGraphDirective(SphinxDirective):
    """What was derived from what, each claim linked to where it stands; with an argument, that claim's part."""

    optional_arguments = 1

    def run(self) -> list[nodes.Node]:
        note_claims(self)
        pages = pages_of_claims(Path(self.env.srcdir))
        chosen = family(self.arguments[0]) if self.arguments else connected()
        drawn = svg(
            chosen, lambda claim_id: f"{pages[claim_id]}.html#{claim_id}" if claim_id in pages else None, standing
        )
        name = "-".join(["graph", *self.arguments])
        command = " ".join(["smd claims", *self.arguments, f"--graph {name}.svg"])
        inline = f'<div class="claim-graph" tabindex="0" role="region" aria-label="graph">{drawn}</div>'
        return [
            Drawn("", name=name, inline=inline, data=table(chosen, standing), command=command),
            nodes.raw("", ELSEWHERE.format(self.env.docname), format="latex"),
        ]


def pages_of_claims(source: Path) -> dict[str, str]:
    """The page on which each claim stands."""
    found = {}
    for page in sorted(source.glob("*.md")):
        for claim_id in re.findall(r"^```\{claim\} (\S+)$", page.read_text(encoding="utf-8"), re.MULTILINE):
            found[claim_id] = page.stem
    return found


def parsed(directive: SphinxDirective, source: str) -> list[nodes.Node]:
    """The nodes of MyST source, parsed where the directive stands."""
    holder = nodes.container()
    lines = StringList(source.splitlines(), directive.env.doc2path(directive.env.docname))
    directive.state.nested_parse(lines, directive.content_offset, holder)
    return holder.children


def claim_source(claim: Claim) -> str:
    """MyST source of a claim."""
    environment = ENVIRONMENT.get(claim.kind, "proposition")
    formula = aligned(claim)
    displayed = f"```{{math}}\n:label: eq-{claim.id}\n\n{formula}\n```\n" if formula else ""
    return f"""
::::{{prf:{environment}}} {claim.heading}
:label: {claim.id}

{formulas.markdown(claim.statement)}

{displayed}::::

:::::{{div}} claim-facts
{facts(claim)}

{{claim-link}}`{claim.id}`
:::::
"""


def facts(claim: Claim) -> str:
    """What must stand beside the statement."""
    rows = [
        ("Claim", f"`{claim.id}`, {claim.kind}"),
        ("Setting", f"{claim.setting}: {formulas.markdown(SETTING_MEANING[claim.setting])}"),
        ("Notation", notation(claim)),
    ]
    if claim.convention:
        rows.append(("Convention", formulas.markdown(claim.convention)))
    if claim.hypotheses:
        rows.append(("Holds if", formulas.markdown("; ".join(claim.hypotheses)).replace("|", "\\|")))
    if depends_on(claim):
        rows.append(("Derived from", ", ".join(reference(other) for other in depends_on(claim))))
    if claim.sources:
        rows.append(("Compare", " ".join(f"{{cite:t}}`{key}`" for key in claim.sources)))
    rows.append(("Status", f"{badge(claim)} {STATUS_MEANING[standing(claim)]}"))
    return "\n".join(["| | |", "|---|---|", *(f"| {name} | {text} |" for name, text in rows)])


def link_to(
    name: str, rawtext: str, text: str, lineno: int, inliner: Inliner, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Roles ``{claim-link}`ID` `` and ``{claim-id}`ID` ``: to the claim's own page, in HTML; its id elsewhere."""
    if text not in proofs.CLAIMS:
        return [], [inliner.reporter.error(f"there is no claim {text}", line=lineno)]
    address = "../" * inliner.document.settings.env.docname.count("/") + PAGE.format(text)
    shown = text if name == "claim-id" else f"Evidence, figure, LaTeX, BibTeX and Coq of {text}"
    html = f'<a class="{name}" href="{address}">{shown}</a>'
    latex = r"\texttt{" + text.replace("_", r"\_").replace("-", r"-\allowbreak ") + "}"
    return [nodes.raw("", html, format="html"), nodes.raw("", latex, format="latex")], []


def badge(claim: Claim) -> str:
    """The computed status in its colour."""
    known = standing(claim)
    return f"{{bdg-{COLOUR[known]}}}`{known}`"


def reference(claim_id: str) -> str:
    """A link to a claim's environment."""
    kind = ENVIRONMENT.get(proofs.CLAIMS[claim_id].kind, "proposition").capitalize()
    return f"{{prf:ref}}`{claim_id} ({kind} {{number}}) <{claim_id}>`"


def note_claims(directive: SphinxDirective) -> None:
    """Remember that the page shows evidence."""
    directive.env.metadata[directive.env.docname]["evidence"] = True


def pages_with_claims(environment: BuildEnvironment) -> list[str]:
    """Names of the pages that show evidence."""
    return sorted(page for page, told in environment.metadata.items() if told.get("evidence"))


def outdated(app: Sphinx, environment: BuildEnvironment, *_: object) -> list[str]:
    """Pages to read again because evidence changed since they were read."""
    now = state()
    before, environment.smd_evidence = getattr(environment, "smd_evidence", None), now  # type: ignore[attr-defined]
    return [] if now == before else pages_with_claims(environment)


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the directives."""
    app.connect("env-get-outdated", outdated)
    app.add_role("claim-link", link_to)
    app.add_role("claim-id", link_to)
    app.add_directive("claim", ClaimDirective)
    app.add_directive("claim-table", ClaimTableDirective)
    app.add_directive("claim-graph", ClaimGraphDirective)
    app.add_directive("kernel-table", KernelTableDirective)
    return {"parallel_read_safe": True}
