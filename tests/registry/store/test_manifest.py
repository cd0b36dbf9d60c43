"""Manifests: read, migrated, refused."""

from __future__ import annotations

import json
from pathlib import Path

import duckdb
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.store import read_registry
from locoreg.registry.store.migrate import STEPS, migrated
from locoreg.registry.tables import BOOKKEEPING, CLINICAL, SCHEMA_VERSION, TABLES
from tests.registry.build import registry_of


def test_every_table_has_provenance_and_the_clinical_ones_a_key() -> None:
    for name, table in TABLES.items():
        assert table.names[-4:] == ("source_system", "source_file", "source_row", "import_id")
        assert (table.key is not None) == (name in CLINICAL)
        assert len(set(table.names)) == len(table.names)
        for column in table.columns:
            assert column.description.endswith("."), (name, column.name)
            if column.type == "date":
                assert f"{column.name}_precision" in table.names
                assert f"{column.name}_reason" in table.names
            if column.unit and column.type == "number" and column.unit != "{SUV}":
                assert column.name.endswith(f"_{column.unit.lower()}")
    assert set(CLINICAL) | set(BOOKKEEPING) == set(TABLES)


def test_all_views_read_in_an_empty_registry(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {})
    for name, table in TABLES.items():
        read = registry.table(name)
        assert read.num_rows == 0
        assert read.schema.equals(table.arrow_schema())


def test_macros(tmp_path: Path) -> None:
    with registry_of(tmp_path / "r", {}).connect() as con:
        found = con.execute(
            "SELECT date_latest(DATE '2020-02-01', 'month')::VARCHAR, "
            "date_latest(DATE '2020-01-01', 'year')::VARCHAR, "
            "date_latest(DATE '2020-02-03', 'day')::VARCHAR, "
            "months_between(DATE '2020-01-01', DATE '2020-12-31')"
        ).fetchall()[0]
    assert found[:3] == ("2020-02-29", "2020-12-31", "2020-02-03")
    assert found[3] == pytest.approx(365 / 30.4375)


def test_the_registry_can_not_be_changed_through_a_connection(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    with registry.connect() as con, pytest.raises(duckdb.Error):
        con.execute("DELETE FROM patient")
    assert registry.table("patient").num_rows == 1


def test_a_path_with_a_quote_is_read(tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "it's; DROP", {"patient": [{"patient_id": "a'; --"}]})
    assert registry.table("patient").column("patient_id").to_pylist() == ["a'; --"]


def test_an_unknown_table_is_named(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match=r"no table 'lesions'.*did you mean lesion"):
        registry_of(tmp_path / "r", {}).table("lesions")


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("{", "can't be read"),
        ("[]", "states no schema version"),
        ('{"schema_version": 99}', "schema version 99; this locoreg knows versions up to"),
        (f'{{"schema_version": {SCHEMA_VERSION}, "colour": 1}}', "can't be read"),
    ],
)
def test_a_manifest_that_is_none_is_refused(tmp_path: Path, text: str, message: str) -> None:
    (tmp_path / "manifest.json").write_text(text)
    with pytest.raises(DataError, match=message):
        read_registry(tmp_path)


def test_an_older_version_is_brought_up_step_by_step(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    registry_of(tmp_path / "r", {"patient": [{"patient_id": "a", "sex": "female"}]})
    # Version 0 called the imports otherwise, and its files lacked a column and had another.
    path = tmp_path / "r" / "manifest.json"
    document = json.loads(path.read_text())
    document["loads"] = document.pop("batches")
    document["schema_version"] = 1
    document["loads"][0]["schema_version"] = 0
    stored = tmp_path / "r" / document["loads"][0]["tables"]["patient"][0]["path"]
    with duckdb.connect() as con:
        con.execute(
            f"COPY (SELECT * EXCLUDE (calendar), 7 AS shoe_size FROM '{stored}') TO '{stored}.new'"
            "(FORMAT parquet)"
        )
    Path(f"{stored}.new").replace(stored)
    path.write_text(json.dumps(document))
    monkeypatch.setattr("locoreg.registry.store.migrate.SCHEMA_VERSION", 2)
    monkeypatch.setitem(
        STEPS, 1, lambda d: {**{k: v for k, v in d.items() if k != "loads"}, "batches": d["loads"]}
    )
    rows = read_registry(tmp_path / "r").table("patient").to_pylist()
    assert rows[0]["sex"] == "female"
    assert rows[0]["calendar"] is None
    assert "shoe_size" not in rows[0]


def test_a_version_without_a_step_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("locoreg.registry.store.migrate.SCHEMA_VERSION", 3)
    with pytest.raises(DataError, match="schema version 1 can't be brought to 2"):
        migrated({"schema_version": 1}, Path("manifest.json"))


def test_import_log_lists_every_import(tmp_path: Path) -> None:
    registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "b"}]})
    rows = registry.table("import_log").to_pylist()
    assert [(r["import_id"][:4], r["table_name"], r["accepted"]) for r in rows] == [
        ("0001", "patient", 1),
        ("0002", "patient", 1),
    ]
