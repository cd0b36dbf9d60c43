"""Average effects and outcomes of persons like a patient, from sums of scores over cells."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy import special

from locoreg.core.estimate import Estimate
from locoreg.selection.patient.cells import Cells
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
        w = scores.weight
        gammas = (scores.gamma, scores.gamma0, scores.gamma1)

        def add(values: FloatArray) -> FloatArray:
            return np.bincount(cell, weights=values, minlength=cells).astype(np.float64)

        total = np.stack([add(w * gamma) for gamma in gammas])
        if scores.cluster is None:
            squares = [add(w**2), *(add(w**2 * g) for g in gammas)]
            squares += [add(w**2 * g**2) for g in gammas]
            units = 0
        else:
            codes, cluster = np.unique(scores.cluster, return_inverse=True)
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
class TimeSums:
    """Sums of scores of survival at one time.

    Attributes
    ----------
    months : float
        Since time zero.
    sums : CellSums
        Over the persons of cells.
    """

    months: float
    sums: CellSums


@dataclass(frozen=True, slots=True, kw_only=True)
class GroupMeans:
    """Average effect and outcomes of a group of persons.

    Attributes
    ----------
    effect, comparator_mean, treated_mean : Estimate
        Means of doubly robust scores: of the effect, and of the outcome under each option.
    """

    effect: Estimate
    comparator_mean: Estimate
    treated_mean: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the means as JSON-ready values."""
        return {
            "effect": self.effect.to_dict(),
            "comparator_mean": self.comparator_mean.to_dict(),
            "treated_mean": self.treated_mean.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalMeans:
    """Survival of a group at one time.

    Attributes
    ----------
    months : float
        Since time zero.
    means : GroupMeans
        Of being free of the event then.
    """

    months: float
    means: GroupMeans

    def to_dict(self) -> dict[str, Any]:
        """Return the means as JSON-ready values."""
        return {"months": self.months, **self.means.to_dict()}


@dataclass(frozen=True, slots=True, kw_only=True)
class Neighbourhood:
    """The persons most like a patient.

    Attributes
    ----------
    n, treated, comparator : int
        How many they are, with and without treatment.
    means : GroupMeans
        Of the question's outcome.
    times : tuple of SurvivalMeans
        Of being free of the event at each time that the model has; the horizon is the last.
    """

    n: int
    treated: int
    comparator: int
    means: GroupMeans
    times: tuple[SurvivalMeans, ...]

    @property
    def survival(self) -> GroupMeans | None:
        """Means of being free of the event at the horizon, where the model has it."""
        return self.times[-1].means if self.times else None

    def to_dict(self) -> dict[str, Any]:
        """Return the neighbourhood as JSON-ready values."""
        return {
            "n": self.n,
            "treated": self.treated,
            "comparator": self.comparator,
            "means": self.means.to_dict(),
            "survival": None if self.survival is None else self.survival.to_dict(),
            "times": [one.to_dict() for one in self.times],
        }


def neighbourhood(
    cells: Cells, place: IntArray, sums: CellSums, times: tuple[TimeSums, ...], *, level: float
) -> Neighbourhood:
    """Return effect and outcomes of the persons in some cells.

    Parameters
    ----------
    cells : Cells
        The groups.
    place : ndarray of int
        Which of them, from `Cells.like`.
    sums : CellSums
        Sums of the question's scores.
    times : tuple of TimeSums
        Sums of the scores of survival, by time.
    level : float
        Level of intervals in percent.

    Returns
    -------
    Neighbourhood
        With intervals of the group, not of the patient.
    """
    by_option = cells.count[:, place].sum(axis=1)
    n = int(by_option.sum())

    def means(one: CellSums) -> GroupMeans:
        return GroupMeans(
            effect=one.mean(EFFECT, place, n, level),
            comparator_mean=one.mean(COMPARATOR, place, n, level),
            treated_mean=one.mean(TREATED, place, n, level),
        )

    return Neighbourhood(
        n=n,
        treated=int(by_option[1]),
        comparator=int(by_option[0]),
        means=means(sums),
        times=tuple(SurvivalMeans(months=one.months, means=means(one.sums)) for one in times),
    )
