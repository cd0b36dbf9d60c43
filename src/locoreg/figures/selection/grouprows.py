"""Rows of a forest of groups, drawn: counts, interval, joint limits."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from matplotlib.figure import Figure

from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import plural
from locoreg.figures.axis import tick_text
from locoreg.figures.columns import GAP, HEAD, MARGIN, SMALL, TEXT
from locoreg.figures.emulation.plate import SMALL_LINE, Plate, Words, count_text
from locoreg.figures.forest import WIDTH
from locoreg.figures.glyphs import ARROW_HALF, ARROW_LENGTH
from locoreg.figures.layouts import FAINT_INK, INK
from locoreg.figures.selection.chart import BLUE, DASH, GREEN, reach_axis
from locoreg.figures.selection.words import Setting, unit_of
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.textfit import one_line, text_width, wrap

LINE = 10.5
LABEL_MAX, PLOT_MIN = 250.0, 150.0
MISSING = "not estimable"


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupRow:
    """One group.

    Attributes
    ----------
    label : str
        The group.
    n, treated : int
        Persons, and those of them with treatment.
    effect : Estimate
        Its average effect; NaN where there is none.
    band : tuple of float
        Limits that hold jointly over the groups.
    predicted : float or None
        Mean predicted effect.
    """

    label: str
    n: int
    treated: int
    effect: Estimate
    band: tuple[float, float]
    predicted: float | None = None


def groups_figure(
    rows: Sequence[GroupRow],
    *,
    title: str,
    unit: str,
    level: float,
    average: Estimate | None,
    setting: Setting,
    notes: tuple[str, ...],
) -> Figure:
    """Draw rows of groups.

    Parameters
    ----------
    rows : sequence of GroupRow
        From top to bottom; none gives a figure that says so.
    title, unit : str
        What the figure is about; unit of the effects.
    level : float
        Level in percent.
    average : Estimate or None
        Average effect of all.
    setting, notes
        As for `gate_figure`.

    Returns
    -------
    matplotlib.figure.Figure
        The rows.
    """
    own = unit_of(unit)
    parts = [
        f"{row.label}: {own.interval(row.effect.estimate, *row.band)} {own.name}, "
        f"{plural(row.n, 'person')}, {row.treated} treated"
        for row in rows
    ]
    if average is not None:
        parts.append(f"average effect of all {own.estimate(average)} {own.name}")
    if not rows:
        parts.append("there is no group")
    words = Words(
        title=setting.title(title),
        subtitle=setting.subtitle,
        alerts=setting.alerts,
        description="; ".join(parts),
        notes=(
            f"Means of doubly robust scores. Thick: {level:g}% interval of each group; thin, and "
            f"in the text: {level:g}% limits that hold jointly over the groups.",
            *notes,
        ),
    )
    return _Groups(words, tuple(rows), unit, level, average, setting.sides).draw()


class _Groups(Plate):
    def __init__(
        self,
        words: Words,
        rows: tuple[GroupRow, ...],
        unit: str,
        level: float,
        average: Estimate | None,
        sides: tuple[str, str],
    ) -> None:
        super().__init__(words)
        self.rows, self.unit, self.sides = rows, unit_of(unit), sides
        f = self.unit.factor
        self.average = None if average is None else f * average.estimate
        known = [row for row in rows if math.isfinite(row.effect.estimate)]
        also = [0.0, *([] if self.average is None else [self.average])]
        self.axis = reach_axis(
            [f * row.effect.estimate for row in known],
            [f * row.band[0] for row in known],
            [f * row.band[1] for row in known],
            also=also,
        )
        self.head = f"Effect ({level:g}% joint limits)"
        self.beyond = False
        self._columns()

    def _columns(self) -> None:
        """Share the width out; the plot takes what is left."""
        texts = [self._text(row) for row in self.rows]
        effect = max([text_width(t, TEXT) for t in (*texts, MISSING)]
                     + [text_width(self.head, HEAD, "bold")])  # fmt: skip
        self.cells = [
            ("Persons", [count_text(row.n) for row in self.rows]),
            ("Treated", [count_text(row.treated) for row in self.rows]),
        ]
        if any(row.predicted is not None for row in self.rows):
            self.cells.append(
                (
                    "Predicted",
                    [
                        "–" if row.predicted is None else self.unit.signed(row.predicted)
                        for row in self.rows
                    ],
                )
            )
        widths = [
            max([text_width(head, HEAD, "bold"), *(text_width(t, TEXT) for t in column)])
            for head, column in self.cells
        ]
        taken = sum(widths) + effect + GAP * (len(widths) + 3)
        room = WIDTH - 2 * MARGIN - taken - PLOT_MIN
        widest = max(
            [text_width("Group", HEAD, "bold")]
            + [text_width(one_line(row.label), TEXT) for row in self.rows]
        )
        self.label_width = min(widest + 1.0, LABEL_MAX, max(room, 90.0))
        self.anchors = []
        x = MARGIN + self.label_width
        for width in widths:
            x += GAP + width
            self.anchors.append(x)
        self.left = x + 1.5 * GAP
        self.text_right = WIDTH - MARGIN
        self.right = self.text_right - effect - 1.5 * GAP

    def _text(self, row: GroupRow) -> str:
        return self.unit.interval(row.effect.estimate, *row.band)

    def x(self, value: float) -> float:
        """Return the place of a printed value, cut at the plot's edges."""
        part = min(max(self.axis.fraction(value), 0.0), 1.0)
        return self.left + part * (self.right - self.left)

    def body(self) -> None:
        """Draw heads, rows and the axis."""
        if not self.rows:
            self.pen("empty").text(MARGIN, self.y + 8, "There is no group.", role="text", size=TEXT)
            self.y += 18
            return
        self._heads()
        top = self.y
        for i, row in enumerate(self.rows):
            self._row(i, row)
        self._axis(top)

    def _heads(self) -> None:
        pen = self.pen("heads")
        pen.text(MARGIN, self.y + 5, "Group", role="head", size=HEAD, bold=True)
        for (head, _), x in zip(self.cells, self.anchors, strict=True):
            pen.text(x, self.y + 5, head, role="head", size=HEAD, align="right", bold=True)
        pen.text(
            self.text_right, self.y + 5, self.head, role="head", size=HEAD, align="right", bold=True
        )
        self.y += 13
        self.rule("heads-rule")
        self.y += 3

    def _row(self, i: int, row: GroupRow) -> None:
        lines = wrap(one_line(row.label), self.label_width, TEXT) or ("–",)
        height = max(LINE * len(lines) + 4.5, 15.0)
        middle = self.y + height / 2
        told = f"{row.label}: {self._text(row)} {self.unit.name}"
        pen = self.pen(f"row{i}", f"{told}, {row.n} persons, {row.treated} treated")
        first = middle - LINE * (len(lines) - 1) / 2
        for k, line in enumerate(lines):
            pen.text(MARGIN, first + LINE * k, line, role="label", size=TEXT)
        for (_, column), x in zip(self.cells, self.anchors, strict=True):
            pen.text(x, middle, column[i], role="cell", size=TEXT, align="right")
        known = math.isfinite(row.effect.estimate)
        pen.text(
            self.text_right, middle, self._text(row) if known else MISSING, role="effect",
            size=TEXT, align="right",
        )  # fmt: skip
        if known:
            f = self.unit.factor
            self._interval(pen, f * row.band[0], f * row.band[1], middle, 0.9)
            self._interval(pen, f * row.effect.ci_low, f * row.effect.ci_high, middle, 2.6)
            pen.box(
                self.x(f * row.effect.estimate) - 3.4, middle - 3.4, 6.8, 6.8, role="marker",
                fill=BLUE,
            )  # fmt: skip
        self.y += height

    def _interval(self, pen: CurvePen, low: float, high: float, y: float, width: float) -> None:
        if not (math.isfinite(low) and math.isfinite(high)):
            return
        pen.line((self.x(low), y), (self.x(high), y), role="interval", colour=BLUE, width=width)
        for gone, role, tip, inwards in (
            (self.axis.fraction(low) < -1e-9, "arrow-low", self.left - 1, ARROW_LENGTH),
            (self.axis.fraction(high) > 1 + 1e-9, "arrow-high", self.right + 1, -ARROW_LENGTH),
        ):
            if gone:
                self.beyond = True
                base = tip + inwards
                corners = [(tip, y), (base, y - ARROW_HALF), (base, y + ARROW_HALF)]
                pen.shape(corners, role=role, fill=BLUE)

    def _axis(self, top: float) -> None:
        zero = self.x(0.0)
        self.pen("no-effect", "no effect", under=True).line(
            (zero, top), (zero, self.y), role="line", colour=INK, width=0.8
        )
        if self.average is not None and math.isfinite(self.average):
            x = self.x(self.average)
            self.pen("average", "average effect of all", under=True).line(
                (x, top), (x, self.y), role="line", colour=GREEN, width=1.2, dashes=DASH
            )
        pen = self.pen("scale")
        pen.line((self.left, self.y), (self.right, self.y), role="line", colour=INK, width=0.8)
        end = -math.inf
        for tick in self.axis.ticks:
            x = self.x(tick)
            pen.line((x, self.y), (x, self.y + 3.5), role="tick", colour=INK, width=0.8)
            half = text_width(tick_text(tick), HEAD) / 2
            if x - half > end + 3:
                pen.text(x, self.y + 9.5, tick_text(tick), role="label", size=HEAD, align="center")
                end = x + half
        self.y += 18
        self._favours(zero)
        title = self.pen("axis-title")
        middle = (self.left + self.right) / 2
        for line in wrap(f"Effect, {self.unit.name}", self.right - self.left + 40, HEAD, "bold"):
            title.text(middle, self.y + 5, line, role="line", size=HEAD, align="center", bold=True)
            self.y += 10.5
        self.y += 5

    def _favours(self, zero: float) -> None:
        if not all(self.sides):
            return
        below, above = (one_line(side) for side in self.sides)
        pen = self.pen("favours")
        deepest = 0
        for text, room, place, align in (
            (f"← Favours {below}", zero - 5 - MARGIN, zero - 5, "right"),
            (f"Favours {above} →", WIDTH - MARGIN - zero - 5, zero + 5, "left"),
        ):
            lines = wrap(text, max(room, 40.0), SMALL)
            for k, line in enumerate(lines):
                pen.text(
                    place, self.y + SMALL_LINE * (k + 0.5), line, role="line", size=SMALL,
                    align="right" if align == "right" else "left", colour=FAINT_INK,
                )  # fmt: skip
            deepest = max(deepest, len(lines))
        self.y += deepest * SMALL_LINE + 3

    def drawn_notes(self) -> tuple[str, ...]:
        """Return what dashes and arrow heads mean."""
        notes = []
        if self.average is not None and self.rows:
            told = self.unit.signed(self.average / self.unit.factor)
            notes.append(f"Dashed: average effect of all, {told} {self.unit.name}.")
        if self.beyond:
            notes.append("Arrow head: limits go beyond the axis; they are in the row.")
        return tuple(notes)
