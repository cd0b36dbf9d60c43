"""Numbers in bins, by quantiles or given cut-points."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.survivaldata import FloatArray

# Codes of bins are bytes.
MOST_BINS = 255
# Decimals of a double.
MOST_DECIMALS = 17


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Bins:
    """Columns of numbers in bins.

    Attributes
    ----------
    cuts : tuple of ndarray of float
        Ascending cut-points of each column. Bin b holds values above cut b - 1 and at or below
        cut b; a column without cuts has one bin.
    codes : ndarray of uint8, shape (p, n)
        Bin of each value.
    """

    cuts: tuple[FloatArray, ...]
    codes: NDArray[np.uint8]


def bin_columns(
    X: FloatArray, *, bins: int, cut_points: Mapping[int, Sequence[float]] | None = None
) -> Bins:
    """Put columns of numbers in bins.

    Parameters
    ----------
    X : ndarray of float, shape (n, p)
        Numbers, no NaN.
    bins : int
        Most bins of a column, 2 to 255. A column with no more distinct values has one bin for
        each; others are cut at quantiles.
    cut_points : mapping of int to sequence of float, optional
        Cut-points of single columns; a value at a cut-point is below it. Cut-points that separate
        nobody are left out.

    Returns
    -------
    Bins
        Cuts that no value lies between are at the roundest number there.

    Raises
    ------
    DataError
        If X is no table of finite numbers.
    DesignError
        If bins or cut-points can't be used.
    """
    if X.ndim != 2 or not X.shape[0]:
        raise DataError(f"X has the shape {X.shape}.", hint="give persons by columns.")
    if not np.isfinite(X).all():
        bad = np.flatnonzero(~np.isfinite(X).all(axis=0))
        raise DataError(
            f"column {bad[0] + 1} of X has values that are not finite.",
            hint="code unknown values before.",
        )
    if not 2 <= bins <= MOST_BINS:
        raise DesignError(f"bins is {bins}.", hint=f"give 2 to {MOST_BINS}.")
    given = cut_points or {}
    codes = np.empty((X.shape[1], X.shape[0]), dtype=np.uint8)
    cuts = []
    for j in range(X.shape[1]):
        column = np.ascontiguousarray(X[:, j])
        found = _given(given[j], column) if j in given else quantile_cuts(column, bins)
        codes[j] = np.searchsorted(found, column, side="left")
        cuts.append(found)
    return Bins(cuts=tuple(cuts), codes=codes)


def _given(points: Sequence[float], column: FloatArray) -> FloatArray:
    cuts = np.asarray(points, dtype=np.float64)
    if not cuts.size or not np.isfinite(cuts).all() or (np.diff(cuts) <= 0.0).any():
        raise DesignError(
            f"cut-points {list(points)} are not ascending numbers.", hint="sort them, each once."
        )
    if cuts.size >= MOST_BINS:
        raise DesignError(f"there are {cuts.size} cut-points.", hint=f"give under {MOST_BINS}.")
    return np.asarray(cuts[(cuts >= column.min()) & (cuts < column.max())])


def quantile_cuts(column: FloatArray, bins: int) -> FloatArray:
    """Return ascending cut-points, at most bins - 1, that part a column into about equal shares.

    Parameters
    ----------
    column : ndarray of float, shape (n,)
        Finite numbers.
    bins : int
        Most bins.

    Returns
    -------
    ndarray of float
        Empty for a constant column. The order of the numbers doesn't matter.
    """
    ordered = np.sort(column)
    starts = np.flatnonzero(np.diff(ordered) > 0.0) + 1
    if starts.size >= bins:
        # The first run of equal values that starts at or after each quantile.
        aims = ordered.size * np.arange(1, bins) / bins
        places = np.minimum(np.searchsorted(starts, aims), starts.size - 1)
        starts = np.unique(starts[places])
    pairs = zip(ordered[starts - 1].tolist(), ordered[starts].tolist(), strict=True)
    return np.array([roundest(low, high) for low, high in pairs], dtype=np.float64)


def roundest(low: float, high: float) -> float:
    """Return the number of fewest decimals at or above `low` and below `high`."""
    if low <= 0.0 < high:
        return 0.0
    for decimals in range(-int(math.log10(max(abs(low), abs(high), 1.0))), MOST_DECIMALS):
        step = 10.0**-decimals
        # Division by a power of ten gives the double nearest to the decimal number.
        found = math.ceil(low / step) * step if decimals <= 0 else _decimal(low, decimals)
        if low <= found < high:
            return found
    return low


def _decimal(low: float, decimals: int) -> float:
    scale = 10.0**decimals
    return math.ceil(low * scale) / scale
