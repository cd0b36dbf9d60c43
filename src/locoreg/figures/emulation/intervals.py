"""Rows of estimates with intervals about a line of no effect, in groups that are never pooled."""

from __future__ import annotations

import math
from collections.abc import Sequence

from matplotlib.figure import Figure

from locoreg.figures.axis import tick_text
from locoreg.figures.canvas import Align
from locoreg.figures.columns import GAP, HEAD, MARGIN, SMALL, TEXT
from locoreg.figures.emulation.intervaltable import (
    BIASED,
    NOT_ESTIMABLE,
    IntervalGroup,
    IntervalRow,
    IntervalTable,
    axis_of,
)
from locoreg.figures.emulation.plate import (
    SMALL_LINE,
    VERDICT_SIGNS,
    Plate,
    draw_verdict,
)
from locoreg.figures.forest import WIDTH
from locoreg.figures.glyphs import ARROW_HALF, ARROW_LENGTH
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.sheet import ALERT
from locoreg.figures.textfit import ellipsise, one_line, text_width, wrap

ROW = 15.0
LABEL_MAX, LABEL_MIN = 262.0, 60.0
INDENT = 8.0
SIDE = 6.6
SOLID, HOLLOW = "#0072B2", "#8A4100"
TRUTH = "#007A5A"
TRUTH_DASHES = (5.0, 2.5)


def interval_figure(
    table: IntervalTable, *, axis_limits: tuple[float, float] | None = None
) -> Figure:
    """Draw rows of intervals.

    Parameters
    ----------
    table : IntervalTable
        Words and numbers.
    axis_limits : tuple of float, optional
        Ends of the axis; intervals beyond end in arrow heads.

    Returns
    -------
    matplotlib.figure.Figure
        One axes in points.
    """
    return _Rows(table, axis_limits).draw()


class _Rows(Plate):
    def __init__(self, table: IntervalTable, axis_limits: tuple[float, float] | None) -> None:
        super().__init__(table.words)
        self.table = table
        rows = table.rows
        ends = [v for row in rows if row.known for v in (row.low, row.high, row.estimate)]
        ends += [table.truth[0]] if table.truth else []
        self.axis = axis_of([v for v in ends if math.isfinite(v)], table.scale, axis_limits)
        self._columns(rows)
        self.beyond = False
        self.moved: list[IntervalRow] = []

    def _columns(self, rows: Sequence[IntervalRow]) -> None:
        """Share the width out; the plot takes what is left."""
        widest = max(
            [text_width(self.table.label_head, HEAD, "bold")]
            + [INDENT + text_width(one_line(r.label), TEXT, _weight(r)) for r in rows]
        )
        self.label_width = min(max(widest, LABEL_MIN), LABEL_MAX)
        verdicts = [text_width(f"✖ {r.verdict}", TEXT, "bold") for r in rows if _shown(r.verdict)]
        self.verdict_width = max([*verdicts, text_width("Verdict", HEAD, "bold")], default=0.0)
        if not verdicts:
            self.verdict_width = 0.0
        texts = [text_width(r.text, TEXT, "bold") for r in rows if r.known]
        self.text_width = max([*texts, text_width(self.table.effect_head, HEAD, "bold")])
        self.verdict_left = WIDTH - MARGIN - self.verdict_width
        gap = GAP if self.verdict_width else 0.0
        self.text_right = self.verdict_left - gap
        self.left = MARGIN + self.label_width + GAP
        self.right = self.text_right - self.text_width - GAP

    def body(self) -> None:
        """Draw heads, groups and the axis."""
        self._heads()
        top = self.y
        self.last: tuple[float, float] | None = None
        for g, group in enumerate(self.table.groups):
            self._group(g, group)
        self._axis(top)

    def _heads(self) -> None:
        truth = self.table.truth
        if truth and self._inside(truth[0]):
            half = text_width(truth[1], SMALL, "bold") / 2
            x = min(max(self.x(truth[0]), MARGIN + half), WIDTH - MARGIN - half)
            self.pen("truth-name").text(
                x, self.y + 5, truth[1], role="text", size=SMALL, align="center", bold=True,
                colour=TRUTH,
            )  # fmt: skip
            self.y += 12
        pen = self.pen("heads")
        heads: tuple[tuple[float, str, Align], ...] = (
            (MARGIN, self.table.label_head, "left"),
            (self.text_right, self.table.effect_head, "right"),
        )
        for x, text, align in heads:
            pen.text(x, self.y + 5, text, role="head", size=HEAD, align=align, bold=True)
        if self.verdict_width:
            pen.text(self.verdict_left, self.y + 5, "Verdict", role="head", size=HEAD, bold=True)
        self.y += 13
        self.rule("heads-rule")
        self.y += 3

    def _group(self, g: int, group: IntervalGroup) -> None:
        if group.heading:
            pen = self.pen(f"group{g}-head")
            for line in wrap(one_line(group.heading), WIDTH - 2 * MARGIN, TEXT, "bold"):
                pen.text(MARGIN, self.y + 7, line, role="text", size=TEXT, bold=True)
                self.y += 13
            self.y += 1
        for r, row in enumerate(group.rows):
            self._row(f"group{g}-row{r}", row)
        pen = self.pen(f"group{g}-remarks")
        for remark in group.remarks:
            for line in wrap(one_line(remark), WIDTH - 2 * MARGIN - INDENT, SMALL):
                width = text_width(line, SMALL)
                pen.box(
                    MARGIN + INDENT - 2, self.y, width + 4, SMALL_LINE, role="paper", fill=PAPER
                )
                pen.text(
                    MARGIN + INDENT, self.y + 5, line, role="line", size=SMALL, colour=FAINT_INK
                )
                self.y += SMALL_LINE
            self.y += 1.5
        self.y += 7

    def _row(self, key: str, row: IntervalRow) -> None:
        middle = self.y + ROW / 2
        if self.table.linked and row.known and self._inside(row.estimate):
            here = (self.x(row.estimate), middle)
            if self.last is not None:
                self.pen(f"{key}-link", under=True).line(
                    self.last, here, role="line", colour=RULE, width=0.9
                )
            self.last = here
        pen = self.pen(key, row.sentence)
        label = ellipsise(one_line(row.label), self.label_width - INDENT + 0.1, TEXT, _weight(row))
        pen.text(MARGIN + INDENT, middle, label, role="label", size=TEXT, bold=row.main)
        if row.known:
            pen.text(
                self.text_right, middle, row.text, role="effect", size=TEXT, align="right",
                bold=row.main,
            )  # fmt: skip
            self._interval(pen, row, middle)
        else:
            self._missing(pen, row, middle)
        self._verdict(pen, row, middle)
        self.y += ROW

    def _verdict(self, pen: CurvePen, row: IntervalRow, middle: float) -> None:
        if row.verdict in VERDICT_SIGNS:
            draw_verdict(pen, self.verdict_left, middle, row.verdict)
        elif row.verdict == BIASED:
            pen.text(
                self.verdict_left, middle, "✖ biased", role="verdict", size=TEXT, bold=True,
                colour=ALERT,
            )  # fmt: skip

    def _missing(self, pen: CurvePen, row: IntervalRow, middle: float) -> None:
        text = f"{NOT_ESTIMABLE}: {row.reason}" if row.reason else NOT_ESTIMABLE
        text = one_line(text)
        room = (self.verdict_left + self.verdict_width) - self.left
        shown = ellipsise(text, room, SMALL)
        if shown != text:
            self.moved.append(row)
        width = text_width(shown, SMALL)
        pen.box(self.left - 2, middle - 5, width + 4, 10, role="paper", fill=PAPER)
        pen.text(
            self.left, middle, shown, role="missing", size=SMALL, italic=True, colour=FAINT_INK
        )

    def x(self, value: float) -> float:
        """Return the place of a value in points, cut at the plot's edges."""
        fraction = min(max(self.axis.fraction(value), 0.0), 1.0)
        return self.left + fraction * (self.right - self.left)

    def _inside(self, value: float) -> bool:
        return -1e-9 <= self.axis.fraction(value) <= 1 + 1e-9

    def _interval(self, pen: CurvePen, row: IntervalRow, y: float) -> None:
        """Draw marker and interval: filled where diagnostics hold, hollow where they don't."""
        doubtful = row.verdict in ("fail", BIASED)
        colour = HOLLOW if doubtful else SOLID
        if math.isfinite(row.low) and math.isfinite(row.high):
            pen.line(
                (self.x(row.low), y), (self.x(row.high), y), role="interval", colour=INK, width=1.1
            )
            self._arrows(pen, row.low, row.high, y)
        if self._inside(row.estimate):
            x = self.x(row.estimate)
            pen.box(
                x - SIDE / 2, y - SIDE / 2, SIDE, SIDE, role="marker",
                fill=PAPER if doubtful else colour, edge=colour,
            )  # fmt: skip
        else:
            self._arrows(pen, row.estimate, row.estimate, y)

    def _arrows(self, pen: CurvePen, low: float, high: float, y: float) -> None:
        for beyond, role, tip, inwards in (
            (self.axis.fraction(low) < -1e-9, "arrow-low", self.left - 1, ARROW_LENGTH),
            (self.axis.fraction(high) > 1 + 1e-9, "arrow-high", self.right + 1, -ARROW_LENGTH),
        ):
            if beyond:
                self.beyond = True
                base = tip + inwards
                corners = [(tip, y), (base, y - ARROW_HALF), (base, y + ARROW_HALF)]
                pen.shape(corners, role=role, fill=INK)

    def _axis(self, top: float) -> None:
        null = self.axis.no_effect
        if self._inside(null):
            self.pen("no-effect", under=True).line(
                (self.x(null), top), (self.x(null), self.y), role="solid", colour=INK, width=0.8
            )
        truth = self.table.truth
        if truth and self._inside(truth[0]):
            x = self.x(truth[0])
            self.pen("truth", truth[1], under=True).line(
                (x, top - 4), (x, self.y), role="line", colour=TRUTH, width=1.3,
                dashes=TRUTH_DASHES,
            )  # fmt: skip
        pen = self.pen("scale")
        pen.line((self.left, self.y), (self.right, self.y), role="line", colour=INK, width=0.8)
        for tick in self.axis.ticks:
            x = self.x(tick)
            pen.line((x, self.y), (x, self.y + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, self.y + 9.5, tick_text(tick), role="label", size=HEAD, align="center")
        self.y += 17
        self._favours()
        pen = self.pen("axis-title")
        middle = (self.left + self.right) / 2
        for line in wrap(
            one_line(self.table.axis_title), self.right - self.left + 60, HEAD, "bold"
        ):
            pen.text(middle, self.y + 5, line, role="line", size=HEAD, align="center", bold=True)
            self.y += 10.5
        self.y += 6

    def _favours(self) -> None:
        null = self.axis.no_effect
        if not self._inside(null) or not any(self.table.favours):
            return
        pen = self.pen("favours")
        x = self.x(null)
        sides: tuple[tuple[str, float, float, Align], ...] = (
            (f"← {_favours(self.table.favours[0])}", x - 5 - MARGIN, x - 5, "right"),
            (f"{_favours(self.table.favours[1])} →", WIDTH - MARGIN - x - 5, x + 5, "left"),
        )
        deepest = 0
        for text, room, place, align in sides:
            lines = wrap(text, max(room, 40.0), SMALL) if text.strip("←→ ") else ()
            for i, line in enumerate(lines):
                pen.text(
                    place, self.y + SMALL_LINE * (i + 0.5), line, role="line", size=SMALL,
                    align=align, colour=FAINT_INK,
                )  # fmt: skip
            deepest = max(deepest, len(lines))
        self.y += deepest * SMALL_LINE + 3

    def drawn_notes(self) -> tuple[str, ...]:
        """Return the notes that depend on what was drawn and where."""
        notes = []
        if any(row.verdict in ("fail", BIASED) for row in self.table.rows):
            notes.append(
                "Hollow: a diagnostic failed, or the method is biased by design; filled: neither."
            )
        if self.beyond:
            notes.append(
                "Arrow head: the interval goes beyond the axis; its limits are in the row."
            )
        notes += [f"{row.label}: {NOT_ESTIMABLE}: {row.reason}" for row in self.moved]
        return tuple(notes)


def _favours(words: str) -> str:
    """Return the words of a side, with what they mean."""
    words = one_line(words)
    return words if not words or words.casefold().startswith("favour") else f"Favours {words}"


def _weight(row: IntervalRow) -> str:
    return "bold" if row.main else "normal"


def _shown(verdict: str) -> bool:
    return verdict in VERDICT_SIGNS or verdict == BIASED
