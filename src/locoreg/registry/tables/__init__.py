"""The canonical tables: names, columns, vocabularies, Arrow schemas."""

from __future__ import annotations

from locoreg.registry.tables.schema import (
    BOOKKEEPING,
    CLINICAL,
    PRECISIONS,
    PROVENANCE,
    REASONS,
    SCHEMA_VERSION,
    TABLES,
    Column,
    Table,
)

__all__ = [
    "BOOKKEEPING",
    "CLINICAL",
    "PRECISIONS",
    "PROVENANCE",
    "REASONS",
    "SCHEMA_VERSION",
    "TABLES",
    "Column",
    "Table",
]
