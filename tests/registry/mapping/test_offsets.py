from __future__ import annotations

from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.registry.intake.sink import Problem
from locoreg.registry.mapping.offsets import Days, label_of, offset_days
from locoreg.registry.mapping.spec import ColumnSpec
from tests.registry.intake.recording import Recording
from tests.registry.mapping.applying import applied

RELATIVE = """
format: 1
calendar: relative
origin: 1900-01-01
files:
  - file: x.csv
    anchors:
      diagnosis: {{from: dx, since: birth, unit: days}}
      last_contact: {{from: last, since: birth, unit: days}}
    tables:
      - table: patient
        columns:
          patient_id: id
          death_date: {{from: death, {how}}}
"""
ORIGIN = date(1900, 1, 1)


def cohort(n: int, *, death: str, comment: str = "") -> str:
    """Return n patients; death in months is an age, or an interval since diagnosis."""
    rng = np.random.default_rng(3)
    lines = [*([f"# \t# \t# \t{comment}"] if comment else []), "id\tdx\tlast\tdeath"]
    for i in range(n):
        dx = int(rng.integers(12_000, 25_000))
        months = int(rng.integers(2, 90))
        last = dx + int(months * 30.4375) + 20
        value = months if death == "interval" else int((dx + months * 30.4375) / 30.4375)
        lines.append(f"{i}\t{dx}\t{last}\t{value}")
    return "\n".join(lines) + "\n"


def run(how: str, text: str) -> Recording:
    return applied(RELATIVE.format(how=how), text)


def about_offsets(sink: Recording) -> list[Problem]:
    return [p for p in sink.problems if "offset" in p.rule or "interval" in p.rule]


@pytest.mark.parametrize("since", ["birth", "diagnosis"])
def test_a_right_map_raises_nothing(since: str) -> None:
    text = cohort(50, death="interval" if since == "diagnosis" else "age")
    assert about_offsets(run(f"since: {since}, unit: months", text)) == []


@pytest.mark.parametrize(
    ("since", "truth", "other"), [("diagnosis", "age", "birth"), ("birth", "interval", "diagnosis")]
)
def test_a_wrong_origin_is_found(since: str, truth: str, other: str) -> None:
    (problem,) = about_offsets(run(f"since: {since}, unit: months", cohort(50, death=truth)))
    assert (problem.rule, problem.severity) == ("offset-origin", "blocking")
    assert f"counted from {since}, as the map says, 50 of 50 (100.0%)" in problem.message
    assert f"counted from {other}, 0 of 50 (0.0%)" in problem.message
    assert problem.value == "death"


def test_a_column_labelled_as_an_interval_that_holds_ages() -> None:
    how = "since: birth, unit: months, labelled_as: since_diagnosis"
    (problem,) = about_offsets(run(how, cohort(50, death="age")))
    assert (problem.rule, problem.severity) == ("mislabelled-interval", "serious")
    assert "counted from diagnosis 50 of 50 (100.0%)" in problem.message
    assert "counted from birth 0 of 50 (0.0%)" in problem.message


def test_the_label_is_read_from_the_lines_above_the_header() -> None:
    text = cohort(50, death="age", comment="Months between diagnosis and death")
    (problem,) = about_offsets(run("since: birth, unit: months", text))
    assert problem.rule == "mislabelled-interval"
    assert "'Months between diagnosis and death'" in problem.message
    right = cohort(50, death="interval", comment="Months between diagnosis and death")
    assert about_offsets(run("since: diagnosis, unit: months", right)) == []


def test_few_rows_prove_nothing() -> None:
    how = "since: diagnosis, unit: months"
    assert about_offsets(run(how, cohort(9, death="age"))) == []
    how += ", labelled_as: since_birth"
    (problem,) = about_offsets(run(how, cohort(9, death="age")))
    assert (problem.rule, problem.severity) == ("offset-label-differs", "minor")


def test_a_third_of_the_rows_wrong_is_serious() -> None:
    right, wrong = cohort(60, death="age"), cohort(30, death="interval").splitlines(True)[1:]
    (problem,) = about_offsets(run("since: diagnosis, unit: months", right + "".join(wrong)))
    assert (problem.rule, problem.severity) == ("offset-origin", "serious")


@pytest.mark.parametrize(
    ("text", "origin"),
    [
        ("Months between diagnosis of the primary tumor and metastatic recurrence.", "diagnosis"),
        ("Overall survival in months since initial diagonosis.", "diagnosis"),
        ("Days from date of diagnosis to death", "diagnosis"),
        ("Time of the last follow up in days (reference: date of birth).", "birth"),
        ("Age at death in months", "birth"),
        ("TIME_SINCE_DIAGNOSIS", "diagnosis"),
        ("Time to diagnosis", None),
        ("Time To Death (Months)", None),
        ("", None),
    ],
)
def test_what_descriptions_say(text: str, origin: str | None) -> None:
    assert label_of(text) == origin


def dates(number: float, spec: str, dpm: float = 30.4375) -> tuple[date, int]:
    how = dict(pair.split("=") for pair in spec.split())
    base = Days(day=np.array([0.0]), precision=np.array([0]))
    got = offset_days(
        np.array([number]), base, ColumnSpec.model_validate({"from": "x", **how}), dpm
    )
    return ORIGIN + timedelta(days=int(got.day[0])), int(got.precision[0])


@pytest.mark.parametrize(
    ("number", "spec", "days", "precision"),
    [
        (100, "unit=days", 100, 0),
        (3, "unit=weeks", 21, 0),
        (10, "unit=months", 304, 1),
        (10, "unit=months rounded=nearest", 289, 1),
        (10, "unit=months rounded=up", 274, 1),
        (10, "unit=months rounded=nearest precision=day", 304, 0),
        (40, "unit=years", 14_610, 2),
        (-2, "unit=days", -2, 0),
    ],
)
def test_offsets_by_hand(number: float, spec: str, days: int, precision: int) -> None:
    assert dates(number, spec) == (ORIGIN + timedelta(days=days), precision)


def test_months_of_another_length() -> None:
    assert dates(444.87, "unit=months precision=day", 30.4)[0] == ORIGIN + timedelta(days=13_524)


@given(st.integers(0, 20_000), st.sampled_from(["down", "nearest", "up"]))
@settings(deadline=None, max_examples=100)
def test_the_period_holds_the_day_that_was_rounded(day: int, how: str) -> None:
    months = day / 30.4375
    whole = {"down": np.floor(months), "nearest": np.floor(months + 0.5), "up": np.ceil(months)}
    start, precision = dates(float(whole[how]), f"unit=months rounded={how}")
    assert precision == 1
    assert -1 <= (ORIGIN + timedelta(days=day) - start).days <= 31


def test_offsets_from_dates_of_the_calendar() -> None:
    head = """
format: 1
calendar: real
files:
  - file: x.csv
    dates: ["%Y-%m-%d"]
    tables:
      - table: primary_tumour
        columns: {patient_id: id, dx_date: dx}
      - table: disease_event
        constants: {type: progression}
        columns: {patient_id: id, date: {from: t, since: diagnosis, unit: days}}
"""
    text = "id,dx,t\n1,2020-01-31,30\n2,2020-01,10\n3,,10\n4,2020-01-01,x\n5,2020-01-01,1e9\n"
    sink = applied(head, text)
    rows = sink.rows["disease_event"]
    assert [r["date"] for r in rows] == [date(2020, 3, 1), date(2020, 1, 11), None, None, None]
    assert [r["date_precision"] for r in rows] == ["day", "month", None, None, None]
    assert {r["date_reason"] for r in rows[2:]} == {"not_recorded"}
    assert sink.rules()["offset-unchecked"] == 1
    assert sink.rules()["not-a-number"] == 1
    assert sink.rules()["impossible-date"] == 1
