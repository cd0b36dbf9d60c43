"""PERSON, DEATH, OBSERVATION_PERIOD and VISIT_OCCURRENCE."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, origin, role, text_id
from locoreg.registry.store.views import literal

_PATIENT = """
WITH gender AS (SELECT concept_id, min(value) AS sex FROM role_concept
                WHERE role = 'gender' GROUP BY 1),
watched AS (SELECT person_id,
        min_by(struct_pack(d := d, p := p), d) FILTER (first) AS entry,
        max_by(struct_pack(d := d, p := p), d) AS last
    FROM (
        SELECT person_id, observation_period_start_date AS d, observation_period_start_date_p AS p,
            true AS first FROM observation_period
        UNION ALL SELECT person_id, observation_period_end_date, observation_period_end_date_p,
            false FROM observation_period
        UNION ALL SELECT person_id, visit_start_date, visit_start_date_p, false
            FROM visit_occurrence
        UNION ALL SELECT person_id, visit_end_date, visit_end_date_p, false FROM visit_occurrence)
    WHERE d IS NOT NULL GROUP BY 1),
dead AS (SELECT person_id,
        min_by(struct_pack(d := death_date, p := death_date_p), death_date) AS day,
        count(*) AS n, min(cause) AS cause, count(DISTINCT cause) AS causes
    FROM death_cause GROUP BY 1),
one AS (SELECT DISTINCT ON (person_id) * FROM person ORDER BY person_id, rowid)
SELECT {patient} AS patient_id, {site} AS site_id, {sex}, {birth}, {entry},
    {last}, {status}, {death}, {cause}, {origin}
FROM one p JOIN enrolled USING (person_id)
LEFT JOIN gender g ON g.concept_id = p.gender_concept_id
LEFT JOIN watched w ON w.person_id = p.person_id
LEFT JOIN dead x ON x.person_id = p.person_id
"""


def map_patients(job: Job) -> None:
    """Deliver ``patient`` and ``observation_window``."""
    _causes(job)
    site = (
        literal(job.site)
        if job.site is not None
        else "coalesce('care site ' || p.care_site_id, 'location ' || p.location_id)"
    )
    death_day = "x.day.d"
    last = f"coalesce({death_day}, CASE WHEN x.person_id IS NULL THEN w.last.d END)"
    last_p = f"CASE WHEN {death_day} IS NOT NULL THEN x.day.p ELSE w.last.p END"
    birth = "CASE WHEN p.year_of_birth BETWEEN 1850 AND 2200 THEN p.year_of_birth END"
    job.deliver(
        "patient",
        _PATIENT.format(
            patient=text_id("p.person_id"),
            site=site,
            sex=known("g.sex", "sex"),
            birth=known(birth, "birth_year"),
            entry=day("w.entry.d", "w.entry.p", "entry_date"),
            last=day(last, last_p, "last_contact_date"),
            status=known("CASE WHEN x.person_id IS NOT NULL THEN 'dead' END", "vital_status"),
            death=day(death_day, "x.day.p", "death_date"),
            cause=known("CASE WHEN x.causes = 1 THEN x.cause END", "death_cause"),
            origin=origin("person", "p.person_id"),
        ),
    )
    _patient_codes(job)
    _windows(job)
    _patient_problems(job)


def _causes(job: Job) -> None:
    ours = (
        "SELECT concept_id FROM role_concept WHERE role IN "
        "('breast_malignancy', 'breast_metastatic')"
    )
    # A metastasis or a malignancy without its site says nothing of which cancer it was.
    vague = (
        "SELECT concept_id FROM role_concept WHERE role = 'secondary_malignancy' "
        "OR (role = 'malignancy' AND root)"
    )
    job.run(
        f"""CREATE OR REPLACE TABLE death_cause AS SELECT d.*, CASE
            WHEN d.cause_concept_id IN ({ours}) THEN 'breast_cancer'
            WHEN d.cause_concept_id IN ({vague}) THEN NULL
            WHEN c.concept_id IS NOT NULL AND c.standard_concept = 'S' THEN 'other' END AS cause
        FROM death d LEFT JOIN concept c ON c.concept_id = d.cause_concept_id
            AND c.concept_id > 0"""
    )


def _patient_codes(job: Job) -> None:
    job.codes(
        "patient",
        "sex",
        "SELECT p.gender_concept_id, g.value FROM person p LEFT JOIN role_concept g "
        "ON g.role = 'gender' AND g.concept_id = p.gender_concept_id",
    )
    job.codes(
        "patient",
        "death_cause",
        "SELECT cause_concept_id, cause FROM death_cause WHERE cause_concept_id IS NOT NULL",
    )
    job.run("INSERT INTO used SELECT 'person', person_id FROM enrolled")


def _windows(job: Job) -> None:
    source = """CASE
        WHEN regexp_matches(lower(c.concept_name), 'claim|insur|enrol') THEN 'claims'
        WHEN regexp_matches(lower(c.concept_name), 'registr') THEN 'registry_linkage'
        WHEN regexp_matches(lower(c.concept_name), 'study|trial|survey') THEN 'study'
        WHEN regexp_matches(lower(c.concept_name), 'ehr|electronic|encounter|hospital|health rec')
            THEN 'hospital' END"""
    job.deliver(
        "observation_window",
        f"""SELECT 'o' || observation_period_id AS window_id, {text_id("person_id")} AS patient_id,
            {day("observation_period_start_date", "observation_period_start_date_p", "start_date")},
            {day("observation_period_end_date", "observation_period_end_date_p", "end_date")},
            {known(source, "source")}, {origin("observation_period", "observation_period_id")}
        FROM observation_period LEFT JOIN concept c ON c.concept_id = period_type_concept_id""",
    )
    job.codes(
        "observation_window",
        "source",
        f"SELECT period_type_concept_id, {source} FROM observation_period "
        "LEFT JOIN concept c ON c.concept_id = period_type_concept_id",
    )
    job.use("observation_period", "SELECT observation_period_id FROM observation_period")
    job.use("visit_occurrence", "SELECT visit_occurrence_id FROM visit_occurrence")


def _patient_problems(job: Job) -> None:
    job.problems(
        "death-twice",
        "serious",
        "DEATH holds more than one row of the person ({value}); the earliest day was taken.",
        "SELECT NULL AS row_id, person_id, person_id AS row_key, "
        "string_agg(coalesce(CAST(death_date AS VARCHAR), 'no date'), ', ' ORDER BY death_date) "
        "AS value FROM death GROUP BY person_id HAVING count(*) > 1",
        file="death",
        table="patient",
        column="death_date",
    )
    job.problems(
        "person-twice",
        "serious",
        "PERSON holds more than one row of the person; one of them was taken.",
        "SELECT person_id AS row_id, person_id, person_id AS row_key, count(*) AS value "
        "FROM person GROUP BY person_id HAVING count(*) > 1",
        file="person",
        table="patient",
    )
    job.problems(
        "no-observation-period",
        "minor",
        "the person has no observation period: when observation began is not known.",
        "SELECT person_id AS row_id, person_id, person_id AS row_key, NULL AS value FROM enrolled "
        "WHERE person_id NOT IN (SELECT person_id FROM observation_period)",
        file="person",
        table="patient",
        column="entry_date",
    )
    job.problems(
        "unknown-code",
        "minor",
        "gender concept {value} is not known: sex is taken as not recorded.",
        f"SELECT person_id AS row_id, person_id, person_id AS row_key, gender_concept_id AS value "
        f"FROM person WHERE gender_concept_id NOT IN ({role('gender')})",
        file="person",
        table="patient",
        column="sex",
    )
