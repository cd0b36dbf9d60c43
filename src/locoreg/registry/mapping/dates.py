"""Dates as people write them: formats stated, partial ones kept partial, none guessed."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, timedelta

from locoreg.core.errors import DesignError
from locoreg.registry.mapping.readings import Reading, refused, shown

MONTHS = (
    "january", "february", "march", "april", "may", "june",
    "july", "august", "september", "october", "november", "december",
)  # fmt: skip
_NAMES = "|".join(f"{name}|{name[:3]}\\.?" for name in MONTHS) + r"|sept\.?"
# Days of a spreadsheet, counted from 1899-12-30; five digits are 1927 to 2173.
SERIAL = "excel"
DIRECTIVES = {
    "Y": r"(?P<year>\d{4})",
    "y": r"(?P<short>\d{2})",
    "m": r"(?P<month>\d{1,2})",
    "d": r"(?P<day>\d{1,2})",
    "b": rf"(?P<name>{_NAMES})",
    "B": rf"(?P<name>{_NAMES})",
}
TIME = r"(?:[T ]\s*\d{1,2}:\d{2}(?::\d{2}(?:[.,]\d+)?)?\s*(?:Z|UTC|[+-]\d{2}:?\d{2}|[AaPp][Mm])?)?"
# Month and year can be told apart whatever the country.
PARTIAL = ("%Y-%m", "%m/%Y", "%Y/%m", "%m.%Y", "%m-%Y", "%b %Y", "%Y")
FIRST_YEAR, LAST_YEAR = 1800, 2200


@dataclass(frozen=True, slots=True, kw_only=True)
class DateFormat:
    """One way to write dates.

    Attributes
    ----------
    text : str
        As in the map.
    pattern : re.Pattern
        What it looks like.
    precision : {"day", "month", "year"}
        What it says.
    """

    text: str
    pattern: re.Pattern[str]
    precision: str


def date_format(text: str) -> DateFormat:
    """Return a format given with ``%Y %y %m %d %b %B``.

    Parameters
    ----------
    text : str
        For example ``%d.%m.%Y``; ``excel`` for the day numbers of a spreadsheet.

    Returns
    -------
    DateFormat
        The format.

    Raises
    ------
    DesignError
        If it has other directives, has one twice, or lacks the year.
    """
    if text == SERIAL:
        pattern = re.compile(r"(?P<serial>\d{5})(?:[.,]\d+)?")
        return DateFormat(text=text, pattern=pattern, precision="day")
    shape, used = "", ""
    # Without anything between them only fixed widths can be told apart.
    width = "{2}" if re.search(r"%[YymdbB]%[md]|%[md]%[Yy]", text) else "{1,2}"
    for part in re.split(r"(%.?)", text):
        if part.startswith("%"):
            if part[1:] not in DIRECTIVES:
                raise DesignError(
                    f"the date format {text!r} has {part}.",
                    hint="allowed are %Y %y %m %d %b %B; a time of day needs no format.",
                )
            used += part[1:].replace("B", "b").replace("b", "m").replace("y", "Y")
            shape += DIRECTIVES[part[1:]].replace("{1,2}", width)
        else:
            shape += re.escape(part)
    if len(set(used)) < len(used) or "Y" not in used or ("d" in used and "m" not in used):
        raise DesignError(
            f"the date format {text!r} does not name a day, a month or a year once each."
        )
    precision = "day" if "d" in used else "month" if "m" in used else "year"
    time = TIME if precision == "day" else ""
    return DateFormat(
        text=text, pattern=re.compile(shape + time, re.IGNORECASE), precision=precision
    )


_PARTIAL_FORMATS = tuple(date_format(text) for text in PARTIAL)


def read_date(
    text: str, formats: Sequence[DateFormat], *, century_from: int | None = None
) -> Reading:
    """Read a date.

    Parameters
    ----------
    text : str
        Without spaces around it, and known.
    formats : sequence of DateFormat
        Formats stated for the column; month and year alone are read besides.
    century_from : int, optional
        First of the hundred years that two-digit years stand for.

    Returns
    -------
    Reading
        First day of the period, and its precision in ``more``.
    """
    days: dict[date, str] = {}
    impossible = False
    stated = [(f, f.pattern.fullmatch(text)) for f in (*formats, *_PARTIAL_FORMATS)]
    for format_, found in stated:
        if found is None:
            continue
        day = _day(found.groupdict(), century_from)
        if day is None:
            impossible = True
        else:
            days.setdefault(day, format_.precision)
    if len(days) > 1:
        either = " or ".join(day.isoformat() for day in days)
        message = f"{shown(text)} may be {either}: both formats are allowed; it was left out."
        return refused("ambiguous-date", message)
    if days:
        day, precision = next(iter(days.items()))
        return Reading(day, None, precision)
    if impossible:
        return refused(
            "impossible-date", f"{shown(text)} is no day there ever was; it was left out."
        )
    allowed = ", ".join(f.text for f in formats) or "none"
    message = f"{shown(text)} fits no format of the map ({allowed}); it was left out."
    return refused("unreadable-date", message)


def _day(parts: dict[str, str | None], century_from: int | None) -> date | None:
    if serial := parts.get("serial"):
        return date(1899, 12, 30) + timedelta(days=int(serial))
    month = int(parts.get("month") or 1)
    if name := parts.get("name"):
        month = next(i for i, word in enumerate(MONTHS, 1) if word[:3] == name[:3].lower())
    short = parts.get("short")
    if short is not None and century_from is not None:
        year = century_from + (int(short) - century_from) % 100
    else:
        year = int(parts.get("year") or 0)
    if not FIRST_YEAR <= year <= LAST_YEAR:
        return None
    try:
        return date(year, month, int(parts.get("day") or 1))
    except ValueError:
        return None
