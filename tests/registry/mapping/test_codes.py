from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.registry.mapping.codes import code_book, read_plain_code, verhoeff_holds

IHC = code_book({"0+": "0", "0-1+": "0-1+", "1+": "1+", "2+": "2+", "3+": "3+"}, (), {})


# Identifiers of SNOMED CT that stand in REGISTRY.md or in the mCODE guide.
@pytest.mark.parametrize("code", ["254837009", "128462008", "94222008", "94225005", "26929004"])
def test_identifiers_of_snomed_hold(code: str) -> None:
    assert verhoeff_holds(code)
    assert read_plain_code(code, snomed=True).value == code
    assert read_plain_code(f"{code}.0", snomed=True).value == code


# The worked example of the method: 236 has the check digit 3.
def test_the_published_example_of_verhoeff() -> None:
    assert [d for d in "0123456789" if verhoeff_holds("236" + d)] == ["3"]


@given(st.integers(10**5, 10**16), st.integers(0, 15), st.integers(1, 9))
@settings(deadline=None, max_examples=200)
def test_any_single_wrong_digit_is_found(number: int, place: int, by: int) -> None:
    (check,) = [d for d in "0123456789" if verhoeff_holds(f"{number}{d}")]
    whole = f"{number}{check}"
    place %= len(whole)
    wrong = whole[:place] + str((int(whole[place]) + by) % 10) + whole[place + 1 :]
    assert not verhoeff_holds(wrong)


@pytest.mark.parametrize("text", ["2.69E+07", "2.6929004E7", "9e17", "900000000000207000", "25483"])
def test_codes_that_a_spreadsheet_destroyed(text: str) -> None:
    got = read_plain_code(text, snomed=True)
    assert got.value is None
    assert got.reason == "not_recorded"
    assert got.fault is not None
    assert (got.fault.rule, got.fault.severity) == ("damaged-code", "serious")


def test_plain_codes_stay_as_they_are() -> None:
    assert read_plain_code("C50.4", snomed=False).value == "C50.4"
    assert read_plain_code("8500/3", snomed=False).value == "8500/3"
    assert read_plain_code("12.0", snomed=False).value == "12"
    assert read_plain_code("1E5", snomed=False).value is None


def test_codes_match_exactly_first_then_without_case() -> None:
    book = code_book({"M": "male", "m": "other", "Female": "female"}, (), {})
    assert [book.read(t).value for t in ("M", "m", "FEMALE", "fe male")] == [
        "male",
        "other",
        "female",
        None,
    ]


def test_without_codes_the_canonical_values_stand_for_themselves() -> None:
    book = code_book(None, ("left", "right"), {})
    assert book.read("Left").value == "left"
    got = book.read("both")
    assert got.value is None
    assert got.fault is not None
    assert got.fault.rule == "unknown-code"
    assert got.code


def test_codes_as_floats() -> None:
    book = code_book({"1": "female", "2": "male"}, (), {})
    assert book.read("1.0").value == "female"
    assert book.read("2.").value == "male"
    assert book.read("1.5").value is None


@pytest.mark.parametrize(
    ("text", "value", "rule", "severity"),
    [
        ("3+ (2+ outside)", "3+", "code-contradicts-remark", "serious"),
        ("1+ (outside 3+)", "1+", "code-contradicts-remark", "serious"),
        ("1+ (focal)", "1+", "remark-left-out", "minor"),
        ("3+ (heterogenous 70-80% pos)", "3+", "remark-left-out", "minor"),
        ("9 (2+ outside)", None, "unknown-code", "serious"),
        ("1-2+", None, "unknown-code", "serious"),
    ],
)
def test_remarks_behind_a_code(text: str, value: str | None, rule: str, severity: str) -> None:
    got = IHC.read(text)
    assert got.value == value
    assert got.fault is not None
    assert (got.fault.rule, got.fault.severity) == (rule, severity)
    assert text in got.fault.message


def test_scores_that_say_two_things_stay() -> None:
    assert IHC.read("0-1+").value == "0-1+"
    assert IHC.read("0+").value == "0"


def test_doubtful_codes_are_read_and_told() -> None:
    book = code_book({"Bilateral/Left": "left", "?": None}, (), {"Bilateral/Left": "both sides"})
    got = book.read("bilateral/left")
    assert got.value == "left"
    assert got.fault is not None
    assert got.fault.message == "'bilateral/left': both sides."
    assert book.read("?").reason == "not_recorded"
    assert book.read("?").fault is None
