"""A strip of differences under a plot, on the same time axis."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from locoreg.figures.axis import choose_axis, tick_text
from locoreg.figures.columns import SMALL
from locoreg.figures.emulation.plate import SMALL_LINE
from locoreg.figures.layouts import INK
from locoreg.figures.selection.chart import GRID, WIDE, Chart


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Series:
    """Differences at times, with limits or none.

    Attributes
    ----------
    part, sentence, colour : str
        Part of the figure, what it shows, colour.
    xs, values, lows, highs : list of float
        Times, differences, their limits; no limits for dots.
    """

    part: str
    sentence: str
    colour: str
    xs: list[float]
    values: list[float]
    lows: list[float]
    highs: list[float]


class StripChart(Chart):
    """A chart with a strip of differences under it, on the same time axis."""

    strip_height = 66.0

    def strip(
        self, title: str, series: Sequence[Series], *, dots: bool, least: float = 0.0
    ) -> None:
        """Draw differences around 0, as dots or as lines with bands.

        Parameters
        ----------
        title : str
            Stands above.
        series : sequence of Series
            What to draw.
        dots : bool
            Dots, or a line with a band.
        least : float
            The axis reaches at least so far from 0.
        """
        pen = self.pen("strip-title", title)
        pen.text(self.left, self.y + 9, title, role="head", size=SMALL, bold=True)
        self.y += SMALL_LINE + 8
        every = [abs(v) for one in series for v in (*one.values, *one.lows, *one.highs)]
        axis = choose_axis(
            [max([least, *(v for v in every if math.isfinite(v))])], scale="identity"
        )
        top, bottom = self.y, self.y + self.strip_height

        def place(value: float) -> float:
            part = min(max(axis.fraction(value), 0.0), 1.0)
            return bottom - part * (bottom - top)

        pen = self.pen("strip-axes", under=True)
        for tick in axis.ticks:
            y = place(tick)
            colour, width = (INK, 0.9) if tick == 0 else (GRID, 0.5)
            pen.line((self.left, y), (self.right, y), role="line", colour=colour, width=width)
            text = tick_text(tick)
            pen.text(self.left - 6, y, text, role="y-label", size=SMALL, align="right")
        pen.line((self.left, top), (self.left, bottom), role="y", colour=INK, width=0.9)
        for one in series:
            self._one(one, place, dots=dots)
        self.y = bottom + 8

    def _one(self, one: Series, place: Callable[[float], float], *, dots: bool) -> None:
        known = [k for k, v in enumerate(one.values) if math.isfinite(v)]
        pen = self.pen(one.part, one.sentence)
        if dots:
            for k in known:
                x, y = self.x(one.xs[k]), place(one.values[k])
                pen.disc(x, y, 3.0, role="dot", fill=one.colour)
            return
        limited = [k for k in known if math.isfinite(one.lows[k] + one.highs[k])]
        if len(limited) > 1:
            upper = [(self.x(one.xs[k]), place(one.highs[k])) for k in limited]
            lower = [(self.x(one.xs[k]), place(one.lows[k])) for k in reversed(limited)]
            under = self.pen(f"{one.part}-band", f"limits of {one.sentence}", under=True)
            under.area(np.array(upper + lower), role="band", fill=WIDE, opacity=1.0)
        line = np.array([(self.x(one.xs[k]), place(one.values[k])) for k in known])
        pen.trace(line, role="line", colour=one.colour, width=1.4)
