"""The primary that counts, and the first distant metastasis, as of a date."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.options import PrimaryChoice
from locoreg.registry.definitions import BREAST, DISTANT_LESION, M1, NOT_DISTANT
from locoreg.registry.store.views import literal

if TYPE_CHECKING:
    import duckdb

# What make_first_metastasis reads.
MET_TABLES = ("primary_tumour", "disease_event", "lesion", "imaging_assessment")
_NOT_DISTANT = f"({', '.join(literal(organ) for organ in NOT_DISTANT)})"
IS_DISTANT = f"""CASE
    WHEN is_regional OR organ IN {_NOT_DISTANT} THEN 'no'
    WHEN organ IS NULL AND is_regional IS NULL THEN 'unknown'
    ELSE 'yes' END"""


def make_primary(con: duckdb.DuckDBPyConnection, primary: PrimaryChoice) -> None:
    """Make ``chosen_primary``: one tumour per patient with the bounds of its date.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``asof.prepare``.
    primary : {"first", "latest"}
        Which of several primaries. Tumours whose topography is not the breast are passed over.
    """
    order = "d_min, d_max, tumour_id" if primary == "first" else "d_min DESC, d_max DESC, tumour_id"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE chosen_primary AS
        SELECT patient_id, tumour_id, d_min AS dx_min, d_max AS dx_max, n_primaries, m1,
            regexp_matches(cm, '^\\s*[cp]?M?\\s*0', 'i') AS m0
        FROM (
            SELECT patient_id, tumour_id, d_min, d_max, cm,
                {M1} AS m1,
                count(*) OVER (PARTITION BY patient_id) AS n_primaries,
                row_number() OVER (PARTITION BY patient_id ORDER BY {order}) AS place
            FROM known_primary_tumour
            WHERE {BREAST})
        WHERE place = 1""")


def make_first_metastasis(con: duckdb.DuckDBPyConnection, *, primary: PrimaryChoice) -> None:
    """Make ``first_met``: the bounds of the first distant metastasis and what it rests on.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``asof.prepare``.
    primary : {"first", "latest"}
        Which of several primaries counts.
    """
    make_primary(con, primary)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE met_evidence AS
        SELECT patient_id, 'M1' AS basis, d_min, d_max
        FROM known_primary_tumour WHERE {BREAST} AND {M1}
        UNION ALL
        SELECT patient_id, type, d_min, d_max FROM known_disease_event
        WHERE type = 'distant_recurrence'
        UNION ALL
        SELECT patient_id, 'lesion', d_min, d_max FROM known_lesion WHERE {DISTANT_LESION}
        UNION ALL
        SELECT patient_id, 'imaging', d_min, d_max FROM known_imaging_assessment
        WHERE n_lesions > 0""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE first_met AS
        WITH bounds AS (
            SELECT patient_id, min(d_min) AS met_min, min(d_max) AS met_max,
                min(d_min) FILTER (basis <> 'M1') AS seen_min,
                min(d_max) FILTER (basis <> 'M1') AS seen_max
            FROM met_evidence GROUP BY patient_id),
        rests AS (
            SELECT e.patient_id, array_to_string(list_sort(list(DISTINCT e.basis)), ';') AS basis
            FROM met_evidence e JOIN bounds b ON e.patient_id = b.patient_id
                AND e.d_min <= b.met_max
            GROUP BY e.patient_id)
        SELECT a.patient_id, a.as_of, p.tumour_id, p.dx_min, p.dx_max, p.n_primaries,
            coalesce(p.m1, false) AS m1, coalesce(p.m0, false) AS m0,
            b.met_min, b.met_max, b.seen_min, b.seen_max, r.basis
        FROM as_of a
        LEFT JOIN chosen_primary p USING (patient_id)
        LEFT JOIN bounds b USING (patient_id)
        LEFT JOIN rests r USING (patient_id)""")
