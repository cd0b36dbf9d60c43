"""Which date formats fit the values of a column."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from functools import cache

from locoreg.registry.drafting.profile import MOSTLY, ColumnProfile
from locoreg.registry.mapping.dates import PARTIAL, DateFormat, date_format, read_date

# Values that are tried.
MOST_TRIED = 400
FORMATS = (
    "%Y-%m-%d",
    "%Y/%m/%d",
    "%Y.%m.%d",
    "%Y%m%d",
    "%d.%m.%Y",
    "%d/%m/%Y",
    "%m/%d/%Y",
    "%d-%m-%Y",
    "%m-%d-%Y",
    "%d-%b-%Y",
    "%d %b %Y",
    "%d%b%Y",
    "%d %B %Y",
    "%d. %B %Y",
    "%b %d, %Y",
    "%B %d, %Y",
    "%Y-%m",
    "%m/%Y",
    "%m.%Y",
    "%Y/%m",
    "%d.%m.%y",
    "%d/%m/%y",
    "%m/%d/%y",
    "%d-%b-%y",
)
# Two-digit years are tried in this century only to see whether the digits are a date.
CENTURY = 1950
YEARS = (1880, 2100)
# The same digits, read the other way round.
SWAPPED = {
    "%d/%m/%Y": "%m/%d/%Y",
    "%d-%m-%Y": "%m-%d-%Y",
    "%d/%m/%y": "%m/%d/%y",
}
_UNSWAPPED = {month: day for day, month in SWAPPED.items()}


@dataclass(frozen=True, slots=True, kw_only=True)
class DateReading:
    """How the dates of a column are written.

    Attributes
    ----------
    formats : tuple of str
        Formats that together read (nearly) all values.
    ambiguous : tuple of str
        Two formats that both read the same values: day first, and month first; empty if it is
        clear.
    unread : int
        Distinct values (of those tried) that no format reads.
    """

    formats: tuple[str, ...]
    ambiguous: tuple[str, ...]
    unread: int

    @property
    def short_years(self) -> bool:
        """Whether years have two digits: the century is not in the data."""
        return any("%y" in format_ for format_ in self.formats)


def read_dates(profile: ColumnProfile, *, years: bool = False) -> DateReading | None:
    """Return how the dates of a column are written.

    Parameters
    ----------
    profile : ColumnProfile
        The column.
    years : bool
        Whether a year alone may be a date here.

    Returns
    -------
    DateReading or None
        None if the column holds no dates.
    """
    tried = [value for value in list(profile.values)[:MOST_TRIED] if len(value) <= 40]
    more = ("%Y",) if years else ()
    if not tried or not any(_candidates(value, more) for value in tried[:20]):
        return None
    formats, unread = _cover(tried, more)
    # One impossible date among a few makes no column of something else.
    if not formats or unread > max((1 - MOSTLY) * len(tried), min(1, len(tried) // 3)):
        return None
    # Months and years alone are read beside any format.
    formats = tuple(f for f in formats if f not in PARTIAL) or formats[:1]
    return DateReading(formats=formats, ambiguous=_ambiguous(tried, formats), unread=unread)


def _ambiguous(values: Sequence[str], formats: Sequence[str]) -> tuple[str, ...]:
    for format_ in formats:
        other = SWAPPED.get(format_, _UNSWAPPED.get(format_))
        if other is None:
            continue
        read = [value for value in values if _fits(value, format_)]
        if other in formats or all(_fits(value, other) for value in read):
            return format_, other
    return ()


def _cover(values: list[str], more: tuple[str, ...]) -> tuple[tuple[str, ...], int]:
    """Take the format that reads most of the values, then the one that reads most of the rest."""
    left = values
    chosen: list[str] = []
    unread = 0
    while left:
        fits = {f: sum(_fits(value, f) for value in left) for f in _candidates(left[0], more)}
        if not fits:
            unread += 1
            left = left[1:]
            continue
        best = max(fits, key=lambda f: fits[f])
        chosen.append(best)
        left = [value for value in left if not _fits(value, best)]
    return tuple(chosen), unread


def _candidates(value: str, more: Iterable[str]) -> list[str]:
    return [format_ for format_ in (*FORMATS, *more) if _fits(value, format_)]


def _fits(value: str, format_: str) -> bool:
    known = _format(format_)
    if known.pattern.fullmatch(value) is None:
        return False
    found = read_date(value, [known], century_from=CENTURY).value
    return found is not None and YEARS[0] <= int(str(found)[:4]) <= YEARS[1]


@cache
def _format(text: str) -> DateFormat:
    return date_format(text)
