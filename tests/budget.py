"""The budget of false alarms: how probable it is that the suite fails although all is right.

A test whose outcome depends on the seeds declares how many comparisons it leaves to chance, for each of its examples:
``@pytest.mark.chance(comparisons)``, each failing on right code with probability FALSE_ALARM, or
``@pytest.mark.chance(comparisons, false_alarm)``; ``chance(0)`` says that every draw gives the same outcome. The sum
over the tests that were collected is an upper bound by Bonferroni; it is printed at the end, and a collection above
BUDGET is refused.

What was declared is held to what happens. A test that draws from the base seed without a declaration fails, and so does
one that makes more comparisons than it declares. For controls, which must be rejected, the probability of a miss
is estimated from how far beyond the critical value they came, and these probabilities are added to the sum.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import asdict, dataclass

import pytest

from numerics import seeding
from proofs.comparison import FALSE_ALARM, Confrontation

BUDGET = 1e-6
"""The most that the suite may fail although all is right."""
NEGLIGIBLE = 1e-9
"""Misses of one test that are not listed."""
MARK = "chance"


@dataclass
class Spent:
    """What chance decided: base seeds read, comparisons, their false alarms, and the misses of controls."""

    draws: int = 0
    comparisons: int = 0
    false_alarms: float = 0.0
    misses: float = 0.0

    def add(self, other: Spent) -> None:
        """Add what another test spent."""
        for name, value in asdict(other).items():
            setattr(self, name, getattr(self, name) + value)


now = Spent()
"""What the running test has spent."""


def compared(false_alarm: float = FALSE_ALARM, missed: float = 0.0) -> None:
    """Count one comparison of the running test; ``missed`` where it was a control."""
    now.comparisons += 1
    now.false_alarms += false_alarm
    now.misses += missed


def watch() -> None:
    """Count base seeds that are read and confrontations that are judged from here on."""
    read, judge = seeding.base_seed, Confrontation.agrees.fget
    assert judge is not None

    def base_seed() -> int:
        now.draws += 1
        return read()

    def agrees(confrontation: Confrontation) -> bool:
        found = judge(confrontation)
        if not getattr(confrontation, "counted", False):
            object.__setattr__(confrontation, "counted", True)
            compared(confrontation.false_alarm, 0.0 if found else confrontation.missed)
        return found

    seeding.base_seed = base_seed
    Confrontation.agrees = property(agrees, doc=Confrontation.agrees.__doc__)


def examples(item: pytest.Item) -> int:
    """How often the test's body runs."""
    settings = getattr(getattr(item, "function", None), "_hypothesis_internal_use_settings", None)
    is_property = hasattr(getattr(item, "function", None), "hypothesis")
    return settings.max_examples if is_property and settings is not None else 1


@dataclass(frozen=True)
class Declared:
    """Comparisons of a test over all its examples, and the probability that one of them is a false alarm."""

    comparisons: int
    false_alarms: float


def declared(item: pytest.Item) -> Declared | None:
    """What the test says it leaves to chance; None if it says nothing."""
    mark = item.get_closest_marker(MARK)
    if mark is None:
        return READERS if item.nodeid.startswith("book/") else None
    comparisons, false_alarm = (*mark.args, FALSE_ALARM)[:2]
    count = comparisons * examples(item)
    return Declared(count, count * false_alarm)


READERS = Declared(2, 2e-9)
"""What a reader's own test leaves to chance, which knows nothing of this account: smd.assert_equilibrium, twice."""


class Account:
    """The plugin: adds up what is collected, holds each test to it, and prints the sum."""

    def __init__(self) -> None:
        self.collected = Declared(0, 0.0)
        self.tests = 0
        self.spent = Spent()
        self.misses: dict[str, float] = {}

    def pytest_collection_finish(self, session: pytest.Session) -> None:
        """Add up what the collected tests declare, and refuse more than the budget."""
        found = [d for d in map(declared, session.items) if d is not None and d.comparisons]
        self.tests = len(found)
        self.collected = Declared(sum(d.comparisons for d in found), sum(d.false_alarms for d in found))
        if self.collected.false_alarms > BUDGET:
            raise pytest.UsageError(f"false alarms: {self.collected.false_alarms:.2g} is more than {BUDGET:g}")

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_call(self, item: pytest.Item) -> Iterator[None]:
        """Hold the test to what it declares."""
        global now
        now = Spent()
        result = yield
        said, spent, now = declared(item), now, Spent()
        self.spent.add(spent)
        if spent.misses > NEGLIGIBLE:
            self.misses[item.nodeid] = spent.misses
        if said is None and (spent.draws or spent.comparisons):
            pytest.fail(f"it draws from the base seed: declare what it leaves to chance, pytest.mark.{MARK}", False)
        if said is not None and spent.false_alarms > said.false_alarms * (1 + 1e-9):
            pytest.fail(f"{spent.comparisons} comparisons, more than the {said.comparisons} that it declares", False)
        return result

    def pytest_sessionfinish(self, session: pytest.Session) -> None:
        """Hand a worker's account to the process that waits for it, and fail above the budget."""
        output = getattr(session.config, "workeroutput", None)
        if output is not None:
            output["account"] = {
                "tests": self.tests, "declared": asdict(self.collected), "spent": asdict(self.spent),
                "misses": self.misses,
            }  # fmt: skip
        elif self.total > BUDGET:
            session.exitstatus = pytest.ExitCode.TESTS_FAILED

    @pytest.hookimpl(optionalhook=True)
    def pytest_testnodedown(self, node: object) -> None:
        """Take over a worker's account: all collect the same tests, each ran its share."""
        account = getattr(node, "workeroutput", {}).get("account")
        if account is not None:
            self.tests = account["tests"]
            self.collected = Declared(**account["declared"])
            self.spent.add(Spent(**account["spent"]))
            self.misses |= account["misses"]

    @property
    def total(self) -> float:
        """Upper bound of the probability that right code fails: declared false alarms, and misses as estimated."""
        return self.collected.false_alarms + self.spent.misses

    def pytest_terminal_summary(self, terminalreporter: pytest.TerminalReporter) -> None:
        """Print the sum beside the budget."""
        if not self.tests:
            return
        verdict = "within" if self.total <= BUDGET else "ABOVE"
        terminalreporter.write_line(
            f"Left to chance: {self.collected.comparisons} comparisons in {self.tests} tests ({self.spent.comparisons} "
            f"made). Right code fails with probability below {self.collected.false_alarms:.2g}, and controls "
            f"miss with {self.spent.misses:.2g}: {verdict} the budget of {BUDGET:g}."
        )
        for test, missed in sorted(self.misses.items(), key=lambda one: -one[1]):
            terminalreporter.write_line(f"  a control of {test} misses with {missed:.2g}")
