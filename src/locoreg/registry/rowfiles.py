"""Rows to files: Parquet as they are, CSV safe to open in a spreadsheet."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING

from locoreg.core.csvtext import FORMULA_PATTERN
from locoreg.core.errors import DataError, DesignError
from locoreg.registry.store.tablewriter import SYNTHETIC

if TYPE_CHECKING:
    import pyarrow as pa


def write_rows(table: pa.Table, path: Path, *, synthetic: bool) -> Path:
    """Write a table to a Parquet or CSV file, in place in one step.

    Parameters
    ----------
    table : pyarrow.Table
        The rows.
    path : Path
        Ends with ``.parquet`` or ``.csv``.
    synthetic : bool
        Whether the file must say that its patients are made up: Parquet in its metadata, CSV in a
        last column ``data``.

    Returns
    -------
    Path
        The file.

    Raises
    ------
    DesignError
        If the name ends otherwise.
    DataError
        If the file can't be written.
    """
    from pyarrow import csv, parquet

    path = Path(path)
    draft = path.with_name(f".{path.name}.{os.getpid()}")
    kind = path.suffix.lower()
    if kind not in (".parquet", ".csv"):
        raise DesignError(f"{path} must end with .parquet or .csv.")
    try:
        if kind == ".parquet":
            nature = {"locoreg.data": SYNTHETIC if synthetic else "registry"}
            parquet.write_table(table.replace_schema_metadata(nature), draft, compression="zstd")
        else:
            csv.write_csv(_for_spreadsheets(table, synthetic), draft)
        draft.replace(path)
    except OSError as error:
        raise DataError(f"{path} can't be written: {os.strerror(error.errno or 0)}.") from error
    finally:
        if path.parent.is_dir():
            draft.unlink(missing_ok=True)
    return path


def make_folder(folder: Path) -> None:
    """Make a folder for results unless it is there; DataError if that can't be done."""
    try:
        folder.mkdir(parents=True, exist_ok=True)
    except OSError as error:
        raise DataError(f"{folder} can't be written: {error.strerror}.") from error


def _for_spreadsheets(table: pa.Table, synthetic: bool) -> pa.Table:
    import pyarrow as pa
    import pyarrow.compute as pc

    for position, field in enumerate(table.schema):
        if pa.types.is_string(field.type):
            values = table.column(position)
            risky = pc.match_substring_regex(values, FORMULA_PATTERN)
            escaped = pc.binary_join_element_wise("'", values, "")
            table = table.set_column(position, field, pc.if_else(risky, escaped, values))
    if synthetic:
        mark = pa.repeat(pa.scalar(SYNTHETIC), table.num_rows)
        table = table.append_column("data", mark)
    return table
