"""Concepts as the site's own vocabulary has them."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locoreg.core.errors import DataError
from locoreg.registry.intake.sink import Problem
from locoreg.registry.omop.absent import harmless
from locoreg.registry.omop.codelookup import concepts_by_code
from locoreg.registry.omop.reading import Cdm, create_local
from locoreg.registry.omop.rules import ConceptRule, Row

if TYPE_CHECKING:
    import duckdb

MOST_NAMED = 12


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """A concept in the site's CONCEPT table."""

    concept_id: int
    name: str
    standard: str | None
    invalid: str | None


def resolve(
    con: duckdb.DuckDBPyConnection, cdm: Cdm, rules: Sequence[ConceptRule]
) -> list[Problem]:
    """Look up every concept at the site and make the local table ``role_concept``.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The working database.
    cdm : Cdm
        The CDM.
    rules : sequence of ConceptRule
        Concepts to use.

    Returns
    -------
    list of Problem
        Concepts that the site lacks, or that are disputed.

    Raises
    ------
    DataError
        If CONCEPT_ANCESTOR is empty; if concepts are missing without which nothing would be found,
        are invalid or non-standard without a way to a standard one, or have another name than
        expected.
    """
    _check_ancestors(con, cdm)
    con.execute(
        "CREATE OR REPLACE TABLE rule_id AS SELECT CAST(unnest(?) AS BIGINT) AS concept_id",
        [sorted({r.concept_id for r in rules})],
    )
    create_local(con, "concept", "concept")
    fetch_concepts(con, cdm, "SELECT concept_id FROM rule_id")
    successors = _successors(con, cdm)
    there = _there(con)
    faults: list[str] = []
    lacking = [r for r in rules if r.required and not r.own and r.concept_id not in there]
    spared, problems = harmless(cdm, lacking) if lacking else ([], [])
    rows: list[Row] = []
    for order, rule in enumerate(rules):
        if rule in spared:
            continue
        concept = there.get(rule.concept_id)
        target = _usable(rule, concept, successors, there)
        number = rule.concept_id if target is None else target.concept_id
        # Concepts of fields are often not loaded; they are taken as they are then.
        blind = rule.own or (rule.role == "field" and concept is None)
        if blind or (target is not None and re.search(rule.expect, target.name.lower())):
            rows.append((rule.role, rule.value, number, rule.descendants, order))
        else:
            _judge(rule, concept, target, faults, problems)
    if faults:
        more = f" and {len(faults) - MOST_NAMED} more" if len(faults) > MOST_NAMED else ""
        raise DataError(
            f"the site's CONCEPT table does not fit: {'; '.join(faults[:MOST_NAMED])}{more}.",
            hint="load the whole vocabulary of the CDM (with Cancer Modifier and Episode), or "
            "name the site's own concepts in a concept file.",
        )
    _expand(con, cdm, [*rows, *concepts_by_code(con, cdm, rows)])
    return problems


def fetch_concepts(con: duckdb.DuckDBPyConnection, cdm: Cdm, ids: str) -> None:
    """Add concepts to the local table ``concept`` that it lacks; ``ids`` is a local query."""
    con.execute(
        "CREATE OR REPLACE TABLE wanted_concept AS "
        f"SELECT DISTINCT * FROM ({ids}) q(concept_id) WHERE concept_id > 0 "
        "AND concept_id NOT IN (SELECT concept_id FROM concept)"
    )
    create_local(con, "concept", "concept_new")
    cdm.fetch(
        con, "concept", "concept_new", column="concept_id", ids="SELECT * FROM wanted_concept"
    )
    # A CONCEPT table with an id twice would multiply rows.
    con.execute(
        "INSERT INTO concept SELECT DISTINCT ON (concept_id) * FROM concept_new "
        "ORDER BY concept_id, concept_name"
    )


def vocabulary_versions(con: duckdb.DuckDBPyConnection, cdm: Cdm) -> None:
    """Make the local table ``vocabulary_version``: version by vocabulary; ``*`` for the whole."""
    con.execute(
        "CREATE OR REPLACE TABLE vocabulary_version (vocabulary_id VARCHAR, version VARCHAR)"
    )
    if "vocabulary" in cdm.tables:
        create_local(con, "vocabulary", "vocabulary_raw")
        cdm.fetch(con, "vocabulary", "vocabulary_raw")
        con.execute(
            "INSERT INTO vocabulary_version SELECT vocabulary_id, max(vocabulary_version) "
            "FROM vocabulary_raw WHERE vocabulary_version IS NOT NULL AND vocabulary_id <> 'None' "
            "GROUP BY 1"
        )
        con.execute(
            "INSERT INTO vocabulary_version SELECT '*', max(vocabulary_version) "
            "FROM vocabulary_raw WHERE vocabulary_id = 'None' HAVING count(vocabulary_version) > 0"
        )
    if "cdm_source" in cdm.tables:
        create_local(con, "cdm_source", "cdm_source_raw")
        cdm.fetch(con, "cdm_source", "cdm_source_raw")
        con.execute(
            "INSERT INTO vocabulary_version SELECT '*', max(vocabulary_version) "
            "FROM cdm_source_raw WHERE NOT EXISTS "
            "(FROM vocabulary_version WHERE vocabulary_id = '*') "
            "HAVING count(vocabulary_version) > 0"
        )


def _check_ancestors(con: duckdb.DuckDBPyConnection, cdm: Cdm) -> None:
    if cdm.is_empty("concept_ancestor"):
        raise DataError(
            "CONCEPT_ANCESTOR is empty: a search for descendants would silently find nothing.",
            hint="load CONCEPT_ANCESTOR of the site's vocabulary.",
        )
    if cdm.is_empty("concept"):
        raise DataError("CONCEPT is empty.", hint="load CONCEPT of the site's vocabulary.")


def _successors(con: duckdb.DuckDBPyConnection, cdm: Cdm) -> dict[int, list[int]]:
    con.execute(
        "CREATE OR REPLACE TABLE retired AS SELECT concept_id FROM concept "
        "WHERE invalid_reason IS NOT NULL OR standard_concept IS NULL "
        "OR standard_concept NOT IN ('S', 'C')"
    )
    retired = con.execute("SELECT count(*) FROM retired").fetchall()[0][0]
    if not retired or "concept_relationship" not in cdm.tables:
        return {}
    create_local(con, "concept_relationship", "relationship")
    cdm.fetch(
        con,
        "concept_relationship",
        "relationship",
        column="concept_id_1",
        ids="SELECT concept_id FROM retired",
    )
    rows = con.execute(
        "SELECT DISTINCT concept_id_1, concept_id_2 FROM relationship "
        "WHERE lower(relationship_id) = 'maps to' AND invalid_reason IS NULL "
        "AND concept_id_1 <> concept_id_2 ORDER BY 1, 2"
    ).fetchall()
    fetch_concepts(con, cdm, "SELECT concept_id_2 FROM relationship")
    out: dict[int, list[int]] = {}
    for one, other in rows:
        out.setdefault(one, []).append(other)
    return out


def _there(con: duckdb.DuckDBPyConnection) -> dict[int, Found]:
    rows = con.execute(
        "SELECT concept_id, coalesce(concept_name, ''), standard_concept, invalid_reason "
        "FROM concept"
    ).fetchall()
    return {
        row[0]: Found(concept_id=row[0], name=row[1], standard=row[2], invalid=row[3])
        for row in rows
    }


def _usable(
    rule: ConceptRule,
    concept: Found | None,
    successors: dict[int, list[int]],
    there: dict[int, Found],
) -> Found | None:
    """Return the concept if it is valid and standard, else the one that it maps to."""
    if concept is None or rule.own:
        return None
    if concept.invalid is None and (concept.standard in ("S", "C") or rule.role == "field"):
        return concept
    targets = [there[i] for i in successors.get(concept.concept_id, []) if i in there]
    good = [t for t in targets if t.standard in ("S", "C") and t.invalid is None]
    return good[0] if len(good) == 1 else None


def _judge(
    rule: ConceptRule,
    concept: Found | None,
    target: Found | None,
    faults: list[str],
    problems: list[Problem],
) -> None:
    """Note a concept that can't be used: as a fault, or as a problem where that is enough."""
    if concept is None:
        fault = "is missing"
    elif target is None:
        fault = "is invalid or not standard and maps to no single standard concept"
    else:
        fault = f"is called {target.name!r}"
    named = f"{rule.concept_id} ({rule.role}{' ' + rule.value if rule.value else ''}) {fault}"
    if rule.required or (concept is not None and not rule.extra and not rule.disputed):
        faults.append(named)
    elif not rule.disputed:
        kind = "concept-missing" if concept is None else "concept-unusable"
        message = f"{named} in CONCEPT: rows under it are not recognised."
        problems.append(
            Problem(
                rule=kind,
                severity="minor",
                message=message,
                source_file="concept",
                column_name="concept_id",
                value=str(rule.concept_id),
            )
        )


def _expand(con: duckdb.DuckDBPyConnection, cdm: Cdm, rows: list[Row]) -> None:
    """Make ``role_concept``: every concept of every role, itself and its descendants."""
    con.execute(
        "CREATE OR REPLACE TABLE role_root "
        "(role VARCHAR, value VARCHAR, concept_id BIGINT, descendants BOOLEAN, place INTEGER)"
    )
    if rows:
        con.execute(
            "INSERT INTO role_root SELECT unnest(?), unnest(?), unnest(?), unnest(?), unnest(?)",
            [list(column) for column in zip(*rows, strict=True)],
        )
    create_local(con, "concept_ancestor", "ancestor")
    cdm.fetch(
        con,
        "concept_ancestor",
        "ancestor",
        column="ancestor_concept_id",
        ids="SELECT DISTINCT concept_id FROM role_root WHERE descendants",
    )
    con.execute(
        """CREATE OR REPLACE TABLE role_concept AS
        SELECT role, value, concept_id, min(place) AS place, bool_or(root) AS root FROM (
            SELECT role, value, concept_id, place, true AS root FROM role_root
            UNION ALL
            SELECT r.role, r.value, a.descendant_concept_id, r.place, false
            FROM role_root r JOIN ancestor a ON a.ancestor_concept_id = r.concept_id
            WHERE r.descendants AND a.descendant_concept_id IS NOT NULL)
        GROUP BY role, value, concept_id"""
    )
