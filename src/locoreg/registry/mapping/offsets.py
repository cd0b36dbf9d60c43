"""Dates given as numbers of days or months since something, and whether that can be."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.findings import Severity
from locoreg.registry.intake.sink import Problem
from locoreg.registry.mapping.check import BIRTH, DIAGNOSIS, LAST_CONTACT
from locoreg.registry.mapping.spec import ColumnSpec

if TYPE_CHECKING:
    from numpy.typing import NDArray

PRECISIONS = ("day", "month", "year")
UNIT_PRECISION = {"days": "day", "weeks": "day", "months": "month", "years": "year"}
SHIFTS = {"down": 0.0, "nearest": 0.5, "up": 1.0}
# Dates are compared with a window that is wider by a month on both sides.
SLACK_DAYS = 31.0
FEWEST = 10
# Shares of dates outside of diagnosis to last contact: one origin is far worse than another.
FAR_WORSE = 0.25
HOPELESS = 0.5
FITS = 0.05


@dataclass(frozen=True, slots=True, kw_only=True)
class Days:
    """Dates of rows, as days since 1970-01-01.

    Attributes
    ----------
    day : ndarray of float, shape (n,)
        First day of the period; NaN where unknown.
    precision : ndarray of int, shape (n,)
        0 day, 1 month, 2 year.
    """

    day: NDArray[np.float64]
    precision: NDArray[np.int64]

    def latest(self) -> NDArray[np.float64]:
        """Return the last day of each period."""
        length: NDArray[np.float64] = np.array([0.0, 30.0, 364.0])[self.precision]
        return self.day + length


def offset_days(
    numbers: NDArray[np.float64], base: Days, spec: ColumnSpec, days_per_month: float
) -> Days:
    """Return dates from offsets.

    Parameters
    ----------
    numbers : ndarray of float, shape (n,)
        Offsets; NaN where unknown.
    base : Days
        What they are counted from.
    spec : ColumnSpec
        Unit, rounding and precision.
    days_per_month : float
        Days of a month.

    Returns
    -------
    Days
        First day of the period that each offset stands for. A whole month that was rounded to
        the nearest stands for the period from half a month before it.
    """
    unit = str(spec.unit)
    precision = spec.precision or UNIT_PRECISION[unit]
    shift = SHIFTS[spec.rounded] if precision != "day" and unit in ("months", "years") else 0.0
    days = np.floor(base.day + (numbers - shift) * unit_days(unit, days_per_month) + 0.5)
    own = PRECISIONS.index(precision)
    return Days(day=days, precision=np.maximum(base.precision, own))


def birth_years(
    numbers: NDArray[np.float64], base: Days, spec: ColumnSpec, days_per_month: float
) -> NDArray[np.float64]:
    """Return years of birth from ages (``before``) or from offsets to birth (``since``).

    Parameters
    ----------
    numbers : ndarray of float
        Ages, or days and so on from the anchor to birth (negative); NaN where unknown.
    base : Days
        The anchor.
    spec : ColumnSpec
        Unit and rounding.
    days_per_month : float
        Days of a month.

    Returns
    -------
    ndarray of float
        The likelier of the two calendar years that a whole number of completed years (or
        months) leaves open: that of the middle of the period.
    """
    unit = str(spec.unit)
    ages = numbers if spec.before is not None else -numbers
    middle = 0.5 - SHIFTS[spec.rounded] if unit in ("months", "years") else 0.0
    whole = np.equal(np.mod(ages, 1.0), 0.0)
    ages = np.where(whole, ages + middle, ages)
    days = base.day + (base.latest() - base.day) / 2 - ages * unit_days(unit, days_per_month)
    known = ~np.isnan(days)
    first = np.where(known, np.clip(days, -1e6, 1e6), 0).astype("datetime64[D]")
    years = first.astype("datetime64[Y]").astype(np.int64).astype(np.float64) + 1970
    return np.where(known, years, np.nan)


def unit_days(unit: str, days_per_month: float) -> float:
    """Return the days of a unit."""
    return {"days": 1.0, "weeks": 7.0, "months": days_per_month}.get(unit, 12 * days_per_month)


@dataclass(slots=True)
class OffsetCheck:
    """Count how many dates fall outside of diagnosis to last contact, by origin.

    Attributes
    ----------
    file, table, column, source : str
        Where the offsets stand.
    spec : ColumnSpec
        How they are read.
    label : str or None
        Origin that the source's documentation names.
    label_words : str
        Where it says so.
    days_per_month : float
        Days of a month.
    n, outside : dict of str to int
        Dates compared and dates outside, by origin.
    """

    file: str
    table: str
    column: str
    source: str
    spec: ColumnSpec
    label: str | None
    label_words: str
    days_per_month: float
    n: dict[str, int] = field(default_factory=dict)
    outside: dict[str, int] = field(default_factory=dict)

    def take(self, numbers: NDArray[np.float64], anchors: Mapping[str, Days]) -> None:
        """Compare the offsets of one chunk."""
        if DIAGNOSIS not in anchors or LAST_CONTACT not in anchors:
            return
        first = anchors[DIAGNOSIS].day - SLACK_DAYS
        last = anchors[LAST_CONTACT].latest() + SLACK_DAYS
        usable = ~np.isnan(numbers) & ~np.isnan(first) & ~np.isnan(last)
        for origin, base in anchors.items():
            if origin == LAST_CONTACT and self.spec.since != LAST_CONTACT:
                continue
            days = offset_days(numbers, base, self.spec, self.days_per_month)
            rows = usable & ~np.isnan(days.day)
            off = (days.latest() < first) | (days.day > last)
            self.n[origin] = self.n.get(origin, 0) + int(rows.sum())
            self.outside[origin] = self.outside.get(origin, 0) + int((rows & off).sum())

    def share(self, origin: str) -> float | None:
        """Return the share of dates outside under an origin, None if there are too few."""
        n = self.n.get(origin, 0)
        return self.outside[origin] / n if n >= FEWEST else None

    def problems(self) -> list[Problem]:
        """Return what the comparison shows."""
        declared = str(self.spec.since)
        own = self.share(declared)
        if own is None and self.label not in (None, declared):
            return [self._unchecked()]
        if own is None:
            return [] if self.n else [self._nothing_to_compare()]
        others = {o: s for o in self.n if o != declared and (s := self.share(o)) is not None}
        best = min(others, key=lambda o: others[o], default=None)
        if best is not None and own - others[best] >= FAR_WORSE:
            severity: Severity = "blocking" if own > HOPELESS and others[best] < FITS else "serious"
            return [self._problem("offset-origin", severity, self._origin_words(declared, best))]
        if best is None and own > HOPELESS:
            words = (
                f"counted from {declared}, {self._share(declared)} of the dates fall outside of "
                "diagnosis to last contact: the origin can't be right; find out what the column "
                "is counted from."
            )
            return [self._problem("offset-origin", "serious", words)]
        return self._about_label(declared, own)

    def _about_label(self, declared: str, own: float) -> list[Problem]:
        if self.label is None or self.label == declared:
            return []
        labelled = self.share(self.label)
        if labelled is not None and labelled - own >= FAR_WORSE:
            words = (
                f"{self.label_words} an interval since {self.label}, but counted from "
                f"{self.label} {self._share(self.label)} of the dates fall outside of diagnosis to "
                f"last contact, and counted from {declared} {self._share(declared)}: it was read "
                f"as counted from {declared}, as the map says."
            )
            return [self._problem("mislabelled-interval", "serious", words)]
        return [self._unchecked()]

    def _unchecked(self) -> Problem:
        words = (
            f"{self.label_words} an interval since {self.label}, the map counts from "
            f"{self.spec.since}, and the data can't tell which is right."
        )
        return self._problem("offset-label-differs", "minor", words)

    def _nothing_to_compare(self) -> Problem:
        words = (
            "the file has no dates of diagnosis and last contact (anchors or lookups of the map) "
            "to check the offsets against."
        )
        return self._problem("offset-unchecked", "note", words)

    def _origin_words(self, declared: str, best: str) -> str:
        return (
            f"counted from {declared}, as the map says, {self._share(declared)} of the dates fall "
            f"outside of diagnosis to last contact; counted from {best}, {self._share(best)}: the "
            f"column looks like an offset from {best}; correct since: in the map."
        )

    def _share(self, origin: str) -> str:
        n, outside = self.n[origin], self.outside[origin]
        return f"{outside} of {n} ({100 * outside / n:.1f}%)"

    def _problem(self, rule: str, severity: Severity, words: str) -> Problem:
        return Problem(
            rule=rule,
            severity=severity,
            message=f"{self.source}: {words}",
            source_file=self.file,
            table_name=self.table,
            column_name=self.column,
            value=self.source,
        )


def label_of(text: str) -> str | None:
    """Return the origin that a description of a column names.

    Parameters
    ----------
    text : str
        Words such as ``Months between diagnosis and recurrence``.

    Returns
    -------
    str or None
        ``birth``, ``diagnosis``, or None if it names neither.
    """
    words = " ".join(text.casefold().replace("_", " ").split())
    if any(mark in words for mark in ("birth", "age at", "age in", "age (")):
        return BIRTH
    marks = ("between", "since", "from", "after", "reference")
    for mark in marks:
        _, found, rest = words.partition(mark)
        if found and ("diagnos" in rest or "diagon" in rest):
            return DIAGNOSIS
    return None
