"""Counting the pairs that a score orders rightly, in n log n steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray, SurvivalData

# Weight at risk below this share of the stratum's is nothing but rounding.
CRUMB = 1e-13
# Ranks in a block of the tree: with two sums, one line of the cache.
BLOCK = 4


class Rows(NamedTuple):
    """Rows sorted by stratum and time, at a time those with an event first.

    Attributes
    ----------
    time, weight : ndarray of float, shape (n,)
        End of follow-up, case weight.
    event : ndarray of int, shape (n,)
        1 for an event.
    rank : ndarray of int, shape (n,)
        Rank of the score within the stratum: 0, 1, ..., equal for equal scores.
    entry : ndarray of float, shape (n,) or (0,)
        Start of follow-up; empty if all start before the first time.
    by_entry : ndarray of int, shape (n,) or (0,)
        The rows in order of stratum and entry.
    begin : ndarray of int, shape (m + 1,)
        Positions at which the distinct times of the strata begin, and n.
    middle : ndarray of int, shape (m,)
        Position of the first row without an event at each of these times.
    stratum : ndarray of int, shape (k + 1,)
        Which of these times is the first of each stratum, and m.
    """

    time: FloatArray
    weight: FloatArray
    event: IntArray
    rank: IntArray
    entry: FloatArray
    by_entry: IntArray
    begin: IntArray
    middle: IntArray
    stratum: IntArray


def sort_rows(data: SurvivalData, score: FloatArray) -> tuple[Rows, IntArray]:
    """Sort rows by stratum and time and rank their scores.

    Parameters
    ----------
    data : SurvivalData
        Checked rows.
    score : ndarray of float, shape (n,)
        The higher, the riskier.

    Returns
    -------
    rows : Rows
        The sorted rows.
    order : ndarray of int, shape (n,)
        Where each sorted row was.
    """
    n = data.n
    strata = data.strata
    if strata is None:
        by_score, order = np.argsort(score), np.argsort(data.time)
        group, first = None, np.zeros(1, dtype=np.int64)
    else:
        by_score, order = np.lexsort((score, strata)), np.lexsort((data.time, strata))
        group = strata[order]
    time, event = data.time[order], data.event[order]
    start = _changes(time, group)
    if start.size < n:
        order = _events_first(order, event, start)
        event = data.event[order]
    if group is not None:
        first = _changes(group[start], None)
    entry, by_entry = np.empty(0), np.empty(0, dtype=np.int64)
    if data.entry is not None:
        entry = data.entry[order]
        by_entry = np.argsort(entry) if group is None else np.lexsort((entry, group))
    rows = Rows(
        time=time,
        weight=np.ones(n) if data.weight is None else data.weight[order],
        event=event,
        rank=_ranks(by_score, score, strata)[order],
        entry=entry,
        by_entry=by_entry,
        begin=np.append(start, n),
        middle=start + np.add.reduceat(event, start),
        stratum=np.append(first, start.size),
    )
    return rows, order


def _events_first(order: IntArray, event: IntArray, start: IntArray) -> IntArray:
    """Return the order with the rows that end with an event first among those of one time."""
    sizes = np.diff(start, append=order.size)
    tied = np.flatnonzero(np.repeat(sizes > 1, sizes))
    place = np.repeat(2 * np.arange(start.size), np.where(sizes > 1, sizes, 0)) - event[tied]
    order[tied] = order[tied[np.argsort(place, kind="stable")]]
    return order


def _changes(values: FloatArray | IntArray, group: IntArray | None) -> IntArray:
    """Return the positions at which sorted values, or their group, change, and 0."""
    different = np.ones(values.size, dtype=np.bool_)
    np.not_equal(values[1:], values[:-1], out=different[1:])
    if group is not None:
        different[1:] |= group[1:] != group[:-1]
    return np.flatnonzero(different)


def _ranks(by_score: IntArray, score: FloatArray, strata: IntArray | None) -> IntArray:
    """Return each row's rank among the distinct scores of its stratum."""
    group = None if strata is None else strata[by_score]
    ranks = np.zeros(score.size, dtype=np.int64)
    ranks[_changes(score[by_score], group)[1:]] = 1
    np.cumsum(ranks, out=ranks)
    if group is not None:
        starts = _changes(group, None)
        ranks -= np.repeat(ranks[starts], np.diff(starts, append=score.size))
    out = np.empty_like(ranks)
    out[by_score] = ranks
    return out


@compiled
def at_risk_estimates(rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return, just before each row's time, what time weights are made of.

    Parameters
    ----------
    rows : Rows
        Sorted rows.

    Returns
    -------
    whole, at_risk : ndarray of float, shape (n,)
        Weight of the stratum, and weight at risk.
    survival, uncensored : ndarray of float, shape (n,)
        Kaplan-Meier estimates for events and for censoring, in which events come first.
    """
    n = rows.time.size
    everybody, at_risk, survival, uncensored = np.zeros(n), np.zeros(n), np.zeros(n), np.zeros(n)
    for s in range(rows.stratum.size - 1):
        first, last = rows.begin[rows.stratum[s]], rows.begin[rows.stratum[s + 1]]
        whole = rows.weight[first:last].sum()
        followed = whole if rows.entry.size == 0 else 0.0
        alive, free = 1.0, 1.0
        arriving = first
        for g in range(rows.stratum[s], rows.stratum[s + 1]):
            begin, end = rows.begin[g], rows.begin[g + 1]
            while arriving < last and _enters_before(rows, arriving, rows.time[begin]):
                followed += rows.weight[rows.by_entry[arriving]]
                arriving += 1
            everybody[begin:end], at_risk[begin:end] = whole, followed
            survival[begin:end], uncensored[begin:end] = alive, free
            dying = rows.weight[begin : rows.middle[g]].sum()
            leaving = rows.weight[rows.middle[g] : end].sum()
            alive *= _step(followed, dying, whole)
            free *= _step(followed - dying, leaving, whole)
            followed -= dying + leaving
    return everybody, at_risk, survival, uncensored


@compiled
def _step(at_risk: float, lost: float, whole: float) -> float:
    """Return the factor of a product-limit estimate: 0 if all are lost, 1 if none is."""
    if lost <= 0.0:
        return 1.0
    kept = at_risk - lost
    return kept / at_risk if kept > CRUMB * whole else 0.0


@compiled
def _enters_before(rows: Rows, k: int, time: float) -> bool:
    """Return whether the k-th row to enter does so before a time; False without entries."""
    return rows.entry.size > 0 and rows.entry[rows.by_entry[k]] < time


# Going back in time, two sums are kept for each rank: weights of the rows at risk (column 0), and
# weights times time weights of the events so far (column 1). `point` holds them by rank. Sums over
# all lower ranks come from it within a block of ranks, and before the block from a Fenwick tree,
# whose position k (from 1) holds the sum of the last (k & -k) blocks up to it. With blocks the tree
# stays in the processor's cache, and one walk gives both sums. `state` holds the sums over all
# ranks and, third, the spread of ranks: the sum of w z^2, z being the weight above a row less the
# weight below it. `above` holds, by rank, what all events of higher ranks and half those of the
# rank sum up to, so that the events before a time are these less the events in the tree.


@compiled
def _add(
    tree: FloatArray, point: FloatArray, state: FloatArray, rank: int, w: float, e: float
) -> None:
    """Add weights of a row and of an event at a rank."""
    point[rank, 0] += w
    point[rank, 1] += e
    state[0] += w
    state[1] += e
    k = rank // BLOCK + 1
    while k < tree.shape[0]:
        tree[k, 0] += w
        tree[k, 1] += e
        k += k & -k


@compiled
def _below(tree: FloatArray, point: FloatArray, rank: int) -> tuple[float, float]:
    """Return the sums over lower ranks."""
    rows, events = 0.0, 0.0
    k = rank // BLOCK
    for r in range(k * BLOCK, rank):
        rows += point[r, 0]
        events += point[r, 1]
    while k > 0:
        rows += tree[k, 0]
        events += tree[k, 1]
        k &= k - 1
    return rows, events


@compiled
def _spread(total: float, below: float, same: float, w: float) -> float:
    """Return by how much a row put among others changes the spread of their ranks."""
    above = total - below - same
    cross = below * (total - below) + above * (total - above)
    return w * (2.0 * cross + w * (below + above) + (above - below) ** 2)


@compiled
def count_pairs(rows: Rows, u: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count the pairs.

    Parameters
    ----------
    rows : Rows
        Sorted rows.
    u : ndarray of float, shape (n,)
        Weights of the pairs that the rows' events open; 0 where there is no event.

    Returns
    -------
    counts : ndarray of float, shape (6,)
        Concordant pairs, discordant ones, ties in the score, in time, in both; and the variance of
        concordant less discordant pairs if the score were unrelated to time.
    good, all_pairs : ndarray of float, shape (n,)
        Derivatives of concordant pairs plus half the ties in the score, and of all comparable
        pairs, by each row's weight.
    """
    n = rows.time.size
    counts, good, all_pairs = np.zeros(6), np.zeros(n), np.zeros(n)
    w, rank, entry, by_entry = rows.weight, rows.rank, rows.entry, rows.by_entry
    nobody, delayed = np.empty(0, np.int64), entry.size > 0
    for s in range(rows.stratum.size - 1):
        first, last = rows.begin[rows.stratum[s]], rows.begin[rows.stratum[s + 1]]
        ranks = rank[first:last].max() + 1
        tree, point = np.zeros((ranks // BLOCK + 2, 2)), np.zeros((ranks, 2))
        state, seen = np.zeros(3), np.zeros(ranks)
        above = _events_above(w[first:last], u[first:last], rank[first:last], ranks)
        leaving = last if delayed else first
        for g in range(rows.stratum[s + 1] - 1, rows.stratum[s] - 1, -1):
            begin, middle, end = rows.begin[g], rows.middle[g], rows.begin[g + 1]
            late = leaving
            while late > first and entry[by_entry[late - 1]] >= rows.time[begin]:
                late -= 1
            _move(late, leaving, by_entry, w, rank, tree, point, state, above, good, all_pairs)
            leaving = late
            _move(middle, end, nobody, w, rank, tree, point, state, above, good, all_pairs)
            if middle > begin:
                _events(
                    begin,
                    middle,
                    w,
                    u,
                    rank,
                    tree,
                    point,
                    state,
                    above,
                    seen,
                    counts,
                    good,
                    all_pairs,
                )
    return counts, good, all_pairs


@compiled
def _events_above(w: FloatArray, u: FloatArray, rank: IntArray, ranks: int) -> FloatArray:
    """Return `above`, and behind it the sum over all ranks."""
    above = np.zeros(ranks + 1)
    for i in range(w.size):
        above[rank[i]] += u[i] * w[i]
    total = 0.0
    for r in range(ranks - 1, -1, -1):
        here = above[r]
        above[r] = total + 0.5 * here
        total += here
    above[ranks] = total
    return above


@compiled
def _move(
    begin: int,
    end: int,
    leaving: IntArray,
    w: FloatArray,
    rank: IntArray,
    tree: FloatArray,
    point: FloatArray,
    state: FloatArray,
    above: FloatArray,
    good: FloatArray,
    all_pairs: FloatArray,
) -> None:
    """Put censored rows into the tree and add their pairs with events until then.

    With `leaving`, take out these of its rows, which enter later, and their pairs with events
    until then.
    """
    sign = 1.0 if leaving.size == 0 else -1.0
    for k in range(begin, end):
        i = k if sign > 0.0 else leaving[k]
        r = rank[i]
        if sign < 0.0:
            _add(tree, point, state, r, -w[i], 0.0)
        below, events = _below(tree, point, r)
        good[i] += sign * (above[r] - (state[1] - events - 0.5 * point[r, 1]))
        all_pairs[i] += sign * (above[above.size - 1] - state[1])
        state[2] += sign * _spread(state[0], below, point[r, 0], w[i])
        if sign > 0.0:
            _add(tree, point, state, r, w[i], 0.0)


@compiled
def _events(
    begin: int,
    end: int,
    w: FloatArray,
    u: FloatArray,
    rank: IntArray,
    tree: FloatArray,
    point: FloatArray,
    state: FloatArray,
    above: FloatArray,
    seen: FloatArray,
    counts: FloatArray,
    good: FloatArray,
    all_pairs: FloatArray,
) -> None:
    """Count the pairs of the events of a time and put them into the tree."""
    below, events, tied, heaviest = 0.0, 0.0, 0.0, 0.0
    for i in range(begin, end):
        r = rank[i]
        below, events = _below(tree, point, r)
        same = point[r, 0]
        good[i] += u[i] * (below + 0.5 * same)
        all_pairs[i] += u[i] * state[0]
        counts[0] += u[i] * w[i] * below
        counts[1] += u[i] * w[i] * (state[0] - below - same)
        counts[2] += u[i] * w[i] * same
    # Here `below` and `events` are the last event's, and hold until another is put.
    for i in range(end - 1, begin - 1, -1):
        r = rank[i]
        if i < end - 1:
            below, events = _below(tree, point, r)
        state[2] += _spread(state[0], below, point[r, 0], w[i])
        _add(tree, point, state, r, w[i], u[i] * w[i])
        counts[3] += u[i] * w[i] * (tied - seen[r])
        counts[4] += u[i] * w[i] * seen[r]
        tied += w[i]
        seen[r] += w[i]
        # Tied events have one time weight, but for those without a case weight.
        heaviest = max(heaviest, u[i])
    for i in range(begin, end):
        r = rank[i]
        seen[r] = 0.0
        if end - begin > 1:
            below, events = _below(tree, point, r)
        good[i] += above[r] - (state[1] - events - 0.5 * point[r, 1])
        all_pairs[i] += above[above.size - 1] - state[1]
    if tied > 0.0:
        counts[5] += heaviest**2 * tied * state[2] / state[0]
