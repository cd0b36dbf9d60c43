"""Small CDMs made in code: a folder of files, a DuckDB file or a PostgreSQL schema."""

from __future__ import annotations

import csv
import gzip
import io
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pyarrow.parquet as pq

from locoreg.registry.importing import ImportReport, import_into
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.omop.model import CDM
from locoreg.registry.store import Registry, read_registry

Tables = dict[str, list[dict[str, Any]]]
TYPES = {"id": "BIGINT", "date": "DATE", "text": "VARCHAR", "number": "DOUBLE"}
BREAST, LIVER_C, LUNG_C, LIVER_M, LUNG_M = 4112853, 198700, 254591, 36770544, 36770283
FIELD_CONDITION, FIELD_MEASUREMENT = 1147127, 1147138
FIELD_PROCEDURE, FIELD_EPISODE, FIELD_DRUG = 1147082, 756290, 1147094


def vocabulary() -> Tables:
    """Return CONCEPT, CONCEPT_ANCESTOR, CONCEPT_RELATIONSHIP, VOCABULARY and CDM_SOURCE."""
    text = Path(__file__).with_name("vocabulary.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(text.splitlines()))
    parents = {int(r["concept_id"]): [int(p) for p in r["parents"].split("|") if p] for r in rows}

    def above(one: int) -> set[int]:
        return {one}.union(*(above(parent) for parent in parents[one]))

    concepts = [
        {
            "concept_id": int(r["concept_id"]),
            "concept_name": r["concept_name"],
            "domain_id": r["domain_id"],
            "vocabulary_id": r["vocabulary_id"],
            "concept_class_id": r["concept_class_id"],
            "standard_concept": "C" if r["vocabulary_id"] == "ATC" else "S",
            "concept_code": r["concept_code"],
            "invalid_reason": None,
        }
        for r in rows
    ]
    ancestors = [
        {"ancestor_concept_id": parent, "descendant_concept_id": child}
        for child in parents
        for parent in sorted(above(child))
    ]
    return {
        "concept": concepts,
        "concept_ancestor": ancestors,
        "concept_relationship": [],
        "vocabulary": [
            {"vocabulary_id": "None", "vocabulary_version": "v5.0 01-AUG-26"},
            {"vocabulary_id": "SNOMED", "vocabulary_version": "2026-02-01 SNOMED CT"},
        ],
        "cdm_source": [{"cdm_source_name": "Test", "vocabulary_version": "v5.0 01-AUG-26"}],
    }


class Builder:
    """Collect rows of a CDM; ids are given out in order."""

    def __init__(self) -> None:
        self.tables: Tables = {**vocabulary()}
        for name in CDM:
            self.tables.setdefault(name, [])
        self._next = 1000

    def add(self, table: str, **values: Any) -> int:
        key = CDM[table].key
        self._next += 1
        if key is not None and key not in values and table != "person":
            values[key] = self._next
        self.tables[table].append(values)
        return int(values[key]) if key is not None else 0

    def person(self, person: int, **values: Any) -> int:
        given = {"gender_concept_id": 8532, "year_of_birth": 1960, "care_site_id": 7, **values}
        self.tables["person"].append({"person_id": person, **given})
        return person

    def condition(self, person: int, concept: int, day: str, **values: Any) -> int:
        return self.add(
            "condition_occurrence",
            person_id=person,
            condition_concept_id=concept,
            condition_start_date=day,
            **values,
        )

    def measure(self, person: int, concept: int, day: str, **values: Any) -> int:
        return self.add(
            "measurement",
            person_id=person,
            measurement_concept_id=concept,
            measurement_date=day,
            **values,
        )

    def about(self, kind: int, row: int) -> dict[str, int]:
        return {"measurement_event_id": row, "meas_event_field_concept_id": kind}

    def procedure(self, person: int, concept: int, day: str, **values: Any) -> int:
        return self.add(
            "procedure_occurrence",
            person_id=person,
            procedure_concept_id=concept,
            procedure_date=day,
            **values,
        )

    def observe(self, person: int, concept: int, day: str, **values: Any) -> int:
        return self.add(
            "observation",
            person_id=person,
            observation_concept_id=concept,
            observation_date=day,
            **values,
        )

    def drug(self, person: int, concept: int, day: str, **values: Any) -> int:
        return self.add(
            "drug_exposure",
            person_id=person,
            drug_concept_id=concept,
            drug_exposure_start_date=day,
            **values,
        )

    def episode(self, person: int, concept: int, day: str, **values: Any) -> int:
        return self.add(
            "episode",
            person_id=person,
            episode_concept_id=concept,
            episode_start_date=day,
            **values,
        )

    def belongs(self, episode: int, field: int, row: int) -> None:
        self.tables["episode_event"].append(
            {
                "episode_id": episode,
                "event_id": row,
                "episode_event_field_concept_id": field,
            }
        )

    def metastatic(self, person: int = 1) -> int:
        """Add a person with breast cancer and a liver metastasis; return the breast row."""
        self.person(person)
        row = self.condition(person, BREAST, "2018-03-01")
        self.condition(person, LIVER_C, "2020-05-01")
        self.add(
            "observation_period",
            person_id=person,
            observation_period_start_date="2017-01-01",
            observation_period_end_date="2022-12-31",
            period_type_concept_id=32817,
        )
        return row


def columns_of(table: str) -> list[str]:
    return [column.name for column in CDM[table].columns]


def write_folder(
    folder: Path,
    tables: Tables,
    *,
    kind: str = "csv",
    upper: bool = True,
    rename: Mapping[str, str] | None = None,
    skip: Sequence[str] = (),
) -> Path:
    """Write a CDM as files: csv, tab (in ``.csv``, without quotes), csv.gz or parquet."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, rows in tables.items():
        if name in skip:
            continue
        stem = name.upper() if upper else name
        if kind == "parquet":
            pq.write_table(arrow(name, rows), folder / f"{stem}.parquet")
            continue
        text = csv_text(name, rows, tab=kind == "tab", rename=rename or {})
        if kind == "csv.gz":
            (folder / f"{stem}.csv.gz").write_bytes(gzip.compress(text.encode()))
        else:
            (folder / f"{stem}.csv").write_text(text, encoding="utf-8", newline="")
    return folder


def csv_text(
    name: str, rows: Sequence[Mapping[str, Any]], *, tab: bool, rename: Mapping[str, str]
) -> str:
    names = columns_of(name)
    header = [rename.get(n, n) for n in names]
    cells = [["" if row.get(n) is None else str(row.get(n)) for n in names] for row in rows]
    if tab:
        return "".join("\t".join(line) + "\n" for line in [header, *cells])
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator="\n").writerows([header, *cells])
    return buffer.getvalue()


def arrow(name: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    kinds = {"id": pa.int64(), "date": pa.date32(), "text": pa.string(), "number": pa.float64()}
    arrays = {}
    for column in CDM[name].columns:
        values = [row.get(column.name) for row in rows]
        if column.kind == "date":
            values = [date.fromisoformat(v) if isinstance(v, str) else v for v in values]
        arrays[column.name] = pa.array(values, kinds[column.kind])
    return pa.table(arrays)


def write_duckdb(path: Path, tables: Tables, *, schema: str = "main") -> Path:
    with duckdb.connect(str(path)) as con:
        if schema != "main":
            con.execute(f"CREATE SCHEMA {schema}")
        for name, rows in tables.items():
            con.register("given", arrow(name, rows))
            con.execute(f"CREATE TABLE {schema}.{name} AS SELECT * FROM given")
            con.unregister("given")
    return path


def import_cdm(
    registry: Path, *locations: Path | str, options: SourceOptions | None = None
) -> ImportReport:
    return import_into(
        registry, [str(one) for one in locations], source="omop", options=options or SourceOptions()
    )


def imported(tmp: Path, tables: Tables, **given: Any) -> tuple[Registry, ImportReport]:
    """Import a CDM written as a folder of CSV files and return registry and report."""
    options = given.pop("options", None)
    folder = write_folder(tmp / "cdm", tables, **given)
    report = import_cdm(tmp / "registry", folder, options=options)
    return read_registry(tmp / "registry"), report


def rows(registry: Registry, table: str) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = registry.table(table).to_pylist()
    return found


def issues(registry: Registry, rule: str) -> list[dict[str, Any]]:
    return [row for row in rows(registry, "issue") if row["rule"] == rule]


def unused(report: ImportReport, table: str) -> dict[str, int]:
    return next((s.unused for s in report.batch.sources if s.name == table), {})
