"""The built wheel, tried as a stranger would: a clean environment, core dependencies only."""

from __future__ import annotations

import json
import subprocess
import sys
import tempfile
import venv
import zipfile
from pathlib import Path

ROOT = Path(__file__).parent.parent
PACKAGES = {"theory", "numerics", "proofs", "smd"}
LACKING = (
    "simulate sgd --lr 0.1 --wd 0.1",
    "confront sgd --lr 0.1 --wd 0.1",
    "mutants --claim sgd-norm",
    "run equilibrium --quick",
    "watch run.smd",
    "overlay run.smd",
    "bench --quick",
)
"""Commands that need what an extra brings."""


def run(*command: str | Path, expect: int = 0) -> subprocess.CompletedProcess[str]:
    """Run a command outside the source tree and insist on its exit code."""
    done = subprocess.run(list(map(str, command)), capture_output=True, text=True, cwd=tempfile.gettempdir())
    if done.returncode != expect:
        sys.exit(f"{' '.join(map(str, command))} gave {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done


def main() -> None:
    """Build, look inside, install, predict."""
    with tempfile.TemporaryDirectory() as folder:
        place = Path(folder)
        print("building the wheel", flush=True)
        run(sys.executable, "-m", "build", "--wheel", "--outdir", place, ROOT)
        (wheel,) = place.glob("*.whl")
        roots = {name.split("/")[0] for name in zipfile.ZipFile(wheel).namelist()}
        unexpected = {root for root in roots - PACKAGES if not root.endswith(".dist-info")}
        if unexpected or not roots >= PACKAGES:
            sys.exit(f"the wheel holds {sorted(roots)}")
        print("installing it into a clean environment", flush=True)
        venv.create(place / "env", with_pip=True)
        bin_ = place / "env" / "bin"
        run(bin_ / "python", "-m", "pip", "install", "-q", "-c", ROOT / "constraints.txt", wheel)
        found = json.loads(run(bin_ / "smd", "predict", "lion", "--lr", "0.1", "--wd", "0.1", "--json").stdout)
        run(bin_ / "smd", "predict", "sgdm", "--lr", "0.1", "--wd", "1e-4")
        for command in LACKING:
            missing = run(bin_ / "smd", *command.split(), expect=2).stderr
            if "pip install 'spherical-motion[" not in missing or len(missing.splitlines()) != 1:
                sys.exit(f"smd {command}: a missing extra is not named in one line: {missing}")
        print(f"the wheel predicts {found['angular_update']:.6f} rad for Lion, and names the extras that are missing")


if __name__ == "__main__":
    main()
