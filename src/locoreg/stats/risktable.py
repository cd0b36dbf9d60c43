"""The risk table of one group: who is at risk, has an event or leaves at each distinct time."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class RiskTable:
    """Counts at the distinct times at which rows end, and where each row stands.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Distinct ends of follow-up, ascending. Events at a time come before censorings at it.
    at_risk, censored, entered : ndarray of int, shape (m,)
        Rows at risk just before each time, censored at it, and entered since the time before (up
        to but without this one; at the first time: all that entered before it).
    events : ndarray of int, shape (m, k)
        Rows with an event of each of the k causes.
    weighted_at_risk, weighted_censored, weighted_entered : ndarray of float, shape (m,)
        The same, summed over the weights.
    weighted_events : ndarray of float, shape (m, k)
        The same for the events.
    exit : ndarray of int, shape (n,)
        Position in ``time`` of each row's end.
    first : ndarray of int, shape (n,), or None
        Position of the first time at which each row is at risk: it is at risk at positions
        ``first`` to ``exit``. None where all are at risk from the first time on.
    """

    time: FloatArray
    at_risk: IntArray
    censored: IntArray
    entered: IntArray
    events: IntArray
    weighted_at_risk: FloatArray
    weighted_censored: FloatArray
    weighted_entered: FloatArray
    weighted_events: FloatArray
    exit: IntArray
    first: IntArray | None


def risk_table(
    time: FloatArray,
    event: IntArray,
    *,
    entry: FloatArray | None = None,
    weight: FloatArray | None = None,
    causes: int = 1,
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

    Returns
    -------
    RiskTable
        Counts, weighted counts and positions.
    """
    distinct, exits = np.unique(time, return_inverse=True)
    exits = exits.astype(np.int64)
    m = distinct.size
    first = None if entry is None else np.searchsorted(distinct, entry, side="right")
    ones = np.ones(time.size) if weight is None else weight
    counted = _totals(exits, first, event, np.ones(time.size), m, causes)
    weighted = counted if weight is None else _totals(exits, first, event, ones, m, causes)
    positive = (
        counted if weight is None else _totals(exits, first, event, (ones > 0) * 1.0, m, causes)
    )
    at_risk, events, censored, entered = weighted
    # Sums that add and subtract must not leave a crumb at risk after the last person's event.
    last = positive[0] == positive[1].sum(axis=1)
    at_risk = np.where(last, events.sum(axis=1), at_risk)
    return RiskTable(
        time=distinct,
        at_risk=np.rint(counted[0]).astype(np.int64),
        events=np.rint(counted[1]).astype(np.int64),
        censored=np.rint(counted[2]).astype(np.int64),
        entered=np.rint(counted[3]).astype(np.int64),
        weighted_at_risk=at_risk,
        weighted_events=events,
        weighted_censored=censored,
        weighted_entered=entered,
        exit=exits,
        first=first,
    )


def _totals(
    exits: IntArray,
    first: IntArray | None,
    event: IntArray,
    weight: FloatArray,
    m: int,
    causes: int,
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return weights at risk, with events (m, causes), censored and entered at each position."""
    by_end = np.bincount(exits * (causes + 1) + event, weight, minlength=m * (causes + 1))
    by_end = by_end.reshape(m, causes + 1)
    at_risk = np.cumsum(by_end.sum(axis=1)[::-1])[::-1]
    if first is None:
        entered = np.zeros(m)
        entered[0] = at_risk[0]
    else:
        entered = np.bincount(first, weight, minlength=m)
        later = np.cumsum(entered[::-1])[::-1]
        at_risk = at_risk - np.append(later[1:], 0.0)
    return at_risk, by_end[:, 1:], by_end[:, 0], entered
