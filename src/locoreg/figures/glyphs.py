"""Marks inside the plot: study markers, intervals, diamonds, prediction bars, arrow heads."""

from __future__ import annotations

import math
from dataclasses import dataclass

from locoreg.figures.axis import EffectAxis
from locoreg.figures.canvas import Pen
from locoreg.figures.layouts import PAPER, Layout
from locoreg.figures.table import Interval, PooledRow

SIDE_MAX = 11.5
DIAMOND_HALF = 5.2
BAR_HALF = 2.0
ARROW_LENGTH = 5.5
ARROW_HALF = 2.8


@dataclass(frozen=True, slots=True, kw_only=True)
class Glyphs:
    """Where and how effects are drawn.

    Attributes
    ----------
    axis : EffectAxis
        Effects to fractions of the plot's width.
    plot : tuple of float
        Left and right edge of the plot in points.
    layout : Layout
        Marker and palette.
    unit : float
        Side of the marker of a study with weight 1, in points: the marker's
        area is proportional to the weight within its group.
    """

    axis: EffectAxis
    plot: tuple[float, float]
    layout: Layout
    unit: float = 1.0

    def x(self, value: float) -> float:
        """Return the place of an effect in points, cut at the plot's edges."""
        left, right = self.plot
        fraction = min(max(self.axis.fraction(value), 0.0), 1.0)
        return left + fraction * (right - left)

    def is_inside(self, value: float) -> bool:
        """Return whether an effect lies within the axis limits."""
        return -1e-9 <= self.axis.fraction(value) <= 1 + 1e-9

    def study(self, pen: Pen, interval: Interval, weight: float, y: float) -> None:
        """Draw a study: marker, then the interval in a contrasting colour on top of it."""
        if self.is_inside(interval[0]):
            self._marker(pen, self.x(interval[0]), y, self.unit * math.sqrt(weight))
        self._interval(pen, interval, y, self.layout.palette.interval)

    def _marker(self, pen: Pen, x: float, y: float, side: float) -> None:
        fill = self.layout.palette.marker
        if self.layout.marker == "circle":
            # A circle of the same area as the square of this side.
            pen.disc(x, y, 2 * side / math.sqrt(math.pi), role="marker", fill=fill)
        else:
            pen.box(x - side / 2, y - side / 2, side, side, role="marker", fill=fill)

    def _interval(self, pen: Pen, interval: Interval, y: float, colour: str) -> None:
        _, low, high = interval
        pen.line((self.x(low), y), (self.x(high), y), role="interval", colour=colour, width=1.1)
        self._arrows(pen, low, high, y, colour)

    def _arrows(
        self, pen: Pen, low: float, high: float, y: float, colour: str, half: float = ARROW_HALF
    ) -> None:
        left, right = self.plot
        for beyond, role, tip, inwards in (
            (self.axis.fraction(low) < -1e-9, "arrow-low", left - 1, ARROW_LENGTH),
            (self.axis.fraction(high) > 1 + 1e-9, "arrow-high", right + 1, -ARROW_LENGTH),
        ):
            if beyond:
                base = tip + inwards
                pen.shape([(tip, y), (base, y - half), (base, y + half)], role=role, fill=colour)

    def pooled(self, pen: Pen, row: PooledRow, y: float) -> None:
        """Draw a pooled result: filled diamond, hollow where it is the result as printed."""
        palette = self.layout.palette
        if row.kind == "naive study":
            self._naive_study(pen, row.interval, y)
            return
        fill = palette.diamond
        edge: str | None = None
        half = DIAMOND_HALF if row.kind == "main" else DIAMOND_HALF - 1
        if row.kind == "naive":
            fill, edge = PAPER, palette.naive
        pen.shape(self._diamond(row.interval, y, half), role="diamond", fill=fill, edge=edge)
        # Taller than the cut end of the diamond, so that it stands out from it.
        self._arrows(pen, row.interval[1], row.interval[2], y, palette.diamond, half + 1)

    def _diamond(self, interval: Interval, y: float, half: float) -> list[tuple[float, float]]:
        """Return the corners, cut upright before the arrow head where it leaves the axis."""
        left, right = self.plot
        fractions = [self.axis.fraction(v) for v in interval]
        reach = 100.0
        mid, low, high = (left + min(max(f, -reach), reach) * (right - left) for f in fractions)
        corners = [(low, y), (mid, y - half), (high, y), (mid, y + half)]
        start = left + (ARROW_LENGTH - 1 if fractions[1] < -1e-9 else 0)
        end = right - (ARROW_LENGTH - 1 if fractions[2] > 1 + 1e-9 else 0)
        return _cut(_cut(corners, start, keep_above=True), end, keep_above=False)

    def _naive_study(self, pen: Pen, interval: Interval, y: float) -> None:
        colour = self.layout.palette.naive
        self._interval(pen, interval, y, colour)
        if self.is_inside(interval[0]):
            x = self.x(interval[0])
            pen.box(x - 3, y - 3, 6, 6, role="marker", fill=PAPER, edge=colour)

    def prediction(self, pen: Pen, low: float, high: float, y: float) -> None:
        """Draw a prediction interval as a thin bar."""
        colour = self.layout.palette.prediction
        start, end = self.x(low), self.x(high)
        if end > start:
            pen.box(start, y - BAR_HALF, end - start, 2 * BAR_HALF, role="bar", fill=colour)
        self._arrows(pen, low, high, y, self.layout.palette.interval)

    def goes_beyond(self, low: float, high: float) -> bool:
        """Return whether an interval leaves the axis."""
        return not (self.is_inside(low) and self.is_inside(high))


def _cut(
    corners: list[tuple[float, float]], edge: float, *, keep_above: bool
) -> list[tuple[float, float]]:
    """Clip a convex polygon at an upright line."""
    sign = 1 if keep_above else -1
    kept: list[tuple[float, float]] = []
    for (x0, y0), (x1, y1) in zip(corners, [*corners[1:], corners[0]], strict=True):
        inside0, inside1 = sign * (x0 - edge) >= 0, sign * (x1 - edge) >= 0
        if inside0:
            kept.append((x0, y0))
        if inside0 != inside1:
            kept.append((edge, y0 + (y1 - y0) * (edge - x0) / (x1 - x0)))
    # A diamond that lies outside altogether leaves its arrow head only.
    return kept or [(edge, corners[0][1])] * 3
