"""Variances of curves that are sums over time: by model, and by the infinitesimal jackknife.

An estimate that adds increments over the times, such as the cumulative hazard or log survival,
changes with the weight w of row i by

    w_i (A(exit of i) - A(before entry of i) - b(exit of i) if it ends with an event)

up to the sign, where A cumulates ``share`` and b is ``jump``. Its model-based variance is A itself;
the infinitesimal jackknife sums the squares of what each cluster of rows contributes.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray

# Sums of squares are computed afresh whenever this many clusters per row have been saved up, and
# for the first so many clusters anyway: small data sets never see an update.
FRESH_PER_ROW = 8
FRESH_AT_FIRST = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Increments:
    """What each time adds to an estimate's sensitivity to the weights.

    Attributes
    ----------
    share : ndarray of float, shape (m,)
        What every unit of weight at risk takes part in: d / n^2 for Nelson-Aalen and
        d / (n (n - d)) for log survival, with weight n at risk and d with the event.
    jump : ndarray of float, shape (m,)
        What a unit of weight with the event adds: 1 / n and 1 / (n - d).
    """

    share: FloatArray
    jump: FloatArray

    @property
    def cumulated(self) -> FloatArray:
        """Cumulated shares, shape (m,)."""
        return np.cumsum(self.share)


def uniform_variance(increments: Increments, at_risk: IntArray, events: IntArray) -> FloatArray:
    """Return the jackknife variance of rows without late entry that all weigh 1.

    Parameters
    ----------
    increments : Increments
        Of the estimate.
    at_risk, events : ndarray of int, shape (m,)
        Rows at risk and with the event at each time.

    Returns
    -------
    ndarray of float, shape (m,)
        Sum over rows of their squared contributions at each time. Contributions at different
        times are uncorrelated, since at each they sum to 0 over rows that were all at risk before.
    """
    own = events * (increments.jump - increments.share) ** 2
    return np.cumsum(own + (at_risk - events) * increments.share**2)


def independent_variance(
    increments: Increments, events: FloatArray, others: FloatArray
) -> FloatArray:
    """Return the jackknife variance of rows without late entry that are clusters of their own.

    Parameters
    ----------
    increments : Increments
        Of the estimate.
    events, others : ndarray of float, shape (m,)
        Squared weights, summed over the rows that end at each time with and without an event.

    Returns
    -------
    ndarray of float, shape (m,)
        Sum over rows of their squared contributions at each time.
    """
    reached = increments.cumulated
    ended = events * (reached - increments.jump) ** 2 + others * reached**2
    after = np.cumsum((events + others)[::-1])[::-1]
    after = np.append(after[1:], 0.0)
    variance = np.append(0.0, np.cumsum(ended) + after * reached**2)
    # Nothing changes at a censoring; sums in floating point would, in the last digit.
    changes = np.where(increments.share > 0, np.arange(1, variance.size), 0)
    return np.asarray(variance[np.maximum.accumulate(changes)])


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Traffic:
    """Rows in the order in which they come under observation and in which they leave.

    Attributes
    ----------
    come, leave : ndarray of int, shape (n,)
        Clusters of the rows in both orders.
    come_weight, leave_weight, leave_event : ndarray of float, shape (n,)
        Their weights, and weights of those that leave with the event, else 0.
    come_begin, leave_begin : ndarray of int, shape (m + 1,)
        Where the rows of each time begin in these orders.
    clusters : int
        Number of clusters.
    """

    come: IntArray
    come_weight: FloatArray
    come_begin: IntArray
    leave: IntArray
    leave_weight: FloatArray
    leave_event: FloatArray
    leave_begin: IntArray
    clusters: int


def traffic(
    times: int,
    *,
    exit: IntArray,
    first: IntArray | None,
    event: IntArray,
    weight: FloatArray | None,
    cluster: IntArray | None,
) -> Traffic:
    """Order rows by the times at which they come and leave.

    Parameters
    ----------
    times : int
        Number m of distinct times.
    exit, first : ndarray of int, shape (n,)
        Positions of the last and the first time at which each row is at risk; ``first`` None if
        that is the first time for all.
    event : ndarray of int, shape (n,)
        1 if the row ends with the event.
    weight : ndarray of float, shape (n,), or None
        Case weights.
    cluster : ndarray of int, shape (n,), or None
        Codes from 0 on; None if each row is its own.

    Returns
    -------
    Traffic
        What ``clustered_variance`` reads in one pass.
    """
    n = exit.size
    # Read-only arrays would have the kernel compiled once more.
    weights = np.ones(n) if weight is None else np.require(weight, requirements="W")
    clusters = np.arange(n) if cluster is None else cluster
    leaving, leave_begin = group_rows(exit, times)
    if first is None:
        come, come_weight = clusters, weights
        come_begin = np.full(times + 1, n)
        come_begin[0] = 0
    else:
        coming, come_begin = group_rows(first, times)
        come, come_weight = clusters[coming], weights[coming]
    leave_weight = weights[leaving]
    return Traffic(
        come=come,
        come_weight=come_weight,
        come_begin=come_begin,
        leave=clusters[leaving],
        leave_weight=leave_weight,
        leave_event=leave_weight * event[leaving],
        leave_begin=leave_begin,
        clusters=n if cluster is None else int(cluster.max()) + 1,
    )


def clustered_variance(increments: Increments, rows: Traffic) -> FloatArray:
    """Return the jackknife variance with clusters or late entry, in one pass over the rows.

    Parameters
    ----------
    increments : Increments
        Of the estimate at m times.
    rows : Traffic
        The rows.

    Returns
    -------
    ndarray of float, shape (m,)
        Sum over clusters of their squared contributions at each time.
    """
    return _clustered(
        increments.share,
        increments.jump,
        rows.come,
        rows.come_weight,
        rows.come_begin,
        rows.leave,
        rows.leave_weight,
        rows.leave_event,
        rows.leave_begin,
        np.array([rows.clusters, FRESH_AT_FIRST, FRESH_PER_ROW]),
    )


@compiled
def group_rows(codes: IntArray, groups: int) -> tuple[IntArray, IntArray]:
    """Return the rows ordered by code, and where each code begins.

    Parameters
    ----------
    codes : ndarray of int, shape (n,)
        Codes from 0 to ``groups`` - 1.
    groups : int
        Number of codes.

    Returns
    -------
    rows : ndarray of int, shape (n,)
        Row indices, in their own order within a code.
    begin : ndarray of int, shape (groups + 1,)
        Rows of code g are ``rows[begin[g]:begin[g + 1]]``.
    """
    begin = np.zeros(groups + 1, dtype=np.int64)
    for code in codes:
        begin[code + 1] += 1
    for group in range(groups):
        begin[group + 1] += begin[group]
    fill = begin[:-1].copy()
    rows = np.empty(codes.size, dtype=np.int64)
    for row in range(codes.size):
        rows[fill[codes[row]]] = row
        fill[codes[row]] += 1
    return rows, begin


@compiled
def _clustered(
    share: FloatArray,
    jump: FloatArray,
    come: IntArray,
    come_weight: FloatArray,
    come_begin: IntArray,
    leave: IntArray,
    leave_weight: FloatArray,
    leave_event: FloatArray,
    leave_begin: IntArray,
    sizes: IntArray,
) -> FloatArray:
    """Sum of squared contributions U of clusters with weight W at risk, at each time.

    With sums S0 of W^2, S1 of W U and S2 of U^2, a share a that all at risk take part in changes
    S2 by 2 a S1 + a^2 S0 and S1 by a S0. A cluster's own U is brought up to date when a row of it
    comes or leaves. Nothing cancels, unlike in sums of U^2 taken apart by powers of A.
    """
    clusters, budget, per_row = sizes[0], sizes[1], sizes[2]
    # Of each cluster: W, U, A at its last update, rows at risk. Together, for the cache.
    state = np.zeros((clusters, 4))
    variance = np.empty(share.size)
    reached, s0, s1, s2, now = 0.0, 0.0, 0.0, 0.0, 0.0
    for j in range(share.size):
        for i in range(come_begin[j], come_begin[j + 1]):
            own, w = state[come[i]], come_weight[i]
            own[1] += own[0] * (reached - own[2])
            own[2] = reached
            s0 += w * (2.0 * own[0] + w)
            s1 += w * own[1]
            own[0] += w
            own[3] += 1.0
        s2 += share[j] * (2.0 * s1 + share[j] * s0)
        s1 += share[j] * s0
        reached += share[j]
        for i in range(leave_begin[j], leave_begin[j + 1]):
            own = state[leave[i]]
            old = own[1] + own[0] * (reached - own[2])
            new = old - leave_event[i] * jump[j]
            own[3] -= 1.0
            left = own[0] - leave_weight[i] if own[3] > 0.0 else 0.0
            s0 += left * left - own[0] * own[0]
            s1 += left * new - own[0] * old
            s2 += new * new - old * old
            own[0], own[1], own[2] = left, new, reached
        budget += per_row * (leave_begin[j + 1] - leave_begin[j])
        if budget >= clusters:
            budget -= clusters
            s0, s1, s2 = 0.0, 0.0, 0.0
            for c in range(clusters):
                own = state[c]
                own[1] += own[0] * (reached - own[2])
                own[2] = reached
                s0 += own[0] * own[0]
                s1 += own[0] * own[1]
                s2 += own[1] * own[1]
        # Nothing changes at a censoring; the sum would, in the last digit.
        if share[j] > 0.0:
            now = max(s2, 0.0)
        variance[j] = now
    return variance
