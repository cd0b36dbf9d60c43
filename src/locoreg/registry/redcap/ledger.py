"""Which rows of an export were used, and nothing private in what is set aside."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

from locoreg.registry.intake.sink import CodeUse, Problem, SetAside, Sink

if TYPE_CHECKING:
    import pyarrow as pa
    from numpy.typing import NDArray


class Ledger:
    """A sink that remembers which rows of the file entered a table.

    Rows that can't be split into cells are set aside without their contents: no one can tell
    which part of them is a name.

    Parameters
    ----------
    sink : Sink
        Where everything goes.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._used: list[NDArray[np.int64]] = []
        self._mapping = False

    def count_read(self, source_file: str, rows: int) -> None:
        """Count rows read."""
        self._sink.count_read(source_file, rows)

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        """Count rows without use, unless a map's entry says so: another entry may use them."""
        if not self._mapping:
            self._sink.count_unused(source_file, reason, rows)

    def add(self, table: str, rows: pa.Table) -> None:
        """Take rows of a canonical table."""
        self._used.append(rows.column("source_row").to_numpy())
        self._sink.add(table, rows)

    def set_aside(self, items: Iterable[SetAside]) -> None:
        """Take rows that could not enter, without their contents."""
        self._sink.set_aside([replace(item, raw=None) for item in items])

    def problem(self, items: Iterable[Problem]) -> None:
        """Take problems."""
        self._sink.problem(items)

    def code(self, items: Iterable[CodeUse]) -> None:
        """Take how codes were read."""
        self._sink.code(items)

    def begin(self) -> None:
        """Begin with the rows of a chunk."""
        self._used = []
        self._mapping = True

    def end(
        self, file: str, lines: NDArray[np.int64], why: Mapping[str, NDArray[np.bool_]]
    ) -> None:
        """Count the rows of a chunk that entered no table.

        Parameters
        ----------
        file : str
            Name of the file.
        lines : ndarray of int, shape (n,)
            The line on which each row begins.
        why : mapping of str to ndarray of bool, shape (n,)
            Reasons, the first that is true counts; the last must be true of all rows.
        """
        self._mapping = False
        used = np.concatenate(self._used) if self._used else np.empty(0, np.int64)
        left = ~np.isin(lines, used)
        for reason, rows in why.items():
            count = int((left & rows).sum())
            if count:
                self._sink.count_unused(file, reason, count)
            left &= ~rows
        self._used = []
