"""Boosted trees as arrays: predictions for all bins of time in one walk, without LightGBM."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import FloatArray, IntArray

# Deeper than any tree of up to 256 leaves that a walk meets.
STACK = 256


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Trees:
    """A sum of trees with splits ``x[feature] <= threshold``.

    Attributes
    ----------
    feature : ndarray of int, shape (s,)
        Column of each split, over all trees.
    threshold : ndarray of float, shape (s,)
        Largest value that goes left.
    left, right : ndarray of int, shape (s,)
        Next split within the tree, counted from 0; -1 - leaf for a leaf.
    value : ndarray of float, shape (v,)
        Values of leaves, over all trees.
    splits, leaves : ndarray of int, shape (k + 1,)
        Where the splits, and the leaves, of each tree begin.
    """

    feature: IntArray
    threshold: FloatArray
    left: IntArray
    right: IntArray
    value: FloatArray
    splits: IntArray
    leaves: IntArray

    @property
    def n(self) -> int:
        """Number of trees."""
        return int(self.splits.size - 1)

    @classmethod
    def of_text(cls, text: str) -> Trees:
        """Return the trees of LightGBM's text of a model with numeric splits, no missing values."""
        found: dict[str, list[Any]] = {name: [] for name in _FIELDS}
        splits, leaves = [0], [0]
        for block in text.split("\nTree=")[1:]:
            lines = dict(
                line.split("=", 1) for line in block.split("\n\n")[0].splitlines() if "=" in line
            )
            for name in _FIELDS:
                cast = float if name in ("threshold", "leaf_value") else int
                found[name] += [cast(one) for one in lines.get(name, "").split()]
            splits.append(len(found["split_feature"]))
            leaves.append(len(found["leaf_value"]))
        return cls(
            feature=np.asarray(found["split_feature"], dtype=np.int64),
            threshold=np.asarray(found["threshold"], dtype=np.float64),
            left=np.asarray(found["left_child"], dtype=np.int64),
            right=np.asarray(found["right_child"], dtype=np.int64),
            value=np.asarray(found["leaf_value"], dtype=np.float64),
            splits=np.asarray(splits, dtype=np.int64),
            leaves=np.asarray(leaves, dtype=np.int64),
        )

    @classmethod
    def constant(cls, value: float) -> Trees:
        """Return one tree of one leaf."""
        none = np.zeros(0, dtype=np.int64)
        return cls(
            feature=none, threshold=np.zeros(0), left=none, right=none, value=np.array([value]),
            splits=np.zeros(2, dtype=np.int64), leaves=np.array([0, 1], dtype=np.int64),
        )  # fmt: skip

    def first(self, count: int) -> Trees:
        """Return the sum of the first trees only."""
        s, v = self.splits[count], self.leaves[count]
        return Trees(
            feature=self.feature[:s], threshold=self.threshold[:s], left=self.left[:s],
            right=self.right[:s], value=self.value[:v], splits=self.splits[: count + 1],
            leaves=self.leaves[: count + 1],
        )  # fmt: skip

    def predict(self, X: FloatArray) -> FloatArray:
        """Return the sum for rows of columns, shape (m,)."""
        return self.predict_bins(X, np.zeros(X.shape[0]), 1)[:, 0]

    def predict_bins(self, X: FloatArray, treated: FloatArray, bins: int) -> FloatArray:
        """Return the sum for rows and bins.

        Parameters
        ----------
        X : ndarray of float, shape (m, q)
            Columns 0 to q - 1.
        treated : ndarray of float, shape (m,)
            Column q.
        bins : int
            Column q + 1 is the number of the bin, from 0.

        Returns
        -------
        ndarray of float, shape (m, bins)
            The sums.
        """
        out = np.zeros((X.shape[0], bins))
        _walk(
            np.ascontiguousarray(X, dtype=np.float64), np.asarray(treated, dtype=np.float64),
            self.feature, self.threshold, self.left, self.right, self.value, self.splits,
            self.leaves, out,
        )  # fmt: skip
        return out

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in _WHOLE + _REAL}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the trees of `arrays`."""
        whole = [np.ascontiguousarray(arrays[name], dtype=np.int64) for name in _WHOLE]
        real = [np.ascontiguousarray(arrays[name], dtype=np.float64) for name in _REAL]
        feature, left, right, splits, leaves = whole
        return cls(
            feature=feature, threshold=real[0], left=left, right=right, value=real[1],
            splits=splits, leaves=leaves,
        )  # fmt: skip


_FIELDS = ("split_feature", "threshold", "left_child", "right_child", "leaf_value")
_WHOLE, _REAL = ("feature", "left", "right", "splits", "leaves"), ("threshold", "value")


@compiled
def _walk(
    X: FloatArray,
    treated: FloatArray,
    feature: IntArray,
    threshold: FloatArray,
    left: IntArray,
    right: IntArray,
    value: FloatArray,
    splits: IntArray,
    leaves: IntArray,
    out: FloatArray,
) -> None:
    bins, q = out.shape[1], X.shape[1]
    nodes = np.empty(STACK, dtype=np.int64)
    lows = np.empty(STACK, dtype=np.int64)
    highs = np.empty(STACK, dtype=np.int64)
    for i in range(X.shape[0]):
        for tree in range(splits.size - 1):
            base, leaf = splits[tree], leaves[tree]
            nodes[0] = 0 if splits[tree + 1] > base else -1
            lows[0], highs[0], depth = 0, bins, 1
            while depth > 0:
                depth -= 1
                node, low, high = nodes[depth], lows[depth], highs[depth]
                while node >= 0:
                    at = base + node
                    j, cut = feature[at], threshold[at]
                    if j <= q:
                        x = X[i, j] if j < q else treated[i]
                        node = left[at] if x <= cut else right[at]
                        continue
                    # Bins up to `middle` go left, the others right.
                    middle = min(max(int(np.floor(cut)) + 1, low), high)
                    if middle == high:
                        node = left[at]
                    elif middle == low:
                        node = right[at]
                    else:
                        nodes[depth], lows[depth], highs[depth] = right[at], middle, high
                        depth += 1
                        node, high = left[at], middle
                add = value[leaf - 1 - node]
                for b in range(low, high):
                    out[i, b] += add
