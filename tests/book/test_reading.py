"""Every page as a person reads it: three sizes, light and dark, from a local server."""

import functools
import threading
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import urlsplit

import pytest

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
SCHEMES = ("light", "dark")
PARTS = 4
"""Of the pages, side by side."""
THEMED = "scheme => document.documentElement.dataset.theme === scheme"
TYPESET = "!window.MathJax || !document.querySelector('.math') || !!document.querySelector('mjx-container')"
SETTLED = "window.MathJax && MathJax.startup ? MathJax.startup.promise.then(() => true) : true"
UNTYPESET = "[...document.querySelectorAll('.math')].filter(m => !m.querySelector('mjx-container')).length"
BROKEN = "[...document.images].filter(i => i.complete && !i.naturalWidth).map(i => i.src)"
AT_ONCE = "document.querySelectorAll('[loading=lazy]').forEach(i => { i.loading = 'eager' })"
LOADED = "[...document.images].every(i => i.complete)"
TOO_WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
HEAVIEST = 2_000_000
"""Bytes of a page and all that it loads, MathJax's fonts aside."""
INTERACTIVE = 1.0
"""Seconds until a page from this machine answers its reader."""
LOADS = 9
SETTLING = 600
"""Milliseconds after a resize in which the theme makes what scrolls reachable by keyboard."""
EVERY = 60
"""One claim in so many is looked at in every size and scheme."""
AXE = ("serious", "critical")


class Quiet(SimpleHTTPRequestHandler):
    """Serves without a word."""

    def log_message(self, *args):
        """Nothing."""


@pytest.fixture(scope="session")
def server(site):
    """The address under which the rendered book is served."""
    with ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=str(site))) as serving:
        threading.Thread(target=serving.serve_forever, daemon=True).start()
        yield f"http://127.0.0.1:{serving.server_port}"
        serving.shutdown()


@pytest.fixture(scope="session")
def claims(site):
    """The claims' own pages, all made by one template."""
    return sorted(str(p.relative_to(site)) for p in (site / "claim").glob("*.html"))


@pytest.fixture(scope="session")
def pages(site, claims):
    """The pages that a reader turns to, by path from the book's root, and some of the claims' own."""
    left_out = {"search.html", "genindex.html", "prf-prf.html"}
    return sorted({p.name for p in site.glob("*.html")} - left_out) + claims[::EVERY]


@pytest.fixture(scope="session")
def pictures(site):
    """Where the screenshots are kept, beside the pages."""
    folder = site.parent / "screenshots"
    folder.mkdir(exist_ok=True)
    return folder


def faults(page, address, server):
    """What is wrong with a page that was just opened at an address."""
    wrong = []
    page.on("console", lambda m: wrong.append(f"console: {m.text}") if m.type == "error" else None)
    page.on("pageerror", lambda e: wrong.append(f"script: {e}"))
    page.on(
        "request", lambda r: wrong.append(f"asks {r.url}") if not r.url.startswith((server, "data:", "blob:")) else 0
    )
    page.on("response", lambda r: wrong.append(f"{r.status} {r.url}") if r.status >= 400 else None)
    page.goto(address, wait_until="load")
    page.wait_for_function(TYPESET, timeout=30_000)
    page.evaluate(SETTLED)
    page.evaluate(AT_ONCE)
    page.wait_for_function(LOADED, timeout=30_000)
    if missing := page.evaluate(UNTYPESET):
        wrong.append(f"{missing} formulas are not set")
    if errors := page.evaluate("document.querySelectorAll('mjx-merror, [data-mjx-error]').length"):
        wrong.append(f"{errors} formulas are in error")
    wrong += [f"no picture at {source}" for source in page.evaluate(BROKEN)]
    if (beyond := page.evaluate(TOO_WIDE)) > 1:
        wrong.append(f"the page is {beyond} pixels wider than the window")
    return wrong


def loaded(page):
    """Bytes of what a page will load, MathJax's fonts aside, by address; it fills as the page loads."""
    sizes = {}

    def add(response):
        path = urlsplit(response.url).path
        if "woff" not in path or "mathjax" not in path:
            sizes[path] = len(response.body()) if response.status == 200 else 0

    page.on("response", add)
    return sizes


def interactive(browser, address):
    """Seconds until a page is interactive: the best of a few loads, or the first that is soon enough."""
    seconds = []
    while len(seconds) < LOADS and min(seconds, default=INTERACTIVE) >= INTERACTIVE:
        page = browser.new_page()
        page.goto(address, wait_until="load")
        seconds.append(page.evaluate("performance.getEntriesByType('navigation')[0].domInteractive") / 1000)
        page.close()
    return min(seconds)


def axe_violations(page):
    """Serious accessibility faults that axe finds outside formulas, with an element of each."""
    axe = pytest.importorskip("axe_playwright_python.sync_playwright", reason="axe is not installed")
    asked = {"resultTypes": ["violations"], "preload": False}  # preloading asks for style sheets a second time
    result = axe.Axe().run(page, context={"exclude": [["mjx-container"]]}, options=asked)
    return [
        (fault["id"], len(fault["nodes"]), fault["nodes"][0]["target"], fault["nodes"][0]["html"][:120])
        for fault in result.response["violations"]
        if fault["impact"] in AXE
    ]


def turned(page, name, pictures):
    """What is wrong with an open page in one of the sizes and schemes; it keeps a picture of each."""
    wrong = []
    for scheme in SCHEMES:
        page.emulate_media(color_scheme=scheme)
        page.wait_for_function(THEMED, arg=scheme)
        for size, (width, height) in SIZES.items():
            page.set_viewport_size({"width": width, "height": height})
            if (beyond := page.evaluate(TOO_WIDE)) > 1:
                wrong.append(f"{size}, {scheme}: the page is {beyond} pixels wider than the window")
            picture = pictures / f"{name.removesuffix('.html').replace('/', '-')}-{size}-{scheme}.png"
            page.screenshot(path=picture, animations="disabled")  # the sidebar slides away
        page.set_viewport_size(dict(zip(("width", "height"), SIZES["laptop"], strict=True)))
        page.wait_for_timeout(SETTLING)
        wrong += [f"{scheme}: axe: {fault}" for fault in axe_violations(page)]
    return wrong


@pytest.mark.parametrize("part", range(PARTS))
def test_every_page_reads(browser, server, pages, pictures, part):
    """Without fault and light; at every size, light and dark, within the window and accessible."""
    found = {}
    for name in pages[part::PARTS]:
        page = browser.new_page(viewport=dict(zip(("width", "height"), SIZES["laptop"], strict=True)))
        sizes = loaded(page)
        wrong = faults(page, f"{server}/{name}", server)
        if (bytes_ := sum(sizes.values())) >= HEAVIEST:
            wrong.append(f"{bytes_} bytes, {sorted(sizes.items(), key=lambda item: -item[1])[:3]}")
        if wrong := wrong + turned(page, name, pictures):
            found[name] = wrong
        page.close()
    assert not found, found


@pytest.mark.alone
def test_every_page_is_soon_there(browser, server, pages, capsys):
    """With nothing else at work on the machine."""
    found = {name: interactive(browser, f"{server}/{name}") for name in pages}
    slowest = max(found, key=found.get)
    with capsys.disabled():
        print(f"\ninteractive: {len(found)} pages, the slowest {slowest} after {found[slowest]:.2g} s")
    assert found[slowest] < INTERACTIVE, {name: seconds for name, seconds in found.items() if seconds >= INTERACTIVE}


@pytest.mark.parametrize("part", range(PARTS))
def test_every_claim_reads(browser, server, claims, part):
    """On a phone, the narrowest."""
    context = browser.new_context(viewport=dict(zip(("width", "height"), SIZES["phone"], strict=True)))
    found = {}
    for name in claims[part::PARTS]:
        page = context.new_page()
        if wrong := faults(page, f"{server}/{name}", server):
            found[name] = wrong
        page.close()
    context.close()
    assert not found, found


def test_control_faults_are_seen(browser, server, site, tmp_path):
    """A page that errs, asks another host, lacks a picture and is too wide is caught at each."""
    bad = site / "_static" / "faults.html"
    bad.write_text(
        "<body><p class='math'>x</p><img src='nowhere.png'><img src='http://192.0.2.1/x.png'>"
        "<div style='width:5000px;height:9000px'>.</div><img loading='lazy' src='below.png'>"
        "<script>window.MathJax = undefined; throw new Error('broken')</script></body>"
    )
    page = browser.new_page(viewport={"width": 390, "height": 844})
    page.route("http://192.0.2.1/**", lambda route: route.abort())
    try:
        wrong = " ".join(faults(page, f"{server}/_static/faults.html", server))
    finally:
        page.close()
        bad.unlink()
    for part in ("broken", "asks http://192.0.2.1", "404", "no picture", "below.png", "not set", "wider than"):
        assert part in wrong


@pytest.mark.alone
def test_control_a_page_that_is_late_is_seen(browser, tmp_path):
    """A script that keeps the reader waiting is timed."""
    file = Path(tmp_path) / "late.html"
    wait = f"const until = performance.now() + {1100 * INTERACTIVE}; while (performance.now() < until);"
    file.write_text(f"<title>t</title><script>{wait}</script><p>at last</p>")
    assert interactive(browser, file.as_uri()) >= INTERACTIVE


def test_control_an_unreadable_page_is_seen(browser, tmp_path):
    """Grey on grey is a fault of contrast."""
    file = Path(tmp_path) / "grey.html"
    style = "color:#aaa;background:#bbb"
    file.write_text(f"<html lang='en'><title>t</title><main><h1>h</h1><p style='{style}'>grey</p></main>")
    page = browser.new_page()
    page.goto(file.as_uri())
    assert "color-contrast" in {fault[0] for fault in axe_violations(page)}
    page.close()
