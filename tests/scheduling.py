"""How ``pytest -n`` distributes the tests: what is derived or compiled by one worker is not made again by another."""

from __future__ import annotations

from xdist.scheduler import LoadScopeScheduling

from proofs import CLAIMS
from theory import NAMES

COMPILING = ("test_pathwise.py", "test_equal_in_law.py")
"""Files that compile the chains of a rule with numba; the rule's name begins the parameters of their tests."""

SHARED = "compiled:sgdm"
"""The scope that compiles what the chains of all rules call."""

EVERYWHERE = "::test_anywhere_in_the_domain"
"""Tests that run the chains of many rules: they come last, when these are compiled."""

TOGETHER = (
    "tests/proofs/formal/test_correspondence.py",
    "tests/proofs/test_muon.py",
    "tests/proofs/test_mutants.py",
    "tests/proofs/test_oracles.py",
    "tests/proofs/test_sabotage.py",
    "tests/proofs/test_trajectories.py",
    "tests/smd/test_deriving.py",
)
"""Files whose tests read one run or one derivation that the file remembers: another worker would make it again."""

LONG = (
    "book/own_rule/",
    "tests/proofs/formal/",
    "tests/proofs/layers/test_simulation.py",
    "tests/proofs/test_domains.py",
    "tests/numerics/engines/test_triton.py",
    "tests/numerics/monitor/test_file.py",
    "tests/smd/cli/test_bench.py",
    "tests/test_book_notebooks.py",
)
"""Where tests begin of which one alone takes many seconds."""


def scope_of(nodeid: str) -> str:
    """What a test derives, compiles or runs with others: an optimizer's, a rule's chains, its file's, or nothing."""
    place, _, parameters = nodeid.partition("[")
    if place.endswith(EVERYWHERE):
        return nodeid
    if place.partition("::")[0] in TOGETHER:
        return place.partition("::")[0]
    parameters = parameters.removesuffix("]")
    first = parameters.partition("-")[0]
    if place.partition("::")[0].endswith(COMPILING):
        rule = first.removesuffix("_at_mean")
        return f"compiled:{rule}" if rule.isidentifier() else SHARED
    if parameters in CLAIMS:
        return CLAIMS[parameters].derived_with
    return first if first in NAMES and not place.startswith("tests/numerics/") else nodeid


def order(nodeid: str) -> int:
    """When a test's scope begins: what others wait for, what is derived together, compiled together, long, or the rest.

    So short tests fill the end, and no worker waits there for another.
    """
    scope = scope_of(nodeid)
    if scope in TOGETHER or nodeid.endswith(EVERYWHERE):
        return 3
    if scope == nodeid:
        return 3 if nodeid.startswith(LONG) else 4
    return 0 if scope == SHARED else 2 if scope.startswith("compiled:") else 1


class ByScope(LoadScopeScheduling):
    """Tests of one scope go to one worker, scopes in the order in which they were collected."""

    def __init__(self, config, log):
        super().__init__(config, log)
        config.option.loadscopereorder = False

    def _split_scope(self, nodeid: str) -> str:
        return scope_of(nodeid)
