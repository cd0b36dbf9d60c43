"""A registry as its readers see it: one state of its tables."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.registry.definitions import DAYS_PER_MONTH, VIEWS
from locoreg.registry.store.manifest import Batch, Manifest, read_manifest
from locoreg.registry.store.views import import_log_rows, table_sql
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Registry:
    """A folder of Parquet tables, as its manifest stood when it was opened.

    Attributes
    ----------
    path : Path
        The folder.
    manifest : Manifest
        Imports and files. A later import does not change it: open the registry again.
    """

    path: Path
    manifest: Manifest

    @property
    def synthetic(self) -> bool:
        """Whether the patients are made up."""
        return self.manifest.synthetic

    @property
    def batches(self) -> tuple[Batch, ...]:
        """All imports, the superseded and undone ones included."""
        return self.manifest.batches

    def connect(
        self, *, memory_limit: str | None = None, threads: int | None = None
    ) -> duckdb.DuckDBPyConnection:
        """Open a DuckDB connection with one view per canonical table.

        Parameters
        ----------
        memory_limit : str, optional
            DuckDB's limit such as ``1GB``; DuckDB's default if not given.
        threads : int, optional
            Threads; all cores if not given.

        Returns
        -------
        duckdb.DuckDBPyConnection
            In memory; the registry itself can't be changed through it. Besides the tables it has
            ``import_log``, the view ``first_metastasis`` (patient_id, date, date_precision, basis:
            the earliest day that any table gives) and the macros ``date_latest(date, precision)``
            (the last day that a date of month or year precision can mean) and
            ``months_between(a, b)`` (in months of 30.4375 days).
        """
        import duckdb

        con = duckdb.connect(":memory:")
        # Nothing is fetched or installed while a registry is read.
        con.execute("SET autoinstall_known_extensions = false")
        con.execute("SET autoload_known_extensions = false")
        con.execute("SET enable_progress_bar = false")
        if memory_limit is not None:
            con.execute("SET memory_limit = ?", [memory_limit])
        if threads is not None:
            con.execute("SET threads = ?", [threads])
        for macro in MACROS:
            con.execute(macro)
        for table in TABLES:
            con.execute(f"CREATE VIEW {table} AS {self.table_sql(table)}")
        for name, query in VIEWS.items():
            con.execute(f"CREATE VIEW {name} AS {query}")
        con.execute(f"CREATE TABLE import_log ({_IMPORT_LOG})")
        rows = import_log_rows(self.manifest)
        if rows:
            con.executemany(
                f"INSERT INTO import_log VALUES ({', '.join('?' * len(rows[0]))})", rows
            )
        return con

    def table_sql(self, table: str) -> str:
        """Return the SQL that reads a table: DuckDB's dialect."""
        return table_sql(self.path, self.manifest, table)

    def table(self, name: str) -> pa.Table:
        """Return a whole table.

        Parameters
        ----------
        name : str
            Canonical table or ``import_log``.

        Returns
        -------
        pyarrow.Table
            All its rows.

        Raises
        ------
        DesignError
            If there is no such table.
        """
        known = (*TABLES, "import_log")
        if name not in known:
            raise DesignError(f"a registry has no table {name!r}.", hint=did_you_mean(name, known))
        with self.connect() as con:
            return con.execute(f"SELECT * FROM {name}").to_arrow_table()

    def rows(self) -> dict[str, int]:
        """Return the number of rows of every canonical table."""
        return {name: self.manifest.rows(name) for name in TABLES}

    def to_dict(self) -> dict[str, Any]:
        """Return imports and row counts as JSON-ready values."""
        return {
            "path": str(self.path),
            "schema_version": self.manifest.schema_version,
            "revision": self.manifest.revision,
            "synthetic": self.synthetic,
            "rows": self.rows(),
            "imports": [batch.model_dump(mode="json") for batch in self.batches],
        }


MACROS = (
    """CREATE MACRO date_latest(d, p) AS CASE p
        WHEN 'month' THEN CAST(d + INTERVAL 1 MONTH - INTERVAL 1 DAY AS DATE)
        WHEN 'year' THEN CAST(d + INTERVAL 1 YEAR - INTERVAL 1 DAY AS DATE)
        ELSE d END""",
    f"CREATE MACRO months_between(a, b) AS (b - a) / {DAYS_PER_MONTH}",
)
_IMPORT_LOG = """
    import_id VARCHAR, status VARCHAR, source VARCHAR, source_system VARCHAR, site VARCHAR,
    created VARCHAR, fingerprint VARCHAR, table_name VARCHAR, accepted BIGINT,
    already_there BIGINT, set_aside BIGINT
"""


def read_registry(path: Path | str) -> Registry:
    """Open a registry for reading.

    Parameters
    ----------
    path : Path or str
        The folder.

    Returns
    -------
    Registry
        The registry as it stands now; imports that begin later don't show.

    Raises
    ------
    DataError
        If the folder is no registry, or a file of it is missing.
    """
    folder = Path(path)
    manifest = read_manifest(folder)
    for table in TABLES:
        for stored in manifest.files(table):
            if not (folder / stored.path).is_file():
                raise DataError(
                    f"{folder} is damaged: {stored.path} is missing.",
                    hint="restore it from a backup, or undo its import.",
                )
    return Registry(path=folder, manifest=manifest)
