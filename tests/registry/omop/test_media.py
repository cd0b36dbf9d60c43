"""The same CDM as files, a DuckDB file and on a server gives the same registry."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.importing import ImportReport
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.omop.model import CDM
from locoreg.registry.omop.postgres import parse_address
from locoreg.registry.omop.reader import fingerprint_cdm
from locoreg.registry.store import Registry, read_registry
from locoreg.registry.tables import TABLES
from tests.registry.engines.postgres_server import PASSWORD, Server, running_server
from tests.registry.omop import cdm
from tests.registry.omop.patients import whole_cdm
from tests.registry.omop.test_exports import no_cancer


def contents(registry: Registry) -> dict[str, list[Any]]:
    out = {}
    for name in TABLES:
        found = [
            {k: v for k, v in row.items() if k != "import_id"} for row in cdm.rows(registry, name)
        ]
        out[name] = sorted(found, key=repr)
    return out


@pytest.fixture(scope="module")
def reference(tmp_path_factory: pytest.TempPathFactory) -> tuple[Registry, ImportReport]:
    return cdm.imported(tmp_path_factory.mktemp("reference"), whole_cdm().tables)


def test_every_table_of_the_cdm_is_used(reference: tuple[Registry, ImportReport]) -> None:
    registry, _ = reference
    filled = {name for name, n in registry.rows().items() if n}
    assert filled >= {
        "patient",
        "primary_tumour",
        "receptor_assay",
        "lesion",
        "disease_event",
        "systemic_line",
        "systemic_drug",
        "local_therapy",
        "biomarker",
        "performance",
        "comorbidity",
        "observation_window",
        "issue",
        "code_map",
    }


def test_every_row_read_is_accounted_for(reference: tuple[Registry, ImportReport]) -> None:
    registry, report = reference
    tables = whole_cdm().tables
    for source in report.batch.sources:
        assert source.read == len(tables[source.name]), source.name
    # Persons: those who entered and those who did not.
    persons = next(s for s in report.batch.sources if s.name == "person")
    assert persons.read == registry.rows()["patient"] + sum(persons.unused.values())


def test_parquet(tmp_path: Path, reference: tuple[Registry, ImportReport]) -> None:
    registry, _ = cdm.imported(tmp_path, whole_cdm().tables, kind="parquet", upper=False)
    assert contents(registry) == contents(reference[0])


def test_folders_with_files_of_every_kind(
    tmp_path: Path, reference: tuple[Registry, ImportReport]
) -> None:
    tables = whole_cdm().tables
    words = {"concept", "concept_ancestor", "concept_relationship", "vocabulary", "cdm_source"}
    cdm.write_folder(tmp_path / "words", {n: tables[n] for n in words}, kind="tab")
    for number, name in enumerate(sorted(set(tables) - words)):
        kind = ("csv", "tab", "csv.gz", "parquet")[number % 4]
        cdm.write_folder(tmp_path / "cdm", {name: tables[name]}, kind=kind, upper=number % 3 == 0)
    cdm.import_cdm(tmp_path / "registry", tmp_path / "cdm", tmp_path / "words")
    assert contents(read_registry(tmp_path / "registry")) == contents(reference[0])


def test_duckdb_file(tmp_path: Path, reference: tuple[Registry, ImportReport]) -> None:
    import duckdb

    path = cdm.write_duckdb(tmp_path / "cdm.duckdb", whole_cdm().tables, schema="hospital")
    with duckdb.connect(str(path)) as con:
        con.execute("CREATE SCHEMA other; CREATE TABLE other.person (person_id BIGINT)")
        # A view does as well as a table.
        con.execute("ALTER TABLE hospital.death RENAME TO deaths")
        con.execute("CREATE VIEW hospital.Death AS SELECT * FROM hospital.deaths")
    before = path.read_bytes()
    with pytest.raises(DataError, match="person twice"):
        cdm.import_cdm(tmp_path / "registry", path)
    cdm.import_cdm(tmp_path / "registry", f"{path}?schema=hospital")
    assert contents(read_registry(tmp_path / "registry")) == contents(reference[0])
    assert path.read_bytes() == before


@pytest.fixture(scope="module")
def server() -> Iterator[Server]:
    pytest.importorskip("adbc_driver_postgresql")
    with running_server() as running:
        yield running


def fill(server: Server, tables: cdm.Tables, schema: str, kinds: dict[str, str]) -> None:
    import adbc_driver_postgresql.dbapi as driver

    with driver.connect(server.address()) as con, con.cursor() as cursor:
        cursor.execute(f'CREATE SCHEMA "{schema}"')
        for name, rows in tables.items():
            columns = ", ".join(f"{c.name} {kinds[c.kind]}" for c in CDM[name].columns)
            cursor.execute(f'CREATE TABLE "{schema}"."{name}" ({columns})')
            names = cdm.columns_of(name)
            for row in rows:
                values = ", ".join(_literal(row.get(n)) for n in names)
                cursor.execute(f'INSERT INTO "{schema}"."{name}" VALUES ({values})')
        con.commit()


def _literal(value: Any) -> str:
    if value is None:
        return "NULL"
    return "'" + str(value).replace("'", "''") + "'"


KINDS = {
    "usual": {"id": "bigint", "date": "date", "text": "varchar(255)", "number": "numeric"},
    "Odd": {"id": "text", "date": "timestamp", "text": "text", "number": "double precision"},
}


@pytest.mark.parametrize("schema", sorted(KINDS))
def test_postgresql(
    tmp_path: Path, server: Server, schema: str, reference: tuple[Registry, ImportReport]
) -> None:
    import adbc_driver_postgresql.dbapi as driver

    fill(server, whole_cdm().tables, schema, KINDS[schema])
    address = server.address(schema)
    first = cdm.import_cdm(tmp_path / "registry", address)
    assert contents(read_registry(tmp_path / "registry")) == contents(reference[0])
    assert not cdm.import_cdm(tmp_path / "registry", address).changed
    with driver.connect(server.address()) as con, con.cursor() as cursor:
        cursor.execute(f"UPDATE \"{schema}\".person SET care_site_id = NULL WHERE person_id = '1'")
        con.commit()
    assert fingerprint_cdm([address], SourceOptions()) != first.batch.fingerprint


@pytest.mark.parametrize("schema", sorted(KINDS))
def test_a_trimmed_vocabulary_on_a_server(tmp_path: Path, server: Server, schema: str) -> None:
    b = no_cancer()
    fill(server, b.tables, f"trimmed {schema}", KINDS[schema])
    address = server.address(f"trimmed {schema}")
    report = cdm.import_cdm(tmp_path / "registry", address)
    assert cdm.unused(report, "person") == {"no breast malignancy and no metastasis is recorded": 2}
    b.condition(1, 137809, "2018-01-01")
    fill(server, b.tables, f"stranger {schema}", KINDS[schema])
    with pytest.raises(DataError, match=r"4112853 .* is missing"):
        cdm.import_cdm(tmp_path / "registry", server.address(f"stranger {schema}"))


def test_postgresql_is_only_read(server: Server) -> None:
    import adbc_driver_postgresql.dbapi as driver

    with (
        driver.connect(parse_address(server.address("public")).uri) as con,
        con.cursor() as cursor,
        pytest.raises(driver.Error, match="read-only"),
    ):
        cursor.execute("CREATE TABLE no_such (a integer)")


def test_a_server_without_a_cdm(tmp_path: Path, server: Server) -> None:
    with pytest.raises(DataError, match="no table of a CDM"):
        cdm.import_cdm(tmp_path / "registry", server.address("nothing_here'; DROP SCHEMA public"))


def test_the_password_is_in_no_message(tmp_path: Path, server: Server) -> None:
    wrong = server.address("public", password="h1dden%26me")
    with pytest.raises(DataError, match="can't be reached") as caught:
        cdm.import_cdm(tmp_path / "registry", wrong)
    assert "h1dden" not in str(caught.value)
    assert PASSWORD not in str(caught.value)


@pytest.mark.parametrize(
    ("given", "schema", "kept"),
    [
        ("postgresql://h/d?schema=cdm", "cdm", ""),
        ("postgres://u:p@h:1/d?schema=a%20b&sslmode=require", "a b", "sslmode=require&"),
        ("postgresql:///d", "public", ""),
    ],
)
def test_addresses(given: str, schema: str, kept: str) -> None:
    address = parse_address(given)
    assert address.schema == schema
    assert address.uri.endswith(f"?{kept}options=-c%20default_transaction_read_only%3Don")
    assert "p@" not in address.shown


def test_without_the_driver_the_extra_is_named() -> None:
    code = (
        "import sys; sys.modules['adbc_driver_postgresql'] = None\n"
        "from locoreg.registry.omop.postgres import PostgresCdm, parse_address\n"
        "from locoreg.core.errors import DesignError\n"
        "try: PostgresCdm(parse_address('postgresql://h/d'))\n"
        "except DesignError as exc: print(exc)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, check=True, timeout=60
    )
    assert "pip install 'locoreg[postgres]'" in done.stdout


def test_files_and_a_database_at_once(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="one database"):
        cdm.import_cdm(tmp_path / "r", tmp_path, "postgresql://h/d")


def test_the_same_files_again_change_nothing(tmp_path: Path) -> None:
    b = cdm.Builder()
    b.metastatic(1)
    folder = cdm.write_folder(tmp_path / "cdm", b.tables)
    first = cdm.import_cdm(tmp_path / "registry", folder)
    assert first.changed
    assert not cdm.import_cdm(tmp_path / "registry", folder).changed
    where = [str(folder)]
    assert fingerprint_cdm(where, SourceOptions()) == first.batch.fingerprint
    assert fingerprint_cdm(where, SourceOptions(site="A")) != first.batch.fingerprint
    (tmp_path / "own.yaml").write_text("absent: [event]", encoding="utf-8")
    own = SourceOptions(map=tmp_path / "own.yaml")
    assert fingerprint_cdm(where, own) != first.batch.fingerprint
    with (folder / "DEATH.csv").open("a", encoding="utf-8") as out:
        out.write("1,2022-01-01,0\n")
    assert fingerprint_cdm(where, SourceOptions()) != first.batch.fingerprint
