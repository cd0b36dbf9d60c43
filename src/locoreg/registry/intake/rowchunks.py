"""Rows of delimited text as it really is, in chunks."""

from __future__ import annotations

import csv
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

from locoreg.core.errors import DataError
from locoreg.registry.intake.cleanblocks import clean_columns
from locoreg.registry.intake.sink import RowCounter, SetAside
from locoreg.registry.intake.textlines import CELL_CHARACTERS, Lines, OverlongLineError

if TYPE_CHECKING:
    import pyarrow as pa

CHUNK_ROWS = 50_000
# Bounds of one chunk, whatever the table's width.
CHUNK_CELLS = 1_000_000
CHUNK_CHARACTERS = 16_000_000
# Beyond this many, quotes are no slip: the whole file is quoted in another way.
MOST_BROKEN_QUOTES = 100

TOO_FEW = "the row has fewer cells than the header"
TOO_MANY = "the row has more cells than the header"
QUOTE = "a quote is never closed, or stands in the middle of a quoted cell"
NUL = "the row holds NUL bytes"
LONG_CELL = f"a cell is longer than {CELL_CHARACTERS:,} characters"
LONG_LINE = "the line is longer than any row can be"
BLANK = "blank row"


@dataclass(frozen=True, slots=True, kw_only=True)
class TextChunk:
    """Some rows of a delimited file.

    Attributes
    ----------
    file : str
        Name of the file for provenance.
    header : tuple of str
        Names of all columns of the file.
    columns : dict of str to pyarrow.StringArray
        Cells of the columns asked for: text without the spaces around it; an empty cell is an
        empty text. Columns have equal lengths.
    rows : pyarrow.Int64Array
        The line on which each row begins; the first line of the file is 1.
    """

    file: str
    header: tuple[str, ...]
    columns: dict[str, pa.StringArray]
    rows: pa.Int64Array

    def __len__(self) -> int:
        return len(self.rows)


class TextRows:
    """Rows of one delimited file, in chunks.

    Attributes
    ----------
    file : str
        Name of the file.
    header : tuple of str
        Names of the columns. A name that stands several times is numbered: ``X (1)``, ``X (2)``.
    comments : tuple of str
        Lines above the header.
    delimiter : str
        Delimiter in use.
    """

    def __init__(
        self,
        *,
        file: str,
        header: tuple[str, ...],
        comments: tuple[str, ...],
        delimiter: str,
        lines: Lines,
        reader: Iterator[list[str]],
        sink: RowCounter,
        quotes: bool,
        in_blocks: bool,
    ) -> None:
        self.file = file
        self.header = header
        self.comments = comments
        self.delimiter = delimiter
        self._lines = lines
        self._reader = reader
        self._sink = sink
        self._quotes = quotes
        self._in_blocks = in_blocks
        self._broken = 0

    def chunks(
        self, wanted: Collection[str] | None = None, *, chunk_rows: int = CHUNK_ROWS
    ) -> Iterator[TextChunk]:
        """Iterate over the rows.

        Parameters
        ----------
        wanted : collection of str, optional
            Columns to deliver; all if not given.
        chunk_rows : int
            Rows in a chunk at most.

        Yields
        ------
        TextChunk
            At least one row each.

        Raises
        ------
        DataError
            If the file is not text in its encoding, is damaged, or is quoted in another way.
        """
        wide = len(self.header)
        most = max(1, min(chunk_rows, CHUNK_CELLS // wide))
        places = [
            (i, name) for i, name in enumerate(self.header) if wanted is None or name in wanted
        ]
        while True:
            columns = self._clean([i for i, _ in places]) if self._in_blocks else None
            if columns is not None:
                yield from self._slices(columns, [name for _, name in places], most)
                continue
            rows, starts, more = self._some_rows(most)
            if rows:
                chunk = self._chunk(rows, starts, places)
                if len(chunk):
                    yield chunk
            if not more:
                return

    def _clean(self, places: list[int]) -> list[pa.StringArray] | None:
        """Return the columns of a block without anything odd, None if there is none."""
        block = self._lines.block()
        if not block:
            return None
        columns = clean_columns(
            block,
            width=len(self.header),
            places=places,
            delimiter=self.delimiter,
            quotes=self._quotes,
        )
        if columns is None:
            self._lines.one_by_one(block)
            return None
        self._lines.skip(len(columns[0]), len(block))
        self._sink.count_read(self.file, len(columns[0]))
        return columns

    def _slices(
        self, columns: list[pa.StringArray], names: list[str], most: int
    ) -> Iterator[TextChunk]:
        import numpy as np
        import pyarrow as pa

        n = len(columns[0])
        first = self._lines.number - n + 1
        for start in range(0, n, most):
            parts = [column.slice(start, most) for column in columns]
            numbers = np.arange(first + start, first + start + len(parts[0]))
            yield TextChunk(
                file=self.file,
                header=self.header,
                columns=dict(zip(names, parts, strict=True)),
                rows=pa.array(numbers, pa.int64()),
            )

    def _some_rows(self, most: int) -> tuple[list[list[str]], list[int], bool]:
        rows: list[list[str]] = []
        starts: list[int] = []
        lines, reader = self._lines, self._reader
        record = lines.record
        end = lines.characters + CHUNK_CHARACTERS
        read = 0
        more = True
        lines.drained = False
        while len(rows) < most and lines.characters < end and not lines.drained:
            record.clear()
            try:
                row = next(reader)
            except StopIteration:
                more = False
                break
            except csv.Error as error:
                self._recover(str(error))
            except OverlongLineError:
                self._overlong()
            else:
                if lines.nul:
                    self._aside(NUL, row)
                    lines.nul = False
                elif len(record) > 1 and len(row) != len(self.header):
                    self._recover(QUOTE)
                else:
                    if len(record) > 1:
                        lines.long = True
                    rows.append(row)
                    starts.append(lines.number - len(record) + 1)
                    continue
            read += 1
        self._sink.count_read(self.file, read + len(rows))
        return rows, starts, more

    def _chunk(
        self, rows: list[list[str]], starts: list[int], places: list[tuple[int, str]]
    ) -> TextChunk:
        import pyarrow as pa
        import pyarrow.compute as pc

        rows, starts = self._whole(rows, starts)
        by_column = list(zip(*rows, strict=True)) if rows else [()] * len(self.header)
        columns = {}
        for i, name in places:
            cells = pc.utf8_trim_whitespace(pa.array(by_column[i], pa.string()))
            columns[name] = cells
        return TextChunk(
            file=self.file, header=self.header, columns=columns, rows=pa.array(starts, pa.int64())
        )

    def _whole(self, rows: list[list[str]], starts: list[int]) -> tuple[list[list[str]], list[int]]:
        """Leave out blank rows, and set aside those with too few, too many or too long cells."""
        wide = len(self.header)
        same = set(map(len, rows)) == {wide} and all(row[0].strip() for row in rows)
        if same and not self._lines.long:
            return rows, starts
        self._lines.long = False
        kept: list[list[str]] = []
        numbers: list[int] = []
        aside: list[SetAside] = []
        blank = 0
        for row, start in zip(rows, starts, strict=True):
            cells = row
            while len(cells) > wide and not cells[-1].strip():
                cells = cells[:-1]
            if not any(cell.strip() for cell in cells):
                blank += 1
            elif (reason := _fault(cells, wide)) is not None:
                aside.append(self._as_aside(reason, row, start))
            else:
                kept.append(cells)
                numbers.append(start)
        if blank:
            self._sink.count_unused(self.file, BLANK, blank)
        if aside:
            self._sink.set_aside(aside)
        return kept, numbers

    def _recover(self, error: str) -> None:
        """Set the first line of a broken record aside and read the others as rows of their own."""
        lines = self._lines
        self._broken += 1
        start = lines.number - len(lines.record) + 1
        first, rest = lines.record[0], lines.record[1:]
        long = "field larger" in error and not rest
        if self._broken > MOST_BROKEN_QUOTES and not long:
            raise DataError(
                f"{self.file} has more than {MOST_BROKEN_QUOTES} rows with quotes that don't "
                f"close, the last on line {start}.",
                hint="state quoting: none in the map if quotes are plain characters there.",
            )
        lines.push_back(rest)
        lines.nul = False
        reason = LONG_CELL if long else QUOTE
        self._sink.set_aside([self._as_aside(reason, [first], start)])

    def _overlong(self) -> None:
        lines = self._lines
        start = lines.number - len(lines.record) + 1
        first, rest = lines.record[0], lines.record[1:]
        if rest:
            # The long line was reached through a quote that never closes.
            lines.push_back(rest, overlong_last=True)
        lines.nul = False
        self._sink.set_aside([self._as_aside(QUOTE if rest else LONG_LINE, [first], start)])

    def _aside(self, reason: str, row: list[str]) -> None:
        start = self._lines.number - len(self._lines.record) + 1
        self._sink.set_aside([self._as_aside(reason, row, start)])

    def _as_aside(self, reason: str, row: list[str], start: int) -> SetAside:
        cut = [cell[:CELL_CHARACTERS] for cell in row]
        return SetAside(
            reason=reason,
            source_file=self.file,
            source_row=start,
            raw=json.dumps(cut, ensure_ascii=False)[:CELL_CHARACTERS],
        )


def _fault(cells: list[str], wide: int) -> str | None:
    if len(cells) < wide:
        return TOO_FEW
    if len(cells) > wide:
        return TOO_MANY
    if any(len(cell) > CELL_CHARACTERS for cell in cells):
        return LONG_CELL
    return None
