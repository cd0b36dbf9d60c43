"""The first metastasis: the earliest sign that any table gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from locoreg.registry.classify import first_metastasis_dates
from locoreg.registry.cohort import patient_course
from locoreg.registry.engines import connect_engine
from locoreg.registry.store import read_registry
from locoreg.registry.synthetic import simulate_registry
from tests.registry.build import registry_of


def test_every_part_means_the_same(tmp_path: Path) -> None:
    """Descriptions, checks, cohorts and classification agree on the first metastasis."""
    simulate_registry(tmp_path / "r", patients=400, seed=3, scenario="dirty")
    registry = read_registry(tmp_path / "r")
    with registry.connect() as con:
        view = dict(con.execute("SELECT patient_id, date FROM first_metastasis").fetchall())
        known = {p for (p,) in con.execute("SELECT patient_id FROM patient").fetchall()}
        latest = dict(
            con.execute(
                "SELECT patient_id, date_latest(date, date_precision) FROM first_metastasis"
            ).fetchall()
        )
    view = {patient: day for patient, day in view.items() if patient in known}
    with connect_engine(tmp_path / "r") as engine:
        rows = patient_course(engine, therapy_within_days=1, sites_within_days=1).table.to_pylist()
    assert {r["patient_id"]: r["metastasis_date"] for r in rows if r["metastasis_date"]} == view
    dates = first_metastasis_dates(registry, plus_days=0).to_pylist()
    classified = {row["patient_id"]: row["as_of"] for row in dates}
    assert set(classified) == set(view)
    assert all(view[p] <= day <= latest[p] for p, day in classified.items())


@pytest.mark.parametrize(
    ("tables", "expected"),
    [
        (
            {"lesion": [{"patient_id": "a", "organ": "liver", "first_seen_date": "2020-03"}]},
            ("2020-03-01", "month", "lesion"),
        ),
        (
            {
                "lesion": [
                    {"patient_id": "a", "organ": organ, "first_seen_date": "2019-01-01"}
                    for organ in ("breast", "regional_ln", "contralateral_breast", None)
                ]
            },
            None,
        ),
        (
            {
                "lesion": [
                    {"patient_id": "a", "is_regional": False, "first_seen_date": "2020-01-02"},
                    {
                        "patient_id": "a",
                        "organ": "distant_ln",
                        "is_regional": True,
                        "first_seen_date": "2019-01-01",
                    },
                ]
            },
            ("2020-01-02", "day", "lesion"),
        ),
        (
            {
                "lesion": [
                    {"patient_id": "a", "organ": "bone", "first_seen_date": "2020-05-01"},
                    {"patient_id": "a", "organ": "lung"},
                ],
                "disease_event": [
                    {"patient_id": "a", "type": "distant_recurrence", "date": "2020-04-30"},
                    {"patient_id": "a", "type": "local_recurrence", "date": "2018-04-30"},
                ],
            },
            ("2020-04-30", "day", "distant_recurrence"),
        ),
        (
            {"primary_tumour": [{"patient_id": "a", "cm": "M1", "dx_date": "2017-02-03"}]},
            ("2017-02-03", "day", "m1_at_diagnosis"),
        ),
        (
            {"primary_tumour": [{"patient_id": "a", "stage_group": "IV", "dx_date": "2017"}]},
            ("2017-01-01", "year", "m1_at_diagnosis"),
        ),
        (
            {
                "primary_tumour": [
                    {"patient_id": "a", "cm": "M1", "topography": "C34.1", "dx_date": "2017"}
                ]
            },
            None,
        ),
        (
            {
                "imaging_assessment": [
                    {"patient_id": "a", "date": "2018-01-01", "n_lesions": 0},
                    {"patient_id": "a", "date": "2019-01-01", "n_lesions": 2},
                ]
            },
            ("2019-01-01", "day", "imaging"),
        ),
        (
            {
                "primary_tumour": [
                    {"patient_id": "a", "cm": "M0", "stage_group": "IIIC", "dx_date": "2017"}
                ]
            },
            None,
        ),
    ],
)
def test_first_metastasis(
    tmp_path: Path, tables: dict[str, Any], expected: tuple[str, str, str] | None
) -> None:
    with registry_of(tmp_path / "r", tables).connect() as con:
        found = con.execute(
            "SELECT date::VARCHAR, date_precision, basis FROM first_metastasis"
        ).fetchall()
    assert found == ([expected] if expected else [])
