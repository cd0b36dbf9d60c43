"""The canonical tables, from their dictionary."""

from __future__ import annotations

import csv
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib.resources import files
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import pyarrow as pa

SCHEMA_VERSION = 1
PRECISIONS = ("day", "month", "year")
REASONS = ("not_done", "not_recorded", "not_applicable")
# What every row knows of its origin.
PROVENANCE = ("source_system", "source_file", "source_row", "import_id")
# Tables about the imports themselves: their rows have no key.
BOOKKEEPING = ("issue", "code_map", "set_aside", "raw_resource")


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One physical column of a canonical table.

    Attributes
    ----------
    name : str
        Name.
    type : {"text", "code", "date", "int16", "int32", "int64", "number", "bool"}
        Type; ``code`` is text from ``allowed``, ``number`` a double.
    key, required : bool
        Whether it is the key of its table; whether it may not be null.
    allowed : tuple of str
        Values allowed; empty: any.
    unit : str
        UCUM unit, empty if none.
    description : str
        Meaning.
    of : str or None
        The column that this one is the precision or the reason of.
    """

    name: str
    type: str
    key: bool
    required: bool
    allowed: tuple[str, ...]
    unit: str
    description: str
    of: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class Table:
    """A canonical table.

    Attributes
    ----------
    name : str
        Name.
    columns : tuple of Column
        Its columns in order: those of the dictionary, each date followed by ``*_precision``, each
        column that can be unknown for a reason by ``*_reason``, then the provenance.
    """

    name: str
    columns: tuple[Column, ...]

    @property
    def key(self) -> str | None:
        """Name of the key column, None for the bookkeeping tables."""
        return next((c.name for c in self.columns if c.key), None)

    @property
    def names(self) -> tuple[str, ...]:
        """Names of all columns in order."""
        return tuple(c.name for c in self.columns)

    def column(self, name: str) -> Column:
        """Return a column by name; KeyError if there is none."""
        found = next((c for c in self.columns if c.name == name), None)
        if found is None:
            raise KeyError(name)
        return found

    def arrow_schema(self) -> pa.Schema:
        """Return the Arrow schema, in which the table is stored."""
        return _arrow_schema(self.name)


def _columns(records: list[dict[str, str]]) -> Iterator[Column]:
    for record in records:
        name = record["column"]
        yield Column(
            name=name,
            type=record["type"],
            key=record["key"] == "yes",
            required=record["required"] == "yes",
            allowed=tuple(x for x in record["allowed"].split("|") if x),
            unit=record["unit"],
            description=record["description"],
        )
        if record["type"] == "date":
            yield _companion(name, "precision", PRECISIONS, "Precision of the date.")
        if record["type"] == "date" or record["reason"] == "yes":
            yield _companion(name, "reason", REASONS, "Why there is no value.")
    origin = {
        "source_system": ("text", "System that the row came from."),
        "source_file": ("text", "File (or table of a database) that the row came from."),
        "source_row": (
            "int64",
            "Row in it as a spreadsheet counts: the line on which the row begins.",
        ),
        "import_id": ("text", "Import that brought the row."),
    }
    for name, (kind, words) in origin.items():
        yield Column(
            name=name,
            type=kind,
            key=False,
            required=name != "source_row",
            allowed=(),
            unit="",
            description=words,
        )


def _companion(of: str, kind: str, allowed: tuple[str, ...], words: str) -> Column:
    return Column(
        name=f"{of}_{kind}",
        type="code",
        key=False,
        required=False,
        allowed=allowed,
        unit="",
        description=words,
        of=of,
    )


def _read_tables() -> dict[str, Table]:
    text = files("locoreg.registry.tables").joinpath("dictionary.csv").read_text(encoding="utf-8")
    grouped: dict[str, list[dict[str, str]]] = {}
    for record in csv.DictReader(text.splitlines()):
        grouped.setdefault(record["table"], []).append(record)
    return {
        name: Table(name=name, columns=tuple(_columns(records)))
        for name, records in grouped.items()
    }


TABLES: dict[str, Table] = _read_tables()
# Tables whose rows are about patients.
CLINICAL = tuple(name for name in TABLES if name not in BOOKKEEPING)


@cache
def _arrow_schema(name: str) -> pa.Schema:
    import pyarrow as pa

    types = {
        "text": pa.string(),
        "code": pa.string(),
        "date": pa.date32(),
        "int16": pa.int16(),
        "int32": pa.int32(),
        "int64": pa.int64(),
        "number": pa.float64(),
        "bool": pa.bool_(),
    }
    return pa.schema([pa.field(c.name, types[c.type]) for c in TABLES[name].columns])
