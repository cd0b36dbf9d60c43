"""Counting the pairs that a score orders rightly, in n log n steps."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray, SurvivalData

# Weight at risk below this share of the stratum's is nothing but rounding.
CRUMB = 1e-13
# Ranks in a block of the tree: one line of the cache.
BLOCK = 4


class Rows(NamedTuple):
    """Rows sorted by stratum and time.

    Attributes
    ----------
    time, event, weight : ndarray, shape (n,)
        End of follow-up, 1 for an event, case weight.
    time_weight : ndarray of float, shape (n,)
        Weight of the pairs that the row's event opens.
    rank : ndarray of int, shape (n,)
        Rank of the score within the stratum: 0, 1, ..., equal for equal scores.
    entry : ndarray of float, shape (n,) or (0,)
        Start of follow-up; empty if all start before the first time.
    by_entry : ndarray of int, shape (n,) or (0,)
        The rows in order of stratum and entry.
    start : ndarray of int, shape (k + 1,)
        Positions at which the strata begin, and n.
    """

    time: FloatArray
    event: IntArray
    weight: FloatArray
    time_weight: FloatArray
    rank: IntArray
    entry: FloatArray
    by_entry: IntArray
    start: IntArray


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
        The sorted rows, with time weights of 1.
    order : ndarray of int, shape (n,)
        Where each sorted row was.
    """
    n = data.n
    one = data.strata is None
    strata = np.zeros(n, dtype=np.int64) if data.strata is None else data.strata
    if one:
        by_score, order = np.argsort(score), np.argsort(data.time)
    else:
        by_score, order = np.lexsort((score, strata)), np.lexsort((data.time, strata))
    entry, by_entry = np.empty(0), np.empty(0, dtype=np.int64)
    if data.entry is not None:
        entry = data.entry[order]
        by_entry = np.argsort(entry) if one else np.lexsort((entry, strata[order]))
    rows = Rows(
        time=data.time[order],
        event=data.event[order],
        weight=np.ones(n) if data.weight is None else data.weight[order],
        time_weight=np.ones(n),
        rank=_ranks(by_score, score, strata)[order],
        entry=entry,
        by_entry=by_entry,
        start=np.concatenate(([0], np.cumsum(np.bincount(strata)))),
    )
    return rows, order


@compiled
def _ranks(by_score: IntArray, score: FloatArray, strata: IntArray) -> IntArray:
    """Return ranks 0, 1, ... of the distinct scores of each stratum."""
    ranks = np.empty(by_score.size, np.int64)
    rank = 0
    for k in range(by_score.size):
        i = by_score[k]
        if k == 0 or strata[i] != strata[by_score[k - 1]]:
            rank = 0
        elif score[i] != score[by_score[k - 1]]:
            rank += 1
        ranks[i] = rank
    return ranks


@compiled
def at_risk_estimates(rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return, just before each row's time, what time weights are made of.

    Parameters
    ----------
    rows : Rows
        Sorted rows.

    Returns
    -------
    at_risk : ndarray of float, shape (n,)
        Weight at risk.
    survival, uncensored : ndarray of float, shape (n,)
        Kaplan-Meier estimates for events and for censoring, in which events come first.
    """
    n = rows.time.size
    at_risk_then, survival, uncensored = np.zeros(n), np.zeros(n), np.zeros(n)
    for s in range(rows.start.size - 1):
        first, last = rows.start[s], rows.start[s + 1]
        whole = rows.weight[first:last].sum()
        at_risk = whole if rows.entry.size == 0 else 0.0
        alive, followed = 1.0, 1.0
        arriving, begin = first, first
        while begin < last:
            end = _end_of_ties(rows, begin, last)
            while arriving < last and _enters_before(rows, arriving, rows.time[begin]):
                at_risk += rows.weight[rows.by_entry[arriving]]
                arriving += 1
            at_risk_then[begin:end] = at_risk
            survival[begin:end], uncensored[begin:end] = alive, followed
            leaving = rows.weight[begin:end].sum()
            dying = (rows.weight[begin:end] * rows.event[begin:end]).sum()
            alive *= _step(at_risk, dying, whole)
            followed *= _step(at_risk - dying, leaving - dying, whole)
            at_risk -= leaving
            begin = end
    return at_risk_then, survival, uncensored


@compiled
def _step(at_risk: float, lost: float, whole: float) -> float:
    """Return the factor of a product-limit estimate: 0 if all are lost, 1 if none is."""
    if lost <= 0.0:
        return 1.0
    kept = at_risk - lost
    return kept / at_risk if kept > CRUMB * whole else 0.0


@compiled
def _end_of_ties(rows: Rows, begin: int, last: int) -> int:
    """Return the position after the rows with the same time as that at `begin`."""
    end = begin + 1
    while end < last and rows.time[end] == rows.time[begin]:
        end += 1
    return end


@compiled
def _enters_before(rows: Rows, k: int, time: float) -> bool:
    """Return whether the k-th row to enter does so before a time; False without entries."""
    return rows.entry.size > 0 and rows.entry[rows.by_entry[k]] < time


# Going back in time, two sums are kept for each rank: weights of the rows at risk (column 0), and
# weights times time weights of the events so far (column 1). `point` holds them by rank. Sums over
# all lower ranks come from it within a block of ranks, and before the block from a Fenwick tree,
# whose position k (from 1) holds the sum of the last (k & -k) blocks up to it. With blocks the tree
# stays in the processor's cache, and one walk gives both sums. `state` holds the sums over all
# ranks and, third, the spread of ranks.


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
    """Return by how much a row put among others changes the spread of their ranks.

    The spread is the sum of w z^2, z being the weight above a row less the weight below it.
    """
    above = total - below - same
    cross = below * (total - below) + above * (total - above)
    return w * (2.0 * cross + w * (below + above) + (above - below) ** 2)


@compiled
def count_pairs(rows: Rows) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Count the pairs.

    Parameters
    ----------
    rows : Rows
        Sorted rows.

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
    for s in range(rows.start.size - 1):
        if rows.start[s] < rows.start[s + 1]:
            _count_stratum(rows, rows.start[s], rows.start[s + 1], counts, good, all_pairs)
    return counts, good, all_pairs


@compiled
def _events_above(rows: Rows, first: int, last: int, ranks: int) -> FloatArray:
    """Return, by rank, the weights of all events of higher ranks and half those of the rank.

    The last number is the sum over all ranks.
    """
    above = np.zeros(ranks + 1)
    for i in range(first, last):
        if rows.event[i] == 1:
            above[rows.rank[i]] += rows.time_weight[i] * rows.weight[i]
    total = 0.0
    for rank in range(ranks - 1, -1, -1):
        here = above[rank]
        above[rank] = total + 0.5 * here
        total += here
    above[ranks] = total
    return above


@compiled
def _count_stratum(
    rows: Rows, first: int, last: int, counts: FloatArray, good: FloatArray, all_pairs: FloatArray
) -> None:
    """Go back in time with the rows at risk in the tree."""
    ranks = rows.rank[first:last].max() + 1
    tree, point = np.zeros((ranks // BLOCK + 2, 2)), np.zeros((ranks, 2))
    state, seen = np.zeros(3), np.zeros(ranks)
    above = _events_above(rows, first, last, ranks)
    leaving, end = last - 1, last
    while end > first:
        time, begin = rows.time[end - 1], end - 1
        while begin > first and rows.time[begin - 1] == time:
            begin -= 1
        while rows.entry.size > 0 and leaving >= first and not _enters_before(rows, leaving, time):
            i = rows.by_entry[leaving]
            rank, w = rows.rank[i], rows.weight[i]
            _add(tree, point, state, rank, -w, 0.0)
            below, events = _below(tree, point, rank)
            state[2] -= _spread(state[0], below, point[rank, 0], w)
            _join(rows, i, -1.0, events, point, state, above, good, all_pairs)
            leaving -= 1
        for i in range(begin, end):
            if rows.event[i] == 0:
                rank, w = rows.rank[i], rows.weight[i]
                below, events = _below(tree, point, rank)
                _join(rows, i, 1.0, events, point, state, above, good, all_pairs)
                state[2] += _spread(state[0], below, point[rank, 0], w)
                _add(tree, point, state, rank, w, 0.0)
        below, events = _open(rows, begin, end, tree, point, state, counts, good, all_pairs)
        tied = _tie(rows, begin, end, tree, point, state, seen, counts, below)
        for i in range(begin, end):
            if rows.event[i] == 1:
                if tied > 1:
                    _, events = _below(tree, point, rows.rank[i])
                _join(rows, i, 1.0, events, point, state, above, good, all_pairs)
        end = begin


@compiled
def _join(
    rows: Rows,
    i: int,
    sign: float,
    events: float,
    point: FloatArray,
    state: FloatArray,
    above: FloatArray,
    good: FloatArray,
    all_pairs: FloatArray,
) -> None:
    """Add a row's pairs with the events that are not yet in the tree.

    `events` is the sum over events in the tree with lower ranks.
    """
    rank = rows.rank[i]
    later = state[1] - events - 0.5 * point[rank, 1]
    good[i] += sign * (above[rank] - later)
    all_pairs[i] += sign * (above[above.size - 1] - state[1])


@compiled
def _open(
    rows: Rows,
    begin: int,
    end: int,
    tree: FloatArray,
    point: FloatArray,
    state: FloatArray,
    counts: FloatArray,
    good: FloatArray,
    all_pairs: FloatArray,
) -> tuple[float, float]:
    """Count the pairs of the events of one time with the rows that outlast them.

    Returns the sums over ranks lower than the last event's.
    """
    below, events = 0.0, 0.0
    for i in range(begin, end):
        if rows.event[i] == 1:
            u, rank = rows.time_weight[i], rows.rank[i]
            below, events = _below(tree, point, rank)
            same = point[rank, 0]
            good[i] += u * (below + 0.5 * same)
            all_pairs[i] += u * state[0]
            counts[0] += u * rows.weight[i] * below
            counts[1] += u * rows.weight[i] * (state[0] - below - same)
            counts[2] += u * rows.weight[i] * same
    return below, events


@compiled
def _tie(
    rows: Rows,
    begin: int,
    end: int,
    tree: FloatArray,
    point: FloatArray,
    state: FloatArray,
    seen: FloatArray,
    counts: FloatArray,
    below: float,
) -> int:
    """Put the events of one time into the tree and count their pairs with each other.

    `below` is the sum over ranks lower than the last event's before any of them is put. Returns
    the number of events.
    """
    tied, u, events = 0.0, 0.0, 0
    for i in range(end - 1, begin - 1, -1):
        if rows.event[i] == 1:
            # Tied events have one time weight, but for those without a case weight.
            u = max(u, rows.time_weight[i])
            w, rank = rows.weight[i], rows.rank[i]
            if events > 0:
                below, _ = _below(tree, point, rank)
            events += 1
            state[2] += _spread(state[0], below, point[rank, 0], w)
            _add(tree, point, state, rank, w, rows.time_weight[i] * w)
            counts[3] += u * w * (tied - seen[rank])
            counts[4] += u * w * seen[rank]
            tied += w
            seen[rank] += w
    if tied > 0.0:
        counts[5] += u**2 * tied * state[2] / state[0]
        for i in range(begin, end):
            seen[rows.rank[i]] = 0.0
    return events
