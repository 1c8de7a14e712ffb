"""Tests about one optimizer's claims go to one worker, which then derives them once."""

import pytest

from proofs import CLAIMS


@pytest.hookimpl(tryfirst=True)
def pytest_collection_modifyitems(items):
    """Mark each test that is parametrised by a claim with its optimizer, or with its first subject."""
    for item in items:
        given = getattr(item, "callspec", None)
        named = (given.params.get(key) for key in ("claim", "claim_id")) if given else ()
        for claim_id in named:
            if claim_id in CLAIMS:
                claim = CLAIMS[claim_id]
                item.add_marker(pytest.mark.xdist_group(claim.optimizer or claim_id.partition("-")[0]))
