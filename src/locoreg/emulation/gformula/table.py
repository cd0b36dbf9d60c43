"""Persons' follow-up cut into intervals."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.question import Question
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Times that are a whole number of intervals but for rounding.
NEAR = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class IntervalTable:
    """One row per person and interval at risk.

    Attributes
    ----------
    width : float
        Months per interval.
    intervals : int
        Number of intervals up to the horizon.
    grace : int
        Intervals of the grace period.
    person, interval : ndarray of int, shape (r,)
        Of each row; interval k is (k width, (k + 1) width].
    treated : ndarray of bool, shape (r,)
        Whether treatment within the grace period has begun by this interval.
    event : ndarray of int, shape (r,)
        What ends the interval: 0 nothing.
    exposure : ndarray of float, shape (r,)
        Share of the interval that was followed; 1 where it ends with an event.
    whole_start : ndarray of bool, shape (r,)
        Whether the person was observed at the start of the interval.
    initiation : ndarray of int, shape (n,)
        Interval in which each person is treated within the grace period; `intervals` for none.
    cut : int
        Persons whose follow-up ends at a treatment after the grace period.
    """

    width: float
    intervals: int
    grace: int
    person: IntArray
    interval: IntArray
    treated: BoolArray
    event: IntArray
    exposure: FloatArray
    whole_start: BoolArray
    initiation: IntArray
    cut: int

    def rows_that_wait(self) -> BoolArray:
        """Return rows of persons not treated before their interval and seen at its start."""
        return self.whole_start & (self.initiation[self.person] >= self.interval)


def cut_into_intervals(cohort: Cohort, question: Question) -> IntervalTable:
    """Cut the follow-up into intervals.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        Its decision interval is the width; its horizon the end. Where the comparator is never
        treated, follow-up ends at a treatment after the grace period.

    Returns
    -------
    IntervalTable
        A treatment counts from the start of the interval in which it falls.

    Raises
    ------
    DesignError
        If nobody is followed in the last interval, or a group is empty.
    """
    w, g = question.interval_months, question.grace_months
    count = int(np.ceil(question.horizon_months / w - NEAR))
    end = count * w
    A = cohort.treatment_time
    adheres = g >= A
    time, event = cohort.time.copy(), cohort.event.copy()
    late = ~adheres & (time >= A) & (question.comparator == "never")
    time[late], event[late] = A[late], 0
    event[time > end * (1.0 + NEAR)] = 0
    time = np.minimum(time, end)
    last = np.clip(np.ceil(time / w - NEAR).astype(np.int64) - 1, 0, count - 1)
    entry = np.zeros(cohort.n) if cohort.entry is None else np.maximum(cohort.entry, 0.0)
    first = np.floor(entry / w + NEAR).astype(np.int64)
    initiation = np.full(cohort.n, count, dtype=np.int64)
    begun = np.floor(A[adheres] / w + NEAR).astype(np.int64)
    # Treatment at the very end of the grace period adheres: it is that of the last interval.
    initiation[adheres] = np.minimum(
        np.minimum(begun, max(question.intervals - 1, 0)), last[adheres]
    )
    _refuse_empty(adheres, last, count, question)
    size = np.maximum(last - first + 1, 0)
    person = np.repeat(np.arange(cohort.n), size)
    offset = np.arange(person.size) - np.repeat(np.cumsum(size) - size, size)
    interval = first[person] + offset
    ended = np.where(interval == last[person], event[person], 0)
    start = np.maximum(interval * w, entry[person])
    share = (np.minimum(time[person], (interval + 1) * w) - start) / w
    exposure = np.where(ended > 0, 1.0, np.clip(share, 0.0, 1.0))
    kept = (exposure > NEAR) & (start < end)
    return IntervalTable(
        width=w,
        intervals=count,
        grace=question.intervals,
        person=person[kept],
        interval=interval[kept],
        treated=(initiation[person] <= interval)[kept],
        event=ended[kept],
        exposure=exposure[kept],
        whole_start=(entry[person] <= interval * w * (1.0 + NEAR))[kept],
        initiation=initiation,
        cut=int(late.sum()),
    )


def _refuse_empty(adheres: BoolArray, last: IntArray, count: int, question: Question) -> None:
    if not adheres.any() or adheres.all():
        who = "everybody" if adheres.all() else "nobody"
        raise DesignError(
            f"{who} is treated within {question.grace_months:g} months.",
            hint="both strategies need persons who follow them.",
        )
    for group, label in (
        (~adheres, question.comparator_label),
        (adheres, question.treated_label),
    ):
        if last[group].max() < count - 1:
            raise DesignError(
                f"nobody of {label!r} is followed to the horizon of "
                f"{question.horizon_months:g} months.",
                hint="shorten the horizon: beyond the data a model only extrapolates.",
            )
