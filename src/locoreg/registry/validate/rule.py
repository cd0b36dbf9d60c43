"""What a rule is: a record with its SQL, its thresholds in a table beside it."""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

from locoreg.core.findings import Severity
from locoreg.registry.store.views import literal
from locoreg.registry.tables import TABLES
from locoreg.registry.validate.relations import relation

if TYPE_CHECKING:
    import duckdb

Family = Literal["conformance", "completeness", "plausibility", "duplicates", "traps"]
FAMILIES: tuple[Family, ...] = (
    "conformance",
    "completeness",
    "plausibility",
    "duplicates",
    "traps",
)
_PLACEHOLDER = re.compile(r"\$([a-z][a-z0-9_]*)")
_COUNTS = re.compile(r"\{(part|whole|share)\}")
_BRACES = re.compile(r"\{([^{}]*)\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Part:
    """What a rule says about the rows of one table.

    Attributes
    ----------
    table : str
        Table whose rows are tested, alias ``t``; the patient's dates are ``p.*`` and what other
        aliases there are stands in ``relations``.
    where : str
        SQL condition that a row breaks the rule; thresholds as ``$name``.
    column : str or None
        Column at fault.
    message : str
        Text of the issue; SQL expressions in braces.
    value : str or None
        SQL of the value shown; that of the column if None.
    """

    table: str
    where: str
    column: str | None
    message: str
    value: str | None = None

    def fields(self) -> dict[str, str]:
        """Return the SQL of each field of an issue."""
        key = TABLES[self.table].key
        value = self.value or ("NULL" if self.column is None else f't."{self.column}"')
        return {
            "row_key": "NULL" if key is None else f't."{key}"',
            "patient_id": "t.patient_id",
            "value": f"CAST({value} AS VARCHAR)",
            "message": sql_text(self.message),
            "source_file": "t.source_file",
            "source_row": "t.source_row",
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Found:
    """What a rule about the registry as a whole found.

    Attributes
    ----------
    subject : str
        Site, arm, variable or the like that it is about; empty for the whole registry.
    table_name, column_name : str or None
        What it is about.
    part, whole : int or None
        Patients (or rows) concerned, and of how many.
    value : str
        The number that passed the threshold.
    message : str
        ``{part}``, ``{whole}`` and ``{share}`` stand for the counts, which a page may have to hide.
    """

    subject: str
    table_name: str | None
    column_name: str | None
    part: int | None
    whole: int | None
    value: str
    message: str

    @property
    def share(self) -> float | None:
        """Share concerned."""
        return self.part / self.whole if self.whole and self.part is not None else None

    def text(self, count: Callable[[int], str] = "{:,}".format, share: str | None = None) -> str:
        """Return the message with its counts.

        Parameters
        ----------
        count : callable
            Writes a count.
        share : str, optional
            Text of the share; in percent with one decimal if not given.
        """
        exact = "" if self.share is None else f"{100 * self.share:.1f} %"
        filled = {
            "part": "" if self.part is None else count(self.part),
            "whole": "" if self.whole is None else count(self.whole),
            "share": exact if share is None else share,
        }
        return _COUNTS.sub(lambda m: filled[m[1]], self.message)


Compute = Callable[["duckdb.DuckDBPyConnection", Mapping[str, float]], list[Found]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Rule:
    """One rule.

    Attributes
    ----------
    id : str
        Name, with dashes.
    family : str
        conformance, completeness, plausibility, duplicates or traps.
    severity : {"blocking", "serious", "minor", "note"}
        Severity.
    title : str
        What must hold.
    action : str
        What to do where it does not; for traps what it does to an estimate.
    parts : tuple of Part
        Conditions on rows, all tables in which the rule is looked for.
    query : str
        For rules between rows: SQL that yields table_name, column_name, row_key, patient_id,
        value, message, source_file, source_row.
    whole : str
        For rules on the registry as a whole: SQL that yields subject, table_name, column_name,
        part, whole, value, message: see ``Found``.
    compute : callable or None
        For rules that need an estimator: takes the connection and the thresholds.
    """

    id: str
    family: Family
    severity: Severity
    title: str
    action: str
    parts: tuple[Part, ...] = ()
    query: str = ""
    whole: str = ""
    compute: Compute | None = field(default=None, repr=False)

    @property
    def sql(self) -> str:
        """The rule as SQL over the views of ``Registry.connect`` and the table ``person``."""
        if self.parts:
            return "\nUNION ALL\n".join(part_sql(part) for part in self.parts)
        return (self.query or self.whole).strip()


def part_sql(part: Part) -> str:
    """Return the query of a part's issues."""
    fields = ", ".join(f"{sql} AS {name}" for name, sql in part.fields().items())
    column = "NULL" if part.column is None else literal(part.column)
    return (
        f"SELECT {literal(part.table)} AS table_name, {column} AS column_name, {fields}\n"
        f"FROM {relation(part.table, fields + part.where)}\nWHERE {part.where}"
    )


def sql_text(template: str) -> str:
    """Return SQL for a text with SQL expressions in braces."""
    pieces = []
    for number, piece in enumerate(_BRACES.split(template)):
        if number % 2:
            pieces.append(f"({piece})")
        elif piece:
            pieces.append(literal(piece))
    return f"concat({', '.join(pieces)})"


def bind(rule_id: str, sql: str) -> str:
    """Return SQL in which the thresholds' placeholders carry the rule's name."""
    prefix = rule_id.replace("-", "_")
    return _PLACEHOLDER.sub(lambda m: f"${prefix}__{m[1]}", sql)


def parameters(sql: str, thresholds: Mapping[str, Mapping[str, float]]) -> dict[str, float]:
    """Return the values of all placeholders of bound SQL."""
    known = {
        f"{rule.replace('-', '_')}__{name}": value
        for rule, values in thresholds.items()
        for name, value in values.items()
        if re.fullmatch(r"[a-z][a-z0-9_]*", name)
    }
    return {name: known[name] for name in _PLACEHOLDER.findall(sql)}
