"""The last gate before a table: types, required values, vocabularies."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.intake.sink import SetAside
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa


# Columns that hold the key of a row of some table, or name a patient.
ID_COLUMNS = frozenset(t.key for t in TABLES.values() if t.key is not None) | {"row_key"}


def conform(
    table: str, rows: pa.Table, *, import_id: str, source_system: str, id_prefix: str = ""
) -> tuple[pa.Table, list[SetAside]]:
    """Return rows with the canonical schema, and those that lack a required value.

    Parameters
    ----------
    table : str
        Canonical table.
    rows : pyarrow.Table
        Any of its columns.
    import_id, source_system : str
        Provenance to fill in.
    id_prefix : str
        Put before every patient's id and every key.

    Returns
    -------
    rows : pyarrow.Table
        All columns, in order.
    aside : list of SetAside
        One per row without a required value.

    Raises
    ------
    KeyError
        If there is a column that the table lacks.
    ValueError
        If a code is outside its vocabulary: the source should have set it to unknown.
    """
    import pyarrow as pa

    schema = TABLES[table].arrow_schema()
    if extra := set(rows.column_names) - set(schema.names):
        raise KeyError(f"{table} has no column {sorted(extra)[0]}")
    constants = {"import_id": import_id, "source_system": source_system}
    columns = []
    for field in schema:
        if field.name in constants:
            columns.append(pa.repeat(pa.scalar(constants[field.name]), rows.num_rows))
        elif field.name in rows.column_names:
            values = rows.column(field.name).cast(field.type)
            columns.append(_prefixed(values, field.name, id_prefix))
        else:
            columns.append(pa.nulls(rows.num_rows, field.type))
    full = pa.Table.from_arrays(columns, schema=schema)
    _check_codes(table, full)
    return _split_required(table, full)


def _prefixed(values: pa.ChunkedArray, name: str, prefix: str) -> pa.ChunkedArray:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not prefix or name not in ID_COLUMNS:
        return values
    return pc.binary_join_element_wise(pa.scalar(prefix), values, "")


def _check_codes(table: str, rows: pa.Table) -> None:
    import pyarrow as pa
    import pyarrow.compute as pc

    for column in TABLES[table].columns:
        values = rows.column(column.name)
        if not column.allowed or values.null_count == rows.num_rows:
            continue
        allowed = pa.array(column.allowed).cast(values.type)
        wrong = pc.and_(pc.is_valid(values), pc.invert(pc.is_in(values, value_set=allowed)))
        if pc.any(wrong).as_py():
            first = values.filter(wrong)[0].as_py()
            raise ValueError(f"{table}.{column.name} can't be {first!r}")


def _split_required(table: str, rows: pa.Table) -> tuple[pa.Table, list[SetAside]]:
    import pyarrow as pa
    import pyarrow.compute as pc

    aside: list[SetAside] = []
    keep = pa.repeat(pa.scalar(True), rows.num_rows)
    for column in TABLES[table].columns:
        values = rows.column(column.name)
        if not column.required or values.null_count == 0:
            continue
        lacking = pc.and_(pc.is_null(values), keep).combine_chunks()
        keep = pc.and_(keep, pc.is_valid(values))
        aside += _lacking(table, column.name, rows.filter(lacking))
    return (rows.filter(keep) if aside else rows), aside


def _lacking(table: str, column: str, rows: pa.Table) -> list[SetAside]:
    return [
        SetAside(
            reason=f"{table}.{column} is missing",
            source_file=file or "",
            source_row=row,
            table_name=table,
            column_name=column,
        )
        for file, row in zip(
            rows.column("source_file").to_pylist(),
            rows.column("source_row").to_pylist(),
            strict=True,
        )
    ]
