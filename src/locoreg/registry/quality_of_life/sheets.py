"""Answers gathered into questionnaires: one row per patient, date and instrument."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
from numpy.typing import NDArray

from locoreg.core.errors import DataError, did_you_mean
from locoreg.registry.quality_of_life.instrument import Instrument, normal_version
from locoreg.registry.store import Registry

if TYPE_CHECKING:
    import duckdb

_NEEDED = ("patient_id", "instrument", "version", "date", "item", "value")
_OPTIONAL = ("date_precision", "missing_reason")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sheets:
    """Questionnaires of one instrument.

    Attributes
    ----------
    keys : pyarrow.Table
        patient_id, date, date_precision; one row per questionnaire, sorted.
    answers : ndarray, shape (n, n_items)
        Answers as ticked; NaN where there is none or where several contradict each other.
    not_applicable : ndarray of bool, shape (n, n_items)
        The source says that the item did not apply.
    repeated : bool
        Whether an item stands several times in a questionnaire.
    """

    keys: pa.Table
    answers: NDArray[np.float64]
    not_applicable: NDArray[np.bool_]
    repeated: bool


def connection(source: Registry | Any) -> duckdb.DuckDBPyConnection:
    """Open DuckDB with a view ``given`` of the answers of a registry or a table."""
    if isinstance(source, Registry):
        con = source.connect()
        con.execute("CREATE TEMP VIEW given AS SELECT * FROM qol_response")
        return con
    import duckdb

    table = source if isinstance(source, pa.Table) else _as_arrow(source)
    for name in _NEEDED:
        if name not in table.column_names:
            raise DataError(
                f"the table of answers has no column {name!r}.",
                hint=did_you_mean(name, table.column_names),
            )
    con = duckdb.connect(":memory:")
    con.register("given_arrow", table)
    lacking = [name for name in _OPTIONAL if name not in table.column_names]
    extra = "".join(f", CAST(NULL AS VARCHAR) AS {name}" for name in lacking)
    con.execute(f"CREATE TEMP VIEW given AS SELECT *{extra} FROM given_arrow")
    return con


def _as_arrow(source: Any) -> pa.Table:
    if hasattr(source, "to_arrow"):
        return source.to_arrow()
    if hasattr(source, "columns") and hasattr(source, "index"):
        return pa.Table.from_pandas(source, preserve_index=False)
    if isinstance(source, Mapping):
        return pa.table(dict(source))
    raise DataError(
        f"answers can't be read from {type(source).__name__}.",
        hint="give a registry, or a pyarrow, pandas or polars table.",
    )


def prepare(
    con: duckdb.DuckDBPyConnection, chosen: tuple[Instrument, ...], assumed: dict[str, str]
) -> None:
    """Make the tables ``answer`` and ``sheet``: numbered answers and questionnaires.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        With the view ``given``.
    chosen : tuple of Instrument
        What is scored; ``answer.scored_as`` is the place in it, null where nothing scores the
        answer and ``why`` says why.
    assumed : dict
        Version by instrument where none is recorded.
    """
    con.execute("""
        CREATE TEMP TABLE rules_of
            (instrument VARCHAR, version VARCHAR, scored_as INTEGER, why VARCHAR)""")
    pairs = con.execute("SELECT DISTINCT instrument, version FROM given ORDER BY ALL").fetchall()
    if pairs:
        rows = [(n, v, *_rules_of(n, v, chosen, assumed)) for n, v in pairs]
        con.executemany("INSERT INTO rules_of VALUES (?, ?, ?, ?)", rows)
    items = [(p, k, name) for p, i in enumerate(chosen) for k, name in enumerate(i.item_names)]
    places, numbers, names = zip(*items, strict=True)
    con.register("item_rows", pa.table({"p": places, "k": numbers, "name": names}))
    con.execute("""
        CREATE TEMP TABLE answer AS
        SELECT g.patient_id, g.instrument, g.version, CAST(g.date AS DATE) AS date,
            CASE WHEN g.date IS NOT NULL THEN coalesce(g.date_precision, 'day') END
                AS date_precision,
            g.item, CAST(g.value AS DOUBLE) AS value,
            coalesce(g.missing_reason = 'not_applicable', false) AS skipped,
            r.scored_as, r.why, CAST(i.k AS INTEGER) AS item_no
        FROM given g
        JOIN rules_of r ON g.instrument IS NOT DISTINCT FROM r.instrument
            AND g.version IS NOT DISTINCT FROM r.version
        LEFT JOIN item_rows i ON i.p = r.scored_as AND i.name = upper(trim(g.item))""")
    con.execute("""
        CREATE TEMP TABLE sheet AS
        SELECT scored_as, patient_id, date, date_precision,
            row_number() OVER (PARTITION BY scored_as
                ORDER BY patient_id, date, date_precision) - 1 AS sheet_no
        FROM (SELECT DISTINCT scored_as, patient_id, date, date_precision
              FROM answer WHERE item_no IS NOT NULL)""")


def _rules_of(
    name: str, version: str | None, chosen: tuple[Instrument, ...], assumed: dict[str, str]
) -> tuple[int | None, str | None]:
    if name not in {i.instrument for i in chosen}:
        return None, "instrument-not-asked-for"
    used = version if version is not None and version.strip() else assumed.get(name)
    if used is None:
        return None, "version-not-recorded"
    for place, instrument in enumerate(chosen):
        same = normal_version(instrument.version) == normal_version(used)
        if instrument.instrument == name and same:
            return place, None
    return None, "version-not-scored"


def gather(con: duckdb.DuckDBPyConnection, place: int, instrument: Instrument) -> Sheets:
    """Return the questionnaires of one instrument as arrays.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``prepare``.
    place : int
        Place of the instrument among those chosen.
    instrument : Instrument
        The instrument.

    Returns
    -------
    Sheets
        Answers that stand several times with one value count once; with several values they
        count as missing.
    """
    keys = con.execute(
        """SELECT patient_id, date, date_precision FROM sheet WHERE scored_as = ?
        ORDER BY sheet_no""",
        [place],
    ).to_arrow_table()
    found = con.execute(
        """SELECT s.sheet_no, a.item_no, a.value, a.skipped
        FROM answer a JOIN sheet s ON a.scored_as = s.scored_as
            AND a.patient_id IS NOT DISTINCT FROM s.patient_id
            AND a.date IS NOT DISTINCT FROM s.date
            AND a.date_precision IS NOT DISTINCT FROM s.date_precision
        WHERE a.item_no IS NOT NULL AND a.scored_as = ?""",
        [place],
    ).to_arrow_table()
    shape = (keys.num_rows, len(instrument.item_names))
    cell = found.column("sheet_no").to_numpy() * shape[1] + found.column("item_no").to_numpy()
    value = found.column("value").to_numpy()
    given = ~np.isnan(value)
    least, most = np.full(shape, np.inf).ravel(), np.full(shape, -np.inf).ravel()
    np.minimum.at(least, cell[given], value[given])
    np.maximum.at(most, cell[given], value[given])
    skipped = np.zeros(shape, dtype=bool).ravel()
    skipped[cell[found.column("skipped").to_numpy()]] = True
    times = np.bincount(cell, minlength=1)
    return Sheets(
        keys=keys,
        answers=np.where(least == most, least, np.nan).reshape(shape),
        not_applicable=skipped.reshape(shape),
        repeated=bool(times.max() > 1),
    )
