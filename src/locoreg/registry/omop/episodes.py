"""EPISODE: disease states; lines of systemic therapy and their drugs."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, origin, role, text_id
from locoreg.registry.omop.rules import read_data
from locoreg.registry.store.views import literal

# By the name at the site: public sources give the same ids different meanings.
_EVENT = """CASE WHEN own IS NOT NULL THEN own
    WHEN regexp_matches(name, 'progress') THEN 'progression'
    WHEN regexp_matches(name, 'distant.*recur|recur.*distant|metasta.*recur|recur.*metasta')
        THEN 'distant_recurrence'
    WHEN regexp_matches(name, 'regional.*recur|recur.*regional') THEN 'regional_recurrence'
    WHEN regexp_matches(name, 'local.*recur|recur.*local') THEN 'local_recurrence'
    WHEN regexp_matches(name, 'recur|relaps') THEN 'unstated' END"""


def map_events(job: Job) -> None:
    """Deliver ``disease_event`` from episodes (and rows of concepts that a site's file names)."""
    own = "(SELECT concept_id, min(value) AS own FROM role_concept WHERE role = 'event' GROUP BY 1)"
    parts = [
        f"""SELECT 'episode' AS cdm_table, episode_id AS row_id, person_id,
            episode_concept_id AS concept_id, episode_start_date AS date,
            episode_start_date_p AS p, own, lower(c.concept_name) AS name, true AS episode
        FROM episode LEFT JOIN {own} o ON o.concept_id = episode_concept_id
        LEFT JOIN concept c ON c.concept_id = episode_concept_id"""
    ]
    for table, start in (
        ("condition_occurrence", "condition_start_date"),
        ("measurement", "measurement_date"),
        ("observation", "observation_date"),
    ):
        concept = f"{table.removesuffix('_occurrence')}_concept_id"
        parts.append(
            f"""SELECT '{table}', {table}_id, person_id, {concept}, {start}, {start}_p, own, NULL,
            false FROM {table} JOIN {own} o ON o.concept_id = {concept}"""
        )
    union = " UNION ALL ".join(parts)
    job.run(f"CREATE OR REPLACE TABLE event_row AS SELECT *, {_EVENT} AS event FROM ({union})")
    job.deliver(
        "disease_event",
        f"""SELECT left(cdm_table, 1) || row_id AS event_id, {text_id("person_id")} AS patient_id,
            {day("date", "p", "date")}, event AS type, {known("CAST(NULL AS VARCHAR)", "basis")},
            {known("CAST(NULL AS VARCHAR)", "organs")}, cdm_table AS source_file,
            row_id AS source_row
        FROM event_row WHERE event <> 'unstated'""",
    )
    for table in ("episode", "condition_occurrence", "measurement", "observation"):
        job.use(
            table,
            f"SELECT row_id FROM event_row WHERE event <> 'unstated' AND cdm_table = '{table}'",
        )
    job.leave(
        "episode",
        "a recurrence that no concept calls local, regional or distant",
        "SELECT row_id FROM event_row WHERE event = 'unstated'",
    )
    job.codes(
        "disease_event",
        "type",
        "SELECT concept_id, nullif(event, 'unstated') FROM event_row WHERE event IS NOT NULL",
    )
    job.problems(
        "disputed-concept",
        "minor",
        "public sources contradict each other about the episode concept {value}: its name at the "
        "site decided how its rows were read.",
        f"""SELECT NULL AS row_id, NULL AS person_id, NULL AS row_key,
            e.concept_id || ' (' || coalesce(any_value(e.name), 'no name') || ', read as '
            || coalesce(any_value(e.event), 'no event') || ', ' || count(*) || ' rows)' AS value
        FROM event_row e WHERE e.episode AND e.concept_id IN ({role("episode_state")})
        GROUP BY e.concept_id""",
        file="episode",
        table="disease_event",
        column="type",
    )


def map_lines(job: Job) -> None:
    """Deliver ``systemic_line``: regimens, and drug treatments that have no regimen below them."""
    job.run(
        f"""CREATE OR REPLACE TABLE line_row AS
        SELECT e.*, c.concept_name AS regimen FROM episode e
        LEFT JOIN concept c ON c.concept_id = e.episode_object_concept_id AND c.concept_id > 0
        WHERE e.episode_concept_id IN ({role("episode_regimen")})
           OR (e.episode_concept_id IN ({role("episode_drug")}) AND e.episode_id NOT IN (
                SELECT episode_parent_id FROM episode
                WHERE episode_concept_id IN ({role("episode_regimen")})
                  AND episode_parent_id IS NOT NULL))"""
    )
    _settings(job)
    setting = "CASE WHEN s.n = 1 THEN s.setting END"
    intent = """CASE WHEN s.ni = 1 THEN
        CASE s.intent WHEN 'ablative' THEN 'curative' ELSE s.intent END END"""
    number = "CASE WHEN episode_number BETWEEN 1 AND 99 THEN CAST(episode_number AS SMALLINT) END"
    job.deliver(
        "systemic_line",
        f"""SELECT 'e' || r.episode_id AS line_id, {text_id("r.person_id")} AS patient_id,
            {known(setting, "setting")}, {known(number, "line_no")},
            {day("episode_start_date", "episode_start_date_p", "start_date")},
            {day("episode_end_date", "episode_end_date_p", "end_date")},
            {known("CAST(NULL AS VARCHAR)", "end_reason")}, {known("regimen", "regimen")},
            {known(intent, "intent")}, {origin("episode", "r.episode_id")}
        FROM line_row r LEFT JOIN episode_word s ON s.episode_id = r.episode_id""",
    )
    job.use("episode", "SELECT episode_id FROM line_row")
    job.leave(
        "episode",
        "a cycle of a regimen",
        f"SELECT episode_id FROM episode WHERE episode_concept_id IN ({role('episode_cycle')})",
    )
    job.leave(
        "episode",
        "a drug treatment whose regimens are episodes of their own",
        f"SELECT episode_id FROM episode WHERE episode_concept_id IN ({role('episode_drug')})",
    )
    job.codes(
        "systemic_line",
        "regimen",
        "SELECT episode_object_concept_id, regimen FROM line_row "
        "WHERE episode_object_concept_id > 0",
    )


def _settings(job: Job) -> None:
    """Make ``episode_word``: setting and intent that measurements and observations state."""
    job.run(
        """CREATE OR REPLACE TABLE stated_word AS
        SELECT x.*, r.role, r.value FROM (
            SELECT l.target, l.target_id, l.person_id, l.cdm_table, l.row_id,
                unnest([m.measurement_concept_id, m.value_as_concept_id]) AS concept_id
            FROM link l JOIN measurement m ON l.cdm_table = 'measurement'
                AND m.measurement_id = l.row_id
            UNION ALL
            SELECT l.target, l.target_id, l.person_id, l.cdm_table, l.row_id,
                unnest([o.observation_concept_id, o.value_as_concept_id])
            FROM link l JOIN observation o ON l.cdm_table = 'observation'
                AND o.observation_id = l.row_id) x
        JOIN role_concept r ON r.concept_id = x.concept_id AND r.role IN ('setting', 'intent')"""
    )
    job.run(
        """CREATE OR REPLACE TABLE episode_word AS SELECT target_id AS episode_id,
            count(DISTINCT value) FILTER (role = 'setting') AS n,
            min(value) FILTER (role = 'setting') AS setting,
            count(DISTINCT value) FILTER (role = 'intent') AS ni,
            min(value) FILTER (role = 'intent') AS intent
        FROM stated_word WHERE target = 'episode' GROUP BY 1"""
    )
    for table in ("measurement", "observation"):
        job.use(
            table,
            f"SELECT row_id FROM stated_word WHERE cdm_table = '{table}' "
            "AND target IN ('episode', 'procedure_occurrence')",
        )


def map_drugs(job: Job) -> None:
    """Deliver ``systemic_drug``: drugs against cancer or for bone, and those of a line."""
    names = ", ".join(
        f"({literal(r['ingredient'])}, {literal(r['drug_class'])})" for r in read_data("drugs.csv")
    )
    job.run(f"CREATE OR REPLACE TABLE drug_class AS FROM (VALUES {names}) v(ingredient, class)")
    job.run(
        """CREATE OR REPLACE TABLE drug_ingredient AS
        SELECT d.drug, min(i.concept_id) AS ingredient_id, min(k.class) AS class,
            string_agg(DISTINCT lower(i.concept_name), ' / '
                ORDER BY lower(i.concept_name)) AS all_names
        FROM (SELECT drug_concept_id AS drug, drug_concept_id AS concept_id FROM drug_exposure
              UNION SELECT descendant_concept_id, ancestor_concept_id FROM drug_ancestor) d
        JOIN concept i ON i.concept_id = d.concept_id AND lower(i.concept_class_id) = 'ingredient'
        LEFT JOIN drug_class k ON lower(i.concept_name) = k.ingredient
            OR starts_with(lower(i.concept_name), k.ingredient || '-')
        GROUP BY d.drug"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE drug_line AS
        SELECT l.target_id AS drug_id, min('e' || r.episode_id) AS line_id,
            count(DISTINCT r.episode_id) AS n
        FROM episode_link l JOIN episode e ON e.episode_id = l.episode_id
        JOIN line_row r ON r.episode_id = e.episode_id OR (r.episode_id = e.episode_parent_id
            AND e.episode_concept_id IN ({role("episode_cycle")}))
        WHERE l.target = 'drug_exposure' GROUP BY 1"""
    )
    _deliver_drugs(job)


def _deliver_drugs(job: Job) -> None:
    job.run(
        f"""CREATE OR REPLACE TABLE drug_row AS
        SELECT d.*, i.ingredient_id, i.all_names, c.concept_name AS name, c.concept_code AS code,
            c.vocabulary_id AS vocabulary, CASE WHEN l.n = 1 THEN l.line_id END AS line_id,
            coalesce(i.class, 'other') AS class, l.n AS lines,
            i.class IS NOT NULL OR l.n IS NOT NULL
                OR d.drug_concept_id IN ({role("antineoplastic")}) AS ours
        FROM drug_exposure d LEFT JOIN drug_ingredient i ON i.drug = d.drug_concept_id
        LEFT JOIN concept c ON c.concept_id = d.drug_concept_id AND c.concept_id > 0
        LEFT JOIN drug_line l ON l.drug_id = d.drug_exposure_id"""
    )
    system = """CASE WHEN vocabulary IN ('RxNorm', 'RxNorm Extension') THEN 'RxNorm'
        WHEN vocabulary IN ('ATC', 'SNOMED') THEN vocabulary
        WHEN code IS NOT NULL THEN 'local' END"""
    job.deliver(
        "systemic_drug",
        f"""SELECT 'd' || drug_exposure_id AS drug_id, {text_id("person_id")} AS patient_id,
            line_id, {known("coalesce(all_names, lower(name))", "drug")}, code AS drug_code,
            {system} AS drug_system, {known("class", "drug_class")},
            {known("CAST(NULL AS DOUBLE)", "dose")}, NULL AS dose_unit,
            {day("drug_exposure_start_date", "drug_exposure_start_date_p", "start_date")},
            {day("drug_exposure_end_date", "drug_exposure_end_date_p", "end_date")},
            {origin("drug_exposure", "drug_exposure_id")}
        FROM drug_row WHERE ours""",
    )
    job.use("drug_exposure", "SELECT drug_exposure_id FROM drug_row WHERE ours")
    job.codes(
        "systemic_drug", "drug_class", "SELECT drug_concept_id, class FROM drug_row WHERE ours"
    )
    job.problems(
        "drug-of-several-lines",
        "minor",
        "the drug belongs to {value} lines: it is stored without a line.",
        "SELECT drug_exposure_id AS row_id, person_id, 'd' || drug_exposure_id AS row_key, "
        "lines AS value FROM drug_row WHERE ours AND lines > 1",
        file="drug_exposure",
        table="systemic_drug",
        column="line_id",
    )
