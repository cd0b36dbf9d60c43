"""The same person under two ids, and how often chance makes two persons alike."""

from __future__ import annotations

import copy
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np

from locoreg.registry.validate import QualityReport
from tests.registry.validate.cohort import Tables, checked, clean

RULE = ["same-person-twice"]


def pairs(report: QualityReport) -> set[tuple[str, str]]:
    return {(row["value"], row["patient_id"]) for row in report.issues.to_pylist()}


def copied(tables: Tables, name: str, to: str, **changes: Any) -> Tables:
    """Return the tables with a second record of a patient."""
    out = copy.deepcopy(tables)
    for rows in out.values():
        for row in [row for row in rows if row["patient_id"] == name]:
            twin = {
                key: value.replace(name, to) if isinstance(value, str) else value
                for key, value in row.items()
            }
            rows.append(twin | {k: v for k, v in changes.items() if k in twin})
    return out


def cohort(n: int, linkage: str | None = None) -> Tables:
    """Return patients drawn at random: nobody is there twice."""
    rng = np.random.default_rng([20260301, n])
    tables: Tables = {"patient": [], "primary_tumour": []}
    for i in range(n):
        dx = date(2010, 1, 1) + timedelta(days=int(rng.integers(0, 3650)))
        end = dx + timedelta(days=int(rng.exponential(900)) + 1)
        dead = rng.random() < 0.6
        seen = linkage if linkage and not dead else end.isoformat()
        tables["patient"].append(
            {
                "patient_id": f"P{i:05}",
                "site_id": "AB"[i % 2],
                "sex": "female",
                "birth_year": int(rng.integers(1935, 1985)),
                "last_contact_date": seen,
                **({"death_date": end.isoformat()} if dead else {}),
            }
        )
        tables["primary_tumour"].append(
            {
                "patient_id": f"P{i:05}",
                "dx_date": dx.isoformat(),
                "laterality": ("left", "right")[int(rng.integers(2))],
                "grade": int(rng.integers(1, 4)),
            }
        )
    return tables


def test_a_copy_is_found(tmp_path: Path) -> None:
    report = checked(tmp_path / "r", copied(clean(), "P0004", "Q0004", site_id="B"), RULE)
    assert pairs(report) == {("P0004", "Q0004")}
    message = report.issues["message"][0].as_py()
    assert message.startswith(
        "May be the same person as P0004 of another site: sex, year of birth and day of diagnosis "
        "agree, and death, first metastasis, "
    )


def test_two_records_alone_are_found(tmp_path: Path) -> None:
    tables: Tables = {
        "patient": [{"patient_id": p, "sex": "female", "birth_year": 1950} for p in "AB"],
        "primary_tumour": [{"patient_id": p, "dx_date": "2011-05-06"} for p in "AB"],
    }
    assert pairs(checked(tmp_path / "r", tables, RULE)) == {("A", "B")}


def test_what_differs_speaks_against(tmp_path: Path) -> None:
    tables = copied(
        clean(), "P0004", "Q0004", laterality="right", grade=3, size_mm=33.0,
        death_date="2014-08-08", last_contact_date="2014-08-08",
    )  # fmt: skip
    for row in tables["lesion"] + tables["disease_event"] + tables["imaging_assessment"]:
        if row["patient_id"] == "Q0004":
            row.update({k: "2014-07-07" for k in ("date", "first_seen_date") if k in row})
    assert pairs(checked(tmp_path / "r", tables, RULE)) == set()


def test_chance_pairs_are_not_listed(tmp_path: Path) -> None:
    """Among 5,000 persons about 69 pairs agree in sex, year of birth and day of diagnosis."""
    report = checked(tmp_path / "r", cohort(5000), RULE)
    assert len(pairs(report)) <= 1


def test_a_linkage_date_is_no_evidence(tmp_path: Path) -> None:
    """The same last contact of all who live agrees in every pair of them."""
    report = checked(tmp_path / "r", cohort(4000, linkage="2021-12-31"), RULE)
    assert len(pairs(report)) <= 1


def test_copies_in_a_large_cohort_are_found(tmp_path: Path) -> None:
    tables = cohort(4000)
    for number in range(20):
        tables["patient"].append({**tables["patient"][number], "patient_id": f"Q{number}"})
        tables["primary_tumour"].append(
            {**tables["primary_tumour"][number], "patient_id": f"Q{number}"}
        )
    found = pairs(checked(tmp_path / "r", tables, RULE))
    copies = {(f"P{number:05}", f"Q{number}") for number in range(20)}
    assert copies <= found
    assert len(found - copies) <= 1
