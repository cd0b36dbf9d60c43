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
    """The file of a CDM table.

    Attributes
    ----------
    table : str
        CDM table.
    path : Path
        The file.
    """

    table: str
    path: Path

    @property
    def parquet(self) -> bool:
        """Whether it is a Parquet file."""
        return self.path.name.lower().endswith(".parquet")


def find_files(locations: Sequence[str]) -> dict[str, TableFile]:
    """Return the files of CDM tables in folders (not in folders below them) and among files.

    Raises
    ------
    DataError
        If a location is missing, two files hold the same table, or no table is found.
    """
    found: dict[str, TableFile] = {}
    for location in locations:
        for path in _listed(Path(location)):
            table = _table_of(path.name)
            if table is None:
                continue
            if table in found:
                raise DataError(
                    f"the table {table} stands twice: {found[table].path} and {path}.",
                    hint="leave one of them.",
                )
            found[table] = TableFile(table=table, path=path)
    if not found:
        raise DataError(
            f"there is no table of a CDM in {', '.join(locations)}.",
            hint="files are named like the tables: PERSON.csv, person.parquet, "
            "CONDITION_OCCURRENCE.csv.gz.",
        )
    return found


def _listed(path: Path) -> list[Path]:
    if path.is_dir():
        return sorted(p for p in path.iterdir() if p.is_file() and not p.name.startswith("."))
    if path.is_file():
        return [path]
    raise DataError(f"there is no file or folder {path}.")


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
    sql = f"read_parquet({literal(_plain(file.path))})"
    try:
        rows = con.execute(f"DESCRIBE SELECT * FROM {sql}").fetchall()
    except duckdb.Error as exc:
        raise DataError(f"{file.path} can't be read as Parquet: {first_line(exc)}") from exc
    return Relation(
        sql=sql,
        names=[row[0] for row in rows],
        types={row[0]: row[1] for row in rows},
        where=str(file.path),
    )


def _text(file: TableFile) -> Relation:
    line = _header(file.path)
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
        raise DataError(f"{file.path} has no header.", hint="the first line names the columns.")
    places = {name: f"c{i}" for i, name in reversed(list(enumerate(names)))}
    columns = ", ".join(f"'c{i}': 'VARCHAR'" for i in range(len(names)))
    reader = (
        f"read_csv({literal(_plain(file.path))}, auto_detect = false, columns = {{{columns}}}, "
        f"delim = {literal(delimiter)}, quote = {literal(quote)}, escape = {literal(quote)}, "
        "skip = 1, header = false, ignore_errors = true, store_rejects = true, "
        f"rejects_table = {literal('rejects_' + file.table)}, "
        f"rejects_scan = {literal('scans_' + file.table)}, "
        f"compression = {literal('gzip' if _gz(file.path) else 'none')})"
    )
    listed = ", ".join(f"{at} AS {quoted(name)}" for name, at in places.items() if name)
    anything = f"coalesce({', '.join([*places.values(), 'NULL'])})"
    return Relation(
        sql=f"(SELECT {listed} FROM {reader} WHERE {anything} IS NOT NULL)",
        names=names,
        types={name: "VARCHAR" for name in names},
        where=str(file.path),
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


def _plain(path: Path) -> str:
    """Return a path in which DuckDB sees no pattern."""
    text = str(path.resolve())
    return "".join(f"[{c}]" if c in "*?[" else c for c in text)


def _gz(path: Path) -> bool:
    return path.name.lower().endswith(".gz")
