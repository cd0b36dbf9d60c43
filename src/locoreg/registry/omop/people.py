"""Who may enter: persons with rows of breast malignancy and of metastases, and all their rows."""

from __future__ import annotations

from locoreg.registry.intake.sink import SetAside
from locoreg.registry.omop.bysource import (
    NOT_READ as SOURCE_NOT_READ,
)
from locoreg.registry.omop.bysource import (
    find_sources,
    make_source_map,
    note_sources,
    read_sources,
)
from locoreg.registry.omop.job import PIECE, Job, role
from locoreg.registry.omop.model import CDM, CLINICAL
from locoreg.registry.omop.reading import Cdm, create_local
from locoreg.registry.omop.vocabulary import fetch_concepts

NOT_READ = "rows of persons who do not enter"
NOBODY = "no readable person_id"


def find_candidates(job: Job, cdm: Cdm) -> None:
    """Make ``candidate``: persons with a row of breast malignancy and a row of metastasis.

    Only the concepts count here; what a row is linked to and whether it denies a metastasis is
    looked at later, with all rows of these persons at hand.
    """
    con = job.con
    for table, column, roles in (
        (
            "condition_occurrence",
            "condition_concept_id",
            ("breast_malignancy", "breast_metastatic", "secondary_malignancy"),
        ),
        ("measurement", "measurement_concept_id", ("metastasis", "m1", "stage_iv")),
        # Some sites keep the category as the value of a general measurement of stage.
        ("measurement", "value_as_concept_id", ("metastasis", "m1", "stage_iv")),
    ):
        if column != "value_as_concept_id":
            create_local(con, table, f"evidence_{table}")
        if table in cdm.tables:
            listed = ", ".join(f"'{name}'" for name in roles)
            cdm.fetch(
                con,
                table,
                f"evidence_{table}",
                column=column,
                # Rows without a concept may have an ICD-10 code.
                ids=f"SELECT DISTINCT concept_id FROM role_concept WHERE role IN ({listed})"
                + (" UNION SELECT 0" if table == "condition_occurrence" else ""),
            )
    make_source_map(job)
    if job.source_icd10:
        read_sources(job, cdm, "evidence_condition_occurrence")
    else:
        find_sources(job, cdm, "evidence_condition_occurrence")
        note_sources(job, SOURCE_NOT_READ, "person_id IS NOT NULL")
    job.run("DELETE FROM evidence_condition_occurrence WHERE condition_concept_id = 0")
    job.run(
        f"""CREATE OR REPLACE TABLE evidence AS
        SELECT person_id, bool_or(breast) AS breast, bool_or(spread) AS spread FROM (
            SELECT person_id,
                (condition_concept_id IN ({role("breast_malignancy")})
                 AND condition_concept_id NOT IN ({role("secondary_malignancy")}))
                OR condition_concept_id IN ({role("breast_metastatic")}) AS breast,
                condition_concept_id IN ({role("secondary_malignancy")})
                OR condition_concept_id IN ({role("breast_metastatic")}) AS spread
            FROM evidence_condition_occurrence
            UNION ALL SELECT person_id, false, true FROM evidence_measurement)
        WHERE person_id IS NOT NULL GROUP BY person_id"""
    )
    for table in ("condition_occurrence", "measurement"):
        job.run(f"DROP TABLE evidence_{table}")
    create_local(con, "person", "evidence_person")
    cdm.fetch(
        con, "person", "evidence_person", column="person_id", ids="SELECT person_id FROM evidence"
    )
    job.run(
        "CREATE OR REPLACE TABLE candidate AS SELECT e.person_id FROM evidence e "
        "WHERE breast AND spread AND person_id IN (SELECT person_id FROM evidence_person)"
    )


def fetch_rows(job: Job, cdm: Cdm) -> None:
    """Make a local table of every clinical CDM table with the rows of the candidates."""
    con = job.con
    for table in (*CLINICAL, "episode_event"):
        create_local(con, table, table)
    for table in CLINICAL:
        if table in cdm.tables:
            cdm.fetch(con, table, table, column="person_id", ids="SELECT person_id FROM candidate")
    if "episode_event" in cdm.tables:
        cdm.fetch(
            con,
            "episode_event",
            "episode_event",
            column="episode_id",
            ids="SELECT episode_id FROM episode",
        )
    if job.source_icd10:
        read_sources(job, cdm, "condition_occurrence")
    _fetch_their_concepts(job, cdm)


def _fetch_their_concepts(job: Job, cdm: Cdm) -> None:
    parts = [
        f"SELECT {column.name} FROM {table}"
        for table in (*CLINICAL, "episode_event")
        for column in CDM[table].columns
        if column.name.endswith("concept_id")
    ]
    everything = " UNION ".join(parts)
    fetch_concepts(job.con, cdm, everything)
    # Ancestors of the drugs lead to their ingredients.
    create_local(job.con, "concept_ancestor", "drug_ancestor")
    cdm.fetch(
        job.con,
        "concept_ancestor",
        "drug_ancestor",
        column="descendant_concept_id",
        ids="SELECT DISTINCT drug_concept_id FROM drug_exposure WHERE drug_concept_id > 0",
    )
    fetch_concepts(job.con, cdm, "SELECT ancestor_concept_id FROM drug_ancestor")


def settle_people(job: Job, cdm: Cdm, reasons: dict[str, str]) -> None:
    """Count persons who do not enter by reason, and the rows read and not read of every table.

    Parameters
    ----------
    job : Job
        The import; ``enrolled`` and ``refused`` (person_id, reason) are made.
    cdm : Cdm
        The CDM.
    reasons : dict of str to str
        Sentence by reason.
    """
    persons = cdm.count("person")
    seen = job.number(
        "SELECT count(DISTINCT person_id) FROM evidence_person "
        "WHERE person_id IN (SELECT person_id FROM evidence)"
    )
    job.sink.count_read("person", persons.rows)
    _unused(job, "person", NOBODY, persons.nobody)
    distinct = job.number("SELECT count(*) FROM evidence_person")
    _unused(
        job,
        "person",
        "no breast malignancy and no metastasis is recorded",
        persons.rows - persons.nobody - distinct,
    )
    here = "person_id IN (SELECT person_id FROM evidence_person)"
    for reason, chosen in (
        ("metastasis is recorded, but no breast malignancy", "spread AND NOT breast"),
        ("breast malignancy without a record of metastasis", "breast AND NOT spread"),
    ):
        _unused(
            job,
            "person",
            reason,
            job.number(f"SELECT count(*) FROM evidence WHERE {chosen} AND {here}"),
        )
    for reason, count in job.con.execute(
        "SELECT reason, count(*) FROM refused GROUP BY 1 ORDER BY 1"
    ).fetchall():
        _unused(job, "person", reasons[reason], count)
    if distinct > seen:
        _unused(job, "person", "a further row of the same person", distinct - seen)
    _settle_rows(job, cdm)


def _settle_rows(job: Job, cdm: Cdm) -> None:
    for table in (*CLINICAL[1:], "episode_event"):
        if table not in cdm.tables:
            job.empty.add(table)
            continue
        of, who = (
            ("episode_id", "episode") if table == "episode_event" else ("person_id", "enrolled")
        )
        job.run(f"DELETE FROM {table} WHERE {of} NOT IN (SELECT {of} FROM {who})")
        count = cdm.count(table)
        kept = job.number(f"SELECT count(*) FROM {table}")
        job.sink.count_read(table, count.rows)
        _unused(job, table, NOT_READ, count.rows - count.nobody - kept)
        _unused(job, table, NOBODY if table != "episode_event" else NOT_READ, count.nobody)
        if not kept:
            job.empty.add(table)
    job.run("DELETE FROM person WHERE person_id NOT IN (SELECT person_id FROM enrolled)")
    orphans = job.number(
        "SELECT count(*) FROM evidence WHERE breast AND spread "
        "AND person_id NOT IN (SELECT person_id FROM evidence_person)"
    )
    if orphans:
        job.problems(
            "person-missing",
            "serious",
            "person {value} has rows of breast malignancy and metastasis, but none in PERSON.",
            "SELECT NULL AS row_id, person_id, NULL AS row_key, person_id AS value FROM evidence "
            "WHERE breast AND spread AND person_id NOT IN (SELECT person_id FROM evidence_person)",
            file="person",
        )


def set_aside_keyless(job: Job) -> None:
    """Set aside rows without an id of their own, and note values that can't be read."""
    for table in CLINICAL:
        key = CDM[table].key
        if table in job.empty:
            continue
        if key is not None and table != "person":
            _set_aside(job, table, f"{key} is missing or unreadable", f"{key} IS NULL")
            repeated = (
                "rowid IN (SELECT r FROM (SELECT t.rowid AS r, row_number() OVER "
                f"(PARTITION BY {key} ORDER BY CAST(to_json(t) AS VARCHAR)) AS n FROM {table} t "
                f"WHERE {key} IN (SELECT {key} FROM {table} GROUP BY 1 HAVING count(*) > 1)) "
                "WHERE n > 1)"
            )
            _set_aside(job, table, f"{key} stands more than once", repeated)
        job.problems(
            "unreadable-value",
            "minor",
            "{value} can't be read: taken as not recorded.",
            f"SELECT {key or 'NULL'} AS row_id, person_id, NULL AS row_key, unreadable AS value "
            f"FROM {table} WHERE unreadable IS NOT NULL",
            file=table,
        )


def _set_aside(job: Job, table: str, reason: str, chosen: str) -> None:
    key = CDM[table].key
    found = False
    with job.con.cursor() as cursor:
        cursor.execute(
            f"SELECT {key}, CAST(to_json(t) AS VARCHAR) FROM {table} t WHERE {chosen} ORDER BY ALL"
        )
        while rows := cursor.fetchmany(PIECE):
            found = True
            job.sink.set_aside(
                SetAside(reason=reason, source_file=table, source_row=number, raw=raw)
                for number, raw in rows
            )
    if found:
        job.run(f"DELETE FROM {table} WHERE {chosen}")


def _unused(job: Job, table: str, reason: str, count: int) -> None:
    if count > 0:
        job.sink.count_unused(table, reason, count)
