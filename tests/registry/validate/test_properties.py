"""Properties over drawn values: vague dates, check digits, hidden counts."""

from __future__ import annotations

from datetime import date, timedelta
from pathlib import Path
from tempfile import TemporaryDirectory

import duckdb
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.registry.validate.relations import MACROS
from locoreg.registry.validate.rule import Found
from locoreg.registry.validate.smallcells import Hider
from tests.registry.validate.cohort import checked

PARTIAL = st.builds(
    lambda d, p: {"year": f"{d:%Y}", "month": f"{d:%Y-%m}", "day": f"{d:%Y-%m-%d}"}[p],
    st.dates(date(2011, 1, 1), date(2012, 12, 31)),
    st.sampled_from(["year", "month", "day"]),
)


def days(text: str) -> set[date]:
    """Return all days that a date may mean, one by one."""
    first, last = date(2010, 12, 1), date(2013, 1, 31)
    every = (first + timedelta(days=k) for k in range((last - first).days + 1))
    return {one for one in every if one.isoformat().startswith(text)}


@settings(deadline=None, max_examples=6)
@given(st.lists(st.tuples(PARTIAL, PARTIAL), min_size=1, max_size=60))
def test_impossible_means_impossible_for_every_day(drawn: list[tuple[str, str]]) -> None:
    tables = {
        "patient": [
            {"patient_id": f"P{i}", "death_date": death} for i, (death, _) in enumerate(drawn)
        ],
        "primary_tumour": [
            {"patient_id": f"P{i}", "dx_date": dx} for i, (_, dx) in enumerate(drawn)
        ],
    }
    with TemporaryDirectory() as folder:
        report = checked(Path(folder) / "r", tables, ["death-before-diagnosis"])
    impossible = {
        f"P{i}" for i, (death, dx) in enumerate(drawn) if max(days(death)) < min(days(dx))
    }
    assert set(report.issues["patient_id"].to_pylist()) == impossible


@pytest.fixture(scope="module")
def con() -> duckdb.DuckDBPyConnection:
    connection = duckdb.connect()
    for macro in MACROS:
        connection.execute(macro)
    return connection


def dihedral(a: int, b: int) -> int:
    """Multiply two symmetries of the pentagon: 0 to 4 rotations, 5 to 9 reflections."""
    if a < 5:
        return (a + b) % 5 + (5 if b >= 5 else 0)
    return 5 + (a - b) % 5 if b < 5 else (a - b) % 5


def verhoeff_ok(code: str) -> bool:
    """Check by the group and one permutation, applied over and over (Verhoeff 1969)."""
    permutation = (1, 5, 7, 6, 2, 8, 3, 0, 9, 4)
    check = 0
    for place, letter in enumerate(reversed(code)):
        digit = int(letter)
        for _ in range(place % 8):
            digit = permutation[digit]
        check = dihedral(check, digit)
    return check == 0


@settings(deadline=None, max_examples=30)
@given(
    st.lists(st.from_regex(r"[1-9][0-9]{2,14}[01]0[0-9]", fullmatch=True), min_size=1, max_size=40)
)
def test_check_digits(con: duckdb.DuckDBPyConnection, codes: list[str]) -> None:
    rows = con.execute("SELECT c, is_sctid(c) FROM (SELECT unnest(?) AS c)", [codes]).fetchall()
    assert all(found == verhoeff_ok(code) for code, found in rows)


@settings(deadline=None, max_examples=50)
@given(st.lists(st.text(max_size=24), min_size=1, max_size=20))
def test_other_texts_are_no_identifiers(con: duckdb.DuckDBPyConnection, codes: list[str]) -> None:
    # DuckDB takes no text with NUL or half a surrogate pair.
    codes = [c for c in codes if "\0" not in c and c.isprintable()]
    rows = con.execute("SELECT c, is_sctid(c) FROM (SELECT unnest(?) AS c)", [codes]).fetchall()
    for code, found in rows:
        assert not found or (code.isascii() and code.isdigit() and verhoeff_ok(code))


@pytest.mark.parametrize("code", ["254837009", "128462008", "94222008", "94225005", "26929004"])
def test_published_identifiers_are_right(con: duckdb.DuckDBPyConnection, code: str) -> None:
    for digit in "0123456789":
        ok = con.execute("SELECT is_sctid(?)", [code[:-1] + digit]).fetchall()[0][0]
        assert ok == (digit == code[-1])


@settings(deadline=None, max_examples=200)
@given(st.lists(st.integers(0, 60), min_size=1, max_size=6), st.integers(2, 20))
def test_no_total_gives_a_hidden_count_away(parts: list[int], limit: int) -> None:
    hider = Hider(limit)
    text = hider.total(parts)
    hidden = [part for part in parts if hider.hides(part)]
    if not hidden:
        assert text == f"{sum(parts):,}"
        return
    low, _, high = text.removeprefix("≤").partition("–")
    lowest, highest = (int(low), int(high)) if high else (1, limit)
    assert lowest <= sum(parts) <= highest
    assert highest - lowest == len(hidden) * (limit - 1)


@settings(deadline=None, max_examples=200)
@given(st.integers(0, 400), st.integers(0, 400), st.integers(2, 20))
def test_a_share_gives_no_hidden_count_away(part: int, rest: int, limit: int) -> None:
    hider = Hider(limit)
    whole = part + rest
    text = hider.percent(part, whole)
    same = {(p, w) for w in (whole,) for p in range(w + 1) if hider.percent(p, w) == text}
    assert (part, whole) in same
    if 1 <= part <= limit < whole:
        assert {p for p, _ in same} >= set(range(1, limit + 1))
    if 1 <= rest <= limit < part:
        assert {w - p for p, w in same} >= set(range(1, limit + 1))
    found = Found(
        subject="", table_name="t", column_name="c", part=part, whole=whole, value="",
        message="{part} of {whole} ({share}).",
    )  # fmt: skip
    shown = hider.message(found)
    for count in {part, whole, rest} - {limit}:
        if hider.hides(count):
            assert f" {count} " not in f" {shown.replace(',', '')} ".replace("(", " ").replace(
                ")", " "
            )


def test_everything_is_shown_without_a_limit() -> None:
    hider = Hider(None)
    assert hider.count(3) == "3"
    assert hider.total([3, 4]) == "7"
    assert [hider.percent(p, 2000) for p in (0, 1, 20, 1999, 2000)] == [
        "0 %",
        "0.1 %",
        "1 %",
        ">99.9 %",
        "100 %",
    ]
