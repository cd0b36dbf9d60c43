"""Local treatments: their targets, margins and intents."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, role, text_id
from locoreg.registry.omop.procedures import find_procedures

DISTANT = "('regional_ln', 'breast', 'node_unstated', 'unstated')"


def map_local_therapy(job: Job) -> None:
    """Deliver ``local_therapy``.

    A treatment of the breast has the primary as its target, one of axillary nodes the regional
    nodes. A treatment of another organ has a lesion as its target if it is linked to a metastasis
    of that organ, or if such a metastasis was recorded on or before its day and no primary of that
    organ explains it. Surgery of lung or liver without such a metastasis is no treatment of this
    disease and is counted.
    """
    find_procedures(job)
    _targets(job)
    _margins(job)
    _intents(job)
    _deliver(job)
    _account(job)
    _history(job)


def _targets(job: Job) -> None:
    """Make ``target_lesion`` and ``treated``, the treatments with their targets."""
    job.run(
        """CREATE OR REPLACE TABLE linked_lesion AS
        SELECT l.target_id AS procedure_id, any_value(r.lesion_id) AS lesion_id,
            any_value(r.organ) AS organ, count(DISTINCT r.lesion_id) AS n
        FROM lesion_row r JOIN link l ON r.cdm_table = 'measurement' AND l.cdm_table = 'measurement'
            AND l.row_id = r.row_id AND l.target = 'procedure_occurrence'
        GROUP BY 1"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE organ_primary AS
        SELECT t.person_id, o.organ, min(t.condition_start_date) AS date
        FROM condition_occurrence t JOIN concept_organ o ON o.concept_id = t.condition_concept_id
        WHERE t.condition_concept_id IN ({role("malignancy")})
          AND t.condition_concept_id NOT IN ({role("secondary_malignancy")})
          AND t.condition_concept_id NOT IN ({role("breast_malignancy")})
        GROUP BY 1, 2"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE treated AS
        SELECT t.* EXCLUDE (organ), coalesce(t.organ, k.organ) AS organ,
            k.lesion_id IS NOT NULL AS linked, q.date IS NOT NULL AS explained,
            CASE WHEN k.n = 1 THEN k.lesion_id
                WHEN k.n IS NULL AND q.date IS NULL AND s.n = 1 THEN s.lesion_id END AS lesion_id,
            k.lesion_id IS NOT NULL OR (q.date IS NULL AND s.n >= 1) AS of_lesion,
            a.tumour_id, b.tumours
        FROM treatment t
        LEFT JOIN linked_lesion k ON t.cdm_table = 'procedure_occurrence'
            AND k.procedure_id = t.row_id
        LEFT JOIN organ_primary q ON q.person_id = t.person_id AND q.organ = t.organ
        LEFT JOIN LATERAL (SELECT count(*) AS n, min(lesion_id) AS lesion_id FROM lesion_one l
            WHERE l.person_id = t.person_id AND l.organ = t.organ AND l.organ NOT IN {DISTANT}
              AND l.first.d <= t.date AND (l.side IS NULL OR t.side IS NULL OR l.side = t.side)
            ) s ON true
        LEFT JOIN LATERAL (SELECT min(tumour_id) AS tumour_id FROM tumour u
            WHERE u.person_id = t.person_id
              AND (u.side IS NULL OR t.side IS NULL OR u.side = t.side)
            HAVING count(*) = 1) a ON true
        LEFT JOIN LATERAL (SELECT count(*) AS tumours FROM tumour u
            WHERE u.person_id = t.person_id) b ON true"""
    )
    # Surgery of an organ in which no metastasis is recorded treats something else.
    job.run(
        """CREATE OR REPLACE TABLE stranger AS SELECT lt_id, cdm_table, row_id, person_id, organ,
            name, explained FROM treated
        WHERE modality = 'surgery' AND organ IN ('lung', 'liver') AND NOT of_lesion"""
    )


def _margins(job: Job) -> None:
    """Make ``margin_row``: measurements of residual tumour and the procedure they are linked to."""
    job.run(
        """CREATE OR REPLACE TABLE margin_row AS
        SELECT m.measurement_id AS row_id, m.person_id, r.value, r.concept_id,
            CASE WHEN l.target = 'procedure_occurrence' THEN l.target_id END AS procedure_id,
            CASE WHEN l.target = 'episode' THEN l.target_id END AS episode_id
        FROM measurement m JOIN (SELECT concept_id, min(value) AS value FROM role_concept
            WHERE role = 'margin' GROUP BY 1) r
          ON r.concept_id IN (m.measurement_concept_id, m.value_as_concept_id)
        LEFT JOIN link l ON l.cdm_table = 'measurement' AND l.row_id = m.measurement_id"""
    )
    job.run(
        """CREATE OR REPLACE TABLE margin AS
        SELECT t.lt_id, min(m.value) AS value, count(DISTINCT m.value) AS n,
            string_agg(DISTINCT m.value, ', ' ORDER BY m.value) AS listed, t.person_id
        FROM treated t JOIN margin_row m ON m.person_id = t.person_id AND
            ((t.cdm_table = 'procedure_occurrence' AND m.procedure_id = t.row_id)
             OR (m.episode_id = t.episode_id))
        GROUP BY t.lt_id, t.person_id"""
    )


def _intents(job: Job) -> None:
    """Make ``intent``: stated for the procedure, or for the episode that it belongs to."""
    job.run(
        """CREATE OR REPLACE TABLE intent AS
        SELECT t.lt_id, min(w.value) AS value, count(DISTINCT w.value) AS n, t.person_id,
            string_agg(DISTINCT w.value, ', ' ORDER BY w.value) AS listed
        FROM treated t LEFT JOIN episode_link e ON t.cdm_table = 'procedure_occurrence'
            AND e.target = 'procedure_occurrence' AND e.target_id = t.row_id
        JOIN stated_word w ON w.role = 'intent' AND (
            (w.target = 'procedure_occurrence' AND t.cdm_table = 'procedure_occurrence'
             AND w.target_id = t.row_id)
            OR (w.target = 'episode' AND w.target_id IN (t.episode_id, e.episode_id)))
        GROUP BY t.lt_id, t.person_id"""
    )


def _deliver(job: Job) -> None:
    target = """CASE WHEN t.organ = 'breast' THEN 'primary'
        WHEN t.organ = 'regional_ln' THEN 'regional_nodes' WHEN t.of_lesion THEN 'lesion' END"""
    intent = "CASE WHEN t.diagnostic THEN 'diagnostic' WHEN i.n = 1 THEN i.value END"
    nothing = (
        ("closest_margin_mm", "DOUBLE"),
        ("dose_gy", "DOUBLE"),
        ("fractions", "SMALLINT"),
        ("all_sites_treated", "BOOLEAN"),
        ("clavien_dindo", "VARCHAR"),
        ("reason", "VARCHAR"),
    )
    rest = ", ".join(known(f"CAST(NULL AS {kind})", name) for name, kind in nothing)
    margin = "CASE WHEN m.n = 1 THEN m.value END"
    surgical = "CASE WHEN t.modality = 'surgery' THEN 'not_recorded' ELSE 'not_applicable' END"
    job.deliver(
        "local_therapy",
        f"""SELECT t.lt_id, {text_id("t.person_id")} AS patient_id,
            {day("t.date", "t.p", "start_date")}, {day("t.end_date", "t.end_p", "end_date")},
            {known(target, "target")}, CASE WHEN t.of_lesion THEN t.lesion_id END AS lesion_id,
            CASE WHEN t.organ IN ('breast', 'regional_ln') THEN t.tumour_id END AS tumour_id,
            {known("t.organ", "organ")}, {known("t.side", "laterality")},
            {known("t.modality", "modality")}, t.code AS procedure_code,
            CASE WHEN t.code IS NOT NULL THEN t.vocabulary END AS procedure_system,
            {known(intent, "intent")}, {known("t.approach", "approach")}, {margin} AS margin,
            CASE WHEN {margin} IS NULL THEN {surgical} END AS margin_reason, {rest},
            t.cdm_table AS source_file, t.row_id AS source_row
        FROM treated t LEFT JOIN margin m USING (lt_id) LEFT JOIN intent i USING (lt_id)
        WHERE t.lt_id NOT IN (SELECT lt_id FROM stranger)""",
    )


def _account(job: Job) -> None:
    kept = "lt_id NOT IN (SELECT lt_id FROM stranger)"
    job.use(
        "procedure_occurrence",
        f"SELECT row_id FROM treated WHERE cdm_table = 'procedure_occurrence' AND {kept}",
    )
    job.use("procedure_occurrence", "SELECT row_id FROM course_row")
    job.use("episode", f"SELECT episode_id FROM treated WHERE {kept}")
    job.use(
        "episode",
        f"SELECT episode_id FROM episode WHERE episode_concept_id IN "
        f"({role('episode_surgery')}) OR episode_concept_id IN ({role('episode_radiotherapy')})",
    )
    job.leave(
        "procedure_occurrence",
        "a procedure that treats no tumour",
        "SELECT row_id FROM procedure_row WHERE modality IS NOT NULL AND other",
    )
    job.leave(
        "procedure_occurrence",
        "surgery of lung or liver without a metastasis of it before",
        "SELECT row_id FROM stranger WHERE cdm_table = 'procedure_occurrence'",
    )
    job.use(
        "measurement",
        "SELECT row_id FROM margin_row WHERE procedure_id IS NOT NULL OR episode_id IS NOT NULL",
    )
    job.leave(
        "measurement", "a margin that is linked to no procedure", "SELECT row_id FROM margin_row"
    )
    job.codes("local_therapy", "modality", f"SELECT concept_id, modality FROM treated WHERE {kept}")
    job.codes(
        "local_therapy",
        "margin",
        "SELECT concept_id, value FROM margin_row "
        "WHERE procedure_id IS NOT NULL OR episode_id IS NOT NULL",
    )
    job.codes(
        "local_therapy", "intent", "SELECT concept_id, value FROM stated_word WHERE role = 'intent'"
    )
    _problems(job)


def _problems(job: Job) -> None:
    job.problems(
        "organ-surgery-unexplained",
        "note",
        "{value}: no metastasis of this organ is linked to it or recorded before it, or a primary "
        "of the organ explains it; it did not enter as treatment of a metastasis.",
        "SELECT row_id, person_id, lt_id AS row_key, name || CASE WHEN explained "
        "THEN ' (a primary of this organ is recorded)' ELSE '' END AS value FROM stranger",
        file="procedure_occurrence",
        table="local_therapy",
        column="target",
    )
    job.problems(
        "margin-unlinked",
        "minor",
        "the margin {value} is linked to no procedure: it is not stored.",
        "SELECT row_id, person_id, NULL AS row_key, value FROM margin_row "
        "WHERE procedure_id IS NULL AND episode_id IS NULL",
        file="measurement",
        table="local_therapy",
        column="margin",
    )
    for name, column in (("margin", "margin"), ("intent", "intent")):
        job.problems(
            f"{name}s-disagree",
            "serious",
            f"several values of {name} are linked to the treatment ({{value}}): none is stored.",
            f"SELECT NULL AS row_id, person_id, lt_id AS row_key, listed AS value FROM {name} "
            "WHERE n > 1",
            file="measurement",
            table="local_therapy",
            column=column,
        )


def _history(job: Job) -> None:
    """Surgery told as history has the day on which it was told, not that of the surgery."""
    surgical = "SELECT concept_id FROM role_concept WHERE role IN ('procedure_set', 'node_surgery')"
    words = (
        r"(history|h/o|status post|previous).*(surg|ectomy|excis|resect|operat|procedure|lumpect)"
    )
    job.run(
        f"""CREATE OR REPLACE TABLE told_surgery AS
        SELECT observation_id AS row_id, o.person_id, o.observation_date AS date,
            coalesce(v.concept_name, c.concept_name) AS name
        FROM observation o
        LEFT JOIN concept c ON c.concept_id = o.observation_concept_id AND c.concept_id > 0
        LEFT JOIN concept v ON v.concept_id = o.value_as_concept_id AND v.concept_id > 0
        WHERE regexp_matches(lower(c.concept_name), '{words}')
           OR o.value_as_concept_id IN ({surgical}) OR o.observation_concept_id IN ({surgical})"""
    )
    job.problems(
        "surgery-told-as-history",
        "minor",
        "{value} is recorded as history: its day is that of the recording, so no treatment was "
        "made of it.",
        "SELECT row_id, person_id, NULL AS row_key, name AS value FROM told_surgery",
        file="observation",
        table="local_therapy",
        column="start_date",
    )
    job.leave(
        "observation",
        "surgery told as history: the day is that of the recording",
        "SELECT row_id FROM told_surgery",
    )
