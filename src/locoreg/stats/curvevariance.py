"""Robust variances and covariance of two Kaplan-Meier curves at all times, in one sweep."""

from __future__ import annotations

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.stats.survivalgroups import Group, step


def log_survival_covariance(
    first: Group, second: Group | None, cluster: IntArray | None, times: FloatArray
) -> FloatArray:
    """Return variances and covariance of the logarithms of two survival curves at many times.

    Parameters
    ----------
    first, second : Group
        The groups; without a second one its numbers are 0.
    cluster : ndarray of int, shape (rows of all groups,), or None
        Codes of the clusters within which the contributions of rows are summed, across groups;
        None if each row is its own.
    times : ndarray of float, shape (p,)
        Ascending distinct times.

    Returns
    -------
    ndarray of float, shape (p, 3)
        Infinitesimal-jackknife variance of log survival in the first and in the second group, and
        the covariance. After survival has come to 0 the last numbers are carried on.

    Notes
    -----
    Up to its end a row contributes w (C(t) - C(entry)) to log survival, C being the cumulated
    ``hazard * per_left`` of its group; after it, that number less w ``per_left`` if it ended with
    an event. So the contribution of a cluster is a1 + b1 C1(t) to the first curve and a2 + b2 C2(t)
    to the second, with numbers a and b that change only when one of its rows enters or ends. The
    sweep keeps sums over clusters of their products, O(rows + times) in time, O(rows) in memory.
    """
    groups = [first] if second is None else [first, second]
    rows = np.concatenate([group.rows for group in groups])
    own = np.arange(rows.size)
    if cluster is not None:
        own = np.unique(cluster[rows], return_inverse=True)[1].astype(np.int64)
    member = np.repeat(np.arange(len(groups)), [group.n for group in groups])
    moves = [_moves(group, times) for group in groups]
    enter, leave = (np.concatenate([move[i] for move in moves]) for i in (0, 1))
    weight, begin, end = (np.concatenate([move[i] for move in moves]) for i in (2, 3, 4))
    level = np.zeros((times.size, 2))
    for k, group in enumerate(groups):
        level[:, k] = step(group.cumulated, group.position(times), 0.0)
    entering, leaving = (np.argsort(place) for place in (enter, leave))
    return _sweep(enter, leave, entering, leaving, weight, begin, end, own, member, level)


def _moves(
    group: Group, times: FloatArray
) -> tuple[IntArray, IntArray, FloatArray, FloatArray, FloatArray]:
    """Return of each row the places among the times at which it enters and leaves, and numbers.

    The numbers are its weight, weight times C at its entry, and its contribution after its end
    plus that.
    """
    table = group.places
    place = np.searchsorted(times, table.time)
    weight = np.ones(group.n) if group.weight is None else group.weight
    end = group.cumulated[table.exit] - group.event * group.per_left[table.exit]
    if table.first is None:
        enter, begin = np.zeros(group.n, dtype=np.int64), np.zeros(group.n)
    else:
        enter = place[table.first]
        begin = step(group.cumulated, table.first, 0.0)
    return enter, place[table.exit], weight, weight * begin, weight * end


@compiled
def _sweep(
    enter: IntArray,
    leave: IntArray,
    entering: IntArray,
    leaving: IntArray,
    weight: FloatArray,
    begin: FloatArray,
    end: FloatArray,
    own: IntArray,
    member: IntArray,
    level: FloatArray,
) -> FloatArray:
    """Return the three sums over clusters at each time, shape (p, 3)."""
    p, n = level.shape[0], own.size
    # Of each cluster: a1, b1, a2, b2.
    state = np.zeros((own.max() + 1, 4))
    # Sums over clusters of the products of those.
    total = np.zeros((4, 4))
    out = np.empty((p, 3))
    i = j = 0
    for k in range(p):
        while i < n and enter[entering[i]] <= k:
            row = entering[i]
            _change(state[own[row]], total, 2 * member[row], -begin[row], weight[row])
            i += 1
        while j < n and leave[leaving[j]] <= k:
            row = leaving[j]
            _change(state[own[row]], total, 2 * member[row], end[row], -weight[row])
            j += 1
        c1, c2 = level[k, 0], level[k, 1]
        out[k, 0] = total[0, 0] + 2.0 * c1 * total[0, 1] + c1 * c1 * total[1, 1]
        out[k, 1] = total[2, 2] + 2.0 * c2 * total[2, 3] + c2 * c2 * total[3, 3]
        out[k, 2] = total[0, 2] + c2 * total[0, 3] + c1 * (total[1, 2] + c2 * total[1, 3])
    return out


@compiled
def _change(state: FloatArray, total: FloatArray, at: int, a: float, b: float) -> None:
    """Add a and b to a cluster's numbers, and what this changes to the sums of products."""
    x, y = state[at], state[at + 1]
    total[at, at] += a * (2.0 * x + a)
    total[at, at + 1] += a * y + b * x + a * b
    total[at + 1, at + 1] += b * (2.0 * y + b)
    other = 2 - at
    for c in range(other, other + 2):
        total[min(at, c), max(at, c)] += a * state[c]
        total[min(at + 1, c), max(at + 1, c)] += b * state[c]
    state[at] = x + a
    state[at + 1] = y + b
