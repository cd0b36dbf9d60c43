"""Small linear algebra of the panel: fills, standards, independent columns, residuals."""

from __future__ import annotations

import numpy as np
from scipy import linalg

from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# A standard deviation below this share of the mean, or of 1, is that of a constant.
CONSTANT = 1e-8


def filled(values: FloatArray) -> FloatArray:
    """Return values with NaN replaced by the median of the column, shape (m, p).

    A column without any known value becomes 0.
    """
    unknown = np.isnan(values)
    if not unknown.any():
        return values
    out = values.copy()
    for j in np.flatnonzero(unknown.any(axis=0)).tolist():
        known = out[~unknown[:, j], j]
        out[unknown[:, j], j] = np.median(known) if known.size else 0.0
    return out


def within_groups(values: FloatArray, group: IntArray, weight: FloatArray) -> FloatArray:
    """Return values less the weighted mean of their group: a fixed effect of the group."""
    out = values.copy()
    for code in np.unique(group).tolist():
        rows = np.flatnonzero(group == code)
        out[rows] -= weight[rows] @ out[rows] / weight[rows].sum()
    return out


def standard(values: FloatArray, weight: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return columns of weighted mean 0 and deviation 1, means, and deviations (0: constant)."""
    w = weight / weight.sum()
    mean = w @ values
    centred = values - mean
    sd = np.sqrt(w @ centred**2)
    sd = np.where(sd > CONSTANT * np.maximum(np.abs(mean), 1.0), sd, 0.0)
    centred /= np.where(sd > 0.0, sd, 1.0)
    return centred, np.asarray(mean), sd


def independent(columns: FloatArray, weight: FloatArray) -> IntArray:
    """Return places of columns that, with a constant, are linearly independent, ascending.

    Of columns that explain each other the first are kept.
    """
    w = weight / weight.sum()
    kept: list[int] = []
    basis = np.empty((columns.shape[0], 0))
    root = np.sqrt(w)
    for j in range(columns.shape[1]):
        column = (columns[:, j] - w @ columns[:, j]) * root
        size = float(np.sqrt(column @ column))
        rest = column - basis @ (basis.T @ column)
        rest = rest - basis @ (basis.T @ rest)
        length = float(np.sqrt(rest @ rest))
        if size > 0.0 and length > 1e-6 * size:
            kept.append(j)
            basis = np.column_stack([basis, rest / length])
    return np.asarray(kept, dtype=np.int64)


class Adjustment:
    """Weighted least-squares residuals on a constant and some columns.

    Parameters
    ----------
    columns : ndarray of float, shape (m, q)
        What is adjusted for; repeats are left out.
    weight : ndarray of float, shape (m,)
        Weights, positive.
    """

    def __init__(self, columns: FloatArray, weight: FloatArray) -> None:
        kept = independent(columns, weight)
        self.root = np.sqrt(weight)
        design = np.column_stack([np.ones(weight.size), columns[:, kept]])
        self.basis = linalg.qr(design * self.root[:, None], mode="economic")[0]

    @property
    def rank(self) -> int:
        """Number of columns adjusted for, with the constant."""
        return int(self.basis.shape[1])

    @property
    def leverage(self) -> FloatArray:
        """Leverage of each row, shape (m,)."""
        return np.asarray((self.basis**2).sum(axis=1))

    def residual(self, values: FloatArray) -> FloatArray:
        """Return residuals of values, shape (m,) or (m, p), times the root of the weight."""
        scaled = (values.T * self.root).T
        return np.asarray(scaled - self.basis @ (self.basis.T @ scaled))


def dummies(group: IntArray) -> FloatArray:
    """Return 0/1 columns of all groups but the first, shape (m, groups - 1)."""
    codes = np.unique(group)
    return np.asarray(group[:, None] == codes[None, 1:], dtype=np.float64)


def renumbered(fold: IntArray, rows: BoolArray) -> IntArray:
    """Return the folds of some rows, numbered from 0 without gaps."""
    return np.asarray(np.unique(fold[rows], return_inverse=True)[1], dtype=np.int64)
