"""Persons in groups that tell of none of them: what a model file holds in place of its data.

A file that goes to another hospital must hold no patient. Neighbourhoods are therefore made of
cells: persons alike in their covariates, at least 50 of them, at least 20 with and without
treatment, grown without outcomes or scores. Of each cell there are counts, and means and spreads of
the columns by option. From these the mean squared distance of a new patient to the members of a
cell follows exactly, so that cells can be ranked by it as neighbours would be.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.selection.patient.distance import are_flags, column_spreads
from locoreg.selection.patient.limits import (
    FARTHEST_SHARE,
    LEAST_IN_CELL,
    LEAST_OF_OPTION,
    LEAST_SHOWN,
    LEAST_SIMILAR,
    MOST_FOR_LIMIT,
    MOST_SIMILAR,
    SHARE_SIMILAR,
)
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Means and spreads are held to a twentieth of a column's spread: no sum can be taken apart.
PARTS = 20.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Cells:
    """Groups of persons; the first axis of arrays by option is comparator, treated.

    Attributes
    ----------
    spread : ndarray of float, shape (p,)
        The difference that counts as one in each column.
    importance : ndarray of float, shape (p,)
        How much each column counts for being alike.
    count : ndarray of int, shape (2, k)
        Persons by option.
    mean, variance : ndarray of float, shape (2, k, p)
        Of the columns, in their own units, rounded; shares of levels in steps of 10 persons.
    farthest : ndarray of float, shape (2,)
        Distances to the persons with an option beyond which a patient is unlike all of them.
    """

    spread: FloatArray
    importance: FloatArray
    count: IntArray
    mean: FloatArray
    variance: FloatArray
    farthest: FloatArray

    @property
    def size(self) -> IntArray:
        """Persons in each cell, shape (k,)."""
        return np.asarray(self.count.sum(axis=0))

    def distances(self, X: FloatArray) -> FloatArray:
        """Return the root mean squared distance to the members of cells, shape (2, m, k).

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            Persons. All columns count.

        Returns
        -------
        ndarray of float, shape (2, m, k)
            By option, person and cell.
        """
        return np.asarray(np.sqrt(self._squared(X, np.ones(self.spread.size))))

    def like(self, x: FloatArray) -> IntArray:
        """Return the cells most like a patient that hold enough persons, nearest first.

        Parameters
        ----------
        x : ndarray of float, shape (p,)
            Columns of the patient.

        Returns
        -------
        ndarray of int
            Places of cells, together at least 100 persons and a twentieth of all (but no more
            than 2,500 are asked for).
        """
        squared = self._squared(x[None, :], self.importance)[:, 0]
        pooled = (squared * self.count).sum(axis=0) / self.size
        order = np.argsort(pooled, kind="stable")
        reached = np.cumsum(self.size[order])
        wanted = max(LEAST_SIMILAR, min(SHARE_SIMILAR * reached[-1], MOST_SIMILAR))
        return np.asarray(order[: int(np.searchsorted(reached, wanted)) + 1])

    def _squared(self, X: FloatArray, importance: FloatArray) -> FloatArray:
        """Return mean squared distances, shape (2, m, k)."""
        factor = importance / self.spread**2
        # Centred on the first cell, so that large values of a column don't cancel.
        origin = self.mean[0, 0]
        Z, centre = X - origin, self.mean - origin
        own = (Z**2 @ factor)[None, :, None]
        cross = np.stack([Z @ (centre[arm] * factor).T for arm in (0, 1)])
        spread = (centre**2 + self.variance) @ factor
        return np.asarray(np.maximum(own - 2.0 * cross + spread[:, None, :], 0.0))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {name: getattr(self, name) for name in _ARRAYS}

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Cells:
        """Return the cells of arrays."""
        return cls(**{name: arrays[name] for name in _ARRAYS})


_ARRAYS = ("spread", "importance", "count", "mean", "variance", "farthest")


def grow_cells(
    X: FloatArray, treated: BoolArray, scale: FloatArray, *, most: int
) -> tuple[IntArray, int]:
    """Part persons into cells: halves at the median of the column that spreads most.

    Outcomes play no part, so that the mean of scores in a cell is that of a group fixed before.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        The persons.
    treated : ndarray of bool, shape (n,)
        Who was treated.
    scale : ndarray of float, shape (p,)
        Factor of squared differences; columns of factor 0 are not parted.
    most : int
        About the most cells.

    Returns
    -------
    cell : ndarray of int, shape (n,)
        Cell of each person, from 0.
    cells : int
        Number of cells.

    Raises
    ------
    DesignError
        If all persons together are too few for one cell.
    """
    least = max(LEAST_IN_CELL, -(-X.shape[0] // most))
    whole = np.arange(X.shape[0])
    if not _enough(treated, whole, LEAST_IN_CELL):
        raise DesignError(
            f"{X.shape[0]} persons, {int(treated.sum())} of them treated, are too few for numbers "
            f"for one patient.",
            hint=f"{LEAST_IN_CELL} are needed, {LEAST_OF_OPTION} with and without treatment each.",
        )
    cell = np.zeros(X.shape[0], dtype=np.int64)
    waiting, found = [whole], 0
    while waiting:
        rows = waiting.pop()
        halves = _halve(X, treated, scale, rows, least)
        if halves is None:
            cell[rows] = found
            found += 1
        else:
            waiting += [halves[1], halves[0]]
    return cell, found


def _enough(treated: BoolArray, rows: IntArray, least: int) -> bool:
    some = int(treated[rows].sum())
    return rows.size >= least and min(some, rows.size - some) >= LEAST_OF_OPTION


def _halve(
    X: FloatArray, treated: BoolArray, scale: FloatArray, rows: IntArray, least: int
) -> tuple[IntArray, IntArray] | None:
    if rows.size < 2 * least:
        return None
    own = X[rows]
    size = own.var(axis=0) * scale
    for j in np.argsort(-size, kind="stable").tolist():
        if size[j] <= 0.0:
            return None
        middle = np.median(own[:, j])
        low = own[:, j] <= middle
        if low.all():
            low = own[:, j] < middle
        left, right = rows[low], rows[~low]
        if _enough(treated, left, least) and _enough(treated, right, least):
            return left, right
    return None


def make_cells(scores: Scores, importance: FloatArray, *, most: int) -> tuple[Cells, IntArray]:
    """Return the cells of persons, and the cell of each.

    Parameters
    ----------
    scores : Scores
        The persons; of the scores nothing is used.
    importance : ndarray of float, shape (p,)
        How much each column counts for being alike.
    most : int
        About the most cells.

    Returns
    -------
    cells : Cells
        The groups.
    cell : ndarray of int, shape (n,)
        Cell of each person.
    """
    X, treated = scores.X, scores.data.treated
    spread = column_spreads(scores.coding, X)
    cell, k = grow_cells(X, treated, importance / spread**2, most=most)
    flags = are_flags(X)
    count = np.stack([np.bincount(cell[treated == arm], minlength=k) for arm in (False, True)])
    mean, variance = np.empty((2, k, X.shape[1])), np.empty((2, k, X.shape[1]))
    for arm in (0, 1):
        own = treated == bool(arm)
        for j in range(X.shape[1]):
            mean[arm, :, j], variance[arm, :, j] = _moments(
                X[own, j], cell[own], count[arm], float(spread[j]), bool(flags[j])
            )
    made = Cells(
        spread=spread,
        importance=importance,
        count=count.astype(np.int64),
        mean=mean,
        variance=variance,
        farthest=np.zeros(2),
    )
    made.farthest[:] = _farthest(made, scores, cell)
    return made, cell


def _moments(
    x: FloatArray, cell: IntArray, count: IntArray, spread: float, flag: bool
) -> tuple[FloatArray, FloatArray]:
    total = np.bincount(cell, weights=x, minlength=count.size)
    if flag:
        share = np.minimum(np.round(total / LEAST_SHOWN) * LEAST_SHOWN / count, 1.0)
        return share, share * (1.0 - share)
    mean = total / count
    variance = np.bincount(cell, weights=(x - mean[cell]) ** 2, minlength=count.size) / count
    step = spread / PARTS
    return np.round(mean / step) * step, (np.round(np.sqrt(variance) / step) * step) ** 2


def _farthest(cells: Cells, scores: Scores, cell: IntArray) -> FloatArray:
    """Return the limits of distance: persons against the others with their own option."""
    out = np.empty(2)
    by_name = np.argsort(np.asarray(scores.data.person_id), kind="stable")
    for arm in (0, 1):
        rows = by_name[scores.data.treated[by_name] == bool(arm)]
        rows = rows[:: -(-rows.size // MOST_FOR_LIMIT)]
        nearest = np.empty(rows.size)
        for begin in range(0, rows.size, 2000):
            part = rows[begin : begin + 2000]
            distance = cells.distances(scores.X[part])[arm]
            # A person is no neighbour of itself.
            members = cells.count[arm][cell[part]]
            distance[np.arange(part.size), cell[part]] *= np.sqrt(members / (members - 1.0))
            nearest[begin : begin + 2000] = distance.min(axis=1)
        left_out = max(int(FARTHEST_SHARE * rows.size), LEAST_SHOWN)
        out[arm] = np.sort(nearest)[-left_out]
    return out
