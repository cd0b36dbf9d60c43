"""Completeness: values per variable, by year and by site."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.registry.tables import CLINICAL, PROVENANCE, TABLES, Column
from locoreg.registry.validate.relations import relation

if TYPE_CHECKING:
    import duckdb

# The date by whose year the rows of a table are told apart; that of the diagnosis if not given.
YEAR_OF = {
    "receptor_assay": "t.sample_date",
    "lesion": "t.first_seen_date",
    "imaging_assessment": "t.date",
    "lesion_measurement": "a.date",
    "disease_event": "t.date",
    "systemic_line": "t.start_date",
    "systemic_drug": "coalesce(t.start_date, s.start_date)",
    "local_therapy": "t.start_date",
    "biomarker": "t.date",
    "performance": "t.date",
    "comorbidity": "t.date",
    "adverse_event": "t.start_date",
    "qol_response": "t.date",
    "qol_score": "t.date",
    "observation_window": "t.start_date",
}
# When a variable does not apply, though no reason says so.
NOT_ASKED = {
    ("patient", "death_date"): "t.vital_status = 'alive'",
    ("patient", "death_cause"): "t.vital_status = 'alive'",
    ("local_therapy", "dose_gy"): "t.modality IN ('surgery', 'rfa', 'microwave', 'cryo')",
    ("local_therapy", "fractions"): "t.modality IN ('surgery', 'rfa', 'microwave', 'cryo')",
    ("local_therapy", "margin"): "t.modality <> 'surgery'",
    ("local_therapy", "closest_margin_mm"): "t.modality <> 'surgery'",
    ("local_therapy", "clavien_dindo"): "t.modality <> 'surgery'",
}
# What a patient may have at least one row of; the second entry: of which patients it is asked.
PRESENT = {
    "ER of the primary": ("receptor_assay", "marker = 'ER' AND context = 'primary'", "true"),
    "PR of the primary": ("receptor_assay", "marker = 'PR' AND context = 'primary'", "true"),
    "HER2 of the primary": (
        "receptor_assay",
        "marker IN ('HER2', 'HER2_IHC', 'HER2_ISH') AND context = 'primary'",
        "true",
    ),
    "a diagnosed primary": ("primary_tumour", "dx_date IS NOT NULL", "true"),
    "a dated death or last contact": (
        "patient",
        "death_date IS NOT NULL OR last_contact_date IS NOT NULL",
        "true",
    ),
    "a receptor of a metastasis": (
        "receptor_assay",
        "context = 'metastasis'",
        "p.met_lo IS NOT NULL",
    ),
    "a lesion": ("lesion", "true", "p.met_lo IS NOT NULL"),
    "an imaging assessment": ("imaging_assessment", "true", "p.met_lo IS NOT NULL"),
    "a number of lesions": ("imaging_assessment", "n_lesions IS NOT NULL", "p.met_lo IS NOT NULL"),
    "a systemic line": ("systemic_line", "true", "p.met_lo IS NOT NULL"),
    "an ECOG status": ("performance", "ecog IS NOT NULL", "p.met_lo IS NOT NULL"),
    "a comorbidity looked for": ("comorbidity", "true", "p.met_lo IS NOT NULL"),
}
PATIENTS_WITH = "patients with"
_CREATE = """CREATE TEMP TABLE completeness (table_name VARCHAR, column_name VARCHAR, site VARCHAR,
    year INTEGER, n BIGINT, n_values BIGINT, n_not_applicable BIGINT)"""
_SITE = "coalesce(p.site_id, 'site not stated')"


def place_of(table: str | None, column: str | None) -> str:
    """Return ``table.column``, or ``patients with`` and what they have."""
    return f"{table} {column}" if table == PATIENTS_WITH else f"{table}.{column}"


@dataclass(frozen=True, slots=True, kw_only=True)
class Completeness:
    """How many values a variable has in one group.

    Attributes
    ----------
    table, column : str
        Variable; for ``patients with`` what a patient has at least one row of.
    by : {"all", "year", "site"}
        What the group is formed by.
    group : str
        Year or site; empty for all.
    rows : int
        Rows (patients) in which a value could be: those where it is not applicable are left out.
    values : int
        Rows with a value.
    not_applicable : int
        Rows left out.
    """

    table: str
    column: str
    by: str
    group: str
    rows: int
    values: int
    not_applicable: int

    @property
    def share(self) -> float | None:
        """Share with a value; None where none could be."""
        return self.values / self.rows if self.rows else None

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {
            "table": self.table,
            "column": self.column,
            "by": self.by,
            "group": self.group,
            "rows": self.rows,
            "values": self.values,
            "not_applicable": self.not_applicable,
            "share": self.share,
        }


def variables(table: str) -> tuple[Column, ...]:
    """Return the columns of a table whose completeness is counted."""
    return tuple(
        column
        for column in TABLES[table].columns
        if not column.key
        and column.of is None
        and column.name not in PROVENANCE
        and column.name not in ("patient_id", "calendar")
    )


def count_completeness(
    con: duckdb.DuckDBPyConnection, tables: Collection[str]
) -> tuple[Completeness, ...]:
    """Count values of all variables by year and site.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Prepared connection; the counts stay in its table ``completeness``.
    tables : collection of str
        Tables that have rows.

    Returns
    -------
    tuple of Completeness
        By table, variable, and group.
    """
    con.execute(_CREATE)
    for table in CLINICAL:
        if table in tables:
            con.execute(_count_table(table))
    con.execute(_count_present())
    rows = con.execute(
        """SELECT table_name, column_name, CASE WHEN grouping(year) = 0 THEN 'year'
            WHEN grouping(site) = 0 THEN 'site' ELSE 'all' END AS by,
            CASE WHEN grouping(year) = 0 THEN coalesce(CAST(year AS VARCHAR), 'no year')
            WHEN grouping(site) = 0 THEN site ELSE '' END AS grp,
            CAST(sum(n) AS BIGINT), CAST(sum(n_values) AS BIGINT),
            CAST(sum(n_not_applicable) AS BIGINT)
        FROM completeness
        GROUP BY GROUPING SETS ((table_name, column_name), (table_name, column_name, year),
            (table_name, column_name, site))"""
    ).fetchall()
    order = {name: place for place, name in enumerate((PATIENTS_WITH, *CLINICAL))}
    places = {
        (table, column.name): place
        for table in CLINICAL
        for place, column in enumerate(variables(table))
    }
    places |= {(PATIENTS_WITH, name): place for place, name in enumerate(PRESENT)}
    rows.sort(
        key=lambda r: (order[r[0]], places[r[0], r[1]], ("all", "year", "site").index(r[2]), r[3])
    )
    return tuple(
        Completeness(
            table=table,
            column=column,
            by=by,
            group=group,
            rows=n - without,
            values=values,
            not_applicable=without,
        )
        for table, column, by, group, n, values, without in rows
    )


def _count_table(table: str) -> str:
    date = YEAR_OF.get(table, "p.dx_lo")
    counts, structs = [], []
    names = set(TABLES[table].names)
    for number, column in enumerate(variables(table)):
        name = f't."{column.name}"'
        counts.append(f"count({name}) AS v{number}")
        unasked = []
        if f"{column.name}_reason" in names:
            unasked.append(f"t.\"{column.name}_reason\" = 'not_applicable'")
        if (table, column.name) in NOT_ASKED:
            unasked.append(NOT_ASKED[table, column.name])
        without = f"w{number}" if unasked else "0"
        if unasked:
            counts.append(
                f"count(*) FILTER ({name} IS NULL AND ({' OR '.join(unasked)})) AS w{number}"
            )
        structs.append(f"{{'c': '{column.name}', 'v': v{number}, 'w': CAST({without} AS BIGINT)}}")
    return f"""INSERT INTO completeness
    SELECT '{table}', r.c, site, year, n, r.v, r.w FROM (
        SELECT site, year, n, unnest([{", ".join(structs)}]) AS r FROM (
            SELECT {_SITE} AS site, {_year(date)} AS year, count(*) AS n, {", ".join(counts)}
            FROM {relation(table, _SITE + date)} GROUP BY ALL))"""


def _count_present() -> str:
    structs, counts = [], []
    for number, (name, (table, where, asked)) in enumerate(PRESENT.items()):
        having = f"p.patient_id IN (SELECT patient_id FROM {table} WHERE {where})"
        counts.append(f"count(*) FILTER ({asked}) AS n{number}")
        counts.append(f"count(*) FILTER ({asked} AND {having}) AS v{number}")
        structs.append(f"{{'c': '{name}', 'n': n{number}, 'v': v{number}}}")
    return f"""INSERT INTO completeness
    SELECT '{PATIENTS_WITH}', r.c, site, year, r.n, r.v, 0 FROM (
        SELECT site, year, unnest([{", ".join(structs)}]) AS r FROM (
            SELECT {_SITE} AS site, {_year("p.dx_lo")} AS year, {", ".join(counts)}
            FROM person p GROUP BY ALL))"""


def _year(date: str) -> str:
    return f"CASE WHEN p.calendar = 'real' THEN year({date}) END"
