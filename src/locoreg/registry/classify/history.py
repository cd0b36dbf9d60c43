"""The five questions of the EORTC/ESTRO decision tree, answered from the evidence."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.options import LesionOptions, OligometastaticOptions

if TYPE_CHECKING:
    import duckdb


def make_questions(
    con: duckdb.DuckDBPyConnection, options: OligometastaticOptions, lesions: LesionOptions
) -> None:
    """Make ``questions``: yes, no or unknown to each question, one row per patient.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``lesions.build``.
    options : OligometastaticOptions
        Limits and what counts as therapy.
    lesions : LesionOptions
        The window that parts the current diagnosis from history.
    """
    _make_concurrent(con)
    _make_past_counts(con, options, lesions)
    _make_diagnosis(con, options, lesions)
    _make_therapy(con)
    _make_progress(con)
    months = options.synchronous_months
    missing = "'no'" if options.systemic_lines_complete else "'unknown'"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE questions AS
        WITH answers AS (
            SELECT patient_id, diagnosis_min, diagnosis_max,
                CASE WHEN poly = 'yes' THEN 'yes' WHEN history = 'no' THEN 'no'
                    WHEN poly = 'no' THEN 'no' ELSE 'unknown' END AS polymetastatic_before,
                history AS oligometastatic_before,
                CASE WHEN dx_min IS NULL OR met_min IS NULL THEN 'unknown'
                    WHEN m1 THEN 'no'
                    WHEN met_min > CAST(dx_max + INTERVAL {months} MONTH AS DATE) THEN 'yes'
                    WHEN met_max <= CAST(dx_min + INTERVAL {months} MONTH AS DATE) THEN 'no'
                    ELSE 'unknown' END AS metachronous
            FROM diagnosis)
        SELECT a.*,
            {_therapy("active_any", "open_any", missing)} AS therapy_with_adjuvant,
            {_therapy("active_other", "open_other", missing)} AS therapy_without_adjuvant,
            CASE WHEN g.progressive THEN 'yes' WHEN g.not_progressive THEN 'no' ELSE 'unknown' END
                AS progressive
        FROM answers a LEFT JOIN therapy t USING (patient_id)
        LEFT JOIN progress g USING (patient_id)""")


def _therapy(active: str, still_open: str, missing: str) -> str:
    return f"""CASE WHEN diagnosis_min IS NULL THEN 'unknown' WHEN t.{active} THEN 'yes'
        WHEN t.{still_open} THEN 'unknown' ELSE {missing} END"""


def _make_diagnosis(
    con: duckdb.DuckDBPyConnection, options: OligometastaticOptions, lesions: LesionOptions
) -> None:
    """Make history, and the bounds of the day of the current diagnosis.

    The day of the assessments that count the lesions; of a first diagnosis the day of the first
    metastasis if that is earlier.
    """
    most = options.max_lesions
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE diagnosis AS
        WITH imaged AS (
            SELECT patient_id, min(d_min) AS any_min, min(d_max) AS any_max FROM exam
            WHERE current GROUP BY patient_id),
        past AS (
            SELECT f.patient_id, f.as_of, f.dx_min, f.dx_max, f.m1, f.met_min, f.met_max,
                f.as_of - {lesions.imaging_window_days} AS window_start,
                coalesce(c.exam_min, i.any_min) AS exam_min,
                coalesce(c.exam_max, i.any_max) AS exam_max,
                CASE WHEN p.most_counted > {most} OR n.certain > {most} THEN 'yes'
                    WHEN n.possible > {most} OR p.any_loose THEN 'unknown'
                    WHEN p.counted_at_first THEN 'no' ELSE 'unknown' END AS poly
            FROM first_met f LEFT JOIN counted c USING (patient_id)
            LEFT JOIN imaged i USING (patient_id) LEFT JOIN past_count p USING (patient_id)
            LEFT JOIN concurrent n USING (patient_id)),
        sides AS (
            SELECT *, CASE WHEN met_max < window_start THEN 'yes'
                WHEN met_min IS NULL OR met_min >= window_start THEN 'no'
                ELSE 'unknown' END AS history
            FROM past)
        SELECT *, {_day("min")} AS diagnosis_min, {_day("max")} AS diagnosis_max FROM sides""")


def _day(end: str) -> str:
    return f"""CASE WHEN poly = 'yes' OR history = 'yes' OR met_min < window_start THEN exam_{end}
        ELSE least(exam_{end}, met_{end}) END"""


def _make_concurrent(con: duckdb.DuckDBPyConnection) -> None:
    """Make the most lesions present at once up to the date: certainly, and possibly."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE concurrent AS
        WITH steps AS (
            SELECT patient_id, first_max AS day, 1 AS certain, 0 AS possible FROM lesion_state
            WHERE distant = 'yes'
            UNION ALL
            SELECT patient_id, gone_earliest, -1, 0 FROM lesion_state
            WHERE distant = 'yes' AND gone_earliest >= first_max
            UNION ALL
            SELECT patient_id, first_min, 0, 1 FROM lesion_state WHERE distant <> 'no'
            UNION ALL
            SELECT patient_id, gone_latest + 1, 0, -1 FROM lesion_state
            WHERE distant <> 'no' AND gone_latest IS NOT NULL AND status = 'gone'),
        days AS (
            SELECT patient_id, day, sum(certain) AS certain, sum(possible) AS possible
            FROM steps GROUP BY patient_id, day),
        running AS (
            SELECT patient_id, sum(certain) OVER one AS certain, sum(possible) OVER one AS possible
            FROM days WINDOW one AS (PARTITION BY patient_id ORDER BY day))
        SELECT patient_id, max(certain) AS certain, max(possible) AS possible FROM running
        GROUP BY patient_id""")


def _make_past_counts(
    con: duckdb.DuckDBPyConnection, options: OligometastaticOptions, lesions: LesionOptions
) -> None:
    """Make what earlier counts say: the largest, any left open, whether the first is known."""
    most, days = options.max_lesions, lesions.imaging_window_days
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE past_count AS
        SELECT e.patient_id, max(e.n_lesions) AS most_counted,
            coalesce(bool_or(e.n_lesions BETWEEN 1 AND {most} AND lower_bound IS DISTINCT FROM false
                AND e.d_max < e.as_of - {days}), false) AS any_loose,
            coalesce(bool_or(e.n_lesions BETWEEN 1 AND {most} AND lower_bound = false
                AND e.d_min >= f.met_min AND e.d_max <= f.met_max + {days}), false)
                AS counted_at_first
        FROM exam e JOIN first_met f USING (patient_id)
        WHERE e.n_lesions IS NOT NULL GROUP BY e.patient_id""")


def _make_therapy(con: duckdb.DuckDBPyConnection) -> None:
    """Make whether systemic therapy was active at the diagnosis, bone agents apart.

    A line that begins on the day of the diagnosis answers it. A line with an unknown beginning or
    end that may cover the day leaves the question open.
    """
    con.execute("""
        CREATE OR REPLACE TEMP TABLE line_kind AS
        SELECT line_id, bool_and(drug_class = 'bone') AND bool_and(drug_class IS NOT NULL) AS bone,
            bool_and(drug_class IN ('ET', 'bone')) AND bool_or(drug_class = 'ET')
                AND bool_and(drug_class IS NOT NULL) AS endocrine,
            bool_or(drug_class IS NULL) AS unclear
        FROM systemic_drug d JOIN as_of a ON a.pseudonym = d.patient_id
        WHERE line_id IS NOT NULL AND (d.start_date IS NULL
            OR date_latest(d.start_date, d.start_date_precision) <= a.as_of)
        GROUP BY line_id""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE therapy AS
        WITH spans AS (
            SELECT l.patient_id, l.line_id, l.setting, d.diagnosis_min, d.diagnosis_max,
                l.d_min AS s_min, l.d_max AS s_max,
                l.end_date AS e_min, date_latest(l.end_date, l.end_date_precision) AS e_max,
                l.end_date IS NULL AND l.end_date_reason = 'not_applicable'
                    OR l.end_date > d.as_of AS going_on
            FROM dated_systemic_line l JOIN diagnosis d USING (patient_id)
            WHERE d.diagnosis_min IS NOT NULL AND (l.d_min IS NULL OR l.d_min <= d.as_of)
                AND (l.d_min IS NOT NULL OR l.end_date IS NULL
                    OR date_latest(l.end_date, l.end_date_precision) <= d.as_of)),
        states AS (
            SELECT *, CASE
                WHEN s_min >= diagnosis_max OR e_max < diagnosis_min THEN 'no'
                WHEN s_max < diagnosis_min AND (going_on OR e_min >= diagnosis_max) THEN 'yes'
                ELSE 'open' END AS active
            FROM spans),
        kinds AS (
            SELECT s.*, CASE WHEN k.bone THEN 'bone'
                WHEN s.setting = 'adjuvant' AND k.endocrine THEN 'adjuvant_endocrine'
                WHEN (s.setting = 'adjuvant' AND (k.line_id IS NULL OR k.unclear))
                    OR (s.setting IS NULL AND (k.endocrine OR k.line_id IS NULL OR k.unclear))
                    THEN 'perhaps_adjuvant_endocrine'
                ELSE 'other' END AS kind
            FROM states s LEFT JOIN line_kind k USING (line_id))
        SELECT patient_id,
            coalesce(bool_or(active = 'yes'), false) AS active_any,
            coalesce(bool_or(active = 'open'), false) AS open_any,
            coalesce(bool_or(active = 'yes' AND kind = 'other'), false) AS active_other,
            coalesce(bool_or((active = 'open' AND kind <> 'adjuvant_endocrine')
                OR (active = 'yes' AND kind = 'perhaps_adjuvant_endocrine')), false) AS open_other
        FROM kinds WHERE kind <> 'bone' GROUP BY patient_id""")


def _make_progress(con: duckdb.DuckDBPyConnection) -> None:
    """Make whether any lesion progressed from the current diagnosis on."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE progress AS
        WITH signs AS (
            SELECT patient_id, d_min, response = 'PD' AS worse, response IN ('CR', 'PR', 'SD')
                AS not_worse FROM exam
            UNION ALL
            SELECT patient_id, d_min, state IN ('new', 'growing'),
                state IN ('stable', 'shrinking', 'absent', 'treated')
            FROM known_lesion_measurement
            UNION ALL
            SELECT patient_id, d_min, type IN ('progression', 'distant_recurrence'), false
            FROM known_disease_event
            UNION ALL
            SELECT patient_id, first_min, true, false FROM lesion_state WHERE distant = 'yes')
        SELECT s.patient_id, coalesce(bool_or(worse), false) AS progressive,
            coalesce(bool_or(not_worse), false) AS not_progressive
        FROM signs s JOIN diagnosis d USING (patient_id)
        WHERE s.d_min >= d.diagnosis_min GROUP BY s.patient_id""")
