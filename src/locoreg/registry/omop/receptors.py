"""Receptor assays."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, origin, text_id

_GENE = r"\bish\b|fish|cish|in situ hyb|amplif|duplicat|gene "
_STAIN = r"immun|\bihc\b|stain"
_RESULT = r"""CASE
    WHEN r.value IS NOT NULL THEN r.value
    WHEN regexp_matches(named, '^(positive|pos|detected|present|amplified)\b') THEN 'pos'
    WHEN regexp_matches(named, '^(negative|neg|not detected|absent|not amplified)\b') THEN 'neg'
    WHEN regexp_matches(named, '^(equivocal|indeterminate|borderline)\b') THEN 'equivocal'
    WHEN regexp_matches(named, '^0(\s|$)') THEN '0'
    WHEN regexp_matches(named, '^(1\+|\+ ?$)') THEN '1+'
    WHEN regexp_matches(named, '^(2\+|\+\+ ?$)') THEN '2+'
    WHEN regexp_matches(named, '^(3\+|\+\+\+ ?$)') THEN '3+' END"""


def find_assays(job: Job) -> None:
    """Make ``assay_row``: one row per measurement of a receptor."""
    job.run(
        f"""CREATE OR REPLACE TABLE assay_row AS
        SELECT *, CASE WHEN base <> 'HER2' THEN base WHEN gene THEN 'HER2_ISH'
                WHEN stain THEN 'HER2_IHC' ELSE 'HER2' END AS marker,
            CASE WHEN gene THEN 'ISH' WHEN stain THEN 'IHC' END AS method,
            CASE WHEN tumour_id IS NOT NULL AND target = 'condition_occurrence' THEN 'primary'
                WHEN lesion_id IS NULL THEN NULL
                WHEN organ IN ('regional_ln', 'breast', 'node_unstated') THEN NULL
                ELSE 'metastasis' END AS context
        FROM (
            SELECT m.measurement_id AS row_id, m.person_id, m.measurement_date AS date,
                m.measurement_date_p AS p, m.value_as_number AS number, q.value AS base,
                m.measurement_concept_id AS concept_id, m.value_as_concept_id AS value_id,
                m.operator_concept_id AS operator_id, m.target, m.about, m.tumour_id,
                t.lesion_id, t.organ, {_RESULT} AS code,
                CASE WHEN q.value = 'HER2' AND regexp_matches(lower(c.concept_name), '{_GENE}')
                    THEN true ELSE false END AS gene,
                regexp_matches(lower(c.concept_name), '{_STAIN}') AS stain,
                CASE WHEN c.vocabulary_id = 'LOINC' THEN c.concept_code END AS loinc,
                coalesce(nullif(u.concept_code, ''), m.unit_source_value) AS unit, o.value AS op
            FROM (SELECT m.*, lower(trim(v.concept_name)) AS named FROM modifier m
                  LEFT JOIN concept v ON v.concept_id = m.value_as_concept_id
                      AND v.concept_id > 0) m
            JOIN (SELECT concept_id, min(value) AS value FROM role_concept
                  WHERE role = 'receptor' GROUP BY 1) q ON q.concept_id = m.measurement_concept_id
            LEFT JOIN (SELECT concept_id, min(value) AS value FROM role_concept
                  WHERE role = 'result' GROUP BY 1) r ON r.concept_id = m.value_as_concept_id
            LEFT JOIN (SELECT concept_id, min(value) AS value FROM role_concept
                  WHERE role = 'operator' GROUP BY 1) o ON o.concept_id = m.operator_concept_id
            LEFT JOIN concept c ON c.concept_id = m.measurement_concept_id
            LEFT JOIN concept u ON u.concept_id = m.unit_concept_id AND u.concept_id > 0
            LEFT JOIN (SELECT DISTINCT cdm_table, row_id, lesion_id, organ FROM lesion_row) t
              ON t.cdm_table = m.target AND t.row_id = m.target_id)"""
    )


def map_assays(job: Job) -> None:
    """Deliver ``receptor_assay``."""
    find_assays(job)
    mine = "coalesce(about, '') <> 'other'"
    reading = """CASE code WHEN 'pos' THEN 'positive' WHEN 'neg' THEN 'negative'
        WHEN 'equivocal' THEN 'equivocal' END"""
    unit = """CASE WHEN number IS NULL THEN NULL WHEN trim(unit) IN ('%', 'percent') THEN '%'
        WHEN lower(trim(unit)) IN ('{ratio}', 'ratio') THEN 'ratio'
        WHEN trim(unit) = '1' THEN '1' END"""
    job.deliver(
        "receptor_assay",
        f"""SELECT 'm' || row_id AS assay_id, {text_id("person_id")} AS patient_id,
            CASE WHEN context = 'primary' THEN tumour_id END AS tumour_id, lesion_id,
            {known("context", "context")}, {day("date", "p", "sample_date")}, marker,
            {known("number", "value_num")}, {unit} AS value_unit, {known("code", "value_code")},
            CASE WHEN number IS NOT NULL THEN op END AS operator,
            {known(reading, "interpretation")}, {known("method", "method")},
            {known("CAST(NULL AS VARCHAR)", "guideline")}, loinc, {origin("measurement", "row_id")}
        FROM assay_row WHERE {mine}""",
    )
    job.use("measurement", f"SELECT row_id FROM assay_row WHERE {mine}")
    job.leave("measurement", "a receptor of another disease", "SELECT row_id FROM assay_row")
    job.codes("receptor_assay", "marker", f"SELECT concept_id, marker FROM assay_row WHERE {mine}")
    job.codes(
        "receptor_assay",
        "value_code",
        f"SELECT value_id, code FROM assay_row WHERE {mine} AND value_id > 0",
    )
    job.codes(
        "receptor_assay",
        "operator",
        f"SELECT operator_id, op FROM assay_row WHERE {mine} AND operator_id > 0",
    )
    job.problems(
        "receptor-without-result",
        "minor",
        "the assay has neither a value nor a result that is known ({value}).",
        "SELECT row_id, person_id, 'm' || row_id AS row_key, value_id AS value FROM assay_row "
        f"WHERE number IS NULL AND code IS NULL AND {mine}",
        file="measurement",
        table="receptor_assay",
        column="value_code",
    )
    job.problems(
        "operator-unknown",
        "minor",
        "operator concept {value} is not known: the number is stored without it.",
        "SELECT row_id, person_id, 'm' || row_id AS row_key, operator_id AS value FROM assay_row "
        f"WHERE number IS NOT NULL AND operator_id > 0 AND op IS NULL AND {mine}",
        file="measurement",
        table="receptor_assay",
        column="operator",
    )
    job.problems(
        "receptor-of-which-sample",
        "note",
        "assays of the person are linked to neither the primary nor a metastasis ({value} rows): "
        "their context is not recorded.",
        "SELECT NULL AS row_id, person_id, NULL AS row_key, count(*) AS value FROM assay_row "
        f"WHERE context IS NULL AND {mine} GROUP BY person_id",
        file="measurement",
        table="receptor_assay",
        column="context",
    )
