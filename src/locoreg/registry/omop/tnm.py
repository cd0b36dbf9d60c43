"""Stage and TNM categories from the codes of the Cancer Modifier vocabulary."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, known, role
from locoreg.registry.omop.metastases import DENIED

# For example c-8th_AJCC/UICC-M1, yp-7th_AJCC/UICC-T1c, AJCC/UICC-Stage-4, p-8th_AJCC/UICC-N0(i+).
CODE = (
    r"^(?:(c|p|yc|yp|a|r)-)?(?:(\d)th_)?ajcc/uicc-(?:stage-(\w+)|(t\w+(?:\([^)]*\))?)"
    r"|(n\w+(?:\([^)]*\))?)|(m\w+(?:\([^)]*\))?))$"
)
ROMAN = {"0": "0", "1": "I", "2": "II", "3": "III", "4": "IV"}
# The column by kind of category and basis. An M category without a basis is clinical (AJCC, 8th
# edition, chapter 1: M1 is clinical unless it is proven under the microscope).
COLUMNS = {
    "ct": "kind = 'T' AND basis = 'c'",
    "cn": "kind = 'N' AND basis = 'c'",
    "cm": "kind = 'M' AND (basis = 'c' OR basis IS NULL)",
    "pt": "kind = 'T' AND basis IN ('p', 'yp')",
    "pn": "kind = 'N' AND basis IN ('p', 'yp')",
    "pm": "kind = 'M' AND basis IN ('p', 'yp')",
    "stage_group": "kind = 'stage'",
}


def find_stages(job: Job) -> None:
    """Make ``stage_row`` (categories with tumour) and ``tumour_stage`` (one row per tumour)."""
    roman = " ".join(f"WHEN '{digit}' THEN '{word}'" for digit, word in ROMAN.items())
    part = f"regexp_extract(lower(c.concept_code), '{CODE}', {{0}})"
    job.run(
        f"""CREATE OR REPLACE TABLE stage_row AS
        SELECT row_id, person_id, tumour_id, date, concept_id, about, denied,
            nullif(basis, '') AS basis,
            nullif(edition, '') AS edition,
            CASE WHEN stage <> '' THEN 'stage' WHEN t <> '' THEN 'T' WHEN n <> '' THEN 'N'
                WHEN m <> '' THEN 'M' END AS kind,
            CASE WHEN stage <> '' THEN CASE left(stage, 1) {roman} END || upper(substr(stage, 2))
                ELSE upper(left(t || n || m, 1)) || substr(t || n || m, 2) END AS value
        FROM (
            SELECT x.measurement_id AS row_id, x.person_id, x.tumour_id, x.about,
                x.measurement_date AS date, c.concept_id,
                coalesce(regexp_matches(lower(v.concept_name), '{DENIED}'), false) AS denied,
                {part.format(1)} AS basis, {part.format(2)} AS edition, {part.format(3)} AS stage,
                {part.format(4)} AS t, {part.format(5)} AS n, {part.format(6)} AS m
            FROM modifier x JOIN concept c
              ON c.concept_id IN (x.measurement_concept_id, x.value_as_concept_id)
            LEFT JOIN concept v ON v.concept_id = x.value_as_concept_id
            WHERE regexp_matches(lower(c.concept_code), '{CODE}'))"""
    )
    _coarse_rows(job)
    # Of several categories the earliest is the stage at diagnosis.
    firsts = ", ".join(
        f"min_by(struct_pack(v := value, e := edition, b := basis), (date, row_id)) "
        f"FILTER ({chosen}) AS {column}"
        for column, chosen in COLUMNS.items()
    )
    job.run(
        f"""CREATE OR REPLACE TABLE tumour_stage AS
        SELECT tumour_id, any_value(person_id) AS person_id, {firsts}
        FROM stage_row WHERE tumour_id IS NOT NULL AND NOT denied GROUP BY tumour_id"""
    )
    _finish(job)


def _coarse_rows(job: Job) -> None:
    """Add M and stage rows whose code tells nothing, but which descend from M0, M1 or stage IV."""
    for name, kind, value in (("m1", "M", "M1"), ("m0", "M", "M0"), ("stage_iv", "stage", "IV")):
        job.run(
            f"""INSERT INTO stage_row
            SELECT x.measurement_id, x.person_id, x.tumour_id, x.measurement_date,
                CASE WHEN x.measurement_concept_id IN ({role(name)}) THEN x.measurement_concept_id
                    ELSE x.value_as_concept_id END, x.about,
                coalesce(regexp_matches(lower(v.concept_name), '{DENIED}'), false),
                NULL, NULL, '{kind}', '{value}'
            FROM modifier x LEFT JOIN concept v ON v.concept_id = x.value_as_concept_id
            WHERE (x.measurement_concept_id IN ({role(name)})
                OR x.value_as_concept_id IN ({role(name)}))
              AND x.measurement_id NOT IN (SELECT row_id FROM stage_row)"""
        )


def stage_columns() -> str:
    """Return the SELECT items of the stage columns; the alias of ``tumour_stage`` is n."""
    parts = [known(f"n.{name}.v", name) for name in COLUMNS if name != "stage_group"]
    prefix = "CASE WHEN n.prefixes = 1 THEN n.prefix END"
    edition = "CASE WHEN n.editions = 1 THEN n.edition END"
    stage_prefix = "CASE WHEN n.stage_group.b IN ('c', 'p', 'yp') THEN n.stage_group.b END"
    return ", ".join(
        [
            *parts,
            known(prefix, "pathologic_prefix"),
            known(edition, "ajcc_edition"),
            known("n.stage_group.v", "stage_group"),
            known(stage_prefix, "stage_prefix"),
        ]
    )


def _finish(job: Job) -> None:
    """Add prefix and edition, which hold for all categories of a tumour together."""
    editions = ", ".join(f"{name}.e" for name in COLUMNS)
    job.run(
        f"""CREATE OR REPLACE TABLE tumour_stage AS
        SELECT *, list_unique(es) AS editions, es[1] AS edition,
            list_unique(bs) AS prefixes, bs[1] AS prefix
        FROM (SELECT *, list_filter([{editions}], x -> x IS NOT NULL) AS es,
            list_filter([pt.b, pn.b, pm.b], x -> x IS NOT NULL) AS bs FROM tumour_stage)"""
    )


def map_stages(job: Job) -> None:
    """Mark the rows of stages as used, record their codes and raise what contradicts."""
    stored = " OR ".join(f"({chosen})" for chosen in COLUMNS.values())
    job.use(
        "measurement",
        f"SELECT row_id FROM stage_row WHERE tumour_id IS NOT NULL AND NOT denied AND ({stored})",
    )
    for column, chosen in COLUMNS.items():
        job.codes(
            "primary_tumour",
            column,
            f"SELECT concept_id, value FROM stage_row WHERE tumour_id IS NOT NULL AND {chosen}",
        )
    job.leave(
        "measurement",
        "a T or N category without its basis (c, p, yp), or with another",
        f"SELECT row_id FROM stage_row WHERE tumour_id IS NOT NULL AND NOT ({stored})",
    )
    job.leave(
        "measurement",
        "a stage of another disease",
        "SELECT row_id FROM stage_row WHERE tumour_id IS NULL AND about = 'other'",
    )
    job.leave(
        "measurement",
        "a stage that belongs to no tumour of the breast that can be told",
        "SELECT row_id FROM stage_row WHERE tumour_id IS NULL",
    )
    _problems(job)


def _problems(job: Job) -> None:
    job.problems(
        "stage-against-m",
        "serious",
        "stage and M category contradict each other: {value}.",
        """SELECT NULL AS row_id, person_id, tumour_id AS row_key,
            'stage ' || stage_group.v || ' with ' || coalesce(pm.v, cm.v) AS value
        FROM tumour_stage WHERE (stage_group.v LIKE 'IV%' AND coalesce(pm.v, cm.v) LIKE 'M0%')
            OR (stage_group.v NOT LIKE 'IV%' AND coalesce(pm.v, cm.v) LIKE 'M1%')""",
        file="measurement",
        table="primary_tumour",
        column="stage_group",
    )
    job.problems(
        "m-disagrees",
        "serious",
        "the clinical and the pathological M category contradict each other: {value}.",
        """SELECT NULL AS row_id, person_id, tumour_id AS row_key, 'c' || cm.v || ', p' || pm.v
            AS value FROM tumour_stage WHERE left(cm.v, 2) <> left(pm.v, 2)""",
        file="measurement",
        table="primary_tumour",
        column="cm",
    )
    for column, chosen in COLUMNS.items():
        job.problems(
            "stages-disagree",
            "minor",
            f"several values of {column} are recorded ({{value}}): the earliest was taken.",
            f"""SELECT min(row_id) AS row_id, person_id, tumour_id AS row_key,
                string_agg(DISTINCT value, ', ' ORDER BY value) AS value
            FROM stage_row WHERE tumour_id IS NOT NULL AND NOT denied AND {chosen}
            GROUP BY person_id, tumour_id HAVING count(DISTINCT value) > 1""",
            file="measurement",
            table="primary_tumour",
            column=column,
        )
    job.problems(
        "editions-disagree",
        "minor",
        "the stage mixes editions of the staging manual ({value}): the edition is not stored.",
        """SELECT NULL AS row_id, person_id, tumour_id AS row_key,
            array_to_string(list_sort(list_distinct(es)), ', ') AS value
        FROM tumour_stage WHERE editions > 1""",
        file="measurement",
        table="primary_tumour",
        column="ajcc_edition",
    )
    job.problems(
        "stage-of-which-tumour",
        "minor",
        "{value} is linked to none of the person's tumours of the breast: it is not stored.",
        "SELECT row_id, person_id, NULL AS row_key, value FROM stage_row "
        "WHERE tumour_id IS NULL AND coalesce(about, '') <> 'other' AND NOT denied",
        file="measurement",
        table="primary_tumour",
    )
    job.problems(
        "stage-basis-missing",
        "minor",
        "{value}: the category does not say whether it is clinical or pathological: left out.",
        """SELECT row_id, person_id, tumour_id AS row_key, value FROM stage_row
        WHERE tumour_id IS NOT NULL AND kind IN ('T', 'N')
          AND (basis IS NULL OR basis NOT IN ('c', 'p', 'yp'))""",
        file="measurement",
        table="primary_tumour",
    )
