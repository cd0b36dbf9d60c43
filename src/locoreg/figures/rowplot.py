"""Rows of intervals beside columns of text: what plots of influence and of shifts share."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from matplotlib.figure import Figure

from locoreg.figures.axis import EffectAxis, tick_text
from locoreg.figures.canvas import Canvas, Pen, own_settings
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT, TITLE
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.table import Interval
from locoreg.figures.textfit import TIE, ellipsise, one_line, text_width, wrap

WIDTH = 760.0
LABELS = 176.0
LINE = 10.5
ARROW = 5.0
Shape = Literal["square", "ring", "diamond"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Mark:
    """An interval with its estimate, natural scale.

    Attributes
    ----------
    role : str
        Names the mark in the row.
    interval : tuple of float
        Estimate and limits.
    shape : {"square", "ring", "diamond"}
        A diamond spans its interval.
    colour : str
    offset : float
        Points below the middle of the row.
    """

    role: str
    interval: Interval
    shape: Shape
    colour: str
    offset: float = 0.0


@dataclass(frozen=True, slots=True, kw_only=True)
class PlotRow:
    """A row: its name, its marks, its texts, and the whole in a sentence."""

    key: str
    label: str
    marks: tuple[Mark, ...]
    cells: tuple[str, ...]
    sentence: str
    bold: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class RowPlot:
    """Everything that a figure of this kind shows.

    Attributes
    ----------
    title, subtitle, summary : str
        What it is, about whom, and the finding in numbers.
    axis : EffectAxis
    axis_title : str
    favours : tuple of str
        Words for the left and the right side.
    heads : tuple of str
        Heads of the text columns.
    rows : tuple of PlotRow
    legend : tuple of (Shape, str, str)
        Shape, colour and words.
    reference : float or None
        Where a dashed line stands.
    height : float
        Of a row, in points.
    notes : tuple of str
    """

    title: str
    subtitle: str
    summary: str
    axis: EffectAxis
    axis_title: str
    favours: tuple[str, str]
    heads: tuple[str, ...]
    rows: tuple[PlotRow, ...]
    legend: tuple[tuple[Shape, str, str], ...] = ()
    reference: float | None = None
    height: float = 16.0
    notes: tuple[str, ...] = ()


def draw_rows(plot: RowPlot) -> Figure:
    """Draw rows of intervals.

    Parameters
    ----------
    plot : RowPlot
        What to show.

    Returns
    -------
    matplotlib.figure.Figure
        One axes in points; each artist's ``gid`` says what it is.
    """
    return _Sheet(plot).draw()


class _Sheet:
    """Draws from top to bottom; ``y`` is where the next line begins."""

    def __init__(self, plot: RowPlot) -> None:
        self.plot = plot
        self.y = MARGIN
        widths = [
            max(
                *(text_width(line, HEAD, "bold") for line in wrap(head, 84, HEAD, "bold")),
                *(text_width(row.cells[i], TEXT, "bold") for row in plot.rows),
            )
            for i, head in enumerate(plot.heads)
        ]
        edge = WIDTH - MARGIN
        self.anchors: list[float] = []
        for width in reversed(widths):
            self.anchors.insert(0, edge)
            edge -= width + 12
        self.left, self.right = MARGIN + LABELS + 8, edge - 6

    def draw(self) -> Figure:
        """Return the figure."""
        with own_settings():
            self.canvas = Canvas(WIDTH)
            self._head()
            self._legend()
            self._columns()
            top = self.y
            for row in self.plot.rows:
                self._row(row)
            self._axis(top)
            self._notes()
            title = ". ".join(one for one in (self.plot.title, self.plot.subtitle) if one)
            return self.canvas.finish(self.y + MARGIN, title=title, description=self.plot.summary)

    def x(self, value: float) -> float:
        """Return the place of an effect, cut at the plot's edges."""
        fraction = min(max(self.plot.axis.fraction(value), 0.0), 1.0)
        return self.left + fraction * (self.right - self.left)

    def _head(self) -> None:
        pen = self.canvas.pen("title")
        for line in wrap(one_line(self.plot.title), WIDTH - 2 * MARGIN, TITLE, "bold"):
            pen.text(MARGIN, self.y + 7, line, role="line", size=TITLE, bold=True)
            self.y += 14
        pen = self.canvas.pen("subtitle")
        for line in wrap(one_line(self.plot.subtitle), WIDTH - 2 * MARGIN, TEXT):
            pen.text(MARGIN, self.y + 6, line, role="line", size=TEXT, colour=FAINT_INK)
            self.y += 11
        self.y += 6

    def _legend(self) -> None:
        if not self.plot.legend:
            return
        pen = self.canvas.pen("legend")
        x = self.left
        for shape, colour, words in self.plot.legend:
            _point(pen, x + 4, self.y + 5, shape, colour, "sign")
            pen.text(x + 13, self.y + 5, words, role="text", size=SMALL)
            x += 13 + text_width(words, SMALL) + 18
        self.y += 14

    def _columns(self) -> None:
        pen = self.canvas.pen("heads")
        heads = [wrap(head, 84, HEAD, "bold") for head in self.plot.heads]
        lines = max((len(head) for head in heads), default=1)
        bottom = self.y + LINE * lines
        pen.text(MARGIN, bottom - LINE / 2, "Study", role="study", size=HEAD, bold=True)
        for anchor, head in zip(self.anchors, heads, strict=True):
            for i, line in enumerate(head):
                y = bottom - LINE * (len(head) - i - 0.5)
                pen.text(anchor, y, line, role="head", size=HEAD, align="right", bold=True)
        self.y = bottom + 4
        self.canvas.pen("heads-rule").line(
            (MARGIN, self.y), (WIDTH - MARGIN, self.y), role="rule", colour=RULE, width=0.6
        )
        self.y += 3

    def _row(self, row: PlotRow) -> None:
        pen = self.canvas.pen(row.key, row.sentence)
        middle = self.y + self.plot.height / 2
        weight = "bold" if row.bold else "normal"
        label = ellipsise(one_line(row.label), LABELS, TEXT, weight)
        pen.text(MARGIN, middle, label, role="label", size=TEXT, bold=row.bold)
        for mark in row.marks:
            self._mark(pen, mark, middle + mark.offset)
        for anchor, cell in zip(self.anchors, row.cells, strict=True):
            pen.text(anchor, middle, cell, role="cell", size=TEXT, align="right", bold=row.bold)
        self.y += self.plot.height

    def _mark(self, pen: Pen, mark: Mark, y: float) -> None:
        mid, low, high = mark.interval
        if mark.shape == "diamond":
            points = [(self.x(low), y), (self.x(mid), y - 5), (self.x(high), y)]
            pen.shape([*points, (self.x(mid), y + 5)], role=mark.role, fill=mark.colour)
        else:
            pen.line(
                (self.x(low), y), (self.x(high), y),
                role=f"{mark.role}-interval", colour=mark.colour, width=1.2,
            )  # fmt: skip
            if -1e-9 <= self.plot.axis.fraction(mid) <= 1 + 1e-9:
                _point(pen, self.x(mid), y, mark.shape, mark.colour, mark.role)
        self._arrows(pen, mark, y)

    def _arrows(self, pen: Pen, mark: Mark, y: float) -> None:
        _, low, high = mark.interval
        if self.plot.axis.fraction(low) < -1e-9:
            tip = self.left - 1
            points = [(tip, y), (tip + ARROW, y - 2.8), (tip + ARROW, y + 2.8)]
            pen.shape(points, role=f"{mark.role}-arrow-low", fill=mark.colour)
        if self.plot.axis.fraction(high) > 1 + 1e-9:
            tip = self.right + 1
            points = [(tip, y), (tip - ARROW, y - 2.8), (tip - ARROW, y + 2.8)]
            pen.shape(points, role=f"{mark.role}-arrow-high", fill=mark.colour)

    def _axis(self, top: float) -> None:
        self.y += 3
        axis = self.plot.axis
        for value, part, dashes in (
            (axis.no_effect, "no-effect", None),
            (self.plot.reference, "reference", (3.0, 2.0)),
        ):
            if value is not None and 0 <= axis.fraction(value) <= 1:
                x = self.x(value)
                self.canvas.pen(part, under=True).line(
                    (x, top), (x, self.y), role="line", colour=INK, width=0.8, dashes=dashes
                )
        pen = self.canvas.pen("scale")
        pen.line((self.left, self.y), (self.right, self.y), role="line", colour=INK, width=0.8)
        for tick in axis.ticks:
            x = self.x(tick)
            pen.line((x, self.y), (x, self.y + 3.5), role="tick", colour=INK, width=0.8)
            pen.text(x, self.y + 9, tick_text(tick), role="label", size=HEAD, align="center")
        self.y += 17
        self._sides()
        middle = (self.left + self.right) / 2
        self.canvas.pen("axis-title").text(
            middle, self.y + 5, self.plot.axis_title, role="title", size=HEAD, align="center",
            bold=True,
        )  # fmt: skip
        self.y += 14

    def _sides(self) -> None:
        left, right = self.plot.favours
        if not (left or right):
            return
        pen = self.canvas.pen("favours")
        half = (self.right - self.left) / 2 - 6
        lefts, rights = wrap(f"←{TIE}{left}", half, SMALL), wrap(f"{right}{TIE}→", half, SMALL)
        for role, lines, x, align in (
            ("left", lefts, self.left, "left"),
            ("right", rights, self.right, "right"),
        ):
            for i, line in enumerate(lines):
                y = self.y + 4 + 9.5 * i
                pen.text(x, y, line, role=role, size=SMALL, align=align, colour=FAINT_INK)  # type: ignore[arg-type]
        self.y += 9.5 * max(len(lefts), len(rights)) + 2

    def _notes(self) -> None:
        self.y += 6
        pen = self.canvas.pen("notes")
        for note in self.plot.notes:
            for line in wrap(one_line(note), WIDTH - 2 * MARGIN, SMALL):
                pen.text(MARGIN, self.y + 5, line, role="line", size=SMALL, colour=FAINT_INK)
                self.y += 10
            self.y += 1.5


def beyond(axis: EffectAxis, rows: Sequence[PlotRow]) -> bool:
    """Return whether an interval leaves the axis."""
    return any(
        axis.fraction(mark.interval[1]) < -1e-9 or axis.fraction(mark.interval[2]) > 1 + 1e-9
        for row in rows
        for mark in row.marks
    )


def _point(pen: Pen, x: float, y: float, shape: Shape, colour: str, role: str) -> None:
    if shape == "diamond":
        points = [(x - 6, y), (x, y - 4), (x + 6, y), (x, y + 4)]
        pen.shape(points, role=role, fill=colour)
    elif shape == "ring":
        pen.disc(x, y, 7.4, role=f"{role}-edge", fill=colour)
        pen.disc(x, y, 4.4, role=role, fill=PAPER)
    else:
        pen.box(x - 3.2, y - 3.2, 6.4, 6.4, role=role, fill=colour)
