from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from tests.emulation.cohort.registry.asking import (
    asked,
    days,
    known,
    rows_of,
    rules,
    steps,
    surgery,
)


def test_a_person_by_hand(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            b={
                "patient": {"death_date": "2019-01-01", "entry_date": "2018-01-31"},
                "local_therapy": [surgery("2018-03-02"), surgery("2018-02-01")],
            },
            a={},
        ),
    )
    assert cohort.person_id == ("a", "b")
    assert cohort.event.tolist() == [0, 1]
    assert cohort.event_labels == ("death from any cause",)
    assert days(cohort, "a") == 1095
    assert days(cohort, "b") == 365
    assert cohort.treatment_time[0] == math.inf
    assert days(cohort, "b", "treatment_time") == 31
    assert cohort.entry is not None
    assert cohort.entry[0] == 0
    assert days(cohort, "b", "entry") == 30
    assert not cohort.lost.any()
    assert not cohort.synthetic
    assert rules(cohort)["left-truncation"] == 0.5


def test_follow_up_ends_at_the_end_of_the_study(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            died_later={"patient": {"death_date": "2020-01-02"}},
            died_that_day={"patient": {"death_date": "2020-01-01"}},
            lost={"patient": {"last_contact_date": "2019-12-31"}},
            seen_that_day={"patient": {"last_contact_date": "2020-01-01"}},
            seen_later={"patient": {"last_contact_date": "2021-06-01"}},
            seen_that_month={"patient": {"last_contact_date": "2020-01"}},
        ),
        follow_up={"until": "2020-01-01"},
    )
    told = dict(zip(cohort.person_id, zip(cohort.event, cohort.lost, strict=True), strict=True))
    assert told == {
        "died_later": (0, False),
        "died_that_day": (1, False),
        "lost": (0, True),
        "seen_that_day": (0, False),
        "seen_later": (0, False),
        "seen_that_month": (0, False),
    }
    assert days(cohort, "lost") == 729
    assert {days(cohort, name) for name in cohort.person_id if name != "lost"} == {730}


def test_without_an_end_of_the_study_nobody_is_lost(tmp_path: Path) -> None:
    tables = rows_of(a={}, b={"patient": {"last_contact_date": "2019-01-01"}})
    cohort = asked(tmp_path / "r", tables, follow_up={"until": "last_contact"})
    assert not cohort.lost.any()
    assert rules(cohort)["end-of-study-unknown"] == 2
    assert days(cohort, "b") == 365


def test_who_can_not_be_followed_is_counted(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            a={},
            no_status={"patient": {"vital_status": None}},
            dead_some_day={"patient": {"vital_status": "dead"}},
            no_contact={"patient": {"last_contact_date": None}},
            died_before={"patient": {"death_date": "2017-12-31"}},
            not_metastatic={"lesion": []},
            undated={"lesion": {"organ": "bone"}},
            entered_dead={"patient": {"death_date": "2019-01-01", "entry_date": "2019-01-01"}},
        ),
    )
    assert cohort.person_id == ("a",)
    assert cohort.attrition.started == 8
    assert steps(cohort) == {
        "time zero: first distant metastasis": (2, 1),
        "end of follow-up known": (3, 3),
        "followed up at time zero": (1, 0),
        "not treated before time zero": (0, 0),
        "under observation before the end of follow-up": (1, 0),
    }
    assert cohort.attrition.left == 1
    found = rules(cohort)
    assert found["vital-status-unknown"] == 1
    assert found["death-without-date"] == 1
    assert found["end-without-date"] == 1


def test_treatment_before_time_zero_is_not_eligible(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            before={"local_therapy": surgery("2017-12-31")},
            both={"local_therapy": [surgery("2017-12-31"), surgery("2018-06-01")]},
            on={"local_therapy": surgery("2018-01-01")},
            undated={"local_therapy": [surgery("2018-02-01"), {**surgery(""), "start_date": None}]},
            biopsy={"local_therapy": surgery("2017-01-01", intent="diagnostic")},
            other={"local_therapy": surgery("2017-01-01") | {"target": "lesion"}},
        ),
    )
    assert cohort.person_id == ("biopsy", "on", "other")
    assert steps(cohort)["not treated before time zero"] == (2, 0)
    assert steps(cohort)["date of treatment known"] == (1, 1)
    assert cohort.treatment_time.tolist() == [math.inf, 0.0, math.inf]
    assert rules(cohort)["treatment-at-time-zero"] == 1


def test_only_the_treatment_that_is_meant_counts(tmp_path: Path) -> None:
    rows = {
        "r0": surgery("2018-02-01", margin="R0", organ="breast", approach="open"),
        "r1": surgery("2018-02-01", margin="R1"),
        "margin_unknown": surgery("2018-02-01"),
        "sabr": surgery("2018-02-01", margin="R0") | {"modality": "sabr"},
        "second": surgery("2018-02-01", margin="R1"),
    }
    people: dict[str, Any] = {name: {"local_therapy": row} for name, row in rows.items()}
    people["second"]["local_therapy"] = [rows["second"], surgery("2018-03-01", margin="R0")]
    treatment = {"target": ["primary"], "modality": ["surgery"], "margin": ["R0"]}
    cohort = asked(tmp_path / "r", rows_of(**people), treatment=treatment)
    treated = {
        name: time
        for name, time in zip(cohort.person_id, cohort.treatment_time, strict=True)
        if np.isfinite(time)
    }
    assert set(treated) == {"r0", "second"}
    assert days(cohort, "second", "treatment_time") == 59
    assert rules(cohort)["treatment-perhaps"] == 1


@pytest.mark.parametrize(("complete", "treated"), [(True, "all"), (False, "some")])
def test_whether_all_sites_were_treated(tmp_path: Path, complete: bool, treated: str) -> None:
    people = {
        "all": {"local_therapy": surgery("2018-02-01", all_sites_treated=True)},
        "some": {"local_therapy": surgery("2018-02-01", all_sites_treated=False)},
    }
    cohort = asked(tmp_path / "r", rows_of(**people), treatment={"all_sites_treated": complete})
    finite = np.isfinite(cohort.treatment_time)
    assert [name for name, yes in zip(cohort.person_id, finite, strict=True) if yes] == [treated]


def test_death_on_the_day_of_treatment_is_treated(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            a={
                "patient": {"death_date": "2018-02-01"},
                "local_therapy": surgery("2018-02-01"),
            },
            b={"patient": {"death_date": "2018-01-01"}, "local_therapy": surgery("2018-01-01")},
        ),
    )
    assert cohort.event.tolist() == [1, 1]
    assert days(cohort, "a") == days(cohort, "a", "treatment_time") == 31
    # Who dies on the day of time zero is at risk for half a day.
    assert days(cohort, "b") == 0.5
    assert days(cohort, "b", "treatment_time") == 0
    found = rules(cohort)
    assert found["death-on-day-of-treatment"] == 1
    assert found["no-day-of-follow-up"] == 1


def test_treatment_after_death_is_an_error_of_the_data(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            a={
                "patient": {"death_date": "2018-02-01"},
                "local_therapy": surgery("2018-02-02"),
            },
            # After the end of the study it is none.
            b={"local_therapy": surgery("2020-06-01")},
        ),
        follow_up={"until": "2020-01-01"},
    )
    assert np.isinf(cohort.treatment_time).all()
    found = {finding.rule: finding for finding in cohort.audit}
    assert found["treatment-after-death-or-contact"].value == 1
    assert found["treatment-after-death-or-contact"].severity == "serious"


def test_a_tie_of_precision_never_puts_surgery_before_time_zero(tmp_path: Path) -> None:
    may = {"organ": "liver", "first_seen_date": "2018-05"}
    late = {"organ": "liver", "first_seen_date": "2018-05-28"}
    cohort = asked(
        tmp_path / "r",
        rows_of(
            # The middle of May is the 16th.
            exact={"lesion": may, "local_therapy": surgery("2018-05-03")},
            later={"lesion": may, "local_therapy": surgery("2018-05-20")},
            month={"lesion": late, "local_therapy": surgery("2018-05")},
            next_month={"lesion": late, "local_therapy": surgery("2018-06")},
            month_before={"lesion": late, "local_therapy": surgery("2018-04")},
            year={"lesion": late, "local_therapy": surgery("2018")},
        ),
    )
    assert "month_before" not in cohort.person_id
    named = {n: days(cohort, n, "treatment_time") for n in cohort.person_id}
    # The middle of June is the 15th, of 2018 the 2nd of July.
    assert named == {"exact": 0, "later": 4, "month": 0, "next_month": 18, "year": 35}
    found = rules(cohort)
    assert found["treatment-order-open"] == 4
    assert found["time-zero-imprecise"] == 2


def test_death_in_the_month_of_time_zero_or_of_treatment(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            zero={
                "lesion": {"organ": "liver", "first_seen_date": "2018-05-28"},
                "patient": {"death_date": "2018-05"},
            },
            treated={
                "patient": {"death_date": "2018-05-04"},
                "local_therapy": surgery("2018-05"),
            },
            month={
                "patient": {"death_date": "2018-05"},
                "local_therapy": surgery("2018-05-20"),
            },
        ),
    )
    assert days(cohort, "zero") == 0.5
    assert days(cohort, "treated", "treatment_time") == days(cohort, "treated") == 123
    # The operation stays in follow-up: death is taken as on its day.
    assert days(cohort, "month", "treatment_time") <= days(cohort, "month")
    assert np.isfinite(cohort.treatment_time[list(cohort.person_id).index("month")])
    found = rules(cohort)
    assert found["end-order-open"] == 1
    assert found["treatment-or-end-first-open"] == 2


def test_entry_in_the_month_of_time_zero_is_not_late(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            a={"patient": {"entry_date": "2018-01"}},
            b={"patient": {"entry_date": "2017"}},
            c={"patient": {"entry_date": "2018-01-01"}},
        ),
    )
    assert cohort.entry is None
    assert rules(cohort)["entry-order-open"] == 1
    later = asked(tmp_path / "s", rows_of(a={"patient": {"entry_date": "2018-02"}}))
    assert later.entry is not None
    # 14 February.
    assert days(later, "a", "entry") == 44
    assert "entry-unknown" not in rules(later)


@pytest.mark.parametrize(
    ("zero", "expected"),
    [
        ({"event": "diagnosis"}, "2016-03-01"),
        ({"event": "first_metastasis"}, "2018-01-01"),
        ({"event": "systemic_line", "number": 1}, "2018-02-01"),
        ({"event": "systemic_line", "number": 2}, "2018-08-01"),
        (
            {"event": "response", "responses": ["CR", "PR"], "window_months": [3, 8]},
            "2018-07-01",
        ),
        ({"event": "date", "column": "entry_date"}, "2018-01-15"),
    ],
    ids=lambda part: part["event"] + str(part.get("number", "")) if isinstance(part, dict) else "",
)
def test_each_time_zero(tmp_path: Path, zero: dict[str, Any], expected: str) -> None:
    tables = rows_of(
        a={
            "patient": {"entry_date": "2018-01-15"},
            "primary_tumour": [
                {"dx_date": "2017-03-01", "topography": "C50.4"},
                {"dx_date": "2016-03-01"},
                {"dx_date": "2010-03-01", "topography": "C34.1"},
            ],
            "systemic_line": [
                {"setting": "adjuvant", "line_no": 1, "start_date": "2016-05-01"},
                {"setting": "metastatic", "line_no": 1, "start_date": "2018-02-01"},
                {"setting": "metastatic", "line_no": 2, "start_date": "2018-08-01"},
            ],
            "imaging_assessment": [
                {"date": "2018-02-01", "response": "PR"},
                {"date": "2018-05-01", "response": "SD"},
                {"date": "2018-07-01", "response": "PR"},
                {"date": "2018-08-01", "response": "CR"},
            ],
        },
        never_imaged={"lesion": []},
    )
    cohort = asked(tmp_path / "r", tables, time_zero=zero)
    end = np.datetime64("2020-12-31") - np.datetime64(expected)
    assert days(cohort, "a") == end.astype(int)


def test_lines_without_numbers_are_counted_by_their_starts(tmp_path: Path) -> None:
    cohort = asked(
        tmp_path / "r",
        rows_of(
            counted={
                "systemic_line": [
                    {"setting": "metastatic", "start_date": "2018-06-01"},
                    {"setting": "metastatic", "start_date": "2018-02-01"},
                ]
            },
            # What came before the second line is not in the registry.
            stated={
                "systemic_line": [
                    {"setting": "metastatic", "line_no": 2, "start_date": "2018-03-01"},
                    {"setting": "metastatic", "line_no": 3, "start_date": "2018-06-01"},
                ]
            },
        ),
        time_zero={"event": "systemic_line", "number": 2},
    )
    assert days(cohort, "counted") == 944
    assert days(cohort, "stated") == 1036


def test_a_year_of_people_with_shifted_dates_can_not_be_the_end(tmp_path: Path) -> None:
    tables = rows_of(a={"patient": {"calendar": "shifted", "birth_year": 1950}})
    with pytest.raises(DataError, match="dates of 1 persons are shifted"):
        asked(tmp_path / "r", tables)
    found = known(tmp_path / "s", tables, "age", "year", follow_up={"until": "last_contact"})
    assert found == {"a": (None, None)}


def test_nobody_left_names_the_worst_criterion(tmp_path: Path) -> None:
    criteria = [{"name": "men", "variable": "sex", "equals": "male", "unknown": "exclude"}]
    with pytest.raises(DataError, match=r"nobody of 2 persons is eligible: 2 .* 'men'"):
        asked(tmp_path / "r", rows_of(a={}, b={}), eligibility=criteria)


def test_patients_of_other_tables_only_are_counted(tmp_path: Path) -> None:
    tables = rows_of(a={})
    tables["lesion"].append(
        {"patient_id": "nobody", "organ": "bone", "first_seen_date": "2018-01-01"}
    )
    assert rules(asked(tmp_path / "r", tables))["patients-not-in-patient-table"] == 1


def test_a_subgroup_has_levels(tmp_path: Path) -> None:
    tables = rows_of(a={"patient": {"birth_year": 1950, "sex": "female"}})
    cohort = asked(tmp_path / "r", tables, subgroups=["sex"])
    assert cohort.subgroups["sex"].levels == ("female", "male", "other")
    with pytest.raises(DesignError, match="subgroup variable age holds numbers"):
        asked(tmp_path / "s", tables, subgroups=["age"])


def test_unknown_confounders_follow_the_rule_of_the_protocol(tmp_path: Path) -> None:
    tables = rows_of(a={"patient": {"sex": "female"}}, b={})
    complete = {"baseline": [{"variable": "sex"}], "missing": {"method": "complete_cases"}}
    cohort = asked(tmp_path / "r", tables, confounders=complete)
    assert cohort.person_id == ("a",)
    assert cohort.attrition.steps[-1].unknown == 1
    refused = {**complete, "missing": {"method": "refuse"}}
    with pytest.raises(DataError, match="sex for 1 of 2"):
        asked(tmp_path / "r2", tables, confounders=refused)
