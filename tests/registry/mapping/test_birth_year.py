"""Years of birth counted from an anchor."""

from __future__ import annotations

from datetime import date
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from locoreg.core.errors import DesignError
from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.mapping import parse_map
from locoreg.registry.store import read_registry

MAP = """\
format: 1
calendar: real
files:
  - file: p.csv
    dates: ["%Y-%m-%d"]
    tables:
      - table: patient
        columns: {{patient_id: id, birth_year: {{{spec}}}}}
      - table: primary_tumour
        columns: {{patient_id: id, tumour_id: id, dx_date: dx}}
"""
AGE = "from: age, before: diagnosis, unit: years"


def years(folder: Path, rows: str, spec: str = AGE) -> tuple[dict[str, int | None], ImportReport]:
    (folder / "map.yaml").write_text(MAP.format(spec=spec), encoding="utf-8")
    (folder / "p.csv").write_text("id,dx,age\n" + rows, encoding="utf-8")
    options = SourceOptions(map=folder / "map.yaml")
    report = import_into(
        folder / "registry", [str(folder / "p.csv")], source="delimited", options=options
    )
    rows_ = read_registry(folder / "registry").table("patient").to_pylist()
    return {row["patient_id"]: row["birth_year"] for row in rows_}, report


def test_ages_in_completed_years_and_with_fractions(tmp_path: Path) -> None:
    rows = "A,2010-12-31,60\nB,2010-01-01,60\nC,2010-07-01,60.25\nD,2010,60\nE,,60\nF,2010-05-05,\n"
    found, report = years(tmp_path, rows)
    assert found == {"A": 1950, "B": 1949, "C": 1950, "D": 1950, "E": None, "F": None}
    assert report.batch.issues == {"birth-year-from-age": {"note": 1}}


def test_days_to_birth_are_exact(tmp_path: Path) -> None:
    days = (date(1950, 3, 1) - date(2010, 5, 5)).days
    spec = "from: age, since: diagnosis, unit: days"
    found, report = years(tmp_path, f"A,2010-05-05,{days}\n", spec)
    assert found == {"A": 1950}
    assert report.batch.issues == {}


def test_an_impossible_age_is_left_out(tmp_path: Path) -> None:
    found, report = years(tmp_path, "A,2010-05-05,999\nB,2010-05-05,old\n")
    assert found == {"A": None, "B": None}
    assert {"impossible-date", "not-a-number"} <= set(report.batch.issues)


@given(
    st.dates(date(1900, 1, 1), date(1990, 12, 31)), st.dates(date(2000, 1, 1), date(2020, 12, 31))
)
@settings(max_examples=10, deadline=None)
def test_off_by_a_year_at_most(
    tmp_path_factory: pytest.TempPathFactory, born: date, seen: date
) -> None:
    age = seen.year - born.year - ((seen.month, seen.day) < (born.month, born.day))
    found, _ = years(tmp_path_factory.mktemp("born"), f"A,{seen},{age}\n")
    assert abs(int(found["A"] or 0) - born.year) <= 1


@pytest.mark.parametrize(
    ("spec", "words"),
    [
        ("from: age, before: surgery, unit: years", "no anchor 'surgery'"),
        ("from: age, before: diagnosis", "needs unit"),
        ("from: age, before: diagnosis, since: diagnosis, unit: days", "either since: or before:"),
        (f"{AGE}, precision: day", "does not go with"),
    ],
)
def test_what_is_refused(spec: str, words: str) -> None:
    with pytest.raises(DesignError, match=words):
        parse_map(MAP.format(spec=spec))


def test_before_is_for_years_of_birth() -> None:
    text = MAP.format(spec=AGE).replace("dx_date: dx", f"dx_date: {{{AGE}}}")
    with pytest.raises(DesignError, match="goes with birth_year"):
        parse_map(text)
