"""DuckDB over a registry's folder."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import duckdb

from locoreg.core.errors import DataError
from locoreg.registry.engines.engine import Engine
from locoreg.registry.store import read_registry

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa


class DuckdbEngine(Engine):
    """Run expressions on DuckDB: compiled once, answered as Arrow.

    Parameters
    ----------
    folder : Path
        The registry.
    """

    name = "duckdb"
    dialect = "duckdb"

    def __init__(self, folder: Path) -> None:
        registry = read_registry(folder)
        super().__init__(
            place=str(folder),
            revision=registry.manifest.revision,
            synthetic=registry.synthetic,
        )
        self._connection = registry.connect()
        # It would stand between the lines of an answer.
        self._connection.execute("SET enable_progress_bar = false")

    def days_between(self, later: ir.DateValue, earlier: ir.DateValue) -> ir.IntegerValue:
        """Return whole days from one date to another."""
        return later.delta(earlier, unit="day")

    def close(self) -> None:
        """Close the connection."""
        self._connection.close()

    def _run(self, sql: str) -> pa.Table:
        try:
            return self._connection.execute(sql).to_arrow_table()
        except duckdb.Error as error:
            raise DataError(f"{self.place}: {str(error).splitlines()[0]}") from error
