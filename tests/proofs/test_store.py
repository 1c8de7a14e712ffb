"""What is stored is read back; what is damaged, or cannot be stored, is derived and costs no more than that."""

import json

import pytest

from proofs.store import stored


@pytest.fixture
def folder(tmp_path, monkeypatch):
    """The user's cache."""
    monkeypatch.setenv("SMD_CACHE_DIR", str(tmp_path))
    return tmp_path


def test_what_is_stored_is_not_derived_again(folder):
    """The second value, which differs, is never asked for; no unfinished file is left."""
    assert stored("some/thing", lambda: [1, "x"]) == [1, "x"]
    assert stored("some/thing", lambda: [2]) == [1, "x"]
    assert [file.name for file in (folder / "some").iterdir()] == ["thing.json"]


@pytest.mark.parametrize("damage", ["", "{", "[]", '"words"', '{"another": 1}'])
def test_a_damaged_file_is_written_again(folder, damage):
    """It costs the derivation and no more."""
    stored("thing", lambda: 7)
    file = folder / "thing.json"
    file.write_text(damage)
    assert stored("thing", lambda: 8) == 8
    assert json.loads(file.read_text()) == {"stored": 8}


def test_what_cannot_be_stored_is_derived(folder):
    """A file stands where the folder would be."""
    (folder / "some").write_text("")
    assert stored("some/thing", lambda: 7) == 7
