"""Whether the values of a column can be those of a column of the registry, and how to read them."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from locoreg.core.numbertext import plural
from locoreg.registry.drafting.dates import DateReading, read_dates
from locoreg.registry.drafting.offsets import OffsetReading, read_offsets
from locoreg.registry.drafting.profile import MOSTLY, ColumnProfile
from locoreg.registry.drafting.vocabulary import canonical_word, reason_word
from locoreg.registry.mapping.numbers import FACTORS, FALSE, TRUE
from locoreg.registry.redcap.choices import Choice
from locoreg.registry.redcap.expand import choice_number
from locoreg.registry.tables import TABLES, Column

# A share of the rows whose words are understood: from here a column is taken, gaps are said.
ENOUGH = 0.5
# Numbers that often stand for unknown.
SENTINELS = ("-1", "-9", "-99", "-999", "9", "99", "999", "9999", "88", "888", "99.9")
_ALIVE = frozenset(("alive", "living", "lebt"))
_DEAD = frozenset(("dead", "deceased", "died", "death", "verstorben", "tot"))
_TNM = {
    "t": re.compile(r"(y?[cp])?t?(x|is|[0-4])", re.IGNORECASE),
    "n": re.compile(r"(y?[cp])?n?(x|[0-3])", re.IGNORECASE),
    "m": re.compile(r"(y?[cp])?m?(x|[01])", re.IGNORECASE),
}
_TEXT_FORMS = {
    "topography": re.compile(r"c\d{2}(\.?\d)?$", re.IGNORECASE),
    "morphology": re.compile(r"m?-?\d{4}(/\d)?$", re.IGNORECASE),
    "stage_group": re.compile(r"(stage )?(0|i{1,3}|iv|[0-4]) ?[a-d]?\d?$", re.IGNORECASE),
}


@dataclass(slots=True)
class Fit:
    """How a column of the registry can be read from a column of a file.

    Attributes
    ----------
    problem : str or None
        Why it can't be read without a person's decision; None if it can.
    spec : dict
        Keys of the map besides ``from``.
    remarks : list of str
        What a person should look at.
    known : dict of str to str
        Canonical words by the words of the source.
    dates : DateReading or None
        How dates are written.
    offsets : OffsetReading or None
        What numbers instead of dates may be counted from.
    """

    problem: str | None = None
    spec: dict[str, Any] = field(default_factory=dict)
    remarks: list[str] = field(default_factory=list)
    known: dict[str, str] = field(default_factory=dict)
    dates: DateReading | None = None
    offsets: OffsetReading | None = None


def fit(profile: ColumnProfile, table: str, column: str, unit: str | None) -> Fit:
    """Return how well a column of a file fits a column of the registry.

    Parameters
    ----------
    profile : ColumnProfile
        Column of the file.
    table, column : str
        Column of the registry.
    unit : str or None
        Unit that the header names.

    Returns
    -------
    Fit
        Codes, units, formats; or why it can't be used as it is.
    """
    target = TABLES[table].column(column)
    if profile.private and column != "birth_year":
        return Fit(problem="the source says that it identifies patients or is free text")
    if not profile.values:
        return Fit(problem="no value in the rows that were read")
    if column == "birth_year":
        return _birth_year(profile)
    out = _reader(target)(profile, table, target, unit)
    if out.problem is None and target.type in ("int16", "int32", "number"):
        out.remarks += _sentinels(profile, out)
    return out


_Reader = Callable[[ColumnProfile, str, Column, "str | None"], Fit]


def _reader(target: Column) -> _Reader:
    if target.type == "date":
        return _date
    if target.type == "bool" or target.allowed:
        return _words
    if target.type == "text":
        return _text
    return _number


def _words(profile: ColumnProfile, table: str, target: Column, unit: str | None) -> Fit:
    meant = {value: _meaning(profile, table, target, value) for value in profile.values}
    known = {value: word for value, word in meant.items() if word is not None}
    rows = sum(profile.values.values())
    share = sum(profile.values[value] for value in known) / rows
    if share < ENOUGH:
        return Fit(problem=f"its values are no words for {_allowed(target)}")
    # Choices that no row has yet are codes too, written with the words that stand for them.
    rest = {value: _meaning(profile, table, target, value) for value in profile.labels}
    every = {**{value: word for value, word in rest.items() if word is not None}, **known}
    # Codes are compared without regard to case.
    folded = {_word(profile, value).casefold(): value for value in reversed(every)}
    out = Fit(known={_word(profile, v): every[v] for v in reversed(folded.values())})
    if not stands_for_itself(out.known, target):
        out.spec["codes"] = out.known
    left = {value: profile.values[value] for value in meant if value not in known}
    if left:
        out.remarks.append(_unread(profile, left, target))
    if profile.n_distinct > len(profile.counts):
        out.remarks.append("there are more different values than were looked at")
    return out


def _word(profile: ColumnProfile, value: str) -> str:
    """Return the label of a code where the source has one."""
    return profile.labels.get(value, value)


def _meaning(profile: ColumnProfile, table: str, target: Column, value: str) -> str | None:
    """Return the canonical word of a value, by its label where the source has one."""
    label = _word(profile, value)
    if reason_word(label) is not None:
        return None
    found = canonical_word(table, target, label)
    if found is None and target.name == "vital_status":
        return _alive(profile, label)
    if found is None and label != value and target.type.startswith("int"):
        number = choice_number(Choice(code=value, label=label), target)
        return None if number is None else str(number)
    return found


def _alive(profile: ColumnProfile, label: str) -> str | None:
    """Return what yes and no mean under a header such as ``Deceased?``."""
    answer = canonical_word("lesion", TABLES["lesion"].column("biopsied"), label)
    said = {word for name in profile.names for word in name}
    if answer is None or bool(said & _ALIVE) == bool(said & _DEAD):
        return None
    return "alive" if (answer == "true") == bool(said & _ALIVE) else "dead"


def stands_for_itself(known: Mapping[str, str], target: Column) -> bool:
    """Return whether words need no codes: they are canonical, or plain yes and no."""
    if target.type == "bool":
        folded = {value.casefold(): word for value, word in known.items()}
        return all(
            (value in TRUE, value in FALSE)[word == "false"] for value, word in folded.items()
        )
    return all(value.casefold() == word.casefold() for value, word in known.items())


def _allowed(target: Column) -> str:
    return "yes and no" if target.type == "bool" else ", ".join(target.allowed)


def _unread(profile: ColumnProfile, left: dict[str, int], target: Column) -> str:
    rows = sum(left.values())
    told = f"{plural(rows, 'row')} with no known words for {_allowed(target)}"
    shown = [value for value in left if left[value] > 1][:12] if profile.shows_values else []
    if shown:
        told += ": " + ", ".join(f"{_quoted(profile, v)} ({left[v]})" for v in shown)
    return told


def _quoted(profile: ColumnProfile, value: str) -> str:
    label = profile.labels.get(value)
    return f"{value!r} ({label})" if label is not None and label != value else repr(value)


def _date(profile: ColumnProfile, table: str, target: Column, unit: str | None) -> Fit:
    dates = read_dates(profile, years=True)
    if dates is not None:
        out = Fit(dates=dates)
        if dates.unread:
            out.remarks.append(f"{dates.unread} different values fit none of its date formats")
        return out
    offsets = read_offsets(profile, unit)
    if offsets is not None:
        return Fit(offsets=offsets)
    return Fit(problem="its values are neither dates nor numbers of days, months or years")


def _number(profile: ColumnProfile, table: str, target: Column, unit: str | None) -> Fit:
    if not profile.numbers:
        return Fit(problem="its values are no numbers")
    out = Fit()
    if profile.n_odd:
        out.remarks.append(f"{plural(profile.n_odd, 'row')} hold something else than a number")
    if target.type != "number" and any(not number.is_integer() for number in profile.numbers):
        return Fit(problem="its values are no whole numbers")
    if profile.decimal_comma:
        out.spec["decimal"] = "comma"
    units = FACTORS.get(target.unit)
    if units is not None:
        if unit not in units:
            middle = profile.middle
            told = "" if middle is None else f"; the median is about {middle:.3g}"
            return Fit(
                problem=f"the header does not say the unit ({', '.join(units)}){told}",
                spec={**out.spec, "unit": target.unit},
            )
        out.spec["unit"] = unit
    return out


def _birth_year(profile: ColumnProfile) -> Fit:
    years = profile.numbers
    if years and all(1880 <= year <= 2030 and year.is_integer() for year in _common(profile)):
        return Fit()
    if read_dates(profile) is not None:
        if profile.years_only:
            return Fit(remarks=["only the years of these dates are kept"])
        return Fit(problem="it holds dates of birth: only the year may be kept")
    return Fit(problem="its values are no years")


def _common(profile: ColumnProfile) -> list[float]:
    """Return the numbers without the rarest twentieth, where sentinels are."""
    low, high = profile.quantile(0.02), profile.quantile(0.98)
    return [number for number in profile.numbers if low <= number <= high]


def _text(profile: ColumnProfile, table: str, target: Column, unit: str | None) -> Fit:
    name = target.name
    if name.endswith("_id"):
        return Fit()
    if profile.looks_private and not profile.shows_values and name not in _NAMED:
        return Fit(problem="its header speaks of names, addresses or free text")
    form = _TEXT_FORMS.get(name)
    if table == "primary_tumour" and name in ("ct", "cn", "cm", "pt", "pn", "pm"):
        form = _TNM[name[1]]
    if form is not None:
        texts = {value: _word(profile, value) for value in profile.values}
        rows = sum(n for value, n in profile.values.items() if form.match(texts[value]))
        if rows < ENOUGH * sum(profile.values.values()):
            return Fit(problem=f"its values do not look like {target.description[:60].rstrip('.')}")
        if rows < MOSTLY * sum(profile.values.values()):
            return Fit(remarks=["not all of its values look like it"])
    return Fit()


# Columns whose header may well say "name".
_NAMED = ("drug", "regimen", "analyte", "term", "display", "item", "gene", "assay")


def _sentinels(profile: ColumnProfile, found: Fit) -> list[str]:
    """Return a remark on numbers far from all others that may mean unknown."""
    if not profile.numbers or "codes" in found.spec:
        return []
    usual = sorted(n for n in profile.numbers if _plain(n) not in SENTINELS)
    if not usual:
        return []
    odd = [
        _plain(n)
        for n in profile.numbers
        if _plain(n) in SENTINELS and (n < min(0.0, usual[0]) or n > 2 * usual[-1])
    ]
    if not odd:
        return []
    return [f"{', '.join(odd)} may mean unknown: if so, add missing: {{not_recorded: {odd}}}"]


def _plain(number: float) -> str:
    return str(int(number)) if number.is_integer() else str(number)
