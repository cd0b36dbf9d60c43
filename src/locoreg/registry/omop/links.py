"""What rows are linked to: event links of MEASUREMENT and OBSERVATION, and EPISODE_EVENT."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, role
from locoreg.registry.omop.model import CDM

TARGETS = (
    "condition_occurrence",
    "measurement",
    "procedure_occurrence",
    "drug_exposure",
    "episode",
    "observation",
)


def make_fields(job: Job) -> None:
    """Make ``field_table``: the CDM table that a field concept means, by its name at the site.

    Public sources contradict each other about some of these ids; a name such as
    ``procedure_occurrence.procedure_occurrence_id`` decides. An id without such a name counts only
    where the sources agree.
    """
    job.run(
        """CREATE OR REPLACE TABLE field_used AS SELECT concept_id, count(*) AS n FROM (
            SELECT meas_event_field_concept_id AS concept_id FROM measurement
            WHERE measurement_event_id IS NOT NULL
            UNION ALL SELECT obs_event_field_concept_id FROM observation
            WHERE observation_event_id IS NOT NULL
            UNION ALL SELECT episode_event_field_concept_id FROM episode_event)
        GROUP BY 1"""
    )
    named = " ".join(
        f"WHEN regexp_full_match(name, '({table}\\.)?{CDM[table].key}') THEN '{table}'"
        for table in TARGETS
    )
    job.run(
        f"""CREATE OR REPLACE TABLE field_table AS
        SELECT u.concept_id, u.n, c.concept_name,
            coalesce(CASE {named} END, CASE WHEN c.concept_id IS NULL THEN r.value END) AS target
        FROM (SELECT f.*, lower(trim(c.concept_name)) AS name FROM field_used f
              LEFT JOIN concept c USING (concept_id)) u
        LEFT JOIN concept c ON c.concept_id = u.concept_id
        LEFT JOIN (SELECT concept_id, nullif(value, '') AS value FROM role_concept
                   WHERE role = 'field') r ON r.concept_id = u.concept_id"""
    )


def make_links(job: Job) -> None:
    """Make ``link`` (row to row), with the target's standing, and ``episode_link``."""
    make_fields(job)
    job.run(
        """CREATE OR REPLACE TABLE link AS
        SELECT 'measurement' AS cdm_table, measurement_id AS row_id, m.person_id, f.target,
            measurement_event_id AS target_id
        FROM measurement m JOIN field_table f ON f.concept_id = m.meas_event_field_concept_id
        WHERE measurement_event_id IS NOT NULL AND f.target IS NOT NULL
        UNION ALL
        SELECT 'observation', observation_id, o.person_id, f.target, observation_event_id
        FROM observation o JOIN field_table f ON f.concept_id = o.obs_event_field_concept_id
        WHERE observation_event_id IS NOT NULL AND f.target IS NOT NULL"""
    )
    job.run(
        """CREATE OR REPLACE TABLE episode_link AS
        SELECT DISTINCT e.episode_id, e.person_id, f.target, v.event_id AS target_id
        FROM episode_event v JOIN episode e ON e.episode_id = v.episode_id
        JOIN field_table f ON f.concept_id = v.episode_event_field_concept_id
        WHERE f.target IS NOT NULL"""
    )
    _judge_targets(job)


def _judge_targets(job: Job) -> None:
    """Make ``link_about``: whether a measurement is about the breast cancer or another disease."""
    ours = (
        "SELECT concept_id FROM role_concept WHERE role IN "
        "('breast_malignancy', 'breast_metastatic', 'secondary_malignancy')"
    )
    job.run(
        f"""CREATE OR REPLACE TABLE link_about AS
        SELECT l.cdm_table, l.row_id, l.person_id, l.target, l.target_id, CASE
            WHEN l.target = 'condition_occurrence' AND c.condition_occurrence_id IS NULL
                THEN 'dangling'
            WHEN l.target = 'condition_occurrence' AND c.condition_concept_id IN ({ours})
                THEN 'breast'
            WHEN l.target = 'condition_occurrence' THEN 'other'
            WHEN l.target = 'episode' AND e.episode_id IS NULL THEN 'dangling'
            WHEN l.target = 'episode' AND e.episode_object_concept_id IN ({ours}) THEN 'breast'
            WHEN l.target = 'episode' AND e.episode_object_concept_id IN ({role("malignancy")})
                THEN 'other'
            ELSE 'unknown' END AS about
        FROM link l
        LEFT JOIN condition_occurrence c ON l.target = 'condition_occurrence'
            AND c.condition_occurrence_id = l.target_id AND c.person_id = l.person_id
        LEFT JOIN episode e ON l.target = 'episode' AND e.episode_id = l.target_id
            AND e.person_id = l.person_id"""
    )


def note_links(job: Job) -> None:
    """Raise problems of links that can't be followed, or that lead to no row of the person."""
    job.problems(
        "link-unreadable",
        "serious",
        "rows are linked through the field concept {value}, which names no table of the CDM here: "
        "the links are not followed.",
        "SELECT NULL AS row_id, NULL AS person_id, NULL AS row_key, "
        "coalesce(CAST(concept_id AS VARCHAR), 'null') "
        "|| coalesce(' (' || concept_name || ')', '') || ', ' || n || ' rows' AS value "
        "FROM field_table WHERE target IS NULL",
        file="concept",
    )
    job.problems(
        "link-dangling",
        "minor",
        "the row is linked to {value}, which is no row of this person: taken as not linked.",
        "SELECT row_id, person_id, NULL AS row_key, target || ' ' || target_id AS value "
        "FROM link_about WHERE about = 'dangling'",
        file="measurement",
        column="measurement_event_id",
    )
