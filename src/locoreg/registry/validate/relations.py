"""What the rules look at: the tables, each with its patient's dates and what it refers to."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import duckdb

# Tables that a table's rows refer to: alias, table, key.
REFERENCES: dict[str, tuple[tuple[str, str, str], ...]] = {
    "receptor_assay": (("u", "primary_tumour", "tumour_id"), ("l", "lesion", "lesion_id")),
    "lesion_measurement": (("l", "lesion", "lesion_id"), ("a", "imaging_assessment", "assess_id")),
    "systemic_drug": (("s", "systemic_line", "line_id"),),
    "local_therapy": (("u", "primary_tumour", "tumour_id"), ("l", "lesion", "lesion_id")),
    "adverse_event": (("x", "local_therapy", "lt_id"),),
}


def relation(table: str, sql: str) -> str:
    """Return the FROM clause for SQL about a table's rows.

    Parameters
    ----------
    table : str
        Canonical table: alias ``t``. Its patient is ``p``, all null if unknown; what else it refers
        to has the aliases of ``REFERENCES``.
    sql : str
        What will be selected: joins that it does not use are left out.
    """
    joins = [f"{table} t"]
    for alias, other, key in (("p", "person", "patient_id"), *REFERENCES.get(table, ())):
        if re.search(rf"\b{alias}\.", sql):
            joins.append(f"LEFT JOIN {other} {alias} ON {alias}.{key} = t.{key}")
    return " ".join(joins)


MACROS = (
    # A period that a date may mean, as text: 2020, 2020-05, 2020-05-03; both ends of another one.
    """CREATE MACRO span_text(lo, hi) AS CASE
        WHEN lo = hi THEN CAST(lo AS VARCHAR)
        WHEN day(lo) = 1 AND hi = last_day(lo) THEN strftime(lo, '%Y-%m')
        WHEN dayofyear(lo) = 1 AND year(hi) = year(lo) AND month(hi) = 12 AND day(hi) = 31
            THEN strftime(lo, '%Y')
        ELSE concat(lo, ' to ', hi) END""",
    """CREATE MACRO date_text(d, p) AS CASE p
        WHEN 'month' THEN strftime(d, '%Y-%m') WHEN 'year' THEN strftime(d, '%Y')
        ELSE CAST(d AS VARCHAR) END""",
    # Check digit of a SNOMED CT identifier (Verhoeff 1969): remainder 0 in the dihedral group.
    # TRY_CAST, since a CASE around it does not keep other codes from the list's elements.
    """CREATE MACRO sctid_remainder(code) AS list_reduce(
        list_prepend(0, [TRY_CAST(d AS INTEGER) FOR d IN string_split(reverse(code), '')]),
        lambda c, d, i: TRY_CAST(substr(
            '0123456789123406789523401789563401289567401239567859876043216598710432765982104387659321049876543210',
            10 * c + 1 + TRY_CAST(substr(
                '01234567891576283094580379614289160435279453126870428657390127938064157046913258',
                10 * ((i - 2) % 8) + d + 1, 1) AS INTEGER), 1) AS INTEGER))""",
    """CREATE MACRO is_sctid(code) AS CASE
        WHEN regexp_full_match(code, '[1-9][0-9]{5,17}')
        THEN substr(code, length(code) - 2, 2) IN ('00', '10') AND sctid_remainder(code) = 0
        ELSE false END""",
)

# One row per patient: each date as the period that it may mean (lo to hi). The first metastasis is
# that of the registry's view.
PERSON = """
CREATE TEMP TABLE person AS
SELECT p.patient_id, p.site_id, p.sex, p.birth_year, p.vital_status,
    coalesce(p.calendar, 'real') AS calendar, p.entry_date AS entry_lo,
    date_latest(p.entry_date, p.entry_date_precision) AS entry_hi,
    p.last_contact_date AS contact_lo,
    date_latest(p.last_contact_date, p.last_contact_date_precision) AS contact_hi,
    p.death_date AS death_lo, date_latest(p.death_date, p.death_date_precision) AS death_hi,
    u.dx_lo, u.dx_hi, coalesce(u.n_tumours, 0) AS n_tumours, {metastasis}
FROM patient p
LEFT JOIN (
    SELECT patient_id, min(dx_date) AS dx_lo,
        min(date_latest(dx_date, dx_date_precision)) AS dx_hi, count(*) AS n_tumours
    FROM primary_tumour GROUP BY patient_id) u ON u.patient_id = p.patient_id
"""
METASTASIS = "m.date AS met_lo, date_latest(m.date, m.date_precision) AS met_hi"
NO_METASTASIS = "CAST(NULL AS DATE) AS met_lo, CAST(NULL AS DATE) AS met_hi"
JOIN_METASTASIS = "LEFT JOIN first_metastasis m ON m.patient_id = p.patient_id"
# Local treatment of metastatic disease: of a lesion, or of the primary once it has spread.
TREATED = """
CREATE TEMP TABLE treated AS
SELECT t.patient_id, min(t.start_date) AS local_lo,
    min(date_latest(t.start_date, t.start_date_precision)) AS local_hi
FROM local_therapy t JOIN person p ON p.patient_id = t.patient_id
WHERE t.start_date IS NOT NULL AND p.met_lo IS NOT NULL
    AND t.intent IS DISTINCT FROM 'diagnostic'
    AND (t.target = 'lesion' OR (t.target = 'primary'
        AND date_latest(t.start_date, t.start_date_precision) >= p.met_lo))
GROUP BY t.patient_id
"""
# Codes that claim to be SNOMED CT identifiers and can't be.
BAD_SNOMED = """
CREATE TEMP TABLE bad_snomed AS
SELECT code FROM (
    SELECT snomed_body_site AS code FROM lesion
    UNION SELECT procedure_code FROM local_therapy WHERE procedure_system ILIKE 'snomed%'
    UNION SELECT drug_code FROM systemic_drug WHERE drug_system = 'SNOMED'
    UNION SELECT code FROM comorbidity WHERE system = 'SNOMED')
WHERE code IS NOT NULL AND NOT is_sctid(code)
"""


def prepare(con: duckdb.DuckDBPyConnection, sql: str) -> None:
    """Make the macros, and of the tables that rules share those that are needed.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        Connection to the registry.
    sql : str
        All that will be asked.
    """
    for macro in MACROS:
        con.execute(macro)
    if re.search(r"\b(met_lo|met_hi|treated)\b", sql):
        con.execute(PERSON.format(metastasis=METASTASIS) + JOIN_METASTASIS)
    else:
        con.execute(PERSON.format(metastasis=NO_METASTASIS))
    if re.search(r"\btreated\b", sql):
        con.execute(TREATED)
    if re.search(r"\bbad_snomed\b", sql):
        con.execute(BAD_SNOMED)
