"""Every place that states the version states the same one."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from proofs import CLAIMS, cite
from proofs.dossier import dossier
from proofs.latex_package import package
from proofs.release import AUTHOR, RELEASED, package_version, versions

ROOT = Path(__file__).parents[2]


def text(name):
    """A file at the project's root."""
    return (ROOT / name).read_text(encoding="utf-8")


def stated():
    """Version and date, or year and month, as each place states them."""
    citation = dict(re.findall(r"^(version|date-released): \"?([^\"\n]+)\"?$", text("CITATION.cff"), re.MULTILINE))
    newest = re.search(r"^## (\S+) \((\S+)\)$", text("CHANGELOG.md"), re.MULTILINE)
    entry = cite(CLAIMS["angle-chord-sine"])
    year, month = (re.search(rf"{name} = {{(\d+)}}", entry)[1] for name in ("year", "month"))
    style = re.search(r"\\ProvidesPackage\{smdclaims\}\[(\S+) v(\S+) ", package([]))
    return {
        "pyproject.toml": (tomllib.loads(text("pyproject.toml"))["project"]["version"], RELEASED),
        "the installed package": (package_version(), RELEASED),
        "CITATION.cff": (citation["version"], citation["date-released"]),
        "CHANGELOG.md": newest.groups(),
        "BibTeX": (re.search(r"version ([^}]+)}", entry)[1], f"{year}-{int(month):02}-{RELEASED[-2:]}"),
        "smdclaims.sty": (style[2], style[1].replace("/", "-")),
        "the book": (dossier(CLAIMS["angle-chord-sine"])["version"], RELEASED),
    }


def disagreeing(places):
    """The places that state another version or date than pyproject.toml with proofs.release."""
    return [place for place, found in places.items() if found != places["pyproject.toml"]]


def test_every_place_states_the_same_version():
    """Package, citation file, changelog, BibTeX, LaTeX package and the book's pages agree on version and date."""
    assert disagreeing(stated()) == []
    assert f'name: "{AUTHOR}"' in text("CITATION.cff")


@pytest.mark.parametrize("place", ["CITATION.cff", "CHANGELOG.md", "BibTeX", "smdclaims.sty", "the book"])
@pytest.mark.parametrize("wrong", [("9.9.9", RELEASED), (None, "1999-01-01")], ids=["version", "date"])
def test_control_a_place_that_differs_is_named(place, wrong):
    """Another version or another date in one place is seen."""
    places = stated()
    places[place] = (wrong[0] or places[place][0], wrong[1])
    assert disagreeing(places) == [place]


def test_release_date_is_a_date():
    """The date of the release is one of the calendar."""
    assert date.fromisoformat(RELEASED).isoformat() == RELEASED


def test_versions_of_what_is_installed():
    """Versions are given for what is installed, and what is not is left out."""
    found = versions("sympy", "surely-not-installed-anywhere")
    assert set(found) == {"sympy"}
