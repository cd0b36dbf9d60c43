"""Rows of one import on their way to Parquet files."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.registry.intake.sink import rows_table
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa
    import pyarrow.parquet as pq

# Rows held in memory per table before they are written.
BUFFERED_ROWS = 100_000
SYNTHETIC = "SYNTHETIC"


class TableWriter:
    """Write one canonical table of one import to one Parquet file, in pieces.

    Parameters
    ----------
    folder : Path
        Where the file goes.
    table : str
        Canonical table.
    import_id : str
        Import, part of the file's name.
    synthetic : bool
        Whether the file's name and metadata say that the patients are made up.
    """

    def __init__(self, folder: Path, table: str, *, import_id: str, synthetic: bool) -> None:
        mark = f"{SYNTHETIC}-" if synthetic else ""
        self.path = folder / f"{mark}{table}-{import_id}.parquet"
        self.table = table
        self.rows = 0
        self._synthetic = synthetic
        self._pieces: list[pa.Table] = []
        self._buffered = 0
        self._writer: pq.ParquetWriter | None = None

    def add(self, rows: pa.Table) -> None:
        """Take rows that have the canonical schema."""
        self._pieces.append(rows)
        self._buffered += rows.num_rows
        self.rows += rows.num_rows
        if self._buffered >= BUFFERED_ROWS:
            self._flush()

    def add_rows(self, rows: Iterable[Mapping[str, Any]]) -> None:
        """Take rows given as mappings."""
        self.add(rows_table(self.table, list(rows)))

    def close(self) -> None:
        """Write what is left and close the file. Without rows there is no file."""
        self._flush()
        if self._writer is not None:
            self._writer.close()
            self._writer = None

    def _flush(self) -> None:
        if not self._buffered:
            return
        import pyarrow as pa

        joined = pa.concat_tables(self._pieces)
        if self._writer is None:
            self._writer = open_parquet(self.path, self.table, synthetic=self._synthetic)
        self._writer.write_table(joined)
        self._pieces, self._buffered = [], 0


def open_parquet(path: Path, table: str, *, synthetic: bool) -> pq.ParquetWriter:
    """Open a Parquet file for a canonical table; its metadata name the table and its nature."""
    import pyarrow.parquet as pq

    nature = SYNTHETIC if synthetic else "registry"
    schema = TABLES[table].arrow_schema()
    schema = schema.with_metadata({"locoreg.table": table, "locoreg.data": nature})
    path.parent.mkdir(parents=True, exist_ok=True)
    return pq.ParquetWriter(path, schema, compression="zstd")
