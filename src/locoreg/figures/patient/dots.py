"""100 dots for each option: dots, not figures of people.

Written as markup directly: 200 dots drawn by the plotting library are 20 times as large, and slow
for a page that is never kept.
"""

from __future__ import annotations

import xml.etree.ElementTree as ET
from typing import TYPE_CHECKING

from locoreg.figures.emulation.words import marked_title, upper_first
from locoreg.figures.layouts import INK
from locoreg.figures.selection.chart import BLUE
from locoreg.figures.svg import FONTS, SVG
from locoreg.figures.textfit import one_line, wrap
from locoreg.workflows.patient.wording import months_text

if TYPE_CHECKING:
    from locoreg.workflows.patient.curve import ArmAt, AtMonth

ROWS = 10
WIDTH, MARGIN = 760.0, 12.0
STEP, RADIUS = 26.0, 9.0
SIZE, LINE = 15.0, 19.0
MOST_LINES = 3


def dots_svg(
    at: AtMonth,
    *,
    labels: tuple[str, str],
    event: tuple[str, str],
    synthetic: bool = False,
    prefix: str = "dots",
) -> str:
    """Return 100 dots for each option at one time, as SVG.

    Parameters
    ----------
    at : AtMonth
        The numbers.
    labels : tuple of str
        Options without and with local therapy.
    event : tuple of str
        Words for those free of the event, filled dots, and those with it, rings.
    synthetic : bool
        Whether the people behind the numbers are made up.
    prefix : str
        Sets the ids apart from others of the page.

    Returns
    -------
    str
        One ``svg`` element without style: two squares of 100 dots.
    """
    arms = (at.without, at.with_)
    title = marked_title(
        f"100 people like this after {months_text(at.months)}", synthetic=synthetic
    )
    finding = "; ".join(
        f"{label}: {arm.people[0]} {event[0]}, {arm.people[1]} {event[1]}"
        for label, arm in zip(labels, arms, strict=True)
    )
    half = WIDTH / 2
    lines = [
        wrap(one_line(upper_first(label)), half - 2 * MARGIN - 40, SIZE, "bold")[:MOST_LINES]
        for label in labels
    ]
    top = 2 * LINE + LINE * max(len(one) for one in lines) + 6
    height = top + ROWS * STEP + 2 * LINE
    names = (f"lr-{prefix}-title", f"lr-{prefix}-desc")
    root = ET.Element(
        "svg",
        {
            "xmlns": SVG,
            "viewBox": f"0 0 {WIDTH:g} {height:g}",
            "role": "figure",
            "aria-labelledby": " ".join(names),
            "font-family": FONTS,
            "font-size": f"{SIZE:g}",
            "fill": INK,
        },
    )
    ET.SubElement(root, "title", {"id": names[0]}).text = one_line(title)
    ET.SubElement(root, "desc", {"id": names[1]}).text = one_line(finding)
    key = f"Filled dot: {event[0]}. Ring: {event[1]}."
    _text(root, MARGIN, LINE, one_line(key))
    for k, arm in enumerate(arms):
        left = MARGIN + k * half
        for row, line in enumerate(lines[k]):
            _text(root, left, 2 * LINE + (row + 0.6) * LINE, line, bold=True)
        _square(root, arm, left, top, f"{labels[k]}: {arm.people[0]} of 100 {event[0]}")
        counts = f"{arm.people[0]} {event[0]}, {arm.people[1]} {event[1]}"
        _text(root, left, top + ROWS * STEP + LINE, one_line(counts))
    return ET.tostring(root, encoding="unicode") + "\n"


def _text(parent: ET.Element, x: float, y: float, text: str, *, bold: bool = False) -> None:
    found = {"x": f"{x:g}", "y": f"{y:g}"}
    ET.SubElement(
        parent, "text", {**found, **({"font-weight": "bold"} if bold else {})}
    ).text = text


def _square(root: ET.Element, arm: ArmAt, left: float, top: float, sentence: str) -> None:
    group = ET.SubElement(
        root, "g", {"class": "lr-dots", "role": "img", "aria-label": one_line(sentence)}
    )
    free = arm.people[0]
    for place in range(ROWS * ROWS):
        row, column = divmod(place, ROWS)
        inside = place < free
        look = (
            {"class": "lr-dot-free", "r": f"{RADIUS:g}", "fill": BLUE}
            if inside
            else {
                "class": "lr-dot-event",
                "r": f"{RADIUS - 1:g}",
                "fill": "none",
                "stroke": INK,
                "stroke-width": "1.5",
            }
        )
        x, y = left + (column + 0.5) * STEP, top + (row + 0.5) * STEP
        ET.SubElement(group, "circle", {"cx": f"{x:g}", "cy": f"{y:g}", **look})
