"""A registry described: flow, subtypes, late entry, small groups, texts."""

from __future__ import annotations

import json
from datetime import date, timedelta
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.describe import describe_registry
from locoreg.registry.store import Registry
from locoreg.stats.survivalcurves import kaplan_meier, reverse_kaplan_meier
from locoreg.workflows.registry.describing import read_groups
from tests.registry.build import registry_of

ZERO = date(2020, 1, 1)


def cohort(folder: Path, n: int = 60) -> Registry:
    """Half of site A and half of B; every third enters 30 days late; every second dies."""
    patients, lesions, assays = [], [], []
    for i in range(n):
        end = ZERO + timedelta(days=60 + 10 * i)
        died = i % 2 == 0
        name = f"p{i:02d}"
        patients.append(
            {
                "patient_id": name,
                "site_id": "A" if i < n // 2 else "B",
                "sex": "female" if i % 10 else "male",
                "birth_year": 1960,
                "entry_date": ZERO + timedelta(days=30 * (i % 3 == 0)),
                "last_contact_date": end,
                "vital_status": "dead" if died else "alive",
                "death_date": end if died else None,
            }
        )
        lesions.append({"patient_id": name, "organ": "liver", "first_seen_date": ZERO})
        lesions.append(
            {"patient_id": name, "organ": "bone", "first_seen_date": ZERO + timedelta(days=20)}
        )
        assays += (
            [
                {"patient_id": name, "context": "primary", "marker": "ER", "interpretation": er},
                {"patient_id": name, "context": "primary", "marker": "PR", "interpretation": er},
                {
                    "patient_id": name,
                    "context": "primary",
                    "marker": "HER2",
                    "interpretation": "negative",
                },
            ]
            if (er := "positive" if i % 4 else "negative")
            else []
        )
    return registry_of(folder, {"patient": patients, "lesion": lesions, "receptor_assay": assays})


def test_survival_is_that_of_the_kernels_with_delayed_entry(tmp_path: Path) -> None:
    found = describe_registry(
        cohort(tmp_path / "r"), time_zero="first_metastasis", level=90, by="site_id", at=(6, 12)
    )
    i = np.arange(30, 60)
    time, event = (60 + 10 * i) / 30.4375, i % 2 == 0
    entry = np.where(i % 3 == 0, 30, 0) / 30.4375
    curve = kaplan_meier(time, event, entry=entry, level=90).curves[0]
    follow = reverse_kaplan_meier(time, event, entry=entry, level=90).curves[0]
    group = found.survival[1]
    assert (group.group, group.n.n, group.deaths.n, group.late_entries.n) == ("B", 30, 15, 10)
    assert group.survival[0] == pytest.approx(curve.median.estimate)
    assert group.follow_up[0] == pytest.approx(follow.median.estimate)
    assert group.at[1][1] == pytest.approx(float(curve.at(12).estimate[0]))
    assert [g.group for g in found.survival] == ["A", "B", "Overall"]
    assert "33.3% of the patients followed entered after time zero" in found.summary()


def test_subtypes_as_known_at_time_zero_in_clinical_order(tmp_path: Path) -> None:
    found = describe_registry(
        cohort(tmp_path / "r"), time_zero="first_metastasis", level=95, by="subtype_primary"
    )
    assert found.table.header() == (
        "HR+/HER2- (N = 45)",
        "triple-negative (N = 15)",
        "Overall (N = 60)",
    )


def test_lesions_after_time_zero_count_only_within_the_days_of_staging(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r")

    def bone(days: int) -> list[str]:
        found = describe_registry(
            registry, time_zero="first_metastasis", level=95, staging_days=days
        )
        return [x.level for x in found.table.lines if x.variable == "organ_bone"]

    assert bone(19) == ["no"]
    assert bone(20) == ["yes"]
    with pytest.raises(DesignError, match="0 or more"):
        bone(-1)


def test_everybody_who_falls_out_is_counted(tmp_path: Path) -> None:
    rows: list[dict[str, Any]] = [
        {"patient_id": "no-zero"},
        {"patient_id": "no-status", "last_contact_date": "2021-01-01"},
        {"patient_id": "undated", "vital_status": "dead", "last_contact_date": "2021-01-01"},
        {"patient_id": "no-end", "vital_status": "alive"},
        {"patient_id": "before", "vital_status": "alive", "last_contact_date": "2019-12-31"},
        {
            "patient_id": "late",
            "vital_status": "alive",
            "last_contact_date": "2020-06-01",
            "entry_date": "2020-06-01",
        },
        {"patient_id": "good", "vital_status": "dead", "death_date": "2020-06-01"},
    ]
    lesions = [
        {"patient_id": r["patient_id"], "organ": "lung", "first_seen_date": "2020-01"}
        for r in rows[1:]
    ]
    registry = registry_of(tmp_path / "r", {"patient": rows, "lesion": lesions})
    found = describe_registry(registry, time_zero="first_metastasis", level=95)
    assert [step.remaining.n for step in found.flow] == [7, 6, 5, 4, 3, 2, 1]
    assert found.imprecise.n == 6
    assert found.survival[0].n.n == 1


def test_small_groups_leave_no_trace(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r")
    found = describe_registry(
        registry, time_zero="first_metastasis", level=95, by="sex", small_cells=10
    )
    assert dict(found.table.left_out) == {"male": "≤10"}
    text = json.dumps(found.to_dict()) + found.summary()
    # 60 patients, 54 of them women: neither 60 nor 6 may stand beside 54.
    assert found.flow[0].remaining.n == 54
    assert '"remaining": 60' not in text
    assert " 60  " not in text


def test_groups_of_a_file(tmp_path: Path) -> None:
    path = tmp_path / "operated.csv"
    path.write_text("patient_id,group\np00,early\np01,late\np02,\n", encoding="utf-8")
    groups = read_groups(path)
    found = describe_registry(
        cohort(tmp_path / "r"),
        time_zero="first_metastasis",
        level=95,
        by="operated",
        groups=groups,
        after_time_zero=True,
    )
    assert found.table.columns == ("early", "late", "Unknown", "Overall")
    assert any("immortal time" in note for note in found.notes)
    with pytest.raises(DesignError, match="1 patients of the groups are not in the registry"):
        describe_registry(
            cohort(tmp_path / "r"),
            time_zero="entry",
            level=95,
            by="x",
            groups={"stranger": "a"},
        )
    path.write_text("patient_id,group\np00,a\np00,b\n", encoding="utf-8")
    with pytest.raises(DataError, match="line 3: patient p00 stands there twice"):
        read_groups(path)


def test_unknown_words_are_refused(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r")
    with pytest.raises(DesignError, match="did you mean first_metastasis"):
        describe_registry(registry, time_zero="first_metastases", level=95)  # type: ignore[arg-type]
    with pytest.raises(DesignError, match="did you mean subtype_primary"):
        describe_registry(registry, time_zero="entry", level=95, by="subtype_prim")
    with pytest.raises(DesignError, match=r"no patient .* has a time zero"):
        describe_registry(
            registry_of(tmp_path / "s", {"patient": [{"patient_id": "a"}]}),
            time_zero="entry",
            level=95,
        )


def test_a_synthetic_registry_says_so(tmp_path: Path) -> None:
    registry = registry_of(
        tmp_path / "r",
        {"patient": [{"patient_id": "a", "entry_date": "2020-01-01"}]},
        synthetic=True,
    )
    found = describe_registry(registry, time_zero="entry", level=95)
    assert found.summary().splitlines()[2].startswith("SYNTHETIC")
    assert found.to_dict()["synthetic"] is True
