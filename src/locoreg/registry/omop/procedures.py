"""PROCEDURE_OCCURRENCE and treatment episodes: which local treatments there are."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, role
from locoreg.registry.omop.metastases import organ_case, side

# Procedures of the sets that treat no tumour.
NO_TREATMENT = (
    r"reconstruct|implant|augment|prosthe|tattoo|reduction mammaplasty|mastopexy|capsulo|"
    r"nipple (repair|reconstruct)|transplant|drainage|incision|bronchoscop|lavage|imaging"
)
PREPARATION = r"planning|simulation|consult|marker placement|localization of lesion|check-?up"
DIAGNOSTIC = r"biops|aspiration|needle core|diagnostic|explorat"
# One course of radiotherapy: rows of one concept no further apart than this.
COURSE_GAP_DAYS = 14
_MODALITY = r"""CASE
    WHEN regexp_matches(name, 'radio-?frequency') AND regexp_matches(name, 'ablat|destruct')
        THEN 'rfa'
    WHEN regexp_matches(name, 'microwave') THEN 'microwave'
    WHEN regexp_matches(name, 'cryo(-?ablat|surg|therap|destruct)|ablat.*cryo') THEN 'cryo'
    WHEN stereotactic THEN 'sabr'
    WHEN radiotherapy THEN 'rt_unspecified'
    WHEN in_set AND regexp_matches(name, 'biops|aspiration') THEN 'other'
    WHEN in_set THEN 'surgery' END"""
_APPROACH = r"""CASE
    WHEN regexp_matches(name, 'percutan') THEN 'percutaneous'
    WHEN regexp_matches(name, 'thoracoscop|laparoscop|endoscop|robot|minimally')
        THEN 'minimally_invasive'
    WHEN rt_value <> '' THEN rt_value
    WHEN stereotactic THEN 'external_beam'
    WHEN regexp_matches(name, '\bopen\b|thoracotomy|laparotomy') THEN 'open' END"""


def find_procedures(job: Job) -> None:
    """Make ``treatment``: procedures that treat a tumour, radiotherapy by course, episodes."""
    job.run(
        f"""CREATE OR REPLACE TABLE procedure_row AS
        SELECT x.*, {_MODALITY} AS modality, {_APPROACH} AS approach,
            regexp_matches(name, '{DIAGNOSTIC}') AS diagnostic,
            regexp_matches(name, '{PREPARATION}') OR (regexp_matches(name, '{NO_TREATMENT}')
                AND NOT stereotactic AND NOT radiotherapy) AS other,
            CASE WHEN nodes THEN 'regional_ln' WHEN set_organ IS NOT NULL THEN set_organ
                WHEN named_organ NOT IN ('unstated', 'other', 'node_unstated') THEN named_organ
                END AS organ
        FROM (
            SELECT p.procedure_occurrence_id AS row_id, p.person_id,
                p.procedure_concept_id AS concept_id, p.procedure_date AS date,
                p.procedure_date_p AS p, p.procedure_end_date AS end_date,
                p.procedure_end_date_p AS end_p, lower(coalesce(c.concept_name, '')) AS name,
                c.concept_code AS code, c.vocabulary_id AS vocabulary,
                {side("c.concept_name")} AS side,
                {organ_case("lower(c.concept_name)")} AS named_organ,
                s.value AS set_organ, s.value IS NOT NULL OR n.concept_id IS NOT NULL AS in_set,
                s.value IS NULL AND n.concept_id IS NOT NULL AS nodes,
                t.concept_id IS NOT NULL OR regexp_matches(lower(coalesce(c.concept_name, '')),
                    'stereotactic (body )?(ablative )?(radi|body)|radiosurgery') AS stereotactic,
                r.concept_id IS NOT NULL AS radiotherapy, coalesce(r.value, '') AS rt_value
            FROM procedure_occurrence p
            LEFT JOIN concept c ON c.concept_id = p.procedure_concept_id AND c.concept_id > 0
            LEFT JOIN (SELECT concept_id, min_by(value, place) AS value FROM role_concept
                       WHERE role = 'procedure_set' GROUP BY 1) s
                ON s.concept_id = p.procedure_concept_id
            LEFT JOIN (SELECT DISTINCT concept_id FROM role_concept WHERE role = 'node_surgery') n
                ON n.concept_id = p.procedure_concept_id
            LEFT JOIN (SELECT DISTINCT concept_id FROM role_concept WHERE role = 'stereotactic') t
                ON t.concept_id = p.procedure_concept_id
            LEFT JOIN (SELECT concept_id, max(value) AS value FROM role_concept
                       WHERE role = 'radiotherapy' GROUP BY 1) r
                ON r.concept_id = p.procedure_concept_id) x"""
    )
    _courses(job)
    _episodes(job)


def _courses(job: Job) -> None:
    """Make ``course_row``: the radiotherapy rows of each course."""
    job.run(
        """CREATE OR REPLACE TABLE radiation_row AS
        SELECT p.*, (SELECT min(l.episode_id) FROM episode_link l JOIN episode e USING (episode_id)
                WHERE l.target = 'procedure_occurrence' AND l.target_id = p.row_id
                  AND e.episode_concept_id IN (SELECT concept_id FROM role_concept
                    WHERE role = 'episode_radiotherapy')) AS episode_id
        FROM procedure_row p WHERE modality IN ('sabr', 'rt_unspecified') AND NOT other"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE course_row AS
        SELECT *, CASE WHEN episode_id IS NOT NULL THEN 'e' || episode_id
            ELSE 'p' || min(row_id) OVER (PARTITION BY person_id, concept_id, episode_id, number)
            END AS course_id
        FROM (
            SELECT *, sum(new) OVER (PARTITION BY person_id, concept_id, episode_id
                ORDER BY date, row_id ROWS UNBOUNDED PRECEDING) AS number
            FROM (SELECT *, CASE WHEN date - lag(date) OVER (
                    PARTITION BY person_id, concept_id, episode_id ORDER BY date, row_id)
                    <= {COURSE_GAP_DAYS} THEN 0 ELSE 1 END AS new FROM radiation_row))"""
    )


def _episodes(job: Job) -> None:
    """Make ``treatment`` from surgery rows, courses and episodes without procedures."""
    job.run(
        """CREATE OR REPLACE TABLE treatment AS
        SELECT 'p' || row_id AS lt_id, person_id, date, p, end_date, end_p, organ, side, modality,
            CASE WHEN approach IN ('external_beam', 'brachytherapy') THEN NULL ELSE approach END
                AS approach, diagnostic, concept_id, code, vocabulary, name,
            'procedure_occurrence' AS cdm_table, row_id, CAST(NULL AS BIGINT) AS episode_id
        FROM procedure_row WHERE modality NOT IN ('sabr', 'rt_unspecified') AND NOT other
        UNION ALL
        SELECT course_id, person_id, min(date), min_by(p, date),
            CASE WHEN max(coalesce(end_date, date)) > min(date)
                THEN max(coalesce(end_date, date)) ELSE max(end_date) END,
            'day', min(organ), CASE WHEN count(DISTINCT side) = 1 THEN min(side) END,
            CASE WHEN bool_or(modality = 'sabr') THEN 'sabr' ELSE 'rt_unspecified' END,
            CASE WHEN count(DISTINCT approach) = 1 THEN min(approach) END, false,
            min_by(concept_id, (modality <> 'sabr', date, row_id)),
            min_by(code, (modality <> 'sabr', date, row_id)),
            min_by(vocabulary, (modality <> 'sabr', date, row_id)), min(name),
            'procedure_occurrence', min_by(row_id, (date, row_id)), any_value(episode_id)
        FROM course_row GROUP BY course_id, person_id"""
    )
    for name, modality in (
        ("episode_surgery", "surgery"),
        ("episode_radiotherapy", "rt_unspecified"),
    ):
        # Procedures tell what was done; an episode without any is a treatment by itself.
        job.run(
            f"""INSERT INTO treatment
            SELECT 'e' || episode_id, person_id, episode_start_date, episode_start_date_p,
                episode_end_date, episode_end_date_p,
                CASE WHEN {organ_case("lower(c.concept_name)")} NOT IN
                    ('unstated', 'other', 'node_unstated')
                    THEN {organ_case("lower(c.concept_name)")} END,
                {side("c.concept_name")}, '{modality}', NULL, false,
                nullif(episode_object_concept_id, 0),
                c.concept_code, c.vocabulary_id, lower(coalesce(c.concept_name, '')),
                'episode', episode_id, episode_id
            FROM episode e LEFT JOIN concept c ON c.concept_id = e.episode_object_concept_id
                AND c.concept_id > 0
            WHERE episode_concept_id IN ({role(name)}) AND episode_id NOT IN (
                SELECT episode_id FROM episode_link l
                JOIN procedure_row p ON p.row_id = l.target_id
                WHERE l.target = 'procedure_occurrence' AND p.modality IS NOT NULL
                  AND NOT p.other)"""
        )
