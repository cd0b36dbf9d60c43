"""Rows of follow-up with weights: incidence, its area and every row's influence, in a few passes.

Survival with one kind of event is 1 less its incidence.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray, check_survival, numbers
from locoreg.stats.timeorder import positions, positions_after


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PathRows:
    """Rows of follow-up, placed on the distinct times at which rows end.

    Attributes
    ----------
    time : ndarray of float, shape (m,)
        Distinct ends, ascending.
    first : ndarray of int, shape (r,)
        Position of the first time at which a row is at risk.
    last : ndarray of int, shape (r,)
        Position of its end.
    event : ndarray of int, shape (r,)
        0 censored, 1 the event of interest, 2, ... competing ones.
    """

    time: FloatArray
    first: IntArray
    last: IntArray
    event: IntArray

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.last.size


def place_rows(time: ArrayLike, event: ArrayLike, *, entry: ArrayLike | None = None) -> PathRows:
    """Sort and check rows once.

    Parameters
    ----------
    time : array_like, shape (r,)
        End of each row.
    event : array_like, shape (r,)
        0 censored, 1 the event of interest, 2, ... competing events.
    entry : array_like, shape (r,), optional
        Start: a row is at risk at t if entry < t <= time. Without it, from before time 0.

    Returns
    -------
    PathRows
        The rows, near-tied times merged.

    Raises
    ------
    DataError
        If a value can't be used.
    """
    data = check_survival(time, event, entry=entry, causes=True)
    distinct, exits = positions(data.time)
    first = np.zeros(data.n, dtype=np.int64)
    if data.entry is not None:
        first = np.asarray(positions_after(distinct, data.entry), dtype=np.int64)
    return PathRows(
        time=distinct,
        first=first,
        last=np.asarray(exits, dtype=np.int64),
        event=np.asarray(data.event, dtype=np.int64),
    )


def many_incidences(
    rows: PathRows, weights: ArrayLike, *, times: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return cumulative incidences (Aalen-Johansen) and their areas under many weight vectors.

    Parameters
    ----------
    rows : PathRows
        Of `place_rows`.
    weights : array_like, shape (b, r)
        One weight per row of follow-up.
    times : array_like, shape (k,)
        Ascending, from 0 on.

    Returns
    -------
    incidence, area : ndarray of float, shape (b, k)
        Of event 1, and the area under it from 0 to each time. NaN after the last time of the data
        unless nobody is left without an event.

    Raises
    ------
    DataError
        If weights or times can't be used.
    """
    asked = _asked(times)
    vectors = _vectors(weights, rows.n)
    incidence = np.empty((vectors.shape[0], asked.size))
    area = np.empty_like(incidence)
    free = np.empty(vectors.shape[0])
    _incidences(vectors, rows.first, rows.last, rows.event, rows.time, asked, incidence, area, free)
    unknown = (asked > rows.time[-1])[None, :] & (free > 0)[:, None]
    incidence[unknown] = np.nan
    area[unknown] = np.nan
    return incidence, area


def incidence_steps(rows: PathRows, weight: ArrayLike) -> tuple[FloatArray, FloatArray]:
    """Return the cumulative incidence of event 1 as steps.

    Parameters
    ----------
    rows : PathRows
        Of `place_rows`.
    weight : array_like, shape (r,)
        Weights of the rows.

    Returns
    -------
    time, incidence : ndarray of float, shape (s,)
        Times at which it changes, after a first point at 0, and the last time of the data.
    """
    at_risk, events, chosen = _totals(rows, np.asarray(weight, dtype=np.float64))
    with np.errstate(divide="ignore", invalid="ignore"):
        hazard = np.where(events > 0, events / at_risk, 0.0)
        own = np.where(chosen > 0, chosen / at_risk, 0.0)
    before = np.concatenate(([1.0], np.cumprod(1.0 - np.minimum(hazard, 1.0))[:-1]))
    incidence = np.cumsum(before * own)
    kept = (chosen > 0) | (np.arange(rows.time.size) == rows.time.size - 1)
    return (
        np.concatenate(([0.0], rows.time[kept])),
        np.concatenate(([0.0], incidence[kept])),
    )


def incidence_row_influence(
    rows: PathRows, weight: ArrayLike, *, times: ArrayLike
) -> tuple[FloatArray, FloatArray]:
    """Return each row's influence on the incidence of event 1 and on the area under it.

    Parameters
    ----------
    rows : PathRows
        Of `place_rows`.
    weight : array_like, shape (r,)
        Weights of the rows.
    times : array_like, shape (k,)
        Ascending, from 0 on.

    Returns
    -------
    incidence, area : ndarray of float, shape (r, k)
        Weight times the derivative by the weight: with it, any derivative of the weights is
        carried on to the curve, and sums of squares of sums within persons are variances.
    """
    asked = _asked(times)
    w = _vectors(np.asarray(weight, dtype=np.float64)[None, :], rows.n)[0]
    out = np.empty((rows.n, asked.size))
    area = np.empty_like(out)
    _influences(w, rows.first, rows.last, rows.event, rows.time, asked, out, area)
    return out, area


def _totals(rows: PathRows, weight: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return weight at risk, with any event and with event 1 at each time."""
    m = rows.time.size
    change = _at(rows.first, weight, m + 1) - _at(rows.last + 1, weight, m + 1)
    any_event, one = rows.event > 0, rows.event == 1
    events = _at(rows.last[any_event], weight[any_event], m)
    return np.cumsum(change)[:m], events, _at(rows.last[one], weight[one], m)


def _at(position: IntArray, weight: FloatArray, m: int) -> FloatArray:
    """Return the weight at each of the first m positions."""
    return np.asarray(np.bincount(position, weight, minlength=m)[:m], dtype=np.float64)


def _asked(times: ArrayLike) -> FloatArray:
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if not (asked >= 0).all() or (np.diff(asked) < 0).any():
        raise DataError("times must ascend from 0 on.", hint="sort them.")
    return asked


def _vectors(weights: ArrayLike, n: int) -> FloatArray:
    vectors = np.require(weights, dtype=np.float64, requirements=("C", "W"))
    if vectors.ndim != 2 or vectors.shape[1] != n:
        raise DataError(
            f"weights has shape {vectors.shape}, but there are {n} rows.",
            hint="give one row per weight vector and one column per row of follow-up.",
        )
    if vectors.size and not (vectors.min() >= 0.0 and vectors.max() < np.inf):
        raise DataError(
            "weights holds a value that is negative or not finite.",
            hint="weights count persons: 0 or more.",
        )
    return vectors


@compiled
def _incidences(
    vectors: FloatArray,
    first: IntArray,
    last: IntArray,
    event: IntArray,
    time: FloatArray,
    asked: FloatArray,
    incidence: FloatArray,
    area: FloatArray,
    free: FloatArray,
) -> None:
    m = time.size
    hazard = np.empty(m)
    own = np.empty(m)
    for b in range(vectors.shape[0]):
        _hazards(vectors[b], first, last, event, hazard, own)
        survival, value, total, before, j = 1.0, 0.0, 0.0, 0.0, 0
        for k in range(asked.size):
            while j < m and time[j] <= asked[k]:
                total += value * (time[j] - before)
                before = time[j]
                value += survival * own[j]
                survival *= 1.0 - hazard[j]
                j += 1
            incidence[b, k] = value
            area[b, k] = total + value * (asked[k] - before)
        while j < m:
            survival *= 1.0 - hazard[j]
            j += 1
        free[b] = survival


@compiled
def _hazards(
    weight: FloatArray,
    first: IntArray,
    last: IntArray,
    event: IntArray,
    hazard: FloatArray,
    own: FloatArray,
) -> None:
    """Fill the hazard of any event and of event 1 at each time."""
    m = hazard.size
    change = np.zeros(m + 1)
    persons = np.zeros(m + 1, dtype=np.int64)
    dying = np.zeros(m, dtype=np.int64)
    hazard[:] = 0.0
    own[:] = 0.0
    for r in range(weight.size):
        w = weight[r]
        if w > 0.0 and first[r] <= last[r]:
            change[first[r]] += w
            change[last[r] + 1] -= w
            persons[first[r]] += 1
            persons[last[r] + 1] -= 1
            if event[r] > 0:
                hazard[last[r]] += w
                dying[last[r]] += 1
                if event[r] == 1:
                    own[last[r]] += w
    at_risk, count = 0.0, 0
    for j in range(m):
        at_risk += change[j]
        count += persons[j]
        if count == 0:
            # What rounding left of the weights of those who are gone.
            at_risk = 0.0
        if dying[j] > 0:
            # Counting rows tells the last event from one that leaves a crumb of weight.
            whole = hazard[j] if dying[j] == count else at_risk
            own[j] /= whole
            hazard[j] = 1.0 if dying[j] == count else hazard[j] / whole


@compiled
def _influences(
    weight: FloatArray,
    first: IntArray,
    last: IntArray,
    event: IntArray,
    time: FloatArray,
    asked: FloatArray,
    out: FloatArray,
    area: FloatArray,
) -> None:
    """Fill influences from prefix sums over the times.

    A change of the hazards at time l, dh of any event and d1 of event 1, changes the incidence F
    at t >= l by S(l-) d1 - (F(t) - F(l)) dh / (1 - h).
    """
    m = time.size
    value = np.empty(m)
    under = np.empty(m)
    jump_own = np.zeros(m)
    jump_any = np.zeros(m)
    sums = np.zeros((m + 1, 5))
    _prepare(weight, first, last, event, time, value, under, jump_own, jump_any, sums)
    position = np.searchsorted(time, asked, side="right")
    for k in range(asked.size):
        p = position[k]
        t = asked[k]
        f = value[p - 1] if p > 0 else 0.0
        u = under[p - 1] + f * (t - time[p - 1]) if p > 0 else 0.0
        for r in range(weight.size):
            low, high = first[r], min(last[r] + 1, p)
            change, change_area = 0.0, 0.0
            if high > low:
                d0 = sums[high, 0] - sums[low, 0]
                d1 = sums[high, 1] - sums[low, 1]
                d2 = sums[high, 2] - sums[low, 2]
                d3 = sums[high, 3] - sums[low, 3]
                d4 = sums[high, 4] - sums[low, 4]
                change = d0 - (f * d2 - d3)
                change_area = d0 * t - d1 - (u * d2 - (t * d3 + d4))
                e = last[r]
                if event[r] > 0 and e < p:
                    own = jump_own[e] if event[r] == 1 else 0.0
                    later = t - time[e]
                    change += own - (f - value[e]) * jump_any[e]
                    change_area += own * later
                    change_area -= (u - under[e] - value[e] * later) * jump_any[e]
            out[r, k] = weight[r] * change
            area[r, k] = weight[r] * change_area


@compiled
def _prepare(
    weight: FloatArray,
    first: IntArray,
    last: IntArray,
    event: IntArray,
    time: FloatArray,
    value: FloatArray,
    under: FloatArray,
    jump_own: FloatArray,
    jump_any: FloatArray,
    sums: FloatArray,
) -> None:
    """Fill incidence F, area A under it, jumps of hazards and prefix sums.

    Per unit of weight at risk: sums over times t of a, a t, c, c F, c (A - F t), where a is what
    being at risk takes from event 1, and c from any event.
    """
    m = time.size
    hazard = np.empty(m)
    own = np.empty(m)
    _hazards(weight, first, last, event, hazard, own)
    at_risk = np.zeros(m + 1)
    for r in range(weight.size):
        if weight[r] > 0.0 and first[r] <= last[r]:
            at_risk[first[r]] += weight[r]
            at_risk[last[r] + 1] -= weight[r]
    s, f, total, before, here = 1.0, 0.0, 0.0, 0.0, 0.0
    for j in range(m):
        here += at_risk[j]
        total += f * (time[j] - before)
        before = time[j]
        sums[j + 1] = sums[j]
        f += s * own[j]
        value[j], under[j] = f, total
        if hazard[j] > 0.0:
            left = 1.0 - hazard[j]
            jump_own[j] = s / here
            jump_any[j] = 1.0 / (here * left) if left > 0.0 else 0.0
            a = -own[j] * jump_own[j]
            c = -hazard[j] * jump_any[j]
            sums[j + 1, 0] += a
            sums[j + 1, 1] += a * before
            sums[j + 1, 2] += c
            sums[j + 1, 3] += c * f
            sums[j + 1, 4] += c * (total - f * before)
        s *= 1.0 - hazard[j]
