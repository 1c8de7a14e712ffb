"""Published statements against what is derived: every verdict is computed, and changes when a formula does."""

import re
from dataclasses import replace
from pathlib import Path

import pytest
from sympy import Integer, Rational, cancel, exp, powdenest, sqrt

import theory
from proofs.claims import CLAIMS
from proofs.literature import (
    INCONSISTENT,
    PROVENANCES,
    QUESTIONS,
    ROWS,
    TOPICS,
    UNAUDITED,
    Published,
    Relation,
    compare,
)
from proofs.literature.comparison import value
from proofs.literature.derived import of
from proofs.literature.published import printed
from theory.symbols import beta1, dampening, decay, energy, lr, momentum, wd

HERE = Path(__file__)
BOOK = HERE.parents[2] / "book"
BY_ID = {row.id: row for row in ROWS}
LISTED = {
    line
    for line in (HERE.parent / "published_statements.txt").read_text(encoding="utf-8").split("\n")
    if line[:1] > "#"
}
VERDICTS = {
    "exact": (
        "SMD-T2", "SMD-L1 orthogonal", "SMD-L1 scale", "SMD-D2", "SMD-D3", "SMD-E9", "SIB-1 norm", "KOS-T1-lion update",
        "WEN-1 norm", "WEN-1 relative update", "ADP-2", "LA-T1 SGD", "LA-T1 number", "ROB-1 beta2", "AMI-1 law",
        "AMI-2", "AMI-3 modulus", "KOD-THR", "KOD-DIV", "SU-1", "SU-1 number", "SU-4 series", "WA-1 mean age",
        "K25-2 scalings", "DEF-3 decay", "LIK-1", "KOS-SS", "VL-1",
    ),
    "leading order": (
        "SMD-T1", "SMD-T3 SGD", "SMD-T3 SGDM", "SMD-R1 norm", "SMD-R1 time", "SMD-R2 speed", "SMD-RESC",
        "SMD-DROP at once", "SMD-DROP growth", "KOS-T1-sgdm norm", "KOS-T1-sgdm angle", "KOS-T1-adamw norm",
        "KOS-T1-adamw angle", "KOS-T1-adaml2 norm", "KOS-T1-adaml2 angle", "KOS-TUC", "KOS-TRANS", "CH-1 norm",
        "CH-1 angle", "LLA-1 norm", "LA-T1 momentum", "ROB-1 equivalence", "DEF-1", "DEF-3 ratio", "CHO-1 schedule",
        "SU-2", "K25-EQ11", "KUN-1", "KUN-2", "VL-2 SGD", "BLOG-1 SGD", "KOS-RV angle", "KOS-X1", "ADP-1",
    ),
    "bound": (
        "SMD-T1 decay", "SMD-T1 floor", "SMD-T2 decay", "SMD-E9 variance", "SMD-R2 variance", "SMD-T3 bound", "SMD-R3",
        "SMD-LSP SGD", "LIK-1 noise", "AMI-3 stability", "WARM-2 bias", "WARM-2 start", "LA-T2 growth",
    ),
    "differs": (
        "KOS-T1-lion norm", "KOS-T1-lion angle", "KOS-X4 large batch", "KOS-RV Nesterov", "SMD-CODE Nesterov",
        "KOS-TRANS lag", "SU-3", "SU-3 as printed", "SU-2 shortcut", "SU-4 mean field", "WEN-1 Muon norm",
        "WEN-1 Muon sine", "CHO-2", "DEF-1 end", "DEF-2 largest", "SMD-X3 stage 2", "KOS-X1 logger",
    ),
    "internally inconsistent": ("SMD-C31 and SMD-X3", "SU-3 and SU-2"),
    "refuted": (
        "SMD-C31 SGD", "SMD-C31 SGDM", "SMD-LSP SGDM", "SMD-X6 Adam", "SMD-T1 literal", "AMI-3 with noise",
    ),
}  # fmt: skip
EXPECTED = {row: verdict for verdict, rows in VERDICTS.items() for row in rows}


@pytest.fixture(scope="module", params=TOPICS)
def compared(request):
    """Every comparison of one topic."""
    return [compare(row) for row in TOPICS[request.param]]


def test_every_row_computes_to_what_the_book_says(compared):
    """Each row has a verdict, the one expected where one is; a witness refutes, and only that."""
    for found in compared:
        assert found.verdict == EXPECTED.get(found.row.id, found.verdict), found.row.id
        assert found.verdict in VERDICTS
        assert (found.verdict == "refuted") == (found.witness is not None)
        if found.verdict == "leading order" and found.row.relation is Relation.EQUAL:
            assert found.ratio == pytest.approx(1, abs=0.03), found.row.id
        assert found.row.latex


def test_a_source_that_contradicts_itself_is_named_with_both_statements():
    """The printed least time exceeds the printed time, and a printed mean square is the root of another."""
    drop, signs = BY_ID["SMD-C31 and SMD-X3"], BY_ID["SU-3 and SU-2"]
    assert compare(drop).ratio == pytest.approx(75075 / 115129.25, rel=1e-6)
    assert drop.statements[1] == "= 75075"
    assert compare(signs).ratio == pytest.approx((1e-3 / 0.2) ** 0.5)
    assert signs.statements[0] != signs.statements[1]
    for row, other in ((drop, "SMD-X3"), (signs, "SU-2")):
        assert row.against == other
        assert other in LISTED


def test_a_source_that_agrees_with_itself_is_not_inconsistent():
    """A pair put right is consistent, a difference of higher order is none, and a factor of two is found."""
    signs = BY_ID["SU-3 and SU-2"]
    right = replace(signs, published=lambda: signs.published() ** 2)
    assert compare(right).verdict == "exact"
    assert compare(replace(right, published=lambda: right.derived() * (1 + lr * wd))).verdict == "leading order"
    assert compare(replace(right, published=lambda: 2 * right.derived())).verdict == INCONSISTENT
    assert compare(replace(right, published=lambda: 2 * right.derived(), against="")).verdict == "differs"
    drop = BY_ID["SMD-C31 and SMD-X3"]
    assert compare(replace(drop, published=lambda: drop.published() / 2)).verdict == "bound"
    with pytest.raises(ValueError, match="not compared with another"):
        _ = BY_ID["SMD-T1"].statements


MUTATED = {
    "exact": ("SIB-1 norm", "SMD-E9", "LA-T1 SGD", "KOD-THR", "LIK-1"),
    "leading order": ("SMD-T3 SGDM", "KOS-T1-adamw norm", "K25-EQ11", "DEF-1", "ADP-1"),
}


@pytest.mark.parametrize("row", [row for rows in MUTATED.values() for row in rows])
def test_mutated_formula_differs(row):
    """A published side wrong by a millionth differs, whatever it was before."""
    right = BY_ID[row]
    assert compare(right).verdict == EXPECTED[row]
    wrong = replace(right, published=lambda: right.published() * (1 + Rational(1, 10**6)))
    assert compare(wrong).verdict == "differs"


@pytest.mark.parametrize("row", ["KOS-T1-lion update", "SIB-1 norm"])
def test_exact_formula_with_a_small_term_is_a_leading_order(row):
    """A relative term of first order in the decay turns exact into leading order."""
    right = BY_ID[row]
    assert compare(replace(right, published=lambda: right.published() * (1 + lr * wd))).verdict == "leading order"


@pytest.mark.parametrize("row", ["SMD-T1 floor", "SMD-T1 decay", "SMD-LSP SGD"])
def test_bound_is_refuted_when_it_is_moved(row):
    """The published side moved past the derived one is refuted by a witness."""
    right = BY_ID[row]
    past = Rational(1, 100) if right.relation is Relation.AT_MOST else Integer(100)
    moved = compare(replace(right, published=lambda: right.published() * past))
    assert moved.verdict == "refuted"
    assert moved.witness


def test_refuted_statement_holds_when_it_is_moved():
    """The time after a drop divided by a hundred would be a bound."""
    right = BY_ID["SMD-C31 SGD"]
    later = replace(
        right, published=lambda: right.published() / 100, given=lambda r: r["k"] > 2 and 0.01 < r["epsilon"] < 0.1
    )
    assert compare(later).verdict == "bound"


def test_differing_formula_is_recognised_when_it_is_put_right():
    """Nesterov's own leading order in place of the heavy ball's is one."""
    right = replace(
        BY_ID["KOS-RV Nesterov"], published=lambda: theory.equilibrium_of("nesterov").angle_leading_order.leading
    )
    assert compare(right).verdict == "leading order"


def test_printed_number_is_read_to_its_last_digit():
    """A number is exact to half a unit of its last digit and differs one unit off."""
    row = BY_ID["SU-1 number"]
    for text, verdict in ((".2294", "exact"), (".229", "exact"), (".2295", "differs")):
        number, tolerance = printed(text)
        assert compare(replace(row, published=number, tolerance=tolerance)).verdict == verdict
    assert printed("1.5e-3")[1] == pytest.approx(0.05 / 1.5)


def test_proportion_sees_the_power_but_not_the_constant():
    """A constant factor changes no verdict of a proportion, another power does."""
    row = BY_ID["K25-2 update"]
    assert compare(replace(row, published=lambda: 7 * row.published())).verdict == "leading order"
    assert compare(replace(row, published=lambda: lr * wd)).verdict == "differs"


def test_hypotheses_that_nothing_satisfies_are_an_error():
    """A row whose hypotheses exclude every point is not silently exact."""
    with pytest.raises(ValueError, match=r"0 of \d+ points"):
        compare(replace(BY_ID["SIB-1 norm"], given=lambda r: False))


WRONG = {
    "factor two": ("sgd", "angle", lambda: 2 * sqrt(decay)),
    "exchanged sign": ("sgdm", "angle", lambda: sqrt(2 * decay / (1 - momentum))),
    "norm without decay": ("sgd", "norm", lambda: (energy * lr / 2) ** Rational(1, 4)),
    "beta1 forgotten": ("adamw", "angle", lambda: sqrt(2 * decay)),
    "beta1 inverted": ("adamw", "angle", lambda: sqrt(2 * decay * (1 + beta1) / (1 - beta1))),
    "nearly right": ("sgd", "angle", lambda: sqrt(2 * decay + decay / 10**6)),
    "exponential": ("sgd", "angle", lambda: exp(decay)),
}
RECIPE = {"lr": 0.1, "wd": 1e-4, "momentum": 0.9, "beta1": 0.9}


@pytest.mark.parametrize("case", WRONG)
def test_a_wrong_formula_differs(case):
    """A formula that is deliberately wrong gets the verdict *differs*."""
    optimizer, quantity, formula = WRONG[case]
    row = Published(
        "WRONG", "wan2021spherical", "recalled", case, formula, of(optimizer, quantity), RECIPE, "sgd-angle"
    )
    assert compare(row).verdict == "differs"


RIGHT = {  # id: (optimizer, quantity) of every equilibrium formula that is a leading order
    "SMD-T1": ("sgd", "norm"), "SMD-T3 SGD": ("sgd", "angle"), "SMD-T3 SGDM": ("sgdm", "angle"),
    "KOS-T1-sgdm norm": ("sgdm", "norm"), "KOS-T1-sgdm angle": ("sgdm", "angle"),
    "KOS-T1-adamw norm": ("adamw", "norm"), "KOS-T1-adamw angle": ("adamw", "angle"),
    "KOS-T1-adaml2 norm": ("adam_l2", "norm"), "KOS-T1-adaml2 angle": ("adam_l2", "angle"),
    "CH-1 norm": ("sgd", "norm"), "CH-1 angle": ("sgd", "angle"), "LLA-1 norm": ("sgd", "norm"),
    "CHO-1 norm": ("adamw", "norm"),
}  # fmt: skip


@pytest.mark.parametrize("row", RIGHT)
def test_leading_orders_equal_every_right_row(row):
    """Leading orders equal every right row of the literature, as normal forms and not only at points."""
    optimizer, quantity = RIGHT[row]
    leading = getattr(theory.equilibrium_of(optimizer), f"{quantity}_leading_order").leading
    same = {decay: lr * wd, dampening: 0}
    ratio = (leading / BY_ID[row].published()).subs(same)
    assert cancel(powdenest(ratio**12, force=True)) == 1


def test_published_angle_of_lion_differs_by_a_third():
    """The derived angle of Lion is 1.25 to 1.35 times the published one at lr*wd = 0.01."""
    found = compare(BY_ID["KOS-T1-lion angle"])
    assert found.recipe["lr"] * found.recipe["wd"] == pytest.approx(0.01)
    assert 1.25 < found.ratio < 1.35


def test_published_bounds_are_loose_by_what_the_book_says():
    """The exponent is a quarter of the rate, the floor sixteen times the sharp one at l = L/2."""
    assert compare(BY_ID["SMD-T1 decay"]).ratio == pytest.approx(4, rel=1e-3)
    assert compare(BY_ID["SMD-T1 floor"]).ratio == pytest.approx(1 / 16, rel=1e-3)


def test_value_reads_hyperparameters_by_name():
    """p is eta lambda and L the square of grad_norm."""
    assert float(value(sqrt(decay * energy), {"lr": 0.5, "wd": 0.08, "grad_norm": 3.0})) == pytest.approx(0.6)


def test_every_listed_statement_has_a_row_or_a_reason():
    """The committed list and the rows name the same statements; without one row the list notices."""
    known = {row.listed for row in (*ROWS, *UNAUDITED)}
    assert known == LISTED
    assert len(LISTED) >= 100
    assert {row.listed for row in ROWS if row.listed != "KUN-1"} | {u.listed for u in UNAUDITED} != LISTED


def test_rows_are_unique_attributed_and_linked():
    """Every row has its own id, a source in the bibliography, a provenance and a claim or page that exists."""
    keys = set(re.findall(r"^@\w+\{([^,\s]+),", (BOOK / "references.bib").read_text(encoding="utf-8"), re.MULTILINE))
    everything = (*ROWS, *UNAUDITED)
    assert len({row.id for row in everything}) == len(everything)
    assert {row.source for row in everything} <= keys
    assert {row.provenance for row in everything} == set(PROVENANCES)
    assert all(row.page in CLAIMS or (BOOK / f"{row.page}.md").exists() for row in ROWS)
    assert all(u.reason for u in UNAUDITED)


def test_open_questions_are_answered_by_rows_that_exist():
    """Twenty-three questions, each with an answer and rows or claims behind it."""
    assert len(QUESTIONS) == 23
    for question in QUESTIONS:
        assert question.answer
        assert question.rows
        assert set(question.rows) <= set(BY_ID)
        assert set(question.pages) <= set(CLAIMS)


def test_expected_verdicts_name_rows():
    """No expectation is about a row that is gone, and the audit finds every kind of verdict."""
    assert set(EXPECTED) <= set(BY_ID)
    assert all(VERDICTS.values())
