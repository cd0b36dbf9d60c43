"""Variances of cumulative incidences at all times by running sums, without a row-by-time table.

Everything here rests on two recursions. Between times t- and t, with hazards h_k, h = sum of h_k,
and S = S(t-), whatever changes the estimates by (x_k, s) before t, in F_k and S, changes them by

    x_k + h_k s + S dM_k,    (1 - h) s - S dM

after t, where dM_k is the disturbance of the hazard of cause k at t and dM the sum over causes.
Second moments of (x_k, s) over independent disturbances are carried from time to time the same way.
Nothing large is subtracted from anything large, however small S becomes.
"""

from __future__ import annotations

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.risktable import RiskTable
from locoreg.stats.survivaldata import FloatArray, IntArray

# A variance this small against the largest so far is what rounding leaves of zero.
ROUNDING = 1e-13


def robust_variance(
    table: RiskTable,
    event: IntArray,
    weight: FloatArray | None,
    cluster: IntArray | None,
    hazard: FloatArray,
    before: FloatArray,
    free: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return infinitesimal-jackknife variances, summed within clusters, in O(n + m).

    Parameters
    ----------
    table : RiskTable
        Counts and positions of the n rows at the m times.
    event : ndarray of int, shape (n,)
        0 censored, 1 to k the cause.
    weight, cluster : ndarray, shape (n,), or None
        Case weights; codes of clusters.
    hazard : ndarray of float, shape (m, k)
        Cause-specific hazards.
    before, free : ndarray of float, shape (m,)
        Probability of no event just before each time, and up to and at it.

    Returns
    -------
    variance : ndarray of float, shape (m, k)
        Variances of the cumulative incidences.
    free_variance : ndarray of float, shape (m,)
        Variance of the probability of no event.
    """
    n, (m, k) = event.size, hazard.shape
    w = np.ones(n) if weight is None else weight
    risk = table.weighted_at_risk
    step = np.divide(before, risk, out=np.zeros(m), where=risk > 0)
    hazard = np.ascontiguousarray(hazard)
    if cluster is None and table.first is None:
        # All rows at risk have the same history: they differ in weight only.
        if weight is None:
            squares = np.column_stack((table.censored, table.events)).astype(np.float64)
        else:
            cells = np.bincount(table.exit * (k + 1) + event, w * w, minlength=m * (k + 1))
            squares = cells.astype(np.float64, copy=False).reshape(m, k + 1)
        # Summed from the end, so that nothing but 0 remains at last.
        remain = np.append(np.cumsum(squares.sum(axis=1)[:0:-1])[::-1], 0.0)
        return _clean(*_same_history(hazard, before, free, step, squares, remain))
    codes = np.arange(n) if cluster is None else cluster
    first = np.zeros(n, dtype=np.int64) if table.first is None else table.first
    moments = _any_history(
        hazard,
        before,
        free,
        step,
        *_by_position(first, m),
        *_by_position(table.exit, m),
        event,
        w,
        codes.astype(np.int64),
    )
    return _clean(*moments)


def _clean(variance: FloatArray, free: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Make crumbs of rounding zero, as at the end of curves that come to 0 and 1."""
    for values in (variance, free):
        values[values < ROUNDING * np.maximum.accumulate(values, axis=0)] = 0.0
    return variance, free


def _by_position(position: IntArray, m: int) -> tuple[IntArray, IntArray]:
    """Return rows in the order of their positions, and where each position starts among them."""
    order = np.argsort(position, kind="stable").astype(np.int64)
    starts = np.concatenate(([0], np.cumsum(np.bincount(position, minlength=m))))
    return order, starts.astype(np.int64)


@compiled
def _same_history(
    hazard: FloatArray,
    before: FloatArray,
    free: FloatArray,
    step: FloatArray,
    squares: FloatArray,
    remain: FloatArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the variances where nobody enters late and each row is a cluster.

    ``step`` is S(t-) over the weight at risk; ``squares`` holds the sums of squared weights of the
    rows that end at each time, censored in the first column and with each cause in the others;
    ``remain`` those of the rows that end later.
    """
    m, k = hazard.shape
    out, free_out = np.zeros((m, k)), np.zeros(m)
    # Moments of the rows that have left; x and s are those of one unit of weight still at risk.
    xx, xs, x = np.zeros(k), np.zeros(k), np.zeros(k)
    ss, s = 0.0, 0.0
    for j in range(m):
        left = free[j] / before[j] if before[j] > 0.0 else 0.0
        for c in range(k):
            xx[c] += hazard[j, c] * (2.0 * xs[c] + hazard[j, c] * ss)
            xs[c] = left * (xs[c] + hazard[j, c] * ss)
            x[c] += hazard[j, c] * (s - step[j])
        ss *= left * left
        s = left * s + step[j] * (1.0 - left)
        for b in range(k + 1):
            if squares[j, b] > 0.0:
                gone = s - step[j] if b > 0 else s
                ss += squares[j, b] * gone * gone
                for c in range(k):
                    value = x[c] + step[j] if b == c + 1 else x[c]
                    xx[c] += squares[j, b] * value * value
                    xs[c] += squares[j, b] * value * gone
        for c in range(k):
            out[j, c] = max(xx[c] + remain[j] * x[c] * x[c], 0.0)
        if free[j] > 0.0:
            free_out[j] = ss + remain[j] * s * s
    return out, free_out


@compiled
def _any_history(
    hazard: FloatArray,
    before: FloatArray,
    free: FloatArray,
    step: FloatArray,
    entering: IntArray,
    enter_start: IntArray,
    leaving: IntArray,
    leave_start: IntArray,
    event: IntArray,
    weight: FloatArray,
    cluster: IntArray,
) -> tuple[FloatArray, FloatArray]:
    """Return the variances summed within clusters, rows entering and leaving at any time.

    Each cluster has the state (x_1 .. x_k, s, r): what it adds to the estimates so far and its
    weight at risk. Moments over clusters are carried from time to time; a cluster's own state is
    brought up to date, in one step, when one of its rows enters or leaves.
    """
    m, k = hazard.shape
    out, free_out = np.zeros((m, k)), np.zeros(m)
    sums = _cumulated(hazard, before, free, step)
    state = np.zeros((cluster.max() + 1, k + 2))
    stand = np.zeros(cluster.max() + 1, dtype=np.int64)
    # Rows: products of x_c with x_c, s and r. Last row: s with s, s with r and r with r.
    moment = np.zeros((k + 1, 3))
    for j in range(m):
        # Once S is 0 nothing changes: whoever is still to come meets an estimate that is final.
        if before[j] > 0.0:
            for e in range(enter_start[j], enter_start[j + 1]):
                i = entering[e]
                own = state[cluster[i]]
                _bring(own, stand, cluster[i], j, sums)
                _change_risk(own, moment, weight[i])
            _advance(moment, hazard[j], free[j] / before[j], step[j])
            for e in range(leave_start[j], leave_start[j + 1]):
                i = leaving[e]
                own = state[cluster[i]]
                _bring(own, stand, cluster[i], j + 1, sums)
                if event[i] > 0:
                    _add_event(own, moment, event[i] - 1, weight[i] * step[j])
                _change_risk(own, moment, -weight[i])
        for c in range(k):
            out[j, c] = max(moment[c, 0], 0.0)
        if free[j] > 0.0:
            free_out[j] = max(moment[k, 0], 0.0)
    return out, free_out


@compiled
def _cumulated(
    hazard: FloatArray, before: FloatArray, free: FloatArray, step: FloatArray
) -> FloatArray:
    """Return S, cumulated h / (Y - d), F_k and cumulated S h_k (that - 1/Y), shape (m + 1, 2 + 2k).

    Row j holds them after j times.
    """
    m, k = hazard.shape
    sums = np.zeros((m + 1, 2 + 2 * k))
    sums[0, 0] = 1.0
    for j in range(m):
        if before[j] == 0.0:
            break
        h = 1.0 - free[j] / before[j]
        sums[j + 1, 0] = free[j]
        sums[j + 1, 1] = sums[j, 1]
        if free[j] > 0.0:
            sums[j + 1, 1] += h * step[j] / free[j]
        for c in range(k):
            sums[j + 1, 2 + c] = sums[j, 2 + c] + before[j] * hazard[j, c]
            drift = hazard[j, c] * (before[j] * sums[j, 1] - step[j])
            sums[j + 1, 2 + k + c] = sums[j, 2 + k + c] + drift
    return sums


@compiled
def _bring(own: FloatArray, stand: IntArray, code: int, j: int, sums: FloatArray) -> None:
    """Bring a cluster's state, with nobody entering or leaving, from where it stands to j times."""
    p = stand[code]
    if p == j:
        return
    stand[code] = j
    k = own.size - 2
    was, now = sums[p], sums[j]
    ratio = own[k] / was[0]
    risk = own[k + 1]
    for c in range(k):
        rise = now[2 + c] - was[2 + c]
        own[c] += ratio * rise + risk * (now[2 + k + c] - was[2 + k + c] - was[1] * rise)
    own[k] = now[0] * (ratio + risk * (now[1] - was[1]))


@compiled
def _advance(moment: FloatArray, hazard: FloatArray, left: float, step: float) -> None:
    """Carry the moments over one time, without the events at it."""
    k = hazard.size
    ss = moment[k, 0]
    sr = moment[k, 1]
    rr = moment[k, 2]
    gain = step * (1.0 - left)
    for c in range(k):
        h = hazard[c]
        loss = step * h
        xx = moment[c, 0]
        xs = moment[c, 1]
        xr = moment[c, 2]
        moment[c, 0] = xx + 2.0 * h * xs + h * h * ss + loss * (loss * rr - 2.0 * (xr + h * sr))
        moment[c, 1] = left * (xs + h * ss - loss * sr) + gain * (xr + h * sr - loss * rr)
        moment[c, 2] = xr + h * sr - loss * rr
    moment[k, 0] = left * (left * ss + 2.0 * gain * sr) + gain * gain * rr
    moment[k, 1] = left * sr + gain * rr


@compiled
def _add_event(own: FloatArray, moment: FloatArray, cause: int, jump: float) -> None:
    """Add an event to a cluster and to the moments: x of the cause rises, s falls."""
    k = own.size - 2
    s = own[k]
    r = own[k + 1]
    for c in range(k):
        if c == cause:
            moment[c, 0] += jump * (2.0 * own[c] + jump)
            moment[c, 1] += jump * (s - own[c] - jump)
            moment[c, 2] += jump * r
            own[c] += jump
        else:
            moment[c, 1] -= jump * own[c]
    moment[k, 0] += jump * (jump - 2.0 * s)
    moment[k, 1] -= jump * r
    own[k] -= jump


@compiled
def _change_risk(own: FloatArray, moment: FloatArray, change: float) -> None:
    """Add a weight to a cluster's weight at risk, or take it off."""
    k = own.size - 2
    for c in range(k):
        moment[c, 2] += change * own[c]
    moment[k, 1] += change * own[k]
    moment[k, 2] += change * (2.0 * own[k + 1] + change)
    own[k + 1] += change


def aalen_variance(
    at_risk: IntArray, events: IntArray, before: FloatArray, free: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return Aalen's variances of rows that all count once.

    The events of a cause and those of all others are taken as independent and hypergeometric:
    d of Y at risk have variance d (Y - d) / (Y - 1), or 1 where d is 1.

    Parameters
    ----------
    at_risk : ndarray of int, shape (m,)
        Rows at risk just before each time.
    events : ndarray of int, shape (m, k)
        Rows with an event of each cause.
    before, free : ndarray of float, shape (m,)
        Probability of no event just before each time, and up to and at it.

    Returns
    -------
    variance : ndarray of float, shape (m, k)
        Variances of the cumulative incidences.
    free_variance : ndarray of float, shape (m,)
        Variance of the probability of no event: that of the incidence of any event.
    """
    m, k = events.shape
    risk, total = at_risk.astype(np.float64), events.sum(axis=1).astype(np.float64)
    out = np.empty((m, k))
    for c in range(k):
        own = np.ascontiguousarray(events[:, c], dtype=np.float64)
        out[:, c] = _two_causes(risk, own, total - own, before, free)
    return out, _two_causes(risk, total, np.zeros(m), before, free)


@compiled
def _two_causes(
    risk: FloatArray, own: FloatArray, other: FloatArray, before: FloatArray, free: FloatArray
) -> FloatArray:
    """Return Aalen's variance of the incidence of one cause."""
    out = np.zeros(risk.size)
    xx, xs, ss = 0.0, 0.0, 0.0
    for j in range(risk.size):
        if before[j] > 0.0 and risk[j] > 0.0:
            h, left, step = own[j] / risk[j], free[j] / before[j], before[j] / risk[j]
            v = step * step * own[j]
            if own[j] > 1.0:
                v *= (risk[j] - own[j]) / (risk[j] - 1.0)
            u = step * step * other[j]
            if other[j] > 1.0:
                u *= (risk[j] - other[j]) / (risk[j] - 1.0)
            xx += h * (2.0 * xs + h * ss) + v
            xs = left * (xs + h * ss) - v
            ss = left * left * ss + v + u
        out[j] = max(xx, 0.0)
    return out
