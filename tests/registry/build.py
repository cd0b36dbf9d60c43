"""Registries for tests, from rows given in the test."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from datetime import date
from pathlib import Path
from typing import Any

from locoreg.registry.intake.sink import rows_table
from locoreg.registry.store import Registry, read_registry
from locoreg.registry.store.batch import ImportBatch
from locoreg.registry.store.transaction import add_import
from locoreg.registry.tables import TABLES

Rows = Mapping[str, Sequence[Mapping[str, Any]]]


def registry_of(folder: Path, tables: Rows, *, synthetic: bool = False) -> Registry:
    """Make a registry of rows by table.

    A date may be given as text: ``2020-05-01``, ``2020-05`` or ``2020`` sets its precision too.
    A key that is left out is made from the row's place; ``source_file`` defaults to ``test.csv``.
    """

    def fill(batch: ImportBatch) -> None:
        for name, rows in tables.items():
            whole = [_complete(name, row, number) for number, row in enumerate(rows, start=2)]
            batch.count_read("test.csv", len(whole))
            batch.add(name, rows_table(name, whole))

    mark = hashlib.sha256(repr(tables).encode()).hexdigest()
    add_import(
        folder,
        fill,
        source="delimited",
        source_system="test",
        fingerprint=mark,
        synthetic=synthetic,
    )
    return read_registry(folder)


def _complete(table: str, row: Mapping[str, Any], number: int) -> dict[str, Any]:
    out: dict[str, Any] = {"source_file": "test.csv", "source_row": number}
    key = TABLES[table].key
    if key is not None and key not in row:
        out[key] = f"{table}-{number}"
    for name, value in row.items():
        out[name] = value
        if TABLES[table].column(name).type == "date" and isinstance(value, str):
            out[name], precision = partial(value)
            out.setdefault(f"{name}_precision", precision)
        elif TABLES[table].column(name).type == "date" and value is not None:
            out.setdefault(f"{name}_precision", "day")
    return out


def partial(text: str) -> tuple[date, str]:
    parts = [int(part) for part in text.split("-")]
    return date(*[*parts, 1, 1][:3]), ("year", "month", "day")[len(parts) - 1]
