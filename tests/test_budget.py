"""The account of what is left to chance: it adds up, and it tells a test that spends what it does not declare."""

import pytest

from tests.budget import BUDGET, Account, Declared, Spent

pytest_plugins = ["pytester"]

CONFTEST = """
from tests import budget

def pytest_configure(config):
    config.addinivalue_line("markers", "chance: c")
    config.pluginmanager.register(budget.Account(), "account")
"""
BODY = """
import pytest
from hypothesis import given, settings, strategies as st
from numerics import seeding
from numerics.statistics import Estimate
from proofs.comparison import Confrontation, Statistic

def compared(value):
    return Confrontation("c", "d", {}, {}, (Statistic("x", 0.0, Estimate(value, 1.0, 1000), 0.0),)).agrees
"""


@pytest.fixture
def outcome(pytester):
    """Run a file of tests below an account of its own; what it prints."""

    def run(tests, **counts):
        pytester.makeconftest(CONFTEST)
        pytester.makepyfile(BODY + tests)
        found = pytester.runpytest_inprocess("-q", "-p", "no:cacheprovider")
        found.assert_outcomes(**counts)
        return found.stdout.str()

    return run


def test_declared_comparisons_are_added_up_over_examples(outcome):
    """Ten examples of three comparisons and one of two at 1e-9 are 32, and their probabilities add."""
    found = outcome(
        """
@pytest.mark.chance(3)
@settings(max_examples=10, derandomize=True, database=None)
@given(st.integers())
def test_a(n):
    assert compared(1.0)

@pytest.mark.chance(2, 1e-9)
def test_b():
    assert compared(1.0)

def test_c():
    pass
""",
        passed=3,
    )
    assert "32 comparisons in 2 tests (11 made)" in found
    assert "below 2.3e-09, and controls miss with 0: within the budget" in found


@pytest.mark.parametrize(
    ("mark", "body", "says"),
    [
        ("", "seeding.mixed(1)", "declare what it leaves to chance"),
        ("", "compared(1.0)", "declare what it leaves to chance"),
        ("@pytest.mark.chance(1)", "compared(1.0), compared(2.0)", "2 comparisons, more than the 1 that it declares"),
        ("@pytest.mark.chance(0)", "compared(1.0)", "1 comparisons, more than the 0 that it declares"),
    ],
)
def test_more_than_was_declared_is_a_failure(outcome, mark, body, says):
    """A draw or a comparison that no mark speaks of fails the test that makes it."""
    assert says in outcome(f"{mark}\ndef test_a():\n    {body}\n", failed=1)


def test_what_is_declared_may_be_left_unspent(outcome):
    """Draws under chance(0), and fewer comparisons than declared, are fine."""
    outcome(
        """
@pytest.mark.chance(0)
def test_a():
    seeding.mixed(1)

@pytest.mark.chance(5)
def test_b():
    assert compared(1.0)
""",
        passed=2,
    )


def test_a_suite_above_the_budget_is_refused(pytester):
    """Declared probabilities above the budget stop the run before it starts."""
    pytester.makeconftest(CONFTEST)
    pytester.makepyfile(BODY + "@pytest.mark.chance(2, 1e-6)\ndef test_a():\n    pass\n")
    found = pytester.runpytest_inprocess("-q")
    assert found.ret == pytest.ExitCode.USAGE_ERROR
    assert "2e-06 is more than 1e-06" in found.stderr.str() + found.stdout.str()


def test_a_weak_control_spends_the_budget(outcome):
    """A control half an error bar beyond the critical value would be missed by every third run: above the budget."""
    found = outcome("@pytest.mark.chance(1)\ndef test_a():\n    assert not compared(7.4)\n", passed=1)
    assert "ABOVE the budget" in found
    assert "a control of test_a_weak_control_spends_the_budget.py::test_a misses with 0." in found
    found = outcome("@pytest.mark.chance(1)\ndef test_a():\n    assert not compared(20.0)\n", passed=1)
    assert "within the budget" in found


def test_workers_accounts_are_joined():
    """All workers collect the same tests, and each spends its own."""
    account = Account()
    for spent in (Spent(1, 2, 2e-11, 1e-9), Spent(0, 3, 3e-11, 2e-9)):
        output = {
            "tests": 4,
            "declared": {"comparisons": 7, "false_alarms": 7e-11},
            "spent": spent.__dict__,
            "misses": {},
        }
        account.pytest_testnodedown(type("Node", (), {"workeroutput": {"account": output}}))
    assert account.collected == Declared(7, 7e-11)
    assert account.spent.comparisons == 5
    assert account.total == pytest.approx(7e-11 + 3e-9)
    assert account.total < BUDGET
