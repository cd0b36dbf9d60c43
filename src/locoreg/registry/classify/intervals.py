"""Disease-free and metastasis-free interval, and de novo disease."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.options import DeNovoOptions, IntervalOptions

if TYPE_CHECKING:
    import duckdb


def build_intervals(con: duckdb.DuckDBPyConnection, options: IntervalOptions) -> None:
    """Make ``d_intervals``: days from the origin to the event, as bounds.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``make_first_metastasis``.
    options : IntervalOptions
        Origin and event.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE first_surgery AS
        SELECT t.patient_id, min(t.d_min) AS op_min, min(t.d_max) AS op_max
        FROM known_local_therapy t LEFT JOIN chosen_primary p USING (patient_id)
        WHERE t.target = 'primary' AND t.modality = 'surgery'
            AND t.intent IS DISTINCT FROM 'diagnostic'
            AND (t.tumour_id IS NULL OR p.tumour_id IS NULL OR t.tumour_id = p.tumour_id)
        GROUP BY t.patient_id""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE other_recurrence AS
        SELECT patient_id, min(d_min) AS rec_min, min(d_max) AS rec_max
        FROM known_disease_event WHERE type IN ('local_recurrence', 'regional_recurrence')
        GROUP BY patient_id""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE indirect_met AS
        SELECT patient_id, min(d_max) AS d_max FROM (
            SELECT patient_id, d_max FROM known_receptor_assay WHERE context = 'metastasis'
            UNION ALL
            SELECT patient_id, d_max FROM known_systemic_line WHERE setting = 'metastatic')
        GROUP BY patient_id""")
    surgery = options.origin == "primary_surgery"
    origin = ("s.op_min", "s.op_max") if surgery else ("f.dx_min", "f.dx_max")
    lacking = "no_surgery_of_the_primary" if surgery else "no_date_of_the_primary_diagnosis"
    any_recurrence = options.disease_free_event == "any_recurrence"
    dfi = [
        f"least(f.met_{end}, r.rec_{end})" if any_recurrence else f"f.met_{end}"
        for end in ("min", "max")
    ]
    # M1 shares the date of the diagnosis: no days lie between them whatever its precision.
    m1_free = "f.m1" if not surgery else "false"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_intervals AS
        WITH dates AS (
            SELECT f.patient_id, {origin[0]} AS o_min, {origin[1]} AS o_max,
                f.met_min, f.met_max, f.seen_min, f.seen_max, f.m1, f.basis AS met_basis,
                {dfi[0]} AS dfi_min, {dfi[1]} AS dfi_max, f.n_primaries,
                coalesce(i.d_max < coalesce(f.met_min, DATE '9999-12-31'), false)
                    AS indirect_earlier,
                {m1_free} AS at_origin,
                least(f.seen_min, {"r.rec_min" if any_recurrence else "NULL"}) AS other_min,
                least(f.seen_max, {"r.rec_max" if any_recurrence else "NULL"}) AS other_max
            FROM first_met f LEFT JOIN first_surgery s USING (patient_id)
            LEFT JOIN indirect_met i USING (patient_id)
            LEFT JOIN other_recurrence r USING (patient_id)),
        days AS (
            SELECT *,
                CASE WHEN at_origin THEN least(0, seen_min - o_max) ELSE met_min - o_max END
                    AS mfi_days_min,
                CASE WHEN at_origin THEN least(0, seen_max - o_min) ELSE met_max - o_min END
                    AS mfi_days_max,
                CASE WHEN at_origin THEN least(0, other_min - o_max) ELSE dfi_min - o_max END
                    AS dfi_days_min,
                CASE WHEN at_origin THEN least(0, other_max - o_min) ELSE dfi_max - o_min END
                    AS dfi_days_max
            FROM dates)
        SELECT patient_id, '{options.origin}' AS interval_origin,
            o_min AS interval_origin_date_min, o_max AS interval_origin_date_max,
            met_min AS first_metastasis_date_min, met_max AS first_metastasis_date_max,
            met_basis AS first_metastasis_basis,
            {_reported("mfi")}, {_why("mfi", "met_min", lacking, "no_metastasis_by_the_date")},
            {_reported("dfi")}, {_why("dfi", "dfi_min", lacking, "no_recurrence_by_the_date")},
            '{options.disease_free_event}' AS dfi_event, indirect_earlier AS mfi_indirect_earlier,
            n_primaries
        FROM days""")


def _reported(name: str) -> str:
    low, high = f"{name}_days_min", f"{name}_days_max"
    fine = f"{high} >= 0"
    return f"""CASE WHEN {fine} AND {low} = {high} THEN {low} END AS {name}_days,
        CASE WHEN {fine} THEN {low} END AS {low}, CASE WHEN {fine} THEN {high} END AS {high}"""


def _why(name: str, event: str, lacking: str, no_event: str) -> str:
    return f"""CASE WHEN o_min IS NULL THEN '{lacking}' WHEN {event} IS NULL THEN '{no_event}'
        WHEN days.{name}_days_max < 0 THEN 'event_before_origin'
        WHEN days.{name}_days_min < days.{name}_days_max THEN 'dates_not_exact_to_the_day'
        END AS {name}_reason"""


def build_de_novo(con: duckdb.DuckDBPyConnection, options: DeNovoOptions) -> None:
    """Make ``d_de_novo``: metastasis within the window around the primary diagnosis.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``make_first_metastasis``.
    options : DeNovoOptions
        Window.
    """
    days = options.window_days
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_de_novo AS
        WITH days AS (
            SELECT patient_id, m1, m0, met_min, dx_min, n_primaries,
                seen_min - dx_max AS low, seen_max - dx_min AS high
            FROM first_met),
        judged AS (
            SELECT *, CASE WHEN low IS NULL THEN NULL
                WHEN high <= {days} AND low >= -{days} THEN 'yes'
                WHEN low > {days} THEN 'no' WHEN high < -{days} THEN 'before'
                ELSE 'open' END AS seen
            FROM days)
        SELECT patient_id,
            CASE WHEN dx_min IS NULL THEN NULL WHEN m1 THEN true WHEN seen = 'yes' THEN true
                WHEN seen = 'no' THEN false END AS de_novo,
            CASE WHEN dx_min IS NULL THEN 'no_date_of_the_primary_diagnosis' WHEN m1 THEN NULL
                WHEN seen IS NULL THEN 'no_metastasis_by_the_date'
                WHEN seen = 'open' THEN 'dates_not_exact_to_the_day'
                WHEN seen = 'before' THEN 'metastasis_before_the_window' END AS de_novo_reason,
            CASE WHEN m1 AND seen = 'yes' THEN 'M1;seen' WHEN m1 THEN 'M1'
                WHEN seen = 'yes' THEN 'seen' END AS de_novo_basis,
            low AS metastasis_days_from_diagnosis_min, high AS metastasis_days_from_diagnosis_max,
            CASE WHEN m1 AND seen IN ('no', 'before') THEN 'M1_but_first_seen_outside_the_window'
                WHEN NOT m1 AND m0 AND seen = 'yes' THEN 'M0_but_seen_in_the_window' END
                AS de_novo_contradiction
        FROM judged""")
