"""Lines of systemic therapy, local therapy, SABR and complete resection."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.registry.classify.metastasis import IS_DISTANT
from locoreg.registry.classify.options import SabrOptions

if TYPE_CHECKING:
    import duckdb


def bed(dose_gy: ArrayLike, fractions: ArrayLike, *, alpha_beta_gy: float) -> NDArray[Any]:
    """Return the biologically effective dose n d (1 + d / alpha_beta).

    Parameters
    ----------
    dose_gy : array_like, shape (n,)
        Total dose in Gy.
    fractions : array_like, shape (n,)
        Number of fractions.
    alpha_beta_gy : float
        Alpha/beta of the tissue in Gy.

    Returns
    -------
    ndarray, shape (n,)
        In Gy; NaN where the dose or the fractions are unknown or not positive.

    Notes
    -----
    Fowler JF, Br J Radiol 1989;62:679.
    """
    dose, n = np.asarray(dose_gy, dtype=np.float64), np.asarray(fractions, dtype=np.float64)
    with np.errstate(invalid="ignore", divide="ignore"):
        out = dose * (1.0 + dose / n / alpha_beta_gy)
        return np.where((dose > 0) & (n > 0), out, np.nan)


def build_sabr(con: duckdb.DuckDBPyConnection, options: SabrOptions) -> None:
    """Make ``d_sabr``: one row per course of external radiotherapy up to the date.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``asof.prepare``.
    options : SabrOptions
        Limits of the inference.
    """
    fits = f"""per_fraction >= {options.least_gy_per_fraction}
        AND fractions <= {options.most_fractions} AND bed_gy >= {options.least_bed_gy}"""
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_sabr AS
        WITH courses AS (
            SELECT patient_id, lt_id, modality, approach, intent, target, lesion_id, organ,
                start_date, start_date_precision, finished,
                CASE WHEN dose_gy > 0 AND fractions > 0 THEN dose_gy END AS dose_gy,
                CASE WHEN dose_gy > 0 AND fractions > 0 THEN fractions END AS fractions
            FROM known_local_therapy
            WHERE modality IN ('sabr', 'conventional_rt', 'rt_unspecified')),
        doses AS (
            SELECT *, dose_gy / fractions AS per_fraction,
                dose_gy * (1 + dose_gy / fractions / {options.alpha_beta_gy}) AS bed_gy
            FROM courses)
        SELECT patient_id, lt_id, modality, intent, target, lesion_id, organ, start_date,
            start_date_precision, dose_gy, fractions, per_fraction AS dose_gy_per_fraction, bed_gy,
            CASE modality WHEN 'sabr' THEN true WHEN 'conventional_rt' THEN false ELSE
                CASE WHEN intent = 'palliative' OR approach = 'brachytherapy' THEN false
                    ELSE {fits} END END AS sabr,
            CASE WHEN modality <> 'rt_unspecified' THEN 'coded'
                WHEN bed_gy IS NOT NULL OR intent = 'palliative' OR approach = 'brachytherapy'
                    THEN 'inferred' END AS sabr_basis,
            CASE WHEN modality = 'rt_unspecified' AND intent IS DISTINCT FROM 'palliative'
                AND approach IS DISTINCT FROM 'brachytherapy' THEN
                CASE WHEN NOT finished THEN 'course_not_finished'
                    WHEN bed_gy IS NULL THEN 'dose_or_fractions_unknown' END END AS sabr_reason,
            modality = 'rt_unspecified' AND intent IS NULL AND coalesce({fits}, false)
                AS inferred_without_intent,
            coalesce(modality = 'conventional_rt' AND {fits}
                OR modality = 'sabr' AND NOT ({fits}), false) AS code_against_dose
        FROM doses""")


def build_local_therapy(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``d_local_therapy``: when each local therapy was, in days; no groups.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``build_sabr`` and ``make_first_metastasis``.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE d_local_therapy AS
        SELECT t.patient_id, t.lt_id, t.target, t.organ, t.modality,
            coalesce(s.sabr, false) AS sabr, t.intent, t.start_date, t.start_date_precision,
            t.d_min - f.dx_max AS days_from_diagnosis_min,
            t.d_max - f.dx_min AS days_from_diagnosis_max,
            t.d_min - f.met_max AS days_from_first_metastasis_min,
            t.d_max - f.met_min AS days_from_first_metastasis_max
        FROM known_local_therapy t JOIN first_met f USING (patient_id)
        LEFT JOIN d_sabr s USING (lt_id)""")


def build_resection(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``d_resection``: whether all sites known at the last resection were taken out R0.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``lesions.build``.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE operations AS
        SELECT patient_id, lt_id, lesion_id, target, margin, all_sites_treated, d_min, d_max
        FROM known_local_therapy
        WHERE modality = 'surgery' AND intent IS DISTINCT FROM 'diagnostic'""")
    _make_sites(con)
    con.execute("""
        CREATE OR REPLACE TEMP TABLE primaries AS
            SELECT patient_id, CASE WHEN count(*) = count(margin) THEN
                CASE WHEN bool_or(margin = 'R0') THEN 'yes'
                    WHEN bool_or(margin = 'RX') THEN 'unknown' ELSE 'no' END
                WHEN bool_or(margin = 'R0') THEN 'yes' ELSE 'unknown' END AS primary_r0
            FROM operations WHERE target = 'primary' GROUP BY patient_id""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE d_resection AS
        WITH judged AS (
            SELECT o.patient_id, o.op_min, o.op_max, coalesce(k.n_known, 0) AS n_known,
                coalesce(k.n_r0, 0) AS n_r0, coalesce(k.n_not_r0, 0) AS n_not_r0,
                coalesce(k.n_margin_unknown, 0) AS n_margin_unknown,
                coalesce(k.n_not_resected, 0) AS n_not_resected, o.n_unlinked,
                coalesce(p.primary_r0, 'no_surgery') AS primary_r0,
                CASE WHEN o.not_all_sites OR o.unlinked_not_r0 OR k.n_not_r0 > 0 THEN 'no'
                    WHEN o.n_unlinked = 0 AND k.n_not_resected > 0 THEN 'no'
                    WHEN o.all_r0 AND o.all_sites THEN 'yes'
                    WHEN o.n_unlinked > 0 OR k.n_known IS NULL THEN 'unknown'
                    WHEN k.n_margin_unknown + k.n_gone_otherwise + k.n_date_open > 0 THEN 'unknown'
                    WHEN c.most_counted > k.n_known THEN 'unknown'
                    WHEN k.n_r0 = k.n_known THEN 'yes' ELSE 'unknown' END AS complete,
                concat_ws(';', CASE WHEN k.n_margin_unknown > 0 OR NOT coalesce(o.all_r0, false)
                        THEN 'margin_unknown' END,
                    CASE WHEN o.n_unlinked > 0 THEN 'lesion_not_named' END,
                    CASE WHEN k.n_gone_otherwise > 0 THEN 'lesion_gone_without_surgery' END,
                    CASE WHEN k.n_date_open > 0 THEN 'dates_not_exact_to_the_day' END,
                    CASE WHEN c.most_counted > coalesce(k.n_known, 0)
                        THEN 'imaging_counts_more_lesions' END) AS why
            FROM last_operation o LEFT JOIN known_sites k USING (patient_id)
            LEFT JOIN most_counted c USING (patient_id) LEFT JOIN primaries p USING (patient_id))
        SELECT a.patient_id,
            CASE j.complete WHEN 'yes' THEN true WHEN 'no' THEN false END
                AS complete_resection_of_metastases,
            CASE WHEN j.patient_id IS NULL THEN 'no_resection_of_a_metastasis'
                WHEN j.complete = 'unknown' THEN coalesce(nullif(j.why, ''), 'sites_not_known') END
                AS complete_resection_reason,
            CASE WHEN j.complete = 'no' OR (j.complete = 'yes' AND j.primary_r0 = 'no') THEN false
                WHEN j.complete = 'yes' AND j.primary_r0 = 'yes' THEN true END
                AS complete_resection_with_primary,
            CASE WHEN j.patient_id IS NOT NULL THEN j.primary_r0 END AS primary_resected_r0,
            j.op_min AS last_resection_date_min, j.op_max AS last_resection_date_max,
            j.n_known AS n_sites_known_at_resection, j.n_r0 AS n_sites_r0, j.n_not_r0 AS
            n_sites_r1_or_r2, j.n_margin_unknown AS n_sites_margin_unknown, j.n_not_resected AS
            n_sites_not_resected
        FROM as_of a LEFT JOIN judged j USING (patient_id)""")


def _make_sites(con: duckdb.DuckDBPyConnection) -> None:
    """Make the last operation, the sites known then with their margins, and earlier counts."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE last_operation AS
            SELECT patient_id, max(d_max) AS op_max, max(d_min) AS op_min,
                count(*) FILTER (lesion_id IS NULL) AS n_unlinked,
                bool_and(margin = 'R0') AS all_r0,
                bool_or(margin IN ('R1', 'R2') AND lesion_id IS NULL) AS unlinked_not_r0,
                bool_or(all_sites_treated) AS all_sites,
                bool_or(NOT all_sites_treated) AS not_all_sites
            FROM operations WHERE target = 'lesion' GROUP BY patient_id""")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE known_sites AS
        WITH margins AS (
            SELECT patient_id, lesion_id, arg_max(coalesce(margin, 'RX'), d_min) AS margin
            FROM operations WHERE target = 'lesion' AND lesion_id IS NOT NULL
            GROUP BY patient_id, lesion_id)
            SELECT l.patient_id, count(*) AS n_known,
                count(*) FILTER (m.margin = 'R0') AS n_r0,
                count(*) FILTER (m.margin IN ('R1', 'R2')) AS n_not_r0,
                count(*) FILTER (m.margin = 'RX') AS n_margin_unknown,
                count(*) FILTER (m.margin IS NULL AND s.measured_as = 'gone') AS n_gone_otherwise,
                count(*) FILTER (m.margin IS NULL AND s.measured_as IS DISTINCT FROM 'gone')
                    AS n_not_resected,
                count(*) FILTER (l.d_min <= o.op_min AND l.d_max > o.op_min) AS n_date_open
            FROM (SELECT *, {IS_DISTANT} AS distant FROM known_lesion) l
            JOIN last_operation o USING (patient_id)
            JOIN lesion_state s ON s.patient_id = l.patient_id AND s.lesion_id = l.lesion_id
            LEFT JOIN margins m ON m.patient_id = l.patient_id AND m.lesion_id = l.lesion_id
            WHERE l.distant = 'yes' AND l.d_min <= o.op_min GROUP BY l.patient_id""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE most_counted AS
            SELECT o.patient_id, max(e.n_lesions) AS most_counted FROM exam e
            JOIN last_operation o ON o.patient_id = e.patient_id AND e.d_max <= o.op_min
            GROUP BY o.patient_id""")


def build_lines(con: duckdb.DuckDBPyConnection) -> None:
    """Make ``d_lines`` (one row per line) and ``d_current_line`` (one per patient).

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``asof.prepare``.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE d_lines AS
        WITH lines AS (
            SELECT patient_id, line_id, setting, line_no, d_min, d_max, as_of,
                CASE WHEN end_date <= as_of THEN end_date END AS e_min,
                CASE WHEN date_latest(end_date, end_date_precision) <= as_of
                    THEN date_latest(end_date, end_date_precision) END AS e_max,
                CASE WHEN date_latest(end_date, end_date_precision) <= as_of THEN end_reason END
                    AS end_reason,
                CASE WHEN end_date > as_of OR (end_date IS NULL
                        AND end_date_reason = 'not_applicable') THEN 'yes'
                    WHEN date_latest(end_date, end_date_precision) < as_of THEN 'no'
                    WHEN end_date = as_of THEN 'yes' ELSE 'unknown' END AS active
            FROM known_systemic_line),
        -- Lines that certainly, and that possibly, began before: if equal, the order is known.
        ranked AS (
            SELECT l.line_id, count(*) FILTER (o.d_max < l.d_min) AS certainly,
                count(*) FILTER (o.d_min <= l.d_max AND o.line_id <> l.line_id) AS possibly
            FROM lines l JOIN lines o ON o.patient_id = l.patient_id AND o.setting = l.setting
            GROUP BY l.line_id)
        SELECT l.patient_id, l.line_id, l.setting, l.d_min AS start_date_min,
            l.d_max AS start_date_max, l.e_min AS end_date_min, l.e_max AS end_date_max,
            l.end_reason, l.active, l.line_no AS line_no_stated,
            CASE WHEN r.certainly = r.possibly THEN r.certainly + 1 END AS line_no_from_dates,
            coalesce(l.line_no, CASE WHEN r.certainly = r.possibly THEN r.certainly + 1 END)
                AS line_no,
            CASE WHEN l.line_no IS NOT NULL THEN 'stated' WHEN l.setting IS NULL THEN NULL
                WHEN r.certainly = r.possibly THEN 'dates' END AS line_no_from,
            CASE WHEN l.line_no IS NOT NULL THEN NULL WHEN l.setting IS NULL
                THEN 'setting_unknown' WHEN r.certainly <> r.possibly THEN 'order_not_known' END
                AS line_no_reason,
            coalesce(l.line_no <> r.certainly + 1 AND r.certainly = r.possibly, false)
                AS line_no_differs
        FROM lines l LEFT JOIN ranked r USING (line_id)""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE d_current_line AS
        WITH latest AS (
            SELECT *, max(start_date_min) OVER (PARTITION BY patient_id) AS last_start
            FROM d_lines WHERE setting = 'metastatic')
        SELECT a.patient_id, count(l.line_id) AS n_latest_lines,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.line_id) END AS line_id,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.line_no) END AS line_no,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.line_no_stated) END AS line_no_stated,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.line_no_from_dates) END
                AS line_no_from_dates,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.active) END AS line_active,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.start_date_min) END AS line_start_min,
            CASE WHEN count(l.line_id) = 1 THEN any_value(l.start_date_max) END AS line_start_max,
            CASE WHEN count(l.line_id) = 0 THEN 'no_metastatic_line'
                WHEN count(l.line_id) > 1 THEN 'several_lines_began_last'
                ELSE any_value(l.line_no_reason) END AS line_no_reason
        FROM as_of a LEFT JOIN latest l ON l.patient_id = a.patient_id
            AND l.start_date_max >= l.last_start
        GROUP BY a.patient_id""")
