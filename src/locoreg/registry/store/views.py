"""SQL of the tables of one state of a registry."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from locoreg.registry.store.manifest import Manifest
from locoreg.registry.tables import SCHEMA_VERSION, TABLES

SQL_TYPES = {
    "text": "VARCHAR",
    "code": "VARCHAR",
    "date": "DATE",
    "int16": "SMALLINT",
    "int32": "INTEGER",
    "int64": "BIGINT",
    "number": "DOUBLE",
    "bool": "BOOLEAN",
}


def table_sql(folder: Path, manifest: Manifest, table: str) -> str:
    """Return the query that reads a table: typed, with every column of today's schema.

    Parameters
    ----------
    folder : Path
        The registry.
    manifest : Manifest
        Its state.
    table : str
        Canonical table.

    Returns
    -------
    str
        DuckDB SQL.
    """
    columns = TABLES[table].columns
    typed = ", ".join(f'CAST(NULL AS {SQL_TYPES[c.type]}) AS "{c.name}"' for c in columns)
    nothing = f"SELECT {typed} WHERE false"
    paths = [str((folder / stored.path).resolve()) for stored in manifest.files(table)]
    if not paths:
        return nothing
    listed = ", ".join(literal(path) for path in paths)
    names = ", ".join(f'"{c.name}"' for c in columns)
    if all(batch.schema_version == SCHEMA_VERSION for batch in manifest.active):
        return f"SELECT {names} FROM read_parquet([{listed}])"
    # Files of an earlier version may lack columns, or have some that are no longer known.
    stored = f"SELECT * FROM read_parquet([{listed}], union_by_name = true)"
    return f"SELECT {names} FROM ({nothing} UNION ALL BY NAME {stored})"


def literal(text: str) -> str:
    """Return a text as an SQL string literal."""
    return "'" + text.replace("'", "''") + "'"


def import_log_rows(manifest: Manifest) -> list[tuple[Any, ...]]:
    """Return one row per import and table: what was accepted, already there and set aside."""
    return [
        (
            batch.import_id,
            batch.status,
            batch.source,
            batch.source_system,
            batch.site,
            batch.created,
            batch.fingerprint,
            table,
            count.accepted,
            count.already_there,
            count.set_aside,
        )
        for batch in manifest.batches
        for table, count in batch.counts.items()
    ]
