"""Read the start of files for a draft."""

from __future__ import annotations

import codecs
from collections.abc import Iterable, Iterator, Sequence
from contextlib import closing

from locoreg.core.errors import DataError
from locoreg.core.numbertext import plural
from locoreg.registry.drafting.model import FileProfile
from locoreg.registry.drafting.profile import profile_column
from locoreg.registry.intake.openfiles import InputFile, open_inputs
from locoreg.registry.intake.rowchunks import BLANK
from locoreg.registry.intake.sink import SetAside
from locoreg.registry.intake.textoptions import DELIMITERS, TextOptions
from locoreg.registry.intake.textrows import TextChunk, TextRows, open_rows
from locoreg.registry.mapping.engine import described
from locoreg.registry.tables import TABLES

# Of each file so much is looked at.
MOST_ROWS = 20_000
MOST_CELLS = 2_000_000
LEGACY = "cp1252"
_PEEK = 1 << 20
# Rows that can't be read, beyond which nothing more is looked at.
MOST_ASIDE = 20_000
# A text in an alphabet of one byte has a NUL in every second byte when it is UTF-16.
_WIDE_SHARE = 0.3
# cBioPortal's format says what these columns of its timelines are.
_TIMELINE = "data_timeline"
_TIMELINE_DAYS = ("START_DATE", "STOP_DATE")
_TIMELINE_WORDS = "days, counted from what the study says"


class Counting:
    """A sink that only counts what a draft leaves out."""

    def __init__(self) -> None:
        self.read = 0
        self.aside: dict[str, int] = {}

    def count_read(self, source_file: str, rows: int) -> None:
        """Count rows read."""
        self.read += rows

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        """Count blank rows."""
        self.aside[reason] = self.aside.get(reason, 0) + rows

    def set_aside(self, items: Iterable[SetAside]) -> None:
        """Count rows that can't be read."""
        for item in items:
            self.aside[item.reason] = self.aside.get(item.reason, 0) + 1
        if sum(self.aside.values()) > MOST_ASIDE + self.aside.get(BLANK, 0):
            raise DataError(f"more than {MOST_ASIDE:,} rows can't be read as rows of this table.")


def read_delimited(locations: Sequence[str]) -> list[FileProfile]:
    """Return profiles of delimited files.

    Parameters
    ----------
    locations : sequence of str
        Files and folders.

    Returns
    -------
    list of FileProfile
        One per file; files with the same base name once.

    Raises
    ------
    DataError
        If a file can't be read.
    """
    expected = {name for table in TABLES.values() for name in table.names}
    found: dict[str, FileProfile] = {}
    with closing(open_inputs(locations)) as inputs:
        for file in inputs:
            pattern = _pattern(file.base)
            if pattern in found:
                twice = f"{file.name} has the same base name and was not read"
                found[pattern].remarks.append(twice)
                continue
            found[pattern] = _profile(file, pattern, expected)
    if not found:
        raise DataError("there are no files to draft a map from.")
    return list(found.values())


def _pattern(base: str) -> str:
    """Return a pattern that matches a base name: brackets have a meaning in patterns."""
    return "".join("?" if char in "[]*?" else char for char in base)


def guess_encoding(file: InputFile) -> str | None:
    """Return the encoding of a file if it is not UTF-8 (or marked as something else)."""
    start = file.stream.peek(_PEEK)[:_PEEK]
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return None
    if (wide := _wide(start)) is not None:
        return wide
    try:
        codecs.getincrementaldecoder("utf-8")().decode(start)
    except UnicodeDecodeError:
        return LEGACY
    return None


def _wide(start: bytes) -> str | None:
    """Return which UTF-16 a text without a byte order mark is, None if it is none."""
    half = max(1, len(start) // 2)
    low, high = start[0::2].count(0) / half, start[1::2].count(0) / half
    if max(low, high) < _WIDE_SHARE or min(low, high) > _WIDE_SHARE / 10:
        return None
    return "utf-16-le" if high > low else "utf-16-be"


def first_chunks(rows: TextRows, wanted: Sequence[str] | None = None) -> Iterator[TextChunk]:
    """Yield chunks until enough has been looked at."""
    most = max(1, min(MOST_ROWS, MOST_CELLS // max(1, len(rows.header))))
    taken = 0
    for chunk in rows.chunks(wanted, chunk_rows=most):
        yield chunk
        taken += len(chunk)
        if taken >= most:
            return


def _profile(file: InputFile, pattern: str, expected: set[str]) -> FileProfile:
    import pyarrow as pa

    sink = Counting()
    encoding = guess_encoding(file)
    rows = open_rows(file, sink, TextOptions(encoding=encoding), expected=expected)
    cells: dict[str, list[pa.Array]] = {name: [] for name in rows.header}
    remarks = []
    taken = 0
    whole = True
    try:
        for chunk in first_chunks(rows):
            taken += len(chunk)
            for name in rows.header:
                cells[name].append(chunk.columns[name])
        whole = sink.read < MOST_ROWS and taken * len(rows.header) < MOST_CELLS
    except DataError as error:
        whole = False
        remarks.append(f"reading stopped: {str(error).removesuffix('.')}")
    remarks += [
        f"{plural(n, 'row')} left out: {why}" for why, n in sink.aside.items() if why != "blank row"
    ]
    alone = len(rows.header) == 1
    if alone:
        remarks.append(
            "there is only one column: if its cells are parted by something else than a tab, "
            "comma, semicolon or bar, state it (delimiter: '^')"
        )
    return FileProfile(
        selector="file",
        name=pattern,
        columns=[
            profile_column(
                name,
                pa.chunked_array(cells[name], pa.string()),
                description=_described(name, pattern, rows),
            )
            for name in rows.header
        ],
        delimiter=None if alone else _delimiter_word(rows.delimiter),
        encoding=encoding,
        n_rows=taken,
        whole=whole,
        remarks=remarks,
    )


def _described(name: str, file: str, rows: TextRows) -> str:
    if file.startswith(_TIMELINE) and name in _TIMELINE_DAYS:
        return _TIMELINE_WORDS
    return described(name, rows.header, rows.comments, rows.delimiter)


def _delimiter_word(delimiter: str) -> str:
    return next(word for word, char in DELIMITERS.items() if char == delimiter)
