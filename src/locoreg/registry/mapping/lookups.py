"""Columns of another file of the same import, brought in by a key."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DataError
from locoreg.registry.intake.sink import Problem
from locoreg.registry.intake.textrows import TextChunk
from locoreg.registry.mapping.cells import distinct
from locoreg.registry.mapping.readings import shown
from locoreg.registry.mapping.spec import LookupSpec

if TYPE_CHECKING:
    import pyarrow as pa

# Keys held in memory: a file with more is a table of events, and no place to look things up.
MOST_KEYS = 20_000_000
MOST_SHOWN = 1000


class LookupTable:
    """Values of another file by key.

    Parameters
    ----------
    spec : LookupSpec
        What is looked up.
    """

    def __init__(self, spec: LookupSpec) -> None:
        self.spec = spec
        self.names = tuple(spec.columns)
        self._values: dict[str, list[str]] = {}
        self._differ: list[tuple[str, str, str, str]] = []
        self._contested: set[tuple[str, int]] = set()
        self._described: dict[str, str] = {}
        self._unmatched = 0
        self._file = spec.file

    @property
    def columns(self) -> tuple[str, ...]:
        """Columns of the other file that are read."""
        return (self.spec.other_key or self.spec.key, *self.names)

    def learn(self, chunks: Iterable[TextChunk], descriptions: dict[str, str]) -> None:
        """Read the other file.

        Parameters
        ----------
        chunks : iterable of TextChunk
            Its rows.
        descriptions : dict
            What the lines above its header say of its columns.

        Raises
        ------
        DataError
            If it has too many keys.
        """
        self._described.update(descriptions)
        key, *names = self.columns
        policies = list(self.spec.columns.values())
        for chunk in chunks:
            self._file = chunk.file
            keys = chunk.columns[key].to_pylist()
            columns = [chunk.columns[name].to_pylist() for name in names]
            for row, cells in zip(keys, zip(*columns, strict=True), strict=True):
                known = self._values.get(row)
                if known is None:
                    self._values[row] = list(cells)
                else:
                    self._merge(row, known, cells, policies)
            if len(self._values) > MOST_KEYS:
                raise DataError(
                    f"{self._file} has more than {MOST_KEYS:,} keys: too many to look up."
                )

    def bring(self, chunk: TextChunk) -> dict[str, pa.StringArray]:
        """Return the looked-up columns for the rows of a chunk; empty where there is no match."""
        import pyarrow as pa

        found = distinct(chunk.columns[self.spec.key])
        nothing = [""] * len(self.names)
        rows = [self._values.get(text, nothing) for text in found.texts]
        missing = np.array([text not in self._values for text in found.texts], bool)
        self._unmatched += int(missing[found.index].sum())
        index = pa.array(found.index)
        return {
            name: pa.array([row[i] for row in rows], pa.string()).take(index)
            for i, name in enumerate(self.names)
        }

    def described(self, name: str) -> str:
        """Return what the other file says of a column."""
        return self._described.get(name, "")

    def problems(self, file: str) -> Iterator[Problem]:
        """Return what went wrong."""
        if self._unmatched:
            yield Problem(
                rule="lookup-unmatched",
                severity="minor",
                message=f"{self._unmatched} rows have no row in {self._file} with their "
                f"{self.spec.key}; {', '.join(self.names)} are unknown there.",
                source_file=file,
            )
        for key, name, first, second in self._differ:
            yield Problem(
                rule="lookup-differs",
                severity="serious",
                message=f"{self._file} has different values of {name} for {self.spec.key} "
                f"{shown(key)}: {shown(first)} and {shown(second)}; it was left out.",
                source_file=file,
                row_key=key[:200],
                column_name=name,
                value=f"{first} | {second}"[:500],
            )

    def _merge(
        self, key: str, known: list[str], cells: tuple[str, ...], policies: Sequence[str]
    ) -> None:
        for i, (policy, text) in enumerate(zip(policies, cells, strict=True)):
            if not text or text == known[i] or policy == "first" or (key, i) in self._contested:
                continue
            if not known[i]:
                known[i] = text
            elif policy == "same":
                self._note_difference(key, self.names[i], known[i], text)
                self._contested.add((key, i))
                known[i] = ""
            elif (_order(text) < _order(known[i])) == (policy == "smallest"):
                known[i] = text

    def _note_difference(self, key: str, name: str, first: str, second: str) -> None:
        if len(self._differ) < MOST_SHOWN:
            self._differ.append((key, name, first, second))


def _order(text: str) -> tuple[int, float, str]:
    """Return what numbers, and ISO dates, are compared by."""
    try:
        return 0, float(text), ""
    except ValueError:
        return 1, 0.0, text
