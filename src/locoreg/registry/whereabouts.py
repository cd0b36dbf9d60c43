"""Where the rows that an import set aside, and its issues, stand in the files."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.registry.store import read_registry
from locoreg.registry.store.manifest import Batch
from locoreg.registry.tables import BOOKKEEPING

if TYPE_CHECKING:
    import duckdb

# Places that are shown of each reason and each rule.
SHOWN = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Where:
    """Where some of the rows with one fault stand.

    Attributes
    ----------
    fault : str
        Reason of rows set aside, or rule of issues.
    columns : tuple of str
        Tables and columns that it is about: ``primary_tumour.dx_date``.
    places : tuple of (str, int or None)
        File and row of the first ones, in the order of the files.
    message : str or None
        What was found at the first place, of issues.
    """

    fault: str
    columns: tuple[str, ...]
    places: tuple[tuple[str, int | None], ...]
    message: str | None = None

    def to_dict(self) -> dict[str, Any]:
        """Return the places as JSON-ready values."""
        return {
            "columns": list(self.columns),
            "first": [{"file": file, "row": row} for file, row in self.places],
            "message": self.message,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Whereabouts:
    """Where the rows set aside and the issues of an import stand.

    Attributes
    ----------
    set_aside, issues : dict of str to Where
        By reason, and by rule.
    rows_set_aside : dict of str to int
        Rows of each file from which nothing entered a table because they were set aside.
    """

    set_aside: dict[str, Where]
    issues: dict[str, Where]
    rows_set_aside: dict[str, int]


def whereabouts(folder: Path, batch: Batch) -> Whereabouts:
    """Look up where the faults of an import stand.

    Parameters
    ----------
    folder : Path
        The registry.
    batch : Batch
        The import.

    Returns
    -------
    Whereabouts
        The first places of each fault.
    """
    if not batch.set_aside and not batch.issues:
        return Whereabouts(set_aside={}, issues={}, rows_set_aside={})
    with read_registry(folder).connect() as con:
        return Whereabouts(
            set_aside=_faults(con, batch, "set_aside", "reason", "NULL"),
            issues=_faults(con, batch, "issue", "rule", "message"),
            rows_set_aside=_rows(con, batch),
        )


def _faults(
    con: duckdb.DuckDBPyConnection, batch: Batch, table: str, fault: str, message: str
) -> dict[str, Where]:
    # A row may be at fault in several columns: some more than are shown are fetched.
    sql = f"""
        SELECT {fault},
            list_sort(list(DISTINCT concat_ws('.', table_name, column_name))
                FILTER (table_name IS NOT NULL)),
            min({{'file': source_file, 'line': source_row}}, {4 * SHOWN}),
            min_by({message}, {{'file': source_file, 'line': source_row}})
        FROM {table} WHERE import_id = ? GROUP BY ALL"""
    out = {}
    for name, columns, places, words in con.execute(sql, [batch.import_id]).fetchall():
        first = dict.fromkeys((place["file"], place["line"]) for place in places)
        out[str(name)] = Where(
            fault=str(name),
            columns=tuple(columns or ()),
            places=tuple(first)[:SHOWN],
            message=words,
        )
    return out


def _rows(con: duckdb.DuckDBPyConnection, batch: Batch) -> dict[str, int]:
    """Count the rows of each file of which nothing is in any table."""
    if not batch.set_aside:
        return {}
    tables = [name for name, n in batch.counts.items() if name not in BOOKKEEPING and n.accepted]
    elsewhere = "".join(
        f" AND NOT EXISTS (SELECT 1 FROM {name} t WHERE t.import_id = s.import_id"
        " AND t.source_file = s.source_file AND t.source_row = s.source_row)"
        for name in tables
    )
    sql = f"""
        SELECT source_file, count(*) FROM (
            SELECT source_file FROM set_aside WHERE import_id = $id AND table_name IS NULL
            UNION ALL
            SELECT source_file FROM (
                SELECT DISTINCT import_id, source_file, source_row FROM set_aside
                WHERE import_id = $id AND table_name IS NOT NULL) s
            WHERE true{elsewhere})
        GROUP BY source_file"""
    return dict(con.execute(sql, {"id": batch.import_id}).fetchall())
