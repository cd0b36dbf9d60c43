"""Response and ctDNA over time."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.asof import drop
from locoreg.registry.classify.options import CtdnaOptions

if TYPE_CHECKING:
    import duckdb

# Best first.
RESPONSES = ("CR", "PR", "SD", "PD", "NE")
CTDNA = ("ctDNA_fraction", "VAF")


def build_response(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``d_response``: latest response, and the best one since the current line began.

    The best response ends with the first progression in the line: what comes after it is another
    treatment's.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``therapy.build_lines`` and ``make_first_metastasis``.
    """
    rank = " ".join(f"WHEN '{word}' THEN {place}" for place, word in enumerate(RESPONSES))
    words = " ".join(f"WHEN {place} THEN '{word}'" for place, word in enumerate(RESPONSES))
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_response AS
        WITH origin AS (
            SELECT f.patient_id, CASE WHEN l.line_id IS NOT NULL THEN l.line_start_max
                    WHEN l.n_latest_lines = 0 THEN f.met_max END AS since,
                l.line_id, l.n_latest_lines, f.met_max
            FROM first_met f JOIN d_current_line l USING (patient_id)),
        seen AS (
            SELECT i.patient_id, i.d_min, i.d_max, CASE i.response {rank} END AS place,
                o.since, max(i.d_min) OVER one AS latest,
                min(i.d_min) FILTER (i.response = 'PD' AND i.d_min > o.since) OVER one AS first_pd
            FROM known_imaging_assessment i JOIN origin o USING (patient_id)
            WHERE i.response IS NOT NULL
            WINDOW one AS (PARTITION BY i.patient_id)),
        latest AS (
            -- Several assessments of the last day: the worst of them, NE only if alone.
            SELECT patient_id, any_value(latest) AS latest_date,
                coalesce(max(place) FILTER (place < 4), 4) AS place,
                count(DISTINCT place) > 1 AS several
            FROM seen WHERE d_max >= latest GROUP BY patient_id),
        best AS (
            SELECT patient_id, min(place) AS place, arg_min(d_min, (place, d_min)) AS best_date
            FROM seen WHERE d_min > since AND (first_pd IS NULL OR d_min <= first_pd)
            GROUP BY patient_id)
        SELECT o.patient_id, CASE l.place {words} END AS latest_response,
            l.latest_date AS latest_response_date,
            coalesce(l.several, false) AS latest_responses_differ,
            CASE b.place {words} END AS best_response, b.best_date AS best_response_date,
            o.since AS best_response_since, o.line_id AS best_response_line_id,
            CASE WHEN b.place IS NULL THEN CASE
                WHEN o.n_latest_lines > 1 THEN 'several_lines_began_last'
                WHEN o.since IS NULL THEN 'no_metastatic_line_and_no_metastasis'
                ELSE 'no_assessment_since' END END AS best_response_reason
        FROM origin o LEFT JOIN latest l USING (patient_id) LEFT JOIN best b USING (patient_id)""")


def build_ctdna(con: duckdb.DuckDBPyConnection, options: CtdnaOptions) -> None:
    """Make ``d_ctdna`` (one row per patient and day) and ``d_ctdna_status`` (per patient).

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``asof.prepare``.
    options : CtdnaOptions
        How much a rising value rises.
    """
    analytes = ", ".join(f"'{name}'" for name in CTDNA)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE ctdna_result AS
        SELECT patient_id, d_min, d_max, value,
                concat_ws('|', analyte, gene, unit, assay) AS series,
                CASE WHEN detected IS NOT NULL AND value IS NOT NULL AND lod IS NOT NULL
                        AND detected <> (value >= lod) THEN 'contradictory'
                    WHEN detected THEN 'positive' WHEN NOT detected THEN 'negative'
                    WHEN value >= lod THEN 'positive' WHEN value < lod THEN 'negative' END AS says
            FROM known_biomarker
            WHERE analyte IN ({analytes}) AND coalesce(fluid, 'plasma') IN
                ('plasma', 'serum', 'blood')""")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_ctdna AS
        WITH per_series AS (
            SELECT patient_id, d_min, max(d_max) AS d_max, series,
                max(value) FILTER (says = 'positive') AS value
            FROM ctdna_result GROUP BY patient_id, d_min, series),
        steps AS (
            SELECT *, lag(value IGNORE NULLS) OVER (PARTITION BY patient_id, series
                ORDER BY d_min) AS before,
                lag(CASE WHEN value IS NOT NULL THEN d_max END IGNORE NULLS) OVER (
                    PARTITION BY patient_id, series ORDER BY d_min) AS before_max
            FROM per_series),
        rises AS (
            SELECT patient_id, d_min,
                bool_or(value >= {options.rising_ratio} * before AND before_max < d_min) AS rising
            FROM steps WHERE value IS NOT NULL GROUP BY patient_id, d_min),
        days AS (
            SELECT patient_id, d_min, max(d_max) AS d_max, count(*) AS n_results,
                CASE WHEN bool_or(says = 'positive') THEN 'positive'
                    WHEN bool_or(says = 'contradictory') THEN 'contradictory'
                    WHEN bool_and(says = 'negative' AND says IS NOT NULL) THEN 'negative' END
                    AS result
            FROM ctdna_result GROUP BY patient_id, d_min),
        known AS (
            SELECT *, lag(CASE WHEN result IN ('positive', 'negative') THEN result END IGNORE NULLS)
                    OVER one AS before,
                lag(CASE WHEN result IN ('positive', 'negative') THEN d_max END IGNORE NULLS)
                    OVER one AS before_max
            FROM days WINDOW one AS (PARTITION BY patient_id ORDER BY d_min))
        SELECT k.patient_id, k.d_min AS date_min, k.d_max AS date_max, k.n_results,
            CASE WHEN k.result = 'negative' AND k.before = 'positive'
                AND k.before_max < k.d_min THEN 'cleared'
                WHEN k.result = 'positive' AND r.rising THEN 'rising'
                WHEN k.result = 'contradictory' THEN NULL ELSE k.result END AS status,
            CASE WHEN k.result = 'contradictory' THEN 'detected_flag_against_value'
                WHEN k.result IS NULL THEN 'no_flag_and_no_limit_of_detection' END AS status_reason,
            k.before AS result_before
        FROM known k LEFT JOIN rises r ON r.patient_id = k.patient_id AND r.d_min = k.d_min""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE d_ctdna_status AS
        SELECT a.patient_id, arg_max_null(c.status, c.date_min) AS ctdna_status,
            CASE WHEN count(c.date_min) = 0 THEN 'no_ctdna'
                ELSE arg_max_null(c.status_reason, c.date_min) END AS ctdna_reason,
            max(c.date_min) AS ctdna_date_min, arg_max(c.date_max, c.date_min) AS ctdna_date_max,
            count(c.date_min) AS n_ctdna_days,
            count(c.date_min) FILTER (c.status IN ('positive', 'rising')) AS n_ctdna_positive
        FROM as_of a LEFT JOIN d_ctdna c USING (patient_id) GROUP BY a.patient_id""")
    drop(con, "ctdna_result")
