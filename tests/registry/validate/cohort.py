"""A clean cohort, and helpers to break it."""

from __future__ import annotations

import copy
from collections.abc import Mapping, Sequence
from datetime import date, timedelta
from pathlib import Path
from typing import Any

from locoreg.registry.validate import QualityReport, check_registry
from tests.registry.build import registry_of

Tables = dict[str, list[dict[str, Any]]]


def day(start: str, days: int) -> str:
    return (date.fromisoformat(start) + timedelta(days=days)).isoformat()


def clean(n: int = 120, sites: Sequence[str] = ("A", "B")) -> Tables:
    """Return a cohort of which no rule has anything to say.

    Patients are diagnosed over 2012 to 2015, metastatic some years later, under observation from
    the day of metastasis; every third is treated locally within three weeks.
    """
    tables: Tables = {
        name: []
        for name in (
            "patient", "primary_tumour", "receptor_assay", "lesion", "imaging_assessment",
            "lesion_measurement", "disease_event", "systemic_line", "systemic_drug",
            "local_therapy", "performance", "comorbidity", "observation_window",
        )
    }  # fmt: skip
    for i in range(n):
        for name, rows in person(f"P{i:04}", i, sites[i % len(sites)]).items():
            tables[name] += rows
    return tables


def person(name: str, i: int, site: str) -> Tables:
    """Return one clean patient."""
    dx = day("2012-01-02", (i * 37) % 1400)
    met = day(dx, 400 + (i * 53) % 900)
    months = (i * 29) % 40 + 2
    dead = i % 3 != 0
    end = day(met, 30 * months + 11) if dead else day("2019-01-05", (i * 11) % 300)
    return whole_person(name, i, site, dx=dx, met=met, end=end, dead=dead)


def whole_person(
    name: str, i: int, site: str, *, dx: str, met: str, end: str, dead: bool
) -> Tables:
    """Return one patient with these dates."""
    number = 1 + i % 9
    ids = {"patient_id": name}
    out: Tables = {
        "patient": [
            {
                **ids,
                "site_id": site,
                "sex": "female",
                "birth_year": 1945 + i % 25,
                "menopausal_status_dx": "post",
                "entry_date": met,
                "last_contact_date": end,
                "vital_status": "dead" if dead else "alive",
                **({"death_date": end, "death_cause": "breast_cancer"} if dead else {}),
            }
        ],
        "primary_tumour": [
            {
                **ids,
                "tumour_id": f"{name}-T",
                "dx_date": dx,
                "laterality": ("left", "right")[i % 2],
                "topography": "C50.4",
                "morphology": "8500/3",
                "grade": 1 + i % 3,
                "size_mm": 12.0 + i % 17,
                "ct": "T2",
                "cn": "N1",
                "cm": "M0",
                "stage_group": "IIB",
            }
        ],
        "receptor_assay": [
            {
                **ids,
                "assay_id": f"{name}-{marker}",
                "tumour_id": f"{name}-T",
                "context": "primary",
                "sample_date": dx,
                "marker": marker,
                **values,
            }
            for marker, values in (
                (
                    "ER",
                    {"value_num": 60.0 + i % 30, "value_unit": "%", "interpretation": "positive"},
                ),
                (
                    "PR",
                    {"value_num": 20.0 + i % 30, "value_unit": "%", "interpretation": "positive"},
                ),
                ("HER2_IHC", {"value_code": "1+", "interpretation": "negative"}),
                ("KI67", {"value_num": 10.0 + i % 40, "value_unit": "%"}),
            )
        ]
        + [
            {
                **ids,
                "assay_id": f"{name}-M",
                "lesion_id": f"{name}-L0",
                "context": "metastasis",
                "sample_date": met,
                "marker": "ER",
                "value_num": 40.0,
                "value_unit": "%",
                "interpretation": "positive",
            }
        ],
        "lesion": [
            {
                **ids,
                "lesion_id": f"{name}-L{k}",
                "organ": ("bone", "liver", "lung")[k % 3],
                "snomed_body_site": "10200004",
                "first_seen_date": met,
                "is_regional": False,
            }
            for k in range(min(number, 3))
        ],
        "imaging_assessment": [
            {
                **ids,
                "assess_id": f"{name}-I",
                "date": met,
                "modality": "FDG_PET_CT",
                "regions": "brain;chest;abdomen",
                "n_lesions": number,
                "n_lesions_is_lower_bound": False,
                "brain_imaged": True,
            }
        ],
        "lesion_measurement": [
            {
                **ids,
                "assess_id": f"{name}-I",
                "lesion_id": f"{name}-L0",
                "longest_mm": 15.0,
                "short_axis_mm": 9.0,
                "state": "new",
            }
        ],
        "disease_event": [
            {**ids, "event_id": f"{name}-E", "date": met, "type": "distant_recurrence"}
        ],
        "systemic_line": [
            {
                **ids,
                "line_id": f"{name}-S{k}",
                "setting": "metastatic",
                "line_no": k,
                "start_date": day(met, 7 + 20 * (k - 1)),
                "end_date": day(met, 26 + 20 * (k - 1)),
                "regimen": "letrozole",
            }
            for k in (1, 2)
        ],
        "systemic_drug": [
            {
                **ids,
                "drug_id": f"{name}-D",
                "line_id": f"{name}-S1",
                "drug": "letrozole",
                "drug_class": "ET",
                "start_date": day(met, 7),
                "dose": 2.5,
                "dose_unit": "mg",
            }
        ],
        "performance": [
            {**ids, "performance_id": f"{name}-P", "date": met, "ecog": i % 3, "karnofsky": 80}
        ],
        "comorbidity": [
            {
                **ids,
                "comorbidity_id": f"{name}-C",
                "code": "38341003",
                "system": "SNOMED",
                "present": False,
            }
        ],
        "observation_window": [
            {**ids, "window_id": f"{name}-W", "start_date": met, "end_date": end}
        ],
        "local_therapy": [],
    }
    if i % 3 == (i // 3) % 3:
        out["local_therapy"].append(
            {
                **ids,
                "lt_id": f"{name}-X",
                "start_date": day(met, 10 + i % 11),
                "target": "lesion",
                "lesion_id": f"{name}-L0",
                "organ": "bone",
                "modality": "sabr",
                "intent": "ablative",
                "dose_gy": 30.0,
                "fractions": 3,
            }
        )
    return out


def with_rows(tables: Tables, extra: Mapping[str, Sequence[Mapping[str, Any]]]) -> Tables:
    """Return the tables with rows added."""
    out = copy.deepcopy(tables)
    for name, rows in extra.items():
        out.setdefault(name, []).extend(dict(row) for row in rows)
    return out


def checked(
    folder: Path,
    tables: Tables,
    rules: Sequence[str] | None = None,
    thresholds: Mapping[str, Mapping[str, float]] | None = None,
    *,
    synthetic: bool = False,
) -> QualityReport:
    registry = registry_of(folder, tables, synthetic=synthetic)
    return check_registry(registry, rules=rules, thresholds=thresholds)
