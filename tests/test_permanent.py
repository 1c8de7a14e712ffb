"""Permanent ids: the list holds everything there is, and neither it nor its history loses an entry."""

import runpy
import shutil
import subprocess
from collections import Counter
from pathlib import Path

import pytest

from proofs.literature import ROWS, UNAUDITED

BOOK = Path(__file__).parents[1] / "book"
permanent = runpy.run_path(str(BOOK / "permanent.py"))
differences, listed, history = (permanent[name] for name in ("differences", "listed", "history"))
NOW = {"claim sgd-norm", "row SMD-T1", "page sgd"}


def test_no_permanent_id_is_gone_or_unlisted():
    """The file, everything that git knows of it, and what exists agree."""
    assert permanent["wrong"]() == []


def test_anchors_of_rows_differ():
    """No two published rows share an address."""
    anchors = Counter(permanent["anchor"](row.id) for row in (*ROWS, *UNAUDITED))
    assert set(anchors.values()) == {1}
    assert permanent["address"]("row KOS-T1-lion angle") == "literature.html#row-kos-t1-lion-angle"
    assert permanent["address"]("claim sgd-norm") == "claim/sgd-norm.html"


@pytest.mark.parametrize(
    ("before", "now", "exists", "says"),
    [
        ({}, NOW, NOW - {"claim sgd-norm"}, "claim sgd-norm: a permanent id is gone"),
        ({}, NOW, NOW - {"page sgd"} | {"page plain-sgd"}, "page sgd: a permanent id is gone"),
        ({}, NOW, NOW | {"claim new"}, "claim new: not listed"),
        ({"abc": {*NOW, "claim old"}}, NOW, NOW, "claim old: a permanent id that abc listed"),
    ],
    ids=["removed", "renamed", "added", "removed everywhere"],
)
def test_control_a_lost_id_is_seen(before, now, exists, says):
    """An id that is removed, renamed, or removed from the list too, is named; so is one that nobody listed."""
    assert any(line.startswith(says) for line in differences(before, now, exists))
    assert differences({"abc": NOW}, NOW, NOW) == []


@pytest.mark.skipif(shutil.which("git") is None, reason="git is not installed")
def test_control_history_remembers_what_the_file_forgot(tmp_path):
    """An entry that one commit listed and the next removed is found in the history."""
    file = tmp_path / "permanent_ids.txt"
    git = ["git", "-c", "user.name=a", "-c", "user.email=a@localhost", "-c", "commit.gpgsign=false"]
    subprocess.run([*git, "init", "-q"], cwd=tmp_path, check=True)
    for text in ("claim kept\nclaim lost\n", "claim kept\n"):
        file.write_text(text)
        subprocess.run([*git, "add", "."], cwd=tmp_path, check=True)
        subprocess.run([*git, "commit", "-q", "-m", "list"], cwd=tmp_path, check=True)
    now = listed(file.read_text())
    assert [line.split(":")[0] for line in differences(history(file), now, now)] == ["claim lost"]


def test_a_folder_without_git_has_no_history(tmp_path):
    """Outside a repository nothing is known of the past, and nothing is claimed."""
    assert history(tmp_path / "permanent_ids.txt") == {}
