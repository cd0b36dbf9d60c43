"""The shipped map on the real cohort, where it is present (LOCOREG_DATA)."""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest

from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.store import read_registry

FOLDER = Path(os.environ.get("LOCOREG_DATA", "absent")) / "msk_breast_2018"
pytestmark = pytest.mark.skipif(not FOLDER.is_dir(), reason="LOCOREG_DATA is not set")


@pytest.fixture(scope="module")
def report(tmp_path_factory: pytest.TempPathFactory) -> ImportReport:
    return import_into(
        tmp_path_factory.mktemp("msk") / "registry",
        [str(FOLDER)],
        source="delimited",
        options=SourceOptions(map=Path("breast_msk_2018")),
    )


@pytest.fixture(scope="module")
def con(report: ImportReport) -> Iterator[duckdb.DuckDBPyConnection]:
    with read_registry(report.registry).connect() as connection:
        yield connection


def counts(con: duckdb.DuckDBPyConnection, sql: str) -> dict[Any, int]:
    return {row[0] if len(row) == 2 else row[:-1]: row[-1] for row in con.execute(sql).fetchall()}


def test_rows(report: ImportReport) -> None:
    assert report.read == 1756 + 1918
    assert report.n_set_aside == 0
    assert report.accepted == {
        "patient": 1756,
        "primary_tumour": 1756,
        "observation_window": 1756,
        "disease_event": 903 + 81,
        "comorbidity": 1756,
        "receptor_assay": 4 * 1756 + 667 + 4 * 1918 + 505,
        "lesion": 1000,
    }


def test_totals_equal_those_of_the_source(con: duckdb.DuckDBPyConnection) -> None:
    # Counted with awk in the source files.
    assert counts(con, "SELECT vital_status, count(*) FROM patient GROUP BY 1") == {
        "alive": 1374,
        "dead": 382,
    }
    assert counts(con, "SELECT cm, count(*) FROM primary_tumour GROUP BY 1") == {
        "M0": 1398,
        "M1": 358,
    }
    assert counts(con, "SELECT sex, count(*) FROM patient GROUP BY 1") == {
        "female": 1746,
        "male": 10,
    }
    assert counts(con, "SELECT laterality, count(*) FROM primary_tumour GROUP BY 1") == {
        "left": 863 + 21,
        "right": 840 + 24,
        None: 8,
    }
    sql = """SELECT interpretation, count(*) FROM receptor_assay
        WHERE marker = 'ER' AND sample_date IS NOT NULL GROUP BY 1"""
    assert counts(con, sql) == {"positive": 1512, "negative": 345, None: 61}
    sql = """SELECT interpretation, count(*) FROM receptor_assay
        WHERE marker = 'HER2' AND sample_date IS NULL GROUP BY 1"""
    assert counts(con, sql) == {"negative": 1462, "positive": 190, "equivocal": 14, None: 90}


def test_both_columns_of_ages_are_read_rightly_and_reported(
    con: duckdb.DuckDBPyConnection, report: ImportReport
) -> None:
    assert report.batch.issues["mislabelled-interval"] == {"serious": 2}
    assert "offset-origin" not in report.batch.issues
    rows = con.execute(
        "SELECT value, message FROM issue WHERE rule = 'mislabelled-interval' ORDER BY 1"
    ).fetchall()
    assert [row[0] for row in rows] == ["METASTATIC_RECURRENCE_TIME_MONTHS", "TIME_TO_DEATH_MONTHS"]
    assert "1261 of 1261 (100.0%)" in rows[0][1]
    assert "382 of 382 (100.0%)" in rows[1][1]
    # Deaths lie at the last contact, within the rounding to months of 30.4 days.
    sql = """SELECT count(*) FILTER (last_contact_date BETWEEN death_date - 3
        AND date_latest(death_date, death_date_precision) + 3), count(*)
        FROM patient WHERE death_date IS NOT NULL"""
    assert con.execute(sql).fetchall() == [(382, 382)]
    sql = """SELECT count(*) FROM disease_event e JOIN primary_tumour t USING (patient_id)
        WHERE type = 'distant_recurrence' AND date_latest(e.date, e.date_precision) < t.dx_date"""
    assert con.execute(sql).fetchall() == [(0,)]


def test_left_truncation_is_in_the_tables(con: duckdb.DuckDBPyConnection) -> None:
    sql = """SELECT count(*) FILTER (date_latest(entry_date, 'month') >= dx_date - 31),
        count(*) FILTER (entry_date > dx_date + 365) FROM patient JOIN primary_tumour
        USING (patient_id)"""
    near, late = con.execute(sql).fetchall()[0]
    assert near == 1756
    assert late > 700


def test_contradictions_are_listed(report: ImportReport) -> None:
    issues = report.batch.issues
    assert issues["code-contradicts-remark"] == {"serious": 7}
    assert issues["lookup-differs"] == {"serious": 24}
    assert issues["several-numbers"] == {"minor": 1}
    assert issues["range-for-number"] == {"minor": 1}
    assert "unknown-code" not in issues
    assert "not-a-number" not in issues


def test_ages_are_known(con: duckdb.DuckDBPyConnection) -> None:
    # From the months of age at diagnosis of the source; a birthday may fall on either side.
    lines = (FOLDER / "data_clinical_sample.txt").read_text(encoding="utf-8").splitlines()
    rows = [line.split("\t") for line in lines if not line.startswith("#")]
    place = {name: i for i, name in enumerate(rows[0])}
    months = {
        row[place["PATIENT_ID"]]: row[place["INVASIVE_CARCINOMA_DX_TIME"]] for row in rows[1:]
    }
    ages = counts(
        con,
        "SELECT p.patient_id, year(t.dx_date) - p.birth_year FROM patient p "
        "JOIN primary_tumour t USING (patient_id) WHERE t.dx_date IS NOT NULL",
    )
    assert len(ages) > 1700
    wrong = [
        id_ for id_, age in ages.items() if abs(float(months[id_]) * 30.4 / 365.25 - age) > 1.01
    ]
    assert wrong == []
