"""Concepts that are known by the code that they have in their vocabulary."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from locoreg.registry.omop.reading import Cdm, create_local
from locoreg.registry.omop.rules import Row, read_data

if TYPE_CHECKING:
    import duckdb

_PREFIX = "source_"


def concepts_by_code(con: duckdb.DuckDBPyConnection, cdm: Cdm, known: Sequence[Row]) -> list[Row]:
    """Look up the codes of ``codes.csv`` in the site's CONCEPT table.

    The local table ``source_code`` (prefix, concept_id) is made, too: the beginning of an ICD-10
    code, and the concept that stands for it.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The working database.
    cdm : Cdm
        The CDM.
    known : sequence of Row
        What concept ids already mean; it is not said twice.

    Returns
    -------
    list of Row
        Further concepts with their roles.
    """
    wanted = read_data("codes.csv")
    codes = sorted({row["code"] for row in wanted})
    con.execute("CREATE OR REPLACE TABLE rule_code AS SELECT unnest(?) AS code", [codes])
    create_local(con, "concept", "coded")
    cdm.fetch(con, "concept", "coded", column="concept_code", ids="SELECT code FROM rule_code")
    rows = con.execute(
        "SELECT vocabulary_id, concept_code, min(concept_id) FROM coded WHERE concept_id > 0 "
        "GROUP BY 1, 2"
    ).fetchall()
    found = {(vocabulary, code): concept for vocabulary, code, concept in rows}
    taken = {(row[0], row[2]) for row in known}
    roles: list[Row] = []
    con.execute("CREATE OR REPLACE TABLE source_code (prefix VARCHAR, concept_id BIGINT)")
    for order, row in enumerate(wanted, start=len(known)):
        concept = found.get((row["vocabulary"], row["code"]))
        if concept is None:
            continue
        if row["role"].startswith(_PREFIX):
            prefix = row["role"].removeprefix(_PREFIX)
            con.execute("INSERT INTO source_code VALUES (?, ?)", [prefix, concept])
        elif (row["role"], concept) not in taken:
            roles.append((row["role"], row["value"], concept, False, order))
    return roles
