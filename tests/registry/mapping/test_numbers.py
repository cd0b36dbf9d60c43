from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.registry.mapping.numbers import read_boolean, read_integer, read_number


@pytest.mark.parametrize(
    ("text", "value", "operator"),
    [
        ("1", 1.0, "="),
        ("-2.5", -2.5, "="),
        (".5", 0.5, "="),
        ("5.", 5.0, "="),
        ("1e3", 1000.0, "="),
        ("<1", 1.0, "<"),
        (">= 95", 95.0, ">="),
        ("≤3", 3.0, "<="),
        ("90%", 90.0, "="),
        ("90 %", 90.0, "="),
    ],
)
def test_numbers(text: str, value: float, operator: str) -> None:
    got = read_number(text, decimal="point", units=("%",), operators=True)
    assert (got.value, got.more, got.fault) == (value, operator, None)


@pytest.mark.parametrize(("text", "value"), [("1,5", 1.5), ("3", 3.0), (",5", 0.5)])
def test_comma_decimals(text: str, value: float) -> None:
    assert read_number(text, decimal="comma").value == value


@pytest.mark.parametrize(
    ("text", "value"),
    [("1.9 (CN 4.3)", 1.9), ("4.0, CN 9.7", 4.0), ("1 (weak intensity)", 1.0), ("2 [sic]", 2.0)],
)
def test_remarks_are_left_out_and_told(text: str, value: float) -> None:
    got = read_number(text, decimal="point")
    assert got.value == value
    assert got.fault is not None
    assert (got.fault.rule, got.fault.severity) == ("remark-left-out", "minor")
    assert text in got.fault.message


@pytest.mark.parametrize(
    ("text", "rule"),
    [
        ("10-20", "range-for-number"),
        ("10 – 20 %", "range-for-number"),
        ("5 to 10", "range-for-number"),
        ("1.4, 1.9", "several-numbers"),
        ("1/2", "several-numbers"),
        ("1,5", "ambiguous-number"),
        ("1,234", "ambiguous-number"),
        ("1e999", "not-a-number"),
        ("nan", "not-a-number"),
        ("inf", "not-a-number"),
        ("abc", "not-a-number"),
        ("1 2", "not-a-number"),
        ("٣", None),
        ("3 cm", "unit-differs"),
        ("<1", "number-with-operator"),
    ],
)
def test_what_is_no_number_is_left_out(text: str, rule: str | None) -> None:
    got = read_number(text, decimal="point")
    if rule is None:
        assert got.value == 3.0
        return
    assert got.value is None
    assert got.reason == "not_recorded"
    assert got.fault is not None
    assert got.fault.rule == rule


def test_the_other_decimal_mark_is_never_guessed() -> None:
    for text in ("1.5", "1.234"):
        got = read_number(text, decimal="comma")
        assert got.value is None
        assert got.fault is not None
        assert got.fault.rule == "ambiguous-number"


def test_the_unit_in_the_text_must_be_that_of_the_map() -> None:
    assert read_number("3 cm", decimal="point", units=("cm",)).value == 3.0
    assert read_number("3 mm", decimal="point", units=("cm",)).value is None


@pytest.mark.parametrize(("text", "value"), [("3", 3), ("3.0", 3), ("3,00", 3), ("-1", -1)])
def test_integers(text: str, value: int) -> None:
    assert read_integer(text, low=-10, high=10).value == value


@pytest.mark.parametrize("text", ["3.5", "x", "11", "1e1", "", "99999999999999999999"])
def test_no_integers(text: str) -> None:
    assert read_integer(text, low=-10, high=10).value is None


def test_booleans() -> None:
    assert [read_boolean(t).value for t in ("Yes", "0", "TRUE", "n")] == [True, False, True, False]
    assert read_boolean("maybe").value is None


@given(st.floats(allow_nan=False, allow_infinity=False), st.sampled_from(["", "<", ">="]))
@settings(deadline=None, max_examples=100)
def test_what_python_prints_is_read_back(value: float, operator: str) -> None:
    got = read_number(f"{operator}{value!r}", decimal="point", operators=True)
    assert got.value == value
    assert got.more == (operator or "=")


@given(st.text(max_size=30))
@settings(deadline=None, max_examples=200)
def test_any_text_gives_a_value_or_a_fault(text: str) -> None:
    for got in (
        read_number(text, decimal="point"),
        read_number(text, decimal="comma", operators=True),
        read_integer(text, low=0, high=9),
        read_boolean(text),
    ):
        assert (got.value is None) == (got.reason is not None)
        assert got.value is not None or got.fault is not None
