"""Rows of follow-up of all trials, on time since the start of each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.arms import ArmRows
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.calendar import NEVER, eligible
from locoreg.emulation.groups.cohorts import NEAR, shortest
from locoreg.emulation.sequential.trials import Trials
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TrialRows:
    """Rows of one arm in all trials.

    Attributes
    ----------
    rows : ArmRows
        Follow-up from the start of each trial.
    trial : ndarray of int, shape (r,)
        Interval with which the trial starts.
    low, high : ndarray of int, shape (r,)
        Run of decisions that each row depends on.
    first : ndarray of bool, shape (r,)
        Whether a row is the first of its person in its trial.
    """

    rows: ArmRows
    trial: IntArray
    low: IntArray
    high: IntArray
    first: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Pieces:
    person: IntArray
    start: FloatArray
    stop: FloatArray
    event: IntArray
    last: BoolArray
    first: BoolArray
    interval: IntArray


def treated_rows(cohort: Cohort, trials: Trials) -> TrialRows:
    """Return the rows of those who start treatment: one per person."""
    least = shortest(cohort)
    found = []
    for k in trials.used:
        rows = np.flatnonzero(
            eligible(cohort, trials.calendar, trials.started, k) & (trials.started == k)
        )
        found.append(_whole(cohort, trials, rows, k, least))
    return _joined(trials, found)


def comparator_rows(cohort: Cohort, trials: Trials) -> TrialRows:
    """Return the rows of those who don't start, cut where the probability of staying so changes."""
    least = shortest(cohort)
    found = []
    for k in trials.used:
        rows = np.flatnonzero(
            eligible(cohort, trials.calendar, trials.started, k) & (trials.started > k)
        )
        cut = (trials.censoring < NEVER).any()
        found.append((_cut if cut else _whole)(cohort, trials, rows, k, least))
    return _joined(trials, found)


def _follow_up(
    cohort: Cohort, trials: Trials, rows: IntArray, k: int, least: float
) -> tuple[FloatArray, FloatArray]:
    """Return entry and end of follow-up since the start of trial k."""
    begin = trials.calendar.starts[k]
    end = cohort.time[rows] - begin
    start = np.zeros(rows.size)
    if cohort.entry is not None:
        start = np.maximum(cohort.entry[rows] - begin, 0.0)
    return start, np.where(end > start + NEAR, end, start + least)


def _whole(
    cohort: Cohort, trials: Trials, rows: IntArray, k: int, least: float
) -> tuple[int, _Pieces]:
    start, end = _follow_up(cohort, trials, rows, k, least)
    all_rows = np.ones(rows.size, dtype=np.bool_)
    pieces = _Pieces(
        person=rows,
        start=start,
        stop=end,
        event=cohort.event[rows],
        last=all_rows,
        first=all_rows,
        interval=np.full(rows.size, k),
    )
    return k, pieces


def _cut(
    cohort: Cohort, trials: Trials, rows: IntArray, k: int, least: float
) -> tuple[int, _Pieces]:
    starts = trials.calendar.starts
    start, end = _follow_up(cohort, trials, rows, k, least)
    event = cohort.event[rows].copy()
    ends = trials.censoring[rows]
    stopped = ends < NEVER
    stop_at = np.full(rows.size, np.inf)
    stop_at[stopped] = starts[ends[stopped]] - starts[k]
    event[stop_at <= end + NEAR] = 0
    end = np.minimum(end, stop_at)
    # Intervals after the last with a decision are one piece.
    edges = np.append(starts[k : trials.decisions.intervals] - starts[k], np.inf)
    low = np.maximum(start[:, None], edges[None, :-1])
    high = np.minimum(end[:, None], edges[None, 1:])
    who, number = np.nonzero(high > low + NEAR)
    change = who[1:] != who[:-1]
    pieces = _Pieces(
        person=rows[who],
        start=low[who, number],
        stop=high[who, number],
        event=np.zeros(who.size, dtype=np.int64),
        last=np.append(change, True)[: who.size],
        first=np.append(True, change)[: who.size],
        interval=k + number,
    )
    pieces.event[pieces.last] = event[who[pieces.last]]
    return k, pieces


def _joined(trials: Trials, found: list[tuple[int, _Pieces]]) -> TrialRows:
    trial = np.concatenate([np.full(piece.person.size, k) for k, piece in found])
    person, start, stop, event, last, first, interval = (
        np.concatenate([getattr(piece, name) for _, piece in found]) for name in _Pieces.__slots__
    )
    rows = ArmRows.of(person, stop, event, start=start, continues=~last)
    place = trials.decisions.place
    return TrialRows(
        rows=rows,
        trial=trial,
        low=place(person, trial),
        high=place(person, interval + 1),
        first=first,
    )
