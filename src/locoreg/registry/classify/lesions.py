"""Number, sites and size of the distant lesions present, and how far they were looked for."""

from __future__ import annotations

from typing import TYPE_CHECKING

from locoreg.registry.classify.metastasis import IS_DISTANT
from locoreg.registry.classify.options import REGIONS, LesionOptions
from locoreg.registry.store.views import literal

if TYPE_CHECKING:
    import duckdb

_BITS = {region: 1 << place for place, region in enumerate(REGIONS)}
_BODY = tuple(region for region in REGIONS if region != "brain")


def build(con: duckdb.DuckDBPyConnection, options: LesionOptions) -> None:
    """Make ``d_lesions``, ``lesion_state`` (one row per lesion) and ``exam`` (one per assessment).

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        After ``make_first_metastasis``.
    options : LesionOptions
        Window, regions, brain.
    """
    _make_lesion_state(con)
    _make_exams(con, options)
    _make_counted(con, options)
    _make_listed(con)
    _make_looked(con, options)
    _make_lesions(con, options)


def _make_lesion_state(con: duckdb.DuckDBPyConnection) -> None:
    """Say of each lesion whether it is present: by its latest measurement and its resection."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE measured AS
        WITH words AS (
            SELECT patient_id, lesion_id, d_min, d_max, longest_mm, state,
                CASE WHEN state = 'absent' OR longest_mm = 0 THEN 'gone'
                    WHEN state IN ('new', 'growing', 'stable', 'shrinking') THEN 'present'
                    WHEN state = 'treated' THEN 'uncertain'
                    WHEN longest_mm > 0 OR short_axis_mm > 0 OR suv_max > 0 THEN 'present'
                    END AS says
            FROM known_lesion_measurement)
        SELECT *, max(d_min) FILTER (says IS NOT NULL) OVER one AS latest,
            max(d_min) FILTER (longest_mm > 0) OVER one AS latest_size
        FROM words WINDOW one AS (PARTITION BY patient_id, lesion_id)""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE resected AS
        SELECT patient_id, lesion_id, max(d_min) AS op_min, max(d_max) AS op_max,
            min(d_min) AS first_op,
            arg_max(CASE WHEN margin IN ('R0', 'R1') THEN 'gone' WHEN margin = 'R2' THEN 'present'
                ELSE 'uncertain' END, d_min) AS says
        FROM known_local_therapy
        WHERE lesion_id IS NOT NULL AND modality = 'surgery'
            AND intent IS DISTINCT FROM 'diagnostic'
        GROUP BY patient_id, lesion_id""")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE lesion_state AS
        WITH latest AS (
            SELECT patient_id, lesion_id,
                CASE WHEN bool_or(says = 'present') FILTER (d_max >= latest) THEN 'present'
                    WHEN bool_and(says = 'gone') FILTER (d_max >= latest) THEN 'gone'
                    WHEN bool_or(says IS NOT NULL) THEN 'uncertain' END AS says,
                min(d_min) FILTER (d_max >= latest AND says IS NOT NULL) AS seen_min,
                max(d_max) FILTER (d_max >= latest AND says IS NOT NULL) AS seen_max,
                max(longest_mm) FILTER (d_max >= latest_size) AS longest_mm,
                min(d_min) FILTER (says = 'gone') AS first_gone,
                max(d_max) FILTER (says = 'gone') AS last_gone
            FROM measured GROUP BY patient_id, lesion_id)
        SELECT l.patient_id, l.lesion_id, l.organ, {IS_DISTANT} AS distant,
            l.d_min AS first_min, l.d_max AS first_max, m.longest_mm, m.says AS measured_as,
            CASE WHEN m.says IS NULL AND r.says IS NULL THEN 'present'
                WHEN r.says IS NULL THEN m.says
                WHEN m.says IS NULL OR m.says = r.says THEN r.says
                WHEN r.op_min >= m.seen_max THEN r.says
                WHEN m.seen_min > r.op_max THEN m.says
                ELSE 'uncertain' END AS status,
            least(m.first_gone, CASE WHEN r.says <> 'present' THEN r.first_op END) AS gone_earliest,
            greatest(m.last_gone, CASE WHEN r.says = 'gone' THEN r.op_max END) AS gone_latest
        FROM known_lesion l
        LEFT JOIN latest m ON m.patient_id = l.patient_id AND m.lesion_id = l.lesion_id
        LEFT JOIN resected r ON r.patient_id = l.patient_id AND r.lesion_id = l.lesion_id""")


def _make_exams(con: duckdb.DuckDBPyConnection, options: LesionOptions) -> None:
    """Make one row per assessment: regions, brain, whether it is in the window."""
    whole = ", ".join(literal(m) for m in options.whole_body_modalities) or "NULL"
    words = "string_split(lower(replace(regions, ' ', '')), ';')"
    bits = " + ".join(
        f"CASE WHEN list_contains({words}, '{region}') THEN {bit} ELSE 0 END"
        for region, bit in _BITS.items()
    )
    brain, body = _BITS["brain"], _mask(_BODY)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE coverage AS
        WITH words AS (
            SELECT DISTINCT regions, modality, brain_imaged FROM known_imaging_assessment),
        masks AS (
            SELECT *, CASE WHEN regions IS NULL THEN 0 ELSE {bits} END AS mask FROM words),
        covered AS (
            SELECT *, CASE WHEN mask > 0 THEN mask WHEN modality = 'MRI_brain' THEN {brain}
                    WHEN modality IN ({whole}) THEN {body} END AS recorded,
                CASE WHEN modality = 'MRI_brain' OR mask & {brain} > 0 THEN true
                    WHEN brain_imaged IS NULL AND mask > 0 THEN false
                    ELSE brain_imaged END AS brain
            FROM masks)
        SELECT regions, modality, brain_imaged, brain,
            CAST(CASE WHEN brain THEN recorded | {brain} ELSE recorded END AS INTEGER) AS mask
        FROM covered""")
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE exam AS
        SELECT e.patient_id, e.d_min, e.d_max, e.as_of, e.n_lesions, e.response,
            CASE WHEN e.n_lesions = 0 THEN coalesce(e.n_lesions_is_lower_bound, false)
                ELSE e.n_lesions_is_lower_bound END AS lower_bound,
            e.d_min >= e.as_of - {options.imaging_window_days} AS current, c.brain, c.mask
        FROM known_imaging_assessment e JOIN coverage c
            ON c.regions IS NOT DISTINCT FROM e.regions
            AND c.modality IS NOT DISTINCT FROM e.modality
            AND c.brain_imaged IS NOT DISTINCT FROM e.brain_imaged""")


def _mask(regions: tuple[str, ...]) -> int:
    return sum(_BITS[region] for region in regions)


def _make_counted(con: duckdb.DuckDBPyConnection, options: LesionOptions) -> None:
    """Make ``counted``: bounds of the number of lesions by the current assessments together.

    An assessment gives way to a later one that covers its regions. What is left is added where no
    region is covered twice; is the count of the one that covers all; or lies between the largest
    count and the sum.
    """
    required = _mask(options.required_regions)
    needs_all = f"l.mask & {required} = {required}" if required else "false"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE counting AS
        SELECT e.* FROM exam e
        WHERE e.current AND e.n_lesions IS NOT NULL AND NOT EXISTS (
            SELECT 1 FROM exam l
            WHERE l.patient_id = e.patient_id AND l.current AND l.n_lesions IS NOT NULL
                AND l.d_min > e.d_max AND (
                    l.mask & e.mask = e.mask
                    OR (e.mask IS NULL AND l.mask IS NULL)
                    OR (e.mask IS NULL AND {needs_all})))""")
    con.execute("""
        CREATE OR REPLACE TEMP TABLE counted AS
        WITH summed AS (
            SELECT patient_id, count(*) AS k, max(n_lesions) AS most, sum(n_lesions) AS total,
                min(d_min) AS exam_min, min(d_max) AS exam_max, max(d_min) AS last_exam,
                bool_or(lower_bound) AS lower_bound, bool_or(lower_bound IS NULL) AS not_stated,
                bool_or(mask IS NULL) AS no_regions, bit_count(bit_or(mask)) AS n_distinct,
                sum(bit_count(mask)) AS n_regions,
                max(n_lesions * 100 + coalesce(bit_count(mask), 0)) % 100 AS widest
            FROM counting GROUP BY patient_id)
        SELECT patient_id, exam_min, exam_max, last_exam, lower_bound, not_stated,
            CAST(CASE WHEN k > 1 AND NOT no_regions AND n_distinct = n_regions THEN total
                ELSE most END AS INTEGER) AS seen_min,
            CAST(CASE WHEN k = 1 OR (NOT no_regions AND widest = n_distinct) THEN most
                ELSE total END AS INTEGER) AS seen_max
        FROM summed""")


def _make_listed(con: duckdb.DuckDBPyConnection) -> None:
    """Make what the lesion table says: numbers, organs, sizes."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE listed AS
        SELECT s.patient_id,
            count(*) FILTER (distant = 'yes' AND status = 'present') AS listed_min,
            count(*) FILTER (distant <> 'no' AND status <> 'gone') AS listed_max,
            count(*) FILTER (distant <> 'no' AND status <> 'gone' AND first_max > c.last_exam)
                AS later_than_count,
            count(*) FILTER (distant = 'yes' AND status = 'gone') AS n_gone,
            array_to_string(list_sort(list(DISTINCT organ) FILTER (distant = 'yes'
                AND status = 'present')), ';') AS organs,
            count(DISTINCT organ) FILTER (distant = 'yes' AND status = 'present') AS n_organs,
            count(*) FILTER (distant = 'yes' AND status = 'present' AND organ IS NULL)
                AS n_without_organ,
            max(longest_mm) FILTER (distant = 'yes' AND status = 'present') AS largest_mm,
            sum(longest_mm) FILTER (distant = 'yes' AND status = 'present') AS sum_mm,
            count(longest_mm) FILTER (distant = 'yes' AND status = 'present') AS n_measured
        FROM lesion_state s LEFT JOIN counted c ON c.patient_id = s.patient_id
        GROUP BY s.patient_id""")


def _make_looked(con: duckdb.DuckDBPyConnection, options: LesionOptions) -> None:
    """Make what was imaged in the window: any, the required regions, the brain."""
    required = _mask(options.required_regions)
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE looked AS
        SELECT patient_id, bool_or(current) AS any_exam,
            bool_or(current AND mask IS NULL) AS some_unknown,
            coalesce(bit_or(mask) FILTER (current), 0) & {required} = {required} AS covered,
            CASE WHEN bool_or(brain) FILTER (current) THEN 'yes'
                WHEN bool_and(brain IS NOT NULL) FILTER (current) THEN 'no'
                ELSE 'unknown' END AS brain
        FROM exam GROUP BY patient_id""")


def _make_lesions(con: duckdb.DuckDBPyConnection, options: LesionOptions) -> None:
    """Make the bounds of the number of lesions, and why there is no upper one."""
    con.execute("""
        CREATE OR REPLACE TEMP TABLE across_count AS
        SELECT patient_id, sum(n) AS n FROM n_across
        WHERE table_name IN ('lesion', 'imaging_assessment', 'disease_event') GROUP BY 1""")
    brain = "true" if options.brain_imaging_required else "false"
    con.execute(f"""
        CREATE OR REPLACE TEMP TABLE d_lesions AS
        WITH joined AS (
            SELECT a.patient_id, coalesce(l.listed_min, 0) AS listed_min,
                coalesce(l.listed_max, 0) AS listed_max, coalesce(l.n_gone, 0) AS n_gone,
                coalesce(l.later_than_count, 0) AS later, l.organs,
                coalesce(l.n_organs, 0) AS n_organs, coalesce(l.n_without_organ, 0) AS no_organ,
                l.largest_mm, l.sum_mm, coalesce(l.n_measured, 0) AS n_measured,
                c.seen_min, c.seen_max, c.exam_min, c.exam_max,
                coalesce(c.lower_bound, false) AS lower_bound,
                coalesce(c.not_stated, false) AS not_stated,
                coalesce(k.any_exam, false) AS any_exam, coalesce(k.covered, false) AS covered,
                coalesce(k.some_unknown, false) AS some_unknown,
                CASE WHEN k.any_exam THEN k.brain END AS brain, coalesce(x.n, 0) AS n_across
            FROM as_of a LEFT JOIN listed l USING (patient_id)
            LEFT JOIN counted c USING (patient_id) LEFT JOIN looked k USING (patient_id)
            LEFT JOIN across_count x USING (patient_id)),
        bounds AS (
            SELECT *, greatest(listed_min, coalesce(seen_min, 0)) AS n_min,
                CASE WHEN seen_max IS NULL THEN listed_max
                    ELSE greatest(listed_min, seen_max + later) END AS n_top,
                concat_ws(';',
                    CASE WHEN NOT any_exam THEN 'no_imaging_in_the_window'
                        WHEN NOT covered AND some_unknown THEN 'regions_not_recorded'
                        WHEN NOT covered THEN 'regions_not_covered' END,
                    CASE WHEN {brain} AND brain = 'no' THEN 'brain_not_imaged'
                        WHEN {brain} AND brain = 'unknown' THEN 'brain_imaging_not_recorded' END,
                    CASE WHEN lower_bound THEN 'count_is_a_lower_bound'
                        WHEN not_stated THEN 'not_stated_whether_a_lower_bound' END,
                    CASE WHEN n_across > 0 THEN 'evidence_dated_across_the_date' END) AS why
            FROM joined)
        SELECT patient_id, n_min AS n_lesions_min,
            CASE WHEN why = '' THEN n_top END AS n_lesions_max,
            CASE WHEN why = '' AND n_min = n_top THEN n_min END AS n_lesions,
            nullif(concat_ws(';', nullif(why, ''), CASE WHEN why = '' AND n_min < n_top
                THEN 'lesions_or_counts_leave_it_open' END), '') AS n_lesions_reason,
            CASE WHEN seen_max IS NULL THEN 'lesions' WHEN listed_max = 0 THEN 'imaging'
                ELSE 'both' END AS n_lesions_from,
            seen_max IS NOT NULL AND listed_min > seen_max + later AND NOT lower_bound
                AS more_lesions_than_counted,
            listed_min AS n_lesions_listed_min, listed_max AS n_lesions_listed_max,
            seen_min AS n_lesions_counted_min,
            CASE WHEN NOT lower_bound AND NOT not_stated THEN seen_max END
                AS n_lesions_counted_max,
            n_gone AS n_lesions_gone, nullif(organs, '') AS organs, n_organs,
            no_organ AS n_lesions_without_organ, largest_mm, sum_mm, n_measured,
            exam_min, exam_max, brain AS brain_imaged
        FROM bounds""")
