"""Tables of hazards made from a cohort: start of treatment, treatment by the deadline, loss."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.emulation.clones.hazards import HazardTable, time_columns
from locoreg.emulation.clones.intervals import ROUNDING, Intervals, Pieces, clock
from locoreg.emulation.clones.rules import Clones
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.decisions import independent_columns
from locoreg.stats.glm.result import Penalty
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Timed:
    """A table of hazards with its intervals and clock.

    Attributes
    ----------
    table : HazardTable
        The hazards; its intervals are those with events, numbered anew.
    active : ndarray of int, shape (a,)
        Which intervals have events.
    pieces : Pieces
        The clock.
    """

    table: HazardTable
    active: IntArray
    pieces: Pieces


def initiation_table(
    cohort: Cohort, clones: Clones, intervals: Intervals, penalty: Penalty | None
) -> Timed:
    """Return hazards of starting treatment, interval by interval, in those not treated yet.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    clones : Clones
        Their clones.
    intervals : Intervals
        In which treatment is decided, as far as the comparator strategy looks.
    penalty : {"firth"} or None
        Of the regression.

    Returns
    -------
    Timed
        Nobody starts treatment in intervals that are not active: their hazard is 0.

    Raises
    ------
    DesignError
        If nobody is treated within the grace period, or the model has no estimate.
    """
    started = intervals.of_time(clones.treatment_time)
    seen = started < intervals.count
    events = np.bincount(started[seen], minlength=intervals.count)
    if events[: intervals.in_grace].sum() == 0:
        raise DesignError(
            f"nobody of {cohort.n} persons is treated within the grace period of "
            f"{intervals.grace:g} months.",
            hint="check the treatment and the unit of its times, or choose a longer grace period.",
        )
    active = np.flatnonzero(events)
    pieces = clock(clones.treatment_time[seen], started[seen], intervals, active)
    columns, names = time_columns(active, events[active], intervals.in_grace)
    table = _table(
        "the start of treatment",
        cohort,
        intervals,
        active,
        last=np.minimum(started, intervals.count),
        happens=started,
        columns=(columns, names),
        penalty=penalty,
    )
    return Timed(table=table, active=active, pieces=pieces)


def loss_table(cohort: Cohort, clones: Clones, intervals: Intervals) -> Timed:
    """Return hazards of loss to follow-up, interval by interval; treatment is a covariate.

    Parameters
    ----------
    cohort, clones, intervals
        As for `initiation_table`; the intervals reach to the horizon, and somebody is lost.

    Returns
    -------
    Timed
        The hazards. Where nobody is lost at some level the regression has Firth's penalty: that
        is no lack of overlap, as the weights are near 1 there.
    """
    lost = cohort.lost & (cohort.event == 0)
    where = np.where(lost, cohort.time, np.inf)
    place = intervals.of_time(where)
    events = np.bincount(place[lost], minlength=intervals.count)
    active = np.flatnonzero(events)
    pieces = clock(where[lost], place[lost], intervals, active)
    columns, names = time_columns(active, events[active], 0)
    table = _table(
        "loss to follow-up",
        cohort,
        intervals,
        active,
        last=np.full(cohort.n, intervals.count),
        happens=place,
        columns=(columns, names),
        penalty=None,
        fallback=True,
        treatment=clones.treatment_time,
    )
    return Timed(table=table, active=active, pieces=pieces)


def deadline_table(
    what: str,
    cohort: Cohort,
    at: float,
    cells: BoolArray,
    used: BoolArray,
    y: BoolArray,
    *,
    histories_at: float,
    penalty: Penalty | None,
) -> HazardTable:
    """Return probabilities at one time, one cell per person concerned.

    Parameters
    ----------
    what : str
        The event in words.
    cohort : Cohort
        The persons.
    at : float
        Time.
    cells, used, y : ndarray of bool, shape (n,)
        Who has a probability, who takes part in the regression, and who has the event.
    histories_at : float
        Time as of which histories are taken.
    penalty : {"firth"} or None
        Of the regression.

    Returns
    -------
    HazardTable
        With one interval.
    """
    person = np.flatnonzero(cells)
    baseline, changing = cohort.design(), cohort.design_at(histories_at)
    X = np.column_stack([np.ones(person.size), baseline.X[person], changing.X[person]])
    names = ("constant", *baseline.names, *changing.names)
    variables = ("", *baseline.variables, *changing.variables)
    kept = _independent(X, used[person], free=1)
    first = np.full(cohort.n, -1, dtype=np.int64)
    first[person] = np.arange(person.size)
    return HazardTable(
        what=f"{what} by {at:g} months",
        n=cohort.n,
        person=person,
        interval=np.zeros(person.size, dtype=np.int64),
        first=first,
        y=y[person].astype(np.float64),
        used=used[person],
        X=np.ascontiguousarray(X[:, kept]),
        names=tuple(names[j] for j in kept),
        variables=tuple(variables[j] for j in kept),
        penalty=penalty,
    )


def _table(
    what: str,
    cohort: Cohort,
    intervals: Intervals,
    active: IntArray,
    *,
    last: IntArray,
    happens: IntArray,
    columns: tuple[FloatArray, tuple[str, ...]],
    penalty: Penalty | None,
    fallback: bool = False,
    treatment: FloatArray | None = None,
) -> HazardTable:
    """Return a table with a cell per person and active interval that the person reached."""
    slack = ROUNDING * intervals.width
    starts = intervals.start[active]
    size = np.minimum(
        np.searchsorted(active, last, side="right"),
        np.searchsorted(starts, cohort.time + slack, side="right"),
    )
    person = np.repeat(np.arange(cohort.n), size)
    ends = np.cumsum(size)
    interval = np.arange(person.size) - np.repeat(ends - size, size)
    baseline = cohort.design()
    time_part, time_names = columns
    c, p = time_part.shape[1], baseline.X.shape[1]
    changing = [cohort.design_at(float(t)) for t in starts] if cohort.histories else []
    h = changing[0].X.shape[1] if changing else 0
    t = 0 if treatment is None else 1
    X = np.empty((person.size, c + p + t + h))
    X[:, :c] = time_part[interval]
    X[:, c : c + p] = baseline.X[person]
    if treatment is not None:
        X[:, c + p] = treatment[person] <= starts[interval] + slack
    for k, design in enumerate(changing):
        cells = np.flatnonzero(interval == k)
        X[cells, c + p + t :] = design.X[person[cells]]
    # Who leaves at the start of an interval leaves first, unless the event is then: no candidate.
    used = cohort.time[person] > starts[interval] + slack
    used |= active[interval] == happens[person]
    if cohort.entry is not None:
        used &= cohort.entry[person] <= starts[interval] + slack
    own = ("treated",) if t else ()
    names = (*time_names, *baseline.names, *own, *(changing[0].names if h else ()))
    variables = (*[""] * c, *baseline.variables, *own, *(changing[0].variables if h else ()))
    kept = _independent(X, used, free=c)
    return HazardTable(
        what=what,
        n=cohort.n,
        person=person,
        interval=interval,
        first=np.where(size > 0, ends - size, -1),
        y=(active[interval] == happens[person]).astype(np.float64),
        used=used,
        X=X if len(kept) == len(names) else np.ascontiguousarray(X[:, kept]),
        names=tuple(names[j] for j in kept),
        variables=tuple(variables[j] for j in kept),
        penalty=penalty,
        fallback=fallback,
    )


def _independent(X: FloatArray, used: BoolArray, *, free: int) -> list[int]:
    """Return the columns to keep: the first `free`, and later ones that depend on none before.

    The value of a history that nobody has yet, for example, marks the first interval once more,
    and in a subgroup a level of a confounder may not occur. Probabilities are the same without.
    """
    width = X.shape[1]
    if free == width:
        return list(range(width))
    own = independent_columns(X[used])
    return [*range(free), *own[own >= free].tolist()]
