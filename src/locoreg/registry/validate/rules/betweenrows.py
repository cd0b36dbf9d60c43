"""Plausibility between rows of a patient: lines of therapy, lesions at an assessment."""

from __future__ import annotations

from locoreg.registry.definitions import DISTANT_LESION
from locoreg.registry.validate.rule import Rule

# Lines of one setting in their order; what ended before, and what was open, is known of each.
_LINES = """
    SELECT t.*, lag(t.line_no) OVER w AS earlier_no, lag(t.line_id) OVER w AS earlier_id,
        lag(t.start_date) OVER w AS earlier_start,
        lag(t.start_date_precision) OVER w AS earlier_precision,
        max(t.end_date) OVER (w ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING) AS earlier_end,
        lag(t.end_date IS NULL AND t.end_date_reason = 'not_applicable') OVER w AS earlier_open
    FROM systemic_line t WHERE t.start_date IS NOT NULL
    WINDOW w AS (PARTITION BY t.patient_id, coalesce(t.setting, '')
        ORDER BY t.start_date, t.line_no, t.line_id)"""
_ORIGIN = "line_id AS row_key, patient_id"


def _lines(column: str, value: str, message: str, where: str) -> str:
    return f"""SELECT 'systemic_line' AS table_name, '{column}' AS column_name, {_ORIGIN},
        CAST({value} AS VARCHAR) AS value, {message} AS message, source_file, source_row
    FROM ({_LINES}) WHERE {where}"""


RULES = (
    Rule(
        id="lines-overlap",
        family="plausibility",
        severity="minor",
        title="A line ends before the next one of its setting begins.",
        action="Correct the dates, or join what is one line. An overlap makes the line at an "
        "event ambiguous, and with it oligoprogression.",
        query=_lines(
            "start_date",
            "start_date",
            "concat('Begins ', date_text(start_date, start_date_precision), ', an earlier line "
            "ends ', CAST(earlier_end AS VARCHAR), '.')",
            "earlier_end - date_latest(start_date, start_date_precision) > $days",
        ),
    ),
    Rule(
        id="line-open-before-next",
        family="plausibility",
        severity="minor",
        title="A line that goes on is the last one of its setting.",
        action="Enter when and why the earlier line ended.",
        query=_lines(
            "start_date",
            "start_date",
            "concat('Begins while line ', earlier_id, ' is said to go on.')",
            "earlier_open",
        ),
    ),
    Rule(
        id="line-order",
        family="plausibility",
        severity="serious",
        title="Line numbers rise with the dates.",
        action="Correct number or date: a wrong line number puts patients into another stratum.",
        query=_lines(
            "line_no",
            "line_no",
            "concat('Line ', line_no, ' begins ', date_text(start_date, start_date_precision), "
            "', line ', earlier_no, ' began earlier.')",
            "line_no < earlier_no AND date_latest(earlier_start, earlier_precision) < start_date",
        ),
    ),
    Rule(
        id="line-number-repeated",
        family="plausibility",
        severity="minor",
        title="A line number stands once per patient and setting.",
        action="Join the rows if they are one line, or number them.",
        query="""SELECT 'systemic_line' AS table_name, 'line_no' AS column_name,
            t.line_id AS row_key, t.patient_id, CAST(t.line_no AS VARCHAR) AS value,
            concat('Line ', t.line_no, ' of this setting stands in ', count(*) OVER w,
                ' rows.') AS message, t.source_file, t.source_row
        FROM systemic_line t WHERE t.line_no IS NOT NULL
        WINDOW w AS (PARTITION BY t.patient_id, t.setting, t.line_no)
        QUALIFY row_number() OVER (PARTITION BY t.patient_id, t.setting, t.line_no
            ORDER BY t.start_date, t.line_id) > 1""",
    ),
    Rule(
        id="line-number-range",
        family="plausibility",
        severity="serious",
        title="A line number counts lines.",
        action="Correct the number.",
        query="""SELECT 'systemic_line' AS table_name, 'line_no' AS column_name,
            t.line_id AS row_key, t.patient_id, CAST(t.line_no AS VARCHAR) AS value,
            concat('Line ', t.line_no, '.') AS message, t.source_file, t.source_row
        FROM systemic_line t WHERE t.line_no < 1 OR t.line_no > $max_line""",
    ),
    Rule(
        id="count-below-measured",
        family="plausibility",
        severity="serious",
        title="An assessment counts at least the lesions that are measured at it.",
        action="Correct the count, or say that it is a lower bound.",
        query="""SELECT 'imaging_assessment' AS table_name, 'n_lesions' AS column_name,
            t.assess_id AS row_key, t.patient_id, CAST(t.n_lesions AS VARCHAR) AS value,
            concat('Counts ', t.n_lesions, ' lesions, measures ', m.n, '.') AS message,
            t.source_file, t.source_row
        FROM imaging_assessment t JOIN (
            SELECT m.assess_id, count(DISTINCT m.lesion_id) AS n
            FROM lesion_measurement m JOIN lesion l ON l.lesion_id = m.lesion_id
            WHERE m.state IS DISTINCT FROM 'absent' AND coalesce(l.is_regional, false) = false
                AND l.organ IS DISTINCT FROM 'regional_ln' AND l.organ IS DISTINCT FROM 'breast'
            GROUP BY m.assess_id) m ON m.assess_id = t.assess_id
        WHERE t.n_lesions < m.n AND t.n_lesions_is_lower_bound IS DISTINCT FROM true""",
    ),
    Rule(
        id="count-below-listed",
        family="plausibility",
        severity="serious",
        title="The assessments of a day count at least the distant lesions first seen on it.",
        action="Correct the count, or say that it is a lower bound: too few lesions make "
        "oligometastatic disease of polymetastatic.",
        # Several assessments of a day may each cover a part: their counts are added.
        query=f"""SELECT 'imaging_assessment' AS table_name, 'n_lesions' AS column_name,
            t.assess_id AS row_key, t.patient_id, CAST(t.n_lesions AS VARCHAR) AS value,
            concat('Counts ', t.n_lesions, ' lesions on ', CAST(t.date AS VARCHAR), '; ', l.n,
                ' are listed as first seen that day.') AS message, t.source_file, t.source_row
        FROM (
            SELECT *, sum(n_lesions) OVER w AS counted,
                bool_and(n_lesions IS NOT NULL AND n_lesions_is_lower_bound IS DISTINCT FROM true)
                    OVER w AS exact
            FROM imaging_assessment WHERE date_precision = 'day'
            WINDOW w AS (PARTITION BY patient_id, date)) t
        JOIN (
            SELECT patient_id, first_seen_date, count(*) AS n FROM lesion
            WHERE first_seen_date_precision = 'day' AND {DISTANT_LESION}
            GROUP BY patient_id, first_seen_date) l
            ON l.patient_id = t.patient_id AND l.first_seen_date = t.date
        WHERE t.exact AND t.counted < l.n""",
    ),
)
