"""Times, events, weights and groups of persons or rows: checked, near-tied times merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.stats.timeorder import (
    NearTies,
    TimeOrder,
    first_of_runs,
    merge_near_ties,
    merge_order,
    near_ties,
    order_times,
    small_whole_numbers,
)

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Rows named in a message; the rest is counted.
MOST_NAMED = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalData:
    """Checked rows of right-censored data.

    Attributes
    ----------
    time : ndarray of float, shape (n,)
        End of each row's follow-up, near-tied times merged. Not negative.
    event : ndarray of int, shape (n,)
        0 censored, 1 an event; with several causes 1, 2, ...
    entry : ndarray of float, shape (n,), or None
        Start of follow-up; a row is at risk at t if entry < t <= time. None: from before time 0.
    weight : ndarray of float, shape (n,), or None
        Case weights, finite and not negative. None: all 1.
    cluster : ndarray of int, shape (n,), or None
        Codes 0, 1, ... of the clusters, in sorted order of the labels.
    strata : ndarray of int, shape (n,), or None
        Codes 0, 1, ... of the strata, in sorted order of the labels.
    strata_labels : tuple of str
        Names of the strata; empty without strata.
    merged_times : int
        How many distinct times were merged with a neighbour.
    order : TimeOrder
        Times and events in ascending order, over all strata.
    """

    time: FloatArray
    event: IntArray
    entry: FloatArray | None
    weight: FloatArray | None
    cluster: IntArray | None
    strata: IntArray | None
    strata_labels: tuple[str, ...]
    merged_times: int
    order: TimeOrder

    @property
    def n(self) -> int:
        """Number of rows."""
        return self.time.size

    def rows_of(self, stratum: int) -> IntArray:
        """Return the indices of the rows of a stratum."""
        if self.strata is None:
            return np.arange(self.n)
        return np.flatnonzero(self.strata == stratum)


def check_survival(
    time: ArrayLike,
    event: ArrayLike,
    *,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    causes: bool = False,
) -> SurvivalData:
    """Check the rows that every estimator of censored data starts from.

    Parameters
    ----------
    time : array_like, shape (n,)
        End of follow-up, 0 or later.
    event : array_like, shape (n,)
        Whether follow-up ended with the event: boolean, or 0 and 1. With ``causes`` whole numbers,
        0 for censored and 1, 2, ... for the cause.
    entry : array_like, shape (n,), optional
        Start of follow-up (delayed entry, or rows of one person), before ``time``.
    weight : array_like, shape (n,), optional
        Case weights, not negative.
    cluster, strata : array_like, shape (n,), optional
        Labels of any kind; none may be missing.
    causes : bool
        Whether ``event`` holds causes.

    Returns
    -------
    SurvivalData
        The same rows in the same order.

    Raises
    ------
    DataError
        If an array can't be read, has another length, or holds values that are not allowed. The
        message names the first rows, counted from 1.
    """
    ends = numbers("time", time)
    n = ends.size
    if n == 0:
        raise DataError("There are no rows: time is empty.", hint="give at least one row.")
    refuse_rows(~np.isfinite(ends), "time", ends, "is not a finite number", _DROP)
    refuse_rows(ends < 0, "time", ends, "is negative", "count time from an origin at or before it.")
    codes = _events(event, n, causes)
    starts = None if entry is None else same_length("entry", numbers("entry", entry), n)
    if starts is not None:
        _check_entry(starts, ends)
    order = order_times(ends, codes, starts)
    ties = near_ties(_distinct_times(order))
    if ties.time.size:
        ends, starts = _merge(ends, starts, ties)
        order = merge_order(order, ties)
    strata_codes, labels = (None, ()) if strata is None else label_codes("strata", strata, n)
    return SurvivalData(
        time=ends,
        event=codes,
        entry=starts,
        weight=None if weight is None else check_weight(weight, n),
        cluster=None if cluster is None else cluster_codes("cluster", cluster, n),
        strata=strata_codes,
        strata_labels=labels,
        merged_times=ties.time.size,
        order=order,
    )


_DROP = "leave the row out, and say so, or mend it."


def numbers(name: str, values: ArrayLike) -> FloatArray:
    """Return a one-dimensional contiguous array of floats.

    Parameters
    ----------
    name : str
        What the array is called in messages.
    values : array_like
        Numbers or booleans; a column of a data frame.

    Returns
    -------
    ndarray of float, shape (n,)
        The same object where it already is one.

    Raises
    ------
    DataError
        If the values are texts, dates or of more than one dimension.
    """
    _refuse_masked(name, values)
    raw = np.asarray(values)
    if raw.dtype.kind not in "biufO":
        raise DataError(
            f"{name} holds {_kind(raw)}, not numbers.",
            hint="convert the column to numbers first: units of time since the origin.",
        )
    if raw.dtype.kind == "O":
        raw = _from_objects(name, raw)
    if raw.ndim != 1:
        raise DataError(
            f"{name} has shape {raw.shape}, but must have one dimension.",
            hint="give one number per row.",
        )
    return np.ascontiguousarray(raw, dtype=np.float64)


def _refuse_masked(name: str, values: ArrayLike) -> None:
    """Raise for masked values, which an ordinary array would show as if they were there."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        missing = np.ma.getmaskarray(values)
        raise DataError(f"{name} is missing in {named_rows(missing)}.", hint=_DROP)


def _from_objects(name: str, raw: NDArray[Any]) -> NDArray[Any]:
    missing = np.array([value is None or type(value).__name__ == "NAType" for value in raw.flat])
    if missing.any():
        raise DataError(
            f"{name} is missing in {named_rows(missing.reshape(raw.shape))}.", hint=_DROP
        )
    if any(isinstance(value, str | bytes) for value in raw.flat):
        raise DataError(
            f"{name} holds text, not numbers.",
            hint="convert the column to numbers first: units of time since the origin.",
        )
    try:
        return raw.astype(np.float64)
    except (TypeError, ValueError):
        raise DataError(
            f"{name} can't be read as numbers.", hint="give one number per row."
        ) from None


def _kind(raw: NDArray[Any]) -> str:
    kinds = {"U": "text", "S": "text", "T": "text", "M": "dates", "m": "durations"}
    return kinds.get(raw.dtype.kind, f"values of type {raw.dtype}")


def same_length(name: str, values: FloatArray, n: int) -> FloatArray:
    """Return the array, or raise if it has another number of rows than time."""
    if values.size != n:
        raise DataError(
            f"{name} has {values.size} rows, but time has {n}.", hint="give one value per row."
        )
    return values


def named_rows(bad: BoolArray) -> str:
    """Return ``row 3`` or ``rows 3, 7, 9, 12, 20 and 4 more``, counted from 1.

    Parameters
    ----------
    bad : ndarray of bool, shape (n,)
        Marks the rows.

    Returns
    -------
    str
        The first rows and how many more there are.
    """
    rows = np.flatnonzero(bad) + 1
    text = ", ".join(str(row) for row in rows[:MOST_NAMED])
    more = rows.size - MOST_NAMED
    return f"row{'' if rows.size == 1 else 's'} {text}" + (f" and {more} more" if more > 0 else "")


def refuse_rows(bad: BoolArray, name: str, values: FloatArray, fault: str, hint: str) -> None:
    """Raise if any row is marked.

    Parameters
    ----------
    bad : ndarray of bool, shape (n,)
        Marks the rows.
    name, fault, hint : str
        What the values are called, what is wrong with them and what to do.
    values : ndarray of float, shape (n,)
        The first one is shown.

    Raises
    ------
    DataError
        With the first rows.
    """
    if bad.any():
        first = values[int(np.argmax(bad))]
        raise DataError(f"{name} {fault} in {named_rows(bad)} (first: {first:g}).", hint=hint)


def _events(event: ArrayLike, n: int, causes: bool) -> IntArray:
    values = same_length("event", numbers("event", event), n)
    refuse_rows(~np.isfinite(values), "event", values, "is not a finite number", _DROP)
    if causes:
        bad = (values < 0) | (values != np.floor(values)) | (values > 1_000)
        hint = "0 for censored, 1, 2, ... for the cause."
        refuse_rows(bad, "event", values, "is not a whole number from 0 on", hint)
    else:
        hint = "0 for censored, 1 for the event; codes 1 and 2 must be changed."
        refuse_rows((values != 0) & (values != 1), "event", values, "is neither 0 nor 1", hint)
    return values.astype(np.int64)


def _check_entry(starts: FloatArray, ends: FloatArray) -> None:
    refuse_rows(~np.isfinite(starts), "entry", starts, "is not a finite number", _DROP)
    refuse_rows(
        starts < 0, "entry", starts, "is negative", "count time from an origin at or before it."
    )
    refuse_rows(
        starts == ends,
        "entry",
        starts,
        "equals time, so that nobody is at risk,",
        "leave the row out, and say so, or give it a length.",
    )
    refuse_rows(starts > ends, "entry", starts, "is after time", "swap or mend the two times.")


def _distinct_times(order: TimeOrder) -> FloatArray:
    """Return the distinct times of entry and exit, ascending."""
    if order.starts is None:
        return order.time
    starts = order.starts[first_of_runs(order.starts)]
    return np.unique(np.concatenate((starts, order.time)))


def _merge(
    ends: FloatArray, starts: FloatArray | None, ties: NearTies
) -> tuple[FloatArray, FloatArray | None]:
    """Give near-tied times the first of their chain, and refuse rows that lose their length."""
    merged = merge_near_ties(ends, ties)
    if starts is None:
        return merged, None
    begins = merge_near_ties(starts, ties)
    refuse_rows(
        begins == merged,
        "entry",
        starts,
        "differs from time by rounding only",
        "leave the row out, and say so, or give it a length.",
    )
    return merged, begins


def check_weight(weight: ArrayLike, n: int) -> FloatArray:
    """Return case weights that are finite, not negative and not all zero.

    Parameters
    ----------
    weight : array_like, shape (n,)
        Weights.
    n : int
        Number of rows.

    Returns
    -------
    ndarray of float, shape (n,)
        The weights.

    Raises
    ------
    DataError
        If they are not.
    """
    values = same_length("weight", numbers("weight", weight), n)
    refuse_rows(~np.isfinite(values), "weight", values, "is not a finite number", _DROP)
    refuse_rows(values < 0, "weight", values, "is negative", "weights count persons: 0 or more.")
    if not values.any():
        raise DataError("All weights are zero.", hint="at least one row must have a weight.")
    return values


def cluster_codes(name: str, values: ArrayLike, n: int) -> IntArray:
    """Return codes 0, 1, ... of labels of any kind.

    Parameters
    ----------
    name : str
        What the labels are called in messages.
    values : array_like, shape (n,)
        Labels.
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
    return _coded(name, values, n)[1]


def label_codes(name: str, values: ArrayLike, n: int) -> tuple[IntArray, tuple[str, ...]]:
    """Return codes 0, 1, ... in sorted order of the labels, and the labels as text.

    Parameters
    ----------
    name : str
        What the labels are called in messages.
    values : array_like, shape (n,)
        Labels.
    n : int
        Number of rows.

    Returns
    -------
    codes : ndarray of int, shape (n,)
        Position of each row's label.
    labels : tuple of str
        Whole numbers without a decimal point.

    Raises
    ------
    DataError
        If a label is missing or there are not n of them.
    """
    distinct, codes = _coded(name, values, n)
    return codes, tuple(label_text(value) for value in distinct)


def _coded(name: str, values: ArrayLike, n: int) -> tuple[NDArray[Any], IntArray]:
    """Return the distinct labels, sorted, and the position of each row's label."""
    _refuse_masked(name, values)
    raw = np.asarray(values)
    if raw.shape != (n,):
        raise DataError(
            f"{name} has shape {raw.shape}, but time has {n} rows.", hint="give one label per row."
        )
    missing = _missing_labels(raw)
    if missing.any():
        raise DataError(f"{name} is missing in {named_rows(missing)}.", hint=_DROP)
    distinct, codes = _distinct_labels(raw)
    return distinct, codes.astype(np.int64).reshape(n)


def _distinct_labels(raw: NDArray[Any]) -> tuple[NDArray[Any], IntArray]:
    if raw.dtype.kind in "iu" and raw.size:
        lowest = raw.min()
        whole = small_whole_numbers((raw - lowest).astype(np.float64))
        if whole is not None:
            present = np.zeros(int(whole.max()) + 1, dtype=np.bool_)
            present[whole] = True
            return np.flatnonzero(present) + lowest, (np.cumsum(present) - 1)[whole]
    if raw.dtype.kind not in "OUST":
        return np.unique(raw, return_inverse=True)
    # Looking texts up is faster than sorting them.
    values = raw.tolist()
    try:
        distinct = sorted(dict.fromkeys(values))
    except TypeError:
        values = [str(value) for value in values]
        distinct = sorted(dict.fromkeys(values))
    lookup = {value: code for code, value in enumerate(distinct)}
    labels = np.empty(len(distinct), dtype=object)
    labels[:] = distinct
    return labels, np.array([lookup[value] for value in values], dtype=np.int64)


def _missing_labels(raw: NDArray[Any]) -> BoolArray:
    if raw.dtype.kind in "fM":
        # NaN and NaT are the values that differ from themselves.
        return np.asarray(raw != raw, dtype=np.bool_)
    if raw.dtype.kind != "O":
        return np.zeros(raw.shape, dtype=np.bool_)
    return np.array(
        [v is None or type(v).__name__ == "NAType" or bool(v != v) for v in raw], dtype=np.bool_
    )


def label_text(value: object) -> str:
    """Return a label as it stands in results: whole numbers without a decimal point."""
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)
