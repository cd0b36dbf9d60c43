from __future__ import annotations

import dataclasses
import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DesignError
from locoreg.registry.classify import SubtypeOptions, receptor_subtype
from tests.registry.classify.cases import OPTIONS, by_patient, cohort

AS_OF = dt.date(2020, 6, 30)
Row = dict[str, Any]


def assay(marker: str, at: str | None = "2015-01-10", context: str = "primary", **v: Any) -> Row:
    return {"marker": marker, "sample_date": at, "context": context, **v}


def percent(marker: str, value: float, operator: str | None = None, **other: Any) -> Row:
    return assay(marker, value_num=value, value_unit="%", operator=operator, **other)


def ihc(code: str, **other: Any) -> Row:
    return assay("HER2_IHC", value_code=code, **other)


def ish(said: str, **other: Any) -> Row:
    return assay("HER2_ISH", interpretation=said, **other)


NEGATIVE = [percent("ER", 0), percent("PR", 0), ihc("0")]
M = {"context": "metastasis", "at": "2018-01-01"}
# Assays, then what is expected of the row.
CASES: dict[str, tuple[list[Row], dict[str, Any]]] = {
    "all negative": (NEGATIVE, {"subtype": "triple_negative", "her2_low_primary": False}),
    "er at 1": (
        [percent("ER", 1), percent("PR", 0), ihc("0")],
        {"subtype": "HR+/HER2-", "er_low_primary": True},
    ),
    "er under 1": ([percent("ER", 0.9), percent("PR", 0), ihc("0")], {"er_primary": "negative"}),
    "er at 10": ([percent("ER", 10)], {"er_primary": "positive", "er_low_primary": True}),
    "er over 10": ([percent("ER", 11)], {"er_primary": "positive", "er_low_primary": False}),
    "er below 1": ([percent("ER", 1, "<")], {"er_primary": "negative"}),
    "er at most 1": ([percent("ER", 1, "<=")], {"er_primary": None}),
    "er above 10": ([percent("ER", 10, ">")], {"er_primary": "positive", "er_low_primary": False}),
    "er above 0": ([percent("ER", 0, ">")], {"er_primary": None}),
    "er above 0, said": (
        [percent("ER", 0, ">", interpretation="positive")],
        {"er_primary": "positive", "er_low_primary": None},
    ),
    "er as a fraction": (
        [assay("ER", value_num=0.05, value_unit="1")],
        {"er_primary": "positive", "er_low_primary": True},
    ),
    "er of 300": ([percent("ER", 300, interpretation="negative")], {"er_primary": "negative"}),
    "number over interpretation": (
        [percent("ER", 5, interpretation="negative")],
        {"er_primary": "positive", "number_against_interpretation": True},
    ),
    "interpretation alone": (
        [assay("ER", interpretation="positive")],
        {"er_primary": "positive", "er_low_primary": None},
    ),
    "code alone": ([assay("PR", value_code="neg")], {"pr_primary": "negative"}),
    "pr decides": (
        [assay("PR", value_code="pos"), ihc("3+")],
        {"subtype": "HR+/HER2+", "subtype_from": "primary"},
    ),
    "er negative, pr missing": (
        [percent("ER", 0), ihc("0")],
        {"subtype": "unknown", "subtype_reason_primary": "pr_missing"},
    ),
    "her2 3+": ([*NEGATIVE[:2], ihc("3+")], {"subtype": "HR-/HER2+", "her2_low_primary": False}),
    "her2 2+": (
        [*NEGATIVE[:2], ihc("2+")],
        {"subtype": "unknown", "subtype_reason_primary": "her2_equivocal"},
    ),
    "her2 2+ amplified": ([*NEGATIVE[:2], ihc("2+"), ish("positive")], {"subtype": "HR-/HER2+"}),
    "her2 2+ not amplified": (
        [*NEGATIVE[:2], ihc("2+"), ish("negative")],
        {"subtype": "triple_negative", "her2_low_primary": True},
    ),
    "her2 2+ then ish": (
        [ihc("2+"), ish("negative", at="2015-01-20")],
        {"her2_primary": "negative", "her2_low_primary": True},
    ),
    "her2 1+": ([ihc("1+")], {"her2_primary": "negative", "her2_low_primary": True}),
    "her2 0-1+": ([ihc("0-1+")], {"her2_primary": "negative", "her2_low_primary": None}),
    "her2 0": ([ihc("0")], {"her2_primary": "negative", "her2_low_primary": False}),
    "amplified wins over 1+": (
        [ihc("1+"), ish("positive")],
        {"her2_primary": "positive", "her2_low_primary": False},
    ),
    "ish ratio": ([assay("HER2_ISH", value_num=2.0)], {"her2_primary": "positive"}),
    "ish ratio low": ([assay("HER2_ISH", value_num=1.9)], {"her2_primary": "negative"}),
    "ish by copy number": (
        [assay("HER2_ISH", value_num=1.5, interpretation="positive")],
        {"her2_primary": "positive"},
    ),
    "her2 by an unnamed method": (
        [assay("HER2", interpretation="negative")],
        {"her2_primary": "negative", "her2_low_primary": None},
    ),
    "2+ and a final status": (
        [ihc("2+"), assay("HER2", interpretation="positive")],
        {"her2_primary": "positive"},
    ),
    "status against 3+": (
        [ihc("3+"), assay("HER2", interpretation="negative")],
        {"her2_primary": "contradictory", "subtype": "unknown"},
    ),
    "latest wins": (
        [percent("ER", 0), percent("ER", 90, at="2016-01-01")],
        {"er_primary": "positive"},
    ),
    "later says nothing": (
        [percent("ER", 90), assay("ER", at="2016-01-01", value_num_reason="not_done")],
        {"er_primary": "positive"},
    ),
    "same day, opposite": (
        [percent("ER", 0), percent("ER", 90), percent("PR", 0), ihc("0")],
        {"er_primary": "contradictory", "subtype_reason_primary": "er_contradictory"},
    ),
    "a month that holds the day": (
        [percent("ER", 0, at="2015-01-10"), percent("ER", 90, at="2015-01")],
        {"er_primary": "contradictory"},
    ),
    "after the date": ([percent("ER", 90, at="2020-07-01")], {"er_primary": None}),
    "on the date": ([percent("ER", 90, at="2020-06-30")], {"er_primary": "positive"}),
    "month of the date": ([percent("ER", 90, at="2020-06")], {"er_primary": "positive"}),
    "year of the date": ([percent("ER", 90, at="2020")], {"er_primary": None}),
    "lost er, gained her2": (
        [
            *[percent("ER", 90), percent("PR", 50), ihc("0")],
            *[percent("ER", 0, **M), percent("PR", 0, **M), ihc("3+", **M)],
        ],
        {
            "subtype": "HR-/HER2+",
            "subtype_from": "metastasis",
            "subtype_primary": "HR+/HER2-",
            "er_conversion": "lost",
            "pr_conversion": "lost",
            "hr_conversion": "lost",
            "her2_conversion": "gained",
            "converted": True,
        },
    ),
    "unchanged": (
        [*NEGATIVE, percent("ER", 0, **M), percent("PR", 0, **M), ihc("1+", **M)],
        {"converted": False, "er_conversion": "unchanged", "her2_low_metastasis": True},
    ),
    "one side unknown": (
        [percent("ER", 90), percent("ER", 80, **M)],
        {"er_conversion": "unchanged", "her2_conversion": None, "converted": None},
    ),
    "equivocal is not known": (
        [ihc("0"), ihc("2+", **M)],
        {"her2_conversion": None},
    ),
    "metastasis unknown, primary speaks": (
        [*NEGATIVE, percent("ER", 90, **M)],
        {"subtype": "triple_negative", "subtype_from": "primary"},
    ),
    "nothing": (
        [],
        {
            "subtype": "unknown",
            "subtype_from": None,
            "subtype_reason": "metastasis: no_assay | primary: no_assay",
        },
    ),
    "undated": ([percent("ER", 90, at=None)], {"er_primary": None}),
}  # fmt: skip


@pytest.fixture(scope="module")
def found(tmp_path_factory: pytest.TempPathFactory) -> dict[str, dict[str, Any]]:
    folder = tmp_path_factory.mktemp("subtype") / "r"
    registry = cohort(folder, {name: {"receptor_assay": rows} for name, (rows, _) in CASES.items()})
    result = receptor_subtype(registry, as_of=AS_OF, primary="first", options=OPTIONS.subtype)
    return by_patient(result)


@pytest.mark.parametrize("name", CASES)
def test_by_hand(name: str, found: dict[str, dict[str, Any]]) -> None:
    expected = CASES[name][1]
    assert {key: found[name][key] for key in expected} == expected


def test_contradictions_are_issues_of_the_patient(tmp_path: Path) -> None:
    cases = {name: {"receptor_assay": CASES[name][0]} for name in ("same day, opposite", "er at 1")}
    registry = cohort(tmp_path / "r", cases)
    result = receptor_subtype(registry, as_of=AS_OF, primary="first", options=OPTIONS.subtype)
    words = "patients with assays of one day that contradict each other"
    assert result.issues.to_pylist() == [
        {"rule": "subtype/1", "patient_id": "same day, opposite", "message": words}
    ]
    assert result.flags == {words: 1}


def test_undated_assays_count_if_asked_for_and_before_dated_ones(tmp_path: Path) -> None:
    cases = {
        "A": {"receptor_assay": [percent("ER", 90, at=None)]},
        "B": {"receptor_assay": [percent("ER", 90, at=None), percent("ER", 0, at="2014-01-01")]},
    }
    registry = cohort(tmp_path / "r", cases)
    options = dataclasses.replace(OPTIONS.subtype, undated_assays="use")
    rows = by_patient(receptor_subtype(registry, as_of=AS_OF, primary="first", options=options))
    assert [rows[p]["er_primary"] for p in "AB"] == ["positive", "negative"]


def test_assays_of_another_primary_are_left_out(tmp_path: Path) -> None:
    rows = {
        "primary_tumour": [
            {"tumour_id": "left", "dx_date": "2010-01-01"},
            {"tumour_id": "right", "dx_date": "2015-01-01"},
        ],
        "receptor_assay": [
            percent("ER", 0, at="2010-01-05", tumour_id="left"),
            percent("ER", 90, at="2015-01-05", tumour_id="right"),
        ],
    }
    registry = cohort(tmp_path / "r", {"A": rows})
    for primary, er in (("first", "negative"), ("latest", "positive")):
        result = receptor_subtype(
            registry,
            as_of=AS_OF,
            primary=primary,
            options=OPTIONS.subtype,  # type: ignore[arg-type]
        )
        assert by_patient(result)["A"]["er_primary"] == er
    with pytest.raises(DesignError, match="primary can't be 'left'"):
        receptor_subtype(
            registry,
            as_of=AS_OF,
            primary="left",
            options=OPTIONS.subtype,  # type: ignore[arg-type]
        )


def test_cut_offs_can_be_changed(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r", {"A": {"receptor_assay": [percent("ER", 5)]}})
    strict = SubtypeOptions(undated_assays="leave_out", receptor_positive_percent=10.0)
    result = receptor_subtype(registry, as_of=AS_OF, primary="first", options=strict)
    assert by_patient(result)["A"]["er_primary"] == "negative"
    assert "receptor_positive_percent=10.0" in result.summary()
