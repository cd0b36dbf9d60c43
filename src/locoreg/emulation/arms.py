"""Two arms of weighted rows of follow-up: values, influence, steps and counts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.effect.curve import CountRow
from locoreg.stats.pathrows import (
    PathRows,
    incidence_row_influence,
    incidence_steps,
    many_incidences,
    place_rows,
)
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmRows:
    """Rows of follow-up in one arm; a person may have several, one after the other.

    Attributes
    ----------
    person : ndarray of int, shape (r,)
        Row of the person in the cohort.
    start : ndarray of float, shape (r,), or None
        Start of each row; at risk after it. None: all from before time 0.
    stop : ndarray of float, shape (r,)
        End of each row.
    event : ndarray of int, shape (r,)
        0 where the row ends without an event, 1 the outcome, 2, ... competing events.
    continues : ndarray of bool, shape (r,)
        Whether the person's next row goes on where this one ends, which is then no censoring.
    path : PathRows
        The same, placed on distinct times.
    """

    person: IntArray
    start: FloatArray | None
    stop: FloatArray
    event: IntArray
    continues: BoolArray
    path: PathRows

    @classmethod
    def of(
        cls,
        person: IntArray,
        stop: FloatArray,
        event: IntArray,
        *,
        start: FloatArray | None = None,
        continues: BoolArray | None = None,
    ) -> ArmRows:
        """Check and place rows.

        Parameters
        ----------
        person, stop, event, start, continues
            As the attributes; without `continues` each row ends a person's follow-up.

        Returns
        -------
        ArmRows
            The rows.
        """
        return cls(
            person=person,
            start=start,
            stop=stop,
            event=event,
            continues=np.zeros(stop.size, dtype=np.bool_) if continues is None else continues,
            path=place_rows(stop, event, entry=start),
        )


def arm_values(
    rows: ArmRows, weights: FloatArray, grid: FloatArray, *, competing: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the curve of an arm and the area under it.

    Parameters
    ----------
    rows : ArmRows
        The arm.
    weights : ndarray of float, shape (b, r)
        Weights of the rows: those of persons times those of the method.
    grid : ndarray of float, shape (k,)
        Times, ascending.
    competing : bool
        Whether the cumulative incidence of event 1 is meant, and not survival.

    Returns
    -------
    curve, area : ndarray of float, shape (b, k)
        Survival and restricted mean survival time; or incidence and restricted mean time lost.
    """
    incidence, area = many_incidences(rows.path, weights, times=grid)
    return (incidence, area) if competing else (1.0 - incidence, grid - area)


def arm_row_influence(
    rows: ArmRows, weight: FloatArray, grid: FloatArray, *, competing: bool
) -> tuple[FloatArray, FloatArray]:
    """Return each row's influence on the curve of an arm and on the area under it.

    Parameters
    ----------
    rows, grid, competing
        As for `arm_values`.
    weight : ndarray of float, shape (r,)
        Weights of the rows.

    Returns
    -------
    curve, area : ndarray of float, shape (r, k)
        Weight times the derivative by the weight. The influence of a parameter b of the weights
        is the sum over rows of these times d log w / d b.
    """
    incidence, area = incidence_row_influence(rows.path, weight, times=grid)
    return (incidence, area) if competing else (-incidence, -area)


def person_sums(rows: ArmRows, values: FloatArray, n: int) -> FloatArray:
    """Return the sums of rows' values within persons.

    Parameters
    ----------
    rows : ArmRows
        The arm.
    values : ndarray of float, shape (r, k)
        One line per row.
    n : int
        Persons in the cohort.

    Returns
    -------
    ndarray of float, shape (n, k)
        0 for persons without rows.
    """
    out = np.empty((n, values.shape[1]))
    for k in range(values.shape[1]):
        out[:, k] = np.bincount(rows.person, weights=values[:, k], minlength=n)
    return out


def arm_steps(
    rows: ArmRows, weight: FloatArray, until: float, *, competing: bool
) -> tuple[FloatArray, FloatArray]:
    """Return the whole curve of an arm as steps, from time 0 to the end of the comparison."""
    time, incidence = incidence_steps(rows.path, weight)
    kept = time <= until
    value = incidence[kept] if competing else 1.0 - incidence[kept]
    return time[kept], value


def count_times(horizon: float) -> FloatArray:
    """Return the times at which numbers at risk are told: 0, every 6 or 12 months, the horizon."""
    step = 6.0 if horizon <= 36.0 else 12.0
    return np.unique(np.append(np.arange(0.0, horizon, step), horizon))


def arm_counts(rows: ArmRows, weight: FloatArray, times: FloatArray) -> tuple[CountRow, ...]:
    """Return numbers at risk at chosen times, and events and censorings before them.

    Parameters
    ----------
    rows : ArmRows
        The arm.
    weight : ndarray of float, shape (r,)
        Weights of the rows.
    times : ndarray of float, shape (k,)
        Times.

    Returns
    -------
    tuple of CountRow
        At time 0 everybody who is followed from it is at risk. Rows that start later have been
        entered by then or not; the sum of the three numbers grows with those who enter.
    """
    start = np.full(rows.stop.size, -np.inf) if rows.start is None else rows.start
    ended = rows.event > 0
    out = []
    for t in times.tolist():
        # A row that starts at 0 is at risk after it, but counts as followed at 0.
        at_risk = ((start < t) | (start <= 0.0)) & (rows.stop >= t)
        # One row per person: where one ends at t and the next begins, the earlier one counts.
        before = (rows.stop < t) & ~rows.continues
        events, censored = before & ended, before & ~ended
        out.append(
            CountRow(
                at_months=t,
                at_risk=float(weight[at_risk].sum()),
                events=float(weight[events].sum()),
                censored=float(weight[censored].sum()),
                raw_at_risk=int(at_risk.sum()),
                raw_events=int(events.sum()),
                raw_censored=int(censored.sum()),
            )
        )
    return tuple(out)
