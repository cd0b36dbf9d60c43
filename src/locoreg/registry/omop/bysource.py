"""Diagnoses without a standard concept, whose source is an ICD-10 code."""

from __future__ import annotations

from locoreg.registry.omop.job import Job
from locoreg.registry.omop.reading import Cdm
from locoreg.registry.omop.vocabulary import fetch_concepts
from locoreg.registry.store.views import literal

# Categories of ICD-10 and ICD-10-CM of breast cancer and of secondary neoplasms.
ICD10 = r"^C(50|7[789B])(\.?[0-9A-Z]{0,4})$"
READ = (
    "{value}: no standard concept; the ICD-10 code of the source was read, as the site's concept "
    "file says."
)
NOT_READ = (
    "{value} of breast cancer or metastasis have no standard concept (0), only this code of the "
    "source: they were not used, and persons who should enter may be missing. Map them in the CDM, "
    "or set source_icd10 in a concept file."
)


def make_source_map(job: Job) -> None:
    """Make ``source_map``: beginning of an ICD-10 code and the concept that it means.

    Only concepts that the enrolment knows count; where the site's vocabulary has none for an
    organ, the general one stands for it.
    """
    job.run(
        """CREATE OR REPLACE TABLE source_map AS SELECT * FROM source_code
        WHERE concept_id IN (SELECT concept_id FROM role_concept
            WHERE role IN ('breast_malignancy', 'secondary_malignancy'))"""
    )
    for prefix, name in (("C50", "breast_malignancy"), ("C7", "secondary_malignancy")):
        job.run(
            f"INSERT INTO source_map SELECT '{prefix}', min(concept_id) FROM role_concept "
            f"WHERE role = '{name}' AND root HAVING count(*) > 0"
        )


def find_sources(job: Job, cdm: Cdm, target: str) -> None:
    """Make ``by_source``: rows of ``condition_occurrence`` with concept 0 and an ICD-10 code.

    Parameters
    ----------
    job : Job
        The import.
    cdm : Cdm
        The CDM.
    target : str
        Local table of rows.
    """
    fetch_concepts(
        job.con,
        cdm,
        f"SELECT condition_source_concept_id FROM {target} WHERE condition_concept_id = 0",
    )
    job.run(
        f"""CREATE OR REPLACE TABLE by_source AS
        SELECT row_id, place, person_id, said, (SELECT max_by(m.concept_id, length(m.prefix))
            FROM source_map m WHERE starts_with(replace(said, '.', ''), m.prefix)) AS concept_id
        FROM (
            SELECT t.condition_occurrence_id AS row_id, t.rowid AS place, t.person_id,
                upper(CASE WHEN c.vocabulary_id IN ('ICD10', 'ICD10CM', 'ICD10GM')
                    THEN c.concept_code ELSE t.condition_source_value END) AS said
            FROM {target} t LEFT JOIN concept c ON c.concept_id = t.condition_source_concept_id
            WHERE t.condition_concept_id = 0)
        WHERE regexp_matches(said, {literal(ICD10)})"""
    )


def read_sources(job: Job, cdm: Cdm, target: str) -> None:
    """Give rows with concept 0 the concept that their ICD-10 code means; see ``find_sources``."""
    find_sources(job, cdm, target)
    job.run(
        f"UPDATE {target} SET condition_concept_id = s.concept_id FROM by_source s "
        f"WHERE {target}.rowid = s.place AND s.concept_id IS NOT NULL"
    )


def note_sources(job: Job, message: str, whose: str) -> None:
    """Raise one problem per code of ``by_source``; ``whose`` restricts its rows."""
    job.problems(
        "condition-without-concept",
        "serious",
        message,
        f"""SELECT NULL AS row_id, NULL AS person_id, NULL AS row_key, said || ': ' || count(*)
            || ' rows of ' || count(DISTINCT person_id) || ' persons' AS value
        FROM by_source WHERE {whose} GROUP BY said""",
        file="condition_occurrence",
        column="condition_concept_id",
    )
