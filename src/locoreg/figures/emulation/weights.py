"""Weights over time: median, 99th percentile, largest, effective sample size, share of the top."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from matplotlib.figure import Figure

from locoreg.core.errors import DesignError
from locoreg.core.numbertext import decimal_text
from locoreg.emulation.effect import Effect, WeightSummary
from locoreg.figures.columns import HEAD, MARGIN, SMALL, TEXT
from locoreg.figures.emulation.plate import Plate, Words, count_text
from locoreg.figures.emulation.words import (
    alerts_of,
    arm_style,
    comparison,
    failure_notes,
    marked_title,
    method_note,
)
from locoreg.figures.forest import WIDTH
from locoreg.figures.layouts import FAINT_INK, INK, PAPER, RULE
from locoreg.figures.survival.pens import CurvePen
from locoreg.figures.survival.timeaxis import time_text
from locoreg.figures.textfit import ellipsise, one_line, text_width
from locoreg.stats.survivaldata import FloatArray
from locoreg.workflows.curves.smallcells import check_small_cells
from locoreg.workflows.emulation.smalleffects import hide_effect
from locoreg.workflows.emulation.smalltexts import rule_words

GAP = 40.0
AXIS_ROOM = 30.0
UPPER, LOWER = 130.0, 92.0
TABLE_ROW = 11.0
# Rows of the table under each panel; times at even places are kept beyond it.
MOST_ROWS = 14
MARK = 5.2
COLUMNS = ("month", "n", "sum", "median", "p99", "max", "ESS", "top 1%")
LOG_TICKS = (0.1, 0.2, 0.5, 1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 10_000, 100_000)


@dataclass(frozen=True, slots=True, kw_only=True)
class _Series:
    """A line of a panel: name, values, shape of its marks, dashes."""

    name: str
    values: tuple[float, ...]
    shape: str
    dashes: tuple[float, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Place:
    """A plot on the sheet with its scales."""

    left: float
    width: float
    top: float
    height: float
    end: float
    low: float
    high: float
    log: bool

    def x(self, month: float) -> float:
        return self.left + self.width * month / self.end

    def y(self, value: float) -> float:
        low, high, at = self.low, self.high, value
        if self.log:
            low, high, at = math.log(low), math.log(high), math.log(max(value, self.low))
        part = min(max((at - low) / (high - low), 0.0), 1.0)
        return self.top + self.height * (1 - part)


def weight_figure(
    effect: Effect, *, title: str | None = None, small_cells: int | None = None
) -> Figure:
    """Draw the weights of those who are followed, over time, for each strategy.

    Parameters
    ----------
    effect : Effect
        What a method returned; its ``weights`` are drawn.
    title : str, optional
        By default the comparison.
    small_cells : int, optional
        Counts from 1 to this many persons are hidden, and what would give them away.

    Returns
    -------
    matplotlib.figure.Figure
        Above the weights on a log scale, below them the effective sample size and the share that
        the 1% of persons with the largest weights hold, and a table of the numbers.

    Raises
    ------
    DesignError
        If the method tells no weights.
    """
    check_small_cells(small_cells)
    effect = hide_effect(effect, small_cells)
    if not effect.weights:
        raise DesignError(
            f"{effect.title} tells no weights that may be shown.",
            hint="draw another kind of figure.",
        )
    arms = [
        (one_line(arm.label), [w for w in effect.weights if w.arm == arm.label])
        for arm in effect.arms
    ]
    said = []
    for label, rows in arms:
        if rows:
            worst = max(rows, key=lambda w: w.largest)
            least = min(rows, key=lambda w: w.ess)
            said.append(
                f"{label}: largest weight {decimal_text(worst.largest)} at month "
                f"{time_text(worst.at_months)}; smallest effective sample size "
                f"{count_text(least.ess)} of {count_text(least.n)} persons at month "
                f"{time_text(least.at_months)}"
            )
    words = Words(
        title=marked_title(
            title or f"Weights over time: {comparison(effect)}", synthetic=effect.synthetic
        ),
        subtitle="",
        alerts=alerts_of(effect),
        description=". ".join(said),
        notes=(
            "Weights of those followed at each time. ESS: effective sample size, the square of "
            "the sum of weights over the sum of their squares. Top 1%: share of all weight that "
            "the 1% of persons with the largest weights hold.",
            method_note(effect, small_cells),
            *([] if small_cells is None else [rule_words(small_cells)]),
            *failure_notes(effect),
        ),
    )
    return _Weights(words, arms, effect.question.horizon_months).draw()


class _Weights(Plate):
    def __init__(
        self, words: Words, arms: list[tuple[str, list[WeightSummary]]], horizon: float
    ) -> None:
        super().__init__(words)
        self.arms = [(label, sorted(rows, key=lambda w: w.at_months)) for label, rows in arms]
        rows = [w for _, some in self.arms for w in some]
        self.end = max([horizon, *(w.at_months for w in rows)])
        values = [v for w in rows for v in (w.median, w.p99, w.largest) if v > 0]
        self.low = max((t for t in LOG_TICKS if t <= min(values) * 1.0001), default=LOG_TICKS[0])
        self.high = min((t for t in LOG_TICKS if t >= max(values)), default=LOG_TICKS[-1])
        self.high = max(self.high, 2 * self.low, 2.0)

    def body(self) -> None:
        """Draw one column per strategy."""
        each = (WIDTH - 2 * MARGIN - GAP) / 2
        top = self.y
        lowest = top
        for i, (label, rows) in enumerate(self.arms):
            lowest = max(lowest, self._column(i, label, rows, MARGIN + i * (each + GAP), each, top))
        self.y = lowest

    def _column(
        self, i: int, label: str, rows: Sequence[WeightSummary], left: float, width: float, y: float
    ) -> float:
        style = arm_style(i)
        pen = self.pen(f"arm{i}-name", label)
        shown = ellipsise(label, width, TEXT, "bold")
        pen.text(left, y + 6, shown, role="line", size=TEXT, bold=True, colour=style.line)
        y += 16
        if not rows:
            pen.text(left, y + 6, "no weights", role="none", size=TEXT, italic=True)
            return y + 16
        months = [w.at_months for w in rows]
        plots: tuple[tuple[str, str, float, tuple[_Series, ...]], ...] = (
            (
                "weights",
                "Weight, log scale",
                UPPER,
                (
                    _series("largest", [w.largest for w in rows], "triangle", (2.0, 1.6)),
                    _series("99th percentile", [w.p99 for w in rows], "square", (6.0, 2.2)),
                    _series("median", [w.median for w in rows], "circle", None),
                ),
            ),
            (
                "shares",
                "Percent of persons; percent of weight",
                LOWER,
                (
                    _series("ESS", [w.ess / max(w.n, 1) for w in rows], "square", None),
                    _series("top 1%", [w.top_share for w in rows], "triangle", (2.0, 1.6)),
                ),
            ),
        )
        for name, title, height, series in plots:
            y = self._plot(
                f"arm{i}-{name}", title, left, width, y, height, months, series, style.line
            )
        return self._table(i, rows, left, width, y)

    def _plot(
        self,
        key: str,
        title: str,
        left: float,
        width: float,
        y: float,
        height: float,
        months: Sequence[float],
        series: Sequence[_Series],
        colour: str,
    ) -> float:
        log = key.endswith("weights")
        self.pen(f"{key}-title").text(left, y + 5, title, role="text", size=HEAD)
        y = self._legend(key, series, left, width, y + 12, colour)
        place = _Place(
            left=left + AXIS_ROOM, width=width - AXIS_ROOM - 8, top=y, height=height,
            end=self.end, low=self.low if log else 0.0, high=self.high if log else 1.0, log=log,
        )  # fmt: skip
        self._axes(key, place, labelled=not log)
        for s, one in enumerate(series):
            self._line(f"{key}-line{s}", one, months, place, colour)
        return y + height + (20 if log else 34)

    def _legend(
        self, key: str, series: Sequence[_Series], left: float, width: float, y: float, colour: str
    ) -> float:
        pen = self.pen(f"{key}-legend")
        x = left
        for one in series:
            pen.trace(
                _points([(x, y + 5), (x + 20, y + 5)]), role="sample", colour=colour, width=1.3,
                dashes=one.dashes,
            )  # fmt: skip
            _mark(pen, one.shape, x + 10, y + 5, colour)
            pen.text(x + 24, y + 5, one.name, role="name", size=SMALL)
            x += 24 + text_width(one.name, SMALL) + 12
        return y + 18

    def _axes(self, key: str, place: _Place, *, labelled: bool) -> None:
        pen = self.pen(f"{key}-axes")
        bottom, right = place.top + place.height, place.left + place.width
        pen.line((place.left, place.top), (place.left, bottom), role="y", colour=INK, width=0.8)
        pen.line((place.left, bottom), (right, bottom), role="x", colour=INK, width=0.8)
        ticks: Sequence[float] = (0.0, 0.25, 0.5, 0.75, 1.0)
        if place.log:
            ticks = [t for t in LOG_TICKS if place.low <= t <= place.high]
            ticks = ticks[:: max(1, math.ceil(len(ticks) / 8))]
        for tick in ticks:
            y = place.y(tick)
            text = f"{tick:g}" if place.log else f"{tick:.0%}"
            pen.line((place.left - 3, y), (place.left, y), role="tick", colour=INK, width=0.8)
            pen.text(place.left - 5, y, text, role="label", size=SMALL, align="right")
        if place.log and place.low < 1 < place.high:
            y = place.y(1.0)
            self.pen(f"{key}-one", under=True).line(
                (place.left, y), (right, y), role="line", colour=RULE, width=0.8
            )
        step = next((s for s in (1, 2, 3, 6, 12, 24, 60, 120) if self.end / s <= 7), 240)
        for k in range(int(self.end // step) + 1):
            x = place.x(k * step)
            pen.line((x, bottom), (x, bottom + 3), role="x-tick", colour=INK, width=0.8)
            pen.text(x, bottom + 9, time_text(k * step), role="x-label", size=SMALL, align="center")
        if labelled:
            pen.text(
                place.left + place.width / 2, bottom + 20, "Months since time zero", role="title",
                size=HEAD, align="center", bold=True,
            )  # fmt: skip

    def _line(
        self, key: str, one: _Series, months: Sequence[float], place: _Place, colour: str
    ) -> None:
        known = [
            (place.x(m), place.y(v))
            for m, v in zip(months, one.values, strict=True)
            if math.isfinite(v)
        ]
        said = ", ".join(
            f"{decimal_text(v) if place.log else f'{v:.0%}'} at month {time_text(m)}"
            for m, v in zip(months, one.values, strict=True)
        )
        pen = self.pen(key, f"{one.name}: {said}")
        if len(known) > 1:
            pen.trace(_points(known), role="line", colour=colour, width=1.3, dashes=one.dashes)
        for x, y in known:
            _mark(pen, one.shape, x, y, colour)

    def _table(
        self, i: int, rows: Sequence[WeightSummary], left: float, width: float, y: float
    ) -> float:
        every = math.ceil(len(rows) / MOST_ROWS)
        shown = [w for k, w in enumerate(rows) if k % every == 0 or k == len(rows) - 1]
        cells = [
            (
                time_text(w.at_months), count_text(w.n), _size(w.total), decimal_text(w.median),
                decimal_text(w.p99), decimal_text(w.largest), count_text(w.ess),
                f"{w.top_share:.1%}",
            )
            for w in shown
        ]  # fmt: skip
        each = width / len(COLUMNS)
        pen = self.pen(f"arm{i}-table-heads")
        for c, head in enumerate(COLUMNS):
            pen.text(
                left + each * (c + 1) - 4, y + 5, head, role="head", size=SMALL, align="right",
                bold=True,
            )  # fmt: skip
        y += 12
        for r, row in enumerate(cells):
            said = ", ".join(f"{h} {c}" for h, c in zip(COLUMNS, row, strict=True))
            pen = self.pen(f"arm{i}-table-row{r}", f"{self.arms[i][0]}: {said}")
            for c, text in enumerate(row):
                pen.text(
                    left + each * (c + 1) - 4, y + 5, text, role="cell", size=SMALL,
                    align="right", colour=INK if c else FAINT_INK,
                )  # fmt: skip
            y += TABLE_ROW
        return y + 6


def _size(value: float) -> str:
    return count_text(value) if value >= 100 else decimal_text(value, 1)


def _series(
    name: str, values: Sequence[float], shape: str, dashes: tuple[float, ...] | None
) -> _Series:
    return _Series(name=name, values=tuple(values), shape=shape, dashes=dashes)


def _points(corners: Sequence[tuple[float, float]]) -> FloatArray:
    return np.asarray(np.round(corners, 2), dtype=np.float64)


def _mark(pen: CurvePen, shape: str, x: float, y: float, colour: str) -> None:
    half = MARK / 2
    if shape == "circle":
        pen.disc(x, y, MARK, role="mark", fill=colour)
    elif shape == "square":
        pen.box(x - half, y - half, MARK, MARK, role="mark", fill=PAPER, edge=colour)
    else:
        corners = [(x, y - half - 0.6), (x + half + 0.4, y + half), (x - half - 0.4, y + half)]
        pen.shape(corners, role="mark", fill=colour)
