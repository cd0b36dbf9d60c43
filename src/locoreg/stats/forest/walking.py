"""Sums of leaves over the trees of a forest, person by person."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.forest.binning import ByteArray
from locoreg.stats.forest.parallel import unlocked
from locoreg.stats.survivaldata import FloatArray, IntArray

SmallIntArray = NDArray[np.int32]


@unlocked
def add_leaves(
    bins: ByteArray,
    start: IntArray,
    feature: NDArray[np.uint16],
    cut: ByteArray,
    child: SmallIntArray,
    leaf: FloatArray,
    out: FloatArray,
) -> None:
    """Add up the leaves of rows over all trees.

    Parameters
    ----------
    bins : ndarray of uint8, shape (m, p)
        Bins of the rows.
    start : ndarray of int, shape (trees + 1,)
        Where the nodes of each tree begin.
    feature, cut, child, leaf : ndarray
        Nodes and leaves of all trees, as in ``Forest``.
    out : ndarray of float, shape (m, 2)
        Added to.
    """
    # Tree by tree: its nodes stay in the cache while the rows pass.
    for t in range(start.size - 1):
        for i in range(bins.shape[0]):
            at = start[t]
            while child[at] >= 0:
                at = child[at] + (bins[i, feature[at]] > cut[at])
            out[i, 0] += leaf[-1 - child[at], 0]
            out[i, 1] += leaf[-1 - child[at], 1]


@unlocked
def add_leaves_out_of_bag(
    bins: ByteArray,
    unit: IntArray,
    left_out: ByteArray,
    start: IntArray,
    feature: NDArray[np.uint16],
    cut: ByteArray,
    child: SmallIntArray,
    leaf: FloatArray,
    out: FloatArray,
) -> None:
    """Add up the leaves of persons over the trees that did not draw them.

    Parameters
    ----------
    bins, start, feature, cut, child, leaf, out
        As for `add_leaves`.
    unit : ndarray of int, shape (m,)
        The unit of each person.
    left_out : ndarray of uint8, shape (trees, ceil(units / 8))
        A bit per unit, the first is the highest: whether the tree left it out.
    """
    for t in range(start.size - 1):
        for i in range(bins.shape[0]):
            u = unit[i]
            if (left_out[t, u >> 3] >> (7 - (u & 7))) & 1 == 0:
                continue
            at = start[t]
            while child[at] >= 0:
                at = child[at] + (bins[i, feature[at]] > cut[at])
            out[i, 0] += leaf[-1 - child[at], 0]
            out[i, 1] += leaf[-1 - child[at], 1]
