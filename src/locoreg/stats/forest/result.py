"""A grown forest: arrays that predict effects."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.stats.forest.binning import Binning, ByteArray
from locoreg.stats.forest.inputs import check_columns
from locoreg.stats.forest.parallel import in_threads
from locoreg.stats.forest.walking import SmallIntArray, add_leaves
from locoreg.stats.survivaldata import FloatArray, IntArray

# Rows that pass through the trees together: their bins stay in the cache.
BLOCK = 4096


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Forest:
    """A forest of effects. It holds no persons.

    Attributes
    ----------
    binning : Binning
        How columns become bins.
    start : ndarray of int, shape (trees + 1,)
        Where the nodes of each tree begin.
    feature : ndarray of uint16, shape (nodes,)
        Column that a node looks at.
    cut : ndarray of uint8, shape (nodes,)
        Last bin that goes left.
    child : ndarray of int32, shape (nodes,)
        Node on the left; the next is on the right. Leaf k has -1 - k.
    leaf : ndarray of float, shape (leaves, 2)
        Weighted means, over the persons of a leaf, of the product of residuals and of the square of
        the residual of treatment.
    importance : ndarray of float, shape (p,)
        Share of each column in the gain of the splits, over the first four levels with weights 1,
        1/4, 1/9 and 1/16; 0 for all if no tree splits.
    """

    binning: Binning
    start: IntArray
    feature: NDArray[np.uint16]
    cut: ByteArray
    child: SmallIntArray
    leaf: FloatArray
    importance: FloatArray

    @property
    def trees(self) -> int:
        """Number of trees."""
        return self.start.size - 1

    def predict(self, X: ArrayLike, *, jobs: int = 1) -> FloatArray:
        """Return effects of new persons.

        Parameters
        ----------
        X : array_like, shape (m, p)
            The columns that the forest was grown on.
        jobs : int
            Threads.

        Returns
        -------
        ndarray of float, shape (m,)
            The effect that solves the forest-weighted moment equation of each row: the mean over
            trees of the first mean of its leaf, divided by that of the second.

        Raises
        ------
        DataError
            If columns are missing or a value is no finite number.
        """
        values = check_columns(X, self.binning.p)
        bins = self.binning.apply(values)
        sums = np.zeros((bins.shape[0], 2))
        blocks = (slice(k, k + BLOCK) for k in range(0, bins.shape[0], BLOCK))
        in_threads(add_leaves, ((bins[b], *self.nodes(), sums[b]) for b in blocks), jobs)
        return np.asarray(sums[:, 0] / sums[:, 1])

    def nodes(self) -> tuple[IntArray, NDArray[np.uint16], ByteArray, SmallIntArray, FloatArray]:
        """Return what kernels walk through."""
        return self.start, self.feature, self.cut, self.child, self.leaf

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {
            "edges": self.binning.edges,
            "edge_start": self.binning.start,
            "start": self.start,
            "feature": self.feature,
            "cut": self.cut,
            "child": self.child,
            "leaf": self.leaf,
            "importance": self.importance,
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Forest:
        """Return the forest of its arrays.

        Parameters
        ----------
        arrays : mapping of str to ndarray
            As `arrays` gave them.

        Returns
        -------
        Forest
            The same.

        Raises
        ------
        DataError
            If an array is missing or they don't fit together: no walk through the trees may leave
            them.
        """
        try:
            made = cls(
                binning=Binning(
                    edges=_typed(arrays["edges"], np.float64),
                    start=_typed(arrays["edge_start"], np.int64),
                ),
                start=_typed(arrays["start"], np.int64),
                feature=_typed(arrays["feature"], np.uint16),
                cut=_typed(arrays["cut"], np.uint8),
                child=_typed(arrays["child"], np.int32),
                leaf=_typed(arrays["leaf"], np.float64),
                importance=_typed(arrays["importance"], np.float64),
            )
        except KeyError as missing:
            raise DataError(
                f"the forest has no array {missing.args[0]!r}.", hint="take the file anew."
            ) from missing
        fault = _fault(made)
        if fault:
            raise DataError(f"the forest is damaged: {fault}.", hint="take the file anew.")
        return made


def _typed(values: NDArray[Any], kind: type[np.generic]) -> NDArray[Any]:
    return np.ascontiguousarray(values, dtype=kind)


def _fault(forest: Forest) -> str | None:
    """Return what is wrong with the arrays, or None."""
    nodes, leaves = forest.child.size, forest.leaf.shape[0]
    edges, start = forest.binning.start, forest.start
    if forest.feature.shape != (nodes,) or forest.cut.shape != (nodes,):
        return "its nodes have unequal arrays"
    if forest.leaf.shape != (leaves, 2) or not np.isfinite(forest.leaf).all():
        return "its leaves are no pairs of finite numbers"
    if not (_ascends(edges, forest.binning.edges.size) and _ascends(start, nodes)):
        return "its parts have no order"
    if forest.importance.shape != (forest.binning.p,):
        return "its columns have unequal arrays"
    inner = forest.child >= 0
    place = np.arange(nodes)
    end = np.repeat(start[1:], np.diff(start))
    if (forest.feature >= forest.binning.p)[inner].any():
        return "a node looks at a column that it has not"
    # Children come after their parent, in the same tree, so that every walk ends.
    if ((forest.child <= place) | (forest.child + 1 >= end))[inner].any():
        return "a node has a child that is none"
    if (-1 - forest.child.astype(np.int64) >= leaves)[~inner].any():
        return "a node has a leaf that is none"
    return None


def _ascends(start: IntArray, end: int) -> bool:
    return bool(
        start.size > 1 and start[0] == 0 and start[-1] == end and (np.diff(start) >= 0).all()
    )
