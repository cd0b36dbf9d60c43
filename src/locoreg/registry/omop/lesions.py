"""Lesions: metastases of both conventions, the same one once."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, text_id
from locoreg.registry.omop.metastases import NO_EVIDENCE

# Organs that no concept tells apart further: one lesion of "other" per concept.
_LESION_ID = """person_id || '-' || CASE organ WHEN 'other' THEN 'other-' || concept_id
    WHEN 'node_unstated' THEN 'lymph_node' ELSE organ END || coalesce('-' || side, '')"""


def find_lesions(job: Job) -> None:
    """Make ``lesion_row`` (rows of each lesion) and ``lesion_one`` (one row per lesion).

    The CDM does not tell lesions apart: a metastasis of an organ is recorded again at each visit
    and in both conventions. So the rows of one person and organ (and side, where one is stated)
    are one lesion, first seen on the earliest of their days. A row that states no side joins the
    sided lesion of its organ, if there is one; a row that states no organ is a lesion only of a
    person without any other.
    """
    job.run(
        f"""CREATE OR REPLACE TABLE lesion_all AS
        SELECT *, {_LESION_ID} AS own_id FROM (
            SELECT m.* EXCLUDE (side), coalesce(m.side, s.side) AS side
            FROM metastasis m JOIN enrolled USING (person_id)
            LEFT JOIN (SELECT person_id, organ, any_value(side) AS side FROM metastasis
                WHERE side IS NOT NULL AND NOT denied GROUP BY 1, 2
                HAVING count(DISTINCT side) = 1) s
              ON s.person_id = m.person_id AND s.organ = m.organ
            WHERE NOT denied AND coalesce(m.about, '') <> 'other')"""
    )
    job.run(
        """CREATE OR REPLACE TABLE lesion_row AS SELECT *, own_id AS lesion_id FROM lesion_all
        WHERE organ <> 'unstated' OR person_id NOT IN (
            SELECT person_id FROM lesion_all WHERE organ NOT IN ('unstated', 'regional_ln',
                'breast', 'node_unstated'))"""
    )
    job.run(
        """CREATE OR REPLACE TABLE lesion_one AS
        SELECT lesion_id, person_id, any_value(organ) AS organ, any_value(side) AS side,
            min_by(struct_pack(d := date, p := p, f := cdm_table, r := row_id),
                (date, cdm_table, row_id)) AS first,
            min(date) FILTER (cdm_table = 'measurement') AS modifier_day,
            min(date) FILTER (cdm_table = 'condition_occurrence') AS condition_day
        FROM lesion_row GROUP BY lesion_id, person_id"""
    )


def map_lesions(job: Job) -> None:
    """Deliver ``lesion``."""
    organ = "CASE WHEN organ IN ('unstated', 'node_unstated') THEN NULL ELSE organ END"
    regional = """CASE WHEN organ IN ('regional_ln', 'breast') THEN true
        WHEN organ IN ('unstated', 'node_unstated') THEN NULL ELSE false END"""
    job.deliver(
        "lesion",
        f"""SELECT lesion_id, {text_id("person_id")} AS patient_id, {known(organ, "organ")},
            {known("side", "laterality")}, {day("first.d", "first.p", "first_seen_date")},
            {known("CAST(NULL AS BOOLEAN)", "biopsied")}, {known(regional, "is_regional")},
            first.f AS source_file, first.r AS source_row
        FROM lesion_one""",
    )
    for table in ("measurement", "condition_occurrence"):
        rows = f"SELECT row_id FROM {{0}} WHERE cdm_table = '{table}'"
        job.use(table, rows.format("lesion_row"))
        job.leave(table, "a metastasis is denied", rows.format("metastasis") + " AND denied")
        job.leave(
            table,
            "a metastasis of another disease",
            rows.format("metastasis") + " AND about = 'other'",
        )
        job.leave(
            table,
            "a metastasis without its site; sites of the person stand in other rows",
            rows.format("lesion_all"),
        )
    job.codes(
        "lesion",
        "organ",
        "SELECT concept_id, CASE WHEN organ IN ('unstated', 'node_unstated') THEN NULL "
        "ELSE organ END FROM lesion_row",
    )
    _problems(job)


def _problems(job: Job) -> None:
    job.problems(
        "conventions-disagree",
        "minor",
        "the metastasis stands in MEASUREMENT and in CONDITION_OCCURRENCE with different first "
        "days ({value}); the earlier was taken.",
        "SELECT first.r AS row_id, person_id, lesion_id AS row_key, "
        "modifier_day || ' and ' || condition_day AS value FROM lesion_one "
        "WHERE modifier_day <> condition_day",
        file="measurement",
        table="lesion",
        column="first_seen_date",
    )
    job.problems(
        "node-region-missing",
        "minor",
        "{value}: the region of the lymph node is not stated, so it may be regional; the row alone "
        "is no evidence of metastatic disease.",
        "SELECT min(row_id) AS row_id, person_id, lesion_id AS row_key, min(name) AS value "
        "FROM lesion_row WHERE organ = 'node_unstated' GROUP BY person_id, lesion_id",
        file="condition_occurrence",
        table="lesion",
        column="organ",
    )
    listed = ", ".join(f"'{organ}'" for organ in NO_EVIDENCE)
    job.problems(
        "metastasis-against-m0",
        "note",
        "a distant metastasis is recorded on or before the day of the category M0 ({value}).",
        f"""SELECT min(s.row_id) AS row_id, s.person_id, s.tumour_id AS row_key,
            min(l.first.d) || ' and ' || min(s.date) AS value
        FROM stage_row s JOIN lesion_one l ON l.person_id = s.person_id
            AND l.organ NOT IN ({listed}) AND l.first.d <= s.date
        WHERE s.kind = 'M' AND s.value LIKE 'M0%' AND NOT s.denied AND s.tumour_id IS NOT NULL
        GROUP BY s.person_id, s.tumour_id""",
        file="measurement",
        table="primary_tumour",
        column="cm",
    )
