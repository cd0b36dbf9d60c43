"""Columns of the smooth models: splines of numbers, standardised."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.stats.naturalspline import natural_spline, spline_knots
from locoreg.stats.survivaldata import FloatArray, IntArray

# Numbers with fewer distinct values enter linearly.
LEAST_DISTINCT = 10
# With more columns than this all enter linearly, and with more than MOST_COLUMNS only those that
# go with what is modelled: the smooth model is the stable one of two, not the rich one.
MOST_SPLINES = 40
MOST_COLUMNS = 100
# Knots of more persons move in the third digit only.
KNOT_PERSONS = 20_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SplineBasis:
    """Columns of a smooth model.

    Attributes
    ----------
    used : ndarray of int, shape (u,)
        Columns of X that enter.
    knots : tuple of ndarray
        Knots of each; empty where it enters linearly.
    centre, scale : ndarray of float, shape (k,)
        Mean and standard deviation of each column of the basis; the first u are the columns of X
        themselves.
    """

    used: IntArray
    knots: tuple[FloatArray, ...]
    centre: FloatArray
    scale: FloatArray

    @classmethod
    def of(cls, X: FloatArray, weight: FloatArray, target: FloatArray) -> SplineBasis:
        """Return the basis for persons.

        Parameters
        ----------
        X : ndarray of float, shape (n, p)
            Covariates.
        weight : ndarray of float, shape (n,)
            Weights.
        target : ndarray of float, shape (n,)
            What is modelled; used only to choose among more than MOST_COLUMNS columns.

        Returns
        -------
        SplineBasis
            Knots, means and spreads of these persons.
        """
        used = np.flatnonzero(X.max(axis=0) > X.min(axis=0))
        if used.size > MOST_COLUMNS:
            used = _screen(X, weight, target, used)
        some = X[:: max(1, X.shape[0] // KNOT_PERSONS)]
        splines = used.size <= MOST_SPLINES
        knots = tuple(_knots(some[:, j]) if splines else np.zeros(0) for j in used)
        raw = _raw(X, used, knots)
        share = weight / weight.sum()
        centre = share @ raw
        spread = np.sqrt(np.maximum(share @ raw**2 - centre**2, 0.0))
        return cls(
            used=np.asarray(used, dtype=np.int64),
            knots=knots,
            centre=centre,
            scale=np.where(spread > 1e-12, spread, 1.0),
        )

    def columns(self, X: FloatArray) -> FloatArray:
        """Return the columns of the basis, shape (m, k)."""
        return np.asarray((_raw(X, self.used, self.knots) - self.centre) / self.scale)

    def arrays(self) -> dict[str, NDArray[Any]]:
        """Return the arrays by name."""
        return {
            "used": self.used,
            "knots": np.concatenate([*self.knots, np.zeros(0)]),
            "knot_counts": np.array([k.size for k in self.knots], dtype=np.int64),
            "centre": self.centre,
            "scale": self.scale,
        }

    @classmethod
    def restore(cls, arrays: Mapping[str, NDArray[Any]]) -> Self:
        """Return the basis of `arrays`."""
        ends = np.cumsum(arrays["knot_counts"])
        return cls(
            used=np.asarray(arrays["used"], dtype=np.int64),
            knots=tuple(np.split(np.asarray(arrays["knots"], dtype=np.float64), ends))[:-1],
            centre=np.asarray(arrays["centre"], dtype=np.float64),
            scale=np.asarray(arrays["scale"], dtype=np.float64),
        )


def _screen(X: FloatArray, weight: FloatArray, target: FloatArray, used: IntArray) -> IntArray:
    """Return the columns that correlate most with the target."""
    share = weight / weight.sum()
    Z = X[:, used]
    Z = Z - share @ Z
    y = target - share @ target
    spread = np.sqrt(np.maximum(share @ Z**2, 1e-300))
    size = np.abs((share * y) @ Z) / spread
    return np.sort(used[np.argsort(-size, kind="stable")[:MOST_COLUMNS]])


def _knots(x: FloatArray) -> FloatArray:
    if np.unique(x).size < LEAST_DISTINCT:
        return np.zeros(0)
    for df in (3, 2):
        try:
            return spline_knots(x, df)
        except DesignError:  # knots coincide: fewer of them, or none
            continue
    return np.zeros(0)


def _raw(X: FloatArray, used: IntArray, knots: tuple[FloatArray, ...]) -> FloatArray:
    curved = [natural_spline(X[:, j], k)[:, 1:] for j, k in zip(used, knots, strict=True) if k.size]
    return np.column_stack([X[:, used], *curved]) if curved else X[:, used]
