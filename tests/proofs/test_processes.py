"""Processes begin with what was imported early, with the environment of who starts them, and prepare."""

import json
import os
import subprocess
import sys

import pytest

ASKED = """
import json, os, sys
from proofs import processes

def prepared():
    sys.prepared = True

if __name__ == "__main__":
    import wave
    processes.import_early(*sys.argv[1:])
    with processes.pool(1) as before:
        before.submit(os.getpid).result()
    os.environ["SMD_CACHE_DIR"] = "set later"
    there = "[name in __import__('sys').modules for name in ('colorsys', 'this', 'wave')]"
    with processes.pool(1, prepared) as pool:
        modules = pool.submit(eval, there).result()
        is_prepared = pool.submit(eval, "hasattr(__import__('sys'), 'prepared')").result()
        place = pool.submit(os.getenv, "SMD_CACHE_DIR").result()
    print(json.dumps({"modules": modules, "prepared": is_prepared, "place": place}))
"""


def told(tmp_path, *early):
    """What a process says of itself, started by a script that imported some early."""
    script = tmp_path / "script.py"
    script.write_text(ASKED, encoding="utf-8")
    ran = subprocess.run(
        [sys.executable, script, *early], capture_output=True, text=True, check=True, timeout=120, env=os.environ
    )
    return json.loads(ran.stdout)


@pytest.mark.skipif(sys.platform != "linux", reason="elsewhere processes are not forked")
def test_what_is_imported_early_is_there(tmp_path):
    """And nothing that the caller imported; a module that is not there is left to whoever needs it."""
    assert told(tmp_path, "colorsys", "no_such_module")["modules"] == [True, False, False]
    assert told(tmp_path)["modules"] == [False, False, False]


def test_a_process_has_the_callers_environment_and_prepares(tmp_path):
    """Also what was set after the server had begun."""
    said = told(tmp_path, "colorsys")
    assert said["place"] == "set later"
    assert said["prepared"]
