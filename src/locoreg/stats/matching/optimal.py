"""Matching that minimises the total distance: k to 1, and full."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from scipy.optimize import linear_sum_assignment

from locoreg.core.errors import DesignError
from locoreg.stats.matching.inputs import Design
from locoreg.stats.survivaldata import FloatArray, IntArray

# Distances of one stratum that are held at once: 400 MB.
MOST_CELLS = 50_000_000


def optimal(design: Design, points: FloatArray, *, ratio: int) -> IntArray:
    """Match as many as possible of the focal arm, at the least total distance.

    Parameters
    ----------
    design : Design
        What is matched.
    points : ndarray of float, shape (n, q)
        Points whose Euclidean distance is the metric.
    ratio : int
        How many are matched to each.

    Returns
    -------
    ndarray of int, shape (m, 1 + ratio)
        Rows of the focal arm, ascending, and the rows matched to each, nearest first; -1 where
        none is.

    Raises
    ------
    DesignError
        If a stratum is too large.

    Notes
    -----
    Each person of the focal arm takes part ``ratio`` times in an assignment problem. Pairs outside
    the caliper cost more than all others together, so that the number of pairs is as large as it
    can be and the distance the least among such matchings.
    """
    found = np.full((design.n, ratio), -1, dtype=np.int64)
    for focal, other, cost in _blocks(design, points, ratio):
        barred = ~np.isfinite(cost)
        highest = float(cost[~barred].max(initial=0.0)) or 1.0
        # Any matching has fewer pairs than this, none of which costs more than the highest.
        cost[barred] = highest * (min(cost.shape[0] * ratio, cost.shape[1]) + 1.0)
        row, column = linear_sum_assignment(np.repeat(cost, ratio, axis=0))
        allowed = ~barred[row // ratio, column]
        row, column = row[allowed] // ratio, column[allowed]
        nearest_first = np.lexsort((other[column], cost[row, column], row))
        row, column = row[nearest_first], column[nearest_first]
        slot = np.arange(row.size) - np.searchsorted(row, row, side="left")
        found[focal[row], slot] = other[column]
    return np.column_stack((np.flatnonzero(design.focal), found[design.focal]))


def full(design: Design, points: FloatArray) -> tuple[IntArray, IntArray]:
    """Divide all persons into sets of one and several, at the least total distance.

    Parameters
    ----------
    design : Design
        What is matched.
    points : ndarray of float, shape (n, q)
        Points whose Euclidean distance is the metric.

    Returns
    -------
    pairs : ndarray of int, shape (e, 2)
        Rows of the focal and of the other arm that are in one set: one column has one person of
        each set, the other all others.
    subclass : ndarray of int, shape (n,)
        Sets 0, 1, ... in the order of their first row; -1 for persons with nobody in reach.

    Raises
    ------
    DesignError
        If a stratum is too large.

    Notes
    -----
    Sets with one person of an arm and one or more of the other, which cover everybody, are the
    edge covers of least weight of the bipartite graph of allowed pairs (Schrijver 2003, chapter
    19). With m(v) the least distance of v, a matching M of largest gain
    ``sum(m(u) + m(v) - d(u, v))`` is found; the pairs of M, and for everybody else the nearest
    partner, make a cover of cost ``sum(m) - gain``, than which none is less.
    """
    edges = [_cover(*block) for block in _blocks(design, points, 1)]
    pairs = np.concatenate([np.empty((0, 2), dtype=np.int64), *edges])
    return pairs, _components(pairs, design.n)


def _blocks(
    design: Design, points: FloatArray, copies: int
) -> Iterator[tuple[IntArray, IntArray, FloatArray]]:
    """Yield rows of the focal arm, of the other, and their distances, by stratum."""
    kept = np.flatnonzero(~design.discarded)
    rows = kept[np.argsort(design.stratum[kept], kind="stable")]
    for here in np.split(rows, np.flatnonzero(np.diff(design.stratum[rows])) + 1):
        focal, other = here[design.focal[here]], here[~design.focal[here]]
        if focal.size == 0 or other.size == 0:
            continue
        if focal.size * other.size * copies > MOST_CELLS:
            name = design.strata[design.stratum[here[0]]] if design.strata else ""
            where = f"Stratum {name} has" if name else "There are"
            raise DesignError(
                f"{where} {focal.size} times {other.size} distances, too many to minimise over.",
                hint="match within exact strata, or use method='nearest'.",
            )
        square = np.zeros((focal.size, other.size))
        for column in points.T:
            square += (column[focal, None] - column[None, other]) ** 2
        cost = np.sqrt(square)
        if design.distance is not None and np.isfinite(design.caliper):
            gap = np.abs(design.distance[focal, None] - design.distance[None, other])
            cost[gap > design.caliper + design.tolerance] = np.inf
        yield focal, other, cost


def _cover(focal: IntArray, other: IntArray, cost: FloatArray) -> IntArray:
    """Return the pairs of a cover of least distance in which no pair is superfluous."""
    reach_f, reach_o = cost.min(axis=1), cost.min(axis=0)
    inside = np.isfinite(cost)
    gain = np.where(inside, np.add.outer(reach_f, reach_o) - np.where(inside, cost, 0.0), 0.0)
    np.maximum(gain, 0.0, out=gain)
    row, column = linear_sum_assignment(gain, maximize=True)
    chosen = gain[row, column] > 0.0
    row, column = row[chosen], column[chosen]
    alone_f = np.setdiff1d(np.flatnonzero(np.isfinite(reach_f)), row)
    alone_o = np.setdiff1d(np.flatnonzero(np.isfinite(reach_o)), column)
    row = np.concatenate((row, alone_f, cost[:, alone_o].argmin(axis=0)))
    column = np.concatenate((column, cost[alone_f].argmin(axis=1), alone_o))
    edges = np.unique(np.column_stack((row, column)), axis=0)
    edges = _without_superfluous(edges, cost[edges[:, 0], edges[:, 1]])
    return np.column_stack((focal[edges[:, 0]], other[edges[:, 1]]))


def _without_superfluous(edges: IntArray, cost: FloatArray) -> IntArray:
    """Drop pairs both of whose persons are in another pair, the longest first.

    What is left are stars. In a cover of least distance only pairs of distance 0 can be dropped.
    """
    degrees = [np.bincount(edges[:, side]) if edges.size else edges for side in (0, 1)]
    keep = np.ones(edges.shape[0], dtype=np.bool_)
    for e in np.argsort(-cost, kind="stable"):
        u, v = edges[e]
        if degrees[0][u] > 1 and degrees[1][v] > 1:
            degrees[0][u] -= 1
            degrees[1][v] -= 1
            keep[e] = False
    return edges[keep]


def _components(pairs: IntArray, n: int) -> IntArray:
    """Return the numbers of stars, counted in the order of their first rows."""
    first = np.full(n, n, dtype=np.int64)
    # A star has one centre, so that two rounds carry its first row to every member.
    for _ in range(2):
        for side in (0, 1):
            rows = pairs[:, side]
            np.minimum.at(first, rows, np.minimum(rows, first[pairs[:, 1 - side]]))
    out = np.full(n, -1, dtype=np.int64)
    member = first < n
    out[member] = np.unique(first[member], return_inverse=True)[1]
    return out
