"""Columns of numbers as bins of a byte each."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.survivaldata import FloatArray, IntArray

ByteArray = NDArray[np.uint8]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Binning:
    """Edges between the bins of each column.

    Attributes
    ----------
    edges : ndarray of float, shape (e,)
        Edges of all columns, one column after the other, ascending within each. A value is in bin
        k of its column if k of the column's edges are below it.
    start : ndarray of int, shape (p + 1,)
        Where the edges of each column begin.
    """

    edges: FloatArray
    start: IntArray

    @classmethod
    def of(cls, X: FloatArray, bins: int) -> Binning:
        """Return bins of about as many rows each.

        Parameters
        ----------
        X : ndarray of float, shape (n, p)
            The columns, without NaN.
        bins : int
            Most bins, at most 256. A column with fewer distinct values has one bin for each.

        Returns
        -------
        Binning
            Each edge is the middle between two neighbouring distinct values, so that equal values
            share a bin.
        """
        found = [_edges(np.sort(X[:, j]), bins) for j in range(X.shape[1])]
        sizes = [0, *(one.size for one in found)]
        return cls(edges=np.concatenate(found), start=np.cumsum(sizes, dtype=np.int64))

    @property
    def p(self) -> int:
        """Number of columns."""
        return self.start.size - 1

    @property
    def widths(self) -> IntArray:
        """Bins of each column, shape (p,)."""
        return np.diff(self.start) + 1

    def apply(self, X: FloatArray) -> ByteArray:
        """Return the bins of rows, shape (m, p), a row in one piece."""
        out = np.empty(X.shape, dtype=np.uint8)
        for j in range(self.p):
            own = self.edges[self.start[j] : self.start[j + 1]]
            out[:, j] = np.searchsorted(own, X[:, j], side="left")
        return out


def _edges(ordered: FloatArray, bins: int) -> FloatArray:
    """Return edges of a column whose values ascend."""
    first = np.flatnonzero(np.diff(ordered) > 0.0) + 1
    if first.size >= bins:
        # The jump between distinct values that is nearest to each quantile.
        wanted = np.arange(1, bins) * (ordered.size / bins)
        after = np.minimum(np.searchsorted(first, wanted), first.size - 1)
        before = np.maximum(after - 1, 0)
        nearer = np.abs(first[before] - wanted) < np.abs(first[after] - wanted)
        first = first[np.unique(np.where(nearer, before, after))]
    low, high = ordered[first - 1], ordered[first]
    middle = low + (high - low) / 2.0
    # Between two neighbouring floats there is no middle; the lower one parts them as well.
    return np.where(middle < high, middle, low)
