"""The Baujat plot: what each study gives to the heterogeneity, and to the pooled effect."""

from __future__ import annotations

import math

from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text, plural
from locoreg.figures.canvas import Canvas, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, RULE
from locoreg.figures.meta.tableaxis import name_of
from locoreg.figures.textfit import one_line, text_width, wrap
from locoreg.workflows.meta.report import MetaReport

WIDTH, HEIGHT = 760.0, 360.0
LEFT, RIGHT = 74.0, 740.0
POINT = "#005A8C"


def baujat_figure(report: MetaReport, *, title: str | None) -> Figure:
    """Draw each study's share of Q against its influence on the pool.

    Parameters
    ----------
    report : MetaReport
        With `influence`.
    title : str or None
        Title; a general one if not given.

    Returns
    -------
    matplotlib.figure.Figure
        A point per study, far ones to the right and above.

    Raises
    ------
    DesignError
        If the report has no influence.

    References
    ----------
    Baujat B et al. (2002). Statistics in Medicine 21:2641-2652. doi:10.1002/sim.1221
    """
    part = report.influence
    if part is None:
        raise DesignError("no influence was computed.", hint="ask for it.")
    points = [
        (one_line(label), x, y)
        for label, x, y in zip(part.labels, part.contribution, part.shift, strict=True)
    ]
    across, up = _top(max(x for _, x, _ in points)), _top(max(y for _, _, y in points))
    name = one_line(f"{title or name_of(report.measure)}: Baujat plot")
    with own_settings():
        canvas = Canvas(WIDTH)
        y = MARGIN
        pen = canvas.pen("title")
        for line in wrap(name, WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, y + 7, line, role="line", size=TITLE, bold=True)
            y += 14
        top = y + 22
        _frame(canvas, top, across, up)
        _points(canvas, points, top, across, up)
        y = top + HEIGHT + 44
        y = _note(canvas, y, report)
        most = max(points, key=lambda point: point[1])
        words = (
            f"{plural(len(points), 'study', 'studies')}; {most[0]} gives most to the "
            f"heterogeneity, {decimal_text(most[1])}."
        )
        return canvas.finish(y + MARGIN, title=name, description=words)


def _top(largest: float) -> float:
    """Return a round number above the largest value."""
    if not math.isfinite(largest) or largest <= 0:
        return 1.0
    power = 10.0 ** math.floor(math.log10(largest))
    return next(
        step * power
        for step in (1, 1.2, 1.6, 2, 3, 4, 6, 8, 10, 12)
        if step * power >= 1.05 * largest
    )


def _frame(canvas: Canvas, top: float, across: float, up: float) -> None:
    pen, grid = canvas.pen("scale"), canvas.pen("grid", under=True)
    bottom = top + HEIGHT
    pen.line((LEFT, bottom), (RIGHT, bottom), role="line", colour=INK, width=0.8)
    pen.line((LEFT, top), (LEFT, bottom), role="side", colour=INK, width=0.8)
    for part in (0.0, 0.25, 0.5, 0.75, 1.0):
        x, y = LEFT + part * (RIGHT - LEFT), bottom - part * HEIGHT
        pen.line((x, bottom), (x, bottom + 3.5), role="tick", colour=INK, width=0.8)
        pen.text(x, bottom + 10, f"{part * across:.3g}", role="label", size=HEAD, align="center")
        pen.line((LEFT - 3.5, y), (LEFT, y), role="side-tick", colour=INK, width=0.8)
        pen.text(LEFT - 6, y, f"{part * up:.3g}", role="side-label", size=HEAD, align="right")
        if part:
            grid.line((LEFT, y), (RIGHT, y), role="line", colour=RULE, width=0.4)
    middle = (LEFT + RIGHT) / 2
    pen = canvas.pen("axis-title")
    pen.text(
        middle, bottom + 24, "Squared Pearson residual: contribution to the heterogeneity",
        role="across", size=HEAD, align="center", bold=True,
    )  # fmt: skip
    pen.text(MARGIN, top - 9, "Influence on the pooled effect", role="up", size=HEAD, bold=True)


def _points(
    canvas: Canvas, points: list[tuple[str, float, float]], top: float, across: float, up: float
) -> None:
    taken: list[tuple[float, float, float]] = []
    for i, (label, share, shift) in enumerate(points):
        x, y = LEFT + share / across * (RIGHT - LEFT), top + HEIGHT * (1 - shift / up)
        sentence = f"{label}: contribution {decimal_text(share)}, influence {decimal_text(shift)}"
        pen = canvas.pen(f"s{i}", sentence)
        pen.disc(x, y, 5.6, role="point", fill=POINT)
        width = text_width(label, SMALL)
        left = x + 5 if x + 5 + width <= RIGHT else x - 5 - width
        # Studies near the origin lie on each other: a name is written where there is room.
        if any(abs(y - b) < 9 and left < end and start < left + width for b, start, end in taken):
            continue
        taken.append((y, left, left + width))
        pen.text(left, y, label, role="label", size=SMALL)


def _note(canvas: Canvas, y: float, report: MetaReport) -> float:
    pen = canvas.pen("notes")
    text = (
        "Across: squared distance of the study from the pool over its variance "
        f"({report.meta.method}). Upwards: squared change of the pool without the study over the "
        "variance of that pool. Names that would cover others are left away; the table has all."
    )
    for line in wrap(text, WIDTH - 2 * MARGIN, SMALL):
        pen.text(MARGIN, y + 5, line, role="line", size=SMALL, colour=FAINT_INK)
        y += 10
    return y
