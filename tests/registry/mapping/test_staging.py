from __future__ import annotations

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from locoreg.registry.mapping.staging import CATEGORIES, STAGE_GROUP, read_category


@pytest.mark.parametrize(
    ("column", "text", "wanted"),
    [
        ("pt", "pT1C", "T1c"),
        ("pt", "T1MI", "T1mi"),
        ("ct", "2", "T2"),
        ("ct", "2.0", "T2"),
        ("ct", "tx", "TX"),
        ("ct", "Tis (DCIS)", "Tis(DCIS)"),
        ("pn", "N0 (I-)", "N0(i-)"),
        ("pn", "pN0(mol+)", "N0(mol+)"),
        ("cn", "N2 a", "N2a"),
        ("cm", "m1", "M1"),
        ("stage_group", "STAGE IIA", "IIA"),
        ("stage_group", "2a", "IIA"),
        ("stage_group", "Stage 0", "0"),
        ("stage_group", "iv", "IV"),
        ("stage_group", "Stage IIIc", "IIIC"),
        # Another basis, or no category: not this function's to decide.
        ("pt", "ypT2", "ypT2"),
        ("pm", "cM0 (i+)", "cM0 (i+)"),
        ("ct", "pT2", "pT2"),
        ("stage_group", "Stage X", "Stage X"),
        ("stage_group", "T2", "T2"),
        ("pn", "7", "7"),
    ],
)
def test_spellings(column: str, text: str, wanted: str) -> None:
    assert read_category(column, text).value == wanted


def test_a_damaged_code_stays_damaged() -> None:
    reading = read_category("ct", "1E+05")
    assert reading.value is None
    assert reading.fault is not None
    assert reading.fault.rule == "damaged-code"


@given(st.sampled_from([*CATEGORIES, STAGE_GROUP]), st.text(min_size=1, max_size=8))
def test_any_text_stays_or_becomes_a_category_and_twice_is_once(column: str, text: str) -> None:
    once = read_category(column, text).value
    if once is None:
        return
    assert once in (text, text.split(".")[0]) or re.match(r"[TNM][X0-4i]|0|I|V", str(once))
    assert read_category(column, str(once)).value == once
