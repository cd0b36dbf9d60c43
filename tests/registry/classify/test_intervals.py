from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import pytest

from locoreg.registry.classify import (
    DeNovoOptions,
    IntervalOptions,
    de_novo,
    disease_intervals,
    first_metastasis_dates,
)
from tests.registry.classify.cases import Rows, by_patient, cohort, pet

AS_OF = dt.date(2020, 6, 30)


def tumour(date: str | None, **other: Any) -> dict[str, Any]:
    return {"tumour_id": "t", "dx_date": date, **other}


def lesion(date: str, organ: str | None = "bone", **other: Any) -> dict[str, Any]:
    return {"lesion_id": f"l{date}{organ}", "first_seen_date": date, "organ": organ, **other}


def event(kind: str, date: str, organs: str | None = None) -> dict[str, Any]:
    return {"type": kind, "date": date, "organs": organs}


def operation(date: str, **other: Any) -> dict[str, Any]:
    return {"start_date": date, "target": "primary", "modality": "surgery", **other}


CASES: dict[str, Rows] = {
    "exact": {"primary_tumour": [tumour("2015-01-01")], "lesion": [lesion("2017-01-01")]},
    "month": {"primary_tumour": [tumour("2015-01")], "lesion": [lesion("2017-01-01")]},
    "both months": {"primary_tumour": [tumour("2015-01")], "lesion": [lesion("2015-03")]},
    "m1": {"primary_tumour": [tumour("2015-01", cm="M1")]},
    "m1 later seen": {
        "primary_tumour": [tumour("2015-01-01", cm="M1")],
        "lesion": [lesion("2016-06-01")],
    },
    "stage iv": {"primary_tumour": [tumour("2015-01-01", stage_group="IV")]},
    "m0(i+)": {"primary_tumour": [tumour("2015-01-01", cm="cM0(i+)", stage_group="IIIC")]},
    "m0 and seen": {
        "primary_tumour": [tumour("2015-01-01", cm="M0")],
        "lesion": [lesion("2015-02-01")],
    },
    "none": {"primary_tumour": [tumour("2015-01-01")]},
    "regional": {
        "primary_tumour": [tumour("2015-01-01")],
        "lesion": [
            lesion("2016-01-01", "regional_ln"),
            lesion("2016-02-01", "breast"),
            lesion("2016-03-01", "other", is_regional=True),
        ],
        "disease_event": [event("progression", "2016-04-01", "breast; regional_ln")],
    },
    "after the date": {
        "primary_tumour": [tumour("2015-01-01")],
        "lesion": [lesion("2020-07-01")],
        "disease_event": [event("distant_recurrence", "2020-07-02")],
    },
    "no primary date": {"primary_tumour": [tumour(None)], "lesion": [lesion("2016-01-01")]},
    "local first": {
        "primary_tumour": [tumour("2015-01-01")],
        "disease_event": [
            event("local_recurrence", "2016-01-01"),
            event("distant_recurrence", "2017-01-01"),
        ],
    },
    "progression in the liver": {
        "primary_tumour": [tumour("2015-01-01")],
        "disease_event": [event("progression", "2016-01-01", "breast;liver")],
    },
    "counted": {
        "primary_tumour": [tumour("2015-01-01")],
        "imaging_assessment": [pet("2015-06-01", 0), pet("2016-01-01", 3)],
    },
    "before": {"primary_tumour": [tumour("2015-01-01")], "lesion": [lesion("2014-12-01")]},
    "long before": {"primary_tumour": [tumour("2015-01-01")], "lesion": [lesion("2014-01-01")]},
    "at 90": {"primary_tumour": [tumour("2015-01-01")], "lesion": [lesion("2015-04-01")]},
    "at 91": {"primary_tumour": [tumour("2015-01-01")], "lesion": [lesion("2015-04-02")]},
    "around 90": {"primary_tumour": [tumour("2015-01-01")], "lesion": [lesion("2015-04")]},
    "operated": {
        "primary_tumour": [tumour("2015-01-01")],
        "local_therapy": [
            operation("2015-01-05", intent="diagnostic"),
            operation("2015-02-01"),
            operation("2015-03-01"),
        ],
        "lesion": [lesion("2017-02-01")],
    },
    "operated after": {
        "primary_tumour": [tumour("2015-01-01", cm="M1")],
        "local_therapy": [operation("2015-06-01")],
        "lesion": [lesion("2015-01-10")],
    },
    "another cancer": {
        "primary_tumour": [
            tumour("2010-01-01", topography="C34.1", cm="M1"),
            {"tumour_id": "b", "dx_date": "2015-01-01", "topography": "C50.4"},
        ],
        "lesion": [lesion("2016-01-01")],
    },
    "line first": {
        "primary_tumour": [tumour("2015-01-01")],
        "lesion": [lesion("2017-01-01")],
        "systemic_line": [{"line_id": "1", "setting": "metastatic", "start_date": "2016-12-01"}],
    },
}


@pytest.fixture(scope="module")
def registry(tmp_path_factory: pytest.TempPathFactory) -> Any:
    return cohort(tmp_path_factory.mktemp("intervals") / "r", CASES)


def intervals(registry: Any, origin: Any, event: Any = "distant_metastasis") -> Any:
    options = IntervalOptions(origin=origin, disease_free_event=event)
    return disease_intervals(registry, as_of=AS_OF, primary="first", options=options)


@pytest.mark.parametrize(
    ("name", "low", "high", "reason"),
    [
        ("exact", 731, 731, None),
        ("month", 701, 731, "dates_not_exact_to_the_day"),
        # 1 March less 31 January, 31 March less 1 January.
        ("both months", 29, 89, "dates_not_exact_to_the_day"),
        ("m1", 0, 0, None),
        ("m1 later seen", 0, 0, None),
        ("stage iv", 0, 0, None),
        ("m0(i+)", None, None, "no_metastasis_by_the_date"),
        ("m0 and seen", 31, 31, None),
        ("none", None, None, "no_metastasis_by_the_date"),
        ("regional", None, None, "no_metastasis_by_the_date"),
        ("after the date", None, None, "no_metastasis_by_the_date"),
        ("no primary date", None, None, "no_date_of_the_primary_diagnosis"),
        ("local first", 731, 731, None),
        # What counts as the first metastasis is the same everywhere in a registry.
        ("progression in the liver", None, None, "no_metastasis_by_the_date"),
        ("counted", 365, 365, None),
        ("before", None, None, "event_before_origin"),
        ("another cancer", 365, 365, None),
    ],
)
def test_metastasis_free_interval(
    registry: Any, name: str, low: int | None, high: int | None, reason: str | None
) -> None:
    row = by_patient(intervals(registry, "primary_diagnosis"))[name]
    assert (row["mfi_days_min"], row["mfi_days_max"], row["mfi_reason"]) == (low, high, reason)
    assert row["mfi_days"] == (low if low == high else None)
    assert row["interval_origin"] == "primary_diagnosis"


def test_what_ends_the_disease_free_interval_is_named(registry: Any) -> None:
    rows = by_patient(intervals(registry, "primary_diagnosis", "any_recurrence"))
    assert rows["local first"]["dfi_days"] == 365
    assert rows["local first"]["mfi_days"] == 731
    assert rows["m1"]["dfi_days"] == 0
    assert rows["exact"]["dfi_days"] == 731
    assert rows["local first"]["dfi_event"] == "any_recurrence"
    same = by_patient(intervals(registry, "primary_diagnosis"))
    assert same["local first"]["dfi_days"] == 731


def test_from_the_surgery_of_the_primary(registry: Any) -> None:
    rows = by_patient(intervals(registry, "primary_surgery"))
    assert rows["operated"]["mfi_days"] == 731
    assert rows["operated"]["interval_origin_date_min"] == dt.date(2015, 2, 1)
    assert rows["operated after"]["mfi_reason"] == "event_before_origin"
    assert rows["exact"]["mfi_reason"] == "no_surgery_of_the_primary"


def test_indirect_evidence_before_the_first_metastasis_is_told(registry: Any) -> None:
    result = intervals(registry, "primary_diagnosis")
    assert by_patient(result)["line first"]["mfi_indirect_earlier"] is True
    assert by_patient(result)["exact"]["mfi_indirect_earlier"] is False
    assert "dated before the first metastasis" in result.summary()


@pytest.mark.parametrize(
    ("name", "answer", "reason", "basis", "contradiction"),
    [
        ("exact", False, None, None, None),
        ("m1", True, None, "M1", None),
        ("m1 later seen", True, None, "M1", "M1_but_first_seen_outside_the_window"),
        ("m0 and seen", True, None, "seen", "M0_but_seen_in_the_window"),
        ("none", None, "no_metastasis_by_the_date", None, None),
        ("no primary date", None, "no_date_of_the_primary_diagnosis", None, None),
        ("before", True, None, "seen", None),
        ("long before", None, "metastasis_before_the_window", None, None),
        ("at 90", True, None, "seen", None),
        ("at 91", False, None, None, None),
        ("around 90", None, "dates_not_exact_to_the_day", None, None),
    ],
)
def test_de_novo(
    registry: Any,
    name: str,
    answer: bool | None,
    reason: str | None,
    basis: str | None,
    contradiction: str | None,
) -> None:
    options = DeNovoOptions(window_days=90)
    result = de_novo(registry, as_of=AS_OF, primary="first", options=options)
    row = by_patient(result)[name]
    assert (row["de_novo"], row["de_novo_reason"]) == (answer, reason)
    assert (row["de_novo_basis"], row["de_novo_contradiction"]) == (basis, contradiction)


def test_the_interval_is_kept_whatever_the_window(registry: Any) -> None:
    for days, answer in ((0, False), (29, None), (89, True), (180, True)):
        options = DeNovoOptions(window_days=days)
        result = de_novo(registry, as_of=AS_OF, primary="first", options=options)
        row = by_patient(result)["both months"]
        kept = (
            row["metastasis_days_from_diagnosis_min"],
            row["metastasis_days_from_diagnosis_max"],
        )
        assert kept == (29, 89)
        assert row["de_novo"] is answer


def test_dates_of_the_first_metastasis(registry: Any, tmp_path: Path) -> None:
    table = first_metastasis_dates(registry, plus_days=30)
    dates = dict(zip(*(table.column(c).to_pylist() for c in ("patient_id", "as_of")), strict=True))
    assert dates["exact"] == dt.date(2017, 1, 31)
    # The last day of the month.
    assert dates["both months"] == dt.date(2015, 4, 30)
    assert "none" not in dates
