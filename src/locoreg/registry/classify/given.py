"""Tables that a caller gives, as Arrow."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import pyarrow as pa

from locoreg.core.errors import DataError, did_you_mean


def given_table(given: Any, *, what: str, columns: tuple[str, ...]) -> pa.Table:
    """Return columns of a table of any library as Arrow.

    Parameters
    ----------
    given : table
        pyarrow, pandas or polars table, or a mapping of names to columns.
    what : str
        What it holds, for the error: ``dates``.
    columns : tuple of str
        Columns that it must have.

    Returns
    -------
    pyarrow.Table
        These columns.

    Raises
    ------
    DataError
        If it is no table or lacks a column.
    """
    table = given
    if hasattr(given, "to_arrow"):
        table = given.to_arrow()
    elif hasattr(given, "columns") and hasattr(given, "index"):
        table = pa.Table.from_pandas(given, preserve_index=False)
    elif isinstance(given, Mapping):
        table = pa.table(dict(given))
    if not isinstance(table, pa.Table):
        raise DataError(
            f"{what} can't be read from {type(given).__name__}.",
            hint=f"give a table with the columns {', '.join(columns)}.",
        )
    for name in columns:
        if name not in table.column_names:
            raise DataError(
                f"the table of {what} has no column {name!r}.",
                hint=did_you_mean(name, table.column_names),
            )
    return table.select(list(columns))
