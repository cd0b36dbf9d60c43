"""Draw a panel: axes, bands below all lines, lines, marks of censored patients, labels."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.figures.canvas import Canvas
from locoreg.figures.columns import HEAD, SMALL, TEXT
from locoreg.figures.layouts import INK, PAPER, RULE
from locoreg.figures.survival.labels import Spot
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.steps import DECIMALS, band, runs, stairs
from locoreg.figures.survival.timeaxis import TimeAxis, time_text
from locoreg.figures.survival.tracks import Panel, Track
from locoreg.figures.textfit import text_width
from locoreg.stats.survivaldata import FloatArray

LINE_WIDTH, THIN_WIDTH = 1.7, 0.8
BAND_OPACITY, FAINT_OPACITY = 0.17, 0.08
MARK = 3.0
LABEL_LINE = 10.0
# Shorter pieces have no place in coordinates of two decimals.
SEEN = 0.01


@dataclass(frozen=True, slots=True, kw_only=True)
class Frame:
    """Where a panel stands on the sheet."""

    panel: Panel
    axis: TimeAxis
    top: float

    @property
    def bottom(self) -> float:
        """The lower edge in points."""
        return self.top + self.panel.height

    def ys(self, value: FloatArray) -> FloatArray:
        """Return heights in points, none beyond the axis."""
        panel = self.panel
        fraction = (np.clip(value, panel.low, panel.high) - panel.low) / (panel.high - panel.low)
        return np.asarray(self.bottom - panel.height * fraction)

    def y(self, value: float) -> float:
        """Return one height in points."""
        return float(self.ys(np.array([value]))[0])

    def corners(self, track: Track) -> FloatArray:
        """Return the corners of a track, shape (p, 2)."""
        return stairs(self.axis.xs(track.time), self.ys(track.value), self.axis.x(track.end))


def draw_axes(canvas: Canvas, frame: Frame, *, labelled: bool) -> None:
    """Draw the frame's axes; the time axis gets numbers if ``labelled``."""
    axis, panel = frame.axis, frame.panel
    pen = CurvePen(canvas, f"{panel.key}-axes", "", under=False)
    for value, text in panel.ticks:
        y = frame.y(value)
        pen.line((axis.left - 3.5, y), (axis.left, y), role="y-tick", colour=INK, width=0.8)
        pen.text(axis.left - 6, y, text, role="y-label", size=HEAD, align="right")
    start = (axis.left, frame.top)
    pen.line(start, (axis.left, frame.bottom), role="y-line", colour=INK, width=0.8)
    pen.line(
        (axis.left, frame.bottom), (axis.right, frame.bottom), role="x-line", colour=INK, width=0.8
    )
    for tick in axis.ticks:
        x = axis.x(tick)
        pen.line((x, frame.bottom), (x, frame.bottom + 3.5), role="x-tick", colour=INK, width=0.8)
        if labelled:
            pen.text(
                x, frame.bottom + 10, time_text(tick), role="x-label", size=HEAD, align="center"
            )
    if panel.zero_line:
        y = frame.y(0.0)
        zero = CurvePen(canvas, f"{panel.key}-zero", "", under=True)
        zero.line((axis.left, y), (axis.right, y), role="line", colour=RULE, width=0.9)


def draw_bands(canvas: Canvas, frame: Frame, *, hatched: bool) -> None:
    """Draw the bands of all tracks; they lie below every line."""
    for track in frame.panel.tracks:
        pen = CurvePen(canvas, f"{track.key}-band", "", under=True)
        xs, end = frame.axis.xs(track.time), frame.axis.x(track.end)
        if track.outer_low is not None and track.outer_high is not None:
            low, high = frame.ys(track.outer_low), frame.ys(track.outer_high)
            for outline in band(xs, low, high, end):
                pen.area(outline, role="outer", fill=track.style.band, opacity=FAINT_OPACITY)
        low, high = frame.ys(track.low), frame.ys(track.high)
        for first, last, few in _stretches(track):
            stop = end if last == xs.size else float(xs[last])
            if first > 0 and stop - xs[first] < SEEN:
                continue
            part = slice(first, last)
            for outline in band(xs[part], low[part], high[part], stop):
                pen.area(
                    outline,
                    role="area",
                    fill=track.style.band,
                    opacity=FAINT_OPACITY if few else BAND_OPACITY,
                    hatch=track.style.faded if hatched else None,
                )


def draw_lines(canvas: Canvas, frame: Frame) -> None:
    """Draw the curves and the marks of censored patients."""
    for track in frame.panel.tracks:
        pen = CurvePen(canvas, track.key, track.sentence, under=False)
        xs, ys, end = frame.axis.xs(track.time), frame.ys(track.value), frame.axis.x(track.end)
        for first, last, few in _stretches(track):
            stop = end if last == xs.size else float(xs[last])
            if first > 0 and stop - xs[first] < SEEN:
                continue
            corners = stairs(xs[first:last], ys[first:last], stop)
            if last < xs.size:
                # The drop at its end still comes from the patients of this stretch.
                corners = np.vstack((corners, np.round([stop, ys[last]], DECIMALS)))
            pen.trace(
                corners,
                role="tail" if few else "line",
                colour=track.style.faded if few else track.style.line,
                width=THIN_WIDTH if few else LINE_WIDTH,
                dashes=track.style.dashes,
            )
        if track.marks.size:
            places = np.searchsorted(track.time, track.marks, side="right") - 1
            centres = np.column_stack((frame.axis.xs(track.marks), ys[np.maximum(places, 0)]))
            pen.ticks(centres, MARK, role="censored", colour=track.style.line, width=0.9)


def draw_outer_edges(canvas: Canvas, frame: Frame) -> None:
    """Draw the edges of simultaneous bands as dotted lines."""
    for track in frame.panel.tracks:
        if track.outer_low is None or track.outer_high is None:
            continue
        pen = CurvePen(canvas, f"{track.key}-outer", "", under=True)
        known = np.isfinite(track.outer_low) & np.isfinite(track.outer_high)
        xs, end = frame.axis.xs(track.time), frame.axis.x(track.end)
        for first, last in runs(known):
            stop = end if last == xs.size else float(xs[last])
            for role, edge in (("low", track.outer_low), ("high", track.outer_high)):
                corners = stairs(xs[first:last], frame.ys(edge[first:last]), stop)
                pen.trace(
                    corners, role=role, colour=track.style.faded, width=0.8, dashes=(2.0, 1.6)
                )


def draw_spots(canvas: Canvas, frame: Frame, spots: dict[str, Spot]) -> None:
    """Write the labels on the curves, on paper so that no band lies behind them."""
    for track in frame.panel.tracks:
        spot = spots.get(track.key)
        if spot is None:
            continue
        pen = CurvePen(canvas, f"{track.key}-label", "", under=False)
        pen.box(spot.left - 1, spot.top, spot.width + 2, spot.height, role="paper", fill=PAPER)
        for i, line in enumerate(spot.lines):
            pen.text(
                spot.left,
                spot.top + LABEL_LINE * (i + 0.5),
                line,
                role="text",
                size=TEXT,
                bold=True,
                colour=track.style.line,
            )


def draw_y_title(canvas: Canvas, frame: Frame) -> None:
    """Write the heading, and what the upright axis shows, above its upper end."""
    panel = frame.panel
    y = frame.top - 10
    pen = CurvePen(canvas, f"{panel.key}-title", "", under=False)
    x = frame.axis.left - 30
    if panel.heading:
        pen.text(x, y, panel.heading, role="heading", size=TEXT, bold=True)
        x += text_width(panel.heading + "  ", TEXT, "bold")
    pen.text(x, y, panel.y_title, role="text", size=HEAD if not panel.heading else SMALL)


def _stretches(track: Track) -> list[tuple[int, int, bool]]:
    """Return the stretches with many and with few at risk, in order of time."""
    few = track.few
    both = [(a, b, True) for a, b in runs(few)] + [(a, b, False) for a, b in runs(~few)]
    return sorted(both)
