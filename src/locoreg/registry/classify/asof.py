"""Evidence as of a date: the only tables that the derivations read."""

from __future__ import annotations

import datetime as dt
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from locoreg.core.errors import DataError, DesignError, did_you_mean
from locoreg.registry.classify.given import given_table
from locoreg.registry.classify.metastasis import MET_TABLES, make_first_metastasis
from locoreg.registry.store import Registry
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    import duckdb
    import pyarrow as pa

# The date that decides whether a row was known, and the columns that the derivations read.
DATED = {
    "primary_tumour": ("dx_date", "tumour_id topography cm pm stage_group"),
    "receptor_assay": (
        "sample_date",
        "tumour_id context marker value_num value_unit value_code operator interpretation",
    ),
    "lesion": ("first_seen_date", "lesion_id organ is_regional"),
    "imaging_assessment": (
        "date",
        "assess_id modality regions response n_lesions n_lesions_is_lower_bound brain_imaged",
    ),
    "disease_event": ("date", "type organs"),
    "systemic_line": (
        "start_date",
        "line_id setting line_no end_date end_date_precision end_date_reason end_reason",
    ),
    "local_therapy": (
        "start_date",
        "lt_id target lesion_id tumour_id organ modality intent approach margin dose_gy fractions "
        "all_sites_treated end_date end_date_precision start_date start_date_precision",
    ),
    "biomarker": ("date", "fluid analyte gene value unit lod detected assay"),
}
_DATES = ("patient_id", "as_of")
# Read once: numbered in passing instead of being kept.
_READ_ONCE = ("receptor_assay", "biomarker")
# What a local therapy was in the end is not known before it ended.
_FINISHED = "coalesce(date_latest(t.end_date, t.end_date_precision) <= a.as_of, true)"
_IN_THE_END = ("margin", "dose_gy", "fractions")


@dataclass(frozen=True, slots=True, kw_only=True)
class AsOf:
    """The dates as of which patients are classified.

    Attributes
    ----------
    text : str
        What was asked for.
    n_patients : int
        Patients classified.
    n_without_date : int
        Patients of the registry without such a date: left out.
    n_unknown : int
        Patients of the given table whom the registry does not hold.
    evidence : dict
        By table the rows known by the date, later, of a month or year that holds the date
        (``across``), and without a date. Only the known ones are used.
    """

    text: str
    n_patients: int
    n_without_date: int
    n_unknown: int
    evidence: dict[str, dict[str, int]]

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "as_of": self.text,
            "patients": self.n_patients,
            "patients_without_date": self.n_without_date,
            "patients_not_in_registry": self.n_unknown,
            "evidence": self.evidence,
        }


def prepare(con: duckdb.DuckDBPyConnection, as_of: Any, *, tables: Collection[str]) -> AsOf:
    """Make the table ``as_of`` and one ``known_*`` view per table of evidence.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        From ``Registry.connect()``.
    as_of : date, str or table
        A date; ``patient.entry_date`` or another date column of the patient table (the first day
        of its period); or a table with the columns patient_id and as_of, one row per patient.
    tables : collection of str
        Tables of evidence to prepare, of ``DATED``.

    Returns
    -------
    AsOf
        What was asked for and what is left out.

    Raises
    ------
    DataError, DesignError
        If it can't be understood, or a patient has several dates.
    """
    text, sql = _asked(con, as_of)
    con.execute(f"CREATE TEMP TABLE asked_dates AS {sql}")
    twice = con.execute(
        "SELECT patient_id FROM asked_dates GROUP BY 1 HAVING count(*) > 1 ORDER BY 1 LIMIT 1"
    ).fetchone()
    if twice:
        raise DataError(
            f"patient {twice[0]!r} has several rows in the table of dates.",
            hint="give one date per patient; classify other dates in a call of their own.",
        )
    con.execute("""
        CREATE TEMP TABLE as_of AS
        SELECT CAST(row_number() OVER (ORDER BY p.patient_id) AS INTEGER) AS patient_id,
            p.patient_id AS pseudonym, a.as_of
        FROM patient p JOIN asked_dates a USING (patient_id) WHERE a.as_of IS NOT NULL""")
    con.execute("""
        CREATE TEMP TABLE n_across (patient_id INTEGER, table_name VARCHAR, n BIGINT)""")
    evidence = {table: _known(con, table) for table in DATED if table in tables}
    if "imaging_assessment" in tables:
        _known_measurements(con)
    counts = con.execute("""
        SELECT (SELECT count(*) FROM as_of), (SELECT count(*) FROM patient),
            (SELECT count(*) FROM asked_dates ANTI JOIN patient USING (patient_id))""").fetchall()
    n, n_all, n_unknown = counts[0]
    return AsOf(
        text=text, n_patients=n, n_without_date=n_all - n, n_unknown=n_unknown, evidence=evidence
    )


def _asked(con: duckdb.DuckDBPyConnection, as_of: Any) -> tuple[str, str]:
    if isinstance(as_of, dt.date):
        day = as_of.date() if isinstance(as_of, dt.datetime) else as_of
        return day.isoformat(), (
            f"SELECT patient_id, DATE '{day.isoformat()}' AS as_of FROM patient"
        )
    if isinstance(as_of, str):
        return _asked_by_text(con, as_of)
    import duckdb

    con.register("given_dates", given_table(as_of, what="dates", columns=_DATES))
    try:
        con.execute("SELECT CAST(as_of AS DATE) FROM given_dates").fetchall()
    except duckdb.Error as error:
        raise DataError(
            f"the column as_of does not hold dates: {str(error).splitlines()[0]}",
            hint="write dates as 2020-05-31.",
        ) from error
    return "a date per patient", (
        "SELECT CAST(patient_id AS VARCHAR) AS patient_id, CAST(as_of AS DATE) AS as_of "
        "FROM given_dates"
    )


def _asked_by_text(con: duckdb.DuckDBPyConnection, text: str) -> tuple[str, str]:
    try:
        return _asked(con, dt.date.fromisoformat(text))
    except ValueError:
        pass
    columns = [f"patient.{c.name}" for c in TABLES["patient"].columns if c.type == "date"]
    if text not in columns:
        raise DesignError(
            f"{text!r} is no date to classify as of.",
            hint=did_you_mean(text, columns) or f"give a date or one of {', '.join(columns)}.",
        )
    column = text.removeprefix("patient.")
    return text, f'SELECT patient_id, "{column}" AS as_of FROM patient'


def _known(con: duckdb.DuckDBPyConnection, table: str) -> dict[str, int]:
    """Make the view of rows that were certainly known, and count the others.

    ``dated_*`` holds all rows with the number of the patient and the bounds of the date;
    ``known_*`` those that were certainly known by the date.
    """
    date, columns = DATED[table]
    latest = f"date_latest(t.{date}, t.{date}_precision)"
    kept = [_column(table, name) for name in columns.split()]
    if table == "local_therapy":
        kept.append(f"{_FINISHED} AS finished")
    source = f"""
        SELECT a.patient_id, a.as_of, {", ".join(kept)}, t.{date} AS d_min, {latest} AS d_max
        FROM {table} t JOIN as_of a ON a.pseudonym = t.patient_id"""
    kind = "VIEW" if table in _READ_ONCE else "TABLE"
    con.execute(f"CREATE TEMP {kind} dated_{table} AS {source}")
    con.execute(
        f"CREATE TEMP VIEW known_{table} AS SELECT * FROM dated_{table} WHERE d_max <= as_of"
    )
    con.execute(f"""
        INSERT INTO n_across SELECT a.patient_id, '{table}', count(*)
        FROM {table} t JOIN as_of a ON a.pseudonym = t.patient_id
        WHERE t.{date}_precision IN ('month', 'year') AND t.{date} <= a.as_of
            AND {latest} > a.as_of GROUP BY 1""")
    names = ("known", "later", "across", "undated")
    counts = con.execute(f"""
        SELECT count(*) FILTER (d_max <= as_of), count(*) FILTER (d_min > as_of),
            count(*) FILTER (d_min <= as_of AND d_max > as_of), count(*) FILTER (d_min IS NULL)
        FROM dated_{table}""").fetchall()[0]
    return dict(zip(names, counts, strict=True))


def _column(table: str, name: str) -> str:
    if table == "local_therapy" and name in _IN_THE_END:
        return f"CASE WHEN {_FINISHED} THEN t.{name} END AS {name}"
    return f"t.{name}"


def _known_measurements(con: duckdb.DuckDBPyConnection) -> None:
    con.execute("""
        CREATE TEMP TABLE known_lesion_measurement AS
        SELECT i.patient_id, m.lesion_id, m.longest_mm, m.short_axis_mm, m.suv_max, m.state,
            i.as_of, i.d_min, i.d_max
        FROM lesion_measurement m
        JOIN known_imaging_assessment i ON m.assess_id = i.assess_id
        JOIN as_of a ON a.patient_id = i.patient_id AND a.pseudonym = m.patient_id""")


def drop(con: duckdb.DuckDBPyConnection, *tables: str) -> None:
    """Drop tables that no later step reads: they are held in memory."""
    for table in tables:
        con.execute(f"DROP TABLE {table}")


def read_dates(path: Path | str) -> pa.Table:
    """Read a table of dates from a CSV or Parquet file.

    Parameters
    ----------
    path : Path or str
        File with the columns patient_id and as_of.

    Returns
    -------
    pyarrow.Table
        To be given as ``as_of``.

    Raises
    ------
    DataError
        If the file can't be read or lacks a column.
    """
    import pyarrow as pa
    from pyarrow import csv, parquet

    file = Path(path)
    try:
        if file.suffix.casefold() == ".parquet":
            table = parquet.read_table(file)
        else:
            text = csv.ConvertOptions(column_types={"patient_id": pa.string()})
            table = csv.read_csv(file, convert_options=text)
    except (OSError, pa.ArrowException) as error:
        raise DataError(
            f"{file.name} can't be read: {str(error).splitlines()[0]}",
            hint="give a CSV or Parquet file with the columns patient_id and as_of.",
        ) from error
    return given_table(table, what="dates", columns=_DATES)


def first_metastasis_dates(registry: Registry, *, plus_days: int) -> pa.Table:
    """Return for each patient a day counted from the first distant metastasis.

    Parameters
    ----------
    registry : Registry
        The registry.
    plus_days : int
        Days after the first metastasis, so that staging which follows it is known.

    Returns
    -------
    pyarrow.Table
        patient_id and as_of, to be given as ``as_of``. A metastasis known to the month counts
        from the last day of it. Patients without a dated metastasis are not in it.
    """
    if not isinstance(plus_days, int) or isinstance(plus_days, bool) or plus_days < 0:
        raise DesignError("plus_days must be a whole number of at least 0.")
    with registry.connect() as con:
        # All that is known: the date itself is what is asked for here.
        prepare(con, dt.date(9999, 1, 1), tables=MET_TABLES)
        make_first_metastasis(con, primary="first")
        return con.execute(f"""
            SELECT a.pseudonym AS patient_id, met_max + {plus_days} AS as_of
            FROM first_met f JOIN as_of a USING (patient_id)
            WHERE met_max IS NOT NULL ORDER BY patient_id""").to_arrow_table()
