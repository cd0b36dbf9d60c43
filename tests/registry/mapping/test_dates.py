from __future__ import annotations

from datetime import date

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.registry.mapping.dates import date_format, read_date
from locoreg.registry.mapping.readings import Reading

ISO = ("%Y-%m-%d",)


def read(text: str, *formats: str, century_from: int | None = None) -> Reading:
    return read_date(text, [date_format(f) for f in formats or ISO], century_from=century_from)


@pytest.mark.parametrize(
    ("text", "formats", "day"),
    [
        ("2019-05-01", ISO, date(2019, 5, 1)),
        ("2019-5-1", ISO, date(2019, 5, 1)),
        ("1.5.2019", ("%d.%m.%Y",), date(2019, 5, 1)),
        ("12-10-1995", ("%Y-%m-%d", "%d-%m-%Y"), date(1995, 10, 12)),
        ("2019-05-01T23:59:59Z", ISO, date(2019, 5, 1)),
        ("2019-05-01 00:00:00.000", ISO, date(2019, 5, 1)),
        ("01-MAY-2019", ("%d-%b-%Y",), date(2019, 5, 1)),
        ("1 Sept. 2019", ("%d %B %Y",), date(2019, 9, 1)),
        ("20190501", ("%Y%m%d",), date(2019, 5, 1)),
        ("43586", ("excel",), date(2019, 5, 1)),
        ("43586.75", ("excel", "%Y-%m-%d"), date(2019, 5, 1)),
        ("29.02.2020", ("%d.%m.%Y",), date(2020, 2, 29)),
    ],
)
def test_days(text: str, formats: tuple[str, ...], day: date) -> None:
    got = read(text, *formats)
    assert (got.value, got.more, got.fault) == (day, "day", None)


@pytest.mark.parametrize(
    ("text", "day", "precision"),
    [
        ("2019-05", date(2019, 5, 1), "month"),
        ("05/2019", date(2019, 5, 1), "month"),
        ("May 2019", date(2019, 5, 1), "month"),
        ("2019", date(2019, 1, 1), "year"),
    ],
)
def test_partial_dates_stay_partial(text: str, day: date, precision: str) -> None:
    got = read(text)
    assert (got.value, got.more) == (day, precision)


@pytest.mark.parametrize(
    ("text", "formats", "rule"),
    [
        ("03-04-2019", ("%d-%m-%Y", "%m-%d-%Y"), "ambiguous-date"),
        ("31-02-2019", ("%d-%m-%Y",), "impossible-date"),
        ("29.02.2019", ("%d.%m.%Y",), "impossible-date"),
        ("9999-12-31", ISO, "impossible-date"),
        ("2019-13-01", ISO, "impossible-date"),
        ("43586", ISO, "unreadable-date"),
        ("01/05/19", ISO, "unreadable-date"),
        ("2019111", ("%Y%m%d",), "unreadable-date"),
        ("soon", ISO, "unreadable-date"),
    ],
)
def test_dates_that_are_left_out(text: str, formats: tuple[str, ...], rule: str) -> None:
    got = read(text, *formats)
    assert got.value is None
    assert got.reason == "not_recorded"
    assert got.fault is not None
    assert got.fault.rule == rule


def test_two_formats_that_mean_the_same_day_are_no_ambiguity() -> None:
    assert read("05-05-2019", "%d-%m-%Y", "%m-%d-%Y").value == date(2019, 5, 5)
    assert read("13-05-2019", "%d-%m-%Y", "%m-%d-%Y").value == date(2019, 5, 13)


def test_two_digit_years_need_a_century() -> None:
    assert read("1.5.29", "%d.%m.%y", century_from=1930).value == date(2029, 5, 1)
    assert read("1.5.30", "%d.%m.%y", century_from=1930).value == date(1930, 5, 1)


@pytest.mark.parametrize("text", ["%d.%m", "%Y-%d", "%Y-%j", "%H:%M", "%Y %y", "", "%"])
def test_formats_that_name_no_date(text: str) -> None:
    with pytest.raises(DesignError):
        date_format(text)


@given(
    st.dates(date(1800, 1, 1), date(2200, 12, 31)),
    st.sampled_from(["%Y-%m-%d", "%d.%m.%Y", "%m/%d/%Y", "%Y%m%d", "%d %b %Y"]),
)
@settings(deadline=None, max_examples=150)
def test_every_day_is_read_back(day: date, text: str) -> None:
    assert read(day.strftime(text), text).value == day


@given(st.text(max_size=24))
@settings(deadline=None, max_examples=150)
def test_any_text_gives_a_day_or_a_fault(text: str) -> None:
    got = read(text, "%Y-%m-%d", "%d.%m.%Y")
    assert (got.value is None) == (got.fault is not None)
