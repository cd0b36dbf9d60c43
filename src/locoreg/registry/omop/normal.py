"""Values of a CDM as they are needed: 64-bit ids, days, trimmed texts, finite numbers."""

from __future__ import annotations

from locoreg.registry.omop.model import CDM

WHOLE = {"TINYINT", "SMALLINT", "INTEGER", "BIGINT", "UTINYINT", "USMALLINT", "UINTEGER"}
REAL = {"FLOAT", "DOUBLE"}


def quoted(name: str) -> str:
    """Return a name as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def select_list(table: str, names: dict[str, str | None], types: dict[str, str]) -> str:
    """Return the SELECT list that turns a CDM table into its normal form.

    Parameters
    ----------
    table : str
        CDM table.
    names : dict
        Name of each column as it stands, None where it is missing.
    types : dict
        DuckDB type of each column by the name as it stands.

    Returns
    -------
    str
        Every column of the table; ``<date>_p``, the precision of each date; and ``unreadable``, the
        names of the columns whose value could not be read.
    """
    items, broken = [], []
    for column in CDM[table].columns:
        stands = names[column.name]
        if stands is None:
            raw, kind = "NULL", "VARCHAR"
        else:
            raw, kind = f"r.{quoted(stands)}", types[stands]
        value = normal(raw, column.kind, kind)
        items.append(f"{value} AS {column.name}")
        if column.kind == "date":
            items.append(f"{precision(raw, kind)} AS {column.name}_p")
        if column.kind != "text" and kind not in WHOLE:
            text = f"nullif(trim(CAST({raw} AS VARCHAR)), '')"
            broken.append(
                f"CASE WHEN {text} IS NOT NULL AND {value} IS NULL THEN '{column.name}' END"
            )
    unreadable = f"nullif(concat_ws(' ', {', '.join(broken)}), '')" if broken else "NULL"
    return ", ".join([*items, f"CAST({unreadable} AS VARCHAR) AS unreadable"])


def normal(raw: str, kind: str, stored: str) -> str:
    """Return the SQL expression of a value in its normal form, null if it can't be read."""
    text = f"trim(CAST({raw} AS VARCHAR))"
    if kind == "id":
        return _id(raw, stored, text)
    if kind == "date":
        return _date(raw, stored, text)
    if kind == "number":
        number = (
            f"CAST({raw} AS DOUBLE)" if stored in WHOLE | REAL else f"TRY_CAST({text} AS DOUBLE)"
        )
        return f"CASE WHEN isfinite({number}) THEN {number} END"
    return f"nullif({text}, '')"


def precision(raw: str, stored: str) -> str:
    """Return the SQL expression of the precision of a date."""
    text = f"trim(CAST({raw} AS VARCHAR))"
    if stored == "DATE" or stored.startswith("TIMESTAMP"):
        return f"CASE WHEN {raw} IS NOT NULL THEN 'day' END"
    return (
        f"CASE length({text}) WHEN 0 THEN NULL WHEN 4 THEN 'year' WHEN 6 THEN 'month' "
        f"WHEN 7 THEN 'month' ELSE 'day' END"
    )


def _id(raw: str, stored: str, text: str) -> str:
    if stored in WHOLE:
        return f"CAST({raw} AS BIGINT)"
    if stored in REAL:
        # Beyond 2^53 a floating-point number is no longer one particular id.
        return (
            f"CASE WHEN {raw} = floor({raw}) AND abs({raw}) < 9007199254740992 "
            f"THEN CAST({raw} AS BIGINT) END"
        )
    plain = f"TRY_CAST({text} AS BIGINT)"
    # The cast alone would also take 1.5 and 1e5; the pattern is slow and seldom needed.
    return (
        f"coalesce(CASE WHEN CAST({plain} AS VARCHAR) = {text} THEN {plain} END, "
        rf"CASE WHEN regexp_full_match({text}, '[+-]?\d{{1,19}}(\.0*)?') "
        f"THEN TRY_CAST(split_part({text}, '.', 1) AS BIGINT) END)"
    )


def _date(raw: str, stored: str, text: str) -> str:
    if stored == "DATE":
        return f"CASE WHEN isfinite({raw}) THEN {raw} END"
    if stored in ("TIMESTAMP", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"):
        return f"CASE WHEN isfinite({raw}) THEN CAST({raw} AS DATE) END"
    return (
        rf"CASE WHEN regexp_full_match({text}, '\d{{4}}-\d{{2}}-\d{{2}}([ T].*)?') "
        f"THEN TRY_CAST(left({text}, 10) AS DATE) "
        rf"WHEN regexp_full_match({text}, '\d{{8}}') "
        f"THEN CAST(try_strptime({text}, '%Y%m%d') AS DATE) "
        rf"WHEN regexp_full_match({text}, '\d{{4}}-\d{{2}}') "
        f"THEN TRY_CAST(({text} || '-01') AS DATE) "
        rf"WHEN regexp_full_match({text}, '\d{{4}}') "
        f"THEN TRY_CAST(({text} || '-01-01') AS DATE) END"
    )
