"""Decision intervals, and the clock within them."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import FloatArray, IntArray

# A time this little before a start, in intervals, belongs to it: 0.3 / 0.1 is 2.9999999999999996.
ROUNDING = 1e-9
# Pieces of an interval within which the weight is constant, where treatments start at more
# distinct times than this.
PIECES = 4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Intervals:
    """Intervals of time, one after the other.

    Attributes
    ----------
    start, stop : ndarray of float, shape (k,)
        Limits; an interval holds its start. The last interval of the grace period holds its end.
    grace : float
        End of the grace period.
    width : float
        Width of an interval.
    in_grace : int
        Intervals of the grace period; at least one, which is time zero itself if there is no
        grace period.
    """

    start: FloatArray
    stop: FloatArray
    grace: float
    width: float
    in_grace: int

    @classmethod
    def of(cls, question: Question, *, until: float) -> Intervals:
        """Return the intervals of the grace period, and those after it up to a time."""
        grace, width = question.grace_months, question.interval_months
        early = max(1, question.intervals)
        late = max(0, int(np.ceil((until - grace) / width - ROUNDING)))
        start = np.concatenate([np.arange(early) * width, grace + np.arange(late) * width])
        stop = np.append(start[1:], grace + late * width)
        return cls(start=start, stop=stop, grace=grace, width=width, in_grace=early)

    @property
    def count(self) -> int:
        """Number of intervals."""
        return self.start.size

    def of_time(self, time: FloatArray) -> IntArray:
        """Return the interval of each finite time; `count` and more after the last."""
        finite = np.where(np.isfinite(time), time, 0.0)
        early = np.floor(finite / self.width + ROUNDING).astype(np.int64)
        early = np.minimum(early, self.in_grace - 1)
        later = np.floor((finite - self.grace) / self.width + ROUNDING).astype(np.int64)
        found = np.where(finite <= self.grace, early, self.in_grace + np.maximum(later, 0))
        return np.asarray(np.where(np.isfinite(time), found, self.count), dtype=np.int64)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Pieces:
    """Pieces of time, within each of which a weight is constant.

    Attributes
    ----------
    start : ndarray of float, shape (m,)
        Starts, ascending, the first minus infinity; a piece ends where the next one starts, and
        holds its end.
    interval : ndarray of int, shape (m,)
        Active interval whose events count in part; -1 before the first.
    share : ndarray of float, shape (m,)
        Which part: the share of the interval's events that lie before.
    """

    start: FloatArray
    interval: IntArray
    share: FloatArray


def clock(time: FloatArray, place: IntArray, intervals: Intervals, active: IntArray) -> Pieces:
    """Return pieces from the times of events: which share of an interval's has been by when.

    Where an interval has few distinct times of events the pieces lie between them, and the share
    is that of the left limit; otherwise the interval is cut evenly, and a piece takes the mean of
    its limits. The clock is read off all persons once and held fixed in every weighting.

    Parameters
    ----------
    time : ndarray of float, shape (e,)
        Times of events.
    place : ndarray of int, shape (e,)
        Interval of each.
    intervals : Intervals
        The intervals.
    active : ndarray of int, shape (a,)
        Intervals with events, ascending.

    Returns
    -------
    Pieces
        One row per piece.
    """
    start: list[float] = []
    interval: list[int] = []
    share: list[float] = []
    for number, k in enumerate(active.tolist()):
        low, high = float(intervals.start[k]), float(intervals.stop[k])
        cuts, parts = _within(np.sort(time[place == k]), low, high)
        if low == 0.0 and number == 0:
            # What happens at time zero comes before whatever else happens then.
            cuts[0] = -np.inf
        start += cuts
        interval += [number] * len(cuts)
        share += parts
        follows = number + 1 < active.size and intervals.start[active[number + 1]] <= high
        if parts[-1] < 1.0 and not follows:
            start.append(high)
            interval.append(number)
            share.append(1.0)
    if not start or start[0] > -np.inf:
        start, interval, share = [-np.inf, *start], [-1, *interval], [0.0, *share]
    return Pieces(
        start=np.array(start), interval=np.array(interval, dtype=np.int64), share=np.array(share)
    )


def _within(time: FloatArray, low: float, high: float) -> tuple[list[float], list[float]]:
    """Return starts of pieces in one interval and their shares."""
    distinct = np.unique(time)
    if distinct.size <= PIECES:
        cuts = np.unique(np.concatenate([[low], distinct]))
        return cuts.tolist(), (np.searchsorted(time, cuts, side="right") / time.size).tolist()
    edges = np.linspace(low, high, PIECES + 1)
    first = np.searchsorted(time, edges[:-1], side="right") / time.size
    last = np.searchsorted(time, edges[1:], side="left") / time.size
    return edges[:-1].tolist(), ((first + last) / 2.0).tolist()
