"""A CDM as a folder of files: CSV, tab-delimited, compressed, Parquet."""

from __future__ import annotations

import csv
import gzip
import zlib
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import duckdb

from locoreg.core.errors import DataError
from locoreg.registry.omop.local import Relation, first_line
from locoreg.registry.omop.model import CDM
from locoreg.registry.omop.normal import quoted
from locoreg.registry.store.views import literal

SUFFIXES = (".csv", ".tsv", ".txt", ".csv.gz", ".tsv.gz", ".txt.gz", ".parquet")
DELIMITERS = ("\t", ",", ";", "|")
MOST_HEADER_BYTES = 1_000_000
# Text of a hospital shrinks to a tenth; deflate can at most shrink to a thousandth.
MOST_EXPANSION = 250
LINE_PIECE = 1 << 22
UTF8_BOM = b"\xef\xbb\xbf"


@dataclass(frozen=True, slots=True, kw_only=True)
class TableFile:
    """The files of a CDM table.

    Attributes
    ----------
    table : str
        CDM table.
    paths : tuple of Path
        The file, or the parts of a folder that is named like the table.
    """

    table: str
    paths: tuple[Path, ...]

    @property
    def parquet(self) -> bool:
        """Whether they are Parquet files."""
        return self.paths[0].name.lower().endswith(".parquet")

    @property
    def shown(self) -> str:
        """The place, for messages."""
        return str(self.paths[0] if len(self.paths) == 1 else self.paths[0].parent)


def find_files(locations: Sequence[str]) -> dict[str, TableFile]:
    """Return the files of CDM tables among files and in folders, and folders named like a table.

    Raises
    ------
    DataError
        If a location is missing, a table stands twice, or no table is found.
    """
    found: dict[str, TableFile] = {}
    for location in locations:
        for file in _listed(Path(location)):
            if file.table in found:
                raise DataError(
                    f"the table {file.table} stands twice: {found[file.table].shown} and "
                    f"{file.shown}.",
                    hint="leave one of them.",
                )
            found[file.table] = file
    if not found:
        raise DataError(
            f"there is no table of a CDM in {', '.join(locations)}.", hint=_hint(locations)
        )
    return found


def other_files(locations: Sequence[str]) -> list[str]:
    """Return the names of the files and folders of data that are no table that is read."""
    inside = [
        path
        for location in map(Path, locations)
        if location.is_dir() and location.name.lower() not in CDM
        for path in sorted(location.iterdir())
    ]
    return [
        path.name
        for path in inside
        if not path.name.startswith((".", "_"))
        and (path.is_dir() or path.name.lower().endswith(SUFFIXES))
        and _table_at(path) is None
    ]


def _hint(locations: Sequence[str]) -> str:
    """Return what to do where there is no table: often it is one folder further down."""
    for location in map(Path, locations):
        if location.suffix.lower() in (".zip", ".tar", ".tgz", ".7z"):
            return f"unpack {location.name} and name the folder."
        for folder in sorted(location.iterdir()) if location.is_dir() else []:
            if folder.is_dir() and not folder.name.startswith((".", "_")) and _listed(folder):
                return f"name the folder {folder}."
    return (
        "files are named like the tables: PERSON.csv, person.parquet, CONDITION_OCCURRENCE.csv.gz; "
        "a folder person may hold its parts."
    )


def _listed(path: Path) -> list[TableFile]:
    if path.is_dir():
        # Parts may have been given as the location itself.
        if path.name.lower() in CDM and (parts := _parts(path)):
            return [parts]
        inside = sorted(p for p in path.iterdir() if not p.name.startswith("."))
        return [file for one in inside if (file := _table_at(one)) is not None]
    if path.is_file():
        file = _table_at(path)
        return [] if file is None else [file]
    raise DataError(f"there is no file or folder {path}.")


def _table_at(path: Path) -> TableFile | None:
    if path.is_dir():
        return _parts(path) if path.name.lower() in CDM else None
    table = _table_of(path.name)
    return None if table is None else TableFile(table=table, paths=(path,))


def _parts(folder: Path) -> TableFile | None:
    """Return the parts of a table in a folder; DataError if they are of several kinds."""
    paths = [
        path
        for path in sorted(folder.rglob("*"))
        if path.is_file()
        and path.name.lower().endswith(SUFFIXES)
        and not any(part.startswith((".", "_")) for part in path.relative_to(folder).parts)
    ]
    if not paths:
        return None
    kinds = {next(s for s in SUFFIXES if path.name.lower().endswith(s)) for path in paths}
    if len(kinds) > 1:
        raise DataError(
            f"{folder} holds parts of several kinds: {', '.join(sorted(kinds))}.",
            hint="leave those of one kind.",
        )
    return TableFile(table=folder.name.lower(), paths=tuple(paths))


def _table_of(name: str) -> str | None:
    low = name.lower()
    for suffix in SUFFIXES:
        if low.endswith(suffix) and low.removesuffix(suffix) in CDM:
            return low.removesuffix(suffix)
    return None


def relation_of(con: duckdb.DuckDBPyConnection, file: TableFile) -> Relation:
    """Return how a file is read.

    Raises
    ------
    DataError
        If it has no readable header.
    """
    if file.parquet:
        return _parquet(con, file)
    return _text(file)


def _parquet(con: duckdb.DuckDBPyConnection, file: TableFile) -> Relation:
    sql = f"read_parquet({_places(file)}, union_by_name = true, hive_partitioning = false)"
    try:
        rows = con.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    except duckdb.Error as exc:
        raise DataError(f"{file.shown} can't be read as Parquet: {first_line(exc)}") from exc
    return Relation(
        sql=sql,
        names=[row[0] for row in rows],
        types={row[0]: row[1] for row in rows},
        where=file.shown,
    )


def _text(file: TableFile) -> Relation:
    line = _header(file.paths[0])
    for part in file.paths[1:]:
        if _header(part) != line:
            raise DataError(
                f"the parts {file.paths[0].name} and {part.name} in {file.shown} have different "
                "headers.",
                hint="export the table again.",
            )
    delimiter = max(DELIMITERS, key=line.count) if any(map(line.count, DELIMITERS)) else ","
    # The vocabulary site's files are delimited by tabs and hold quotes that mean nothing.
    quote = '"' if delimiter != "\t" or '"' in line else ""
    names = next(
        csv.reader(
            [line],
            delimiter=delimiter,
            quotechar='"' if quote else None,
            quoting=csv.QUOTE_MINIMAL if quote else csv.QUOTE_NONE,
        ),
        [],
    )
    names = [name.strip() for name in names]
    if not any(names):
        raise DataError(f"{file.shown} has no header.", hint="the first line names the columns.")
    places = {name: f"c{i}" for i, name in reversed(list(enumerate(names)))}
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    reader = (
        f"read_csv({_places(file)}, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {literal(delimiter)}, quote = {literal(quote)}, escape = {literal(quote)}, "
        "skip = 1, header = false, ignore_errors = true, store_rejects = true, "
        f"rejects_table = {literal('rejects_' + file.table)}, "
        f"rejects_scan = {literal('scans_' + file.table)}, "
        f"compression = {literal('gzip' if _gz(file.paths[0]) else 'none')})"
    )
    listed = ", ".join(f"{at} AS {quoted(name)}" for name, at in places.items() if name)
    anything = f"coalesce({', '.join([*places.values(), 'NULL'])})"
    return Relation(
        sql=f"(SELECT {listed} FROM {reader} WHERE {anything} IS NOT NULL)",
        names=names,
        types={name: "VARCHAR" for name in names},
        where=file.shown,
        rejects=f"rejects_{file.table}",
    )


def _header(path: Path) -> str:
    try:
        with path.open("rb") as raw:
            if _gz(path):
                with gzip.GzipFile(fileobj=raw) as stream:
                    start = stream.readline(MOST_HEADER_BYTES)
                    _check_lines(path, stream, raw)
            else:
                start = raw.readline(MOST_HEADER_BYTES)
                _check_lines(path, raw, raw)
    except (OSError, EOFError, zlib.error) as exc:
        raise DataError(f"{path} can't be read: {exc}.") from exc
    if len(start) >= MOST_HEADER_BYTES:
        raise DataError(f"the first line of {path} has no end: it is no table.")
    try:
        text = start.removeprefix(UTF8_BOM).decode("utf-8")
    except UnicodeDecodeError as exc:
        raise DataError(
            f"the header of {path} is not UTF-8.", hint="convert the file to UTF-8."
        ) from exc
    if "\x00" in text:
        raise DataError(f"the header of {path} holds zero bytes.", hint="convert it to UTF-8.")
    return text.rstrip("\r\n").split("\r")[0]


def _check_lines(path: Path, stream: BinaryIO | gzip.GzipFile, raw: BinaryIO) -> None:
    """Go through a file once: DuckDB leaves out a line that is longer than its buffer unsaid."""
    size = 0
    while piece := stream.read(LINE_PIECE):
        size += len(piece)
        packed = max(raw.tell(), 1)
        if size > MOST_EXPANSION * packed and size > LINE_PIECE:
            raise DataError(
                f"{path} grows beyond reason when it is decompressed ({size // packed} times).",
                hint="decompress it yourself if it is what you expect.",
            )
        if len(piece) == LINE_PIECE and b"\n" not in piece and b"\r" not in piece:
            raise DataError(
                f"a line of {path} is longer than {LINE_PIECE >> 20} MB (near byte {size:,}).",
                hint="export the table again.",
            )


def _places(file: TableFile) -> str:
    return f"[{', '.join(literal(_plain(path)) for path in file.paths)}]"


def _plain(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    text = str(path.resolve())
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _gz(path: Path) -> bool:
    return path.name.lower().endswith(".gz")
