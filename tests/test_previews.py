"""Previews: labelled statements are cut out of a page whole, nothing else is."""

import runpy
from pathlib import Path

EXTENSION = Path(__file__).parents[1] / "book" / "_ext" / "previews.py"
Labelled = runpy.run_path(str(EXTENSION))["Labelled"]

PAGE = """<section id="one"><h1>One</h1><p id="p">text<br>more</p>
<div class="proof theorem admonition" id="sgd-norm"><p>Says <img src="x"></p>
<div class="math notranslate" id="equation-eq-sgd-norm">\\[a &lt; b\\]</div></div>
<div class="note" id="note">no</div><div class="math">no label</div></section>"""


def test_environments_and_equations_are_cut_out_whole():
    """By id, with what is inside, as it stands in the source."""
    found = Labelled(PAGE).found
    assert set(found) == {"sgd-norm", "equation-eq-sgd-norm"}
    assert found["equation-eq-sgd-norm"] == (
        '<div class="math notranslate" id="equation-eq-sgd-norm">\\[a &lt; b\\]</div>'
    )
    assert found["sgd-norm"].startswith('<div class="proof')
    assert found["sgd-norm"].endswith("</div></div>")
    assert found["sgd-norm"] in PAGE


def test_control_an_unlabelled_statement_has_no_preview():
    """Without an id there is nothing that a link could name."""
    assert Labelled('<div class="proof"><p>x</p></div>').found == {}
