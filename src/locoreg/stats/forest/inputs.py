"""Checks of what a forest is grown on and predicts for."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.survivaldata import FloatArray, IntArray, named_rows, numbers

MOST_COLUMNS = 65_535


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Inputs:
    """Checked persons.

    Attributes
    ----------
    X : ndarray of float, shape (n, p)
        The columns.
    treatment, outcome, weight : ndarray of float, shape (n,)
        Residuals and sampling weights.
    unit : ndarray of int, shape (n,)
        Code of the person, or of the person's cluster.
    units : int
        How many codes there are.
    """

    X: FloatArray
    treatment: FloatArray
    outcome: FloatArray
    weight: FloatArray
    unit: IntArray
    units: int


def check_inputs(
    X: ArrayLike,
    treatment: ArrayLike,
    outcome: ArrayLike,
    weight: ArrayLike | None,
    cluster: ArrayLike | None,
) -> Inputs:
    """Return checked persons.

    Parameters
    ----------
    X, treatment, outcome, weight, cluster
        As for `grow_forest`.

    Returns
    -------
    Inputs
        Contiguous arrays.

    Raises
    ------
    DataError
        If arrays don't fit together or a value can't be used; rows are named, counted from 1.
    """
    columns = check_columns(X, None)
    n = columns.shape[0]
    a = _values("treatment", treatment, n)
    if not (a != 0.0).any():
        raise DataError("treatment is 0 in every row: there is no effect to find.")
    w = np.ones(n) if weight is None else _values("weight", weight, n)
    if (w <= 0.0).any():
        raise DataError(
            f"weight is not positive in {named_rows(w <= 0.0)}.",
            hint="leave out persons of weight 0.",
        )
    unit, units = np.arange(n), n
    if cluster is not None:
        codes = np.asarray(cluster)
        if codes.shape != (n,):
            raise DataError(f"cluster has shape {codes.shape} for {n} rows.")
        distinct, unit = np.unique(codes, return_inverse=True)
        units = distinct.size
    return Inputs(
        X=columns,
        treatment=a,
        outcome=_values("outcome", outcome, n),
        weight=w,
        unit=np.ascontiguousarray(unit, dtype=np.int64),
        units=units,
    )


def check_columns(X: ArrayLike, p: int | None) -> FloatArray:
    """Return columns of finite numbers.

    Parameters
    ----------
    X : array_like, shape (m, p)
        The columns.
    p : int or None
        How many there must be; None: any number.

    Returns
    -------
    ndarray of float, shape (m, p)
        The columns.

    Raises
    ------
    DataError
        If they are not.
    """
    values = np.asarray(X, dtype=np.float64)
    if values.ndim != 2 or not 0 < values.shape[1] <= MOST_COLUMNS:
        raise DataError(
            f"X has shape {values.shape}.",
            hint=f"give a table of rows and 1 to {MOST_COLUMNS:,} columns.",
        )
    if p is not None and values.shape[1] != p:
        raise DataError(
            f"X has {values.shape[1]} columns, but the forest was grown on {p}.",
            hint="give the same columns in the same order.",
        )
    bad = ~np.isfinite(values)
    if bad.any():
        j = int(np.flatnonzero(bad.any(axis=0))[0])
        raise DataError(
            f"column {j + 1} of X is no finite number in {named_rows(bad[:, j])}.",
            hint="code what is unknown first: a number and a column that says so.",
        )
    return values


def _values(name: str, given: ArrayLike, n: int) -> FloatArray:
    values = numbers(name, given)
    if values.size != n:
        raise DataError(f"{name} has {values.size} values for {n} rows.")
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(f"{name} is no finite number in {named_rows(bad)}.")
    return values
