"""Confrontations as SVG: each measurement with its error bar about its prediction, in units of that error bar.

One row a comparison, one band a confrontation; what was predicted and measured stands beside it in figures. The
line in the middle is the prediction. Colours are those of the page.
"""

from __future__ import annotations

import csv
import io
import math
import textwrap
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

ROW, HEAD, AXIS = 18, 26, 40
LABEL, PLOT, NUMBERS = 190, 170, 310
MEASURED = 130
"""From the first column of numbers to the second."""
LINE, CHARACTERS = 14, 104
"""Height of a line of a band's head, and what fits on it."""
DIGITS = 10
"""Digits of a number at most; the record has all."""
COLOUR = "#0072b2"  # Okabe and Ito's blue, as the book's first series
LEAST_RANGE = 4.0
UNSAID = ("seed", "device")
"""Conditions that the command repeats and the band's head leaves out."""


COLUMNS = ("layer", "design", "at", "quantity", "predicted", "measured", "error")


def table(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """The figure's data as CSV with the columns COLUMNS, in the order of the figure; every digit of the record."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    writer.writerow(COLUMNS)
    for one in comparisons:
        at = "; ".join(f"{name} = {value}" for name, value in one["at"].items())
        for found in one["statistics"]:
            numbers = (found[name] for name in ("predicted", "measured", "error"))
            writer.writerow((one.get("layer", ""), one["design"], at, found["name"], *numbers))
    return text.getvalue()


def svg(comparisons: Sequence[Mapping[str, Any]]) -> str:
    """The figure of recorded confrontations, each with ``design``, ``at`` and ``statistics``.

    A statistic has ``name``, ``predicted``, ``measured`` and ``error``; what has no error bar is drawn at the
    prediction, or at the edge.
    """
    reach = max((abs(_deviations(s)) for one in comparisons for s in one["statistics"]), default=0.0)
    span = max(LEAST_RANGE, math.ceil(min(reach, 40.0) + 1.5))
    heads = [textwrap.wrap(_where(one), CHARACTERS, subsequent_indent="    ") for one in comparisons]
    bands = [HEAD + LINE * (len(head) - 1) for head in heads]
    height = sum(bands) + ROW * sum(len(one["statistics"]) for one in comparisons) + AXIS
    width = LABEL + PLOT + NUMBERS
    parts = [
        f'<svg xmlns="http://www.w3.org/2000/svg" class="forest" viewBox="0 0 {width} {height}" width="{width}" '
        f'height="{height}" role="img" aria-label="measured about predicted, in error bars">'
    ]
    y = 0
    for one, head, band in zip(comparisons, heads, bands, strict=True):
        for i, line in enumerate(head):
            parts.append(f'<text class="at" x="{12 * (i > 0)}" y="{y + 17 + LINE * i}">{escape(line.strip())}</text>')
        y += band
        parts.append(f'<path class="rule" d="M{LABEL + PLOT / 2:g},{y}v{ROW * len(one["statistics"])}"/>')
        for statistic in one["statistics"]:
            parts += _row(statistic, y + ROW // 2, span)
            y += ROW
    return "\n".join([*parts, *_axis(y, span), "</svg>"])


def _row(statistic: Mapping[str, Any], y: int, span: float) -> list[str]:
    middle = LABEL + PLOT / 2
    scale = PLOT / 2 / span
    deviations = _deviations(statistic)
    at = max(-span, min(span, deviations))
    low, high = (middle + scale * max(-span, min(span, at + side)) for side in (-1, 1))
    predicted = _digits(statistic["predicted"], statistic["error"])
    return [
        f'<text x="12" y="{y + 4}">{escape(statistic["name"])}</text>',
        f'<path class="mark" d="M{low:.1f},{y}H{high:.1f}" stroke="{COLOUR}" stroke-width="1.5"/>',
        f'<circle class="mark" cx="{middle + scale * at:.1f}" cy="{y}" r="3" fill="{COLOUR}">'
        f"<title>{deviations:+.2f} error bars</title></circle>",
        f'<text x="{LABEL + PLOT + 14}" y="{y + 4}">{predicted}</text>',
        f'<text x="{LABEL + PLOT + MEASURED}" y="{y + 4}">{told(statistic)}</text>',
    ]


def _axis(y: int, span: float) -> list[str]:
    middle = LABEL + PLOT / 2
    step = 1 if span <= 5 else 2 if span <= 10 else 10
    parts = [f'<path class="rule" d="M{LABEL},{y + 4}H{LABEL + PLOT}"/>']
    for tick in range(-step * int(span // step), int(span) + 1, step):
        x = middle + tick * PLOT / 2 / span
        parts.append(f'<path class="rule" d="M{x:.1f},{y + 4}v4"/>')
        parts.append(f'<text x="{x:.1f}" y="{y + 20}" text-anchor="middle">{tick}</text>')
    parts.append(f'<text x="{middle}" y="{y + 35}" text-anchor="middle">(measured - predicted) / error bar</text>')
    parts.append(f'<text x="{LABEL + PLOT + 14}" y="{y + 20}">predicted</text>')
    parts.append(f'<text x="{LABEL + PLOT + MEASURED}" y="{y + 20}">measured</text>')
    return parts


def _where(one: Mapping[str, Any]) -> str:
    at = ", ".join(
        f"{k} {v:g}" if isinstance(v, float) else f"{k} {v}" for k, v in one["at"].items() if k not in UNSAID
    )
    return f"{one['design']}: {at}"


def _deviations(statistic: Mapping[str, Any]) -> float:
    difference = float(statistic["measured"]) - float(statistic["predicted"])
    error = float(statistic["error"])
    if error > 0:
        return difference / error
    return math.copysign(math.inf, difference) if difference else 0.0


def told(statistic: Mapping[str, Any]) -> str:
    """The measurement and its error bar, to the error bar's second digit."""
    error = float(statistic["error"])
    return f"{_digits(statistic['measured'], error)} ± {_digits(error, error)}"


def _digits(value: float, error: float) -> str:
    """A number to the second digit of its error, with no more than DIGITS."""
    value, error = float(value), float(error)
    if not value or not error or not math.isfinite(value):
        return f"{value:g}"
    size, last = math.floor(math.log10(abs(value))), math.floor(math.log10(error)) - 1
    kept = min(max(size - last + 1, 1), DIGITS)
    if -5 < size < 6 and last <= 0:
        return f"{value:.{max(kept - size - 1, 0)}f}"
    if -5 < size < 6:
        return f"{round(value, -last):.0f}"
    return f"{value:.{kept - 1}e}"
