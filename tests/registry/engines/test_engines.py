from __future__ import annotations

import json
import sys
from pathlib import Path

import ibis
import pyarrow as pa
import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.cohort import CohortResult, patient_course
from locoreg.registry.engines import Engine, connect_engine
from locoreg.registry.push import push_registry
from locoreg.registry.store import read_registry
from locoreg.registry.tables import TABLES
from tests.registry.build import registry_of
from tests.registry.engines.made_up import course, made_up
from tests.registry.engines.postgres_server import Server

# One server and one Spark session for all workers.

WINDOWS = {"therapy_within_days": 180, "sites_within_days": 60}


@pytest.fixture(scope="module")
def on_postgres(postgres: Server, made_up_folder: Path) -> str:
    push_registry(read_registry(made_up_folder), to=postgres.address(), schema="made_up")
    return postgres.address("made_up")


def by_hand() -> list[dict[str, object]]:
    return course(made_up(7), **WINDOWS)


def same(result: CohortResult, folder: Path) -> None:
    with connect_engine(folder) as engine:
        expected = patient_course(engine, **WINDOWS)
    assert expected.table.num_rows > 10
    assert result.table.equals(expected.table)
    assert result.content_hash() == expected.content_hash()
    assert result.attrition() == expected.attrition()
    assert result.rows_not_used == expected.rows_not_used


def test_postgresql_gives_the_same_course(on_postgres: str, made_up_folder: Path) -> None:
    with connect_engine(on_postgres) as engine:
        result = patient_course(engine, **WINDOWS)
    same(result, made_up_folder)
    assert result.table.to_pylist() == [
        {name: row[name] for name in result.table.column_names} for row in by_hand()
    ]


def test_spark_gives_the_same_course(spark: Engine, made_up_folder: Path) -> None:
    same(patient_course(spark, **WINDOWS), made_up_folder)


def everything(engine: Engine) -> pa.Table:
    """Every type, its nulls, and words in order."""
    lesion, log = engine.table("lesion"), engine.table("import_log")
    tumour = engine.table("primary_tumour").left_join(lesion, "patient_id")
    rows = tumour.select(
        patient=tumour.patient_id,
        seen=tumour.first_seen_date,
        regional=tumour.is_regional,
        row=tumour.source_row,
        grade=tumour.grade,
        size=tumour.size_mm,
        days=engine.days_between(tumour.first_seen_date, tumour.dx_date),
        lesion=tumour.lesion_id,
        accepted=log.accepted.sum().as_scalar(),
    )
    return engine.execute(rows.order_by("patient", "lesion", "row"))


def test_types_are_the_same_on_postgresql(on_postgres: str, made_up_folder: Path) -> None:
    with connect_engine(on_postgres) as engine, connect_engine(made_up_folder) as duck:
        assert everything(engine).equals(everything(duck))


def test_types_are_the_same_on_spark(spark: Engine, made_up_folder: Path) -> None:
    with connect_engine(made_up_folder) as duck:
        expected = everything(duck)
    assert expected.schema.types == [
        *(pa.string(), pa.date32(), pa.bool_(), pa.int64(), pa.int64(), pa.float64()),
        *(pa.int64(), pa.string(), pa.int64()),
    ]
    assert everything(spark).equals(expected)


def test_empty_tables_on_spark(spark: Engine, tmp_path: Path) -> None:
    registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    with connect_engine(f"spark:{tmp_path / 'r'}") as engine:
        assert engine.execute(engine.table("biomarker")).num_rows == 0
        assert engine.execute(engine.table("patient")).num_rows == 1
        schema = engine.execute(engine.table("biomarker")).schema
    assert schema.field("detected").type == pa.bool_()
    # The engine of the tests still has its own tables.
    assert spark.execute(spark.table("patient")).num_rows > 1


def test_empty_tables_on_postgresql(postgres: Server, tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    push_registry(registry, to=postgres.address(), schema="empty")
    with connect_engine(postgres.address("empty")) as engine:
        result = patient_course(engine, **WINDOWS)
    assert result.table.num_rows == 0
    assert set(result.rows_not_used.values()) == {0}


def test_a_difference_of_days_is_a_minus_on_postgresql(on_postgres: str) -> None:
    with connect_engine(on_postgres) as engine:
        patient = engine.table("patient")
        sql = engine.sql(
            patient.select(d=engine.days_between(patient.death_date, patient.entry_date))
        )
    assert "DATE_MI(" in sql
    assert "EXTRACT" not in sql.upper()


def test_postgresql_can_only_be_read_through_an_engine(on_postgres: str) -> None:
    with connect_engine(on_postgres) as engine, pytest.raises(DataError, match="read-only"):
        engine._run("DELETE FROM made_up.lesion")


def test_every_table_is_there(made_up_folder: Path) -> None:
    with connect_engine(made_up_folder) as engine:
        for name, table in TABLES.items():
            assert tuple(engine.table(name).columns) == table.names
        with pytest.raises(DesignError, match=r"no table 'lesions'.*did you mean lesion"):
            engine.table("lesions")


def test_a_failing_query_is_an_error_of_data(made_up_folder: Path, on_postgres: str) -> None:
    nothing = ibis.table({"a": "int64"}, name="not_there")
    for target in (made_up_folder, on_postgres):
        with connect_engine(target) as engine, pytest.raises(DataError, match="not_there"):
            engine.execute(nothing)


def test_a_failing_query_on_spark(spark: Engine) -> None:
    with pytest.raises(DataError, match="not_there"):
        spark.execute(ibis.table({"a": "int64"}, name="not_there"))


def test_addresses_that_lead_nowhere(tmp_path: Path) -> None:
    with pytest.raises(DesignError, match="no engine for mysql: addresses"):
        connect_engine("mysql://u:secret@h/db")
    with pytest.raises(DataError, match="is no registry"):
        connect_engine(str(tmp_path / "none"))
    with pytest.raises(DesignError, match="names no schema"):
        connect_engine("postgresql://u@127.0.0.1:1/db")
    with pytest.raises(DesignError, match="names no folder"):
        connect_engine("spark:")


def test_a_server_that_is_not_there() -> None:
    pytest.importorskip("adbc_driver_postgresql")
    with pytest.raises(DataError, match=r"can't be reached.*refused") as caught:
        connect_engine("postgresql://u:geheim@127.0.0.1:1/db?schema=x")
    assert "geheim" not in str(caught.value)


def test_a_wrong_password_is_not_repeated(postgres: Server) -> None:
    with pytest.raises(DataError, match="password authentication failed") as caught:
        connect_engine(postgres.address("x", password="wr0ng-one"))
    assert "wr0ng-one" not in str(caught.value)


def test_a_schema_without_registry(postgres: Server) -> None:
    with pytest.raises(DataError, match="has no registry in schema nothing_here"):
        connect_engine(postgres.address("nothing_here"))


def test_another_schema_version_is_refused(postgres: Server, tmp_path: Path) -> None:
    from locoreg.registry.engines.on_postgresql import open_server, run
    from locoreg.registry.engines.target import ServerAddress

    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    push_registry(registry, to=postgres.address(), schema="later")
    connection = open_server(ServerAddress.parse(postgres.address()))
    run(connection, "UPDATE later.registry_manifest SET schema_version = 99")
    connection.commit()
    connection.close()
    with pytest.raises(DataError, match="schema version 99; this locoreg reads"):
        connect_engine(postgres.address("later"))


@pytest.mark.parametrize(
    ("module", "target", "extra"),
    [
        ("adbc_driver_postgresql.dbapi", "postgresql://h/d?schema=x", "postgres"),
        ("pyspark.sql", "spark:{folder}", "spark"),
    ],
)
def test_a_missing_extra_is_named(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, module: str, target: str, extra: str
) -> None:
    registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    monkeypatch.setitem(sys.modules, module, None)
    with pytest.raises(DesignError, match=rf"locoreg\[{extra}\]"):
        connect_engine(target.format(folder=tmp_path / "r"))


def test_missing_java_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    sql = pytest.importorskip("pyspark.sql")
    registry_of(tmp_path / "r", {"patient": [{"patient_id": "a"}]})
    monkeypatch.setattr(sql.SparkSession, "getActiveSession", classmethod(lambda cls: None))
    monkeypatch.setenv("PATH", str(tmp_path))
    monkeypatch.delenv("JAVA_HOME", raising=False)
    with pytest.raises(DesignError, match="needs Java"):
        connect_engine(f"spark:{tmp_path / 'r'}")


def test_provenance_names_the_engine(on_postgres: str) -> None:
    with connect_engine(on_postgres) as engine:
        document = json.dumps(patient_course(engine, **WINDOWS).to_dict())
    told = json.loads(document)["provenance"]
    assert told["engine"] == "postgresql"
    assert told["revision"] == 1
    assert "***" in told["place"]
    assert "s3cr" not in document
