"""Dates with their precision, as numbers of days; NaN where there is none."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import pyarrow as pa

_FINER_UNIT = {"month": "M", "year": "Y"}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Span:
    """The first and the last day that dates can mean.

    Attributes
    ----------
    first, last : ndarray of float, shape (n,)
        Days since 1970-01-01; NaN where there is no date. Equal for dates known to the day.
    """

    first: FloatArray
    last: FloatArray

    @property
    def day(self) -> FloatArray:
        """The day that stands for each date: the middle of what it can mean."""
        return np.asarray(np.floor((self.first + self.last) / 2.0))

    @property
    def known(self) -> BoolArray:
        """Where there is a date."""
        return np.asarray(~np.isnan(self.first))

    def take(self, rows: IntArray | BoolArray) -> Span:
        """Return some of the dates."""
        return Span(first=self.first[rows], last=self.last[rows])

    def before(self, origin: Span) -> BoolArray:
        """Return which dates surely lie before others."""
        return np.asarray(self.last < origin.first)

    def possibly_by(self, origin: Span) -> BoolArray:
        """Return which dates can lie on the same day as others, or before."""
        return np.asarray(self.first <= origin.last)

    def order_open(self, origin: Span) -> BoolArray:
        """Return where precision leaves open whether a date lies before another, or not."""
        return self.known & origin.known & ~self.before(origin) & ~(self.first >= origin.last)

    def placed_after(self, origin: Span) -> FloatArray:
        """Return days on or after others, except for dates that surely lie before.

        Where the order is open, the date counts as on the other day or after it.
        """
        return np.asarray(np.where(self.before(origin), self.day, np.fmax(self.day, origin.day)))

    def placed_by(self, origin: Span) -> FloatArray:
        """Return days on or before others, except for dates that surely lie after.

        Where the order is open, the date counts as on the other day or before it.
        """
        by = self.possibly_by(origin)
        return np.asarray(np.where(by, np.fmin(self.day, origin.day), self.day))


def spans(date: pa.ChunkedArray, precision: pa.ChunkedArray | None) -> Span:
    """Return what dates can mean.

    Parameters
    ----------
    date : pyarrow array of date32
        Stored as the first day of a month or year that is known without the day.
    precision : pyarrow array of text, or None
        ``day``, ``month``, ``year``; null counts as ``day``.

    Returns
    -------
    Span
        In days.
    """
    import pyarrow as pa

    first = date.cast(pa.int32()).cast(pa.float64()).to_numpy(zero_copy_only=False)
    last = first.copy()
    if precision is not None:
        words = code_of(precision, tuple(_FINER_UNIT))
        for code, unit in enumerate(_FINER_UNIT.values()):
            rows = np.flatnonzero((words == code) & ~np.isnan(first))
            begin = first[rows].astype("datetime64[D]")
            last[rows] = _end_of(begin, unit).astype(np.int64)
    return Span(first=first, last=last)


def _end_of(begin: np.ndarray, unit: str) -> np.ndarray:
    """Return the day before the same day of the next month or year."""
    whole = begin.astype(f"datetime64[{unit}]")
    offset = begin - whole.astype("datetime64[D]")
    after = (whole + 1).astype("datetime64[D]") + offset
    return np.asarray(after - np.timedelta64(1, "D"))


def code_of(values: pa.ChunkedArray, levels: tuple[str, ...]) -> IntArray:
    """Return the places of words in a list; -1 for null and other words."""
    import pyarrow as pa
    import pyarrow.compute as pc

    found = pc.index_in(values, value_set=pa.array(levels, values.type)).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def in_months(days: FloatArray) -> FloatArray:
    """Return days as months of 30.4375 days."""
    return np.asarray(days / DAYS_PER_MONTH)
