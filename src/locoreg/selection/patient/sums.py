"""Sums of scores over cells of persons, and what a mean over several cells needs of them."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from locoreg.core.estimate import Estimate
from locoreg.selection.assess.robustness.marginal import bound_scores
from locoreg.selection.scores.result import Scores
from locoreg.stats.survivaldata import FloatArray, IntArray

EFFECT, COMPARATOR, TREATED = range(3)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CellSums:
    """Sums of doubly robust scores over the persons of cells.

    The first axis of the arrays is effect, outcome of the comparator, outcome of the treated.

    Attributes
    ----------
    weight : ndarray of float, shape (k,)
        Sums of sampling weights.
    total : ndarray of float, shape (3, k)
        Sums of weighted scores.
    squares : ndarray of float, shape (7, k) or (7, k, k)
        Sums over persons of squared weights, of these times each score, and times each score
        squared. With clusters the sums over clusters of the products of two cells' sums: what the
        variance of a union of cells needs.
    units : int
        Clusters, or 0 where each person stands alone.
    """

    weight: FloatArray
    total: FloatArray
    squares: FloatArray
    units: int

    @classmethod
    def of(cls, scores: Scores, cell: IntArray, cells: int) -> CellSums:
        """Return the sums of scores over cells.

        Parameters
        ----------
        scores : Scores
            The persons.
        cell : ndarray of int, shape (n,)
            Cell of each person.
        cells : int
            Number of cells.

        Returns
        -------
        CellSums
            The sums.
        """
        gammas = (scores.gamma, scores.gamma0, scores.gamma1)
        return cls.of_values(gammas, scores.weight, scores.cluster, cell, cells)

    @classmethod
    def of_values(
        cls,
        gammas: tuple[FloatArray, FloatArray, FloatArray],
        weight: FloatArray,
        cluster_of: IntArray | None,
        cell: IntArray,
        cells: int,
    ) -> CellSums:
        """Return the sums of values over cells.

        Parameters
        ----------
        gammas : tuple of ndarray of float, shape (n,)
            Of the effect, of the outcome of the comparator, of the outcome of the treated.
        weight : ndarray of float, shape (n,)
            Sampling weights.
        cluster_of : ndarray of int or None
            Cluster of each person.
        cell : ndarray of int, shape (n,)
            Cell of each person.
        cells : int
            Number of cells.

        Returns
        -------
        CellSums
            The sums.
        """
        w = weight

        def add(values: FloatArray) -> FloatArray:
            return np.bincount(cell, weights=values, minlength=cells).astype(np.float64)

        total = np.stack([add(w * gamma) for gamma in gammas])
        if cluster_of is None:
            squares = [add(w**2), *(add(w**2 * g) for g in gammas)]
            squares += [add(w**2 * g**2) for g in gammas]
            units = 0
        else:
            codes, cluster = np.unique(cluster_of, return_inverse=True)
            units = int(codes.size)

            def table(values: FloatArray) -> FloatArray:
                both = np.bincount(cluster * cells + cell, values, minlength=units * cells)
                return both.reshape(units, cells).astype(np.float64)

            size = table(w)
            sums = [table(w * gamma) for gamma in gammas]
            squares = [size.T @ size, *((size.T @ s + s.T @ size) / 2.0 for s in sums)]
            squares += [s.T @ s for s in sums]
        return cls(weight=add(w), total=total, squares=np.stack(squares), units=units)

    def mean(self, what: int, cells: IntArray, count: int, level: float) -> Estimate:
        """Return the mean over a union of cells, with the interval of its influence function.

        Parameters
        ----------
        what : int
            EFFECT, COMPARATOR or TREATED.
        cells : ndarray of int
            Places of the cells.
        count : int
            Persons in them.
        level : float
            Level of the interval in percent.

        Returns
        -------
        Estimate
            As `locoreg.stats.rankweighted.weighted_mean` of the persons; with clusters all of them
            count in the correction for few clusters, also those without a person in the cells.
        """
        size = float(self.weight[cells].sum())
        mean = float(self.total[what, cells].sum()) / size
        ones, cross, square = (self._sum(row, cells) for row in (0, 1 + what, 4 + what))
        units = self.units or count
        spread = max(square - 2.0 * mean * cross + mean**2 * ones, 0.0)
        se = math.sqrt(spread * units / max(units - 1, 1)) / size
        half = float(special.ndtri(0.5 + level / 200.0)) * se
        return Estimate(
            estimate=mean, se=se, ci_low=mean - half, ci_high=mean + half, level=level,
            scale="identity",
        )  # fmt: skip

    def _sum(self, row: int, cells: IntArray) -> float:
        one = self.squares[row]
        return float(one[cells].sum() if one.ndim == 1 else one[np.ix_(cells, cells)].sum())

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {
            "weight": self.weight,
            "total": self.total,
            "squares": self.squares,
            "units": np.array([self.units]),
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> CellSums:
        """Return the sums of arrays."""
        return cls(
            weight=arrays["weight"],
            total=arrays["total"],
            squares=arrays["squares"],
            units=int(arrays["units"][0]),
        )


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class BoundSums:
    """Sums of the scores of bounds at one factor of the odds of treatment.

    Attributes
    ----------
    lower, upper : CellSums
        Effect and outcomes at the lower and at the upper bound.
    """

    lower: CellSums
    upper: CellSums

    @classmethod
    def of(
        cls, scores: Scores, factor: float | None, cell: IntArray, cells: int
    ) -> BoundSums | None:
        """Return the sums of scores of bounds over cells.

        Parameters
        ----------
        scores : Scores
            The persons.
        factor : float or None
            Factor of the odds of treatment, 1 or more.
        cell : ndarray of int, shape (n,)
            Cell of each person.
        cells : int
            Number of cells.

        Returns
        -------
        BoundSums or None
            None without a factor.
        """
        if factor is None:
            return None
        found = bound_scores(scores, factor)

        def add(gammas: tuple[FloatArray, FloatArray, FloatArray]) -> CellSums:
            return CellSums.of_values(gammas, scores.weight, scores.cluster, cell, cells)

        return cls(lower=add(found.lower), upper=add(found.upper))

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {
            f"{side}_{name}": values
            for side, sums in (("lower", self.lower), ("upper", self.upper))
            for name, values in sums.arrays().items()
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> BoundSums:
        """Return the sums of arrays."""

        def side(name: str) -> CellSums:
            start = f"{name}_"
            return CellSums.restore(
                {k.removeprefix(start): v for k, v in arrays.items() if k.startswith(start)}
            )

        return cls(lower=side("lower"), upper=side("upper"))


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class TimeSums:
    """Sums of scores of survival at one time.

    Attributes
    ----------
    months : float
        Since time zero.
    sums : CellSums
        Over the persons of cells.
    bounds : BoundSums or None
        The same of bounds for hidden confounding, where the model has them.
    """

    months: float
    sums: CellSums
    bounds: BoundSums | None = None
