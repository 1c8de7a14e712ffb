"""The page of calculators in a browser, by keyboard: what it shows is what Python computes."""

import re
from contextlib import contextmanager
from urllib.parse import urlencode

import pytest
from typer.testing import CliRunner

import smd
from smd.cli.app import app
from smd.explaining import explain
from smd.predicting import predict
from smd.recipes import recipe
from smd.trajectory import trajectory
from smd.translating import translate

SIZES = {"phone": (390, 844), "laptop": (1280, 800), "wide": (1920, 1080)}
SHOWN = 1e-5
"""Six digits are shown."""
READY = "document.documentElement.dataset.smd === 'ready'"
NONSENSE = re.compile(r"\b(NaN|undefined|Infinity|\[object)\b")
PANELS = ".smd"


@contextmanager
def opened(browser, address, *, size="laptop", scheme="light", hash_="", allow=()):
    """A page of its own that may complain about nothing and ask nobody."""
    width, height = SIZES[size]
    context = browser.new_context(
        viewport={"width": width, "height": height}, color_scheme=scheme, permissions=["clipboard-read"]
    )
    page, wrong = context.new_page(), []
    page.on("console", lambda m: wrong.append(m.text) if m.type in ("error", "warning") else 0)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda r: wrong.append(r.url) if not r.url.startswith(("file:", "data:", "blob:")) else 0)
    try:
        page.goto(address + hash_)
        settled(page)
        yield page
        assert NONSENSE.search(" ".join(page.locator(PANELS).all_inner_texts())) is None
        assert wrong == []
    finally:
        context.close()


def settled(page):
    """Wait until everything is computed."""
    page.wait_for_function(READY, timeout=20_000)


def typed(page, field, text):
    """Replace what stands in a field, by keyboard."""
    page.focus(f"#{field}")
    page.keyboard.press("Control+A")
    page.keyboard.type(text)
    settled(page)


def chosen(page, field, value):
    """Choose from a list, by keyboard: arrows from the first option."""
    page.focus(f"#{field}")
    page.keyboard.press("Home")
    for _ in range(40):
        if page.input_value(f"#{field}") == value:
            break
        page.keyboard.press("ArrowDown")
    assert page.input_value(f"#{field}") == value
    settled(page)


def rows(page, panel):
    """A table's cells by the name of their row."""
    found = {}
    for row in page.locator(f"#{panel} tbody tr").all():
        name, *cells = row.locator("th, td").all_inner_texts()
        found[name] = cells
    return found


def number(text):
    """The first number of a text."""
    return float(re.search(r"-?\d[\d.]*(e[-+]?\d+)?", text)[0])


def close(text, value):
    """Whether a cell shows a value."""
    return number(text) == pytest.approx(value, rel=SHOWN)


def shows(page, found):
    """Whether the panel shows a prediction."""
    cells = rows(page, "smd-numbers")
    assert close(cells["norm"][0], found.equilibrium_norm)
    assert close(cells["angle a step"][0], found.angular_update)
    assert close(cells["half-life"][0], found.half_life)
    assert close(cells["multiplier a step"][0], found.convergence_rate)
    return True


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_it_fits_and_asks_nobody(browser, calculator, site, size, scheme):
    """From the file system, at every size: no sideways scrolling, charts as wide as their panel, text of its size."""
    with opened(browser, calculator, size=size, scheme=scheme) as page:
        wide, seen = page.evaluate("[document.documentElement.scrollWidth, window.innerWidth]")
        assert wide <= seen
        for figure in page.locator(".smd-chart").all():
            box, panel = figure.locator("> svg").bounding_box(), figure.locator("..").bounding_box()
            assert box["width"] == pytest.approx(panel["width"], abs=2)
        shots = site.parent / "screenshots"
        shots.mkdir(exist_ok=True)
        page.screenshot(path=str(shots / f"calculator-{size}-{scheme}.png"), full_page=True)


def test_every_field_has_a_name(browser, calculator):
    """Labels for readers that see none, and one place that speaks for each panel."""
    with opened(browser, calculator) as page:
        for field in page.locator(".smd :is(input, select, textarea)").all():
            named = field.evaluate("e => e.getAttribute('aria-label') || (e.labels[0] || {}).innerText")
            assert (named or "").strip()
        page.wait_for_function("document.querySelector('#smd-numbers-spoken').textContent.includes('norm')")
        assert page.locator(".smd [role=status]").count() >= 4


def test_by_keyboard_alone(browser, calculator):
    """Tab reaches every control in reading order; typing, arrows and lists change the numbers."""
    with opened(browser, calculator) as page:
        page.focus("#optimizer")
        met = ["optimizer"]
        for _ in range(6):
            page.keyboard.press("Tab")
            met.append(page.evaluate("document.activeElement.id"))
        assert met == ["optimizer", "decay", "lr", "lr-slider", "wd", "wd-slider", "beta1"]
        typed(page, "lr", "0.002")
        typed(page, "wd", "0.05")
        assert shows(page, predict("adamw", lr=0.002, wd=0.05, dim=1024))
        chosen(page, "decay", "coupled")
        assert shows(page, predict("adam_l2", lr=0.002, wd=0.05, dim=1024))
        chosen(page, "optimizer", "lion")
        typed(page, "beta2", "0.98")
        assert shows(page, predict("lion", lr=0.002, wd=0.05, beta2=0.98, dim=1024))
        page.focus("#lr-slider")
        page.keyboard.press("ArrowRight")
        settled(page)
        moved = float(page.input_value("#lr"))
        assert moved != 0.002
        assert shows(page, predict("lion", lr=moved, wd=0.05, beta2=0.98, dim=1024))


def test_control_a_wrong_formula_is_seen(browser, calculator, site):
    """The page with one sign changed in AdamW's norm no longer shows what Python computes."""
    script = (site / "_static" / "calculator" / "derived.js").read_text(encoding="utf-8")
    before, rule = script.split("\nadamw: {", 1)
    wrong = f"{before}\nadamw: {{{rule.replace('(2 - p)', '(2 + p)', 1)}"
    assert wrong != script
    context = browser.new_context()
    page = context.new_page()
    page.route("**/derived.js*", lambda route: route.fulfill(body=wrong, content_type="text/javascript"))
    page.goto(calculator + "#lr=1&wd=0.5")
    settled(page)
    with pytest.raises(AssertionError):
        shows(page, predict("adamw", lr=1.0, wd=0.5, dim=1024))
    context.close()


@pytest.mark.parametrize(
    ("field", "text", "says"),
    [
        ("lr", "abc", "lr = abc is not a number"),
        ("lr", "", "lr is missing"),
        ("lr", "-1", "lr = -1 is outside its range (0, inf)"),
        ("beta1", "1", "beta1 = 1 is outside its range [0, 1)"),
        ("lr", "1e400", "lr = 1e400 is not a number"),
        ("wd", "1e9", "the weights grow without bound"),
        ("steps", "1.5", "steps = 1.5 is outside its range"),
        ("recipe", "optimizer: adamx", "optimizer = adamx is unknown"),
        ("batch", "1e9", "batch = 1e+09 would need a step of more than half a turn"),
    ],
)
def test_what_is_wrong_is_said_in_one_line(browser, calculator, field, text, says):
    """Near the field, which is marked; no number that is no number; and it recovers."""
    with opened(browser, calculator) as page:
        before = page.input_value(f"#{field}")
        typed(page, field, text) if text else (page.fill(f"#{field}", ""), settled(page))
        panel = page.locator(".smd").filter(has=page.locator(f"#{field}"))
        assert says in panel.inner_text()
        if "bound" not in says:
            assert page.get_attribute(f"#{field}", "aria-invalid") == "true"
            assert page.locator(f"#{field}-error").inner_text().count("\n") == 0
        page.fill(f"#{field}", before)
        settled(page)
        assert page.locator(".smd [aria-invalid]").count() == 0


def test_links_carry_the_values(browser, calculator):
    """The address that is copied opens the same page: fields, numbers, recipe."""
    with opened(browser, calculator) as page:
        chosen(page, "optimizer", "sgdm")
        typed(page, "lr", "0.3")
        typed(page, "momentum", "0.8")
        chosen(page, "schedule", "step")
        typed(page, "drops", "0.5, 0.9")
        page.fill("#recipe", "optimizer: sgd\nlr: 0.1\nwd: 0.01\nsteps: 3000\n")
        settled(page)
        address, numbers, said = page.url, rows(page, "smd-numbers"), page.inner_text("#smd-says")
    with opened(browser, address) as page:
        page.goto(address.replace("momentum=0.8", "momentum=0.5"))
        page.wait_for_function("(document.querySelector('#momentum') || {}).value === '0.5'")
        page.goto(address)
        page.wait_for_function("(document.querySelector('#momentum') || {}).value === '0.8'")
        settled(page)
        assert page.input_value("#drops") == "0.5, 0.9"
        assert rows(page, "smd-numbers") == numbers
        assert page.inner_text("#smd-says") == said


def copied(page, panel, name):
    """What a button of a panel puts into the clipboard, by keyboard."""
    page.locator(f"#{panel}").get_by_role("button", name=f"Copy {name}", exact=True).focus()
    page.keyboard.press("Enter")
    page.wait_for_function(f"document.querySelector('#{panel} .smd-copied').textContent === '{name} copied'")
    return page.evaluate("navigator.clipboard.readText()")


def ran(line):
    """The JSON of a command line."""
    done = CliRunner().invoke(app, [*line.split()[1:], "--json"])
    assert done.exit_code == 0, done.output
    return __import__("json").loads(done.output)


COPIED = [
    {"optimizer": "adam", "lr": "0.002", "beta2": "0.95"},
    {"optimizer": "adam", "decay": "corrected", "lr": "0.001", "lr_max": "0.004"},
    {"optimizer": "sgdm", "decay": "independent", "wd": "0.001", "grad_norm": "2"},
    {"optimizer": "muon", "rows": "768", "cols": "3072", "scale": "spectral", "form": "heavy"},
    {"optimizer": "lars", "lr": "1", "trust": "0.01"},
]


@pytest.mark.parametrize("fields", COPIED, ids=lambda fields: "-".join(list(fields.values())[:2]))
def test_what_is_copied_runs(browser, calculator, fields):
    """Python and command line give the numbers that are shown; the LaTeX holds them."""
    with opened(browser, calculator, hash_=f"#{urlencode(fields)}") as page:
        python, line = copied(page, "smd-copies", "Python"), copied(page, "smd-copies", "command line")
        latex = copied(page, "smd-copies", "LaTeX")
        names = {}
        *setup, last = python.strip().split("\n")
        exec("\n".join(setup), names)  # noqa: S102
        assert shows(page, eval(last, names))  # noqa: S307
        assert close(rows(page, "smd-numbers")["norm"][0], ran(line)["equilibrium_norm"])
        assert r"\theta = " in latex
        assert latex.count("{") == latex.count("}")


def test_a_schedule_moves_as_in_python(browser, calculator):
    """The panel's figures are those of smd.trajectory, and what is copied gives them."""
    fields = {"lr": "0.004", "schedule": "wsd", "steps": "3000", "warmup": "100", "beta2": "0.99", "cooldown": "0.3"}
    with opened(browser, calculator, hash_=f"#{urlencode(fields)}") as page:
        found = trajectory(
            "adamw", schedule="wsd", lr=0.004, wd=0.1, steps=3000, warmup=100, final=0.1, cooldown=0.3, beta2=0.99,
            dim=1024,
        )  # fmt: skip
        cells = rows(page, "smd-run")
        assert close(cells["norm at the end"][0], found.trajectory.norm[-1])
        assert close(cells["largest angle"][0], found.trajectory.peak[1])
        line = ran(copied(page, "smd-run-copies", "command line"))
        assert line["final_norm"] == pytest.approx(found.trajectory.norm[-1])
        names = {}
        exec(copied(page, "smd-run-copies", "Python"), names)  # noqa: S102
        assert names["run"].trajectory.norm[-1] == pytest.approx(found.trajectory.norm[-1])


def test_a_recipe_is_explained_as_in_python(browser, calculator):
    """Every sentence, from a recipe that is typed and from one that the fields write."""
    content = {"optimizer": "lion", "lr": 1e-4, "wd": 1.0, "betas": [0.95, 0.98], "steps": 20000}
    with opened(browser, calculator) as page:
        page.fill("#recipe", "optimizer: lion\nlr: 1e-4\nwd: 1.0\nbetas: [0.95, 0.98]\nsteps: 20_000\n")
        settled(page)
        found = explain(recipe(content))
        said = page.locator("#smd-says li").all_inner_texts()
        assert said == [*found.says, *found.change]
        page.focus("#recipe-fill")
        page.keyboard.press("Enter")
        settled(page)
        assert page.input_value("#recipe").startswith("optimizer: adamw\nlr: 0.001\n")


def test_a_translation_is_that_of_python(browser, calculator):
    """lr and wd of the target; the copied command finds the same."""
    with opened(browser, calculator, hash_="#to-beta2=0.98&to-beta1=0.95") as page:
        found = translate("adamw", "lion", lr=1e-3, wd=0.1, beta1=0.9, dim=1024, to={"beta1": 0.95, "beta2": 0.98})
        cells = rows(page, "smd-translated")
        assert close(cells["lr"][1], found.target.hyperparameters["lr"])
        assert close(cells["wd"][1], found.target.hyperparameters["wd"])
        line = ran(copied(page, "smd-translated-copies", "command line"))
        assert line["target"]["hyperparameters"]["lr"] == pytest.approx(found.target.hyperparameters["lr"])


def test_every_optimizer_and_decay_opens(browser, calculator):
    """No combination shows what is no number or errs, and each is explained by its hypotheses."""
    with opened(browser, calculator) as page:
        names = page.evaluate("Array.from(document.querySelectorAll('#optimizer option'), o => o.value)")
        for name in names:
            page.select_option("#optimizer", name)
            for decay in page.evaluate("Array.from(document.querySelectorAll('#decay option'), o => o.value)"):
                page.select_option("#decay", decay)
                settled(page)
                assert page.locator("#smd-hypotheses li").count() > 0, (name, decay)
                assert NONSENSE.search(" ".join(page.locator(PANELS).all_inner_texts())) is None, (name, decay)


def test_it_only_names_what_smd_has():
    """What is copied imports names that exist."""
    assert {"predict", "explain", "read_recipe", "translate"} <= set(dir(smd))
