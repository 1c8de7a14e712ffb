"""Previews in a browser: hover and keyboard focus show a statement, Escape hides it, from the file system."""

import pytest

BOX = "#smd-preview"
THEME = "Got invalid theme mode"
"""What the theme itself says on a first visit from the file system."""


@pytest.fixture(params=["light", "dark"])
def page(request, browser, site):
    """The ledger, which links to statements of other pages; it may complain about nothing and ask nobody."""
    context = browser.new_context(viewport={"width": 1280, "height": 900}, color_scheme=request.param)
    page, wrong = context.new_page(), []
    page.on("console", lambda m: wrong.append(m.text) if m.type == "error" and THEME not in m.text else 0)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else 0)
    page.goto((site / "ledger.html").as_uri())
    page.wait_for_function("window.MathJax && MathJax.startup && MathJax.startup.promise")
    page.evaluate("MathJax.startup.promise")
    yield page
    context.close()
    assert wrong == []


def statement(page):
    """The first link to a statement on another page."""
    return page.locator("article td a[href*='.html#']").first


def test_hover_shows_the_statement_with_its_formula(page):
    """Typeset, described by the box, inside the window; away with Escape."""
    link = statement(page)
    link.scroll_into_view_if_needed()
    link.hover()
    page.locator(f"{BOX} mjx-container").first.wait_for(timeout=10_000)
    assert link.get_attribute("aria-describedby") == "smd-preview"
    box = page.locator(BOX).bounding_box()
    assert box["x"] >= 0
    assert box["x"] + box["width"] <= 1280
    ink, paper = page.evaluate(
        "(s => [s.color, s.backgroundColor])(getComputedStyle(document.querySelector('#smd-preview')))"
    )
    assert ink != paper
    page.keyboard.press("Escape")
    assert not page.locator(BOX).is_visible()
    assert link.get_attribute("aria-describedby") is None


def test_keyboard_focus_shows_it_too(page):
    """A link that is reached by the tabulator shows what it leads to; leaving it hides that."""
    link = statement(page)
    link.focus()
    page.keyboard.press("Shift+Tab")
    page.keyboard.press("Tab")
    page.locator(BOX).wait_for(state="visible", timeout=10_000)
    link.evaluate("link => link.blur()")
    assert not page.locator(BOX).is_visible()


def test_control_a_plain_link_shows_nothing(page):
    """A link to a page, not to a statement, has no preview."""
    link = page.locator("article a[href='kernel.html']").first
    link.scroll_into_view_if_needed()
    link.hover()
    page.wait_for_timeout(800)
    assert page.locator(BOX).count() == 0 or not page.locator(BOX).is_visible()
