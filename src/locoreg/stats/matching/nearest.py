"""Greedy nearest-neighbour matching."""

from __future__ import annotations

from typing import Literal

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.jit import compiled
from locoreg.stats.matching.inputs import Design
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

Order = Literal["largest", "smallest", "data", "random"]
Rule = Literal["nearest", "matchit-4.5.1"]


def nearest(
    design: Design,
    points: FloatArray,
    *,
    ratio: int,
    replace: bool,
    order: Order,
    seed: int | np.random.Generator | None,
    rule: Rule,
) -> IntArray:
    """Match each person of the focal arm to the nearest ones that are left of the other.

    Parameters
    ----------
    design : Design
        What is matched.
    points : ndarray of float, shape (n, q)
        Points whose Euclidean distance is the metric.
    ratio : int
        How many are matched to each.
    replace : bool
        Whether one person can be matched to several.
    order : str
        Who chooses first; see `match`.
    seed : int or Generator or None
        For the random order.
    rule : str
        How the search goes; see `match`.

    Returns
    -------
    ndarray of int, shape (m, 1 + ratio)
        Rows of the focal arm, ascending, and the rows matched to each; -1 where none is.

    Raises
    ------
    DesignError
        If options are missing or unknown.
    """
    check_option("rule", rule, ("nearest", "matchit-4.5.1"))
    queue = _queue(design, order, seed)
    if design.metric == "difference":
        found = _by_difference(design, queue, ratio, replace, rule)
    else:
        found = _by_metric(design, points, queue, ratio, replace)
    out = np.full((design.n, ratio), -1, dtype=np.int64)
    out[queue] = found
    return np.column_stack((np.flatnonzero(design.focal), out[design.focal]))


def default_order(design: Design) -> Order:
    """Return who chooses first where nothing is said.

    Parameters
    ----------
    design : Design
        What is matched.

    Returns
    -------
    str
        Those for whom a partner is hardest to find: with a propensity score the treated with the
        largest, the controls with the smallest; without one the order of the data.
    """
    if design.distance is None:
        return "data"
    return "smallest" if design.estimand == "atc" else "largest"


def _queue(design: Design, order: Order, seed: int | np.random.Generator | None) -> IntArray:
    """Rows of the focal arm in the order in which they choose."""
    check_option("order", order, ("largest", "smallest", "data", "random"))
    if (seed is not None) != (order == "random"):
        raise DesignError(
            f"order is {order!r} and seed is {seed!r}.",
            hint="a seed belongs to order='random', which needs one.",
        )
    rows = np.flatnonzero(design.focal & ~design.discarded)
    if order == "data":
        return rows
    if order == "random":
        return np.random.default_rng(seed).permutation(rows)
    if design.distance is None:
        raise DesignError(
            f"order={order!r} needs a distance to order by.", hint="say order='data' or 'random'."
        )
    key = design.distance[rows]
    return rows[np.argsort(-key if order == "largest" else key, kind="stable")]


def _by_difference(
    design: Design, queue: IntArray, ratio: int, replace: bool, rule: Rule
) -> IntArray:
    assert design.distance is not None
    faithful = rule == "matchit-4.5.1"
    rows = np.lexsort((design.distance, design.stratum))
    position = np.empty(design.n, dtype=np.int64)
    position[rows] = np.arange(design.n)
    free = ~design.focal & ~design.discarded
    block = _place_after(design.stratum, position) if faithful else position
    found = _search_line(
        design.distance[rows],
        design.stratum[rows],
        free[rows],
        position[queue],
        block[rows],
        ratio,
        replace,
        design.caliper if faithful else design.caliper + design.tolerance,
        0.0 if faithful else design.tolerance,
        faithful,
    )
    return np.where(found >= 0, rows[found], -1)


def _place_after(stratum: IntArray, position: IntArray) -> IntArray:
    """Return the place of the row that follows each row in its stratum; -2 at the end."""
    rows = np.argsort(stratum, kind="stable")
    out = np.full(stratum.size, -2, dtype=np.int64)
    same = stratum[rows[:-1]] == stratum[rows[1:]]
    out[rows[:-1][same]] = position[rows[1:][same]]
    return out


@compiled
def _root(parent: IntArray, start: int) -> int:
    """Follow the links to an open place, and shorten them."""
    end = start
    while parent[end] != end:
        end = parent[end]
    while parent[start] != end:
        parent[start], start = end, parent[start]
    return end


@compiled
def _open_place(parent: IntArray, start: int, step: int, barred: IntArray, bars: int) -> int:
    """Return the nearest open place that is not barred; links go one way, by ``step``."""
    place = _root(parent, start)
    k = 0
    while k < bars:
        if barred[k] == place - 1:
            place = _root(parent, place + step)
            k = 0
        else:
            k += 1
    return place


@compiled
def _nearer(
    value: FloatArray,
    group: IntArray,
    p: int,
    low: int,
    high: int,
    caliper: float,
    tolerance: float,
    whole: bool,
) -> int:
    """Return the nearer of two places in the group of p and within the caliper, or -1."""
    below = above = np.inf
    if low >= 0 and group[low] == group[p]:
        below = value[p] - value[low]
    if high < value.size and group[high] == group[p]:
        above = value[high] - value[p]
    if whole:
        below, above = np.floor(below), np.floor(above)
    if below <= caliper and below <= above + tolerance and below < np.inf:
        return low
    if above <= caliper and above < np.inf:
        return high
    return -1


@compiled
def _search_line(
    value: FloatArray,
    group: IntArray,
    free: BoolArray,
    queue: IntArray,
    block: IntArray,
    ratio: int,
    replace: bool,
    caliper: float,
    tolerance: float,
    whole: bool,
) -> IntArray:
    """Match along sorted values: places taken are skipped by linked lists (union-find).

    Places are shifted by one, so that 0 and n + 1 can stand for "none". ``block[p]`` is the place
    that a person who has p may not have as well. ``whole`` compares whole numbers only.
    """
    n = value.size
    left = np.arange(n + 2)
    right = np.arange(n + 2)
    for p in range(n):
        if not free[p]:
            left[p + 1] = p
            right[p + 1] = p + 2
    found = np.full((queue.size, ratio), -1)
    barred = np.full((queue.size, ratio), -2)
    for k in range(ratio):
        for i in range(queue.size):
            p = queue[i]
            low = _open_place(left, p, -1, barred[i], k) - 1
            high = _open_place(right, p + 2, 1, barred[i], k) - 1
            best = _nearer(value, group, p, low, high, caliper, tolerance, whole)
            if best < 0:
                continue
            found[i, k] = best
            barred[i, k] = block[best]
            if not replace:
                left[best + 1] = best
                right[best + 1] = best + 2
    return found


def _by_metric(
    design: Design, points: FloatArray, queue: IntArray, ratio: int, replace: bool
) -> IntArray:
    candidates = np.flatnonzero(~design.focal & ~design.discarded)
    candidates = candidates[np.argsort(design.stratum[candidates], kind="stable")]
    strata = design.stratum[candidates]
    scalar = np.zeros(design.n) if design.distance is None else design.distance
    found = _search_all(
        points[queue],
        points[candidates],
        scalar[queue],
        scalar[candidates],
        np.searchsorted(strata, design.stratum[queue], side="left"),
        np.searchsorted(strata, design.stratum[queue], side="right"),
        ratio,
        replace,
        design.caliper + design.tolerance,
    )
    return np.where(found >= 0, candidates[found], -1)


@compiled
def _square(x: FloatArray, y: FloatArray, limit: float) -> float:
    """Return the squared distance of two points, or a part of it that reaches the limit."""
    total = 0.0
    for c in range(x.size):
        gap = x[c] - y[c]
        total += gap * gap
        if total >= limit:
            break
    return total


@compiled
def _search_all(
    x: FloatArray,
    y: FloatArray,
    x_scalar: FloatArray,
    y_scalar: FloatArray,
    start: IntArray,
    stop: IntArray,
    ratio: int,
    replace: bool,
    caliper: float,
) -> IntArray:
    """Match each row of x to the nearest free row of y between start and stop."""
    free = np.ones(y.shape[0], dtype=np.bool_)
    mine = np.full(y.shape[0], -1)
    found = np.full((x.shape[0], ratio), -1)
    for k in range(ratio):
        for i in range(x.shape[0]):
            best, limit, length = -1, np.inf, np.inf
            for c in range(k):
                if found[i, c] >= 0:
                    mine[found[i, c]] = i
            for j in range(start[i], stop[i]):
                if not free[j] or mine[j] == i or abs(x_scalar[i] - y_scalar[j]) > caliper:
                    continue
                square = _square(x[i], y[j], limit)
                # The root rounds, so that two squares can have one: the first row then stands.
                if square < limit and np.sqrt(square) < length:
                    best, limit, length = j, square, np.sqrt(square)
            found[i, k] = best
            if best >= 0 and not replace:
                free[best] = False
    return found
