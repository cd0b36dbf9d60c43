"""Where a source delivers what it reads: rows, rows set aside, issues, codes, raw resources."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

from locoreg.core.findings import Severity
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    import pyarrow as pa


@dataclass(frozen=True, slots=True, kw_only=True)
class Problem:
    """Something that a source noticed in what it read; the row stays in.

    Attributes
    ----------
    rule : str
        Rule, with dashes: ``unknown-code``.
    severity : {"blocking", "serious", "minor", "note"}
        Severity.
    message : str
        What was found and what to do.
    source_file, source_row
        Where it stands.
    table_name, row_key, patient_id, column_name, value : str or None
        What it is about.
    """

    rule: str
    severity: Severity
    message: str
    source_file: str
    source_row: int | None = None
    table_name: str | None = None
    row_key: str | None = None
    patient_id: str | None = None
    column_name: str | None = None
    value: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SetAside:
    """A row, or a part of one, that did not enter a table.

    Attributes
    ----------
    reason : str
        Why, in words that are the same for every row with this fault.
    source_file, source_row
        Where it stands.
    table_name, column_name : str or None
        The table that it was meant for, and the column at fault.
    raw : str or None
        The row as the source holds it (JSON); cut at 20,000 characters.
    """

    reason: str
    source_file: str
    source_row: int | None = None
    table_name: str | None = None
    column_name: str | None = None
    raw: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class CodeUse:
    """How a code of the source was read.

    Attributes
    ----------
    source_code : str
        Code as it stands in the source.
    table_name, column_name : str
        Column of the registry that it went to.
    canonical_code : str or None
        What it became; None where it means unknown.
    n_rows : int
        Cells that were read so.
    vocabulary, source_label, version : str or None
        Vocabulary, words and version.
    """

    source_code: str
    table_name: str
    column_name: str
    canonical_code: str | None
    n_rows: int
    vocabulary: str | None = None
    source_label: str | None = None
    version: str | None = None


class RowCounter(Protocol):
    """What the reader of text rows tells: rows read, of no use, and unreadable."""

    def count_read(self, source_file: str, rows: int) -> None:
        """Count rows (or resources) read from a file, the unusable ones included."""

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        """Count rows that were understood and belong in no table, with the reason."""

    def set_aside(self, items: Iterable[SetAside]) -> None:
        """Take rows that could not enter."""


class Sink(RowCounter, Protocol):
    """What a source writes to."""

    def add(self, table: str, rows: pa.Table) -> None:
        """Take rows of a canonical table.

        ``rows`` holds any of the table's columns and must hold ``source_file`` (and
        ``source_row`` where there is one); columns left out are null; ``import_id`` and
        ``source_system`` are filled in. Rows without a required value are set aside.
        """

    def problem(self, items: Iterable[Problem]) -> None:
        """Take problems."""

    def code(self, items: Iterable[CodeUse]) -> None:
        """Take how codes were read."""


def rows_table(table: str, rows: Sequence[Mapping[str, Any]]) -> pa.Table:
    """Return rows given as mappings as an Arrow table with the canonical types.

    Parameters
    ----------
    table : str
        Canonical table.
    rows : sequence of mapping
        Values by column; columns left out are null.

    Returns
    -------
    pyarrow.Table
        With all columns of the canonical table.

    Raises
    ------
    KeyError
        If a row names a column that the table lacks.
    """
    import pyarrow as pa

    known = set(TABLES[table].names)
    for row in rows:
        if extra := set(row) - known:
            raise KeyError(f"{table} has no column {sorted(extra)[0]}")
    return pa.Table.from_pylist([dict(row) for row in rows], schema=TABLES[table].arrow_schema())
