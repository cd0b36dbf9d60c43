from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import pytest

from locoreg.core.errors import DataError, DesignError
from locoreg.registry import push
from locoreg.registry.engines import connect_engine
from locoreg.registry.engines.on_postgresql import open_server, run
from locoreg.registry.engines.target import ServerAddress, quoted
from locoreg.registry.push import PushReport, push_registry
from locoreg.registry.store import Registry, read_registry
from locoreg.registry.store.transaction import undo_import
from locoreg.registry.tables import TABLES
from tests.registry.build import registry_of
from tests.registry.engines.postgres_server import PASSWORD, PASSWORD_IN_ADDRESS, Server

# One server and one Spark session for all workers.


@contextmanager
def connected(server: Server) -> Iterator[Any]:
    connection = open_server(ServerAddress.parse(server.address()))
    try:
        yield connection
    finally:
        connection.close()


def ask(server: Server, sql: str) -> list[dict[str, Any]]:
    with connected(server) as connection:
        found = run(connection, sql)
        connection.commit()
        return [] if found is None else found.to_pylist()


def patients(folder: Path, *names: str) -> Registry:
    return registry_of(folder, {"patient": [{"patient_id": name} for name in names]})


def schemas(server: Server) -> set[str]:
    rows = ask(server, "SELECT nspname::text AS name FROM pg_namespace")
    return {row["name"] for row in rows}


def there(server: Server, schema: str) -> list[str]:
    with connect_engine(server.address(schema)) as engine:
        table = engine.table("patient").order_by("patient_id")
        return [str(name) for name in engine.execute(table).column("patient_id").to_pylist()]


def test_a_registry_is_copied_whole(postgres: Server, made_up_folder: Path) -> None:
    registry = read_registry(made_up_folder)
    report = push_registry(registry, to=postgres.address(), schema="whole")
    assert report.changed
    assert report.replaced_revision is None
    assert {name: report.rows[name] for name in TABLES} == registry.rows()
    with connect_engine(postgres.address("whole")) as engine:
        for name in ("patient", "lesion", "local_therapy", "import_log"):
            key = TABLES[name].key if name in TABLES else "table_name"
            copied = engine.execute(engine.table(name).order_by(key))
            original = registry.table(name).sort_by(str(key))
            assert copied.to_pylist() == original.to_pylist()
        assert engine.revision == registry.manifest.revision


def test_types_keys_and_indices(postgres: Server, made_up_folder: Path) -> None:
    push_registry(read_registry(made_up_folder), to=postgres.address(), schema="typed")
    columns = ask(
        postgres,
        "SELECT column_name::text AS name, data_type::text AS type, collation_name::text AS words "
        "FROM information_schema.columns WHERE table_schema = 'typed' "
        "AND table_name = 'local_therapy'",
    )
    types = {row["name"]: row["type"] for row in columns}
    assert types["start_date"] == "date"
    assert types["fractions"] == "smallint"
    assert types["source_row"] == "bigint"
    assert types["dose_gy"] == "double precision"
    assert types["all_sites_treated"] == "boolean"
    assert types["lt_id"] == "text"
    assert {row["words"] for row in columns if row["type"] == "text"} == {"C"}
    indices = ask(
        postgres,
        "SELECT tablename::text AS t, indexdef FROM pg_indexes WHERE schemaname = 'typed'",
    )
    unique = {row["t"] for row in indices if "UNIQUE" in row["indexdef"]}
    assert unique == {name for name, table in TABLES.items() if table.key}
    by_patient = {row["t"] for row in indices if "(patient_id)" in row["indexdef"]}
    assert by_patient == {name for name, table in TABLES.items() if "patient_id" in table.names}


def test_the_manifest_is_kept(postgres: Server, tmp_path: Path) -> None:
    registry = registry_of(tmp_path / "r", {"patient": [{"patient_id": "ä"}]}, synthetic=True)
    report = push_registry(registry, to=postgres.address(), schema="manifest")
    (row,) = ask(
        postgres,
        "SELECT revision, synthetic, manifest::text AS manifest, "
        "obj_description('manifest.registry_manifest'::regclass) AS words "
        "FROM manifest.registry_manifest",
    )
    assert row["revision"] == 1
    assert row["synthetic"] is True
    assert "SYNTHETIC" in row["words"]
    stored = json.loads(row["manifest"])["batches"][0]["tables"]["patient"][0]
    assert stored["sha256"] == next(registry.manifest.files("patient")).sha256
    assert "SYNTHETIC" in report.summary()


def test_the_same_state_again_changes_nothing(postgres: Server, tmp_path: Path) -> None:
    registry = patients(tmp_path / "r", "a")
    first = push_registry(registry, to=postgres.address(), schema="again")
    when = ask(postgres, "SELECT pushed_at::text FROM again.registry_manifest")
    second = push_registry(registry, to=postgres.address(), schema="again")
    assert first.changed
    assert not second.changed
    assert second.rows == first.rows
    assert "Nothing was copied" in second.summary()
    assert "holds revision 1 already" in second.summary()
    assert ask(postgres, "SELECT pushed_at::text FROM again.registry_manifest") == when


def test_another_state_is_replaced_only_if_asked(postgres: Server, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    push_registry(patients(folder, "a"), to=postgres.address(), schema="states")
    later = patients(folder, "b")
    with pytest.raises(DesignError, match="holds revision 1 of a registry; this is revision 2"):
        push_registry(later, to=postgres.address(), schema="states")
    assert there(postgres, "states") == ["a"]
    report = push_registry(later, to=postgres.address(), schema="states", replace=True)
    assert report.replaced_revision == 1
    assert "Revision 1 was replaced." in report.summary()
    assert there(postgres, "states") == ["a", "b"]
    undo_import(folder, later.batches[1].import_id)
    push_registry(read_registry(folder), to=postgres.address(), schema="states", replace=True)
    assert there(postgres, "states") == ["a"]


def test_readers_keep_their_right(postgres: Server, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    push_registry(patients(folder, "a"), to=postgres.address(), schema="rights")
    role = 'analyst "Ä"'
    ask(postgres, f"CREATE ROLE {quoted(role)}")
    ask(postgres, f"GRANT USAGE ON SCHEMA rights TO {quoted(role)}")
    ask(postgres, f"GRANT SELECT ON ALL TABLES IN SCHEMA rights TO {quoted(role)}")
    push_registry(patients(folder, "b"), to=postgres.address(), schema="rights", replace=True)
    with connected(postgres) as connection:
        run(connection, f"SET LOCAL ROLE {quoted(role)}")
        assert run(connection, "SELECT count(*) AS n FROM rights.patient").to_pylist() == [{"n": 2}]


@pytest.mark.parametrize("name", ['we"ird; DROP SCHEMA x; --', "Größe", "select", "a b", "ä" * 31])
def test_schemas_of_any_name(postgres: Server, tmp_path: Path, name: str) -> None:
    registry = patients(tmp_path / "r", "a")
    assert push_registry(registry, to=postgres.address(), schema=name).changed
    assert not push_registry(registry, to=postgres.address(), schema=name).changed
    assert name in schemas(postgres)


def test_a_schema_with_other_things_is_refused(postgres: Server, tmp_path: Path) -> None:
    registry = patients(tmp_path / "r", "a")
    for number, made in enumerate(
        (
            "CREATE TABLE {s}.mine (x int)",
            "CREATE VIEW {s}.patient AS SELECT 1 AS x",
            "CREATE TABLE {s}.patient (x int)",
            "CREATE TABLE {s}.registry_manifest (x int)",
            "CREATE SEQUENCE {s}.s",
        )
    ):
        schema = f"foreign{number}"
        ask(postgres, f"CREATE SCHEMA {schema}")
        ask(postgres, made.format(s=schema))
        with pytest.raises(DesignError, match=f"schema {schema} holds other things"):
            push_registry(registry, to=postgres.address(), schema=schema, replace=True)


def test_an_empty_schema_is_used(postgres: Server, tmp_path: Path) -> None:
    ask(postgres, "CREATE SCHEMA prepared")
    assert push_registry(patients(tmp_path / "r", "a"), to=postgres.address(), schema="prepared")
    assert there(postgres, "prepared") == ["a"]


def test_views_on_the_tables_are_not_dropped(postgres: Server, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    push_registry(patients(folder, "a"), to=postgres.address(), schema="viewed")
    ask(postgres, "CREATE SCHEMA elsewhere")
    ask(postgres, "CREATE VIEW elsewhere.v AS SELECT patient_id FROM viewed.patient")
    with pytest.raises(DesignError, match="other objects depend"):
        push_registry(patients(folder, "b"), to=postgres.address(), schema="viewed", replace=True)
    assert there(postgres, "viewed") == ["a"]


def test_a_reader_is_waited_for(postgres: Server, tmp_path: Path) -> None:
    folder = tmp_path / "r"
    push_registry(patients(folder, "a"), to=postgres.address(), schema="read")
    later = patients(folder, "b")
    with connect_engine(postgres.address("read")) as engine:
        with pytest.raises(DataError, match="read or written by somebody else"):
            push_registry(
                later, to=postgres.address(), schema="read", replace=True, wait_seconds=0.2
            )
        assert engine.execute(engine.table("patient")).num_rows == 1
    assert push_registry(later, to=postgres.address(), schema="read", replace=True).changed


def test_one_push_at_a_time(postgres: Server, tmp_path: Path) -> None:
    registry = patients(tmp_path / "r", "a")
    with connected(postgres) as other:
        run(other, "SELECT pg_advisory_xact_lock(hashtextextended($1, 4711))", ("busy",))
        with pytest.raises(DataError, match="somebody else"):
            push_registry(registry, to=postgres.address(), schema="busy", wait_seconds=0.2)
    assert push_registry(registry, to=postgres.address(), schema="busy").changed


KILLED = """
import os, signal, sys
from pathlib import Path
from locoreg.registry import push
from locoreg.registry.store import read_registry

def die(*args, **kwargs):
    os.kill(os.getpid(), signal.SIGKILL)

swap = push._swap
def swapped(*args, **kwargs):
    swap(*args, **kwargs)
    die()

setattr(push, sys.argv[3], swapped if sys.argv[3] == "_swap" else die)
push.push_registry(
    read_registry(Path(sys.argv[1])), to=sys.argv[2], schema="killed", replace=True
)
"""


@pytest.mark.parametrize("moment", ["_write_manifest", "_swap"])
def test_killed_half_way_leaves_the_schema_as_it_was(
    postgres: Server, tmp_path: Path, moment: str
) -> None:
    folder = tmp_path / "r"
    push_registry(patients(folder, "a"), to=postgres.address(), schema="killed", replace=True)
    later = patients(folder, "b")
    script = [sys.executable, "-c", KILLED, str(folder), postgres.address(), moment]
    done = subprocess.run(script, check=False, capture_output=True, timeout=60)
    assert done.returncode == -signal.SIGKILL
    assert there(postgres, "killed") == ["a"]
    until = time.monotonic() + 10
    while any(name.startswith("locoreg_push_") for name in schemas(postgres)):
        assert time.monotonic() < until
    assert push_registry(later, to=postgres.address(), schema="killed", replace=True).changed
    assert there(postgres, "killed") == ["a", "b"]


def test_rows_are_counted_after_the_copy(
    postgres: Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    count = push._count

    def one_lost(connection: Any, schema: str) -> dict[str, int]:
        run(connection, f"DELETE FROM {quoted(schema)}.patient")
        return count(connection, schema)

    monkeypatch.setattr(push, "_count", one_lost)
    with pytest.raises(DataError, match="holds 0 rows of patient, and 1 were sent"):
        push_registry(patients(tmp_path / "r", "a"), to=postgres.address(), schema="counted")
    assert "counted" not in schemas(postgres)


def test_a_zero_character_is_found(postgres: Server, tmp_path: Path) -> None:
    tables = {
        "patient": [{"patient_id": "a"}],
        "systemic_line": [
            {"patient_id": "a", "regimen": "AC"},
            {"patient_id": "a", "regimen": "A\0C"},
        ],
    }
    registry = registry_of(tmp_path / "r", tables)
    with pytest.raises(DataError, match=r"systemic_line\.regimen .*\(test\.csv, row 3\)"):
        push_registry(registry, to=postgres.address(), schema="zero")
    assert "zero" not in schemas(postgres)


def test_texts_arrive_as_they_are(postgres: Server, tmp_path: Path) -> None:
    words = ["'; DROP TABLE x; --", "ä\n\t\\N", "😀" * 10_000, "", "NULL", "\u202e", "\x01"]
    rows = [{"patient_id": f"{n}", "site_id": word} for n, word in enumerate(words)]
    registry = registry_of(tmp_path / "r", {"patient": [*rows, {"patient_id": "x"}]})
    push_registry(registry, to=postgres.address(), schema="texts")
    with connect_engine(postgres.address("texts")) as engine:
        table = engine.execute(engine.table("patient").order_by("patient_id"))
    assert table.column("site_id").to_pylist() == [*words, None]


def test_the_password_is_in_no_report(postgres: Server, tmp_path: Path) -> None:
    report = push_registry(patients(tmp_path / "r", "a"), to=postgres.address(), schema="secret")
    told = (report.summary(), json.dumps(report.to_dict()), repr(report))
    assert not any(PASSWORD in text or PASSWORD_IN_ADDRESS in text for text in told)
    assert report.to == f"postgresql://tester:***@127.0.0.1:{postgres.port}/test"


@pytest.mark.parametrize(
    ("to", "schema", "message"),
    [
        ("postgresql://h/d?schema=a", "b", "names schema a, and b was asked for"),
        ("postgresql://h/d", "public", "is not for registries"),
        ("folder", "a", "no address"),
    ],
)
def test_impossible_targets(tmp_path: Path, to: str, schema: str, message: str) -> None:
    with pytest.raises(DesignError, match=message):
        push_registry(patients(tmp_path / "r", "a"), to=to, schema=schema)


def test_another_encoding_is_refused(postgres: Server, tmp_path: Path) -> None:
    with connected(postgres) as connection:
        connection.adbc_connection.set_autocommit(True)
        run(
            connection,
            "CREATE DATABASE latin ENCODING 'LATIN1' LOCALE 'C' LOCALE_PROVIDER libc "
            "TEMPLATE template0",
        )
    address = postgres.address().removesuffix("test") + "latin"
    with pytest.raises(DesignError, match="encoded in LATIN1"):
        push_registry(patients(tmp_path / "r", "a"), to=address, schema="a")


def test_a_report_without_changes_names_no_replaced_state() -> None:
    report = PushReport(
        registry="r",
        to="t",
        schema="s",
        revision=4,
        changed=True,
        replaced_revision=0,
        rows={"patient": 1},
        synthetic=False,
    )
    assert "Revision 0 was replaced." in report.summary()
    assert "1 row, counted" in report.summary()
