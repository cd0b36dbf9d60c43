"""Read columns of a delimited text file, row by row, with the lines that they stand in."""

from __future__ import annotations

import csv
import hashlib
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from itertools import islice
from pathlib import Path
from typing import IO

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.tables import shorten
from locoreg.stats.survivaldata import FloatArray, IntArray
from locoreg.workflows.curves.textcells import LabelColumn, Labels, NumberColumn, named_lines

SEPARATORS = {"comma": ",", "semicolon": ";", "tab": "\t", "pipe": "|"}
PIECE = 50_000
_SAMPLE = 1 << 16
_LARGEST_CELL = 100_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class TableColumns:
    """Columns of a file.

    Attributes
    ----------
    file : str
        Name of the file.
    sha256 : str
        Hash of its bytes.
    separator : str
        ``comma``, ``semicolon``, ``tab`` or ``pipe``.
    decimal : str
        ``point`` or ``comma``.
    line : ndarray of int, shape (n,)
        Line of each row as a spreadsheet counts it; the header is 1.
    numbers : dict of str to ndarray of float
        NaN where missing.
    labels : dict of str to Labels
        -1 where missing.
    """

    file: str
    sha256: str
    separator: str
    decimal: str
    line: IntArray
    numbers: dict[str, FloatArray]
    labels: dict[str, Labels]


def read_columns(
    path: Path, *, numbers: Sequence[str], labels: Sequence[str], decimal: str | None = None
) -> TableColumns:
    """Read columns of a delimited text file.

    Parameters
    ----------
    path : Path
        UTF-8 text, with or without a byte order mark; commas, semicolons, tabs or bars between
        the cells; the first row holds the names of the columns.
    numbers, labels : sequence of str
        Columns to read as numbers and as labels.
    decimal : {"point", "comma"}, optional
        Sign before the decimals; found out if not given.

    Returns
    -------
    TableColumns
        The columns; blank lines are no rows.

    Raises
    ------
    DataError
        If the file can't be read, a column is missing, or a cell is no number. The message names
        the file, the rows and the column.
    """
    separator = _separator(path)
    columns: dict[str, NumberColumn | LabelColumn] = {
        name: NumberColumn(name, decimal) for name in numbers
    }
    columns |= {name: LabelColumn(name) for name in labels}
    lines = _read(path, separator, columns)
    found = {n: c.finish(path.name) for n, c in columns.items() if isinstance(c, NumberColumn)}
    commas = any(c.comma_seen for c in columns.values() if isinstance(c, NumberColumn))
    with path.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    return TableColumns(
        file=path.name,
        sha256=digest,
        separator=next(name for name, sign in SEPARATORS.items() if sign == separator),
        decimal=decimal or ("comma" if commas else "point"),
        line=lines,
        numbers=found,
        labels={n: c.finish() for n, c in columns.items() if isinstance(c, LabelColumn)},
    )


def _separator(path: Path) -> str:
    """Return the sign between the cells of the first row."""
    if not path.is_file():
        there = path.exists()
        raise DataError(
            f"{path} is a folder, not a file." if there else f"there is no file {path}.",
            hint="give a table as delimited text, such as CSV.",
        )
    with path.open("rb") as file:
        sample = file.read(_SAMPLE)
    if not sample.strip(b"\xef\xbb\xbf \t\r\n"):
        raise DataError(f"{path.name} is empty.", hint="the first row must hold the column names.")
    if b"\0" in sample or sample.startswith(b"PK"):
        raise DataError(
            f"{path.name} is not delimited text.",
            hint="is it a spreadsheet, or saved as UTF-16? Save it as CSV UTF-8.",
        )
    first = sample.decode("utf-8-sig", errors="replace").lstrip("\r\n").splitlines()[0]
    outside = "".join(first.split('"')[::2])
    return max(SEPARATORS.values(), key=lambda sign: outside.count(sign))


def _read(path: Path, separator: str, columns: dict[str, NumberColumn | LabelColumn]) -> IntArray:
    """Read the file into the columns; return the line of each row."""
    previous = csv.field_size_limit(_LARGEST_CELL)
    try:
        with path.open(encoding="utf-8-sig", newline="") as file:
            return _read_rows(path.name, file, separator, columns)
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not UTF-8 text (byte {error.start} of a block).",
            hint="save it as CSV UTF-8.",
        ) from error
    finally:
        csv.field_size_limit(previous)


def _read_rows(
    name: str, file: IO[str], separator: str, columns: dict[str, NumberColumn | LabelColumn]
) -> IntArray:
    reader = csv.reader(file, delimiter=separator, strict=True)
    parts: list[IntArray] = []
    start = 1
    try:
        header = next((cells for cells in reader if any(c.strip() for c in cells)), [])
        places = _places(name, [cell.strip() for cell in header], columns)
        start = reader.line_num + 1
        while rows := list(islice(reader, PIECE)):
            lines = _lines(rows, start, reader.line_num)
            start = reader.line_num + 1
            rows, lines = _full_rows(name, rows, lines, len(header))
            for column, place in places.items():
                cells = [row[place] for row in rows]
                target = columns[column]
                if isinstance(target, NumberColumn):
                    target.add(cells, lines)
                else:
                    target.add(cells)
            parts.append(lines)
    except csv.Error as error:
        raise DataError(
            f"{name}, row {reader.line_num}: not valid delimited text ({error})."
        ) from error
    if not parts or not sum(part.size for part in parts):
        raise DataError(f"{name} holds no rows below the column names.", hint="is it complete?")
    return np.concatenate(parts)


def _lines(rows: Sequence[Sequence[str]], start: int, last: int) -> IntArray:
    """Return the line in which each row begins."""
    if last - start + 1 == len(rows):
        return np.arange(start, last + 1)
    heights = [1 + sum(_breaks(cell) for cell in row) for row in rows]
    return start + np.concatenate(([0], np.cumsum(heights[:-1]))).astype(np.int64)


def _breaks(cell: str) -> int:
    return len(cell.replace("\r\n", "\n").replace("\r", "\n").split("\n")) - 1


def _places(name: str, header: Sequence[str], wanted: Iterable[str]) -> dict[str, int]:
    places = {}
    for column in wanted:
        if column not in header:
            raise DataError(
                f"{name}, row 1: there is no column {shorten(column)!r}.",
                hint=did_you_mean(column, [cell for cell in header if cell]),
            )
        if header.count(column) > 1:
            raise DataError(
                f"{name}, row 1: column {shorten(column)!r} stands there "
                f"{header.count(column)} times.",
                hint="give each column a name of its own.",
            )
        places[column] = header.index(column)
    return places


def _full_rows(
    name: str, rows: list[list[str]], lines: IntArray, width: int
) -> tuple[list[list[str]], IntArray]:
    """Return the rows that are not blank, or raise if one has another number of cells."""
    if all(len(row) == width and (row[0].strip() or any(row)) for row in rows):
        return rows, lines
    keep = [i for i, row in enumerate(rows) if any(cell.strip() for cell in row)]
    rows, lines = [rows[i] for i in keep], lines[keep]
    uneven = [i for i, row in enumerate(rows) if len(row) < width or any(row[width:])]
    if uneven:
        raise DataError(
            f"{name}, {named_lines(lines[uneven])}: {len(rows[uneven[0]])} cells, but there are "
            f"{width} columns.",
            hint="quote a cell that holds the sign between cells.",
        )
    return rows, lines
