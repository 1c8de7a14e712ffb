"""The book's figures are drawn again by their commands, and not where they part from the theory."""

import os
import subprocess
import sys

from proofs.experiments.drawn import rows
from tests.scripts import BOOK


def test_a_figure_is_drawn_again_as_the_book_has_it(tmp_path):
    """By its command, twice to the byte; a number that there is not is one line."""
    command = [sys.executable, str(BOOK / "draw.py"), "nesterov"]
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        done = subprocess.run(
            [*command, "1", "--into", str(tmp_path / name)], capture_output=True, text=True, timeout=300
        )
        assert done.returncode == 0, done.stderr[-2000:]
    one, two = (sorted((tmp_path / name).iterdir()) for name in ("one", "two"))
    assert [f.name for f in one] == ["nesterov-1.csv", "nesterov-1.svg"]
    assert [f.read_bytes() for f in one] == [f.read_bytes() for f in two]
    assert len(rows(one[0].read_text(encoding="utf-8"))) > 10
    done = subprocess.run([*command, "9", "--into", str(tmp_path)], capture_output=True, text=True, timeout=300)
    assert done.returncode == 2
    assert done.stderr.splitlines()[-1].endswith("number = 9: nesterov has 4 figures")


WITHOUT_DIM = """
import figures
point = {"law": "fixed", "dim": 64, "products": (1e-3,), "lr": 0.05, "beta1": 0.9}
figures.measured_against_theory("adam_l2", **point)
print("drawn", flush=True)
right = figures.predict
figures.predict = lambda *rule, dim, **given: right(*rule, **given)
figures.measured_against_theory("adam_l2", **point)
"""


def test_control_a_figure_that_parts_from_the_theory_is_none():
    """Of a law that was not told the dimension no figure is drawn, and the page errs."""
    command = [sys.executable, "-c", WITHOUT_DIM]
    ran = subprocess.run(command, cwd=BOOK, env={**os.environ, "MPLBACKEND": "agg"}, capture_output=True, text=True)
    assert ran.stdout.split() == ["drawn"], ran.stderr
    assert "ValueError: adam_l2 at lr*wd = 0.001" in ran.stderr
