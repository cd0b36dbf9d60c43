"""What a CDM is read through, whatever it is kept in."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from locoreg.registry.intake.sink import SetAside
from locoreg.registry.omop.model import CDM

if TYPE_CHECKING:
    import duckdb


@dataclass(frozen=True, slots=True, kw_only=True)
class Count:
    """Rows of a CDM table.

    Attributes
    ----------
    rows : int
        All rows that can be told apart.
    nobody : int
        Rows without a readable person.
    """

    rows: int
    nobody: int


class Cdm(Protocol):
    """A CDM that is open for reading."""

    @property
    def tables(self) -> frozenset[str]:
        """Names of the CDM tables that are there, in lower case."""

    def count(self, table: str) -> Count:
        """Count the rows of a table."""

    def is_empty(self, table: str) -> bool:
        """Return whether a table has no rows."""

    def fetch(
        self,
        con: duckdb.DuckDBPyConnection,
        table: str,
        target: str,
        *,
        column: str | None = None,
        ids: str | None = None,
    ) -> None:
        """Add rows of a CDM table in their normal form to a local table.

        Parameters
        ----------
        con : duckdb.DuckDBPyConnection
            The working database.
        table, target : str
            CDM table, and local table, which exists.
        column, ids : str, optional
            Only rows whose column is among the ids; ``ids`` is a query of the working database.
        """

    def has_concept(self, *, name: str | None = None, vocabulary: str | None = None) -> bool:
        """Return whether CONCEPT holds a concept of a vocabulary, or a condition of such a name.

        Parameters
        ----------
        name : str, optional
            Regular expression for names of conditions in lower case.
        vocabulary : str, optional
            Name of the vocabulary.
        """

    def has_strangers(self, table: str, column: str) -> bool:
        """Return whether a column holds concept ids (no local ones) that CONCEPT does not have."""

    def unreadable_lines(self) -> Iterable[list[SetAside]]:
        """Return the lines that could not be split into columns, in pieces; after reading."""

    def close(self) -> None:
        """Let go of files and connections."""


SQL_KINDS = {"id": "BIGINT", "date": "DATE", "text": "VARCHAR", "number": "DOUBLE"}


def create_local(con: duckdb.DuckDBPyConnection, table: str, target: str) -> None:
    """Create an empty local table for the rows of a CDM table in their normal form."""
    parts = []
    for column in CDM[table].columns:
        parts.append(f"{column.name} {SQL_KINDS[column.kind]}")
        if column.kind == "date":
            parts.append(f"{column.name}_p VARCHAR")
    con.execute(f"CREATE OR REPLACE TABLE {target} ({', '.join(parts)}, unreadable VARCHAR)")
