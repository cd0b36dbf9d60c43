"""Patients for the tests of derived variables: several cases in one registry, one per patient."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from locoreg.registry.classify import (
    ClassifyOptions,
    Derivation,
    LesionOptions,
    OligometastaticOptions,
)
from locoreg.registry.store import Registry
from tests.registry.build import registry_of

Rows = dict[str, list[dict[str, Any]]]

OPTIONS = ClassifyOptions.from_dict(
    {
        "primary": "first",
        "subtype": {"undated_assays": "leave_out"},
        "intervals": {
            "origin": "primary_diagnosis",
            "disease_free_event": "distant_metastasis",
        },
        "de_novo": {"window_days": 90},
        "lesions": {
            "imaging_window_days": 60,
            "required_regions": ["chest", "abdomen", "pelvis", "skeleton"],
            "whole_body_modalities": ["FDG_PET_CT"],
        },
        "oligometastatic": {"treatability": "assumed", "systemic_lines_complete": True},
        "ctdna": {"rising_ratio": 1.5},
    }
)
LESIONS: LesionOptions = OPTIONS.lesions
OLIGO: OligometastaticOptions = OPTIONS.oligometastatic


def cohort(folder: Path, cases: Mapping[str, Rows]) -> Registry:
    """Make a registry in which each case is a patient; keys of rows begin with the patient."""
    tables: Rows = {"patient": [{"patient_id": name} for name in cases]}
    for name, rows in cases.items():
        for table, given in rows.items():
            for row in given:
                whole = {"patient_id": name}
                for column, value in row.items():
                    ids = ("tumour_id", "lesion_id", "assess_id", "line_id")
                    whole[column] = f"{name}:{value}" if column in ids else value
                tables.setdefault(table, []).append(whole)
    return registry_of(folder, tables)


def by_patient(derivation: Derivation) -> dict[str, dict[str, Any]]:
    rows = derivation.table.to_pylist()
    found = {row["patient_id"]: row for row in rows}
    assert len(found) == len(rows)
    return found


def pet(date: str, n: int | None, **other: Any) -> dict[str, Any]:
    """Return a whole-body assessment with the brain that counts the lesions exactly."""
    row = {
        "date": date,
        "modality": "FDG_PET_CT",
        "brain_imaged": True,
        "n_lesions": n,
        "n_lesions_is_lower_bound": False,
    }
    return {**row, **other}
