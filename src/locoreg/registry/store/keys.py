"""Keys that stand twice: in one import, or in it and in the registry."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from locoreg.core.errors import DesignError
from locoreg.registry.intake.sink import SetAside
from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.manifest import Batch, StoredFile
from locoreg.registry.store.tablewriter import SYNTHETIC, TableWriter
from locoreg.registry.store.views import literal
from locoreg.registry.tables import PROVENANCE, TABLES

if TYPE_CHECKING:
    import duckdb

MEMORY_LIMIT = "600MB"
REPEATED = "the key stands earlier in this import with other values"
EXISTS = "the key is in the registry already, with other values: import with --supersedes"


@dataclass(frozen=True, slots=True, kw_only=True)
class Settled:
    """What became of the keys of an import.

    Attributes
    ----------
    already_there : Counter
        Rows left out of each table because an equal row is there.
    leans_on : tuple of str
        Imports that hold those rows.
    """

    already_there: Counter[str]
    leans_on: tuple[str, ...]


def settle_keys(batch: ImportBatch, folder: Path, active: Sequence[Batch]) -> Settled:
    """Leave out rows whose key is taken: equal rows are counted, different ones set aside.

    Parameters
    ----------
    batch : ImportBatch
        The import, its files closed.
    folder : Path
        The registry.
    active : sequence of Batch
        Imports whose rows stay.

    Returns
    -------
    Settled
        Counts, and the imports that this one leans on.
    """
    already: Counter[str] = Counter()
    leans: set[str] = set()
    with connect(batch.folder) as con:
        for name, writer in list(batch.writers.items()):
            key = TABLES[name].key
            if key is None or not writer.rows:
                continue
            stored = [f for earlier in active for f in earlier.tables.get(name, ())]
            _find_taken(con, name, key, writer.path, _listed(folder, stored))
            if con.execute("SELECT count(*) FROM taken").fetchall()[0][0]:
                if name == "patient" and stored:
                    _refuse_other_site(con, writer.path, _listed(folder, stored))
                already[name] += _leave_out(con, batch, name, writer)
                rows = con.execute("SELECT DISTINCT holder FROM taken WHERE same").fetchall()
                leans |= {holder for (holder,) in rows if holder is not None}
            con.execute("DROP TABLE taken")
    return Settled(already_there=already, leans_on=tuple(sorted(leans)))


def collision(folder: Path, batches: Sequence[Batch]) -> tuple[str, str, str, str] | None:
    """Return table, key and two imports that hold the same key, None if there is none.

    Parameters
    ----------
    folder : Path
        The registry.
    batches : sequence of Batch
        Imports that would be active together.
    """
    with connect(None) as con:
        for name, table in TABLES.items():
            stored = [f for batch in batches for f in batch.tables.get(name, ())]
            if table.key is None or len(stored) < 2:
                continue
            found = con.execute(
                f'SELECT "{table.key}", min(import_id), max(import_id) '
                f"FROM read_parquet([{_listed(folder, stored)}], union_by_name = true) "
                "GROUP BY 1 HAVING count(*) > 1 LIMIT 1"
            ).fetchall()
            if found:
                return name, *found[0]
    return None


def connect(spill: Path | None) -> duckdb.DuckDBPyConnection:
    """Open DuckDB with bounded memory; what does not fit goes to a folder."""
    import duckdb

    con = duckdb.connect(":memory:")
    con.execute("SET autoinstall_known_extensions = false")
    con.execute("SET enable_progress_bar = false")
    con.execute("SET threads = 2")
    con.execute("SET memory_limit = ?", [MEMORY_LIMIT])
    if spill is not None:
        con.execute("SET temp_directory = ?", [str(spill / "spill")])
    return con


def _listed(folder: Path, stored: Sequence[StoredFile]) -> str:
    return ", ".join(literal(str(folder / f.path)) for f in stored)


def _find_taken(
    con: duckdb.DuckDBPyConnection, name: str, key: str, path: Path, stored: str
) -> None:
    """Make the table ``taken``: rows to leave out, and whether an equal one is there."""
    new = f"read_parquet({literal(str(path))}, file_row_number = true)"
    con.execute(
        f'CREATE OR REPLACE TEMP TABLE repeated AS SELECT "{key}" AS k FROM {new} '
        "GROUP BY 1 HAVING count(*) > 1"
    )
    con.execute(
        "CREATE TEMP TABLE taken (n BIGINT, same BOOLEAN, holder VARCHAR)",
    )
    con.execute(
        f"""INSERT INTO taken
        WITH ranked AS (
            SELECT s.*, row_number() OVER (
                PARTITION BY "{key}" ORDER BY source_file, source_row, file_row_number) AS place
            FROM {new} s WHERE "{key}" IN (SELECT k FROM repeated))
        SELECT a.file_row_number, {_same(name, "a", "f")}, NULL
        FROM ranked a JOIN ranked f ON a."{key}" = f."{key}" AND f.place = 1
        WHERE a.place > 1"""
    )
    if stored:
        con.execute(
            f"""INSERT INTO taken
            SELECT a.file_row_number, {_same(name, "a", "f")}, f.import_id
            FROM {new} a
            JOIN read_parquet([{stored}], union_by_name = true) f ON a."{key}" = f."{key}"
            WHERE a.file_row_number NOT IN (SELECT n FROM taken)"""
        )


def _refuse_other_site(con: duckdb.DuckDBPyConnection, path: Path, stored: str) -> None:
    """Raise if an id belongs to a patient of another site: rows of both would be mixed up."""
    found = con.execute(
        f"""SELECT count(*), min(a.patient_id), arg_min(a.site_id, a.patient_id),
            arg_min(f.site_id, a.patient_id)
        FROM read_parquet({literal(str(path))}) a
        JOIN read_parquet([{stored}], union_by_name = true) f ON a.patient_id = f.patient_id
        WHERE a.site_id <> f.site_id"""
    ).fetchall()
    count, patient, new, there = found[0]
    if count:
        raise DesignError(
            f"{count:,} patients of this import have the id of a patient of another site (the "
            f"first: {patient}, of {new} here and of {there} in the registry).",
            hint="--id-prefix TEXT puts a text before every id of this import.",
        )


def _same(name: str, left: str, right: str) -> str:
    values = [c.name for c in TABLES[name].columns if c.name not in PROVENANCE]
    return " AND ".join(f'{left}."{v}" IS NOT DISTINCT FROM {right}."{v}"' for v in values)


def _leave_out(
    con: duckdb.DuckDBPyConnection, batch: ImportBatch, name: str, writer: TableWriter
) -> int:
    """Rewrite the file of a table without the taken rows; return how many were there already."""
    new = f"read_parquet({literal(str(writer.path))}, file_row_number = true)"
    different = con.execute(
        f"""SELECT s.source_file, s.source_row, t.holder, CAST(to_json(s) AS VARCHAR)
        FROM {new} s JOIN taken t ON s.file_row_number = t.n WHERE NOT t.same
        ORDER BY s.file_row_number"""
    ).fetchall()
    batch.set_aside(
        SetAside(
            reason=REPEATED if holder is None else EXISTS,
            source_file=file,
            source_row=row,
            table_name=name,
            column_name=TABLES[name].key,
            raw=raw,
        )
        for file, row, holder, raw in different
    )
    total, same = con.execute("SELECT count(*), count(*) FILTER (same) FROM taken").fetchall()[0]
    kept = writer.path.with_suffix(".kept")
    names = ", ".join(f'"{column}"' for column in TABLES[name].names)
    nature = SYNTHETIC if batch.synthetic else "registry"
    con.execute(
        f"""COPY (SELECT {names} FROM {new}
            WHERE file_row_number NOT IN (SELECT n FROM taken) ORDER BY file_row_number)
        TO {literal(str(kept))} (FORMAT parquet, COMPRESSION zstd,
            KV_METADATA {{'locoreg.table': {literal(name)}, 'locoreg.data': {literal(nature)}}})"""
    )
    kept.replace(writer.path)
    writer.rows -= total
    return int(same)
