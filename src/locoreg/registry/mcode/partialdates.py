"""FHIR dates: day, month or year; of an instant the day that is written."""

from __future__ import annotations

import re
from datetime import date
from functools import lru_cache
from typing import NamedTuple

_DATE = re.compile(r"(\d{4})(?:-(\d{2})(?:-(\d{2})(?:T.*)?)?)?", re.ASCII | re.DOTALL)
_PRECISIONS = ("year", "month", "day")


class Partial(NamedTuple):
    """A date with its precision: the first day of the period that it means."""

    day: date
    precision: str


@lru_cache(maxsize=8192)
def read_date(text: str) -> Partial | None:
    """Return a FHIR date, dateTime or instant; None if it is none.

    Parameters
    ----------
    text : str
        ``2018``, ``2018-05``, ``2018-05-30`` or ``2018-05-30T23:30:00+02:00``. Of an instant the
        date as written counts: the day in the place where it was written.
    """
    found = _DATE.fullmatch(text)
    if found is None:
        return None
    given = [int(part) for part in found.groups() if part is not None]
    try:
        day = date(*[*given, 1, 1][:3])
    except ValueError:
        return None
    return Partial(day, _PRECISIONS[len(given) - 1])
