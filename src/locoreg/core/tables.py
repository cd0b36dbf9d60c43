"""Read plain-text tables against a data dictionary; every fault named by file, row and column."""

from __future__ import annotations

import csv
import io
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.findings import Finding, Location

MAX_FILE_BYTES = 100_000_000
MAX_CELL_CHARACTERS = 20_000
# A cell of this size is read so that the column can be named, then refused.
_READABLE_CELL = MAX_FILE_BYTES
_ID = re.compile(r"[A-Za-z0-9][A-Za-z0-9._-]*\Z")
# Plain decimal notation only: float() alone would take "1_000", "nan" and "inf".
_NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,2})?\Z")
# A spreadsheet would run a cell that begins with one of these as a formula.
_FORMULA = ("=", "+", "-", "@", "\t", "\r")
LARGEST = 1e12
NOT_REACHED = "NR"
NOT_REPORTED = "NP"

Value = float | int | str | tuple[str, ...] | None


@dataclass(frozen=True, slots=True, kw_only=True)
class Column:
    """One line of the data dictionary.

    Attributes
    ----------
    table, name : str
        Table and column.
    type : str
        id, text, list, choice, number, integer, percent, level or value.
    required : bool
        Whether an empty cell is a fault.
    allowed : tuple of str
        Values allowed for ``choice``.
    unit : str
        Unit, empty if none.
    description : str
        Meaning.
    """

    table: str
    name: str
    type: str
    required: bool
    allowed: tuple[str, ...]
    unit: str
    description: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Row:
    """One parsed row.

    Attributes
    ----------
    file : str
        Name of the file.
    number : int
        Row as a spreadsheet counts it.
    values : mapping
        Parsed value of each column of the dictionary, None where empty.
    printed : mapping
        The cells as text.
    """

    file: str
    number: int
    values: Mapping[str, Value]
    printed: Mapping[str, str]


def read_dictionary(path: Path) -> dict[str, tuple[Column, ...]]:
    """Read a data dictionary.

    Parameters
    ----------
    path : Path
        CSV with the columns table, column, type, required, allowed, unit, description.

    Returns
    -------
    dict
        The columns of each table, in order.
    """
    tables: dict[str, list[Column]] = {}
    for record in csv.DictReader(io.StringIO(path.read_text(encoding="utf-8"))):
        tables.setdefault(record["table"], []).append(
            Column(
                table=record["table"],
                name=record["column"],
                type=record["type"],
                required=record["required"] == "yes",
                allowed=tuple(x for x in record["allowed"].split("|") if x),
                unit=record["unit"],
                description=record["description"],
            )
        )
    return {name: tuple(columns) for name, columns in tables.items()}


def read_table(
    path: Path, columns: tuple[Column, ...], *, label: str | None = None
) -> tuple[tuple[Row, ...], tuple[Finding, ...]]:
    """Read one CSV table.

    Parameters
    ----------
    path : Path
        The file: UTF-8, comma separated, first row the column names. Columns
        that are not required may be missing.
    columns : tuple of Column
        Its dictionary.
    label : str, optional
        What rows and faults call the file; its name if not given.

    Returns
    -------
    rows : tuple of Row
        The rows without a fault. Blank rows are skipped.
    faults : tuple of Finding
        One ``invalid-cell`` finding per fault; a row with a fault is not in ``rows``.

    Raises
    ------
    DataError
        If the file as a whole can't be read: missing, not UTF-8, empty,
        unknown, missing or repeated columns.
    """
    lines = _read_lines(path)
    if not lines:
        raise DataError(f"{path.name} is empty.", hint="the first row must hold the column names.")
    header = [cell.strip() for cell in lines[0][1]]
    _check_header(path, header, columns)
    by_name = {column.name: column for column in columns}
    rows: list[Row] = []
    faults: list[Finding] = []
    for number, cells in lines[1:]:
        if not any(cell.strip() for cell in cells):
            continue
        row, row_faults = _parse_row(label or path.name, number, header, cells, by_name)
        faults.extend(row_faults)
        if not row_faults:
            rows.append(row)
    return tuple(rows), tuple(faults)


def _read_lines(path: Path) -> list[tuple[int, list[str]]]:
    if not path.is_file():
        raise DataError(f"{path.name} is missing in {path.parent}.")
    if path.stat().st_size > MAX_FILE_BYTES:
        raise DataError(f"{path.name} is larger than {MAX_FILE_BYTES // 1_000_000} MB.")
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(
            f"{path.name} is not UTF-8 text (byte {error.start}).", hint="save it as CSV UTF-8."
        ) from error
    if "\0" in text:
        raise DataError(f"{path.name} holds a NUL character.", hint="is it a spreadsheet file?")
    previous = csv.field_size_limit(_READABLE_CELL)
    try:
        reader = csv.reader(io.StringIO(text, newline=""), strict=True)
        out = []
        start = 1
        for cells in reader:
            out.append((start, cells))
            start = reader.line_num + 1
        return out
    except csv.Error as error:
        raise DataError(f"{path.name}, row {start}: not valid CSV ({error}).") from error
    finally:
        csv.field_size_limit(previous)


def _check_header(path: Path, header: list[str], columns: tuple[Column, ...]) -> None:
    names = [column.name for column in columns]
    if len(header) == 1 and (";" in header[0] or "\t" in header[0]):
        raise DataError(
            f"{path.name} is not comma separated.", hint="save it with commas between the cells."
        )
    for name in header:
        if name not in names:
            shown = name if len(name) <= 60 else name[:60] + "…"
            raise DataError(
                f"{path.name}, row 1: unknown column {shown!r}.",
                hint=did_you_mean(name[:60], names),
            )
        if header.count(name) > 1:
            raise DataError(f"{path.name}, row 1: column {name!r} stands there twice.")
    for column in columns:
        if column.required and column.name not in header:
            raise DataError(f"{path.name}, row 1: column {column.name!r} is missing.")


def _parse_row(
    file: str, number: int, header: list[str], cells: list[str], by_name: Mapping[str, Column]
) -> tuple[Row, list[Finding]]:
    faults: list[Finding] = []
    if len(cells) > len(header) and any(cell.strip() for cell in cells[len(header) :]):
        faults.append(
            invalid_cell(
                file,
                number,
                None,
                f"has {len(cells)} cells and the header has {len(header)}; "
                "quote a cell that holds a comma",
            )
        )
    texts = dict(zip(header, (_unguard(cell.strip()) for cell in cells), strict=False))
    values: dict[str, Value] = {}
    for name, column in by_name.items():
        text = texts.get(name, "")
        try:
            values[name] = parse_cell(text, column)
        except ValueError as error:
            values[name] = None
            faults.append(invalid_cell(file, number, name, str(error), printed=text))
    return Row(file=file, number=number, values=values, printed=texts), faults


def guard_cell(text: str) -> str:
    """Return a cell for writing, with an apostrophe before text that a spreadsheet would run.

    Numbers and single characters stay as they are. :func:`read_table` takes
    the apostrophe off again.
    """
    runs = len(text) > 1 and text.startswith(_FORMULA) and not _NUMBER.match(text)
    return "'" + text if runs else text


def _unguard(text: str) -> str:
    return text[1:] if text.startswith("'") and guard_cell(text[1:]) == text else text


def parse_cell(text: str, column: Column) -> Value:
    """Parse one cell.

    Parameters
    ----------
    text : str
        The cell without surrounding blanks.
    column : Column
        Its dictionary line.

    Returns
    -------
    float, int, str, tuple of str or None
        None for an empty cell.

    Raises
    ------
    ValueError
        With what is wrong and what is expected.
    """
    if not text:
        if column.required:
            raise ValueError("is empty and must be filled")
        return None
    if len(text) > MAX_CELL_CHARACTERS:
        raise ValueError(
            f"holds {len(text):,} characters; at most {MAX_CELL_CHARACTERS:,} are allowed"
        )
    return _PARSERS[column.type](text, column)


def _text(text: str, column: Column) -> Value:
    return text


def _list(text: str, column: Column) -> Value:
    return tuple(part.strip() for part in text.split(";") if part.strip())


def _identifier(text: str, column: Column) -> Value:
    if not _ID.match(text):
        raise ValueError(
            f"{shorten(text)!r} is not an id: use letters, digits, dot, dash and underscore"
        )
    return text


def _choice(text: str, column: Column) -> Value:
    if text not in column.allowed:
        raise ValueError(f"{shorten(text)!r} is not one of {', '.join(column.allowed)}")
    return text


def _number(text: str, column: Column) -> Value:
    if not _NUMBER.match(text):
        hint = "; write a decimal point, not a comma" if re.fullmatch(r"-?\d+,\d+", text) else ""
        raise ValueError(f"{shorten(text)!r} is not a number{hint}")
    value = float(text)
    if not abs(value) <= LARGEST:
        raise ValueError(f"{shorten(text)!r} is beyond {LARGEST:g}, more than any study prints")
    return value


def _integer(text: str, column: Column) -> Value:
    value = float(str(_number(text, column)))
    if value != int(value) or value < 0:
        raise ValueError(f"{shorten(text)!r} is not a whole number of {column.unit or 'items'}")
    return int(value)


def _percent(text: str, column: Column) -> Value:
    value = float(str(_number(text, column)))
    if not 0 <= value <= 100:
        raise ValueError(f"{shorten(text)!r} is not between 0 and 100 percent")
    return value


def _level(text: str, column: Column) -> Value:
    value = float(str(_number(text, column)))
    if 0 < value < 1:
        raise ValueError(f"{text} is a fraction; give percent, {100 * value:g}")
    if not 50 <= value < 100:
        raise ValueError(f"{text} is not an interval level between 50 and 100 percent")
    return value


def _value(text: str, column: Column) -> Value:
    if text in (NOT_REACHED, NOT_REPORTED):
        return text
    try:
        return _number(text, column)
    except ValueError as error:
        raise ValueError(
            f"{error}; allowed are numbers, {NOT_REACHED} (not reached) "
            f"and {NOT_REPORTED} (not reported)"
        ) from error


_PARSERS = {
    "id": _identifier,
    "text": _text,
    "list": _list,
    "choice": _choice,
    "number": _number,
    "integer": _integer,
    "percent": _percent,
    "level": _level,
    "value": _value,
}


def shorten(text: str, length: int = 40) -> str:
    """Return the text, cut with an ellipsis if it is long."""
    return text if len(text) <= length else text[: length - 1] + "…"


def invalid_cell(
    file: str, row: int | None, column: str | None, what: str, *, printed: str | None = None
) -> Finding:
    """Return the finding that a cell can't be used.

    Parameters
    ----------
    file, row, column : str, int or None, str or None
        Where.
    what : str
        What is wrong, as the end of a sentence that begins with the place.
    printed : str, optional
        The cell's text.
    """
    location = Location(
        file=file, row=row, column=column, printed=None if printed is None else shorten(printed)
    )
    return Finding(
        rule="invalid-cell",
        severity="blocking",
        subject=file,
        message=f"{location}: {what}.",
        value=None if printed is None else shorten(printed),
        limit=None,
        location=location,
        changes="The row can't be used until it is mended.",
    )


def raise_faults(faults: Iterable[Finding], where: str) -> None:
    """Raise one DataError that lists all faults; do nothing without faults."""
    messages = [fault.message for fault in faults]
    if not messages:
        return
    shown = messages[:20]
    more = f" … and {len(messages) - 20} more." if len(messages) > 20 else ""
    if len(messages) == 1:
        raise DataError(f"{where}: {messages[0]}")
    raise DataError(f"{where}: {len(messages)} faults. " + " ".join(shown) + more)
