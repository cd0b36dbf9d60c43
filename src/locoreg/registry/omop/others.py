"""Performance status, comorbidities and tumour markers."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, origin, role, text_id

_ECOG_NAME = r"ecog|eastern cooperative oncology group"
_KPS_NAME = r"karnofsky"
_GRADE = r"(?:grade|status|score)?\D*?\b([0-5])\b"
# Name of the analyte by what the name of the measurement holds.
MARKERS = (
    ("CA15-3", r"cancer ag 15-3|ca 15-3|ca-?15-3"),
    ("CA27.29", r"cancer ag 27-29|ca 27[.-]29"),
    ("CEA", r"carcinoembryonic ag"),
    ("CTC", r"circulating tumou?r cells"),
)


def map_performance(job: Job) -> None:
    """Deliver ``performance``: ECOG and Karnofsky, from MEASUREMENT and OBSERVATION."""
    parts = [
        f"""SELECT '{table}' AS cdm_table, {table}_id AS row_id, person_id,
            {table}_concept_id AS concept_id, {table}_date AS date, {table}_date_p AS p,
            value_as_number AS number, value_as_concept_id AS value_id FROM {table}"""
        for table in ("measurement", "observation")
    ]
    grade = f"regexp_extract({{0}}, '{_GRADE}', 1)"
    named = r"lower(c.concept_name)"
    said = "lower(v.concept_name)"
    tail = f"regexp_replace({named}, '.*?(grade|status -|score -)', '')"
    job.run(
        f"""CREATE OR REPLACE TABLE rating AS
        SELECT *, CASE WHEN ecog AND number = floor(number) AND number BETWEEN 0 AND 5
                THEN CAST(number AS SMALLINT) WHEN ecog AND number IS NULL
                THEN coalesce(TRY_CAST(nullif(value_grade, '') AS SMALLINT),
                    TRY_CAST(nullif(name_grade, '') AS SMALLINT)) END AS ecog_grade,
            CASE WHEN NOT ecog AND number BETWEEN 0 AND 100 AND number = floor(number)
                THEN CAST(number AS SMALLINT) END AS kps
        FROM (
            SELECT x.*, c.concept_name AS name,
                concept_ecog OR coalesce(regexp_matches({said}, '{_ECOG_NAME}'), false) AS ecog,
                CASE WHEN concept_ecog THEN {grade.format(tail)} END AS name_grade,
                {grade.format(said)} AS value_grade
            FROM (SELECT x.*, x.concept_id IN ({role("ecog")})
                    OR coalesce(regexp_matches({named}, '{_ECOG_NAME}'), false) AS concept_ecog,
                    coalesce(regexp_matches({named}, '{_KPS_NAME}'), false) AS concept_kps
                FROM ({" UNION ALL ".join(parts)}) x
                LEFT JOIN concept c ON c.concept_id = x.concept_id) x
            LEFT JOIN concept c ON c.concept_id = x.concept_id
            LEFT JOIN concept v ON v.concept_id = x.value_id AND v.concept_id > 0
            WHERE concept_ecog OR concept_kps OR regexp_matches({said}, '{_ECOG_NAME}'))"""
    )
    job.deliver(
        "performance",
        f"""SELECT left(cdm_table, 1) || row_id AS performance_id,
            {text_id("person_id")} AS patient_id, {day("date", "p", "date")},
            {known("ecog_grade", "ecog")}, {known("kps", "karnofsky")},
            cdm_table AS source_file, row_id AS source_row FROM rating""",
    )
    for table in ("measurement", "observation"):
        job.use(table, f"SELECT row_id FROM rating WHERE cdm_table = '{table}'")
    job.codes("performance", "ecog", "SELECT concept_id, ecog_grade FROM rating WHERE ecog")
    job.problems(
        "performance-unreadable",
        "minor",
        "the rating has no grade that is known ({value}).",
        "SELECT row_id, person_id, left(cdm_table, 1) || row_id AS row_key, "
        "coalesce(CAST(number AS VARCHAR), CAST(value_id AS VARCHAR)) AS value FROM rating "
        "WHERE ecog_grade IS NULL AND kps IS NULL",
        file="measurement",
        table="performance",
        column="ecog",
    )


def map_comorbidities(job: Job) -> None:
    """Deliver ``comorbidity``: every other condition once per person, on its first day."""
    job.run(
        f"""CREATE OR REPLACE TABLE comorbid_row AS
        SELECT t.condition_occurrence_id AS row_id, t.person_id,
            t.condition_concept_id AS concept_id, t.condition_start_date AS date,
            t.condition_start_date_p AS p, c.concept_code AS code,
            c.concept_name AS name, c.vocabulary_id AS vocabulary
        FROM condition_occurrence t JOIN concept c ON c.concept_id = t.condition_concept_id
        WHERE t.condition_concept_id > 0 AND NOT EXISTS (FROM used u
            WHERE u.cdm_table = 'condition_occurrence' AND u.row_id = t.condition_occurrence_id)
          AND t.condition_concept_id NOT IN ({role("breast_malignancy")})
          AND t.condition_concept_id NOT IN ({role("not_used")})
          AND t.condition_concept_id < 2000000000"""
    )
    system = """CASE vocabulary WHEN 'SNOMED' THEN 'SNOMED' WHEN 'ICD10' THEN 'ICD-10'
        WHEN 'ICD10CM' THEN 'ICD-10-CM' ELSE 'local' END"""
    job.deliver(
        "comorbidity",
        f"""SELECT person_id || '-' || concept_id AS comorbidity_id,
            {text_id("person_id")} AS patient_id, {day("first.d", "first.p", "date")}, code,
            {system} AS system, name AS display, true AS present,
            {origin("condition_occurrence", "first.r")}
        FROM (SELECT person_id, concept_id, any_value(code) AS code, any_value(name) AS name,
                any_value(vocabulary) AS vocabulary,
                min_by(struct_pack(d := date, p := p, r := row_id), (date, row_id)) AS first
            FROM comorbid_row GROUP BY person_id, concept_id)""",
    )
    job.use("condition_occurrence", "SELECT row_id FROM comorbid_row")
    job.codes("comorbidity", "code", "SELECT concept_id, code FROM comorbid_row")


def map_biomarkers(job: Job) -> None:
    """Deliver ``biomarker``: tumour markers with a number, by the name of the measurement."""
    whens = " ".join(
        f"WHEN regexp_matches(lower(c.concept_name), '{pattern}') THEN '{name}'"
        for name, pattern in MARKERS
    )
    job.run(
        f"""CREATE OR REPLACE TABLE marker_row AS
        SELECT m.measurement_id AS row_id, m.person_id, m.measurement_concept_id AS concept_id,
            m.measurement_date AS date, m.measurement_date_p AS p, m.value_as_number AS value,
            CASE {whens} END AS analyte, c.concept_name AS name,
            coalesce(nullif(u.concept_code, ''), m.unit_source_value) AS unit
        FROM measurement m JOIN concept c ON c.concept_id = m.measurement_concept_id
        LEFT JOIN concept u ON u.concept_id = m.unit_concept_id AND u.concept_id > 0
        WHERE CASE {whens} END IS NOT NULL"""
    )
    job.deliver(
        "biomarker",
        f"""SELECT 'm' || row_id AS biomarker_id, {text_id("person_id")} AS patient_id,
            {day("date", "p", "date")}, {known("CAST(NULL AS VARCHAR)", "fluid")}, analyte,
            NULL AS gene, {known("value", "value")}, unit, {known("CAST(NULL AS DOUBLE)", "lod")},
            {known("CAST(NULL AS BOOLEAN)", "detected")}, name AS assay,
            {origin("measurement", "row_id")} FROM marker_row""",
    )
    job.use("measurement", "SELECT row_id FROM marker_row")
    job.codes("biomarker", "analyte", "SELECT concept_id, analyte FROM marker_row")
