"""Intervals in which treatment is decided, who decides in them, and the model of it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.cohort.design import Design
from locoreg.emulation.groups.cohorts import NEAR, both, stacked
from locoreg.emulation.groups.decisions import Decisions, fit_decisions, pool_intervals
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Stands for an interval in which nobody decides any more.
NEVER = np.iinfo(np.int32).max


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Calendar:
    """Intervals in which treatment is decided.

    Attributes
    ----------
    starts : ndarray of float, shape (j,)
        Starts of the intervals in months; decisions are made there.
    trials : int
        Trials start with the first intervals.
    closed : float
        Treatment exactly at this time, an end of an interval, belongs to that interval: the end
        of the grace period, up to and including which treatment adheres.
    """

    starts: FloatArray
    trials: int
    closed: float

    @classmethod
    def of(cls, question: Question, until: float, last: float) -> Calendar:
        """Return the intervals from time zero to the last time of interest.

        Parameters
        ----------
        question : Question
            For the width of intervals.
        until : float
            End of the last interval with a trial; 0 for one trial, of treatment at time zero.
        last : float
            Last time of interest.

        Returns
        -------
        Calendar
            The intervals.

        Raises
        ------
        DesignError
            If `until` is no whole number of intervals.
        """
        width = question.interval_months
        steps = until / width
        if not until >= 0.0 or abs(steps - round(steps)) > 1e-9 * max(1.0, steps):
            raise DesignError(
                f"trials start until {until:g} months, which is no whole number of intervals of "
                f"{width:g} months.",
                hint="choose a multiple of interval_months.",
            )
        trials = round(steps)
        later = max(1, int(np.ceil((last - until) / width)) + 1)
        starts = np.concatenate([np.arange(max(trials, 1)), trials + np.arange(later)]) * width
        closed = question.grace_months if until > 0.0 else 0.0
        return cls(starts=np.asarray(starts), trials=max(trials, 1), closed=closed)

    def interval(self, month: FloatArray) -> IntArray:
        """Return the number of the interval of each time; NEVER for infinite ones."""
        # What is a rounding error before an interval belongs to it.
        place = np.searchsorted(self.starts - NEAR, month, side="right") - 1
        ends = int(np.searchsorted(self.starts, self.closed)) - 1 if self.closed > 0.0 else 0
        place = np.where(month <= self.closed + NEAR, np.minimum(place, max(ends, 0)), place)
        return np.where(np.isinf(month), NEVER, place)


def eligible(cohort: Cohort, calendar: Calendar, started: IntArray, k: int) -> BoolArray:
    """Return who is alive, followed and untreated at the start of interval k, shape (n,).

    Who is treated on the day of death is alive for it.
    """
    begin = calendar.starts[k]
    untreated = started >= k
    later = cohort.time - begin
    lives = (later > NEAR) | ((started == k) & (later >= -NEAR))
    return np.asarray(untreated & (lives | (k == 0)))


def observed(cohort: Cohort, begin: float) -> BoolArray:
    """Return who is under observation at a time or was before, shape (n,)."""
    if cohort.entry is None:
        return np.ones(cohort.n, dtype=np.bool_)
    return np.asarray(cohort.entry <= begin + NEAR)


def initiation(
    cohort: Cohort,
    calendar: Calendar,
    started: IntArray,
    intervals: int,
    *,
    histories: bool = True,
    penalty: Penalty | None = None,
) -> Decisions:
    """Return the decisions of persons alive, followed and untreated, with their model.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    calendar : Calendar
        Intervals.
    started : ndarray of int, shape (n,)
        Interval in which each person starts.
    intervals : int
        How many of the intervals count.
    histories : bool
        Whether the histories' values at each decision are in the model, besides the baseline
        confounders.
    penalty : {"firth"} or None
        Of the model's likelihood.

    Returns
    -------
    Decisions
        Of intervals in which somebody starts.
    """
    open_ = [eligible(cohort, calendar, started, k) for k in range(intervals)]
    seen = [observed(cohort, float(calendar.starts[k])) for k in range(intervals)]
    starts = [
        int((here & now & (started == k)).sum())
        for k, (here, now) in enumerate(zip(open_, seen, strict=True))
    ]
    pools = pool_intervals(np.asarray(starts))
    persons, numbers, flags, designs = [], [], [], []
    baseline = cohort.design()
    for k in range(intervals):
        if pools[k] < 0:
            continue
        rows = np.flatnonzero(open_[k])
        changing = [cohort.design_at(float(calendar.starts[k]))] if histories else []
        X = both(cohort.n, baseline, *changing)
        persons.append(rows)
        numbers.append(np.full(rows.size, k))
        flags.append(seen[k][rows].astype(np.float64))
        designs.append(Design(X=X.X[rows], names=X.names, variables=X.variables))
    person, interval = np.concatenate(persons), np.concatenate(numbers)
    return fit_decisions(
        person=person,
        interval=interval,
        started=(started[person] == interval).astype(np.float64),
        observed=np.concatenate(flags),
        pool=pools[interval],
        covariates=stacked(designs),
        intervals=intervals,
        penalty=penalty,
    )
