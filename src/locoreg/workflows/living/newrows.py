"""Lay new rows onto evidence tables: in memory first, then into the files, whole or not at all."""

from __future__ import annotations

import csv
import io
import os
import signal
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path
from types import FrameType

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.tables import Column, guard_cell
from locoreg.evidence.catalog import dictionary
from locoreg.workflows.export import check_folder

LOCK = ".locoreg-lock"
HISTORY = "CHANGELOG.md"
# A table whose rows others point to is written before those: a reader never meets a dangling key.
WRITE_ORDER = (
    "questions", "outcomes", "studies", "references", "claims", "pools", "statements",
    "eligibility", "harms", "risk_of_bias",
)  # fmt: skip


def new_tables(folder: Path) -> dict[str, Path]:
    """Return the tables of a folder of new rows, by name.

    Parameters
    ----------
    folder : Path
        Folder with tables that hold new rows only.

    Returns
    -------
    dict of str to Path
        In the order in which they are written.

    Raises
    ------
    DataError
        If it is no folder, holds no table, or one that is not known.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is not a folder.", hint="name the folder of the new rows.")
    known = set(dictionary())
    names = sorted(path.stem for path in folder.glob("*.csv") if path.stem != "dictionary")
    for name in names:
        if name not in known:
            raise DataError(
                f"{folder}: {name}.csv is not one of the tables.", hint=did_you_mean(name, known)
            )
    if not names:
        raise DataError(
            f"{folder} holds no table.", hint="put claims.csv with the new rows there, say."
        )
    ordered = [name for name in WRITE_ORDER if name in names]
    ordered += [name for name in names if name not in WRITE_ORDER]
    return {name: folder / f"{name}.csv" for name in ordered}


def merged(source: Path, target: Path, columns: Sequence[Column]) -> tuple[bytes, int]:
    """Return a table with new rows below it.

    Parameters
    ----------
    source : Path
        Table with the new rows, with the columns that are needed and no others.
    target : Path
        The table that there is; may be missing.
    columns : sequence of Column
        Its dictionary.

    Returns
    -------
    data : bytes
        The rows that there are stay as they are, unless the new ones have a column more.
    count : int
        New rows.

    Raises
    ------
    DataError
        If a column of the new rows is not known.
    """
    names = [column.name for column in columns]
    fields, rows = _read(source)
    for name in fields:
        if name not in names:
            raise DataError(
                f"{source.name}: unknown column {name!r}.", hint=did_you_mean(name, names)
            )
    there = target.read_bytes() if target.is_file() else b""
    if not there.strip():
        header = [name for name in names if name in fields]
        return _written([header, *_cells(rows, header)], "\n"), len(rows)
    header, old = _read(target)
    ending = "\r\n" if b"\r\n" in there.split(b"\n", 1)[0] + b"\n" else "\n"
    missing = [name for name in names if name in fields and name not in header]
    if missing:
        wide = [*header, *missing]
        body = [*_cells(old, wide, guard=False), *_cells(rows, wide)]
        return _written([wide, *body], ending), len(rows)
    close = b"" if there.endswith((b"\n", b"\r")) else ending.encode()
    return there + close + _written(_cells(rows, header), ending), len(rows)


def _read(path: Path) -> tuple[list[str], list[dict[str, str]]]:
    try:
        text = path.read_bytes().decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise DataError(f"{path.name} is not UTF-8 text (byte {error.start}).") from error
    try:
        lines = list(csv.reader(io.StringIO(text, newline=""), strict=True))
    except csv.Error as error:
        raise DataError(f"{path.name} is not valid CSV ({error}).") from error
    if not lines:
        raise DataError(f"{path.name} is empty.", hint="the first row must hold the column names.")
    header = [cell.strip() for cell in lines[0]]
    rows = []
    for number, cells in enumerate(lines[1:], 2):
        if not any(cell.strip() for cell in cells):
            continue
        if len(cells) > len(header):
            raise DataError(
                f"{path.name}, row {number}: has {len(cells)} cells and the header has "
                f"{len(header)}.",
                hint="quote a cell that holds a comma.",
            )
        rows.append(dict(zip(header, cells, strict=False)))
    return header, rows


def _cells(
    rows: Sequence[Mapping[str, str]], names: Sequence[str], *, guard: bool = True
) -> list[list[str]]:
    texts = [[row.get(name, "") for name in names] for row in rows]
    return [[guard_cell(cell) for cell in row] for row in texts] if guard else texts


def _written(rows: Sequence[Sequence[str]], ending: str) -> bytes:
    buffer = io.StringIO()
    csv.writer(buffer, lineterminator=ending).writerows(rows)
    return buffer.getvalue().encode()


@contextmanager
def locked(folder: Path) -> Iterator[None]:
    """Hold a folder of tables for oneself; refuse if somebody else holds it.

    Parameters
    ----------
    folder : Path
        Made if missing, and taken away again if it stays empty.

    Raises
    ------
    DataError
        If it is held, or can't be written to.
    """
    check_folder(folder)
    made = not folder.exists()
    folder.mkdir(parents=True, exist_ok=True)
    lock = folder / LOCK
    try:
        handle = os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY)
    except FileExistsError as error:
        raise DataError(
            f"{folder} is being added to by somebody else ({lock} is there).",
            hint="wait; if no one is, delete that file.",
        ) from error
    try:
        os.write(handle, f"{os.getpid()}\n".encode())
        os.close(handle)
        yield
    finally:
        lock.unlink(missing_ok=True)
        if made and not any(folder.iterdir()):
            folder.rmdir()


def write_whole(folder: Path, contents: Mapping[str, bytes]) -> None:
    """Write files so that all of them are written, or none.

    New files are written beside the old ones and then take their names, one right after the
    other; Ctrl-C waits until that is done, and an error puts back what was there.

    Parameters
    ----------
    folder : Path
        Target.
    contents : mapping
        Bytes by name, in the order in which they take their places.
    """
    before = {
        name: (folder / name).read_bytes() if (folder / name).is_file() else None
        for name in contents
    }
    waiting = {name: folder / f".{name}.new" for name in contents}
    try:
        for name, data in contents.items():
            _put(waiting[name], data)
        with _undisturbed():
            done: list[str] = []
            try:
                for name in contents:
                    os.replace(waiting[name], folder / name)
                    done.append(name)
            except BaseException:
                _put_back(folder, {name: before[name] for name in done})
                raise
    finally:
        for path in waiting.values():
            path.unlink(missing_ok=True)


def _put(path: Path, data: bytes) -> None:
    with path.open("wb") as file:
        file.write(data)
        file.flush()
        os.fsync(file.fileno())


def _put_back(folder: Path, before: Mapping[str, bytes | None]) -> None:
    for name, data in before.items():
        if data is None:
            (folder / name).unlink(missing_ok=True)
        else:
            _put(folder / name, data)


@contextmanager
def _undisturbed() -> Iterator[None]:
    """Hold Ctrl-C back for a moment; outside the main thread there is none to hold."""
    held: list[int] = []

    def hold(number: int, _frame: FrameType | None) -> None:
        held.append(number)

    try:
        earlier = signal.signal(signal.SIGINT, hold)
    except ValueError:
        yield
        return
    try:
        yield
    finally:
        signal.signal(signal.SIGINT, earlier)
        if held:
            signal.raise_signal(signal.SIGINT)
