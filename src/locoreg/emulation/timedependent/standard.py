"""Survival under two strategies from a Cox model with a treatment that starts at some time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.timeorder import positions, positions_after

# More distinct event times than this are read on an even grid, and areas by trapezoids.
MOST_STEPS = 240


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ReadingTimes:
    """Times at which curves are computed, and how areas follow from them.

    Attributes
    ----------
    time : ndarray of float, shape (f,)
        Ascending from 0, those of the grid among them.
    grid : ndarray of int, shape (k,)
        Where the grid's times stand.
    area : ndarray of float, shape (f, k)
        Area up to each time of the grid = values at `time` times this.
    """

    time: FloatArray
    grid: IntArray
    area: FloatArray

    @classmethod
    def of(cls, grid: FloatArray, events: FloatArray) -> ReadingTimes:
        """Return times for a grid: every event time before its end if there are few."""
        end = float(grid[-1])
        inner = events[(events > 0.0) & (events < end)]
        steps = inner.size <= MOST_STEPS
        extra = inner if steps else np.linspace(0.0, end, MOST_STEPS + 1)
        time = np.unique(np.concatenate(([0.0], grid, extra)))
        place = np.searchsorted(time, grid)
        width = np.diff(time)
        area = np.zeros((time.size, grid.size))
        for j, p in enumerate(place.tolist()):
            if steps:
                area[:p, j] = width[:p]
            else:
                area[:p, j] += width[:p] / 2.0
                area[1 : p + 1, j] += width[:p] / 2.0
        return cls(time=time, grid=place, area=area)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskRows:
    """Rows of a Cox model, placed once on the distinct ends.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Distinct ends of rows.
    first, last : ndarray of int, shape (r,)
        Positions of the first and last time at which each row is at risk.
    """

    time: FloatArray
    first: IntArray
    last: IntArray

    @classmethod
    def of(cls, start: FloatArray, stop: FloatArray) -> RiskRows:
        """Place rows."""
        time, last = positions(stop)
        return cls(time=time, first=positions_after(time, start), last=last)

    def at_risk(self, values: FloatArray) -> FloatArray:
        """Return sums of values over the rows at risk at each time, shape (m,)."""
        m = self.time.size
        change = np.bincount(self.first, weights=values, minlength=m + 1)
        change -= np.bincount(self.last + 1, weights=values, minlength=m + 1)
        return np.asarray(np.cumsum(change)[:m])

    def at_end(self, values: FloatArray) -> FloatArray:
        """Return sums of values over the rows that end at each time, shape (m,)."""
        sums = np.bincount(self.last, weights=values, minlength=self.time.size)
        return np.asarray(sums, dtype=np.float64)

    def between(self, steps: FloatArray) -> FloatArray:
        """Return the sum of steps over the times at which each row is at risk, shape (r,)."""
        sums = np.concatenate(([0.0], np.cumsum(steps)))
        return sums[self.last + 1] - sums[self.first]


@dataclass(frozen=True, slots=True, kw_only=True)
class Paths:
    """Paths of treatment: never treated, then from each of some times.

    Attributes
    ----------
    early : float or None
        Months after treatment with an effect of their own.
    """

    early: float | None

    def factors(self, effect: FloatArray, start: float, time: FloatArray) -> FloatArray:
        """Return by what a path multiplies the hazard at some times, shape (m,).

        Parameters
        ----------
        effect : ndarray of float, shape (1,) or (2,)
            Log hazard ratio, or that of the later and of the early period.
        start : float
            When treatment starts; infinite for never.
        time : ndarray of float, shape (m,)
            Times.
        """
        return np.exp(self.shares(start, time) @ effect)

    def shares(self, start: float, time: FloatArray) -> FloatArray:
        """Return which effect holds at some times, shape (m, 1) or (m, 2)."""
        treated = time > start
        if self.early is None:
            return treated[:, None].astype(np.float64)
        recent = treated & (time <= start + self.early)
        return np.column_stack([treated & ~recent, recent]).astype(np.float64)
