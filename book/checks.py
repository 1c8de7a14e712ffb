"""What a build must have right beyond what Sphinx checks: ``python book/checks.py`` looks at the pages and the HTML.

A decimal in prose must come from the build, or stand in ``allowed_decimals.txt`` with a reason. In the HTML every
internal link and anchor must lead somewhere, every claim be reachable from the index and stand in the LaTeX package,
every published row stand in the audit; figures have what ``figure_checks`` asks.
"""

from __future__ import annotations

import re
import sys
from collections.abc import Iterable, Mapping
from concurrent.futures import ProcessPoolExecutor
from functools import cache
from html.parser import HTMLParser
from pathlib import Path
from urllib.parse import unquote, urldefrag, urlsplit

BOOK = Path(__file__).parent.resolve()
ALLOWED = BOOK / "allowed_decimals.txt"
HTML = BOOK / "_build" / "html"

NOT_PROSE = (
    re.compile(r"\A---\n.*?\n---\n", re.DOTALL),  # front matter
    re.compile(r"^(?P<fence>`{3,})(?!\{(?:note|tip|warning|admonition)).*?^(?P=fence)$", re.DOTALL | re.MULTILINE),
    re.compile(r"\{number\}`[^`]*`"),  # from the build
    re.compile(r"`[^`\n]*`"),  # what a reader types: commands and values of options
    re.compile(r"<[^>\n]*>|\]\([^)\n]*\)"),  # tags and addresses
)
DECIMAL = re.compile(r"(?<![\w.])\d+\.\d+")


def prose(text: str) -> str:
    """A page's prose at its own lines, all else blank."""
    for pattern in NOT_PROSE:
        text = pattern.sub(lambda found: re.sub(r"[^\n]", " ", found[0]), text)
    return text


def decimals(text: str) -> list[tuple[int, str]]:
    """Line and digits of every decimal typed in a page's prose."""
    return [(i, found[0]) for i, line in enumerate(prose(text).splitlines(), 1) for found in DECIMAL.finditer(line)]


def allowed(text: str) -> dict[tuple[str, str], str]:
    """(page, decimal) to reason, of lines ``page decimal: reason``; raises ValueError for one without a reason."""
    found = {}
    for line in text.splitlines():
        if line and not line.startswith("#"):
            place, _, reason = line.partition(": ")
            page, _, decimal = place.partition(" ")
            if not (page and decimal and reason.strip()):
                raise ValueError(f"{line}: it must read page decimal: reason")
            found[page, decimal] = reason
    return found


def typed_decimals(pages: Mapping[str, str], allowance: Mapping[tuple[str, str], str]) -> list[str]:
    """One line for each decimal of the pages' texts that is not allowed, and for each allowance without a decimal."""
    found = {(page, decimal): line for page, text in pages.items() for line, decimal in reversed(decimals(text))}
    lines = [
        f"{page}.md:{line}: {decimal} is typed; take it from the build, or allow it with a reason"
        for (page, decimal), line in found.items()
        if (page, decimal) not in allowance
    ]
    return lines + [
        f"{page} {decimal}: allowed, but on no page" for page, decimal in allowance if (page, decimal) not in found
    ]


class Page(HTMLParser):
    """Links and anchors of a page."""

    def __init__(self, text: str) -> None:
        super().__init__()
        self.links: list[str] = []
        self.anchors: set[str] = set()
        self.feed(text)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Collect."""
        given = dict(attrs)
        self.anchors |= {name for name in (given.get("id"), given.get("name") if tag == "a" else None) if name}
        address = given.get("href") if tag in ("a", "link", "area") else given.get("src")
        if address:
            self.links.append(address)


def built(html: Path) -> list[Path]:
    """The pages of a built book."""
    return [f for f in sorted(html.rglob("*.html")) if "_static" not in f.relative_to(html).parts]


def read(html: Path) -> dict[str, Page]:
    """Every page below a folder, by its path there; processors share them."""
    files = built(html)
    with ProcessPoolExecutor() as pool:
        pages = pool.map(page_of, files, chunksize=8)
        return {f.relative_to(html).as_posix(): page for f, page in zip(files, pages, strict=True)}


def page_of(file: Path) -> Page:
    """A page that lies in a file."""
    return Page(file.read_text(encoding="utf-8"))


def leads_to(page: str, link: str) -> tuple[str, str] | None:
    """File and anchor that an internal link on a page means; None for one that leaves the book."""
    address, anchor = urldefrag(link)
    parts = urlsplit(address)
    if parts.scheme or parts.netloc:
        return None
    if not parts.path:
        return page, unquote(anchor)
    steps: list[str] = page.split("/")[:-1]
    for step in unquote(parts.path).split("/"):
        if step == "..":
            steps = steps[:-1]
        elif step not in ("", "."):
            steps.append(step)
    return "/".join(steps), unquote(anchor)


def dead(pages: Mapping[str, Page], html: Path) -> list[str]:
    """One line for each internal link to no file or no anchor."""

    @cache
    def is_file(name: str) -> bool:
        return (html / name).is_file()

    lines = []
    for name, page in pages.items():
        for link in sorted(set(page.links)):
            there = leads_to(name, link)
            if there is None:
                continue
            file, anchor = there
            if file not in pages and not is_file(file):
                lines.append(f"{name}: {link} leads nowhere")
            elif anchor and file in pages and anchor not in pages[file].anchors:
                lines.append(f"{name}: {link} names no anchor of {file}")
    return lines


def unreachable(pages: Mapping[str, Page], wanted: Iterable[str], start: str = "index.html") -> list[str]:
    """One line for each wanted ``file`` or ``file#anchor`` that no chain of links from the start leads to."""
    seen, waiting = {start}, [start]
    while waiting:
        name = waiting.pop()
        for link in pages[name].links:
            there = leads_to(name, link)
            if there and there[0] in pages and there[0] not in seen:
                seen.add(there[0])
                waiting.append(there[0])
    lines = []
    for address in wanted:
        file, _, anchor = address.partition("#")
        if file not in seen or (anchor and anchor not in pages[file].anchors):
            lines.append(f"{address}: not reachable from {start}")
    return lines


def package_lacks(text: str, ids: Iterable[str]) -> list[str]:
    """One line for each claim that the LaTeX package does not define once, and one if its braces do not match."""
    lines = [f"{i}: not defined once in the package" for i in ids if text.count(f"\\smd@define{{{i}}}%") != 1]
    bare = re.sub(r"\\[{}]|(?<!\\)%.*", "", text)
    return lines + (["the package's braces do not match"] if bare.count("{") != bare.count("}") else [])


def of_sources(book: Path = BOOK) -> list[str]:
    """What is wrong with the pages as written."""
    import permanent

    pages = {page.stem: page.read_text(encoding="utf-8") for page in sorted(book.glob("*.md"))}
    return typed_decimals(pages, allowed(ALLOWED.read_text(encoding="utf-8"))) + permanent.wrong()


def of_html(html: Path = HTML) -> list[str]:
    """What is wrong with the pages as built."""
    import figure_checks
    import permanent

    pages = read(html)
    wanted = [permanent.address(entry) for entry in sorted(permanent.existing())]
    claims = [entry.removeprefix("claim ") for entry in permanent.existing() if entry.startswith("claim ")]
    package = (html / "package" / "smdclaims.sty").read_text(encoding="utf-8")
    lines = dead(pages, html) + unreachable(pages, wanted) + package_lacks(package, sorted(claims))
    return lines + figure_checks.wrong(html)


def main() -> int:
    """Print every line; 1 if there is one."""
    lines = of_sources() + of_html()
    print(*lines, sep="\n", file=sys.stderr, end="\n" if lines else "")
    return 1 if lines else 0


if __name__ == "__main__":
    sys.exit(main())
