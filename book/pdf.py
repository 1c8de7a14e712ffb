"""The book as a PDF: ``python book/pdf.py``, after ``book/build.py``, whose pages and cached cells it uses.

Fails where a reference is undefined, a sign has no glyph, something runs off the page, or a number is not that of
the web pages. INSTALL=1 in the environment installs TeX first.
"""

from __future__ import annotations

import re
import shutil
import subprocess
import sys
import time

import build
import numbering

from proofs.installing import provided

LATEX = build.BUILD / "latex"
NAME = "spherical-motion"
INSTALL = (
    "apt-get update && apt-get install -y --no-install-recommends latexmk texlive-xetex texlive-latex-recommended "
    "texlive-latex-extra texlive-fonts-recommended lmodern librsvg2-bin poppler-utils"
)
PROGRAMS = ("latexmk", "xelatex", "rsvg-convert", "pdftotext")
FILES = ("unicode-math.sty", "newunicodechar.sty", "tabulary.sty", "lmroman10-regular.otf")
WRONG = re.compile(
    r"^(?:! .*|Missing character: .*|LaTeX Warning: (?:Hyper reference|Reference|Citation) .*|"
    r"LaTeX Warning: Label .* multiply.*)",
    re.MULTILINE,
)
OVERFULL = re.compile(r"^Overfull \\([hv])box \((\d+\.\d+)pt too (?:wide|high)\).*", re.MULTILINE)
MARGIN = 40
"""Points beyond the text that are still on the paper, whose margin is 71 points."""
SMALLER = re.compile(r"^smdfit (\d+\.\d+)pt on (\d+\.\d+)pt", re.MULTILINE)
LEAST = 0.45
"""The least size of a formula that can be read, over that of the text."""


def missing() -> str | None:
    """None where the programs and TeX's packages are there, else one line that says how to install them."""
    lacks = [name for name in PROGRAMS if shutil.which(name) is None]
    if not lacks:
        lacks = [name for name in FILES if subprocess.run(["kpsewhich", name], capture_output=True).returncode]
    return f"TeX lacks {', '.join(lacks)}; as root on Debian or Ubuntu: {INSTALL}" if lacks else None


def wrong(log: str) -> list[str]:
    """What a log of TeX tells: errors, undefined references, signs without a glyph, what leaves the page."""
    text = re.sub(r"(?<=[^\n]{79})\n", "", log)  # TeX breaks its lines there
    lines = [found[0] for found in WRONG.finditer(text)]
    lines += [found[0] for found in OVERFULL.finditer(text) if float(found[2]) > MARGIN]
    fits = ((found[0], float(found[2]) / float(found[1])) for found in SMALLER.finditer(text))
    return list(dict.fromkeys(lines + [f"{line}: too small to read" for line, size in fits if size < LEAST]))


def typeset() -> bool:
    """Run TeX until its references stand."""
    command = ["latexmk", "-xelatex", "-interaction=nonstopmode", "-halt-on-error", f"{NAME}.tex"]
    with build.log_of("tex").open("w", encoding="utf-8") as log:
        return subprocess.run(command, cwd=LATEX, stdout=log, stderr=subprocess.STDOUT).returncode == 0


def main() -> int:
    """Write, typeset, check, and say where the book lies."""
    begin = time.monotonic()
    if hint := provided("TeX", INSTALL, missing):
        print(hint, file=sys.stderr)
        return 2
    html = build.BUILD / "html"
    if not (html / "index.html").is_file():
        print("The web pages, whose numbers the PDF has, are not built: make book", file=sys.stderr)
        return 2
    made = build.BUILD / f"{NAME}.pdf"
    made.unlink(missing_ok=True)
    print("Writing LaTeX", flush=True)
    if not build.render("latex"):
        print(f"LaTeX was not written; the log is {build.log_of('latex')}", file=sys.stderr)
        return 1
    print("Typesetting", flush=True)
    held = typeset()
    log = LATEX / f"{NAME}.log"
    lines = wrong(log.read_text(encoding="utf-8", errors="replace")) if log.is_file() else []
    if not build.passed("What TeX tells", lines) or not held:
        print(f"The PDF was not made; the log is {build.log_of('tex')}", file=sys.stderr)
        return 1
    print("Comparing numbers with the web pages", flush=True)
    web, pdf = numbering.of_html(html), LATEX / f"{NAME}.pdf"
    text = subprocess.run(["pdftotext", "-layout", str(pdf), "-"], capture_output=True, text=True, check=True).stdout
    tex = numbering.of_tex((LATEX / f"{NAME}.tex").read_text(encoding="utf-8"))
    if not build.passed("The numbers in print", numbering.differences(web, tex) + numbering.unseen(web, text)):
        return 1
    shutil.copyfile(pdf, made)
    print(f"{len(web)} numbers are those of the web pages. {text.count(chr(12))} pages, ", end="")
    print(f"{made.stat().st_size / 2**20:.1f} MiB, in {time.monotonic() - begin:.0f} s: {made}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
