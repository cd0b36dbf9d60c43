"""A user's registry: unpacked, checked, and put beside those that the application knows."""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from locoreg.core.csvtext import FORMULA
from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.provenance import sha256_of_files
from locoreg.registry.store.files import damaged_files
from locoreg.registry.store.manifest import FILE_NAME, read_manifest
from locoreg.registry.store.transaction import add_import
from locoreg.registry.tables import BOOKKEEPING, SCHEMA_VERSION, TABLES, Table
from locoreg.workflows.archives import Archive
from locoreg.workflows.registry.storing import RegistryOverview, overview
from locoreg.workflows.uploads import (
    REGISTRIES,
    check_name,
    making,
    owner_only,
    registry_folders,
)

if TYPE_CHECKING:
    import pyarrow as pa

    from locoreg.registry.intake.sink import Sink

SYNTHETIC = "SYNTHETIC-"
_STORED = re.compile(r"tables/([a-z_]+)/[A-Za-z0-9._-]+\.parquet")
_EXPORTED = re.compile(r"(SYNTHETIC-)?([a-z_]+)\.csv")
# What lies in a registry's folder beside its tables, and is not taken over.
_BESIDE = re.compile(r"README\.txt|truth/[A-Za-z0-9._-]+|\.lock|(SYNTHETIC-)?dictionary\.csv")
# Filled in anew by an import.
_MADE = ("import_id", "source_system")
_ROW = re.compile(r"Row #(\d+)")


@dataclass(frozen=True, slots=True, kw_only=True)
class UploadedRegistry:
    """A registry that was taken in.

    Attributes
    ----------
    name : str
        Its name.
    sha256 : str
        Hash of its manifest.
    overview : RegistryOverview
        What it holds.
    left_out : tuple of str
        Files of the archive that were not taken over.
    """

    name: str
    sha256: str
    overview: RegistryOverview
    left_out: tuple[str, ...]


def add_registry(
    workspace: Path, given: Iterable[Path], name: str, stream: IO[bytes], *, most_bytes: int
) -> UploadedRegistry:
    """Take in an archive of a registry.

    Parameters
    ----------
    workspace : Path
        The application's folder.
    given : iterable of Path
        Registries named when the server was started.
    name : str
        What it is to be called.
    stream : binary file
        ZIP archive: the folder of a registry, or tables as ``locoreg registry export`` writes them.
    most_bytes : int
        Largest content of the archive.

    Returns
    -------
    UploadedRegistry
        It lies in the workspace, readable for the owner only.

    Raises
    ------
    DataError, DesignError
        If the archive or a table in it can't be used: nothing is kept then.
    """
    check_name(name, workspace, given)
    with making(workspace / REGISTRIES) as scratch:
        raw, made = scratch / "raw", scratch / "made"
        raw.mkdir()
        names = Archive(stream, most_bytes).unpack(raw, _expected)
        left_out = [one for one in names if _BESIDE.fullmatch(one)]
        tables = [one for one in names if one not in left_out]
        if FILE_NAME in tables:
            for one in left_out:
                (raw / one).unlink()
            if (raw / "truth").is_dir():
                (raw / "truth").rmdir()
            _check_stored(raw, set(tables))
            made = raw
        else:
            left_out += _import_exported(raw, tables, made)
        found = overview(made)
        if not found.rows["patient"]:
            raise DataError("the registry holds no patient.")
        owner_only(made)
        sha256 = sha256_of_files([made / FILE_NAME])
        # The name may have been taken while this was unpacked.
        check_name(name, workspace, given)
        made.rename(workspace / REGISTRIES / name)
    return UploadedRegistry(name=name, sha256=sha256, overview=found, left_out=tuple(left_out))


def held(workspace: Path, given: Iterable[Path]) -> tuple[tuple[str, RegistryOverview], ...]:
    """Return what the registries of an application hold, those that can't be read left out."""
    found = []
    for name, folder in registry_folders(workspace, given).items():
        try:
            found.append((name, overview(folder)))
        except DataError:
            # Said where it is opened; the others are still listed.
            continue
    return tuple(found)


def _expected(name: str) -> bool:
    stored, exported = _STORED.fullmatch(name), _EXPORTED.fullmatch(name)
    return (
        name == FILE_NAME
        or (stored is not None and stored[1] in TABLES)
        or (exported is not None and exported[2] in TABLES)
        or _BESIDE.fullmatch(name) is not None
    )


def _check_stored(folder: Path, names: set[str]) -> None:
    """Check the folder of a registry: only its own files, as they were written, of this schema."""
    manifest = read_manifest(folder)
    if any(batch.schema_version != SCHEMA_VERSION for batch in manifest.batches):
        raise DataError(
            "the registry was written by another version of locoreg.",
            hint="export its tables with that version, and upload those.",
        )
    for batch in manifest.batches:
        for table, files in batch.tables.items():
            for stored in files:
                match = _STORED.fullmatch(stored.path)
                # A path of the manifest is opened later: it may only lead to a file of its table.
                if match is None or match[1] != table or table not in TABLES:
                    raise DataError(f"{FILE_NAME} names a file that is none of its tables.")
    damaged = damaged_files(folder, manifest)
    if damaged:
        raise DataError(
            f"{damaged[0]} is missing or is not as it was written.", hint="pack the registry again."
        )
    listed = {stored.path for table in TABLES for stored in manifest.files(table)}
    undone = {s.path for b in manifest.batches for files in b.tables.values() for s in files}
    others = names - listed - undone - {FILE_NAME}
    if others:
        raise DataError(f"{min(others)} is in the archive and not in {FILE_NAME}.")
    for table in TABLES:
        for stored in manifest.files(table):
            _check_parquet(folder / stored.path, TABLES[table], stored.path)


def _check_parquet(path: Path, table: Table, name: str) -> None:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        schema = pq.read_schema(path)
        if not schema.equals(table.arrow_schema(), check_metadata=False):
            raise DataError(f"{name} has other columns than the table {table.name}.")
        rows = pq.read_table(path)
    except (pa.ArrowException, OSError) as error:
        raise DataError(f"{name} is no Parquet file, or a damaged one.") from error
    for column in table.columns:
        _check_values(rows.column(column.name), column.allowed, column.required, name, column.name)


def _check_values(
    values: pa.ChunkedArray, allowed: Sequence[str], required: bool, file: str, column: str
) -> None:
    import pyarrow.compute as pc

    if required and values.null_count:
        empty = pc.index(pc.is_null(values), True).as_py()
        raise DataError(f"{file}, row {empty + 2}: {column} is empty and must be filled.")
    if not allowed:
        return
    for value in pc.unique(values).to_pylist():
        if value is not None and str(value) not in allowed:
            place = pc.index(values, value).as_py()
            raise DataError(
                f"{file}, row {place + 2}: {column} holds a code that is not one of its own.",
                hint=f"allowed are {', '.join(allowed[:12])}{', …' if len(allowed) > 12 else ''}.",
            )


def _import_exported(raw: Path, names: Sequence[str], made: Path) -> list[str]:
    """Import tables as they are exported; return those that imports make anew."""
    matches = {name: match for name in names if (match := _EXPORTED.fullmatch(name))}
    if len(matches) != len(names):
        raise DataError(
            f"the archive holds Parquet files and no {FILE_NAME}.",
            hint="pack the whole folder of the registry.",
        )
    marks = {bool(match[1]) for match in matches.values()}
    if len(marks) != 1:
        raise DataError("the archive mixes made-up patients with others.")
    tables = {match[2]: name for name, match in matches.items()}
    if "patient" not in tables:
        raise DataError("the archive holds no table patient.csv.")
    if len(tables) != len(matches):
        raise DataError("the archive holds a table twice.")
    taken = {t: tables[t] for t in TABLES if t in tables and t not in BOOKKEEPING}
    read = {table: _read(raw / name, TABLES[table], name) for table, name in taken.items()}

    def fill(sink: Sink) -> None:
        for table, rows in read.items():
            sink.count_read(taken[table], rows.num_rows)
            sink.add(table, rows)

    add_import(
        made, fill, source="tables", source_system="uploaded tables",
        fingerprint=sha256_of_files([raw / name for name in sorted(taken.values())]),
        synthetic=marks == {True},
    )  # fmt: skip
    return [tables[t] for t in BOOKKEEPING if t in tables]


def _read(path: Path, table: Table, name: str) -> pa.Table:
    """Return an exported table with its types."""
    import pyarrow as pa
    import pyarrow.csv as pacsv

    header = _header(path, table, name)
    try:
        rows = pacsv.read_csv(
            path,
            parse_options=pacsv.ParseOptions(newlines_in_values=True),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(header, pa.string()),
                null_values=[""], strings_can_be_null=True,
            ),
        )  # fmt: skip
    except pa.ArrowInvalid as error:
        # The message itself repeats what the row holds.
        at = _ROW.search(str(error))
        where = f", row {at[1]}" if at else ""
        raise DataError(f"{name}{where}: not valid CSV in UTF-8.") from error
    columns: dict[str, Any] = {}
    for column in table.columns:
        if column.name in _MADE:
            continue
        if column.name not in header:
            if column.required:
                raise DataError(f"{name} has no column {column.name!r}.")
            continue
        field = table.arrow_schema().field(column.name)
        values = _typed(rows.column(column.name), field.type, name, column.name)
        _check_values(values, column.allowed, column.required, name, column.name)
        columns[column.name] = values
    return pa.table(columns)


def _header(path: Path, table: Table, name: str) -> list[str]:
    with path.open("rb") as stream:
        first = stream.readline(1 << 16)
    try:
        header = [one.strip('"') for one in first.decode("utf-8-sig").strip().split(",")]
    except UnicodeDecodeError as error:
        raise DataError(f"{name} is not UTF-8 text.") from error
    for one in header:
        if one not in table.names:
            raise DataError(
                f"{name}: unknown column {one[:40]!r}.", hint=did_you_mean(one[:40], table.names)
            )
        if header.count(one) > 1:
            raise DataError(f"{name}: column {one!r} stands there twice.")
    return header


def _typed(values: pa.ChunkedArray, kind: pa.DataType, file: str, column: str) -> Any:
    import pyarrow as pa
    import pyarrow.compute as pc

    if pa.types.is_string(kind):
        # An export puts a quote before what a spreadsheet would run.
        guarded = pc.match_substring_regex(values, "^' *[" + _signs() + "]")
        return pc.if_else(guarded, pc.utf8_slice_codeunits(values, 1), values)
    try:
        return values.cast(kind)
    except pa.ArrowInvalid:
        for number, value in enumerate(values):
            try:
                value.cast(kind)
            except pa.ArrowInvalid as error:
                raise DataError(
                    f"{file}, row {number + 2}: {column} holds what is no {kind}."
                ) from error
        raise


def _signs() -> str:
    return "".join(f"\\x{ord(sign):02x}" for sign in FORMULA)
