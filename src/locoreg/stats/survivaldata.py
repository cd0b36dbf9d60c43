"""Times, events, weights and groups of persons or rows: checked, near-tied times merged."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.stats.jit import compiled

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]
BoolArray = NDArray[np.bool_]

# Rows named in a message; the rest is counted.
MOST_NAMED = 5
# Times closer than this, absolutely or relative to the mean time, are one time: differences of
# this size come from computing with binary fractions. The square root of machine precision, as in
# Therneau's `survival`, so that both give the same risk sets.
TIME_TOLERANCE = float(np.sqrt(np.finfo(np.float64).eps))


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
        Codes 0, 1, ... of the clusters, in the order of first appearance.
    strata : ndarray of int, shape (n,), or None
        Codes 0, 1, ... of the strata, in sorted order of the labels.
    strata_labels : tuple of str
        Names of the strata; empty without strata.
    merged_times : int
        How many distinct times were merged with a neighbour.
    """

    time: FloatArray
    event: IntArray
    entry: FloatArray | None
    weight: FloatArray | None
    cluster: IntArray | None
    strata: IntArray | None
    strata_labels: tuple[str, ...]
    merged_times: int

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
    ends, starts, merged = merge_near_ties(ends, starts)
    strata_codes, labels = (None, ()) if strata is None else label_codes("strata", strata, n)
    return SurvivalData(
        time=ends,
        event=codes,
        entry=starts,
        weight=None if weight is None else check_weight(weight, n),
        cluster=None if cluster is None else cluster_codes("cluster", cluster, n),
        strata=strata_codes,
        strata_labels=labels,
        merged_times=merged,
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
    return label_codes(name, values, n)[0]


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
    raw = np.asarray(values)
    if raw.shape != (n,):
        raise DataError(
            f"{name} has shape {raw.shape}, but time has {n} rows.", hint="give one label per row."
        )
    missing = _missing_labels(raw)
    if missing.any():
        raise DataError(f"{name} is missing in {named_rows(missing)}.", hint=_DROP)
    try:
        distinct, codes = np.unique(raw, return_inverse=True)
    except TypeError:
        distinct, codes = np.unique(raw.astype(str), return_inverse=True)
    return codes.astype(np.int64).reshape(n), tuple(_label_text(value) for value in distinct)


def _missing_labels(raw: NDArray[Any]) -> BoolArray:
    if raw.dtype.kind in "fM":
        # NaN and NaT are the values that differ from themselves.
        return np.asarray(raw != raw, dtype=np.bool_)
    if raw.dtype.kind != "O":
        return np.zeros(raw.shape, dtype=np.bool_)
    return np.array(
        [v is None or type(v).__name__ == "NAType" or bool(v != v) for v in raw], dtype=np.bool_
    )


def _label_text(value: Any) -> str:
    if isinstance(value, float | np.floating) and float(value).is_integer():
        return str(int(value))
    return str(value)


def merge_near_ties(
    time: FloatArray, entry: FloatArray | None
) -> tuple[FloatArray, FloatArray | None, int]:
    """Make times equal that differ by rounding only.

    Sorted distinct times of entry and exit that lie within 1.5e-8 of their neighbour, absolutely or
    relative to the mean distinct time, become the first of their chain.

    Parameters
    ----------
    time : ndarray of float, shape (n,)
        Ends of follow-up.
    entry : ndarray of float, shape (n,), or None
        Starts of follow-up.

    Returns
    -------
    time, entry : ndarray of float, or None
        The same objects where nothing is merged.
    merged : int
        Number of distinct times that became another.

    Raises
    ------
    DataError
        If merging would leave a row without length.

    References
    ----------
    Therneau T. A package for survival analysis in R: vignette "Roundoff error and tied times".
    """
    ordered = np.sort(time if entry is None else np.concatenate((time, entry)))
    merged, limit = _count_near_ties(ordered, TIME_TOLERANCE)
    if merged == 0:
        return time, entry, 0
    distinct = np.unique(ordered)
    firsts = distinct[np.r_[True, np.diff(distinct) > limit]]
    ends = firsts[np.searchsorted(firsts, time, side="right") - 1]
    if entry is None:
        return ends, None, merged
    starts = firsts[np.searchsorted(firsts, entry, side="right") - 1]
    refuse_rows(
        starts == ends,
        "entry",
        entry,
        "differs from time by rounding only",
        "leave the row out, and say so, or give it a length.",
    )
    return ends, starts, merged


@compiled
def _count_near_ties(ordered: FloatArray, tolerance: float) -> tuple[int, float]:
    """Return how many distinct times lie within the limit of the one before, and the limit."""
    total, distinct = 0.0, 0
    for i in range(ordered.size):
        if i == 0 or ordered[i] != ordered[i - 1]:
            total += abs(ordered[i])
            distinct += 1
    limit = tolerance * max(1.0, total / distinct)
    merged = 0
    for i in range(1, ordered.size):
        gap = ordered[i] - ordered[i - 1]
        if 0.0 < gap <= limit:
            merged += 1
    return merged, limit
