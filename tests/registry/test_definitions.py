"""The first metastasis: the earliest sign that any table gives."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.registry.build import registry_of


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
