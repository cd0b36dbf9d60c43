"""Factors of the weights: what a table of hazards gives each row of an arm."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from locoreg.emulation.clones.hazards import HazardTable
from locoreg.emulation.products import cross_product
from locoreg.stats.jit import compiled
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray


class Factor(Protocol):
    """Part of the weights of both arms, with the model that it comes from."""

    def fit(self, weights: FloatArray) -> FloatArray:
        """Return parameters under each weighting of the persons, shape (b, q); NaN if none."""
        ...

    def prepare(self, parameters: FloatArray) -> FloatArray:
        """Return what the rows' weights are made of, once for both arms."""
        ...

    def add_log_weight(self, prepared: FloatArray, arm: int, out: FloatArray) -> None:
        """Add the logarithms of the rows' weights in an arm."""
        ...

    def project(self, prepared: FloatArray, arm: int, influence: FloatArray) -> FloatArray:
        """Return sums over rows of influence times d log weight / d parameter, shape (q, g)."""
        ...

    def influence(self) -> FloatArray | None:
        """Return each person's influence on the parameters, shape (n, q); None without formula."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Places:
    """Where the rows of an arm stand in a table of hazards.

    Attributes
    ----------
    cell : ndarray of int, shape (r,)
        Cell of the row; -1 where its weight is 1.
    share : ndarray of float, shape (r,)
        Share of the cell's interval that has gone by.
    began : ndarray of bool, shape (r,)
        Whether the event of the cell has happened to the row.
    asked : ndarray of float, shape (a,)
        Probability of the event that the strategy asks for in each interval; NaN where it leaves
        what happens as it is.
    """

    cell: IntArray
    share: FloatArray
    began: BoolArray
    asked: FloatArray


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class HazardFactor:
    """Weights from discrete hazards p, where a strategy asks for probabilities q.

    A row without the event weighs the product of (1 - q) / (1 - p) over the intervals before its
    own, times (1 - q s) / (1 - p s) with the share s of its own interval that has gone by; a row
    with the event q / p of the event's interval instead.

    Attributes
    ----------
    table : HazardTable
        The hazards.
    places : tuple of Places or None, comparator then treated
        None for an arm without this factor.
    """

    table: HazardTable
    places: tuple[Places | None, Places | None]

    def fit(self, weights: FloatArray) -> FloatArray:
        """Return coefficients under each weighting of the persons."""
        return self.table.fit(weights)

    def prepare(self, parameters: FloatArray) -> FloatArray:
        """Return the probability in each cell."""
        return self.table.probability(parameters)

    def add_log_weight(self, prepared: FloatArray, arm: int, out: FloatArray) -> None:
        """Add the logarithms of the rows' weights in an arm."""
        at = self.places[arm]
        if at is not None:
            before = np.empty(prepared.size)
            _earlier(prepared, self.table.interval, at.asked, before)
            _add(prepared, before, self.table.interval, at.asked, at.cell, at.share, at.began, out)

    def project(self, prepared: FloatArray, arm: int, influence: FloatArray) -> FloatArray:
        """Return sums over rows of influence times d log weight / d coefficient."""
        at = self.places[arm]
        q = self.table.X.shape[1]
        if at is None:
            return np.zeros((q, influence.shape[1]))
        change = np.zeros((prepared.size, influence.shape[1]))
        _slopes(
            prepared,
            self.table.interval,
            at.asked,
            at.cell,
            at.share,
            at.began,
            np.ascontiguousarray(influence),
            change,
        )
        return cross_product(self.table.X, change)

    def influence(self) -> FloatArray | None:
        """Return each person's influence on the coefficients."""
        return self.table.influence()


@compiled
def _earlier(p: FloatArray, interval: IntArray, asked: FloatArray, out: FloatArray) -> None:
    """Fill out with the log weight that each cell has from the person's earlier ones."""
    total = 0.0
    for c in range(p.size):
        if interval[c] == 0:
            total = 0.0
        out[c] = total
        q = asked[interval[c]]
        if not np.isnan(q):
            total += np.log1p(-q) - np.log1p(-p[c])


@compiled
def _add(
    p: FloatArray,
    before: FloatArray,
    interval: IntArray,
    asked: FloatArray,
    cell: IntArray,
    share: FloatArray,
    began: BoolArray,
    out: FloatArray,
) -> None:
    for r in range(cell.size):
        c = cell[r]
        if c < 0:
            continue
        out[r] += before[c]
        q = asked[interval[c]]
        if not np.isnan(q):
            if began[r]:
                out[r] += np.log(q / p[c])
            elif share[r] > 0.0:
                out[r] += np.log((1.0 - q * share[r]) / (1.0 - p[c] * share[r]))


@compiled
def _slopes(
    p: FloatArray,
    interval: IntArray,
    asked: FloatArray,
    cell: IntArray,
    share: FloatArray,
    began: BoolArray,
    influence: FloatArray,
    change: FloatArray,
) -> None:
    """Add influence times the derivative of log weights by the log odds of each cell."""
    g = influence.shape[1]
    later = np.zeros((p.size, g))
    for r in range(cell.size):
        c = cell[r]
        if c < 0:
            continue
        slope = 0.0
        if not np.isnan(asked[interval[c]]):
            if began[r]:
                slope = -(1.0 - p[c])
            else:
                slope = share[r] * p[c] * (1.0 - p[c]) / (1.0 - p[c] * share[r])
        for k in range(g):
            later[c, k] += influence[r, k]
            change[c, k] += slope * influence[r, k]
    for c in range(p.size - 2, -1, -1):
        if interval[c + 1] > 0:
            passes = 0.0 if np.isnan(asked[interval[c]]) else p[c]
            for k in range(g):
                change[c, k] += passes * later[c + 1, k]
                later[c, k] += later[c + 1, k]
