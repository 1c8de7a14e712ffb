"""Published formulas against the derived ones: exact, leading order, or different."""

import pytest
from sympy import sqrt

from proofs.literature import RECIPE, ROWS, Published, compare
from theory.symbols import beta1, decay, energy, lr, momentum

BY_ID = {row.id: row for row in ROWS}
VERDICTS = {
    "SMD-T1": "leading order",
    "SMD-T2": "exact",
    "SMD-T3 (SGD)": "leading order",
    "SMD-T3 (SGDM)": "leading order",
    "KOS-T1-adamw norm": "leading order",
    "KOS-T1-adamw angle": "leading order",
    "KOS-T1-lion norm": "differs",
    "KOS-T1-lion angle": "differs",
}


@pytest.mark.parametrize("row", VERDICTS)
def test_verdicts_on_published_formulas(row):
    """The verdict on each formula is computed to be what the book says of it."""
    assert compare(BY_ID[row]).verdict == VERDICTS[row]


def test_published_angle_of_lion_differs_by_a_third():
    """The derived angle of Lion is 1.25 to 1.35 times the published one at lr*wd = 0.01."""
    found = compare(BY_ID["KOS-T1-lion angle"])
    assert found.recipe["lr"] * found.recipe["wd"] == pytest.approx(0.01)
    assert 1.25 < found.ratio < 1.35


@pytest.mark.parametrize("row", [r for r in VERDICTS if "lion" not in r])
def test_formulas_that_agree_have_a_ratio_of_one(row):
    """Where exact or leading order the ratio at the recipe is one to a thousandth."""
    assert compare(BY_ID[row]).ratio == pytest.approx(1, abs=1e-3)


WRONG = {
    "factor two": ("sgd", "angle", lambda: 2 * sqrt(decay)),
    "exchanged sign": ("sgdm", "angle", lambda: sqrt(2 * decay / (1 - momentum))),
    "norm without decay": ("sgd", "norm", lambda: (energy * lr / 2) ** (1 / 4)),
    "beta1 forgotten": ("adamw", "angle", lambda: sqrt(2 * decay)),
    "beta1 inverted": ("adamw", "angle", lambda: sqrt(2 * decay * (1 + beta1) / (1 - beta1))),
    "nearly right": ("sgd", "angle", lambda: sqrt(2 * decay + decay / 10**6)),
}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_formula_differs(case):
    """A formula that is deliberately wrong gets the verdict *differs*."""
    optimizer, quantity, formula = WRONG[case]
    row = Published("WRONG", "wan2021spherical", "recalled", optimizer, quantity, formula)
    assert compare(row).verdict == "differs"


def test_right_formulas_typed_here_are_recognised():
    """The control of the control: SGD's sqrt(2p) is a leading order and its exact norm is exact."""
    angle = Published("RIGHT", "wan2021spherical", "recalled", "sgd", "angle", lambda: sqrt(2 * decay))
    assert compare(angle).verdict == "leading order"
    exact = lambda: sqrt(lr * sqrt(energy) / sqrt(decay * (2 - decay)))  # noqa: E731
    assert compare(Published("RIGHT", "wan2021spherical", "recalled", "sgd", "norm", exact)).verdict == "exact"


def test_rows_are_unique_and_attributed():
    """Every row has its own id, a source and how the formula was seen."""
    assert len(BY_ID) == len(ROWS)
    assert {row.provenance for row in ROWS} <= {"text", "code", "second-hand", "recalled"}
    assert {row.quantity for row in ROWS} <= {"norm", "angle", "sine"}
    assert {row.optimizer for row in ROWS} == set(RECIPE)
