"""Copy a registry to a PostgreSQL server."""

from __future__ import annotations

import hashlib
import secrets
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DataError, DesignError
from locoreg.core.numbertext import plural
from locoreg.core.version import __version__
from locoreg.registry.engines.engine import IMPORT_LOG
from locoreg.registry.engines.on_postgresql import (
    MANIFEST_TABLE,
    driver,
    open_server,
    read_manifest_row,
    run,
    said,
)
from locoreg.registry.engines.target import ServerAddress, checked_schema, quoted
from locoreg.registry.tables import SCHEMA_VERSION, TABLES

if TYPE_CHECKING:
    import duckdb

    from locoreg.registry.store import Registry

# Rows that are on their way at a time.
BATCH_ROWS = 65_536
# Words are ordered by their bytes, as DuckDB and Spark order them, whatever the server's language.
WORDS = 'text COLLATE "C"'
TYPES = {
    "text": WORDS,
    "code": WORDS,
    "date": "date",
    "int16": "smallint",
    "int32": "integer",
    "int64": "bigint",
    "number": "double precision",
    "bool": "boolean",
}
MANIFEST_COLUMNS = (
    "schema_version integer NOT NULL, revision integer NOT NULL, synthetic boolean NOT NULL, "
    "sha256 text NOT NULL, locoreg_version text NOT NULL, "
    "pushed_at timestamptz NOT NULL DEFAULT now(), manifest jsonb NOT NULL"
)
LOCK_NOT_AVAILABLE = "55P03"
DEPENDED_ON = "2BP01"
NOT_IN_REPERTOIRE = "22021"


@dataclass(frozen=True, slots=True, kw_only=True)
class PushReport:
    """What was copied where.

    Attributes
    ----------
    registry : str
        The registry's folder.
    to, schema : str
        Server, without password, and schema.
    revision : int
        State of the registry.
    changed : bool
        False if the server held this state already: nothing was copied.
    replaced_revision : int or None
        State that was there before.
    rows : mapping of str to int
        Rows of each table, counted on the server.
    synthetic : bool
        Whether the patients are made up.
    """

    registry: str
    to: str
    schema: str
    revision: int
    changed: bool
    replaced_revision: int | None
    rows: Mapping[str, int]
    synthetic: bool

    def summary(self) -> str:
        """Return the report as text."""
        place = f"{self.to} schema {self.schema}"
        if not self.changed:
            return f"Nothing was copied: {place} holds revision {self.revision} already."
        before = self.replaced_revision
        lines = [f"{self.registry}, revision {self.revision}, copied to {place}."]
        if self.synthetic:
            lines.append("SYNTHETIC: these patients are made up.")
        if before is not None:
            lines.append(f"Revision {before} was replaced.")
        lines += [f"    {n:14,}  {name}" for name, n in self.rows.items() if n]
        lines.append(f"{plural(sum(self.rows.values()), 'row')}, counted on the server.")
        return "\n".join(lines)

    def to_dict(self) -> dict[str, Any]:
        """Return the report as JSON-ready values."""
        return {
            "registry": self.registry,
            "to": self.to,
            "schema": self.schema,
            "revision": self.revision,
            "changed": self.changed,
            "replaced_revision": self.replaced_revision,
            "rows": dict(self.rows),
            "synthetic": self.synthetic,
        }


def push_registry(
    registry: Registry,
    *,
    to: str,
    schema: str,
    replace: bool = False,
    wait_seconds: float = 60.0,
) -> PushReport:
    """Copy a registry to a schema of a PostgreSQL server, in one transaction.

    Whatever goes wrong on the way, the schema stays as it was. Rows are streamed, so memory does
    not grow with the registry.

    Parameters
    ----------
    registry : Registry
        What to copy, as it stood when it was opened.
    to : str
        ``postgresql://user@host/database``.
    schema : str
        Schema; made if it is missing.
    replace : bool
        Whether another state that stands there may be replaced.
    wait_seconds : float
        How long to wait for readers of the old state, or for another push.

    Returns
    -------
    PushReport
        What was copied; ``changed`` is False if the server held this state already.

    Raises
    ------
    DataError
        If the server can't be reached, refuses, or counts other rows than were sent.
    DesignError
        If the schema holds other things or another state, or the address is not understood.
    """
    address = ServerAddress.parse(to)
    if address.schema not in (None, schema):
        raise DesignError(f"the address names schema {address.schema}, and {schema} was asked for.")
    checked_schema(schema)
    with closing(open_server(address)) as connection, _said_clearly(address, schema):
        _prepare(connection, schema, wait_seconds)
        before = _what_is_there(connection, schema)
        mark = _mark(registry)
        if before is not None and before["sha256"] == mark:
            rows = _count(connection, schema)
            return _report(registry, address, schema, rows, before=before, changed=False)
        if before is not None and not replace:
            raise DesignError(
                f"schema {schema} holds revision {before['revision']} of a registry; this is "
                f"revision {registry.manifest.revision} and differs.",
                hint="ask to replace it, or name another schema.",
            )
        staging = f"locoreg_push_{secrets.token_hex(8)}"
        run(connection, f"CREATE SCHEMA {quoted(staging)}")
        _copy(registry, connection, staging)
        _write_manifest(registry, connection, staging, mark)
        rows = _verified(registry, connection, staging)
        _swap(connection, staging, schema, old=before is not None)
        connection.commit()
    return _report(registry, address, schema, rows, before=before, changed=True)


def _report(
    registry: Registry,
    address: ServerAddress,
    schema: str,
    rows: dict[str, int],
    *,
    before: dict[str, Any] | None,
    changed: bool,
) -> PushReport:
    return PushReport(
        registry=str(registry.path),
        to=address.shown,
        schema=schema,
        revision=registry.manifest.revision,
        changed=changed,
        replaced_revision=before["revision"] if before is not None and changed else None,
        rows=rows,
        synthetic=registry.synthetic,
    )


@contextmanager
def _said_clearly(address: ServerAddress, schema: str) -> Iterator[None]:
    try:
        yield
    except driver().Error as error:
        state = getattr(error, "sqlstate", None)
        if state == LOCK_NOT_AVAILABLE:
            raise DataError(
                f"schema {schema} is being read or written by somebody else.",
                hint="try again later, or wait longer.",
            ) from error
        if state == DEPENDED_ON:
            raise DesignError(
                f"other objects depend on the tables of schema {schema}: {said(address, error)}",
                hint="drop those views first, or name another schema.",
            ) from error
        raise DataError(f"{address.shown}: {said(address, error)}") from error


def _prepare(connection: Any, schema: str, wait_seconds: float) -> None:
    encoding = run(connection, "SELECT current_setting('server_encoding')").column(0)[0].as_py()
    if encoding != "UTF8":
        raise DesignError(
            f"the database is encoded in {encoding}, and a registry needs UTF8.",
            hint="make one with createdb --encoding=UTF8 --template=template0.",
        )
    # 0 would mean to wait for ever.
    run(connection, f"SET LOCAL lock_timeout = {max(1, round(wait_seconds * 1000))}")
    # One push to a schema at a time; released with the transaction.
    run(connection, "SELECT pg_advisory_xact_lock(hashtextextended($1, 4711))", (schema,))


def _what_is_there(connection: Any, schema: str) -> dict[str, Any] | None:
    """Return the manifest of the registry that stands in the schema, None if it is empty."""
    names = run(
        connection,
        "SELECT c.relname, c.relkind::text FROM pg_catalog.pg_class c "
        "JOIN pg_catalog.pg_namespace n ON n.oid = c.relnamespace "
        "WHERE n.nspname = $1 AND c.relkind IN ('r', 'v', 'm', 'f', 'p', 'S') ORDER BY 1",
        (schema,),
    ).to_pylist()
    ours = {*TABLES, "import_log", MANIFEST_TABLE}
    foreign = [row["relname"] for row in names if row["relname"] not in ours]
    before = read_manifest_row(connection, schema)
    if foreign or (names and before is None):
        first = (foreign or [names[0]["relname"]])[0]
        raise DesignError(
            f"schema {schema} holds other things ({first}).",
            hint="give the registry a schema of its own.",
        )
    return before


def _mark(registry: Registry) -> str:
    # The manifest holds the SHA-256 of every file.
    text = f"{SCHEMA_VERSION} {registry.manifest.model_dump_json()}"
    return hashlib.sha256(text.encode()).hexdigest()


def _copy(registry: Registry, connection: Any, staging: str) -> None:
    with registry.connect() as source:
        for name, table in TABLES.items():
            columns = ", ".join(
                f"{quoted(c.name)} {TYPES[c.type]}{' NOT NULL' if c.required else ''}"
                for c in table.columns
            )
            indexed = [f"PRIMARY KEY ({quoted(table.key)})"] if table.key else []
            _copy_table(connection, source, staging, name, columns)
            for constraint in indexed:
                run(connection, f"ALTER TABLE {quoted(staging)}.{quoted(name)} ADD {constraint}")
            if "patient_id" in table.names and table.key != "patient_id":
                run(connection, f"CREATE INDEX ON {quoted(staging)}.{quoted(name)} (patient_id)")
            run(connection, f"ANALYZE {quoted(staging)}.{quoted(name)}")
        columns = ", ".join(
            f"{quoted(name)} {WORDS if kind == 'string' else 'bigint'}"
            for name, kind in IMPORT_LOG.items()
        )
        _copy_table(connection, source, staging, "import_log", columns)


def _copy_table(
    connection: Any,
    source: duckdb.DuckDBPyConnection,
    staging: str,
    name: str,
    columns: str,
) -> None:
    run(connection, f"CREATE TABLE {quoted(staging)}.{quoted(name)} ({columns})")
    rows = source.execute(f"SELECT * FROM {name}").to_arrow_reader(BATCH_ROWS)
    with closing(connection.cursor()) as cursor:
        try:
            cursor.adbc_ingest(name, rows, mode="append", db_schema_name=staging)
        except driver().Error as error:
            if getattr(error, "sqlstate", None) != NOT_IN_REPERTOIRE or name not in TABLES:
                raise
            raise DataError(
                f"PostgreSQL can't keep a text of the registry: {_zero(source, name)}",
                hint="correct the source and import it again.",
            ) from error


def _zero(source: duckdb.DuckDBPyConnection, table: str) -> str:
    """Say where the first text with a zero character stands."""
    for column in TABLES[table].columns:
        if column.type not in ("text", "code"):
            continue
        found = source.execute(
            f"SELECT source_file, source_row FROM {table} "
            f"WHERE contains({quoted(column.name)}, chr(0)) ORDER BY ALL LIMIT 1"
        ).fetchone()
        if found is not None:
            return f"{table}.{column.name} holds a zero character ({found[0]}, row {found[1]})."
    return f"{table} holds characters that it does not know."


def _write_manifest(registry: Registry, connection: Any, staging: str, mark: str) -> None:
    table = f"{quoted(staging)}.{MANIFEST_TABLE}"
    manifest = registry.manifest
    run(connection, f"CREATE TABLE {table} ({MANIFEST_COLUMNS})")
    run(
        connection,
        f"INSERT INTO {table} VALUES ($1, $2, $3, $4, $5, now(), $6::text::jsonb)",
        (
            SCHEMA_VERSION,
            manifest.revision,
            registry.synthetic,
            mark,
            __version__,
            manifest.model_dump_json(),
        ),
    )
    nature = "SYNTHETIC patients" if registry.synthetic else "Registry"
    run(connection, f"COMMENT ON TABLE {table} IS '{nature}, copied by locoreg {__version__}'")


def _count(connection: Any, schema: str) -> dict[str, int]:
    out = {}
    for name in (*TABLES, "import_log"):
        counted = run(connection, f"SELECT count(*) FROM {quoted(schema)}.{quoted(name)}")
        out[name] = int(counted.column(0)[0].as_py())
    return out


def _verified(registry: Registry, connection: Any, staging: str) -> dict[str, int]:
    found = _count(connection, staging)
    for name, expected in registry.rows().items():
        if found[name] != expected:
            raise DataError(
                f"the server holds {found[name]:,} rows of {name}, and {expected:,} were sent: "
                "nothing was changed.",
                hint="push again.",
            )
    return found


def _swap(connection: Any, staging: str, schema: str, *, old: bool) -> None:
    """Put the new tables in the place of the old ones; who could read those can read these."""
    run(connection, f"CREATE SCHEMA IF NOT EXISTS {quoted(schema)}")
    readers: list[str] = []
    if old:
        # Every reader holds the manifest first: who waits for it holds nothing that others need.
        where = f"{quoted(schema)}.{MANIFEST_TABLE}"
        run(connection, f"LOCK TABLE {where} IN ACCESS EXCLUSIVE MODE")
        readers = _readers(connection, schema)
    for name in (*TABLES, "import_log", MANIFEST_TABLE):
        run(connection, f"DROP TABLE IF EXISTS {quoted(schema)}.{quoted(name)}")
        run(connection, f"ALTER TABLE {quoted(staging)}.{quoted(name)} SET SCHEMA {quoted(schema)}")
        for reader in readers:
            run(connection, f"GRANT SELECT ON {quoted(schema)}.{quoted(name)} TO {reader}")
    run(connection, f"DROP SCHEMA {quoted(staging)}")


def _readers(connection: Any, schema: str) -> list[str]:
    rows = run(
        connection,
        "SELECT DISTINCT grantee::text FROM information_schema.role_table_grants "
        "WHERE table_schema = $1 AND table_name = $2 AND privilege_type = 'SELECT' "
        "AND grantee <> current_user",
        (schema, MANIFEST_TABLE),
    )
    names = rows.column(0).to_pylist()
    return ["PUBLIC" if name == "PUBLIC" else quoted(name) for name in names]
