from __future__ import annotations

import dataclasses
import datetime as dt
import random
from pathlib import Path
from typing import Any

import pandas as pd
import pyarrow as pa
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.classify import (
    LesionOptions,
    classify_registry,
    lesion_burden,
    read_dates,
)
from locoreg.registry.tables import TABLES
from tests.registry.build import registry_of
from tests.registry.classify.cases import OPTIONS, Rows, cohort

ORGANS = ("bone", "liver", "lung", "brain", "regional_ln", None)
# Tables whose rows are dated, and their date.
DATES = {
    "primary_tumour": "dx_date",
    "receptor_assay": "sample_date",
    "lesion": "first_seen_date",
    "imaging_assessment": "date",
    "disease_event": "date",
    "systemic_line": "start_date",
    "local_therapy": "start_date",
    "biomarker": "date",
}


def some(rng: random.Random, table: str, column: str) -> Any:
    return rng.choice([*TABLES[table].column(column).allowed, None])


def other_columns(rng: random.Random, table: str) -> dict[str, Any]:
    """Return random values for every code, number and flag of a table."""
    out: dict[str, Any] = {}
    for column in TABLES[table].columns:
        if column.of is not None or column.key or column.name.endswith("_date"):
            continue
        if column.allowed:
            said = some(rng, table, column.name)
            out[column.name] = int(said) if said and column.type == "int16" else said
        elif column.type == "bool":
            out[column.name] = rng.choice([True, False, None])
        elif column.type == "number":
            out[column.name] = rng.choice([0.0, 0.5, 5.0, 12.0, 30.0, None])
        elif column.type == "int16":
            out[column.name] = rng.choice([0, 1, 3, 5, 7, None])
    if table == "imaging_assessment":
        out["regions"] = rng.choice(["chest;abdomen;pelvis;skeleton", "brain;chest", None])
        out["n_lesions_is_lower_bound"] = rng.choice([False, False, False, True, None])
    if table == "receptor_assay":
        out["marker"] = rng.choice(["ER", "PR", "HER2_IHC", "HER2_ISH", "HER2"])
        out["value_unit"] = rng.choice(["%", "1", None])
    if table in ("primary_tumour", "disease_event", "biomarker"):
        out |= {
            "primary_tumour": {"cm": rng.choice(["M0", "M1", None])},
            "disease_event": {"type": rng.choice(["distant_recurrence", "progression", "death"])},
            "biomarker": {"analyte": rng.choice(["VAF", "ctDNA_fraction", "CEA"])},
        }[table]
    return out


def day(rng: random.Random, low: dt.date, high: dt.date) -> str:
    date = low + dt.timedelta(days=rng.randrange((high - low).days + 1))
    return date.isoformat() if rng.random() < 0.85 else f"{date:%Y-%m}"


def random_rows(
    rng: random.Random, patients: list[str], low: dt.date, high: dt.date, mark: str
) -> Rows:
    """Return random rows dated between two days; measurements and drugs hang on them."""
    tables: Rows = {table: [] for table in DATES}
    tables |= {"lesion_measurement": [], "systemic_drug": []}
    for patient in patients:
        names: dict[str, list[str]] = {}
        for table, date in DATES.items():
            for k in range(rng.randrange(16 if table == "receptor_assay" else 4)):
                key = TABLES[table].key
                assert key is not None
                row = {"patient_id": patient, key: f"{mark}{patient}{table}{k}"}
                row |= {**other_columns(rng, table), date: day(rng, low, high)}
                if table == "systemic_line" and rng.random() < 0.5:
                    row["end_date_reason"] = "not_applicable"
                elif table in ("systemic_line", "local_therapy"):
                    row["end_date"] = day(rng, low, high)
                if table == "local_therapy" and names.get("lesion"):
                    row["lesion_id"] = rng.choice(names["lesion"])
                tables[table].append(row)
                names.setdefault(table, []).append(row[key])
        for k, exam in enumerate(names.get("imaging_assessment", [])):
            for lesion in names.get("lesion", []):
                row = {"patient_id": patient, "assess_id": exam, "lesion_id": lesion}
                row |= {"measurement_id": f"{mark}{exam}{lesion}{k}"}
                tables["lesion_measurement"].append(
                    {**row, **other_columns(rng, "lesion_measurement")}
                )
        for line in names.get("systemic_line", []):
            row = {"patient_id": patient, "line_id": line, "drug_id": f"{mark}{line}"}
            row |= {**other_columns(rng, "systemic_drug"), "start_date": day(rng, low, high)}
            tables["systemic_drug"].append(row)
    return tables


@pytest.mark.parametrize("seed", [1, 2])
def test_rows_dated_later_never_change_an_answer(tmp_path: Path, seed: int) -> None:
    rng = random.Random(seed)
    as_of = dt.date(2020, 6, 15)
    patients = [f"P{k:03}" for k in range(50)]
    known = random_rows(rng, patients, dt.date(2018, 1, 1), dt.date(2020, 7, 31), "a")
    later = random_rows(rng, patients, dt.date(2020, 7, 31), dt.date(2023, 1, 1), "b")
    # Later drugs and measurements of lines and lesions that are known.
    later["systemic_drug"] += [
        {**row, "drug_id": f"b{row['drug_id']}", "drug_class": "ET", "start_date": "2021-01-01"}
        for row in known["systemic_drug"]
    ]
    exams = {row["patient_id"]: row["assess_id"] for row in later["imaging_assessment"]}
    later["lesion_measurement"] += [
        {
            **row,
            "measurement_id": f"b{row['measurement_id']}",
            "assess_id": exams[row["patient_id"]],
        }
        for row in known["lesion_measurement"]
        if row["patient_id"] in exams
    ]
    whole = {table: [*known[table], *later[table]] for table in known}
    everyone = {"patient": [{"patient_id": name} for name in patients]}
    before = registry_of(tmp_path / "before", {**everyone, **known})
    after = registry_of(tmp_path / "after", {**everyone, **whole})
    loose = LesionOptions(
        imaging_window_days=300,
        required_regions=(),
        whole_body_modalities=(),
        brain_imaging_required=False,
    )
    options = dataclasses.replace(OPTIONS, lesions=loose)
    one = classify_registry(before, as_of=as_of, options=options)
    two = classify_registry(after, as_of=as_of, options=options)
    for name in one.patients.column_names:
        assert one.patients.column(name).to_pylist() == two.patients.column(name).to_pylist(), name
    for a, b in zip(one.derivations, two.derivations, strict=True):
        assert a.table.to_pylist() == b.table.to_pylist(), a.name
    # The random patients do reach the rules.
    assert len(one.derivation("oligometastatic").counts["eortc_estro"]) >= 5
    assert len(one.derivation("subtype").counts["subtype"]) >= 4
    assert sum(n["across"] for n in one.as_of.evidence.values()) > 0
    assert two.as_of.evidence["lesion"]["later"] > one.as_of.evidence["lesion"]["later"]


LESION = {"lesion_id": "l", "organ": "bone", "first_seen_date": "2020-01-01"}


def n_lesions(registry: Any, as_of: Any) -> dict[str, int]:
    result = lesion_burden(registry, as_of=as_of, options=OPTIONS.lesions)
    rows = result.table.to_pylist()
    return {row["patient_id"]: row["n_lesions_min"] for row in rows}


def test_a_date_per_patient(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r", {name: {"lesion": [LESION]} for name in "ABC"})
    table = {
        "patient_id": ["A", "B", "X"],
        "as_of": [dt.date(2019, 1, 1), dt.date(2021, 1, 1), None],
    }
    for given in (table, pa.table(table), pd.DataFrame(table)):
        assert n_lesions(registry, given) == {"A": 0, "B": 1}
    result = classify_registry(registry, as_of=table, options=OPTIONS)
    assert (result.as_of.n_patients, result.as_of.n_without_date, result.as_of.n_unknown) == (
        2,
        1,
        1,
    )
    assert "1 patient without such a date left out" in result.summary()
    assert "1 patient of the table of dates not in the registry" in result.summary()
    dates = result.patients.column("as_of").to_pylist()
    assert dates == [dt.date(2019, 1, 1), dt.date(2021, 1, 1)]
    text = {"patient_id": ["A"], "as_of": ["2020-01-01"]}
    assert n_lesions(registry, text) == {"A": 1}


def test_a_date_column_of_patients(tmp_path: Path) -> None:
    rows = {
        "patient": [
            {"patient_id": "A", "entry_date": "2020-01"},
            {"patient_id": "B", "entry_date": None},
        ],
        "lesion": [{"patient_id": "A", **LESION, "first_seen_date": "2020-01-02"}],
    }
    registry = registry_of(tmp_path / "r", rows)
    # The first day of the month: nothing after it may be known.
    assert n_lesions(registry, "patient.entry_date") == {"A": 0}
    assert n_lesions(registry, "2020-01-02") == {"A": 1, "B": 0}
    assert n_lesions(registry, dt.datetime(2020, 1, 2, 13, 5)) == {"A": 1, "B": 0}


def test_dates_from_files(tmp_path: Path) -> None:
    path = tmp_path / "dates.csv"
    path.write_text("patient_id,as_of\n007,2020-01-01\n", encoding="utf-8")
    assert read_dates(path).to_pylist() == [{"patient_id": "007", "as_of": dt.date(2020, 1, 1)}]
    pa.parquet.write_table(read_dates(path), tmp_path / "dates.parquet")
    assert read_dates(tmp_path / "dates.parquet").num_rows == 1
    path.write_text("patient_id,date\n1,2020-01-01\n", encoding="utf-8")
    with pytest.raises(DataError, match="no column 'as_of'"):
        read_dates(path)
    with pytest.raises(DataError, match=r"absent\.csv can't be read"):
        read_dates(tmp_path / "absent.csv")


def test_dates_that_can_not_be_used(tmp_path: Path) -> None:
    registry = cohort(tmp_path / "r", {"A": {}})

    def refused(as_of: Any, error: type[Exception], says: str) -> None:
        with pytest.raises(error, match=says):
            lesion_burden(registry, as_of=as_of, options=OPTIONS.lesions)

    refused("patient.entry", DesignError, "no date to classify as of")
    refused("patient.sex", DesignError, "no date to classify as of")
    refused(3, DataError, "dates can't be read from int")
    refused({"patient_id": ["A"]}, DataError, "no column 'as_of'")
    refused({"patient_id": ["A"], "as_of": ["soon"]}, DataError, "does not hold dates")
    days = [dt.date(2020, 1, 1), dt.date(2020, 1, 2)]
    refused({"patient_id": ["A", "A"], "as_of": days}, DataError, "patient 'A' has several rows")


def test_rows_of_a_month_that_holds_the_date_are_counted(tmp_path: Path) -> None:
    rows: Rows = {
        "lesion": [
            {**LESION, "lesion_id": "1", "first_seen_date": "2020-05"},
            {**LESION, "lesion_id": "2", "first_seen_date": "2020-06"},
            {**LESION, "lesion_id": "3", "first_seen_date": "2020-06-16"},
            {**LESION, "lesion_id": "4", "first_seen_date": None},
        ]
    }
    registry = cohort(tmp_path / "r", {"A": rows})
    result = classify_registry(registry, as_of="2020-06-15", options=OPTIONS)
    assert result.as_of.evidence["lesion"] == {"known": 1, "later": 1, "across": 1, "undated": 1}
    assert result.patients.column("n_rows_dated_across").to_pylist() == [1]


def test_empty_registry(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {"patient": []})
    result = classify_registry(registry, as_of="2020-01-01", options=OPTIONS)
    assert result.patients.num_rows == 0
    assert "0 patients as of 2020-01-01" in result.summary()
