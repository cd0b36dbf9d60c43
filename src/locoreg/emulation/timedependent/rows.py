"""Rows of follow-up between changes of treatment and of histories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np

from locoreg.emulation.cohort.columns import History
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.cohorts import NEAR, shortest, with_length
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

LateTreatment = Literal["treated", "untreated", "censored"]
LATE_TREATMENTS: tuple[LateTreatment, ...] = get_args(LateTreatment)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class FollowUp:
    """Follow-up and treatment of each person, as the analysis counts them.

    Attributes
    ----------
    entry, time : ndarray of float, shape (n,)
        Start and end.
    event : ndarray of int, shape (n,)
        What ended it.
    treated_at : ndarray of float, shape (n,)
        From when on a person counts as treated; infinite for never.
    """

    entry: FloatArray
    time: FloatArray
    event: IntArray
    treated_at: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ChangeRows:
    """Rows between changes, by person, then time.

    Attributes
    ----------
    person : ndarray of int, shape (r,)
        Row of the person in the cohort.
    start, stop : ndarray of float, shape (r,)
        At risk after the start, up to the stop.
    event : ndarray of int, shape (r,)
        0 where the row ends without an event.
    treated, early : ndarray of bool, shape (r,)
        Whether treatment has started, and whether it started no longer ago than the early period.
    last : ndarray of bool, shape (r,)
        Whether the row is the last of its person.
    """

    person: IntArray
    start: FloatArray
    stop: FloatArray
    event: IntArray
    treated: BoolArray
    early: BoolArray
    last: BoolArray


def follow_up(cohort: Cohort, late: LateTreatment, grace: float) -> FollowUp:
    """Return follow-up with a rule for treatment after the grace period.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    late : {"treated", "untreated", "censored"}
        What treatment after the grace period does.
    grace : float
        The grace period in months.

    Returns
    -------
    FollowUp
        Deaths on the day of treatment are deaths of treated persons: they count as treated from
        half way between the time before, at which anything happened to anybody, and that day.
    """
    entry = np.zeros(cohort.n) if cohort.entry is None else cohort.entry
    time = with_length(cohort.time, shortest(cohort))
    event, treated_at = cohort.event.copy(), cohort.treatment_time.copy()
    after = np.isfinite(treated_at) & (treated_at > grace)
    if late == "untreated":
        treated_at[after] = np.inf
    elif late == "censored":
        after &= treated_at < time - NEAR
        event[after], time = 0, np.where(after, treated_at, time)
        treated_at[after] = np.inf
    same_day = np.flatnonzero(treated_at >= time - NEAR)
    same_day = same_day[np.isfinite(treated_at[same_day])]
    if same_day.size:
        known = np.unique(np.concatenate(([0.0], time, treated_at[np.isfinite(treated_at)])))
        before = known[np.searchsorted(known, time[same_day]) - 1]
        treated_at[same_day] = (before + time[same_day]) / 2.0
    return FollowUp(entry=entry, time=time, event=event, treated_at=treated_at)


def change_rows(
    data: FollowUp, early: float | None, histories: tuple[History, ...], until: float
) -> ChangeRows:
    """Cut follow-up where something changes, and at the end of the comparison.

    Parameters
    ----------
    data : FollowUp
        Follow-up.
    early : float or None
        Months after treatment that have an effect of their own.
    histories : tuple of History
        Measurements at which rows are cut: a value counts after its time.
    until : float
        End of the comparison; what comes later takes no part.

    Returns
    -------
    ChangeRows
        One row or more per person.
    """
    n = data.time.size
    everybody = np.arange(n)
    cuts = [data.treated_at] + ([data.treated_at + early] if early is not None else [])
    person = np.concatenate([everybody, *[everybody for _ in cuts], *[h.person for h in histories]])
    time = np.concatenate([data.entry, *cuts, *[h.time for h in histories]])
    first = np.arange(person.size) < n
    inside = (time > data.entry[person] + NEAR) & (time < data.time[person] - NEAR)
    person, time = person[first | inside], time[first | inside]
    order = np.lexsort((time, person))
    person, start = person[order], time[order]
    fresh = np.append(True, (person[1:] != person[:-1]) | (start[1:] > start[:-1] + NEAR))
    person, start = person[fresh], start[fresh]
    last = np.append(person[1:] != person[:-1], True)
    stop = np.where(last, data.time[person], np.append(start[1:], 0.0))
    treated = start >= data.treated_at[person] - NEAR
    recent = np.zeros(person.size, dtype=np.bool_)
    if early is not None:
        recent = treated & (start < data.treated_at[person] + early - NEAR)
    event = np.where(last & (stop <= until + NEAR), data.event[person], 0)
    kept = start < until - NEAR
    return ChangeRows(
        person=person[kept],
        start=start[kept],
        stop=np.minimum(stop, until)[kept],
        event=event[kept],
        treated=treated[kept],
        early=recent[kept],
        last=(last | (stop >= until - NEAR))[kept],
    )


def values_at(history: History, person: IntArray, time: FloatArray) -> FloatArray:
    """Return the last value of a history up to a time of each row; NaN before the first.

    Parameters
    ----------
    history : History
        The history.
    person, time : ndarray, shape (r,)
        Rows, by person, then time.

    Returns
    -------
    ndarray of float, shape (r,)
        Values or codes.
    """
    # Measurements and rows in one order, measurements first where times are equal.
    who = np.concatenate([history.person, person])
    when = np.concatenate([history.time, time])
    asked = np.append(np.zeros(history.person.size, np.bool_), np.ones(person.size, np.bool_))
    order = np.lexsort((asked, when, who))
    measured = np.where(asked[order], -1, order)
    latest = np.maximum.accumulate(np.where(measured >= 0, np.arange(order.size), -1))
    rows = np.flatnonzero(asked[order])
    found = latest[rows]
    value = np.full(person.size, np.nan)
    source = measured[np.maximum(found, 0)]
    known = (found >= 0) & (who[np.maximum(source, 0)] == who[order[rows]])
    value[order[rows[known]] - history.person.size] = history.values[source[known]]
    return value
