"""The drawing of what was derived from what."""

import csv
import io
from xml.etree import ElementTree

from proofs import CLAIMS, Status
from proofs.dependencies import ancestors, depends_on
from proofs.graph import COLOURS, MARKS, WIDTH, connected, family, svg, table

SVG = "{http://www.w3.org/2000/svg}"


def drawn(ids, **options):
    """The parsed drawing."""
    return ElementTree.fromstring(svg(ids, **{"status_of": lambda claim: Status.PROVED, **options}))  # noqa: S314


def test_every_claim_of_the_graph_is_a_box_and_every_dependency_an_arrow():
    """One box a claim with its id, one path a recorded dependency, nothing drawn twice."""
    ids = connected()
    found = drawn(ids)
    texts = [text.text for text in found.iter(f"{SVG}text")]
    assert len(ids) > 60
    assert sorted(t for t in texts if t in CLAIMS) == sorted(ids)
    assert len(list(found.iter(f"{SVG}path"))) == sum(len(depends_on(CLAIMS[one])) for one in ids)


def test_family_holds_ancestors_and_descendants():
    """A claim's part has what it came from and what came from it, and nobody else's."""
    found = set(family("adam_l2-angle-leading"))
    above = {"adam_l2-norm", "adam_l2-angle", "trajectory-recursion", "lion-autocorrelation"}
    assert found == {"adam_l2-angle-leading"} | above
    assert {"sgd-norm", "sgd-norm-leading", "norm-rescaling"} <= set(family("sgd-norm"))
    assert "isotropic-noise" not in family("lion-angle")


def test_dependencies_have_no_circle():
    """No claim is among those that it was derived from, and some lie several steps from the rules."""

    def depth(claim):
        return 1 + max((depth(CLAIMS[other]) for other in depends_on(claim)), default=0)

    assert not any(claim.id in ancestors(claim) for claim in CLAIMS.values())
    assert max(depth(claim) for claim in CLAIMS.values()) >= 5


def test_boxes_do_not_overlap_and_arrows_run_to_the_right():
    """Boxes stand apart, and every arrow ends to the right of its start."""
    found = drawn(connected())
    boxes = [(float(r.get("x")), float(r.get("y"))) for r in found.iter(f"{SVG}rect") if r.get("width") == str(WIDTH)]
    assert len(boxes) == len(set(boxes)) == len(connected())
    for path in found.iter(f"{SVG}path"):
        numbers = path.get("d").replace("M", "").replace("C", "").split()
        assert float(numbers[0].split(",")[0]) < float(numbers[-1].split(",")[0])


def test_colours_are_those_of_the_statuses():
    """A status has its colour, a refuted claim is seen, and the legend explains what is there and no more."""
    assert set(COLOURS) == set(Status)
    bad = drawn(["sgd-norm"], status_of=lambda claim: Status.REFUTED)
    assert {r.get("fill") for r in bad.iter(f"{SVG}rect")} == {COLOURS[Status.REFUTED]}
    assert sum(t.text.startswith("refuted: ") for t in bad.iter(f"{SVG}text")) == 1


def test_links_lead_where_they_are_told():
    """A claim with an address is a link, one without is not."""
    found = drawn(["sgd-norm", "sgd-angle"], link=lambda one: f"sgd.html#{one}" if one == "sgd-norm" else None)
    assert [a.get("href") for a in found.iter(f"{SVG}a")] == ["sgd.html#sgd-norm"]


def test_statuses_are_told_apart_without_colours():
    """Each has a mark of its own in its boxes, white on a colour on which white is read (4.5 by WCAG)."""
    assert set(MARKS) == set(Status)
    assert len(set(MARKS.values())) == len(Status)
    texts = [text.text for text in drawn(["sgd-norm", "sgd-angle"]).iter(f"{SVG}text")]
    assert texts.count(MARKS[Status.PROVED]) == 3

    def luminance(colour):
        parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
        linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in parts]
        return sum(weight * c for weight, c in zip((0.2126, 0.7152, 0.0722), linear, strict=True))

    assert min(1.05 / (luminance(colour) + 0.05) for colour in COLOURS.values()) > 4.5


def test_the_table_has_what_is_drawn():
    """A row a claim with its status, and as many dependencies as arrows."""
    ids = connected()
    rows = list(csv.DictReader(io.StringIO(table(ids, lambda claim: Status.PROVED))))
    assert [row["claim"] for row in rows] == ids
    assert {row["status"] for row in rows} == {"proved"}
    assert sum(len(row["derived from"].split()) for row in rows) == len(list(drawn(ids).iter(f"{SVG}path")))
