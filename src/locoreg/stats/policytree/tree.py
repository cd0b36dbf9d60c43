"""A binary decision tree of few splits that says whom to treat."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.policytree.bins import Bins
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


@dataclass(frozen=True, slots=True, kw_only=True)
class TreeNode:
    """A split or a leaf.

    Attributes
    ----------
    column : int or None
        The column that is split; None for a leaf.
    cut : float
        Values at or below it go to `low`, others to `high`.
    low, high : int
        Places of the two next nodes.
    leaf : int or None
        Number of the leaf, from 1; None for a split.
    treats : bool
        Whether a leaf is treated.
    """

    column: int | None = None
    cut: float = 0.0
    low: int = 0
    high: int = 0
    leaf: int | None = None
    treats: bool = False


# A tree while it is put together: True or False for a leaf, or (column, cut number, low, high).
Sketch = Any


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyTree:
    """A decision tree.

    Attributes
    ----------
    nodes : tuple of TreeNode
        The root first; a node stands before those below it.
    """

    nodes: tuple[TreeNode, ...]

    @property
    def leaves(self) -> int:
        """Number of leaves."""
        return sum(node.leaf is not None for node in self.nodes)

    @property
    def columns(self) -> tuple[int, ...]:
        """Columns that are split, each once, the root's first."""
        return tuple(dict.fromkeys(n.column for n in self.nodes if n.column is not None))

    def leaf_of(self, X: FloatArray) -> IntArray:
        """Return the number of the leaf of each person, shape (n,), from columns (n, p)."""
        out = np.empty(X.shape[0], dtype=np.int64)
        rows = {0: np.arange(X.shape[0])}
        for place, node in enumerate(self.nodes):
            own = rows.pop(place)
            if node.column is None:
                out[own] = node.leaf or 0
                continue
            low = X[own, node.column] <= node.cut
            rows[node.low], rows[node.high] = own[low], own[~low]
        return out

    def treats(self, X: FloatArray) -> BoolArray:
        """Return whom the tree treats, shape (n,), from columns (n, p)."""
        choice = np.zeros(self.leaves + 1, dtype=np.bool_)
        for node in self.nodes:
            if node.leaf is not None:
                choice[node.leaf] = node.treats
        return np.asarray(choice[self.leaf_of(X)])


def treats_codes(sketch: Sketch, codes: NDArray[np.uint8]) -> BoolArray:
    """Return whom a sketch treats, shape (n,), from bins (p, n)."""
    if isinstance(sketch, bool):
        return np.full(codes.shape[1], sketch)
    column, cut, low, high = sketch
    below = codes[column] <= cut
    sides = [side if isinstance(side, bool) else treats_codes(side, codes) for side in (low, high)]
    return np.asarray(np.where(below, *sides))


def finished(sketch: Sketch, bins: Bins) -> PolicyTree:
    """Return the tree of a sketch."""
    nodes: list[TreeNode] = []
    numbers = itertools.count(1)

    def put(part: Sketch) -> int:
        place = len(nodes)
        if isinstance(part, bool):
            nodes.append(TreeNode(leaf=next(numbers), treats=part))
            return place
        column, cut, low, high = part
        nodes.append(TreeNode())
        below, above = put(low), put(high)
        nodes[place] = TreeNode(
            column=int(column), cut=float(bins.cuts[column][cut]), low=below, high=above
        )
        return place

    put(sketch)
    return PolicyTree(nodes=tuple(nodes))


def is_monotone(tree: PolicyTree, monotone: Sequence[int]) -> bool:
    """Return whether decisions move one way only along some columns, all others fixed.

    Every combination of intervals between the cuts of the tree is looked at.

    Parameters
    ----------
    tree : PolicyTree
        The tree.
    monotone : sequence of int
        Direction of each column, as in `TreeLimits`.

    Returns
    -------
    bool
        True where no combination breaks a direction.
    """
    columns = tree.columns
    if not columns:
        return True
    axes = []
    for column in columns:
        cuts = sorted({node.cut for node in tree.nodes if node.column == column})
        axes.append([*cuts, np.nextafter(cuts[-1], np.inf)])
    grid = np.stack(np.meshgrid(*axes, indexing="ij"), axis=-1)
    X = np.zeros((grid[..., 0].size, max(columns) + 1))
    X[:, columns] = grid.reshape(-1, len(columns))
    decisions = tree.treats(X).reshape(grid.shape[:-1]).astype(int)
    return all(
        not monotone[column] or bool((monotone[column] * np.diff(decisions, axis=axis) >= 0).all())
        for axis, column in enumerate(columns)
    )
