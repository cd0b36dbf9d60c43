"""Outcome, covariates, weights and offsets of a regression: checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.glm.families import FAMILIES, FAMILY, Family, FamilyName
from locoreg.stats.studies import check_option
from locoreg.stats.survivaldata import (
    BoolArray,
    FloatArray,
    IntArray,
    label_codes,
    named_rows,
    refuse_rows,
)

_DROP = "leave the row out, and say so, or mend it."


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Checked rows of a regression.

    Attributes
    ----------
    family : Family
        Distribution and link.
    y : ndarray of float, shape (n,)
        Outcome.
    X : ndarray of float, shape (n, p)
        Covariates, with whatever column of ones the caller put in.
    offset : ndarray of float, shape (n,)
        Known part of the linear predictor.
    weight : ndarray of float, shape (n,)
        Weights; 1 where none were given.
    cluster : ndarray of int, shape (n,), or None
        Codes 0, 1, ... of the clusters.
    names : tuple of str
        Names of the covariates.
    """

    family: Family
    y: FloatArray
    X: FloatArray
    offset: FloatArray
    weight: FloatArray
    cluster: IntArray | None
    names: tuple[str, ...]

    @property
    def used(self) -> BoolArray:
        """Rows with a positive weight, shape (n,)."""
        return self.weight > 0.0


def check_design(
    y: ArrayLike,
    X: ArrayLike,
    *,
    family: FamilyName,
    weight: ArrayLike | None,
    offset: ArrayLike | None,
    cluster: ArrayLike | None,
    names: Sequence[str] | None,
) -> Design:
    """Check the rows of a regression.

    Parameters
    ----------
    y : array_like, shape (n,)
        0 or 1; counts for Poisson.
    X : array_like, shape (n, p)
        Covariates.
    family : {"logistic", "poisson", "cloglog"}
        Distribution and link.
    weight, offset : array_like, shape (n,), or None
        Weights, not negative, and known parts of the linear predictor.
    cluster : array_like, shape (n,), or None
        Labels of any kind.
    names : sequence of str, or None
        Names of the covariates; ``column 1``, ... without.

    Returns
    -------
    Design
        The same rows.

    Raises
    ------
    DataError
        If an array can't be read, has another length, or holds values that are not allowed.
    """
    check_option("family", family, FAMILIES)
    chosen = FAMILY[family]
    outcome = _column("y", y, None)
    n = outcome.size
    if n == 0:
        raise DataError("There are no rows: y is empty.", hint="give at least one row.")
    _check_outcome(outcome, chosen)
    weights = np.ones(n) if weight is None else _column("weight", weight, n)
    refuse_rows(weights < 0, "weight", weights, "is negative", "weights are 0 or more.")
    if not weights.any():
        raise DataError("All weights are zero.", hint="at least one row must have a weight.")
    labels = _labels(names)
    covariates = _matrix(X, n, labels)
    return Design(
        family=chosen,
        y=outcome,
        X=covariates,
        offset=np.zeros(n) if offset is None else _column("offset", offset, n),
        weight=weights,
        cluster=None if cluster is None else clusters("cluster", cluster, n),
        names=labels or tuple(f"column {j + 1}" for j in range(covariates.shape[1])),
    )


def clusters(name: str, values: ArrayLike, n: int) -> IntArray:
    """Return codes 0, 1, ... of labels, in sorted order of the labels.

    Parameters
    ----------
    name : str
        What the labels are called in messages.
    values : array_like, shape (n,)
        Labels of any kind.
    n : int
        Number of rows.

    Returns
    -------
    ndarray of int, shape (n,)
        Equal labels have equal codes.

    Raises
    ------
    DataError
        If a label is missing or there are not n of them.
    """
    raw = np.asarray(values)
    if raw.shape != (n,):
        raise DataError(
            f"{name} has shape {raw.shape}, but there are {n} rows.", hint="give one label per row."
        )
    return label_codes(name, raw, n)[0]


def _column(name: str, values: ArrayLike, n: int | None) -> FloatArray:
    """Return finite numbers of one dimension, n of them if n is given."""
    column = _floats(name, values)
    if column.ndim != 1:
        raise DataError(
            f"{name} has shape {column.shape}, but must have one dimension.",
            hint="give one number per row.",
        )
    if n is not None and column.size != n:
        raise DataError(
            f"{name} has {column.size} rows, but y has {n}.", hint="give one value per row."
        )
    refuse_rows(~np.isfinite(column), name, column, "is not a finite number", _DROP)
    return np.ascontiguousarray(column)


def _floats(name: str, values: ArrayLike) -> FloatArray:
    try:
        raw = np.asarray(values)
        if raw.dtype.kind not in "biufO":
            raise TypeError
        return np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} can't be read as numbers.",
            hint="turn texts and categories into columns of 0 and 1, and fill or leave out gaps.",
        ) from None


def _check_outcome(y: FloatArray, family: Family) -> None:
    if family.binary:
        hint = "0 for no event, 1 for the event; codes 1 and 2 must be changed."
        refuse_rows((y != 0) & (y != 1), "y", y, "is neither 0 nor 1", hint)
    else:
        hint = "give counts, and the log of the exposure as offset."
        refuse_rows((y < 0) | (y != np.floor(y)), "y", y, "is not a count", hint)


def _labels(names: Sequence[str] | None) -> tuple[str, ...]:
    labels = () if names is None else tuple(str(name) for name in names)
    twice = sorted({name for name in labels if labels.count(name) > 1})
    if twice:
        raise DataError(f"names has {twice[0]!r} twice.", hint="give each covariate its own name.")
    return labels


def _matrix(X: ArrayLike, n: int, labels: tuple[str, ...]) -> FloatArray:
    matrix = _floats("X", X)
    if matrix.ndim != 2:
        raise DataError(
            f"X has shape {matrix.shape}, but must have two dimensions.",
            hint="one row per person and one column per covariate; a column of ones makes the "
            "intercept, which is never added.",
        )
    rows, p = matrix.shape
    if rows != n:
        raise DataError(f"X has {rows} rows, but y has {n}.", hint="give one row per value of y.")
    if p == 0:
        raise DataError("X has no columns.", hint="a column of ones makes the intercept.")
    if labels and len(labels) != p:
        raise DataError(
            f"names has {len(labels)} names, but X has {p} columns.", hint="give one per column."
        )
    bad = ~np.isfinite(matrix)
    if bad.any():
        column = int(np.argmax(bad.any(axis=0)))
        name = labels[column] if labels else f"column {column + 1}"
        raise DataError(
            f"X is not a finite number in {named_rows(bad[:, column])} of {name!r}.", hint=_DROP
        )
    return np.ascontiguousarray(matrix)
