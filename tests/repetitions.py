"""The confrontations, again and again with fresh seeds; and once more with a wrong formula each.

    python -m tests.repetitions --json book/data/repetitions.json

Every repetition has a base seed of its own. With the right theory none may fail; with one formula off by a per cent
each must fail, in a test whose report names the claim. What is done is kept after each repetition, and not done again.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from xml.etree import ElementTree

from numerics.provenance import versions
from proofs.sources import hash_of
from tests.wrong import VARIABLE

TIMES = 20
FACTOR = 1.01
WRONG = (
    "sgd-norm", "sgd-angle", "sgdm-norm", "sgdm-angle", "adamw-norm", "adamw-angle", "lion-norm", "lion-angle",
)  # fmt: skip
"""Claims whose formula is altered, in turn."""
CONFRONTATIONS = [
    f"tests/proofs/test_{name}.py"
    for name in ("confrontation", "decay", "domains", "sign_designs", "oracles", "fluctuation", "noise", "trajectories")
]
"""The tests that are repeated: theory against simulation."""
MODULES = [
    f"proofs.{name}"
    for name in (
        "claims", "comparison", "confrontation.calibration", "confrontation.controls", "confrontation.decay",
        "fluctuation", "layers", "literature.comparison", "noise", "trajectories",
    )
]  # fmt: skip
"""What these tests put to the question; with all that it imports it is what the repetitions were made from."""
SHOWN_TO = [CONFRONTATIONS[0], "-k", "predicted_moments or from_its_own_history"]
"""The tests that a wrong formula is shown to: those of the optimizers' norms and angles over the whole domain."""


def repetition(base_seed: int, wrong: str | None, workers: str) -> dict[str, Any]:
    """One run of the tests in a process of its own: how many ran, which failed, and the claims that these name."""
    environment = {
        **os.environ,
        "SMD_BASE_SEED": str(base_seed),
        "HYPOTHESIS_PROFILE": "repeated",
        "OMP_NUM_THREADS": "1",
    }
    arguments = ["-m", "chance", "-q", "-n", workers, "-p", "no:cacheprovider"]
    if wrong is not None:
        environment[VARIABLE] = f"{wrong}={FACTOR}"
        arguments += ["-x", *SHOWN_TO]
    else:
        arguments += CONFRONTATIONS
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as folder:
        report = Path(folder) / "report.xml"
        subprocess.run(
            [sys.executable, "-m", "pytest", *arguments, f"--junitxml={report}"],
            env=environment, check=False, stdout=subprocess.DEVNULL,
        )  # fmt: skip
        cases = list(ElementTree.parse(report).getroot().iter("testcase"))  # noqa: S314
    failures = {c.get("name", ""): c.findtext("failure") or "" for c in cases if c.find("failure") is not None}
    broken = [c.get("name") for c in cases if c.find("error") is not None]
    return {
        "base_seed": base_seed,
        "wrong": wrong,
        "tests": len(cases),
        "failed": sorted(failures),
        "errors": broken,
        "names_the_claim": wrong is not None and any(wrong in text for text in failures.values()),
        "seconds": round(time.monotonic() - begin, 1),
    }


def main() -> None:
    """Run what is missing of the repetitions, and exit 1 if one went otherwise than it must."""
    parser = argparse.ArgumentParser(description="Repeat the tests that leave something to chance.")
    parser.add_argument("--json", type=Path, required=True, help="what was found, written after each repetition")
    parser.add_argument("--times", type=_positive, default=TIMES, help="repetitions of each kind")
    parser.add_argument("--workers", type=_workers, default="auto", help="processes of pytest")
    chosen = parser.parse_args()
    if not chosen.json.parent.is_dir():
        parser.error(f"argument --json: the folder {chosen.json.parent} does not exist")
    planned = [(seed, None) for seed in range(1, chosen.times + 1)]
    planned += [(seed, WRONG[seed % len(WRONG)]) for seed in range(1, chosen.times + 1)]
    state = {"source": hash_of(*MODULES), "modules": MODULES, "versions": versions(), "factor": FACTOR}
    found: dict[str, Any] = {**state, "repetitions": []}
    if chosen.json.exists():
        kept = json.loads(chosen.json.read_text(encoding="utf-8"))
        if {name: kept.get(name) for name in state} == state:
            found = kept
    done = {(r["base_seed"], r["wrong"]) for r in found["repetitions"]}
    for number, (seed, wrong) in enumerate(planned, 1):
        if (seed, wrong) in done:
            continue
        one = repetition(seed, wrong, chosen.workers)
        found["repetitions"].append(one)
        found["date"] = datetime.now(UTC).isoformat(timespec="seconds")
        chosen.json.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        outcome = f"{len(one['failed'])} failed" + (f", {wrong} off" if wrong else "")
        print(
            f"{number}/{len(planned)}: base seed {seed}, {one['tests']} tests, {outcome}, {one['seconds']} s",
            flush=True,
        )
    sys.exit(not all(is_as_it_must(r) for r in found["repetitions"]))


def _positive(typed: str) -> int:
    number = int(typed)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{typed} is not at least 1")
    return number


def _workers(typed: str) -> str:
    return typed if typed == "auto" else str(_positive(typed))


def is_as_it_must(one: dict[str, Any]) -> bool:
    """Whether nothing failed under the right theory, or the wrong formula's claim was named by a failure."""
    if one["errors"] or not one["tests"]:
        return False
    return bool(one["names_the_claim"]) if one["wrong"] else not one["failed"]


if __name__ == "__main__":
    main()
