"""One page a claim, ``claim/ID.html``: its address stays while chapters are rewritten. Made from its dossier.

Beside it lies the dossier as JSON; in ``package`` the claims as a LaTeX package with its bibliography.
"""

from __future__ import annotations

import hashlib
import json
import re
from collections.abc import Iterator, Sequence
from functools import cache
from html import escape
from pathlib import Path
from typing import Any

import drawn_figures
from claims import COLOUR, ENVIRONMENT, known, pages_of_claims, state
from docutils import nodes
from docutils.parsers.rst.states import Inliner
from markdown_it import MarkdownIt
from mdit_py_plugins.dollarmath import dollarmath_plugin
from pybtex.database import parse_file
from side_by_side import each
from sphinx.application import Sphinx

from proofs import CLAIMS, formulas
from proofs.claim import Kind
from proofs.dossier import NOT_RUN, PAGE, comparisons, dependents
from proofs.experiments import report
from proofs.forest import svg, table
from proofs.latex_package import BIBLIOGRAPHY, NAME, PACKAGE, Citable, bibliography, package
from proofs.status import Status

MADE_FROM = ("*.md", "*.yml", "*.bib", "_ext/*.py", "_static/*.css", "_static/*.js", "data/networks/*.json")
REPORTS = Path(__file__).parents[1] / "data" / "networks"
RUN = re.compile(r"network(-gpu)?: (\S+), (\w+)")
"""The label of a run of an experiment."""
FOLDER = "package"
"""The folder of the LaTeX package."""


@cache
def markdown() -> MarkdownIt:
    """Renders the claims' words: code, and mathematics as Sphinx leaves it to MathJax. A star is a product."""
    reader = MarkdownIt("commonmark").disable(["emphasis", "html_inline", "autolink", "link", "image", "entity"])
    reader.use(
        dollarmath_plugin,
        renderer=lambda tex, options: f'<span class="math notranslate nohighlight">\\({escape(tex)}\\)</span>',
    )
    return reader


def words(text: str) -> str:
    """A line of a claim as HTML."""
    return str(markdown().renderInline(formulas.markdown(text)))


def made_from(book: Path) -> str:
    """Hash of what the claims' pages are made from: what the claims are, the chapters, and the book's own scripts."""
    files = [file for pattern in MADE_FROM for file in sorted(book.glob(pattern))]
    return hashlib.sha256(b"\0".join([state().encode(), *(file.read_bytes() for file in files)])).hexdigest()


def pages(app: Sphinx) -> Sequence[tuple[str, dict[str, Any], str]]:
    """Write a page for each claim that stands in this book, where one is not as it would be made.

    None is left to Sphinx, which writes such pages one after the other.
    """
    if app.builder.name != "html":
        return ()
    stands = pages_of_claims(Path(app.srcdir))
    kept, key = Path(app.doctreedir) / "claim-pages", made_from(Path(app.srcdir))
    whole = all((Path(app.outdir) / PAGE.format(claim_id)).is_file() for claim_id in CLAIMS if claim_id in stands)
    if whole and kept.is_file() and kept.read_text(encoding="utf-8") == key:
        return ()
    references = parse_file(str(Path(app.srcdir) / "references.bib")).entries

    def write(claim_id: str) -> None:
        dossier = known(claim_id)["dossier"]
        chapter = chapter_of(app, claim_id, stands[claim_id])
        body = "\n".join(sections(dossier, chapter, references, set(stands)))
        context = {"title": dossier["heading"], "body": body, "parents": [], "next": None, "prev": None}
        app.builder.handle_page(PAGE.format(claim_id).removesuffix(".html"), context, "page.html")

    each(app, write, [claim_id for claim_id in CLAIMS if claim_id in stands])
    kept.write_text(key, encoding="utf-8")
    return ()


def chapter_of(app: Sphinx, claim_id: str, page: str) -> str:
    """A link to where the book states and derives the claim."""
    environment = ENVIRONMENT.get(Kind(known(claim_id)["dossier"]["kind"]), "proposition")
    numbered = app.env.toc_fignumbers.get(page, {})
    number = next((found[claim_id] for found in numbered.values() if claim_id in found), ())
    title = app.env.titles[page].astext() if page in app.env.titles else page
    name = " ".join([environment.capitalize(), ".".join(map(str, number))]).strip()
    return f'<a class="reference internal" href="../{page}.html#{claim_id}">{name}</a> in <em>{escape(title)}</em>'


def sections(one: dict[str, Any], chapter: str, references: dict[str, Any], stands: set[str]) -> Iterator[str]:
    """The page's parts."""
    claim_id = one["id"]
    yield f'<section id="{claim_id}"><h1>{words(one["heading"])}</h1>'
    yield (
        f'<p class="claim-line"><code>{claim_id}</code> <span>{one["kind"]}</span> <span>{one["setting"]}</span> '
        f"{badge(one['status'])}</p>"
    )
    yield f'<div class="claim-statement" id="statement"><p>{words(one["statement"])}</p>{formula(one)}</div>'
    yield definitions(
        [
            ("Setting", f"{escape(one['setting'])}: {words(one['setting_meaning'])}"),
            ("Notation", words(one["notation"])),
            ("Convention", words(one["convention"] or "")),
            ("Holds if", "".join(f"<div>{words(h)}</div>" for h in one["hypotheses"])),
            ("Derived from", listed(one["depends_on"], stands) or "the update rule, or nothing but definitions"),
            ("Used by", listed(dependents()[claim_id], stands) or "no other claim"),
            ("Compare", "; ".join(reference(references, key) for key in one["sources"])),
            ("Stands as", chapter),
            ("Status", f"{badge(one['status'])} {escape(one['status_meaning'])}"),
        ]
    )
    yield f'<h2 id="evidence">Evidence</h2>{evidence_table(one)}{code(one["recheck"], "Recheck")}'
    if measured := comparisons(one):
        yield f'<h2 id="confrontation">Confrontation</h2><p>{CAPTION}</p>'
        shown = f'<div class="forest-holder" tabindex="0" role="region" aria-label="figure">{svg(measured)}</div>'
        command = f"{one['recheck']} --layer simulation-cpu"
        yield drawn_figures.html(shown, claim_id, command, [f"{claim_id}.json"], up="../")
    files = " and ".join(f'<a download href="../{FOLDER}/{name}">{name}</a>' for name in (PACKAGE, BIBLIOGRAPHY))
    yield f'<h2 id="citing">Cite</h2><p>In a paper, with <code>\\usepackage{{{NAME}}}</code> of {files}:</p>'
    yield code(f"\\smdclaim{{{claim_id}}}")
    yield code(one["citations"]["bibtex"], "BibTeX")
    yield code(one["citations"]["latex"], "LaTeX")
    yield f'<h2 id="coq">Coq</h2>{coq(one["coq"])}'
    yield (
        f'<p class="claim-end">Version {one["version"]}, content hash <code>{one["content_hash"]}</code>. The address '
        f'<code>{PAGE.format(claim_id)}</code> is permanent. All of it as data: <a download href="{claim_id}.json">'
        f"{claim_id}.json</a>.</p></section>"
    )


CAPTION = (
    "Every number that the simulations measured, about its prediction, in units of its error bar (one standard error, "
    "widened by what rounding may add). The line in the middle is the prediction."
)


def badge(status: str) -> str:
    """The computed status in its colour."""
    colour = COLOUR[Status(status)]
    return f'<span class="sd-sphinx-override sd-badge sd-bg-{colour} sd-bg-text-{colour}">{status}</span>'


def formula(one: dict[str, Any]) -> str:
    """The displayed relations; nothing for a claim in words alone."""
    if not one["latex"]["formula"]:
        return ""
    return f'<div class="math notranslate nohighlight">\\[{escape(one["latex"]["formula"])}\\]</div>'


def definitions(rows: list[tuple[str, str]]) -> str:
    """A list of facts; empty ones are left out."""
    shown = "".join(f"<dt>{name}</dt><dd>{text}</dd>" for name, text in rows if text)
    return f'<dl class="claim-list">{shown}</dl>'


def listed(ids: list[str] | tuple[str, ...], stands: set[str]) -> str:
    """Links to claims."""
    return ", ".join(f'<a class="reference internal" href="{i}.html">{i}</a>' if i in stands else i for i in ids)


def reference(references: dict[str, Any], key: str) -> str:
    """Authors, year and title of a source, leading to the bibliography."""
    entry = references[key]
    names = [" ".join(person.last_names) for person in entry.persons["author"]]
    several = len(names) > 2 or names[-1] == "others"
    authors = names[0] + (" et al." if several else f" and {names[1]}" if len(names) == 2 else "")
    title = entry.fields["title"].replace("{", "").replace("}", "")
    return f'<a href="../bibliography.html">{escape(authors)} ({entry.fields.get("year", "n.d.")})</a>, {escape(title)}'


def evidence_table(one: dict[str, Any]) -> str:
    """One row a layer; what applies and has not run says so."""
    rows = []
    for e in one["evidence"]:
        outcome = e["outcome"] + (" (stale)" if e.get("stale") else "")
        if e["outcome"] == NOT_RUN:
            rows.append(
                f"<tr><td>{e['label']}</td><td>{outcome}</td><td>{published(e['label'])}</td><td></td><td></td></tr>"
            )
            continue
        rows.append(
            f"<tr><td>{e['label']}</td><td>{outcome}</td><td>{escape(e['method'])}</td>"
            f'<td><time datetime="{e["date"]}">{e["date"][:10]}</time></td>'
            f'<td title="{told(e["versions"])}">{escape(e["device"])}</td></tr>'
        )
    known_with = sorted({told(e["versions"]) for e in one["evidence"] if "versions" in e})
    head = "".join(f"<th>{name}</th>" for name in ("layer", "verdict", "how", "when", "on"))
    return (
        '<div class="pst-scrollable-table-container"><table class="table claim-evidence"><thead><tr>'
        f"{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
        f'<p class="claim-with">With {"; or ".join(known_with) or "nothing yet"}.</p>'
    )


def published(label: str) -> str:
    """A link to the report of a run that is not among the evidence here, where one was published."""
    run = RUN.fullmatch(label)
    if run is None or not (REPORTS / report.file_name(run[2], run[3], "cuda" if run[1] else "cpu")).exists():
        return ""
    return f'see the <a href="../networks.html#experiment-{run[2]}">published report</a>'


def told(versions: dict[str, str]) -> str:
    """What a layer ran with."""
    return escape(", ".join(f"{name} {number}" for name, number in versions.items()))


def code(text: str, name: str = "") -> str:
    """Text to copy."""
    label = f'<div class="claim-label">{name}</div>' if name else ""
    return (
        f'{label}<div class="highlight-none notranslate claim-source"><div class="highlight">'
        f'<pre tabindex="0">{escape(text)}\n</pre></div></div>'
    )


def coq(found: dict[str, Any]) -> str:
    """What Coq has of the claim."""
    parts = []
    if found["theorems"]:
        parts.append("<p>Its formula is proved from theorems about the sequences themselves:</p>")
        parts.append(code("\n\n".join(found["theorems"])))
    if found["obligations"]:
        parts.append(
            "<details><summary>Its obligations, translated by machine to lemmas</summary>"
            f"{code(chr(10).join(found['obligations']))}</details>"
        )
    if "outside" in found:
        parts.append(f"<p>Its obligations are outside the translation: {escape(found['outside'])}.</p>")
    return "".join(parts)


def download(
    name: str, rawtext: str, text: str, lineno: int, inliner: Inliner, *_: Any, **__: Any
) -> tuple[list[nodes.Node], list[nodes.system_message]]:
    """Role ``{download-link}`FILE` ``: to a file of the LaTeX package."""
    html = f'<a download href="{FOLDER}/{text}"><code>{text}</code></a>'
    return [nodes.raw("", html, format="html"), nodes.raw("", rf"\texttt{{{text}}}", format="latex")], []


def write_files(app: Sphinx, error: Exception | None) -> None:
    """The dossiers as JSON, and the LaTeX package."""
    if error is not None or app.builder.name != "html":
        return
    out = Path(app.outdir)
    stands = pages_of_claims(Path(app.srcdir))
    dossiers = [known(claim_id)["dossier"] for claim_id in CLAIMS if claim_id in stands]
    for one in dossiers:
        file = out / PAGE.format(one["id"]).replace(".html", ".json")
        file.write_text(json.dumps(one, indent=1) + "\n", encoding="utf-8")
        if measured := comparisons(one):
            drawn_figures.write(out, one["id"], table(measured))
    folder = out / FOLDER
    folder.mkdir(exist_ok=True)
    claims = [Citable(**one["latex"]) for one in dossiers]
    (folder / PACKAGE).write_text(package(claims), encoding="utf-8")
    (folder / BIBLIOGRAPHY).write_text(bibliography(claims), encoding="utf-8")


def setup(app: Sphinx) -> dict[str, bool]:
    """Register the pages."""
    app.set_html_assets_policy("always")  # these pages have mathematics that Sphinx did not read
    app.add_role("download-link", download)
    app.connect("html-collect-pages", pages)
    app.connect("build-finished", write_files)
    return {"parallel_read_safe": True}
