"""Accrual of trials: planned and reached, from when to when, and whether it stopped early."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from typing import Any

from locoreg.core.tables import Row
from locoreg.evidence.catalog import SHIPPED
from locoreg.evidence.extratables import read_extra

DAYS_PER_MONTH = 365.25 / 12
COUNTS = ("planned", "planned_months", "randomised", "centres")
DATES = ("start", "end")
_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2}))?)?\Z")


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualFact:
    """One printed fact of a trial's accrual.

    Attributes
    ----------
    accrual_id, study_id, item, value : str
        Key, trial, what is stated, and the statement.
    source, address, location, verbatim, verification : str
        Where it was read, and how far it was checked.
    note : str or None
        Remark.
    """

    accrual_id: str
    study_id: str
    item: str
    value: str
    source: str
    address: str
    location: str
    verbatim: str
    verification: str
    note: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class AccrualRecord:
    """Accrual of one trial as its facts state it.

    Attributes
    ----------
    study_id : str
        The trial.
    planned, planned_months, randomised, centres : int or None
        Counts, None where none was found.
    start, end : str or None
        As stated, to the year, month or day.
    months : float or None
        From start to end; a year or a month counts from its middle.
    months_off : float or None
        By how much the months may be off, because dates are not stated to the day.
    stopped_early : bool or None
        Whether accrual stopped before the planned number; None where nothing was found.
    reason : str or None
        Why.
    facts : tuple of AccrualFact
        What it was made from.
    """

    study_id: str
    planned: int | None
    planned_months: int | None
    randomised: int | None
    centres: int | None
    start: str | None
    end: str | None
    months: float | None
    months_off: float | None
    stopped_early: bool | None
    reason: str | None
    facts: tuple[AccrualFact, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the record as JSON-ready values, each fact with its source."""
        out = {name: getattr(self, name) for name in self.__slots__ if name != "facts"}
        out["facts"] = [{name: getattr(one, name) for name in one.__slots__} for one in self.facts]
        return out


def load_accrual(
    folders: Sequence[str | Path] = (SHIPPED,),
) -> tuple[tuple[AccrualRecord, ...], str]:
    """Read the accrual of trials.

    Parameters
    ----------
    folders : sequence of str or Path
        ``shipped``, or folders that hold ``accrual.csv``; one without it is passed over.

    Returns
    -------
    records : tuple of AccrualRecord
        One per trial, in the order of the tables. Facts from memory are kept and decide nothing.
    sha256 : str
        Hash of the files.

    Raises
    ------
    DataError
        Listing every fault by file, row and column.
    """
    facts, sha256 = read_extra("accrual", "accrual_id", folders, _fact, _check)
    trials = dict.fromkeys(fact.study_id for fact in facts)
    return tuple(_record(one, [f for f in facts if f.study_id == one]) for one in trials), sha256


def _fact(row: Row) -> AccrualFact:
    return AccrualFact(**{k: v for k, v in row.values.items() if v is not None})  # type: ignore[arg-type]


def _check(row: Row) -> tuple[str, str] | None:
    item, value = str(row.values["item"]), str(row.values["value"])
    if str(row.values["accrual_id"]) != f"{row.values['study_id']}-{item}":
        return "accrual_id", "is not the trial and the item joined by a dash"
    if item in COUNTS and not (value.isdigit() and int(value) > 0):
        return "value", f"{value!r} is not a whole number above 0"
    if item in DATES and _days(value) is None:
        return "value", f"{value!r} is not a year, year-month or day"
    if item == "stopped_early" and value not in ("yes", "no"):
        return "value", f"{value!r} is neither yes nor no"
    return None


def _record(study_id: str, facts: Iterable[AccrualFact]) -> AccrualRecord:
    kept = tuple(facts)
    known = {fact.item: fact.value for fact in kept if fact.verification != "memory"}
    counts = {name: int(known[name]) if name in known else None for name in COUNTS}
    months, off = _months(known.get("start"), known.get("end"))
    stopped = known.get("stopped_early")
    return AccrualRecord(
        study_id=study_id,
        start=known.get("start"),
        end=known.get("end"),
        months=months,
        months_off=off,
        stopped_early=None if stopped is None else stopped == "yes",
        reason=known.get("reason"),
        facts=kept,
        **counts,
    )


def _months(start: str | None, end: str | None) -> tuple[float | None, float | None]:
    first = None if start is None else _days(start)
    last = None if end is None else _days(end)
    if first is None or last is None or last[0] <= first[0]:
        return None, None
    return (last[0] - first[0]) / DAYS_PER_MONTH, (first[1] + last[1]) / DAYS_PER_MONTH


def _days(text: str) -> tuple[float, float] | None:
    """Return the middle of a date as a day number, and half its length; None if it is none."""
    found = _DATE.match(text)
    if found is None:
        return None
    year, month, day = (int(part) if part else None for part in found.groups())
    try:
        if day is not None:
            return float(date(year or 0, month or 0, day).toordinal()) + 0.5, 0.0
        if month is not None:
            begin = date(year or 0, month, 1)
            after = date((year or 0) + month // 12, month % 12 + 1, 1)
        else:
            begin, after = date(year or 0, 1, 1), date((year or 0) + 1, 1, 1)
    except ValueError:
        return None
    low, high = begin.toordinal(), after.toordinal()
    return (low + high) / 2, (high - low) / 2
