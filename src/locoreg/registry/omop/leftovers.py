"""Rows of enrolled persons that no rule uses: counted by concept."""

from __future__ import annotations

from locoreg.core.numbertext import plural
from locoreg.registry.intake.sink import Problem
from locoreg.registry.omop.job import Job, role
from locoreg.registry.omop.model import CDM, CLINICAL
from locoreg.registry.omop.rules import FIRST_LOCAL

# Concepts named per table; the rest is counted together.
MOST_CONCEPTS = 50
NO_RULE = "no rule uses the concept"
NO_CONCEPT = "the row has no standard concept (concept 0)"
LOCAL = "a concept of the site's own that its concept file does not name"
OTHER_TABLES = ("person", "death")


def account_for_rest(job: Job) -> None:
    """Count every row that no rule used; name the concepts that stand in most of them."""
    for table in CLINICAL:
        concept, key = CDM[table].concept, CDM[table].key
        if concept is None or key is None or table in (*OTHER_TABLES, *job.empty):
            continue
        job.leave(
            table,
            "left out by the site's concept file",
            f"SELECT {key} FROM {table} WHERE {concept} IN ({role('not_used')})",
        )
        job.run(
            f"""CREATE OR REPLACE TABLE rest AS
            SELECT t.{key} AS row_id, coalesce(t.{concept}, 0) AS concept_id,
                {_source_value(table)} AS said FROM {table} t
            WHERE NOT EXISTS (FROM used u WHERE u.cdm_table = '{table}' AND u.row_id = t.{key})"""
        )
        _name_concepts(job, table, concept)
        for reason, chosen in (
            (NO_CONCEPT, "concept_id = 0"),
            (LOCAL, f"concept_id >= {FIRST_LOCAL}"),
            (NO_RULE, f"concept_id <> 0 AND concept_id < {FIRST_LOCAL}"),
        ):
            job.leave(table, reason, f"SELECT row_id FROM rest WHERE {chosen}")


def _source_value(table: str) -> str:
    names = {c.name for c in CDM[table].columns}
    stem = (CDM[table].concept or "").removesuffix("_concept_id")
    said = [f"t.{stem}_source_value"] if f"{stem}_source_value" in names else []
    if f"{stem}_source_concept_id" in names:
        said.append(f"'source concept ' || nullif(t.{stem}_source_concept_id, 0)")
    return f"coalesce({', '.join([*said, 'NULL'])})"


def _name_concepts(job: Job, table: str, column: str) -> None:
    job.run(
        """CREATE OR REPLACE TABLE rest_concept AS
        SELECT r.concept_id, any_value(c.concept_name) AS name, count(*) AS n,
            CASE WHEN r.concept_id = 0 THEN r.said END AS said
        FROM rest r LEFT JOIN concept c ON c.concept_id = r.concept_id
        GROUP BY r.concept_id, CASE WHEN r.concept_id = 0 THEN r.said END"""
    )
    rows = job.con.execute(
        f"SELECT * FROM rest_concept ORDER BY n DESC, concept_id, said LIMIT {MOST_CONCEPTS}"
    ).fetchall()
    more, count = job.con.execute("SELECT count(*), sum(n) FROM rest_concept").fetchall()[0]
    job.sink.problem(
        Problem(
            rule=_rule(concept),
            severity="minor" if concept >= FIRST_LOCAL else "note",
            message=_sentence(concept, name, n, said),
            source_file=table,
            column_name=column,
            value=said if concept == 0 else str(concept),
        )
        for concept, name, n, said in rows
    )
    if more > len(rows):
        left = count - sum(row[2] for row in rows)
        job.sink.problem(
            [
                Problem(
                    rule="unmapped-concept",
                    severity="note",
                    message=f"{plural(more - len(rows), 'more concept')} in "
                    f"{plural(left, 'row')} that no rule uses.",
                    source_file=table,
                    column_name=column,
                )
            ]
        )
    job.codes(
        table="issue",
        column="value",
        sql=f"SELECT concept_id, NULL FROM rest WHERE concept_id >= {FIRST_LOCAL}",
    )


def _rule(concept: int) -> str:
    if concept == 0:
        return "concept-zero"
    return "local-concept" if concept >= FIRST_LOCAL else "unmapped-concept"


def _sentence(concept: int, name: str | None, count: int, said: str | None) -> str:
    if concept == 0:
        words = "nothing" if said is None else repr(said)
        return f"{plural(count, 'row')} without a standard concept; the source says {words}."
    called = f"{concept} ({name})" if name else str(concept)
    if concept >= FIRST_LOCAL:
        return (
            f"{plural(count, 'row')} of the site's own concept {called}: "
            "name its meaning in a concept file."
        )
    return f"{plural(count, 'row')} of the concept {called}, which no rule uses."
