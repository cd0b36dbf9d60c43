"""The tables while errors are put in, and the record of these errors."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.registry.tables import TABLES

LOG_SCHEMA = pa.schema(
    [
        ("kind", pa.string()),
        ("table_name", pa.string()),
        ("row_key", pa.string()),
        ("patient_id", pa.string()),
        ("column_name", pa.string()),
        ("original", pa.string()),
        ("injected", pa.string()),
        ("other_key", pa.string()),
    ]
)
Index = np.ndarray


@dataclass(slots=True)
class Workshop:
    """The tables while errors are put in.

    Attributes
    ----------
    rng : Generator
        Random numbers.
    tables : dict of str to pyarrow.Table
        Tables of the chunk; changed in place.
    kind_of : ndarray of int
        Kind of error of each patient, by number less ``first``; -1: none.
    first : int
        Least number of a patient.
    log : list of pyarrow.Table
        Errors so far.
    """

    rng: np.random.Generator
    tables: dict[str, pa.Table]
    kind_of: np.ndarray
    first: int
    log: list[pa.Table]

    def place(self, table: str) -> Index:
        """Return the place of each row's patient in the chunk."""
        ids = self.tables[table]["patient_id"].combine_chunks()
        numbers = pc.utf8_slice_codeunits(ids, 4).cast(pa.int64())
        return np.asarray(numbers) - self.first

    def numbers(self, table: str, column: str) -> np.ndarray:
        """Return a column as floats, NaN where null; dates in days."""
        values = self.tables[table][column]
        if pa.types.is_date(values.type):
            values = values.cast(pa.int32())
        return np.asarray(values.cast(pa.float64()).to_numpy(zero_copy_only=False))

    def is_word(self, table: str, column: str, *words: str) -> np.ndarray:
        """Return where a column holds one of some words."""
        found = pc.is_in(self.tables[table][column], value_set=pa.array(words, pa.string()))
        return np.asarray(found.to_numpy(zero_copy_only=False), dtype=bool)

    def by_patient(self, table: str, column: str) -> np.ndarray:
        """Return a number per patient from a table with one row each."""
        out = np.full(self.kind_of.size, np.nan)
        out[self.place(table)] = self.numbers(table, column)
        return out

    def rows(self, kind: int, table: str, eligible: np.ndarray) -> Index:
        """Return one eligible row of each patient who is to bear an error."""
        place = self.place(table)
        where = np.flatnonzero(eligible & (self.kind_of[place] == kind))
        _, first = np.unique(place[where], return_index=True)
        return where[first]

    def put(self, kind: str, table: str, rows: Index, column: str, values: pa.Array) -> None:
        """Change cells and record it."""
        old = self.tables[table]
        cells = old[column].combine_chunks()
        new = values.cast(cells.type)
        self.record(kind, table, rows, column, cells.take(pa.array(rows)), new)
        self.tables[table] = with_cells(old, column, rows, new)

    def quietly(self, table: str, rows: Index, column: str, values: pa.Array) -> None:
        """Change cells that only go with a recorded change."""
        kind = self.tables[table].schema.field(column).type
        self.tables[table] = with_cells(self.tables[table], column, rows, values.cast(kind))

    def record(
        self,
        kind: str,
        table: str,
        rows: Index,
        column: str | None,
        original: pa.Array,
        injected: pa.Array,
        *,
        other: pa.Array | None = None,
    ) -> None:
        """Record errors."""
        n, key = rows.size, TABLES[table].key
        at = pa.array(rows)
        source = self.tables[table]
        self.log.append(
            pa.table(
                [
                    repeated(kind, n),
                    repeated(table, n),
                    source[key].combine_chunks().take(at),
                    source["patient_id"].combine_chunks().take(at),
                    repeated(column, n),
                    original.cast(pa.string()),
                    injected.cast(pa.string()),
                    pa.nulls(n, pa.string()) if other is None else other,
                ],
                schema=LOG_SCHEMA,
            )
        )


def repeated(word: str | None, n: int) -> pa.Array:
    """Return a word, or null, on every row."""
    return pa.nulls(n, pa.string()) if word is None else pa.repeat(pa.scalar(word), n)


def with_cells(table: pa.Table, column: str, rows: Index, values: pa.Array) -> pa.Table:
    """Return a table with some cells of a column changed."""
    cells = table[column].combine_chunks()
    if rows.size == 0:
        return table
    mask = np.zeros(len(cells), dtype=bool)
    mask[rows] = True
    # Replacements are taken in the order of the rows.
    ordered = values.take(pa.array(np.argsort(rows, kind="stable")))
    changed = pc.replace_with_mask(cells, pa.array(mask), ordered)
    return table.set_column(table.column_names.index(column), column, changed)


def dates(days: Any) -> pa.Array:
    """Return dates from days since 1970-01-01."""
    return pa.array(np.asarray(days, dtype=np.int32)).cast(pa.date32())


def nulls(n: int) -> pa.Array:
    """Return nulls."""
    return pa.nulls(n)
