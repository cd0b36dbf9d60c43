"""The risk table of one group: who is at risk, has an event or leaves at each distinct time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray
from locoreg.stats.timeorder import TimeOrder, positions, positions_after


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class WeightedCounts:
    """Weights summed over rows at the distinct times.

    Attributes
    ----------
    at_risk, censored, entered : ndarray of float, shape (m,)
        As the counts of rows.
    events : ndarray of float, shape (m, k)
        As the counts of rows.
    carrying : ndarray of int, shape (m, k)
        Rows of positive weight with an event.
    """

    at_risk: FloatArray
    censored: FloatArray
    entered: FloatArray
    events: FloatArray
    carrying: IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Tally:
    """Counts at the distinct times at which rows end.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Distinct ends of follow-up, ascending. Events at a time come before censorings at it.
    at_risk, censored, entered : ndarray of int, shape (m,)
        Rows at risk just before each time, censored at it, and entered since the time before (up
        to but without this one; at the first time: all that entered before it).
    events : ndarray of int, shape (m, k)
        Rows with an event of each of the k causes.
    weights : WeightedCounts or None
        The same, summed over the weights; None if all are 1.
    """

    time: FloatArray
    at_risk: IntArray
    censored: IntArray
    entered: IntArray
    events: IntArray
    weights: WeightedCounts | None

    @property
    def weighted_at_risk(self) -> FloatArray:
        """Weight at risk just before each time, shape (m,)."""
        return self.at_risk.astype(np.float64) if self.weights is None else self.weights.at_risk

    @property
    def weighted_censored(self) -> FloatArray:
        """Weight censored at each time, shape (m,)."""
        return self.censored.astype(np.float64) if self.weights is None else self.weights.censored

    @property
    def weighted_entered(self) -> FloatArray:
        """Weight that entered since the time before, shape (m,)."""
        return self.entered.astype(np.float64) if self.weights is None else self.weights.entered

    @property
    def weighted_events(self) -> FloatArray:
        """Weight with an event of each cause, shape (m, k)."""
        return self.events.astype(np.float64) if self.weights is None else self.weights.events

    @property
    def carrying_events(self) -> IntArray:
        """Rows of positive weight with an event of each cause, shape (m, k)."""
        return self.events if self.weights is None else self.weights.carrying


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class RiskTable(Tally):
    """Counts at the distinct times, and where each row stands.

    Attributes
    ----------
    exit : ndarray of int, shape (n,)
        Position in ``time`` of each row's end.
    first : ndarray of int, shape (n,), or None
        Position of the first time at which each row is at risk: it is at risk at positions
        ``first`` to ``exit``. None where all are at risk from the first time on.
    """

    exit: IntArray
    first: IntArray | None


def tally(order: TimeOrder) -> Tally:
    """Count rows of weight 1 with one kind of event.

    Parameters
    ----------
    order : TimeOrder
        The rows of one group in the order of time.

    Returns
    -------
    Tally
        Counts, the same as those of a risk table.
    """
    n, m = order.censored.size, order.time.size
    ends = np.diff(order.begin, append=n)
    until = np.cumsum(order.censored)
    censored = np.diff((until - order.censored)[order.begin], append=until[-1])
    entered = np.zeros(m, dtype=np.int64)
    if order.starts is None:
        at_risk = n - order.begin
        entered[:1] = n
    else:
        before = np.searchsorted(order.starts, order.time)
        at_risk = before - order.begin
        entered = np.diff(before, prepend=0)
    return Tally(
        time=order.time,
        at_risk=at_risk,
        events=(ends - censored)[:, None],
        censored=censored,
        entered=entered,
        weights=None,
    )


def risk_table(
    time: FloatArray,
    event: IntArray,
    *,
    entry: FloatArray | None = None,
    weight: FloatArray | None = None,
    causes: int = 1,
    continues: BoolArray | None = None,
    resumes: BoolArray | None = None,
) -> RiskTable:
    """Count the rows of one group.

    Parameters
    ----------
    time, event : ndarray, shape (n,)
        Checked ends of follow-up, near-tied ones merged; 0 for censored, 1 to ``causes`` for
        events.
    entry, weight : ndarray, shape (n,), optional
        Starts of follow-up; case weights.
    causes : int
        Number of causes k.
    continues, resumes : ndarray of bool, shape (n,), optional
        Rows whose person has another row from this end on, and rows that are such another row:
        these ends and entries are not counted as censored and entered.

    Returns
    -------
    RiskTable
        Counts, weighted counts and positions.
    """
    distinct, exits = positions(time)
    first = None if entry is None else positions_after(distinct, entry)
    rows = _Rows(
        size=distinct.size,
        causes=causes,
        end=exits * (causes + 1) + event,
        first=first,
        continues=None if continues is None else np.flatnonzero(continues & (event == 0)),
        resumes=None if resumes is None or first is None else np.flatnonzero(resumes),
    )
    at_risk, events, censored, entered = (_whole(values) for values in rows.count(None))
    return RiskTable(
        time=distinct,
        at_risk=at_risk,
        events=events,
        censored=censored,
        entered=entered,
        weights=None if weight is None else _weigh(rows, weight, at_risk, events),
        exit=exits,
        first=first,
    )


def _whole(values: FloatArray) -> IntArray:
    return np.rint(values).astype(np.int64)


def _weigh(
    rows: _Rows, weight: FloatArray, rows_at_risk: IntArray, carrying: IntArray
) -> WeightedCounts:
    if not weight.all():
        carriers = rows.count((weight > 0).astype(np.float64))
        rows_at_risk, carrying = _whole(carriers[0]), _whole(carriers[1])
    at_risk, events, censored, entered = rows.count(weight)
    # Sums that add and subtract must not leave a crumb at risk after the last person's event.
    last = rows_at_risk == carrying.sum(axis=1)
    return WeightedCounts(
        at_risk=np.where(last, events.sum(axis=1), at_risk),
        censored=censored,
        entered=entered,
        events=events,
        carrying=carrying,
    )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Rows:
    """Positions of the rows of one group, to sum weights over.

    ``continues`` and ``resumes`` are the rows whose end is no censoring and whose start no entry.
    """

    size: int
    causes: int
    end: IntArray
    first: IntArray | None
    continues: IntArray | None
    resumes: IntArray | None

    def count(
        self, weight: FloatArray | None
    ) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
        """Return weights at risk, with events (m, causes), censored and entered at each time."""
        m, k = self.size, self.causes
        by_end = self._sum(self.end, weight, m * (k + 1)).reshape(m, k + 1)
        net = by_end.sum(axis=1)
        if self.first is None:
            entered = np.zeros(m)
            entered[0] = net.sum()
        else:
            entered = self._sum(self.first, weight, m)
            net[:-1] -= entered[1:]
        at_risk = np.cumsum(net[::-1])[::-1]
        censored = by_end[:, 0]
        if self.continues is not None:
            part = None if weight is None else weight[self.continues]
            censored = censored - self._sum(self.end[self.continues] // (k + 1), part, m)
        if self.resumes is not None and self.first is not None:
            part = None if weight is None else weight[self.resumes]
            entered = entered - self._sum(self.first[self.resumes], part, m)
        return np.ascontiguousarray(at_risk), by_end[:, 1:].copy(), censored.copy(), entered

    @staticmethod
    def _sum(position: IntArray, weight: FloatArray | None, size: int) -> FloatArray:
        sums: FloatArray = np.bincount(position, weight, minlength=size).astype(np.float64)
        return sums
