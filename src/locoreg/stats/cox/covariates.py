"""Input gate of the covariates."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError, LocoregError
from locoreg.stats.survivaldata import FloatArray, named_rows, numbers, same_length

_DROP = "leave the row out, and say so, or mend it."


def check_covariates(
    X: ArrayLike, n: int, names: Sequence[str] | None
) -> tuple[FloatArray, tuple[str, ...]]:
    """Return covariates as floats, and their names.

    Parameters
    ----------
    X : array_like, shape (n, p) or (n,)
        Numbers or booleans, or a data frame of such columns; p may be 0.
    n : int
        Number of rows expected.
    names : sequence of str, or None
        Names of the columns; those of the data frame, or x1, x2, ..., without them.

    Returns
    -------
    X : ndarray of float, shape (n, p)
        Not copied if it is one already.
    names : tuple of str
        One per column.

    Raises
    ------
    DataError
        If shape, type, names or a value can't be used. The message names column and rows.
    """
    labels = getattr(X, "columns", None)
    raw = np.asarray(X)
    if raw.ndim == 1:
        raw = raw.reshape(-1, 1)
    if raw.ndim != 2 or raw.shape[0] != n:
        raise DataError(
            f"X has shape {np.shape(X)}, but there are {n} rows.",
            hint="give one row per row of time and one column per covariate.",
        )
    chosen = _names(names if names is not None else labels, raw.shape[1])
    values = _floats(raw, chosen)
    _refuse_not_finite(values, chosen)
    return values, chosen


def _names(names: Any, p: int) -> tuple[str, ...]:
    if names is None:
        return tuple(f"x{j + 1}" for j in range(p))
    given = (names,) if isinstance(names, str) else tuple(str(name) for name in names)
    if len(given) != p:
        raise DataError(
            f"there are {len(given)} names, but X has {p} columns.", hint="name each column once."
        )
    twice = sorted({name for name in given if given.count(name) > 1})
    if twice:
        raise DataError(f"the name {twice[0]} stands for several columns.", hint="rename one.")
    return given


def _floats(raw: NDArray[Any], names: tuple[str, ...]) -> FloatArray:
    if raw.dtype.kind in "biuf":
        return raw.astype(np.float64, copy=False)
    columns = np.empty(raw.shape)
    for j, name in enumerate(names):
        try:
            columns[:, j] = numbers(name, raw[:, j])
        except LocoregError as error:
            raise DataError(
                error.message,
                hint="code categories as columns of 0 and 1, one for each but the reference."
                if "not numbers" in error.message
                else error.hint,
            ) from None
    return columns


def _refuse_not_finite(values: FloatArray, names: tuple[str, ...]) -> None:
    # One pass: a sum is finite unless a value isn't, or is too large to be used. Not a product with
    # ones, for which linear algebra starts threads that then wait in vain.
    with np.errstate(over="ignore", invalid="ignore"):
        sums = np.einsum("ij->j", values)
    if np.isfinite(sums).all():
        return
    for name, column in zip(names, values.T, strict=True):
        bad = ~np.isfinite(column)
        if bad.any():
            first = column[int(np.argmax(bad))]
            raise DataError(
                f"{name} is not a finite number in {named_rows(bad)} (first: {first:g}).",
                hint=_DROP,
            )
    raise DataError("X holds numbers that are too large.", hint="give them in a larger unit.")


def check_offset(offset: ArrayLike | None, n: int) -> FloatArray | None:
    """Return offsets that are finite.

    Parameters
    ----------
    offset : array_like, shape (n,), or None
        Known parts of the linear predictor.
    n : int
        Number of rows.

    Returns
    -------
    ndarray of float, shape (n,), or None
        The offsets.

    Raises
    ------
    DataError
        If they can't be used.
    """
    if offset is None:
        return None
    values = same_length("offset", numbers("offset", offset), n)
    bad = ~np.isfinite(values)
    if bad.any():
        raise DataError(f"offset is not a finite number in {named_rows(bad)}.", hint=_DROP)
    return values
