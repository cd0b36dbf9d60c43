"""Blocks of text without anything odd, read many rows at a time."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

from locoreg.registry.intake.textlines import CELL_CHARACTERS

if TYPE_CHECKING:
    import pyarrow as pa


def clean_columns(
    block: str, *, width: int, places: Sequence[int], delimiter: str, quotes: bool
) -> list[pa.StringArray] | None:
    """Return columns of a block of whole lines, None if it must be read row by row.

    Parameters
    ----------
    block : str
        Whole lines.
    width : int
        Cells of a row.
    places : sequence of int
        Columns to return.
    delimiter : str
        Delimiter.
    quotes : bool
        Whether quotes have a meaning.

    Returns
    -------
    list of pyarrow.StringArray or None
        Cells without the spaces around them, one array per place and one row per line. None where
        the block holds quotes, NUL, odd line ends, undecodable bytes, blank rows, rows of another
        width, or lines that may hold a cell beyond the limit.
    """
    import numpy as np
    import pyarrow.compute as pc

    if not places or "\0" in block or (quotes and '"' in block):
        return None
    data = _encoded(block)
    if data is None:
        return None
    ends = np.flatnonzero(np.frombuffer(data, np.uint8) == 10)
    starts = np.concatenate(([0], ends + 1))
    lengths = np.diff(np.append(starts, len(data) + 1)) if data[-1:] != b"\n" else np.diff(starts)
    if lengths.max() > CELL_CHARACTERS:
        return None
    table = _parsed(data, width, places, delimiter)
    if table is None or table.num_rows != len(lengths):
        return None
    columns = [pc.utf8_trim_whitespace(column.combine_chunks()) for column in table.columns]
    blank = pc.equal(columns[0], "")
    for column in columns[1:]:
        blank = pc.and_(blank, pc.equal(column, ""))
    # What is blank in these columns may be so in all: that is for who reads row by row.
    if pc.any(blank).as_py():
        return None
    arrays: list[pa.StringArray] = columns
    return arrays


def _encoded(block: str) -> bytes | None:
    if "\r" in block:
        block = block.replace("\r\n", "\n")
        if "\r" in block:
            return None
    try:
        return block.encode()
    except UnicodeEncodeError:
        return None


def _parsed(data: bytes, width: int, places: Sequence[int], delimiter: str) -> pa.Table | None:
    import pyarrow as pa
    from pyarrow import csv

    names = [str(place) for place in range(width)]
    wanted = [names[place] for place in places]
    try:
        return csv.read_csv(
            pa.BufferReader(data),
            read_options=csv.ReadOptions(
                column_names=names, block_size=len(data) + 1, use_threads=False
            ),
            parse_options=csv.ParseOptions(
                delimiter=delimiter,
                quote_char=False,
                double_quote=False,
                escape_char=False,
                ignore_empty_lines=False,
            ),
            convert_options=csv.ConvertOptions(
                column_types={name: pa.string() for name in wanted},
                include_columns=wanted,
                strings_can_be_null=False,
                check_utf8=False,
            ),
        )
    except pa.ArrowInvalid:
        return None
