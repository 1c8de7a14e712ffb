"""Figures that cannot be written are refused in one way by every verb, before it works."""

import shlex
import sys

import pytest

from smd import explaining, simulating, trajectory
from smd.plotting import BadPlot, check_plot

VERBS = {
    "simulate": (simulating, "simulate", "simulate sgd --lr 0.1 --wd 0.1"),
    "trajectory": (trajectory, "trajectory", "trajectory sgd --lr 0.1 --wd 0.1"),
    "explain": (explaining, "explain", "explain {recipe}"),
}
RECIPE = "optimizer: sgd\nlr: 0.1\nwd: 0.1\nsteps: 100\n"
TARGETS = {"figure.docx": "must end in .svg, .pdf or .png", "nowhere/figure.svg": "does not exist", "a.svg": "a folder"}


@pytest.mark.parametrize(("name", "says"), TARGETS.items())
@pytest.mark.parametrize("verb", VERBS)
def test_every_verb_refuses_alike(smd, monkeypatch, tmp_path, verb, name, says):
    """The line names the file and says why; nothing was worked out before."""

    def too_early(*_, **__):
        raise AssertionError("worked before the figure was checked")

    module, function, line = VERBS[verb]
    monkeypatch.setattr(module, function, too_early)
    recipe = tmp_path / "recipe.yaml"
    recipe.write_text(RECIPE, encoding="utf-8")
    (tmp_path / "a.svg").mkdir()
    target = tmp_path / name
    run = smd(*shlex.split(line.format(recipe=recipe)), "--plot", str(target))
    assert run.code == 2
    (complaint,) = run.complaints
    assert complaint.startswith(f"smd: plot = {target}")
    assert says in complaint


@pytest.mark.parametrize("suffix", ["svg", "pdf", "png"])
def test_what_can_be_written_is_not_refused(tmp_path, suffix):
    """A new file of each format passes, and so does one that would be replaced."""
    target = tmp_path / f"figure.{suffix}"
    check_plot(target)
    target.write_text("old", encoding="utf-8")
    check_plot(target)


def test_without_matplotlib_the_extra_is_named(monkeypatch, tmp_path):
    """Where matplotlib is missing the line says what installs it."""
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(BadPlot, match="matplotlib is not installed"):
        check_plot(tmp_path / "figure.svg")
