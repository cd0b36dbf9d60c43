"""Primary tumours: rows of breast malignancy with what modifiers say of them."""

from __future__ import annotations

from locoreg.registry.omop.job import Job, day, known, origin, role, text_id
from locoreg.registry.omop.tnm import stage_columns

# ICD-O-3 morphology and topography in one code, as OMOP's ICDO3 vocabulary joins them.
ICDO3 = r"^(\d{4}/\d)(?:-(C\d\d\.\d))?$"
ICD10 = r"^C50\.?(\d)"


def find_tumours(job: Job) -> None:
    """Make ``tumour`` (one per person and side) and ``tumour_row`` (rows of each)."""
    code = _code_case
    job.run(
        rf"""CREATE OR REPLACE TABLE breast_code AS SELECT r.* EXCLUDE (side),
            coalesce(side, CASE
                WHEN regexp_matches(ten, '^C50\.?\d[12][12]') THEN
                    CASE substr(regexp_replace(ten, '\.', ''), 6, 1)
                        WHEN '1' THEN 'right' WHEN '2' THEN 'left' END END) AS side,
            {code("1")} AS morphology,
            coalesce({code("2")}, CASE WHEN regexp_matches(ten, '{ICD10}')
                THEN 'C50.' || regexp_extract(ten, '{ICD10}', 1) END) AS topography
        FROM (SELECT *, upper(coalesce(
            CASE WHEN regexp_matches(upper(source_value), '{ICD10}') THEN source_value END,
            CASE WHEN regexp_matches(source_code, '{ICD10}') THEN source_code END)) AS ten
            FROM breast_row WHERE NOT refuted) r"""
    )
    _sides(job)
    job.run(
        """CREATE OR REPLACE TABLE sided AS
        SELECT b.*, coalesce(m.side, b.side) AS own_side FROM breast_code b
        LEFT JOIN (SELECT target_id, any_value(side) AS side FROM stated_side
                   WHERE target = 'condition_occurrence' GROUP BY 1
                   HAVING count(DISTINCT side) = 1) m ON m.target_id = b.row_id
            AND (b.side IS NULL OR b.side = m.side)"""
    )
    # Rows that state no side belong to the one sided tumour of the person, if it is the only one.
    job.run(
        """CREATE OR REPLACE TABLE tumour_row AS
        SELECT s.*, s.person_id || '-breast' || coalesce('-' || coalesce(own_side, only_side), '')
            AS tumour_id, coalesce(own_side, only_side) AS tumour_side, sides
        FROM sided s JOIN (
            SELECT person_id, count(DISTINCT own_side) AS sides,
                CASE WHEN count(DISTINCT own_side) = 1 THEN min(own_side) END AS only_side
            FROM sided GROUP BY 1) n USING (person_id)
        WHERE own_side IS NOT NULL OR sides <= 1"""
    )
    job.run(
        f"""CREATE OR REPLACE TABLE tumour AS
        SELECT tumour_id, person_id, any_value(tumour_side) AS side,
            count(DISTINCT topography) FILTER (topography <> 'C50.9') AS n_topography,
            count(DISTINCT morphology) FILTER (morphology NOT LIKE '8000/%') AS n_morphology,
            coalesce(min_by(topography, (date, row_id)) FILTER (topography <> 'C50.9'),
                min(topography)) AS topography,
            coalesce(min_by(morphology, (date, row_id)) FILTER (morphology NOT LIKE '8000/%'),
                min(morphology)) AS morphology,
            min_by(struct_pack(d := date, p := p, row_id := row_id),
                (CASE WHEN initial THEN 0 ELSE 1 END, date, row_id)) AS dx,
            string_agg(DISTINCT topography, ', ' ORDER BY topography) AS topographies,
            string_agg(DISTINCT morphology, ', ' ORDER BY morphology) AS morphologies
        FROM (SELECT r.*, r.row_id IN (
                SELECT l.target_id FROM link l JOIN measurement m ON m.measurement_id = l.row_id
                WHERE l.cdm_table = 'measurement' AND l.target = 'condition_occurrence'
                  AND m.measurement_concept_id IN ({role("initial_diagnosis")})) AS initial
            FROM tumour_row r)
        GROUP BY tumour_id, person_id"""
    )
    _modifier_table(job)


def _code_case(group: str) -> str:
    places = ("upper(source_value)", "source_code", "concept_code")
    whens = " ".join(
        f"WHEN regexp_matches({place}, '{ICDO3}') "
        f"THEN nullif(regexp_extract({place}, '{ICDO3}', {group}), '')"
        for place in places
    )
    return f"CASE {whens} END"


def _sides(job: Job) -> None:
    """Make ``stated_side``: measurements of laterality and the side that they state."""
    named = (
        r"CASE WHEN regexp_matches({0}, '\b(bilateral|both)\b') THEN 'bilateral' "
        r"WHEN regexp_matches({0}, '\bleft\b') THEN 'left' "
        r"WHEN regexp_matches({0}, '\bright\b') THEN 'right' END"
    )
    job.run(
        f"""CREATE OR REPLACE TABLE stated_side AS
        SELECT m.measurement_id AS row_id, m.person_id, l.target, l.target_id,
            coalesce({named.format("lower(v.concept_name)")},
                     {named.format("lower(c.concept_name)")}) AS side
        FROM measurement m LEFT JOIN link l ON l.cdm_table = 'measurement'
            AND l.row_id = m.measurement_id
        LEFT JOIN concept v ON v.concept_id = m.value_as_concept_id
        LEFT JOIN concept c ON c.concept_id = m.measurement_concept_id
        WHERE m.measurement_concept_id IN ({role("laterality")})"""
    )


def _modifier_table(job: Job) -> None:
    """Make ``modifier``: measurements that belong to a tumour, by their link or for want of others.

    A row without a link belongs to the only tumour of the person. A row linked to another disease
    or to a metastasis belongs to none.
    """
    job.run(
        """CREATE OR REPLACE TABLE modifier AS
        WITH alone AS (SELECT person_id, min(tumour_id) AS tumour_id FROM tumour
                       GROUP BY 1 HAVING count(*) = 1)
        SELECT m.*, coalesce(r.tumour_id,
                CASE WHEN l.row_id IS NULL OR l.about = 'dangling'
                        OR (l.target = 'episode' AND l.about <> 'other')
                    THEN a.tumour_id END) AS tumour_id, l.about, l.target, l.target_id
        FROM measurement m
        LEFT JOIN link_about l ON l.cdm_table = 'measurement' AND l.row_id = m.measurement_id
        LEFT JOIN tumour_row r ON l.target = 'condition_occurrence' AND r.row_id = l.target_id
        LEFT JOIN alone a ON a.person_id = m.person_id"""
    )


def map_tumours(job: Job) -> None:
    """Deliver ``primary_tumour``."""
    _grades(job)
    _sizes(job)
    job.run(
        """CREATE OR REPLACE TABLE side_clash AS
        SELECT t.tumour_id, t.person_id,
            string_agg(DISTINCT r.side, ' and ' ORDER BY r.side) AS coded,
            string_agg(DISTINCT s.side, ' and ' ORDER BY s.side) AS stated
        FROM tumour t JOIN tumour_row r ON r.tumour_id = t.tumour_id
        JOIN modifier m ON m.tumour_id = t.tumour_id
        JOIN stated_side s ON s.row_id = m.measurement_id
        WHERE r.side IS NOT NULL AND s.side IS NOT NULL
        GROUP BY 1, 2 HAVING count(DISTINCT r.side) = 1 AND bool_or(s.side <> r.side)"""
    )
    side = """CASE WHEN k.tumour_id IS NULL THEN coalesce(t.side,
        (SELECT min(s.side) FROM modifier m JOIN stated_side s ON s.row_id = m.measurement_id
         WHERE m.tumour_id = t.tumour_id HAVING count(DISTINCT s.side) = 1)) END"""
    job.deliver(
        "primary_tumour",
        f"""SELECT t.tumour_id, {text_id("t.person_id")} AS patient_id,
            {day("t.dx.d", "t.dx.p", "dx_date")}, {known(side, "laterality")},
            {known("t.topography", "topography")}, {known("t.morphology", "morphology")},
            {known("CAST(g.value AS SMALLINT)", "grade")}, {known("z.mm", "size_mm")},
            {stage_columns()}, {known("CAST(NULL AS BOOLEAN)", "multifocal")},
            {origin("condition_occurrence", "t.dx.row_id")}
        FROM tumour t LEFT JOIN tumour_grade g USING (tumour_id)
        LEFT JOIN tumour_size z USING (tumour_id)
        LEFT JOIN tumour_stage n USING (tumour_id)
        LEFT JOIN side_clash k USING (tumour_id)""",
    )
    job.use("condition_occurrence", "SELECT row_id FROM tumour_row")
    job.use(
        "measurement",
        "SELECT s.row_id FROM stated_side s JOIN modifier m "
        "ON m.measurement_id = s.row_id WHERE m.tumour_id IS NOT NULL",
    )
    job.use(
        "measurement",
        f"SELECT measurement_id FROM measurement "
        f"WHERE measurement_concept_id IN ({role('initial_diagnosis')})",
    )
    job.leave(
        "condition_occurrence",
        "the breast malignancy is refuted",
        "SELECT row_id FROM breast_row WHERE refuted",
    )
    job.leave(
        "condition_occurrence",
        "breast malignancy without its side in a person with tumours of both sides",
        "SELECT row_id FROM sided WHERE row_id NOT IN (SELECT row_id FROM tumour_row)",
    )
    job.codes("primary_tumour", "tumour_id", "SELECT concept_id, 'breast' FROM tumour_row")
    _problems(job)


def _grades(job: Job) -> None:
    job.run(
        """CREATE OR REPLACE TABLE grade_row AS
        SELECT m.measurement_id AS row_id, m.person_id, m.tumour_id, m.measurement_date AS date,
            r.value, r.concept_id
        FROM modifier m JOIN (SELECT concept_id, min(value) AS value FROM role_concept
            WHERE role = 'grade' GROUP BY 1) r
          ON r.concept_id IN (m.measurement_concept_id, m.value_as_concept_id)
        WHERE m.tumour_id IS NOT NULL"""
    )
    job.run(
        """CREATE OR REPLACE TABLE tumour_grade AS SELECT tumour_id, min(value) AS value
        FROM grade_row GROUP BY 1 HAVING count(DISTINCT value) = 1"""
    )
    job.use("measurement", "SELECT row_id FROM grade_row")
    job.codes("primary_tumour", "grade", "SELECT concept_id, value FROM grade_row")
    job.problems(
        "grades-disagree",
        "minor",
        "several grades are recorded ({value}): the grade is taken as not recorded.",
        "SELECT min(row_id) AS row_id, person_id, tumour_id AS row_key, "
        "string_agg(DISTINCT value, ', ' ORDER BY value) AS value FROM grade_row "
        "GROUP BY person_id, tumour_id HAVING count(DISTINCT value) > 1",
        file="measurement",
        table="primary_tumour",
        column="grade",
    )


def _sizes(job: Job) -> None:
    job.run(
        f"""CREATE OR REPLACE TABLE size_row AS
        SELECT m.measurement_id AS row_id, m.person_id, m.tumour_id, m.measurement_date AS date,
            m.value_as_number AS value, m.measurement_concept_id AS concept_id,
            m.about, m.target,
            m.value_as_number * CAST(u.value AS DOUBLE) AS mm, m.unit_concept_id AS unit
        FROM modifier m LEFT JOIN (SELECT DISTINCT concept_id, value FROM role_concept
            WHERE role = 'unit_length') u ON u.concept_id = m.unit_concept_id
        WHERE m.measurement_concept_id IN ({role("tumour_size")})"""
    )
    job.run(
        """CREATE OR REPLACE TABLE tumour_size AS
        SELECT tumour_id, min_by(mm, (date, row_id)) AS mm FROM size_row
        WHERE tumour_id IS NOT NULL AND mm IS NOT NULL AND mm > 0 GROUP BY 1"""
    )
    about = (
        "SELECT row_id, person_id, tumour_id AS row_key, value FROM size_row "
        "WHERE tumour_id IS NOT NULL AND value IS NOT NULL AND "
    )
    job.problems(
        "size-without-unit",
        "serious",
        "the tumour size {value} has no unit of length: it is taken as not recorded.",
        about + "mm IS NULL",
        file="measurement",
        table="primary_tumour",
        column="size_mm",
    )
    job.problems(
        "size-not-positive",
        "minor",
        "the tumour size {value} is no size: it is taken as not recorded.",
        about + "mm <= 0",
        file="measurement",
        table="primary_tumour",
        column="size_mm",
    )
    job.problems(
        "sizes-disagree",
        "note",
        "several tumour sizes are recorded ({value} mm): the earliest was taken.",
        "SELECT min(row_id) AS row_id, person_id, tumour_id AS row_key, "
        "string_agg(DISTINCT mm, ', ' ORDER BY mm) AS value FROM size_row "
        "WHERE tumour_id IS NOT NULL AND mm > 0 GROUP BY ALL HAVING count(DISTINCT mm) > 1",
        file="measurement",
        table="primary_tumour",
        column="size_mm",
    )
    job.use("measurement", "SELECT row_id FROM size_row WHERE tumour_id IS NOT NULL")
    job.leave(
        "measurement",
        "a size that belongs to no tumour of the breast that can be told",
        "SELECT row_id FROM size_row WHERE tumour_id IS NULL",
    )


def _problems(job: Job) -> None:
    for column, count, listed in (
        ("topography", "n_topography", "topographies"),
        ("morphology", "n_morphology", "morphologies"),
    ):
        job.problems(
            "codes-disagree",
            "minor",
            f"several codes of {column} are recorded ({{value}}): the earliest was taken.",
            f"SELECT dx.row_id AS row_id, person_id, tumour_id AS row_key, {listed} AS value "
            f"FROM tumour WHERE {count} > 1",
            file="condition_occurrence",
            table="primary_tumour",
            column=column,
        )
    job.problems(
        "laterality-disagrees",
        "serious",
        "the side is {value}: it is taken as not recorded.",
        "SELECT NULL AS row_id, person_id, tumour_id AS row_key, "
        "coded || ' by the diagnosis and ' || stated || ' by a measurement' AS value "
        "FROM side_clash",
        file="condition_occurrence",
        table="primary_tumour",
        column="laterality",
    )
