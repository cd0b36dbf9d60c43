"""Weighted first and second moments by fold: all that least squares needs of the rows."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.survivaldata import FloatArray, IntArray

# Numbers in one block of rows: 32 MB.
BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Moments:
    """Weighted sums of rows, about a shift that is the same for all folds.

    Attributes
    ----------
    weight : float
        Sum of the weights.
    x : ndarray of float, shape (p,)
        Sums of the columns.
    y : float
        Sum of the outcome.
    xx : ndarray of float, shape (p, p)
        Sums of products of columns.
    xy : ndarray of float, shape (p,)
        Sums of products with the outcome.
    yy : float
        Sum of the squared outcome.
    """

    weight: float
    x: FloatArray
    y: float
    xx: FloatArray
    xy: FloatArray
    yy: float

    def without(self, other: Moments) -> Moments:
        """Return the moments of the rows that the other ones leave."""
        return Moments(
            weight=self.weight - other.weight,
            x=self.x - other.x,
            y=self.y - other.y,
            xx=self.xx - other.xx,
            xy=self.xy - other.xy,
            yy=self.yy - other.yy,
        )

    def centred(self) -> tuple[FloatArray, FloatArray, float]:
        """Return covariances of the columns (p, p), with the outcome (p,), and its variance."""
        mean_x, mean_y = self.x / self.weight, self.y / self.weight
        gram = self.xx / self.weight - np.outer(mean_x, mean_x)
        return gram, self.xy / self.weight - mean_x * mean_y, self.yy / self.weight - mean_y**2

    def squared_error(self, coefficients: FloatArray, intercept: FloatArray) -> FloatArray:
        """Return mean squared errors of linear predictions.

        Parameters
        ----------
        coefficients : ndarray of float, shape (m, p)
            One row per prediction.
        intercept : ndarray of float, shape (m,)
            Of the shifted columns and outcome.

        Returns
        -------
        ndarray of float, shape (m,)
            The errors.
        """
        used = np.flatnonzero((coefficients != 0.0).any(axis=0))
        B = coefficients[:, used]
        square = np.einsum("mp,mp->m", B @ self.xx[np.ix_(used, used)], B)
        cross = B @ (self.xy[used])
        linear = B @ self.x[used]
        total = (
            self.yy
            - 2.0 * cross
            + square
            + 2.0 * intercept * (linear - self.y)
            + intercept**2 * self.weight
        )
        return np.asarray(np.maximum(total, 0.0) / self.weight)


class FoldMoments:
    """Moments of each fold, added up from blocks of rows.

    Parameters
    ----------
    folds : int
        Number of folds.
    shift_x : ndarray of float, shape (p,)
        About the middle of the columns: sums about it lose no digits.
    shift_y : float
        About the middle of the outcome.
    """

    def __init__(self, folds: int, shift_x: FloatArray, shift_y: float) -> None:
        p = shift_x.size
        self.shift_x, self.shift_y = shift_x, shift_y
        self._weight, self._y, self._yy = np.zeros(folds), np.zeros(folds), np.zeros(folds)
        self._x, self._xy = np.zeros((folds, p)), np.zeros((folds, p))
        self._xx = np.zeros((folds, p, p))

    @property
    def folds(self) -> int:
        """Number of folds."""
        return int(self._weight.size)

    def add(self, X: FloatArray, y: FloatArray, weight: FloatArray, fold: IntArray) -> None:
        """Add rows.

        Parameters
        ----------
        X : ndarray of float, shape (m, p)
            Columns.
        y, weight : ndarray of float, shape (m,)
            Outcome and weights.
        fold : ndarray of int, shape (m,)
            Fold of each row.
        """
        for k in np.unique(fold).tolist():
            rows = np.flatnonzero(fold == k)
            # One copy of the rows, changed in place: blocks may be large.
            Z = X[rows]
            Z -= self.shift_x
            v = y[rows] - self.shift_y
            w = weight[rows]
            self._weight[k] += w.sum()
            self._y[k] += w @ v
            self._yy[k] += w @ (v * v)
            self._x[k] += w @ Z
            self._xy[k] += (w * v) @ Z
            Z *= np.sqrt(w)[:, None]
            self._xx[k] += Z.T @ Z

    def fold(self, k: int) -> Moments:
        """Return the moments of one fold."""
        return Moments(
            weight=float(self._weight[k]),
            x=self._x[k],
            y=float(self._y[k]),
            xx=self._xx[k],
            xy=self._xy[k],
            yy=float(self._yy[k]),
        )

    def total(self) -> Moments:
        """Return the moments of all rows."""
        return Moments(
            weight=float(self._weight.sum()),
            x=self._x.sum(axis=0),
            y=float(self._y.sum()),
            xx=self._xx.sum(axis=0),
            xy=self._xy.sum(axis=0),
            yy=float(self._yy.sum()),
        )


def fold_moments(X: FloatArray, y: FloatArray, weight: FloatArray, fold: IntArray) -> FoldMoments:
    """Return the moments of the folds of arrays.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Columns.
    y, weight : ndarray of float, shape (n,)
        Outcome and weights.
    fold : ndarray of int, shape (n,)
        Folds, from 0.

    Returns
    -------
    FoldMoments
        All rows added.
    """
    n, p = X.shape
    block = max(1, BLOCK // max(p, 1))
    out = FoldMoments(int(fold.max()) + 1, X[:block].mean(axis=0), float(y.mean()))
    for start in range(0, n, block):
        rows = slice(start, start + block)
        out.add(X[rows], y[rows], weight[rows], fold[rows])
    return out
