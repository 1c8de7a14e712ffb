"""Every claim passes its layers, can be cited, and hangs together with the others."""

import re
from dataclasses import fields
from pathlib import Path

import pytest
from sympy import Expr

from proofs import CLAIMS, Claim
from proofs.claim import SETTING_MEANING, Kind, Obligation, Setting
from proofs.claims import MODULES
from proofs.dependencies import depends_on
from proofs.layers import identity, points, slope
from proofs.literature import ROWS
from proofs.verdict import Outcome
from theory import OPTIMIZERS
from theory.catalogue import REFINED

REFERENCES = Path(__file__).parents[2] / "book" / "references.bib"


@pytest.fixture(params=CLAIMS)
def claim(request):
    """Each claim in turn."""
    return CLAIMS[request.param]


def test_identity_layer_holds(claim):
    """SymPy decides every obligation of the claim."""
    verdict = identity.check(claim)
    assert verdict.outcome is Outcome.HOLDS, verdict.detail


def test_points_layer_holds(claim):
    """No random exact point contradicts an obligation of the claim."""
    verdict = points.check(claim)
    assert verdict.outcome is Outcome.HOLDS, verdict.detail


def test_points_layer_holds_at_other_points(claim):
    """Nor does any point of another seed."""
    assert points.check(claim, seed=1).outcome is Outcome.HOLDS


@pytest.mark.parametrize("claim_id", [c.id for c in CLAIMS.values() if slope.applies(c)])
def test_slope_layer_holds(claim_id):
    """The residual of a leading order falls with the order that the claim states."""
    verdict = slope.check(CLAIMS[claim_id])
    assert verdict.outcome is Outcome.HOLDS, verdict.detail


def test_claim_says_something(claim):
    """A claim has a title and a statement, and unless it is measured formulas and obligations with two sides."""
    assert claim.heading
    assert claim.statement
    assert claim.kind is Kind.EMPIRICAL or (claim.displays and claim.owed)
    for owed in claim.owed:
        assert owed.says
        assert isinstance(owed.left, Expr)
        assert isinstance(owed.right, Expr)
        assert owed.relation in ("=", "<=")
    for formula in claim.displays:
        assert formula.left in formula.latex


def test_claim_owes_something_that_depends_on_the_domain(claim):
    """An obligation of every claim depends on the domain, so that points of it can refute the claim.

    Expansions may have plain numbers for coefficients; those the slope layer holds against the exact law. What is
    only measured owes nothing; its experiments are what can refute it.
    """
    measured = claim.kind is Kind.EMPIRICAL
    assert (
        measured or slope.applies(claim) or any(owed.left.free_symbols | owed.right.free_symbols for owed in claim.owed)
    )


def test_sources_of_claims_are_in_the_bibliography(claim):
    """Every source key of a claim is an entry of references.bib."""
    assert set(claim.sources) <= keys()


def keys():
    """The keys of references.bib."""
    return set(re.findall(r"^@\w+\{([^,\s]+),", REFERENCES.read_text(encoding="utf-8"), re.MULTILINE))


def test_other_sources_are_in_the_bibliography():
    """So is every source of a published formula and of an optimizer's rule."""
    assert {row.source for row in ROWS} <= keys()
    assert {key for rule in OPTIMIZERS.values() for key in rule.references} <= keys()


def test_bibliography_control_notices_a_missing_key():
    """The comparison can fail: a key that nobody wrote is not there."""
    assert not {"nobody1900nothing"} <= keys()


def test_ids_are_unique_and_plain():
    """Every claim has an id of its own, of small letters, digits, hyphens and underscores."""
    assert len(CLAIMS) >= 16
    written = [c.id for module in MODULES for c in module.CLAIMS]
    assert len(written) == len(set(written)) == len(CLAIMS)
    for claim_id, claim in CLAIMS.items():
        assert re.fullmatch(r"[a-z0-9_-]+", claim_id)
        assert claim.id == claim_id


RATELESS = {"lars", "nadam_l2", *REFINED.values()}
"""Rules of which no rate is claimed: predictions compute it as a root of the characteristic polynomial."""


@pytest.mark.parametrize("optimizer", OPTIMIZERS)
def test_every_optimizer_has_norm_angle_and_rate(optimizer):
    """Norm and angle of every optimizer, and the rate of most, are claimed exactly and to leading order."""
    for subject in ("norm", "angle", "rate"):
        if subject != "rate" or optimizer not in RATELESS:
            assert CLAIMS[f"{optimizer}-{subject}"].kind is Kind.EXACT
            assert CLAIMS[f"{optimizer}-{subject}-leading"].kind is Kind.LEADING_ORDER
    assert (f"{optimizer}-rate" in CLAIMS) == (optimizer not in RATELESS)


def test_settings_are_explained():
    """Every setting that a claim can have is explained in words."""
    assert set(SETTING_MEANING) == set(Setting)


def test_only_sgd_is_pathwise():
    """Of the equilibria SGD's hold for each trajectory; the norm of SGDM is a mean field."""
    assert {c.optimizer for c in CLAIMS.values() if c.optimizer and c.setting is Setting.PATHWISE} == {"sgd"}
    assert CLAIMS["sgdm-norm"].setting is Setting.MEAN_FIELD


def test_dependencies_are_those_of_the_derivation(claim):
    """A leading order depends on the exact claim, a norm on the recursion, angle and rate on the norm."""
    found = set(depends_on(claim))
    assert found < set(CLAIMS) - {claim.id}
    if claim.optimizer is None or claim.subject is None:
        return
    exact, leading, _ = claim.id.partition("-leading")
    if leading:
        assert exact in found
        assert not claim.id.endswith("angle-leading") or OPTIMIZERS[claim.optimizer].gain is None or len(found) > 1
    elif claim.subject == "norm_power":
        assert "trajectory-recursion" in found
    else:
        assert f"{claim.optimizer}-norm" in found


@pytest.mark.parametrize(
    ("claim_id", "others"),
    [
        ("sgdw-angle-of-adamw", {"sgdw-angle", "adamw-angle"}),
        ("lion-norm", {"trajectory-recursion", "lion-autocorrelation"}),
        ("signum-angle", {"signum-norm", "lion-autocorrelation"}),
        ("sgd-trajectory", {"trajectory-recursion"}),
        ("stationary-triangle", {"stationary-update"}),
        ("sgd-forgets-its-start", {"sgd-slow-law", "trajectory-closed-form"}),
        ("angle-chord-sine", set()),
    ],
)
def test_dependencies_go_across_families(claim_id, others):
    """A comparison depends on both sides, an instance on its general law, and a law that reads nothing on nothing."""
    assert set(depends_on(CLAIMS[claim_id])) == others


def test_a_claim_depends_on_what_its_lines_read():
    """An obligation that reads another claim's quantity is a dependency, without that anybody says so."""
    from theory import equilibrium_of

    plain = fresh(CLAIMS["stationary-triangle"])
    also = fresh(
        plain,
        obligations=lambda: [*plain.owed, Obligation("one more", *2 * [equilibrium_of("ngd").norm_power])],
    )
    assert set(depends_on(also)) - set(depends_on(plain)) == {"ngd-norm"}


def test_hypotheses_of_the_rule_are_those_of_the_claim():
    """A claim about an optimizer carries its rule's hypotheses and convention, and its own besides."""
    claim = CLAIMS["adamw-rate"]
    assert claim.hypotheses[: len(OPTIMIZERS["adamw"].hypotheses)] == OPTIMIZERS["adamw"].hypotheses
    assert len(claim.hypotheses) == len(OPTIMIZERS["adamw"].hypotheses) + len(claim.extra_hypotheses) > 3
    assert claim.convention == OPTIMIZERS["adamw"].convention
    assert CLAIMS["angle-chord-sine"].convention is None


def fresh(claim, **changed):
    """A copy of a claim with nothing computed yet."""
    return Claim(**{f.name: getattr(claim, f.name) for f in fields(claim)} | changed)


def test_content_hash_is_that_of_the_content():
    """The hash is 16 hexadecimal digits, the same for the same claim and another for any change in it."""
    claim = CLAIMS["sgd-angle"]
    assert re.fullmatch(r"[0-9a-f]{16}", claim.content_hash)
    assert fresh(claim).content_hash == claim.content_hash
    others = [
        fresh(claim, statement="Otherwise."),
        fresh(claim, setting=Setting.MEAN_FIELD),
        fresh(claim, kind=Kind.CONJECTURE),
        fresh(claim, extra_hypotheses=("and the moon is full",)),
        fresh(claim, formulas=CLAIMS["sgdm-angle"].formulas),
    ]
    hashes = {other.content_hash for other in others}
    assert len(hashes) == 5
    assert claim.content_hash not in hashes


def test_building_a_claim_derives_nothing():
    """Formulas and obligations are derived on demand: a claim whose derivation fails can still be built."""

    def fails():
        raise RuntimeError("derived too early")

    claim = fresh(CLAIMS["sgd-angle"], formulas=fails, obligations=fails)
    assert claim.id == "sgd-angle"
    with pytest.raises(RuntimeError, match="too early"):
        claim.owed  # noqa: B018
