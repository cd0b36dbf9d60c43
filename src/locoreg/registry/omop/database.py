"""A CDM as a DuckDB database file, opened for reading."""

from __future__ import annotations

from pathlib import Path

import duckdb

from locoreg.core.errors import DataError
from locoreg.registry.omop.local import Relation, first_line
from locoreg.registry.omop.model import CDM
from locoreg.registry.omop.normal import quoted
from locoreg.registry.store.views import literal

SUFFIXES = (".duckdb", ".db", ".ddb")


def attach(con: duckdb.DuckDBPyConnection, path: Path, schema: str | None) -> dict[str, Relation]:
    """Attach a DuckDB file for reading and return its CDM tables.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The working database.
    path : Path
        The file.
    schema : str or None
        Schema of the CDM; all schemas if None.

    Raises
    ------
    DataError
        If the file can't be opened, or a table stands in several schemas.
    """
    try:
        con.execute(f"ATTACH {literal(str(path))} AS cdm (READ_ONLY, TYPE duckdb)")
    except duckdb.Error as exc:
        raise DataError(
            f"{path} can't be opened as a DuckDB database: {first_line(exc)}",
            hint="a file of a newer DuckDB, or one that another program writes to: "
            "export the tables as Parquet.",
        ) from exc
    rows = con.execute(
        "SELECT table_schema, table_name, column_name, data_type FROM information_schema.columns "
        "WHERE table_catalog = 'cdm' ORDER BY table_schema, table_name, ordinal_position"
    ).fetchall()
    found: dict[str, tuple[str, str, dict[str, str]]] = {}
    for owner, name, column, kind in rows:
        table = name.lower()
        if table not in CDM or (schema is not None and owner != schema):
            continue
        stands = found.setdefault(table, (owner, name, {}))
        if stands[:2] != (owner, name):
            raise DataError(
                f"{path} holds the table {table} twice: {stands[0]}.{stands[1]} and "
                f"{owner}.{name}.",
                hint="name the schema: file.duckdb?schema=cdm.",
            )
        stands[2][column] = kind
    if not found:
        where = f" in the schema {schema}" if schema is not None else ""
        raise DataError(f"{path} holds no table of a CDM{where}.")
    return {
        table: Relation(
            sql=f"cdm.{quoted(owner)}.{quoted(name)}",
            names=list(columns),
            types=columns,
            where=f"{path}: {owner}.{name}",
        )
        for table, (owner, name, columns) in found.items()
    }
