from __future__ import annotations

import datetime as dt
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.registry.classify import (
    SabrOptions,
    bed,
    classify_registry,
    infer_sabr,
    lines_of_therapy,
    local_therapy_times,
)
from tests.registry.classify.cases import OPTIONS, Rows, cohort

AS_OF = dt.date(2020, 6, 30)


def course(gy: float | None, n: int | None, **other: Any) -> dict[str, Any]:
    row = {"target": "lesion", "modality": "rt_unspecified", "start_date": "2020-01-01"}
    return {**row, "dose_gy": gy, "fractions": n, **other}


# Course, then SABR, on what basis, why unknown, BED.
COURSES: dict[str, tuple[dict[str, Any], bool | None, str | None, str | None, float | None]] = {
    # The five examples of the rule: fractions by dose per fraction.
    "1 x 8": (course(8, 1), False, "inferred", None, 14.4),
    "1 x 24": (course(24, 1), True, "inferred", None, 81.6),
    "3 x 10": (course(30, 3), True, "inferred", None, 60.0),
    "5 x 6": (course(30, 5), True, "inferred", None, 48.0),
    "5 x 5": (course(25, 5), False, "inferred", None, 37.5),
    # At the limits: 8 fractions of 5 Gy have 60 Gy, 9 are too many, 4.9 Gy too little.
    "8 x 5": (course(40, 8), True, "inferred", None, 60.0),
    "9 x 5": (course(45, 9), False, "inferred", None, 67.5),
    "8 x 4.9": (course(39.2, 8), False, "inferred", None, 58.408),
    "6 x 5": (course(30, 6), True, "inferred", None, 45.0),
    "25 x 2": (course(50, 25), False, "inferred", None, 60.0),
    "palliative": (course(24, 1, intent="palliative"), False, "inferred", None, 81.6),
    "ablative": (course(24, 1, intent="ablative"), True, "inferred", None, 81.6),
    "brachytherapy": (course(24, 1, approach="brachytherapy"), False, "inferred", None, 81.6),
    "no dose": (course(None, 3), None, None, "dose_or_fractions_unknown", None),
    "no fractions": (course(30, None), None, None, "dose_or_fractions_unknown", None),
    "no dose, palliative": (course(None, 3, intent="palliative"), False, "inferred", None, None),
    "zero fractions": (course(30, 0), None, None, "dose_or_fractions_unknown", None),
    "going on": (course(30, 3, end_date="2020-07-02"), None, None, "course_not_finished", None),
    "coded": (course(25, 5, modality="sabr"), True, "coded", None, 37.5),
    "coded otherwise": (course(24, 1, modality="conventional_rt"), False, "coded", None, 81.6),
}


def test_sabr_by_hand(tmp_path: Path) -> None:
    registry = cohort(
        tmp_path / "r", {name: {"local_therapy": [case[0]]} for name, case in COURSES.items()}
    )
    result = infer_sabr(registry, as_of=AS_OF)
    rows = {row["patient_id"]: row for row in result.table.to_pylist()}
    for name, (_, sabr, basis, why, dose) in COURSES.items():
        row = rows[name]
        assert (row["sabr"], row["sabr_basis"], row["sabr_reason"]) == (sabr, basis, why), name
        assert row["bed_gy"] == (None if dose is None else pytest.approx(dose)), name
    assert rows["coded"]["code_against_dose"]
    assert rows["coded otherwise"]["code_against_dose"]
    assert not rows["3 x 10"]["code_against_dose"]
    assert rows["3 x 10"]["inferred_without_intent"]
    assert not rows["ablative"]["inferred_without_intent"]
    assert result.flags["courses whose code and dose disagree"] == 2
    strict = infer_sabr(registry, as_of=AS_OF, options=SabrOptions(least_bed_gy=70.0))
    strictly = {row["patient_id"]: row["sabr"] for row in strict.table.to_pylist()}
    assert (strictly["1 x 24"], strictly["3 x 10"]) == (True, False)


def test_biologically_effective_dose() -> None:
    got = bed([24, 30, 50, 0, 30, np.nan], [1, 5, 25, 1, 0, 3], alpha_beta_gy=10.0)
    np.testing.assert_allclose(got, [81.6, 48, 60, np.nan, np.nan, np.nan])
    np.testing.assert_allclose(bed([24.0], [3.0], alpha_beta_gy=3.0), [88.0])


def line(name: str, start: str, **other: Any) -> dict[str, Any]:
    return {"line_id": name, "setting": "metastatic", "start_date": start, **other}


def test_lines_from_dates_and_as_stated(tmp_path: Path) -> None:
    ongoing = {"end_date_reason": "not_applicable"}
    cases: dict[str, Rows] = {
        "dated": {
            "systemic_line": [
                line("b", "2019-01-01", end_date="2019-12-31", end_reason="progression"),
                line("a", "2018-01-01", end_date="2018-12-31"),
                line("c", "2020-01-01", **ongoing),
                line("d", "2020-07-01"),
                line("x", "2015-01-01", setting="adjuvant", end_date="2021-01-01"),
            ]
        },
        "stated": {
            "systemic_line": [line("a", "2018-01-01", line_no=2), line("b", "2019", line_no=4)]
        },
        "tie": {"systemic_line": [line("a", "2018-01-01"), line("b", "2018-01-01")]},
        "month": {
            "systemic_line": [
                line("a", "2018-03"),
                line("b", "2018-03-10"),
                line("c", "2018-04-01"),
            ]
        },
        "no setting": {"systemic_line": [line("a", "2018-01-01", setting=None)]},
        "ends later": {
            "systemic_line": [line("a", "2020-01-01", end_date="2020-09-01", end_reason="toxicity")]
        },
        "none": {},
    }
    registry = cohort(tmp_path / "r", cases)
    result = lines_of_therapy(registry, as_of=AS_OF)
    rows = {row["line_id"]: row for row in result.table.to_pylist()}
    numbers = {key: row["line_no"] for key, row in rows.items() if key.startswith("dated")}
    assert numbers == {"dated:a": 1, "dated:b": 2, "dated:c": 3, "dated:x": 1}
    assert [rows[f"dated:{k}"]["active"] for k in "abcx"] == ["no", "no", "yes", "yes"]
    both = rows["stated:b"]
    assert (both["line_no_stated"], both["line_no_from_dates"], both["line_no"]) == (4, 2, 4)
    assert (both["line_no_from"], both["line_no_differs"]) == ("stated", True)
    for name in ("tie:a", "tie:b", "month:a", "month:b"):
        assert (rows[name]["line_no"], rows[name]["line_no_reason"]) == (None, "order_not_known")
    assert rows["month:c"]["line_no"] == 3
    assert rows["no setting:a"]["line_no_reason"] == "setting_unknown"
    # How it ended is not known yet.
    later = rows["ends later:a"]
    assert (later["end_reason"], later["end_date_min"], later["active"]) == (None, None, "yes")
    assert result.counts["line_no_from"] == {"dates": 6, "stated": 2, "unknown": 5}
    whole = classify_registry(registry, as_of=AS_OF, options=OPTIONS)
    current = {row["patient_id"]: row for row in whole.patients.to_pylist()}
    assert (current["dated"]["line_no"], current["dated"]["line_active"]) == (3, "yes")
    assert current["tie"]["line_no_reason"] == "several_lines_began_last"
    assert current["none"]["line_no_reason"] == "no_metastatic_line"


def test_local_therapy_is_given_as_days_and_never_as_a_group(tmp_path: Path) -> None:
    rows: Rows = {
        "primary_tumour": [{"tumour_id": "t", "dx_date": "2015-01-01"}],
        "lesion": [{"lesion_id": "l", "organ": "lung", "first_seen_date": "2019-12"}],
        "local_therapy": [
            course(30, 3),
            course(None, None, modality="surgery", start_date="2020-05-01"),
            course(None, None, modality="surgery", start_date="2020-08-01"),
        ],
    }
    registry = cohort(tmp_path / "r", {"A": rows})
    result = local_therapy_times(registry, as_of=AS_OF, primary="first")
    found = result.table.to_pylist()
    assert [(r["modality"], r["sabr"]) for r in found] == [
        ("rt_unspecified", True),
        ("surgery", False),
    ]
    # December is known to the month: 1 or 31 days before 1 January.
    first = found[0]
    days = [first[f"days_from_first_metastasis_{end}"] for end in ("min", "max")]
    assert days == [1, 31]
    assert first["days_from_diagnosis_min"] == first["days_from_diagnosis_max"] == 1826
    whole = classify_registry(registry, as_of=AS_OF, options=OPTIONS)
    # Immortal time: no column of patients tells who was treated within some time.
    names = whole.patients.column_names
    treated = [n for n in names if any(w in n for w in ("within", "therapy", "surgery", "sabr"))]
    assert treated == []
    assert result.counts == {}
