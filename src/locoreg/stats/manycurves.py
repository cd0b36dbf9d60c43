"""One survival curve or restricted mean per weight vector, from data that are sorted once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray, check_survival, named_rows, numbers
from locoreg.stats.survivalvariance import group_rows
from locoreg.stats.timeorder import positions, positions_after


def many_kaplan_meier(
    time: ArrayLike,
    event: ArrayLike,
    weights: ArrayLike,
    *,
    times: ArrayLike,
    entry: ArrayLike | None = None,
) -> FloatArray:
    """Return Kaplan-Meier estimates at chosen times under many weight vectors.

    Parameters
    ----------
    time, event, entry : array_like, shape (n,)
        As for ``kaplan_meier``; one stratum.
    weights : array_like, shape (b, n)
        Each row weighs all data rows: bootstrap counts, or these times other weights. Fastest as
        floats in C order, which are not copied.
    times : array_like, shape (k,)
        Times from 0 on, in any order.

    Returns
    -------
    ndarray of float, shape (b, k)
        Survival; NaN after the last time of the data unless survival has come to 0. Where those
        followed longest have weight 0, the curve is carried on until that time.

    Raises
    ------
    DataError
        If the rows, weights or times can't be used.
    """
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if not (asked >= 0).all():
        raise DataError(
            "times holds a value that is negative or missing.", hint="give times from 0 on."
        )
    rows = _sort(time, event, entry)
    position = np.searchsorted(rows.time, asked, side="right")
    order = np.argsort(position)
    found, last, _ = _run(rows, _vectors(weights, rows.n), position[order], 0.0)
    survival = np.empty_like(found)
    survival[:, order] = found
    beyond = asked > rows.time[-1]
    if beyond.any():
        survival[:, beyond] = np.where(last > 0, np.nan, 0.0)[:, None]
    return survival


def many_restricted_mean(
    time: ArrayLike,
    event: ArrayLike,
    weights: ArrayLike,
    *,
    horizon: float,
    entry: ArrayLike | None = None,
) -> FloatArray:
    """Return restricted mean survival times under many weight vectors.

    Parameters
    ----------
    time, event, weights, entry
        As for ``many_kaplan_meier``.
    horizon : float
        Upper limit of the time that is averaged, in the unit of time.

    Returns
    -------
    ndarray of float, shape (b,)
        Area under each Kaplan-Meier curve from 0 to the horizon. Where those followed longest
        have weight 0, the curve is carried on.

    Raises
    ------
    DataError
        If the rows, weights or horizon can't be used.
    DesignError
        If the horizon lies after the last time and a curve has not come to 0 there.
    """
    end = float(horizon)
    if not 0.0 < end < np.inf:
        raise DataError(
            f"horizon is {horizon}, but must be a positive time.", hint="give it in time units."
        )
    rows = _sort(time, event, entry)
    _, last, area = _run(rows, _vectors(weights, rows.n), np.zeros(0, dtype=np.int64), end)
    if end > rows.time[-1] and (last > 0).any():
        raise DesignError(
            f"The horizon {end:g} lies after the follow-up, where survival is not known.",
            hint=f"the last usable time is {rows.time[-1]:g}.",
        )
    return area


def many_curves(
    time: ArrayLike,
    event: ArrayLike,
    weights: ArrayLike,
    *,
    times: ArrayLike,
    entry: ArrayLike | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return survival and restricted means at chosen times under many weight vectors.

    Parameters
    ----------
    time, event, weights, times, entry
        As for ``many_kaplan_meier``.

    Returns
    -------
    survival, area : ndarray of float, shape (b, k)
        Kaplan-Meier estimates, and the areas under them from 0 to each time. NaN after the last
        time of the data unless survival has come to 0.

    Raises
    ------
    DataError
        If the rows, weights or times can't be used.
    """
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if not (asked >= 0).all():
        raise DataError(
            "times holds a value that is negative or missing.", hint="give times from 0 on."
        )
    rows = _sort(time, event, entry)
    vectors = _vectors(weights, rows.n)
    order = np.argsort(asked, kind="stable")
    survival = np.empty((vectors.shape[0], asked.size))
    area = np.empty_like(survival)
    _areas(
        vectors,
        rows.leave,
        rows.leave_begin,
        rows.leave_event,
        rows.come,
        rows.come_begin,
        rows.time,
        asked[order],
        survival,
        area,
    )
    beyond = asked[order] > rows.time[-1]
    unknown = beyond & (survival > 0)
    survival[unknown] = np.nan
    area[unknown] = np.nan
    back = np.argsort(order, kind="stable")
    return survival[:, back], area[:, back]


def _vectors(weights: ArrayLike, n: int) -> FloatArray:
    """Return checked weights, shape (b, n)."""
    try:
        # Read-only arrays would have the kernel compiled once more.
        vectors = np.require(weights, dtype=np.float64, requirements=("C", "W"))
    except (TypeError, ValueError):
        raise DataError("weights can't be read as numbers.", hint="give an array.") from None
    if vectors.ndim != 2 or vectors.shape[1] != n:
        raise DataError(
            f"weights has shape {vectors.shape}, but time has {n} rows.",
            hint="give one row per weight vector and one column per row of data.",
        )
    if vectors.size and not (vectors.min() >= 0.0 and vectors.max() < np.inf):
        bad = np.any(~((vectors >= 0.0) & (vectors < np.inf)), axis=1)
        raise DataError(
            f"weights has a value that is negative or not finite in {named_rows(bad)}.",
            hint="weights count persons: 0 or more.",
        )
    empty = np.all(vectors == 0.0, axis=1)
    if empty.any():
        raise DataError(
            f"All weights are zero in {named_rows(empty)} of weights.",
            hint="at least one row of data must have a weight.",
        )
    return vectors


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Sorted:
    """Rows in the order in which they leave, and in which those that come late come.

    Rows that leave at time j are ``leave[leave_begin[j]:leave_begin[j + 1]]``, first those with
    the event, up to ``leave_event[j]``.
    """

    n: int
    time: FloatArray
    leave: IntArray
    leave_begin: IntArray
    leave_event: IntArray
    come: IntArray
    come_begin: IntArray


def _sort(time: ArrayLike, event: ArrayLike, entry: ArrayLike | None) -> _Sorted:
    data = check_survival(time, event, entry=entry)
    distinct, exits = positions(data.time)
    m = distinct.size
    leave, begin = group_rows(2 * exits + (data.event == 0), 2 * m)
    come, come_begin = np.zeros(0, dtype=np.int64), np.zeros(m + 1, dtype=np.int64)
    if data.entry is not None:
        come, come_begin = group_rows(positions_after(distinct, data.entry), m)
    return _Sorted(
        n=data.n,
        time=distinct,
        leave=leave,
        leave_begin=begin[::2].copy(),
        leave_event=begin[1::2].copy(),
        come=come,
        come_begin=come_begin,
    )


def _run(
    rows: _Sorted, vectors: FloatArray, targets: IntArray, horizon: float
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return survival after ``targets`` steps (b, k), after the last (b,), and the area (b,)."""
    survival = np.empty((vectors.shape[0], targets.size + 1))
    area = np.empty(vectors.shape[0])
    _curves(
        vectors,
        rows.leave,
        rows.leave_begin,
        rows.leave_event,
        rows.come,
        rows.come_begin,
        np.append(np.minimum(rows.time, horizon), horizon),
        np.append(targets, rows.time.size),
        survival,
        area,
    )
    return survival[:, :-1], survival[:, -1], area


@compiled
def _curves(
    vectors: FloatArray,
    leave: IntArray,
    leave_begin: IntArray,
    leave_event: IntArray,
    come: IntArray,
    come_begin: IntArray,
    time: FloatArray,
    targets: IntArray,
    survival: FloatArray,
    area: FloatArray,
) -> None:
    """Fill survival after ``targets`` steps, which ascend, and the area under each curve.

    ``time`` has the steps, none beyond the horizon, and then the horizon itself.
    """
    steps = leave_event.size
    factor = np.ones(steps + 1)
    for b in range(vectors.shape[0]):
        _factors(vectors[b], leave, leave_begin, leave_event, come, come_begin, factor)
        value, total, before, k = 1.0, 0.0, 0.0, 0
        for j in range(steps + 1):
            total += value * (time[j] - before)
            before = time[j]
            while k < targets.size and targets[k] == j:
                survival[b, k] = value
                k += 1
            value *= factor[j]
        area[b] = total


@compiled
def _areas(
    vectors: FloatArray,
    leave: IntArray,
    leave_begin: IntArray,
    leave_event: IntArray,
    come: IntArray,
    come_begin: IntArray,
    time: FloatArray,
    asked: FloatArray,
    survival: FloatArray,
    area: FloatArray,
) -> None:
    """Fill survival and the area under it at the times asked for, which ascend."""
    steps = leave_event.size
    factor = np.ones(steps)
    for b in range(vectors.shape[0]):
        _factors(vectors[b], leave, leave_begin, leave_event, come, come_begin, factor)
        value, total, before, j = 1.0, 0.0, 0.0, 0
        for k in range(asked.size):
            while j < steps and time[j] <= asked[k]:
                total += value * (time[j] - before)
                before = time[j]
                value *= factor[j]
                j += 1
            survival[b, k] = value
            area[b, k] = total + value * (asked[k] - before)


@compiled
def _factors(
    weight: FloatArray,
    leave: IntArray,
    leave_begin: IntArray,
    leave_event: IntArray,
    come: IntArray,
    come_begin: IntArray,
    factor: FloatArray,
) -> None:
    """Fill what each step leaves of survival, from the last step to the first."""
    at_risk, persons = 0.0, 0
    for j in range(leave_event.size - 1, -1, -1):
        for i in range(leave_event[j], leave_begin[j + 1]):
            at_risk += weight[leave[i]]
            persons += weight[leave[i]] > 0.0
        events, dying = 0.0, 0
        for i in range(leave_begin[j], leave_event[j]):
            events += weight[leave[i]]
            dying += weight[leave[i]] > 0.0
        at_risk += events
        persons += dying
        # Counting persons tells the last event from one that leaves a crumb of weight.
        factor[j] = 1.0 if dying == 0 else 0.0 if dying == persons else 1.0 - events / at_risk
        for i in range(come_begin[j], come_begin[j + 1]):
            at_risk -= weight[come[i]]
            persons -= weight[come[i]] > 0.0
        if persons == 0:
            at_risk = 0.0
