"""Grow one tree on binned columns, and fill its leaves with other persons."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.forest.binning import ByteArray
from locoreg.stats.forest.parallel import unlocked
from locoreg.stats.forest.sampling import FILLS, SPLITS, WordArray, draw_features, draw_roles
from locoreg.stats.forest.splitting import (
    COUNT,
    CROSS,
    POSITIVE,
    SQUARE,
    SUMS,
    WEIGHT,
    add_rows,
    best_split,
    total_sums,
)
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray

SmallIntArray = NDArray[np.int32]
# Gains of splits are kept for this many levels from the root.
LEVELS = 4
NO_CHILD = -1
# Feature, cut and child of the nodes, leaves, gains.
Nodes = tuple[SmallIntArray, ByteArray, SmallIntArray, FloatArray, FloatArray]


@unlocked
def one_tree(
    state: WordArray,
    bins: ByteArray,
    sums: FloatArray,
    unit: IntArray,
    sizes: IntArray,
    widths: IntArray,
    columns: int,
    limits: FloatArray,
    by_loss: bool,
) -> tuple[ByteArray, SmallIntArray, ByteArray, SmallIntArray, FloatArray, FloatArray]:
    """Return one honest tree.

    Parameters
    ----------
    state : ndarray of uint64, shape (1,)
        The tree's own stream of random numbers; moved on.
    bins : ndarray of uint8, shape (n, p)
        Bins of all persons.
    sums : ndarray of float, shape (n, 4)
        What each person adds to sums.
    unit : ndarray of int, shape (n,)
        The unit, a person or a cluster, that is drawn as a whole.
    sizes : ndarray of int, shape (3,)
        Units; how many the tree draws; how many of these choose splits.
    widths : ndarray of int, shape (p,)
        Bins of each column.
    columns : int
        Mean number of columns that a node looks at.
    limits : ndarray of float, shape (3,)
        Fewest persons, fewest of either sign, and least share of the squares on either side.
    by_loss : bool
        Whether splits are chosen by the drop of the R-loss.

    Returns
    -------
    role : ndarray of uint8, shape (units,)
        0 for the units left out.
    feature, cut, child : ndarray, shape (nodes,)
        A person goes left, to node child, where the bin of the feature is at most the cut, and
        else to the next node. Leaf k has child -1 - k.
    leaf : ndarray of float, shape (leaves, 2)
        Weighted means of treatment * outcome and treatment**2.
    gains : ndarray of float, shape (4, p)
        Gains of the splits on each column by level.
    """
    role = draw_roles(state, sizes[0], sizes[1], sizes[2])
    own = np.flatnonzero(role[unit] == SPLITS)
    feature, cut, child, gains = _grow(
        state, bins[own], sums[own], widths, columns, limits, by_loss
    )
    others = np.flatnonzero(role[unit] == FILLS)
    filling, filled = bins[others], sums[others]
    _prune(_fill(filling, filled, feature, cut, child), feature, cut, child, limits[0])
    # Persons of leaves that are gone now belong to what took their place.
    held = _fill(filling, filled, feature, cut, child)
    feature, cut, child, leaf = _compact(held, feature, cut, child)
    return role, feature, cut, child, leaf, gains


@compiled
def _grow(
    state: WordArray,
    bins: ByteArray,
    sums: FloatArray,
    widths: IntArray,
    columns: int,
    limits: FloatArray,
    by_loss: bool,
) -> tuple[SmallIntArray, ByteArray, SmallIntArray, FloatArray]:
    n, p = bins.shape
    most = 2 * n + 1
    feature, cut = np.zeros(most, dtype=np.int32), np.zeros(most, dtype=np.uint8)
    child = np.full(most, NO_CHILD, dtype=np.int32)
    gains = np.zeros((LEVELS, p))
    rows, order, scratch = np.arange(n), np.arange(p), np.empty(n, dtype=np.int64)
    by_bin = np.empty((p, widths.max(), SUMS))
    smallest = max(2.0 * limits[0], 4.0 * limits[1], 2.0)
    # Nodes that wait: number, first and last row, level.
    waiting = [(0, 0, n, 0)]
    nodes = 1
    while len(waiting) > 0:
        node, begin, end, level = waiting.pop()
        if end - begin < smallest:
            continue
        own = rows[begin:end]
        looked = order[: draw_features(state, order, columns)]
        add_rows(by_bin, bins, sums, own, looked)
        gain, j, t = best_split(by_bin, widths, total_sums(sums, own), looked, limits, by_loss)
        if j < 0:
            continue
        if level < LEVELS:
            gains[level, j] += gain
        middle = begin + _part(own, bins, j, t, scratch)
        feature[node], cut[node], child[node] = j, t, nodes
        waiting.append((nodes + 1, middle, end, level + 1))
        waiting.append((nodes, begin, middle, level + 1))
        nodes += 2
    return feature[:nodes], cut[:nodes], child[:nodes], gains


@compiled
def _part(rows: IntArray, bins: ByteArray, feature: int, cut: int, scratch: IntArray) -> int:
    """Put the rows of the left side first, each side in its order; return how many are left."""
    left, right = 0, 0
    for i in rows:
        if bins[i, feature] <= cut:
            rows[left] = i
            left += 1
        else:
            scratch[right] = i
            right += 1
    rows[left:] = scratch[:right]
    return left


@compiled
def _fill(
    bins: ByteArray, sums: FloatArray, feature: SmallIntArray, cut: ByteArray, child: SmallIntArray
) -> FloatArray:
    """Return the sums over the persons who fall into each leaf, shape (nodes, 4)."""
    held = np.zeros((feature.size, SUMS))
    for i in range(bins.shape[0]):
        node = 0
        while child[node] >= 0:
            node = child[node] + (bins[i, feature[node]] > cut[node])
        for s in range(SUMS):
            held[node, s] += sums[i, s]
    return held


@compiled
def _prune(
    held: FloatArray, feature: SmallIntArray, cut: ByteArray, child: SmallIntArray, least: float
) -> None:
    """Put a child in its parent's place where its sibling has too few persons to fill it."""
    for node in range(feature.size - 1, -1, -1):
        left = child[node]
        if left < 0:
            continue
        held[node] = held[left] + held[left + 1]
        if _tells(held[left], least) and _tells(held[left + 1], least):
            continue
        kept = left if _tells(held[left], least) else left + 1
        feature[node], cut[node], child[node] = feature[kept], cut[kept], child[kept]


@compiled
def _tells(held: FloatArray, least: float) -> bool:
    """Return whether there are enough persons, and treatment varies among them."""
    persons = held[COUNT] - POSITIVE * np.floor(held[COUNT] / POSITIVE)
    return bool(persons >= least and held[SQUARE] > 0.0)


@compiled
def _compact(
    held: FloatArray, feature: SmallIntArray, cut: ByteArray, child: SmallIntArray
) -> tuple[SmallIntArray, ByteArray, SmallIntArray, FloatArray]:
    """Return the nodes that can be reached, level by level, and the means of the leaves."""
    place = np.zeros(feature.size, dtype=np.int64)
    new_child = np.zeros(feature.size, dtype=np.int32)
    leaf = np.zeros((feature.size, 2))
    made, leaves, at = 1, 0, 0
    while at < made:
        node = place[at]
        if child[node] >= 0:
            new_child[at] = made
            place[made], place[made + 1] = child[node], child[node] + 1
            made += 2
        else:
            new_child[at] = -1 - leaves
            if held[node, WEIGHT] > 0.0:
                leaf[leaves, 0] = held[node, CROSS] / held[node, WEIGHT]
                leaf[leaves, 1] = held[node, SQUARE] / held[node, WEIGHT]
            leaves += 1
        at += 1
    reached = place[:made]
    return feature[reached], cut[reached], new_child[:made].copy(), leaf[:leaves].copy()
