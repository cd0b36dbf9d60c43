"""A CDM that DuckDB reads itself: files or a database of its own."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import duckdb

from locoreg.core.errors import DataError
from locoreg.registry.intake.sink import SetAside
from locoreg.registry.omop.model import CDM, match_columns
from locoreg.registry.omop.normal import normal, select_list
from locoreg.registry.omop.reading import Count
from locoreg.registry.omop.rules import FIRST_LOCAL
from locoreg.registry.store.views import literal

RAW_CHARACTERS = 20_000
LINES_AT_ONCE = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """How DuckDB reads a CDM table.

    Attributes
    ----------
    sql : str
        What stands after FROM.
    names : list of str
        Columns as they stand.
    types : dict of str to str
        DuckDB type by column.
    where : str
        File or table, for messages.
    rejects : str or None
        Table in which DuckDB leaves the lines that it could not split.
    """

    sql: str
    names: list[str]
    types: dict[str, str]
    where: str
    rejects: str | None = None


class LocalCdm:
    """Read a CDM through the working database.

    Parameters
    ----------
    con : duckdb.DuckDBPyConnection
        The working database.
    relations : dict of str to Relation
        The tables that are there.
    """

    def __init__(self, con: duckdb.DuckDBPyConnection, relations: dict[str, Relation]) -> None:
        self._con = con
        self._relations = relations
        self._names = {
            table: match_columns(table, relation.names, relation.where)
            for table, relation in relations.items()
        }

    @property
    def tables(self) -> frozenset[str]:
        """Names of the CDM tables that are there."""
        return frozenset(self._relations)

    def count(self, table: str) -> Count:
        """Count the rows of a table."""
        column = "person_id" if CDM[table].clinical else CDM[table].columns[0].name
        relation = self._relations[table]
        value = self._value(table, column)
        rows, nobody = self._run(
            table, f"SELECT count(*), count(*) FILTER ({value} IS NULL) FROM {relation.sql} r"
        )[0]
        return Count(rows=rows, nobody=nobody)

    def is_empty(self, table: str) -> bool:
        """Return whether a table has no rows."""
        return not self._run(table, f"SELECT 1 FROM {self._relations[table].sql} r LIMIT 1")

    def fetch(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        target: str,
        *,
        column: str | None = None,
        ids: str | None = None,
    ) -> None:
        """Add rows of a CDM table in their normal form to a local table."""
        if column is not None and self._names[table][column] is None:
            return
        relation = self._relations[table]
        listed = select_list(table, self._names[table], relation.types)
        chosen = "" if column is None else f" WHERE {self._value(table, column)} IN ({ids})"
        self._run(table, f"INSERT INTO {target} SELECT {listed} FROM {relation.sql} r{chosen}")

    def has_concept(self, *, name: str | None = None, vocabulary: str | None = None) -> bool:
        """Return whether CONCEPT holds a concept of a vocabulary, or a condition of a name."""
        relation = self._relations["concept"]
        parts = []
        if vocabulary is not None:
            parts.append(f"{self._value('concept', 'vocabulary_id')} = {literal(vocabulary)}")
        if name is not None:
            value = f"lower({self._value('concept', 'concept_name')})"
            parts.append(f"regexp_matches({value}, {literal(name)})")
            if self._names["concept"]["domain_id"] is not None:
                parts.append(f"lower({self._value('concept', 'domain_id')}) = 'condition'")
        chosen = " AND ".join(parts)
        return bool(self._run("concept", f"SELECT 1 FROM {relation.sql} r WHERE {chosen} LIMIT 1"))

    def has_strangers(self, table: str, column: str) -> bool:
        """Return whether a column holds concept ids that CONCEPT does not have."""
        if table not in self._relations or self._names[table][column] is None:
            return False
        known = (
            f"SELECT {self._value('concept', 'concept_id')} FROM {self._relations['concept'].sql} r"
        )
        return bool(
            self._run(
                table,
                f"SELECT 1 FROM (SELECT {self._value(table, column)} AS v "
                f"FROM {self._relations[table].sql} r) WHERE v > 0 AND v < {FIRST_LOCAL} "
                f"AND v NOT IN ({known}) LIMIT 1",
            )
        )

    def unreadable_lines(self) -> Iterator[list[SetAside]]:
        """Return the lines that could not be split into columns, in pieces."""
        rows = self._con.execute("SELECT table_name FROM duckdb_tables()").fetchall()
        there = {name for (name,) in rows}
        for table, relation in self._relations.items():
            if relation.rejects not in there:
                continue
            # Every pass over a file notes the same lines again.
            self._con.execute(
                f"SELECT DISTINCT ON (file_id, line) line, error_type, "
                f"left(csv_line, {RAW_CHARACTERS}) FROM {relation.rejects} "
                "WHERE trim(csv_line) <> '' ORDER BY file_id, line"
            )
            while rows := self._con.fetchmany(LINES_AT_ONCE):
                yield [
                    SetAside(
                        reason=f"the line can't be read ({str(kind).lower()})",
                        source_file=table,
                        source_row=line,
                        raw=text.strip("\r\n"),
                    )
                    for line, kind, text in rows
                ]

    def close(self) -> None:
        """Nothing to let go of: the working database belongs to the import."""

    def _value(self, table: str, column: str) -> str:
        found = next(c for c in CDM[table].columns if c.name == column)
        stands = self._names[table][column] or ""
        raw = 'r."' + stands.replace('"', '""') + '"'
        return normal(raw, found.kind, self._relations[table].types[stands])

    def _run(self, table: str, sql: str) -> list[tuple[int, ...]]:
        try:
            return self._con.execute(sql).fetchall()
        except (
            duckdb.IOException,
            duckdb.InvalidInputException,
            duckdb.SerializationException,
        ) as exc:
            why = first_line(exc)
            if "state machine" in why:
                why = "its line ends are mixed, or its quotes are broken."
            raise DataError(
                f"{self._relations[table].where} can't be read: {why}",
                hint="export the table again.",
            ) from exc


def first_line(exc: Exception) -> str:
    """Return the first line of an error's text, as a sentence."""
    text = str(exc).strip() or type(exc).__name__
    return text.splitlines()[0].rstrip(".") + "."
