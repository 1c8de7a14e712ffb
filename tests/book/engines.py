"""Calls of the calculators' JavaScript in a real engine: Node where there is one, else Chromium without a window."""

import json
import re
import shutil
import subprocess
from html import unescape
from pathlib import Path

import pytest

SCRIPTS = Path(__file__).parents[2] / "book" / "_calculator"
ORDER = ("numerics", "prediction", "muon", "schedule", "trajectory", "solving", "translating", "recipe", "explaining")
"""The scripts without a page, in the order in which they need each other; the derived one comes first."""
RUNNER = """
window.answers = window.calls.map(function (call) {
  try {
    const found = call[0].split(".").reduce((at, name) => at[name], SMD)(...call[1]);
    return { value: found };
  } catch (error) {
    if (!(error instanceof SMD.OutOfDomain)) return { bug: String(error.stack) };
    return { refused: error.message, none: error instanceof SMD.NoEquilibrium };
  }
});
"""
CHROMIUM = ("chromium", "chromium-browser", "google-chrome", "chrome")
SILENT = ("--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-sync")


def chromium():
    """The browser's path, or None."""
    return next(filter(None, map(shutil.which, CHROMIUM)), None)


def run(derived, calls, folder):
    """The answers to calls (name, arguments) of functions of SMD, each {"value"} or {"refused"}."""
    parts = [derived, *((SCRIPTS / f"{name}.js").read_text(encoding="utf-8") for name in ORDER)]
    source = "\n".join(["var window = globalThis;", *parts, f"window.calls = {json.dumps(calls)};", RUNNER])
    if node := shutil.which("node"):
        file = folder / "calls.js"
        file.write_text(source + "\nconsole.log(JSON.stringify(window.answers));", encoding="utf-8")
        done = subprocess.run([node, str(file)], capture_output=True, text=True, timeout=300)
        assert done.returncode == 0, done.stderr[-2000:]
        found = json.loads(done.stdout)
    elif browser := chromium():
        file = folder / "calls.html"
        print_out = "document.body.textContent = JSON.stringify(window.answers);"
        text = "<!doctype html><body><script>" + source.replace("</", r"<\/") + f"\n{print_out}</script>"
        file.write_text(text, encoding="utf-8")
        command = [browser, *SILENT, f"--user-data-dir={folder / 'profile'}", "--dump-dom", file.as_uri()]
        done = subprocess.run(command, capture_output=True, text=True, timeout=300)
        body = re.search(r"<body[^>]*>(.*)</body>", done.stdout, re.DOTALL)
        assert body, done.stderr[-2000:]
        found = json.loads(unescape(body[1]))
    else:
        pytest.skip("neither node nor Chromium is here to run the calculators' JavaScript")
    bugs = [answer["bug"] for answer in found if "bug" in answer]
    assert not bugs, bugs[0]
    return found
