"""Rows and covariates of a regression of censored times: checked."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.survivaldata import (
    FloatArray,
    IntArray,
    SurvivalData,
    check_survival,
    label_codes,
    named_rows,
    numbers,
    refuse_rows,
    same_length,
)

_DROP = "leave the row out, and say so, or mend it."
# A covariate with less than this share of its variance left, after the others and the strata are
# taken out, says nothing of its own: rounding leaves about 1e-15.
ALIASED = 1e-11


@dataclass(frozen=True, slots=True, kw_only=True)
class Design:
    """Checked rows with a weight, their covariates, and where they stood.

    Attributes
    ----------
    data : SurvivalData
        The rows with a positive weight.
    X : ndarray of float, shape (n, p)
        Covariates.
    names : tuple of str
        Their names.
    offset : ndarray of float, shape (n,), or None
        Known part of the linear predictor.
    row : ndarray of int, shape (n,)
        Positions of these rows among those given.
    given : int
        Number of rows given.
    cluster_labels : tuple of str
        Names of the clusters of these rows; empty without.
    """

    data: SurvivalData
    X: FloatArray
    names: tuple[str, ...]
    offset: FloatArray | None
    row: IntArray
    given: int
    cluster_labels: tuple[str, ...]

    @property
    def zero_weight_rows(self) -> int:
        """Rows that have no weight and take no part."""
        return self.given - self.row.size

    @property
    def clusters(self) -> int | None:
        """Number of clusters; None without."""
        return None if self.data.cluster is None else len(self.cluster_labels)

    @property
    def weight(self) -> FloatArray:
        """Case weights, shape (n,); 1 where none were given."""
        return np.ones(self.data.n) if self.data.weight is None else self.data.weight


def check_design(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    names: Sequence[str] | None,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    causes: bool = False,
    empty: bool = False,
    strata_centre: bool = True,
) -> Design:
    """Check the rows of a regression and leave out those without a weight.

    Parameters
    ----------
    time, event, entry, weight, strata, cluster, causes
        As in `check_survival`.
    X : array_like, shape (n, p)
        Covariates; one dimension makes one covariate.
    names : sequence of str, or None
        Names of the covariates; ``column 1``, ... without.
    offset : array_like, shape (n,), or None
        Known part of the linear predictor.
    empty : bool
        Whether there may be no covariate.
    strata_centre : bool
        Whether each stratum has a baseline of its own, so that only differences within it count.

    Returns
    -------
    Design
        The rows.

    Raises
    ------
    DataError
        If an array can't be read, has another length, or holds values that are not allowed.
    DesignError
        If a covariate is constant or made of others.
    """
    data = check_survival(
        time, event, entry=entry, weight=weight, cluster=cluster, strata=strata, causes=causes
    )
    n = data.n
    matrix, labels = check_covariates(X, n, names)
    if matrix.shape[1] == 0 and not empty:
        raise DataError("X has no columns.", hint="give at least one covariate.")
    known = None if offset is None else same_length("offset", numbers("offset", offset), n)
    if known is not None:
        refuse_rows(~np.isfinite(known), "offset", known, "is not a finite number", _DROP)
    cluster_labels = () if cluster is None else label_codes("cluster", cluster, n)[1]
    row = np.arange(n) if data.weight is None else np.flatnonzero(data.weight)
    if row.size < n:
        matrix = np.ascontiguousarray(matrix[row])
        known = None if known is None else known[row]
        data, cluster_labels = _rows(data, row, cluster_labels, causes)
    _refuse_aliased(matrix, labels, data.strata if strata_centre else None)
    return Design(
        data=data,
        X=matrix,
        names=labels,
        offset=known,
        row=row,
        given=n,
        cluster_labels=cluster_labels,
    )


def _rows(
    data: SurvivalData, row: IntArray, cluster_labels: tuple[str, ...], causes: bool
) -> tuple[SurvivalData, tuple[str, ...]]:
    """Return some rows, and the names of the clusters among them."""
    chosen = {
        name: None if values is None else values[row]
        for name in ("entry", "weight", "cluster", "strata")
        for values in (getattr(data, name),)
    }
    kept = check_survival(data.time[row], data.event[row], causes=causes, **chosen)
    strata_labels: tuple[str, ...] = ()
    if data.strata is not None:
        strata_labels = tuple(data.strata_labels[k] for k in np.unique(data.strata[row]))
    if data.cluster is not None:
        cluster_labels = tuple(cluster_labels[k] for k in np.unique(data.cluster[row]))
    return replace(kept, strata_labels=strata_labels), cluster_labels


def check_covariates(
    X: ArrayLike, n: int | None, names: Sequence[str] | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return a matrix of finite numbers and the names of its columns.

    Parameters
    ----------
    X : array_like, shape (n, p) or (n,)
        Covariates.
    n : int or None
        Number of rows that it must have; None for any.
    names : sequence of str, or None
        Names of the columns.

    Returns
    -------
    X : ndarray of float, shape (n, p)
        The covariates.
    names : tuple of str
        The names given, or ``column 1``, ...

    Raises
    ------
    DataError
        If the matrix or the names can't be used.
    """
    matrix = _floats(X)
    if matrix.ndim == 1:
        matrix = matrix[:, None]
    if matrix.ndim != 2:
        raise DataError(
            f"X has shape {matrix.shape}, but must have two dimensions.",
            hint="one row per row of time and one column per covariate.",
        )
    rows, p = matrix.shape
    if n is not None and rows != n:
        raise DataError(f"X has {rows} rows, but time has {n}.", hint="give one row per time.")
    labels = tuple(f"column {j + 1}" for j in range(p))
    if names is not None:
        labels = _labels(names, p)
    bad = ~np.isfinite(matrix)
    if bad.any():
        column = int(np.argmax(bad.any(axis=0)))
        raise DataError(
            f"X is not a finite number in {named_rows(bad[:, column])} of {labels[column]!r}.",
            hint=_DROP,
        )
    return np.ascontiguousarray(matrix), labels


def _floats(X: ArrayLike) -> FloatArray:
    try:
        raw = np.asarray(X)
        if raw.dtype.kind not in "biufO":
            raise TypeError
        return np.asarray(raw, dtype=np.float64)
    except (TypeError, ValueError):
        raise DataError(
            "X can't be read as numbers.",
            hint="turn texts and categories into columns of 0 and 1, and fill or leave out gaps.",
        ) from None


def _labels(names: Sequence[str], p: int) -> tuple[str, ...]:
    labels = tuple(str(name) for name in names)
    if isinstance(names, str) or len(labels) != p:
        raise DataError(
            f"names has {1 if isinstance(names, str) else len(labels)} names, but X has {p} "
            "columns.",
            hint="give a list with one name per column.",
        )
    twice = sorted({name for name in labels if labels.count(name) > 1})
    if twice:
        raise DataError(f"names has {twice[0]!r} twice.", hint="give each covariate its own name.")
    return labels


def _refuse_aliased(X: FloatArray, names: tuple[str, ...], strata: IntArray | None) -> None:
    """Raise if a covariate is constant, within strata, or made of those before it."""
    centred = X - _means(X, strata)
    gram = centred.T @ centred
    scale = np.maximum(np.abs(X).max(axis=0, initial=0.0), np.finfo(np.float64).tiny)
    for j, name in enumerate(names):
        if gram[j, j] <= X.shape[0] * (1e-13 * scale[j]) ** 2:
            where = "" if strata is None else " within every stratum"
            raise DesignError(f"{name!r} has the same value in all rows{where}.", hint="drop it.")
    gram /= np.sqrt(np.outer(np.diagonal(gram), np.diagonal(gram)))
    for j, name in enumerate(names):
        pivot = gram[j, j]
        if pivot < ALIASED:
            raise DesignError(
                f"{name!r} is a sum of multiples of the covariates before it.",
                hint="drop one of them: they can't be told apart.",
            )
        gram = gram - np.outer(gram[:, j], gram[j]) / pivot


def _means(X: FloatArray, strata: IntArray | None) -> FloatArray:
    """Return the column means, of each row's stratum if there are strata."""
    if strata is None:
        return np.asarray(X.mean(axis=0))
    size = np.maximum(np.bincount(strata), 1.0)
    means = np.stack([np.bincount(strata, column) / size for column in X.T], axis=1)
    return np.asarray(means[strata])
