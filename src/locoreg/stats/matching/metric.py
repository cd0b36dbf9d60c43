"""The Mahalanobis metric of matching, with every sum in a fixed order.

Matching breaks ties in the distance by rounding, so that a sum taken in another order, as different
builds of a linear algebra library do, pairs other persons. Here the order is written out, so that
the pairs don't depend on the machine's library. It is that of the reference BLAS and LAPACK, whose
results R gives.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.stats.matching.inputs import Design
from locoreg.stats.survivaldata import BoolArray, FloatArray

# Shares of the spread that are rounding error: in pivots, and in variances of standard units.
SINGULAR = 1e-12
NO_SPREAD = 1e-20


def coordinates(design: Design) -> FloatArray:
    """Return points whose Euclidean distance is the metric of a design.

    Parameters
    ----------
    design : Design
        What is matched.

    Returns
    -------
    ndarray of float, shape (n, q)
        The distance as one column, or transformed covariates.

    Raises
    ------
    DataError
        If covariates have no inverse covariance matrix.
    """
    if design.metric == "mahalanobis":
        assert design.covariates is not None
        kept = ~design.discarded
        return mahalanobis_coordinates(design.covariates, design.treated, kept, design.names)
    assert design.distance is not None
    return design.distance[:, None]


def mahalanobis_coordinates(
    covariates: FloatArray, treated: BoolArray, kept: BoolArray, names: tuple[str, ...]
) -> FloatArray:
    """Return coordinates in which the Euclidean distance is the Mahalanobis distance.

    The scaling matrix is the covariance matrix pooled within the arms, with n - 2 degrees of
    freedom. Covariates are standardised first, which changes nothing but the rounding.

    Parameters
    ----------
    covariates : ndarray of float, shape (n, p)
        Finite numbers.
    treated : ndarray of bool, shape (n,)
        The arms.
    kept : ndarray of bool, shape (n,)
        Rows from which the covariances are computed.
    names : tuple of str
        Names of the covariates, for messages.

    Returns
    -------
    ndarray of float, shape (n, p)
        Transformed covariates of all rows.

    Raises
    ------
    DataError
        If a covariate is constant or a linear combination of others within the arms.

    References
    ----------
    Rubin DB (1980). Biometrics 36:293-298. doi:10.2307/2529981
    """
    scaled = _standardised(covariates, names)
    within = np.column_stack([_centred(column[kept], treated[kept]) for column in scaled.T])
    spread = _covariance(within)
    rows = within.shape[0]
    if rows < 3:
        raise DataError(
            "The pooled covariance matrix needs at least three rows.", hint="give more rows."
        )
    spread = spread * (rows - 1) / (rows - 2)
    _refuse_constant(spread.diagonal(), names, " within both arms")
    root = _pivoted_cholesky(_inverse(spread, names), names)
    out = np.zeros_like(scaled)
    for j in range(root.shape[1]):
        out += scaled[:, j, None] * root[None, :, j]
    return out


def _total(values: NDArray[Any]) -> Any:
    """Sum in the order of the rows, in the longest floats that the machine has, as R does."""
    if values.size == 0:
        return np.longdouble(0.0)
    return np.add.accumulate(values, dtype=np.longdouble)[-1]


def _standardised(covariates: FloatArray, names: tuple[str, ...]) -> FloatArray:
    rows = covariates.shape[0]
    mean = np.array([float(_total(column) / rows) for column in covariates.T])
    centred = covariates - mean
    squares = [float(_total(column * column)) for column in centred.T]
    sd = np.sqrt(np.array(squares) / max(1, rows - 1))
    _refuse_constant(sd / (np.abs(covariates).max(axis=0) + np.finfo(float).tiny), names, "")
    return np.asarray(centred / sd)


def _refuse_constant(spread: FloatArray, names: tuple[str, ...], where: str) -> None:
    constant = [name for name, size in zip(names, spread, strict=True) if not size > NO_SPREAD]
    if constant:
        raise DataError(
            f"Covariate {', '.join(constant)} is constant{where}.",
            hint="leave it out: it can't tell persons apart.",
        )


def _centred(values: FloatArray, treated: BoolArray) -> FloatArray:
    out = values.copy()
    for arm in (False, True):
        members = treated == arm
        if members.any():
            out[members] -= float(_total(values[members]) / members.sum())
    return out


def _covariance(values: FloatArray) -> FloatArray:
    rows, p = values.shape
    centred = np.empty((rows, p), dtype=np.longdouble)
    for j in range(p):
        mean = _total(values[:, j]) / rows
        mean += _total(values[:, j] - mean) / rows
        centred[:, j] = values[:, j] - np.longdouble(float(mean))
    out = np.empty((p, p))
    for i in range(p):
        for j in range(i + 1):
            out[i, j] = out[j, i] = float(_total(centred[:, i] * centred[:, j]) / max(1, rows - 1))
    return out


def _inverse(matrix: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Invert by Gaussian elimination with row pivots."""
    p = matrix.shape[0]
    lu, right = matrix.copy(), np.eye(p)
    for k in range(p):
        pivot = k + int(np.argmax(np.abs(lu[k:, k])))
        if not abs(lu[pivot, k]) > SINGULAR * np.abs(matrix.diagonal()).max():
            raise DataError(
                f"Covariate {names[k]} is a linear combination of {', '.join(names[:k])} "
                "within the arms.",
                hint="leave it out: the others hold what it says.",
            )
        for rows in (lu, right):
            rows[[k, pivot]] = rows[[pivot, k]]
        lu[k + 1 :, k] *= 1.0 / lu[k, k]
        lu[k + 1 :, k + 1 :] -= lu[k + 1 :, k, None] * lu[None, k, k + 1 :]
    for k in range(p):
        right[k + 1 :] -= lu[k + 1 :, k, None] * right[None, k]
    for k in range(p - 1, -1, -1):
        right[k] /= lu[k, k]
        right[:k] -= lu[:k, k, None] * right[None, k]
    return right


def _pivoted_cholesky(matrix: FloatArray, names: tuple[str, ...]) -> FloatArray:
    """Return R with R'R the matrix, its columns in the order of the covariates."""
    p = matrix.shape[0]
    a = np.triu(matrix)
    order = np.arange(p)
    used = np.zeros(p)
    for j in range(p):
        if j > 0:
            used[j:] += a[j - 1, j:] ** 2
        left = a.diagonal()[j:] - used[j:]
        pivot = j + int(np.argmax(left))
        size = float(left[pivot - j])
        if not size > 0.0:
            raise DataError(
                f"The covariance matrix of {', '.join(names)} can't be inverted.",
                hint="leave out covariates that others determine nearly.",
            )
        if pivot != j:
            _swap(a, j, pivot)
            used[[j, pivot]] = used[[pivot, j]]
            order[[j, pivot]] = order[[pivot, j]]
        a[j, j] = root = np.sqrt(size)
        dot = np.zeros(p - j - 1)
        for i in range(j):
            dot += a[i, j + 1 :] * a[i, j]
        a[j, j + 1 :] = (a[j, j + 1 :] - dot) * (1.0 / root)
    out = np.empty_like(a)
    out[:, order] = a
    return out


def _swap(a: FloatArray, j: int, pivot: int) -> None:
    """Exchange two rows and columns of a symmetric matrix held in its upper triangle."""
    a[pivot, pivot] = a[j, j]
    a[:j, [j, pivot]] = a[:j, [pivot, j]]
    right = a[j, pivot + 1 :].copy()
    a[j, pivot + 1 :] = a[pivot, pivot + 1 :]
    a[pivot, pivot + 1 :] = right
    between = a[j, j + 1 : pivot].copy()
    a[j, j + 1 : pivot] = a[j + 1 : pivot, pivot]
    a[j + 1 : pivot, pivot] = between
