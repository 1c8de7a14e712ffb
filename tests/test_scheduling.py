"""The distribution of the tests over workers: what it names is there, and what belongs together stays together."""

from pathlib import Path

import pytest

from tests.scheduling import COMPILING, LONG, SHARED, TOGETHER, order, scope_of

ROOT = Path(__file__).parent.parent
ENGINES = "tests/numerics/engines"


def test_every_place_that_is_named_is_there():
    """A file that was renamed would be distributed as if it were short and compiled nothing."""
    assert all((ROOT / place).exists() for place in (*LONG, *TOGETHER))
    assert all((ROOT / ENGINES / name).is_file() for name in COMPILING)


@pytest.mark.parametrize(
    ("test", "scope", "place"),
    [
        (f"{ENGINES}/test_pathwise.py::test_every_law_at_every_width[2-fixed]", SHARED, 0),
        (f"{ENGINES}/test_pathwise.py::test_anywhere_in_the_domain", None, 3),
        (f"{ENGINES}/test_pathwise.py::test_every_form_follows_torch[adamw_at_mean]", "compiled:adamw", 2),
        (f"{ENGINES}/test_equal_in_law.py::test_folded_chains_are_equal_in_law[adamw-2-sphere]", "compiled:adamw", 2),
        ("tests/proofs/test_claims.py::test_identity_layer_holds[adamw-norm]", "adamw", 1),
        ("tests/proofs/test_claims.py::test_identity_layer_holds[noise-ar1]", "noise", 1),
        ("tests/theory/test_codegen.py::test_generated_functions_are_the_expressions[adamw]", "adamw", 1),
        (
            "tests/proofs/test_oracles.py::test_control_rejects_another_rule[no dampening]",
            "tests/proofs/test_oracles.py",
            3,
        ),
        ("tests/smd/cli/test_bench.py::test_what_the_monitor_costs", None, 3),
        ("tests/numerics/test_updates.py::test_that[adamw]", None, 4),
        ("tests/theory/test_forms.py::test_tidy", None, 4),
    ],
)
def test_scopes_and_their_order(test, scope, place):
    """One optimizer's derivations and one rule's compiled chains have a scope each; all else goes by itself."""
    assert scope_of(test) == (test if scope is None else scope)
    assert order(test) == place
