"""Every place that states the version states the same one."""

import re
import tomllib
from datetime import date
from pathlib import Path

import pytest

from proofs.release import AUTHOR, RELEASED, package_version, versions

ROOT = Path(__file__).parents[2]


def text(name):
    """A file at the project's root."""
    return (ROOT / name).read_text(encoding="utf-8")


@pytest.fixture(scope="module")
def version():
    """The version of the build."""
    return tomllib.loads(text("pyproject.toml"))["project"]["version"]


def test_version_is_that_of_the_build(version):
    """The installed package has the version of pyproject.toml."""
    assert package_version() == version


def test_citation_file_has_the_version(version):
    """CITATION.cff names version, date and author of the release."""
    found = dict(re.findall(r"^(version|date-released): \"?([^\"\n]+)\"?$", text("CITATION.cff"), re.MULTILINE))
    assert found == {"version": version, "date-released": RELEASED}
    assert f'name: "{AUTHOR}"' in text("CITATION.cff")


def test_changelog_begins_with_the_version(version):
    """The newest entry of the changelog is this version on its date."""
    newest = re.search(r"^## (\S+) \((\S+)\)$", text("CHANGELOG.md"), re.MULTILINE)
    assert newest.groups() == (version, RELEASED)


def test_release_date_is_a_date():
    """The date of the release is one of the calendar."""
    assert date.fromisoformat(RELEASED).isoformat() == RELEASED


def test_versions_of_what_is_installed():
    """Versions are given for what is installed, and what is not is left out."""
    found = versions("sympy", "surely-not-installed-anywhere")
    assert set(found) == {"sympy"}
