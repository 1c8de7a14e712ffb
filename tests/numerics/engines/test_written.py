"""The kernels that lie in the repository are those that the rules' lines give."""

from dataclasses import replace

import pytest

from numerics.engines.transcription import transcribe
from numerics.engines.writing import FOLDER, FORMS, source, write
from numerics.updates.sgd import heavy_ball

LINEAR = {
    "sgd", "sgdm", "sgdw", "nesterov", "nesterovw", "ngd", "lars",
    "adamtensor", "adamwtensor", "rmsprop_at_mean", "rmspropw_at_mean", "adam_at_mean", "adamw_at_mean",
    "nadam_at_mean", "nadamw_at_mean", "lamb_at_mean",
}  # fmt: skip


@pytest.mark.parametrize("form", FORMS)
def test_no_kernel_is_stale(form):
    """A form's module is what the writer writes."""
    assert (FOLDER / f"{form}.py").read_text() == source(FORMS[form])


def test_there_is_no_kernel_without_a_form():
    """Every module belongs to a form."""
    assert {path.stem for path in FOLDER.glob("*.py")} == set(FORMS)


def test_writing_writes_what_is_missing_or_altered(tmp_path):
    """The first time everything, then nothing, then what was altered."""
    assert len(write(tmp_path)) == len(FORMS)
    assert write(tmp_path) == []
    (tmp_path / "lion.py").write_text("altered")
    assert write(tmp_path) == [tmp_path / "lion.py"]


def doubled(g, buffer, momentum, dampening, fresh):
    """Heavy ball with one number altered."""
    buffer = momentum * buffer + (1 - 2 * (1 - fresh) * dampening) * g
    return buffer, buffer


def test_another_line_gives_another_kernel():
    """One number altered in a rule's lines alters its source."""
    form = FORMS["sgdm"]
    assert form.direction is heavy_ball
    assert source(replace(form, direction=doubled)) != source(form)


def test_rules_that_turn_with_the_space_are_known():
    """A form folds where its lines are linear in vectors: no signs, no squares of entries."""
    assert {name for name, form in FORMS.items() if transcribe(form).linear} == LINEAR
