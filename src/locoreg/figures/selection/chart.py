"""A plot with two axes on a sheet: axes, bands, lines, intervals that leave the plot."""

from __future__ import annotations

import math
from collections.abc import Sequence
from statistics import median

import numpy as np

from locoreg.figures.axis import EffectAxis, tick_text
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT
from locoreg.figures.emulation.plate import SMALL_LINE, Plate, Words
from locoreg.figures.forest import WIDTH
from locoreg.figures.glyphs import ARROW_HALF, ARROW_LENGTH
from locoreg.figures.layouts import FAINT_INK, INK
from locoreg.figures.survival.arms import LINES, mix
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.textfit import one_line, text_width, wrap
from locoreg.stats.survivaldata import FloatArray

STEPS = (1.0, 2.0, 2.5, 5.0, 10.0)
TICKS_MOST = 7
# An interval may reach so many times the usual half width, or the spread of the estimates, beyond
# the estimates before it is cut with an arrow head: one huge interval must not flatten the others.
USUAL_REACH = 3.0
BLUE, ORANGE, GREEN = LINES[:3]
# Light fills of bands: the wide one, and the one inside it.
WIDE, NARROW = mix("#0072B2", 0.82), mix("#0072B2", 0.62)
DASH = (5.0, 3.0)
GRID = "#D9D9D9"


def nice_axis(low: float, high: float) -> EffectAxis:
    """Return an axis with round ticks that holds two values."""
    if not (math.isfinite(low) and math.isfinite(high)):
        low, high = 0.0, 1.0
    if high - low <= 1e-12:
        pad = max(abs(high), 1.0) / 2.0
        low, high = low - pad, high + pad
    span = high - low
    power = 10.0 ** math.floor(math.log10(span / TICKS_MOST))
    step = next(s * power for s in STEPS if span / (s * power) <= TICKS_MOST)
    first, last = math.floor(low / step + 1e-9), math.ceil(high / step - 1e-9)
    ticks = tuple(float(f"{k * step:.12g}") for k in range(first, last + 1))
    return EffectAxis(low=ticks[0], high=ticks[-1], ticks=ticks, scale="identity")


def reach_axis(
    mids: Sequence[float],
    lows: Sequence[float],
    highs: Sequence[float],
    *,
    also: Sequence[float] = (0.0,),
) -> EffectAxis:
    """Return an axis that holds every estimate, and intervals as far as they are not huge.

    Parameters
    ----------
    mids, lows, highs : sequence of float
        Estimates and limits; what is not finite is passed over.
    also : sequence of float
        Other values to hold, such as no effect.

    Returns
    -------
    EffectAxis
        With round ticks.
    """
    core = [v for v in (*mids, *also) if math.isfinite(v)] or [0.0]
    low, high = min(core), max(core)
    found = [v for v in (*lows, *highs) if math.isfinite(v)]
    widths = [
        max(b - m, m - a) for m, a, b in zip(mids, lows, highs, strict=True) if math.isfinite(b - a)
    ]
    allowed = max(high - low, USUAL_REACH * median(widths)) if widths else 0.0
    low, high = (
        max(min([low, *found]), low - allowed),
        min(max([high, *found]), high + allowed),
    )
    return nice_axis(low, high)


class Chart(Plate):
    """A plate with one plot; subclasses set the axes and draw in `curves`.

    Parameters
    ----------
    words : Words
        Title, warnings, notes.
    x_axis, y_axis : EffectAxis
        Axes in printed units.
    titles : tuple of str
        Titles of both axes; that of y stands above the plot.
    height : float
        Height of the plot in points.
    """

    right_room = 14.0

    def __init__(
        self,
        words: Words,
        x_axis: EffectAxis,
        y_axis: EffectAxis,
        titles: tuple[str, str],
        height: float = 270.0,
    ) -> None:
        super().__init__(words)
        self.x_axis, self.y_axis, self.titles, self.height = x_axis, y_axis, titles, height
        self.beyond = False
        widest = max(text_width(tick_text(tick), HEAD) for tick in y_axis.ticks)
        self.left = MARGIN + max(widest + 10.0, 34.0)
        self.right = WIDTH - MARGIN - self.right_room
        self.percent_x = False

    def body(self) -> None:
        """Draw the axes and what is in them."""
        self.key()
        self._finding()
        pen = self.pen("y-title")
        for line in wrap(one_line(self.titles[1]), WIDTH - 2 * MARGIN, HEAD, "bold"):
            pen.text(MARGIN, self.y + 5, line, role="line", size=HEAD, bold=True)
            self.y += 11
        self.top = self.y + 6
        self.bottom = self.top + self.height
        self._grid()
        self.curves()
        self._axes()
        self.y = self.bottom + 16
        self.under()
        pen = self.pen("x-title")
        middle = (self.left + self.right) / 2
        for line in wrap(one_line(self.titles[0]), WIDTH - 4 * MARGIN, HEAD, "bold"):
            pen.text(middle, self.y + 6, line, role="line", size=HEAD, align="center", bold=True)
            self.y += 11
        self.y += 6

    def finding(self) -> str:
        """Return the finding in one line above the plot; empty for none."""
        return ""

    def _finding(self) -> None:
        text = self.finding()
        if not text:
            return
        pen = self.pen("finding", text)
        for line in wrap(one_line(text), WIDTH - 2 * MARGIN, TEXT, "bold"):
            pen.text(MARGIN, self.y + 5, line, role="line", size=TEXT, bold=True)
            self.y += 11.5
        self.y += 5

    def key(self) -> None:
        """Draw what colours and dashes mean, above the plot."""

    def curves(self) -> None:
        """Draw what the plot shows."""
        raise NotImplementedError

    def under(self) -> None:
        """Draw what stands between the ticks and the title of the x axis."""

    def x(self, value: float) -> float:
        """Return the place of a value on the x axis, cut at the plot's edges."""
        part = min(max(self.x_axis.fraction(value), 0.0), 1.0)
        return self.left + part * (self.right - self.left)

    def y_at(self, value: float) -> float:
        """Return the place of a value on the y axis, cut at the plot's edges."""
        part = min(max(self.y_axis.fraction(value), 0.0), 1.0)
        return self.bottom - part * (self.bottom - self.top)

    def inside_x(self, value: float) -> bool:
        """Return whether a value lies on the x axis."""
        return -1e-9 <= self.x_axis.fraction(value) <= 1 + 1e-9

    def inside_y(self, value: float) -> bool:
        """Return whether a value lies on the y axis."""
        return -1e-9 <= self.y_axis.fraction(value) <= 1 + 1e-9

    def points(self, xs: Sequence[float], ys: Sequence[float]) -> FloatArray:
        """Return places of points, shape (p, 2)."""
        found = [(self.x(a), self.y_at(b)) for a, b in zip(xs, ys, strict=True)]
        return np.asarray(np.round(np.array(found), 2), dtype=np.float64)

    def band(
        self,
        part: str,
        xs: Sequence[float],
        lows: Sequence[float],
        highs: Sequence[float],
        *,
        fill: str,
        sentence: str,
    ) -> None:
        """Fill between limits; where they leave the plot, the band ends at its edge."""
        known = [
            (x, a, b)
            for x, a, b in zip(xs, lows, highs, strict=True)
            if math.isfinite(a) and math.isfinite(b)
        ]
        if len(known) < 2:
            return
        self.beyond |= any(not (self.inside_y(a) and self.inside_y(b)) for _, a, b in known)
        xs_, a_, b_ = zip(*known, strict=True)
        outline = np.vstack((self.points(xs_, b_), self.points(xs_, a_)[::-1]))
        self.pen(part, sentence, under=True).area(outline, role="band", fill=fill, opacity=1.0)

    def straight(
        self,
        part: str,
        ends: tuple[tuple[float, float], tuple[float, float]],
        *,
        colour: str,
        width: float = 1.0,
        dashes: tuple[float, float] | None = None,
        sentence: str = "",
        under: bool = True,
    ) -> None:
        """Draw the part of a straight line that lies inside the plot."""
        kept = self._inside_part(*ends)
        if kept is not None:
            (x0, y0), (x1, y1) = kept
            self.pen(part, sentence, under=under).line(
                (self.x(x0), self.y_at(y0)), (self.x(x1), self.y_at(y1)), role="line",
                colour=colour, width=width, dashes=dashes,
            )  # fmt: skip

    def _inside_part(
        self, start: tuple[float, float], end: tuple[float, float]
    ) -> tuple[tuple[float, float], tuple[float, float]] | None:
        """Cut a line at the edges of the plot (Liang and Barsky)."""
        (x0, y0), (x1, y1) = start, end
        dx, dy = x1 - x0, y1 - y0
        first, last = 0.0, 1.0
        for p, q in (
            (-dx, x0 - self.x_axis.low),
            (dx, self.x_axis.high - x0),
            (-dy, y0 - self.y_axis.low),
            (dy, self.y_axis.high - y0),
        ):
            if p == 0.0:
                if q < 0.0:
                    return None
            elif p < 0.0:
                first = max(first, q / p)
            else:
                last = min(last, q / p)
        if first > last:
            return None
        return (x0 + first * dx, y0 + first * dy), (x0 + last * dx, y0 + last * dy)

    def upright(
        self, pen: CurvePen, x: float, low: float, high: float, *, colour: str, width: float
    ) -> None:
        """Draw an interval upright at a place in points, with arrow heads where it is cut."""
        if not (math.isfinite(low) and math.isfinite(high)):
            return
        pen.line(
            (x, self.y_at(low)), (x, self.y_at(high)), role="interval", colour=colour, width=width
        )
        for gone, role, tip, inwards in (
            (not self.inside_y(high), "arrow-high", self.top - 1, ARROW_LENGTH),
            (not self.inside_y(low), "arrow-low", self.bottom + 1, -ARROW_LENGTH),
        ):
            if gone:
                self.beyond = True
                base = tip + inwards
                corners = [(x, tip), (x - ARROW_HALF, base), (x + ARROW_HALF, base)]
                pen.shape(corners, role=role, fill=colour)

    def zero(self, *, sentence: str = "no difference") -> None:
        """Draw the line of no difference on the y axis."""
        low, high = self.x_axis.low, self.x_axis.high
        self.straight("zero", ((low, 0.0), (high, 0.0)), colour=INK, width=0.9, sentence=sentence)

    def key_row(self, entries: Sequence[tuple[str, str, str]]) -> None:
        """Draw a key: kinds ``line``, ``dash``, ``band``, ``dot``, ``tick``; colour; words."""
        pen = self.pen("key")
        x = MARGIN
        for kind, colour, words in entries:
            width = text_width(words, SMALL)
            if x + 26 + width > WIDTH - MARGIN and x > MARGIN:
                x = MARGIN
                self.y += SMALL_LINE + 2
            y = self.y + 5
            _key_mark(pen, kind, colour, x, y)
            pen.text(x + 23, y, words, role="text", size=SMALL, colour=FAINT_INK)
            x += 26 + width + 13
        self.y += SMALL_LINE + 7

    def _grid(self) -> None:
        pen = self.pen("grid", under=True)
        for tick in self.y_axis.ticks:
            y = self.y_at(tick)
            pen.line((self.left, y), (self.right, y), role="line", colour=GRID, width=0.5)

    def _axes(self) -> None:
        pen = self.pen("axes")
        pen.line(
            (self.left, self.bottom), (self.right, self.bottom), role="x", colour=INK, width=0.9
        )
        pen.line((self.left, self.top), (self.left, self.bottom), role="y", colour=INK, width=0.9)
        for tick in self.y_axis.ticks:
            y = self.y_at(tick)
            pen.line((self.left - 3.5, y), (self.left, y), role="y-tick", colour=INK, width=0.9)
            pen.text(self.left - 6, y, tick_text(tick), role="y-label", size=HEAD, align="right")
        for tick in self.x_axis.ticks:
            x = self.x(tick)
            pen.line((x, self.bottom), (x, self.bottom + 3.5), role="tick", colour=INK, width=0.9)
            text = f"{tick_text(tick)}%" if self.percent_x else tick_text(tick)
            pen.text(x, self.bottom + 10, text, role="label", size=HEAD, align="center")

    def drawn_notes(self) -> tuple[str, ...]:
        """Return the note on what leaves the plot."""
        if not self.beyond:
            return ()
        return ("An arrow head or the plot's edge: limits go beyond; the table has their numbers.",)


def _key_mark(pen: CurvePen, kind: str, colour: str, x: float, y: float) -> None:
    if kind == "band":
        pen.box(x, y - 4, 19, 8, role="band", fill=colour)
    elif kind == "dot":
        pen.disc(x + 9.5, y, 6.5, role="dot", fill=colour)
    elif kind == "tick":
        pen.line((x + 9.5, y - 4), (x + 9.5, y + 4), role="tick", colour=colour, width=1.0)
    else:
        pen.line(
            (x, y), (x + 19, y), role="line", colour=colour, width=1.6,
            dashes=DASH if kind == "dash" else None,
        )  # fmt: skip
