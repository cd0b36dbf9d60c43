"""The start of a delimited file: encoding, comments, delimiter, header."""

from __future__ import annotations

import codecs
import csv
import io
import re
from collections import Counter
from collections.abc import Collection, Sequence

from locoreg.core.errors import DataError
from locoreg.registry.intake.openfiles import InputFile
from locoreg.registry.intake.rowchunks import TextChunk, TextRows
from locoreg.registry.intake.sink import RowCounter
from locoreg.registry.intake.textlines import Lines, OverlongLineError
from locoreg.registry.intake.textoptions import DELIMITERS, TextOptions

__all__ = ["TextChunk", "TextRows", "open_rows"]

MARKS = (
    (codecs.BOM_UTF8, "utf-8-sig"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)

# Excel reads the delimiter from such a first line.
_EXCEL_LINE = re.compile(r"sep=([^\w\s\"]|\t)\s*", re.IGNORECASE)


def open_rows(
    file: InputFile, sink: RowCounter, options: TextOptions, *, expected: Collection[str] = ()
) -> TextRows:
    """Read the start of a delimited file: comments and header.

    Parameters
    ----------
    file : InputFile
        The open file.
    sink : RowCounter
        Takes the counts and the rows set aside.
    options : TextOptions
        How the file is written.
    expected : collection of str
        Names that the header should hold: they tell which delimiter it uses.

    Returns
    -------
    TextRows
        Header, comments, and the rows to iterate over.

    Raises
    ------
    DataError
        If there is no header, or the file is not text in this encoding.
    """
    stated = options.codec()
    start = file.stream.peek(4)[:4]
    marked = next((name for mark, name in MARKS if start.startswith(mark)), None)
    encoding = marked or stated or "utf-8"
    if marked is not None and stated is not None and stated[:5] != marked[:5]:
        raise DataError(
            f"{file.name} begins with the byte order mark of {marked[:6].upper()}, and the map "
            f"says {options.encoding}.",
            hint="leave encoding: out of the map.",
        )
    wide = encoding.startswith(("utf-16", "utf-32"))
    text = io.TextIOWrapper(
        file.stream,
        encoding=encoding,
        errors="strict" if wide else "surrogateescape",
        newline="",
    )
    lines = Lines(text, file.name, encoding)
    comments: list[str] = []
    try:
        first = _header_line(lines, options, comments)
    except OverlongLineError:
        raise DataError(
            f"the first line of {file.name} never ends.", hint="is this a text file?"
        ) from None
    if "\0" in first:
        raise DataError(
            f"the header of {file.name} holds NUL bytes.",
            hint="it may be UTF-16: state encoding: utf-16-le in the map.",
        )
    delimiter = _delimiter(first, options, expected, comments)
    lines.push_back([first])
    reader = csv.reader(
        lines,
        delimiter=delimiter,
        quoting=csv.QUOTE_NONE if options.quoting == "none" else csv.QUOTE_MINIMAL,
        strict=True,
    )
    try:
        names = next(reader)
    except (csv.Error, OverlongLineError) as error:
        raise DataError(f"the header of {file.name} can't be read: {error}.") from None
    return TextRows(
        file=file.name,
        header=_unique(file.name, names),
        comments=tuple(comments),
        delimiter=delimiter,
        lines=lines,
        reader=reader,
        sink=sink,
        quotes=options.quoting == "standard",
        # What can't be decoded is told by its line only when lines are read one by one.
        in_blocks=not wide,
    )


def _header_line(lines: Lines, options: TextOptions, comments: list[str]) -> str:
    for line in lines:
        lines.record.clear()
        marked = bool(options.comment) and line.startswith(options.comment)
        if marked or _EXCEL_LINE.fullmatch(line) or lines.number <= options.skip:
            comments.append(line.rstrip("\r\n"))
        elif line.strip(" \t\r\n,;|"):
            return line
    raise DataError(f"{lines.name} is empty: it has no header.")


def _delimiter(
    first: str, options: TextOptions, expected: Collection[str], comments: Sequence[str]
) -> str:
    if options.delimiter is not None:
        return DELIMITERS.get(options.delimiter, options.delimiter)
    if comments and (told := _EXCEL_LINE.fullmatch(comments[0])):
        return told[1]

    def fit(char: str) -> tuple[int, int]:
        try:
            cells = [cell.strip() for cell in next(csv.reader([first], delimiter=char))]
        except (csv.Error, StopIteration):
            return 0, 0
        return sum(cell in expected for cell in cells), len(cells)

    return max(DELIMITERS.values(), key=fit)


def _unique(file: str, names: Sequence[str]) -> tuple[str, ...]:
    """Return names of columns: spaces tidied, unnamed ones named, repeated ones numbered."""
    tidy = [" ".join(name.split()) for name in names]
    while len(tidy) > 1 and not tidy[-1]:
        tidy.pop()
    tidy = [name or f"(unnamed {i})" for i, name in enumerate(tidy, 1)]
    counts = Counter(tidy)
    seen: Counter[str] = Counter()
    out = []
    for name in tidy:
        seen[name] += 1
        out.append(f"{name} ({seen[name]})" if counts[name] > 1 else name)
    if len(set(out)) < len(out):
        twice = next(name for name, n in Counter(out).items() if n > 1)
        raise DataError(f"the header of {file} has {twice!r} twice.", hint="rename one of them.")
    return tuple(out)
