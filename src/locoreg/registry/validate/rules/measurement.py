"""Traps of measurement: vague dates, imaging that can't count, values that only look exact."""

from __future__ import annotations

from locoreg.registry.tables import CLINICAL, TABLES
from locoreg.registry.validate.rule import Part, Rule

_DATES = tuple(
    (table, column.name)
    for table in CLINICAL
    for column in TABLES[table].columns
    if column.type == "date"
)
# Days counted from an origin fall together without anybody having filled them up.
_CALENDAR = "patient_id NOT IN (SELECT patient_id FROM patient WHERE calendar = 'relative')"
_HEAPS = " UNION ALL ".join(
    f"""SELECT '{table}' AS table_name, '{column}' AS column_name, count(*) AS whole,
        count(*) FILTER (day({column}) = 1) AS first, count(*) FILTER (day({column}) = 15) AS mid,
        count(*) FILTER (strftime({column}, '%m-%d') IN
            ('01-01', '06-15', '06-30', '07-01', '07-02')) AS yearly
    FROM {table} WHERE {column} IS NOT NULL AND coalesce({column}_precision, 'day') = 'day'
        AND {_CALENDAR}"""
    for table, column in _DATES
)
_HEAP_WORDS = """concat('{part} of {whole} dates that count as exact ({share}) are ', place,
    '; ', format('{:.1f} %', 100 * usual), ' would be expected. Vague dates were filled up.')"""


def _heaps(source: str) -> str:
    return f"""SELECT subject, table_name, column_name, part, whole,
        format('{{:.1f}} %', 100.0 * part / whole) AS value, {_HEAP_WORDS} AS message
    FROM (
        SELECT h.*, first AS part, 'the 1st of a month' AS place, 12 / 365.25 AS usual,
            $share AS most FROM ({source}) h
        UNION ALL
        SELECT h.*, mid, 'the 15th of a month', 12 / 365.25, $share FROM ({source}) h
        UNION ALL
        SELECT h.*, yearly, '1 January, 15 or 30 June, 1 or 2 July', 5 / 365.25,
            $share_yearly FROM ({source}) h)
    WHERE whole >= $dates AND part > most * whole
        AND part - usual * whole > $z * sqrt(usual * whole)"""


_IMAGING = """WITH seen AS (
        SELECT p.patient_id, count(i.assess_id) AS n,
            bool_or(i.brain_imaged OR i.modality = 'MRI_brain' OR i.regions ILIKE '%brain%')
                AS brain,
            bool_and(i.modality IN ('bone_scan', 'xray', 'US')) AS weak,
            bool_or(i.n_lesions IS NOT NULL) AS counted,
            bool_or(i.n_lesions IS NOT NULL AND i.n_lesions_is_lower_bound IS DISTINCT FROM true)
                AS exact
        FROM person p LEFT JOIN (
            SELECT i.* FROM imaging_assessment i JOIN person q ON q.patient_id = i.patient_id
            WHERE i.date <= q.met_hi + CAST($window_days AS INTEGER)
                AND date_latest(i.date, i.date_precision)
                    >= q.met_lo - CAST($window_days AS INTEGER)) i
            ON i.patient_id = p.patient_id
        WHERE p.met_lo IS NOT NULL GROUP BY p.patient_id),
    sums AS (
        SELECT count(*) AS patients, count(*) FILTER (n > 0) AS imaged,
            count(*) FILTER (n > 0 AND brain IS DISTINCT FROM true) AS no_brain,
            count(*) FILTER (n > 0 AND weak) AS weak,
            count(*) FILTER (n > 0 AND NOT counted) AS uncounted,
            count(*) FILTER (counted) AS counted,
            count(*) FILTER (counted AND NOT exact) AS bound
        FROM seen)
    SELECT subject, 'imaging_assessment' AS table_name, column_name, part, whole,
        format('{:.1f} %', 100.0 * part / whole) AS value, message
    FROM ("""


def _imaging(subject: str, column: str, part: str, whole: str, share: str, words: str) -> str:
    return (
        f"SELECT '{subject}' AS subject, '{column}' AS column_name, {part} AS part, "
        f"{whole} AS whole, {share} AS most, '{words}' AS message FROM sums"
    )


RULES = (
    Rule(
        id="order-unknown",
        family="traps",
        severity="minor",
        title="It is known whether local treatment came after the metastasis.",
        action="Find the days. Until then the patient is neither treated nor untreated at time "
        "zero; run the analysis both ways.",
        query="""SELECT 'patient' AS table_name, 'patient_id' AS column_name,
            p.patient_id AS row_key, p.patient_id, span_text(r.local_lo, r.local_hi) AS value,
            concat('First metastasis ', span_text(p.met_lo, p.met_hi), ', local treatment ',
                span_text(r.local_lo, r.local_hi), ': which came first is unknown.') AS message,
            t.source_file, t.source_row
        FROM treated r JOIN person p ON p.patient_id = r.patient_id
        JOIN patient t ON t.patient_id = p.patient_id
        WHERE r.local_lo <= p.met_hi AND p.met_lo <= r.local_hi
            AND (r.local_lo <> r.local_hi OR p.met_lo <> p.met_hi)""",
    ),
    Rule(
        id="vague-decision-dates",
        family="traps",
        severity="serious",
        title="Dates around the treatment decision are known to the day.",
        action="Find the days, or use a grace period in whole months. Filling up dates makes "
        "orders and intervals that nobody observed, and puts patients into the wrong arm.",
        whole="""SELECT '' AS subject, 'local_therapy' AS table_name, 'start_date' AS column_name,
            part, whole, format('{:.1f} %', 100.0 * part / whole) AS value,
            'In {part} of {whole} locally treated patients ({share}) metastasis and treatment lie '
            'in the same month or year and one of them is not known to the day: their order is '
            'unknown.' AS message
        FROM (SELECT count(*) FILTER (r.local_lo <= p.met_hi AND p.met_lo <= r.local_hi AND
                (r.local_lo <> r.local_hi OR p.met_lo <> p.met_hi)) AS part, count(*) AS whole
            FROM treated r JOIN person p ON p.patient_id = r.patient_id)
        WHERE part > $share * whole""",
    ),
    Rule(
        id="calendar-not-real",
        family="traps",
        severity="note",
        title="Dates are calendar days.",
        action="Intervals within a patient hold; leave out what rests on calendar years: "
        "periods of treatment, ages from the year of birth, linkage, administrative censoring.",
        whole="""SELECT calendar AS subject, 'patient' AS table_name, 'calendar' AS column_name,
            part, whole, format('{:.1f} %', 100.0 * part / whole) AS value,
            concat('The dates of {part} of {whole} patients ({share}) are ', calendar,
                ': calendar years say nothing.') AS message
        FROM (SELECT calendar, count(*) AS part, any_value(n) AS whole
            FROM person, (SELECT count(*) AS n FROM person)
            WHERE calendar <> 'real' GROUP BY calendar)
        WHERE part > $share * whole""",
    ),
    Rule(
        id="imaging-cannot-count",
        family="traps",
        severity="serious",
        title="Imaging at first metastasis can count lesions.",
        action="Treat the oligometastatic state as undetermined in these patients. Taken as "
        "oligometastatic they bring more disease into the group, and more so where imaging is "
        "poorer; that differs between arms and sites.",
        whole=_IMAGING
        + "\nUNION ALL ".join(
            (
                _imaging(
                    "no imaging",
                    "assess_id",
                    "patients - imaged",
                    "patients",
                    "$share_none",
                    "{part} of {whole} patients with metastases ({share}) have no imaging near the "
                    "first of them: the number of lesions is unknown.",
                ),
                _imaging(
                    "brain not imaged",
                    "brain_imaged",
                    "no_brain",
                    "imaged",
                    "$share_no_brain",
                    "The brain of {part} of {whole} patients ({share}) was not imaged: "
                    "oligometastatic is undetermined in them.",
                ),
                _imaging(
                    "bone scan, X-ray or ultrasound only",
                    "modality",
                    "weak",
                    "imaged",
                    "$share_weak",
                    "{part} of {whole} patients ({share}) had only a bone scan, X-ray or "
                    "ultrasound: it counts too few lesions.",
                ),
                _imaging(
                    "no count",
                    "n_lesions",
                    "uncounted",
                    "imaged",
                    "$share_uncounted",
                    "The number of lesions was not given in {part} of {whole} patients ({share}).",
                ),
                _imaging(
                    "lower bound",
                    "n_lesions_is_lower_bound",
                    "bound",
                    "counted",
                    "$share_bound",
                    "The number of lesions is a lower bound in {part} of {whole} patients "
                    "({share}).",
                ),
            )
        )
        + ") WHERE whole >= $patients AND part > most * whole",
    ),
    Rule(
        id="date-heaping",
        family="traps",
        severity="serious",
        title="Exact dates fall on all days alike.",
        action="Store these dates with precision month or year. Taken as exact they give orders "
        "and intervals that nobody observed.",
        whole=_heaps(f"SELECT '' AS subject, * FROM ({_HEAPS}) WHERE column_name <> 'death_date'"),
    ),
    Rule(
        id="death-heaping",
        family="traps",
        severity="serious",
        title="Deaths fall on all days alike, at every site.",
        action="Store the dates of death with precision month or year, and ask the site where it "
        "learns of deaths: a month may decide whether a death is within the horizon.",
        whole=_heaps(
            f"""SELECT coalesce(site_id, 'site not stated') AS subject, 'patient' AS table_name,
            'death_date' AS column_name, count(*) AS whole,
            count(*) FILTER (day(death_date) = 1) AS first,
            count(*) FILTER (day(death_date) = 15) AS mid,
            count(*) FILTER (strftime(death_date, '%m-%d') IN
                ('01-01', '06-15', '06-30', '07-01', '07-02')) AS yearly
            FROM patient WHERE death_date IS NOT NULL
                AND coalesce(death_date_precision, 'day') = 'day' AND {_CALENDAR}
            GROUP BY site_id"""
        ),
    ),
    Rule(
        id="lesion-counts-capped",
        family="traps",
        severity="serious",
        title="Numbers of lesions go beyond the limit of oligometastatic disease.",
        action="Ask whether the form stops at five or the registry takes oligometastatic patients "
        "only. A capped number is a lower bound; patients who were put in for having few lesions "
        "can't stand for all.",
        whole="""SELECT '' AS subject, 'imaging_assessment' AS table_name,
            'n_lesions' AS column_name, whole AS part, whole, CAST(most AS VARCHAR) AS value,
            concat('All {whole} numbers of lesions that count as exact are ', most, ' or less',
                CASE WHEN fillers > 0 THEN ', or a code for unknown' ELSE '' END, '.') AS message
        FROM (SELECT count(*) AS whole, max(n_lesions) FILTER (n_lesions < 88) AS most,
                count(*) FILTER (n_lesions IN (88, 99, 888, 999)) AS fillers,
                max(n_lesions) FILTER (n_lesions NOT IN (88, 99, 888, 999)) AS largest
            FROM imaging_assessment
            WHERE n_lesions IS NOT NULL AND n_lesions_is_lower_bound IS DISTINCT FROM true)
        WHERE whole >= $counts AND largest <= $limit""",
    ),
    Rule(
        id="sizes-in-cm",
        family="traps",
        severity="serious",
        title="Sizes are in mm, from every site.",
        action="Multiply by ten in the map if the unit is cm.",
        whole="""SELECT coalesce(p.site_id, 'site not stated') AS subject,
            'primary_tumour' AS table_name, 'size_mm' AS column_name,
            count(*) AS part, count(*) AS whole,
            format('{:.1f} mm', median(t.size_mm)) AS value,
            concat('The median of {whole} sizes is ', format('{:.1f}', median(t.size_mm)),
                ' mm: they may be in cm.') AS message
        FROM primary_tumour t JOIN person p ON p.patient_id = t.patient_id
        WHERE t.size_mm > 0 GROUP BY p.site_id
        HAVING count(*) >= $sizes AND median(t.size_mm) < $median_mm""",
    ),
    Rule(
        id="percent-as-fraction",
        family="traps",
        severity="serious",
        title="Percentages are no fractions.",
        action="Multiply by 100 in the map: read as percent, nearly all patients become receptor "
        "negative or low.",
        whole="""SELECT marker AS subject, 'receptor_assay' AS table_name,
            'value_num' AS column_name, count(*) AS part, count(*) AS whole,
            CAST(max(value_num) AS VARCHAR) AS value,
            concat('All {whole} values of ', marker, ' in percent are 1 or less.') AS message
        FROM receptor_assay WHERE marker IN ('ER', 'PR', 'KI67') AND value_unit = '%'
            AND value_num IS NOT NULL
        GROUP BY marker
        HAVING count(*) FILTER (value_num > 0) >= $values AND max(value_num) <= 1""",
    ),
    Rule(
        id="interval-is-age",
        family="traps",
        severity="blocking",
        title="The interval to first metastasis is an interval.",
        action="Look whether it was read from a column that holds ages: some public tables name an "
        "age an interval. Disease-free intervals are useless until this is mended.",
        whole="""SELECT '' AS subject, 'lesion' AS table_name, 'first_seen_date' AS column_name,
            whole AS part, whole, format('{:.1f} years', years) AS value,
            concat('From diagnosis to first metastasis there are ', format('{:.1f}', years),
                ' years in the median of {whole} patients with metachronous disease.') AS message
        FROM (SELECT count(*) AS whole, median((met_lo - dx_hi) / 365.25) AS years FROM person
            WHERE met_lo - dx_hi > 180)
        WHERE whole >= $patients AND years > $years""",
    ),
    Rule(
        id="regional-as-distant",
        family="traps",
        severity="serious",
        title="Regional lesions don't count as distant ones.",
        action="Correct organ or is_regional. Counted as distant, regional disease brings patients "
        "with a far better outlook into the group.",
        parts=(
            Part(
                table="lesion",
                where="((t.organ IN ('regional_ln', 'breast') AND t.is_regional = false) OR "
                "(t.is_regional AND t.organ IN ('bone', 'liver', 'lung', 'pleura', 'brain', "
                "'leptomeninges', 'adrenal', 'ovary', 'peritoneum', 'distant_ln')))",
                column="is_regional",
                message="{t.organ}, and is_regional {t.is_regional}.",
            ),
        ),
    ),
    Rule(
        id="organ-unknown",
        family="traps",
        severity="minor",
        title="Every lesion has an organ.",
        action="Enter it: without one a lesion is not known to be distant and makes nobody "
        "metastatic here.",
        parts=(
            Part(
                table="lesion",
                where="(t.organ IS NULL)",
                column="organ",
                message="A lesion without an organ.",
            ),
        ),
    ),
)
