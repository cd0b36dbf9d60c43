"""Rows of metastases in both conventions, and the rule of enrolment."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, role
from locoreg.registry.omop.rules import organ_rules
from locoreg.registry.store.views import literal

# Words of a value or a status that deny what the row is about.
DENIED = r"^(no|none|absent|negative|not (present|detected|found|seen)|excluded|ruled out)\b"
REFUTED = r"ruled out|refuted|excluded|entered in error"
NO_EVIDENCE = ("regional_ln", "breast", "node_unstated")
REASONS = {
    "other_primary": "breast malignancy, and every record of metastasis is linked to another "
    "disease",
    "regional": "breast malignancy, and only regional nodes, nodes of no stated region or the "
    "breast are recorded as metastasis",
    "denied": "breast malignancy, and the records of metastasis deny it",
    "refuted": "the breast malignancy itself is refuted",
}


def organ_case(name: str) -> str:
    """Return the SQL expression of the organ that a concept's name means."""
    whens = " ".join(
        f"WHEN regexp_matches({name}, {literal(rule.pattern)}) THEN {literal(rule.organ)}"
        for rule in organ_rules()
    )
    return f"CASE WHEN {name} IS NULL THEN 'unstated' {whens} END"


def find_metastases(job: Job) -> None:
    """Make ``metastasis``: one row per CDM row that speaks of a metastasis, with its organ."""
    job.run(
        f"""CREATE OR REPLACE TABLE concept_organ AS
        SELECT c.concept_id, coalesce(
            (SELECT min_by(r.value, (CASE WHEN r.root THEN 0 ELSE 1 END, r.place))
             FROM role_concept r WHERE r.role = 'metastasis_site' AND r.concept_id = c.concept_id),
            {organ_case("lower(c.concept_name)")}) AS organ
        FROM concept c"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE metastasis AS
        SELECT x.*, o.organ, {side("c.concept_name")} AS side, c.concept_name AS name,
            c.vocabulary_id, c.concept_code
        FROM (
            SELECT 'measurement' AS cdm_table, measurement_id AS row_id, m.person_id,
                {value_or_concept("metastasis")} AS concept_id, measurement_date AS date,
                measurement_date_p AS p, l.about, l.target, l.target_id,
                coalesce(regexp_matches(lower(v.concept_name), '{DENIED}'), false) AS denied
            FROM measurement m
            LEFT JOIN link_about l ON l.cdm_table = 'measurement' AND l.row_id = m.measurement_id
            LEFT JOIN concept v ON v.concept_id = m.value_as_concept_id
            WHERE m.measurement_concept_id IN ({role("metastasis")})
               OR m.value_as_concept_id IN ({role("metastasis")})
            UNION ALL
            SELECT 'condition_occurrence', condition_occurrence_id, t.person_id,
                condition_concept_id, condition_start_date, condition_start_date_p, 'unknown',
                NULL, NULL,
                coalesce(regexp_matches(lower(s.concept_name), '{REFUTED}'), false)
            FROM condition_occurrence t
            LEFT JOIN concept s ON s.concept_id = t.condition_status_concept_id
            WHERE condition_concept_id IN ({role("secondary_malignancy")})
               OR condition_concept_id IN ({role("breast_metastatic")})) x
        LEFT JOIN concept c ON c.concept_id = x.concept_id
        LEFT JOIN concept_organ o ON o.concept_id = x.concept_id"""
    )


def value_or_concept(name: str) -> str:
    """Return the SQL expression of the concept of a role that a measurement m holds."""
    return (
        f"CASE WHEN m.value_as_concept_id IN ({role(name)}) THEN m.value_as_concept_id "
        "ELSE m.measurement_concept_id END"
    )


def side(name: str) -> str:
    """Return the SQL expression of the side that a concept's name states."""
    low = f"lower({name})"
    return (
        rf"CASE WHEN regexp_matches({low}, '\bbilateral\b|\bboth\b') THEN 'bilateral' "
        rf"WHEN regexp_matches({low}, '\bleft\b') AND NOT regexp_matches({low}, '\bright\b') "
        rf"THEN 'left' WHEN regexp_matches({low}, '\bright\b') "
        rf"AND NOT regexp_matches({low}, '\bleft\b') THEN 'right' END"
    )


def find_primaries(job: Job) -> None:
    """Make ``breast_row``: rows of breast malignancy, metastases not among them."""
    job.run(
        f"""CREATE OR REPLACE TABLE breast_row AS
        SELECT t.condition_occurrence_id AS row_id, t.person_id,
            t.condition_concept_id AS concept_id, t.condition_start_date AS date,
            t.condition_start_date_p AS p,
            t.condition_source_value AS source_value, c.concept_name AS name,
            c.concept_code, c.vocabulary_id, s.concept_code AS source_code,
            s.vocabulary_id AS source_vocabulary, {side("c.concept_name")} AS side,
            coalesce(regexp_matches(lower(k.concept_name), '{REFUTED}'), false) AS refuted
        FROM condition_occurrence t
        LEFT JOIN concept c ON c.concept_id = t.condition_concept_id
        LEFT JOIN concept s ON s.concept_id = t.condition_source_concept_id
        LEFT JOIN concept k ON k.concept_id = t.condition_status_concept_id
        WHERE t.condition_concept_id IN ({role("breast_malignancy")})
          AND t.condition_concept_id NOT IN ({role("secondary_malignancy")})
          AND t.condition_concept_id NOT IN ({role("breast_metastatic")})"""
    )


def enrol(job: Job) -> None:
    """Make ``enrolled``, and ``refused`` with the reason, of the candidates."""
    listed = ", ".join(f"'{organ}'" for organ in NO_EVIDENCE)
    job.run(
        f"""CREATE OR REPLACE TABLE stage_evidence AS
        SELECT m.measurement_id AS row_id, m.person_id, l.about,
            coalesce(regexp_matches(lower(v.concept_name), '{DENIED}'), false) AS denied
        FROM measurement m
        LEFT JOIN link_about l ON l.cdm_table = 'measurement' AND l.row_id = m.measurement_id
        LEFT JOIN concept v ON v.concept_id = m.value_as_concept_id
        WHERE m.measurement_concept_id IN ({role("m1")})
           OR m.value_as_concept_id IN ({role("m1")})
           OR m.measurement_concept_id IN ({role("stage_iv")})
           OR m.value_as_concept_id IN ({role("stage_iv")})"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE verdict AS
        SELECT p.person_id,
            coalesce(b.breast, false) AS breast, coalesce(x.spread, false) AS spread,
            coalesce(x.regional, false) AS regional, coalesce(x.other, false) AS other
        FROM candidate p
        LEFT JOIN (SELECT person_id, bool_or(ok) AS breast FROM (
                SELECT person_id, NOT refuted AS ok FROM breast_row
                UNION ALL SELECT person_id, NOT denied FROM metastasis
                WHERE concept_id IN ({role("breast_metastatic")})) GROUP BY 1) b USING (person_id)
        LEFT JOIN (SELECT person_id, bool_or(NOT denied AND NOT far AND NOT near) AS spread,
                bool_or(NOT denied AND NOT far AND near) AS regional,
                bool_or(NOT denied AND far) AS other
            FROM (
                SELECT person_id, denied, coalesce(about, '') = 'other' AS far,
                    organ IN ({listed}) AS near FROM metastasis
                UNION ALL SELECT person_id, denied, coalesce(about, '') = 'other', false
                FROM stage_evidence) GROUP BY 1) x USING (person_id)"""
    )
    job.run(
        "CREATE OR REPLACE TABLE enrolled AS SELECT person_id FROM verdict WHERE breast AND spread"
    )
    job.run(
        """CREATE OR REPLACE TABLE refused AS SELECT person_id, CASE
            WHEN NOT breast THEN 'refuted' WHEN regional THEN 'regional'
            WHEN other THEN 'other_primary' ELSE 'denied' END AS reason
        FROM verdict WHERE NOT (breast AND spread)"""
    )


def note_doubt(job: Job) -> None:
    """Raise problems of enrolment: another primary that may own the metastases; no primary row."""
    job.problems(
        "metastasis-of-which-primary",
        "serious",
        "the person has another malignancy ({value}) and no record of metastasis is linked to the "
        "breast cancer: the metastases may belong to the other.",
        f"""SELECT NULL AS row_id, t.person_id, NULL AS row_key,
            min(coalesce(c.concept_name, CAST(c.concept_id AS VARCHAR))) AS value
        FROM condition_occurrence t JOIN concept c ON c.concept_id = t.condition_concept_id
        WHERE t.condition_concept_id IN ({role("malignancy")})
          AND t.condition_concept_id NOT IN ({role("breast_malignancy")})
          AND t.condition_concept_id NOT IN ({role("secondary_malignancy")})
          AND t.condition_concept_id NOT IN ({role("breast_metastatic")})
          AND NOT regexp_matches(lower(c.concept_name), '^malignant (neoplastic disease|neoplasm)$')
          AND t.person_id NOT IN (SELECT person_id FROM metastasis WHERE about = 'breast' OR
                concept_id IN ({role("breast_metastatic")}))
          AND t.person_id NOT IN (SELECT person_id FROM stage_evidence WHERE about = 'breast')
        GROUP BY t.person_id""",
        file="condition_occurrence",
        table="patient",
    )
    job.problems(
        "primary-missing",
        "serious",
        "the person has a metastasis of breast cancer, but no row of the breast cancer itself.",
        "SELECT NULL AS row_id, person_id, NULL AS row_key, NULL AS value FROM enrolled "
        "WHERE person_id NOT IN (SELECT person_id FROM breast_row WHERE NOT refuted)",
        file="condition_occurrence",
        table="primary_tumour",
    )
