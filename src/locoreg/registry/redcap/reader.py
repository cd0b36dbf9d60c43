"""Read exports of a REDCap project and deliver their rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass
from fnmatch import fnmatchcase
from typing import TYPE_CHECKING

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.core.errors import DataError
from locoreg.registry.intake.openfiles import InputFile, open_inputs
from locoreg.registry.intake.sink import Sink
from locoreg.registry.intake.textoptions import TextOptions
from locoreg.registry.intake.textrows import TextChunk, TextRows, open_rows
from locoreg.registry.mapping.cells import file_columns
from locoreg.registry.mapping.engine import FileMapper, MapContext
from locoreg.registry.mapping.spec import ColumnSpec, FileSpec
from locoreg.registry.redcap.dictionary import Dictionary, looks_like_dictionary
from locoreg.registry.redcap.header import GROUP, STRUCTURE, ExportHeader, resolve_header
from locoreg.registry.redcap.ledger import Ledger
from locoreg.registry.redcap.projectmap import ProjectMap, instrument_of
from locoreg.registry.redcap.remarks import (
    about_dictionary,
    about_export,
    about_instruments,
    about_values,
)
from locoreg.registry.redcap.rows import ExportRows, RowReader, as_written

if TYPE_CHECKING:
    from numpy.typing import NDArray

NOTHING = "no field is filled in except identifiers and free text"
NOT_MAPPED = "none of its instruments is in the map"
NOT_TAKEN = "no condition of the map takes the row"
NO_TABLE = "the map makes no rows of this instrument"


@dataclass(frozen=True, slots=True, kw_only=True)
class _Origin:
    """What keys and sites of the rows of a file are made of."""

    base: str
    system: str
    site: str | None


@dataclass(slots=True)
class _Part:
    """One part of the map for one file."""

    spec: FileSpec
    instrument: str | None
    mapper: FileMapper
    header: tuple[str, ...]
    rows: int = 0


def read_project(
    locations: Sequence[str],
    sink: Sink,
    *,
    project: ProjectMap,
    dictionary: Dictionary,
    system: str,
    site: str | None,
) -> None:
    """Read all exports of a project and deliver their rows.

    Parameters
    ----------
    locations : sequence of str
        Exports (CSV) and folders of them.
    sink : Sink
        Takes rows, counts and problems.
    project : ProjectMap
        The map.
    dictionary : Dictionary
        Data dictionary.
    system : str
        Name of the system, part of the keys that are made.
    site : str or None
        Site of all patients.

    Raises
    ------
    DataError
        If a file can't be read, or is no export of this project.
    """
    ledger = Ledger(sink)
    ledger.problem(about_dictionary(dictionary, project))
    seen: Counter[str] = Counter()
    read = 0
    with closing(open_inputs(locations)) as inputs:
        for file in inputs:
            rows = open_export(file, ledger, dictionary, project.column_map.files)
            if looks_like_dictionary(rows.header):
                continue
            read += 1
            origin = _Origin(base=file.base, system=system, site=site)
            _read_file(rows, ledger, project, dictionary, seen, origin)
    if not read:
        raise DataError(
            "there is no export among the files, only a data dictionary.",
            hint="export the records: Data Exports, 'Export Data', CSV (raw data).",
        )
    ledger.problem(about_instruments(dictionary, seen, _mapped(project)))


def _mapped(project: ProjectMap) -> set[str] | None:
    """Return the instruments that the map names; None if it takes rows whatever they hold."""
    named = [instrument_of(spec) for spec in project.column_map.files]
    return None if None in named else {name for name in named if name is not None}


def open_export(
    file: InputFile, sink: Sink, dictionary: Dictionary, specs: Sequence[FileSpec]
) -> TextRows:
    """Open an export as the map says it is written; by itself if it says nothing."""
    stated = next((s for s in specs if s.delimiter is not None or s.encoding is not None), None)
    options = TextOptions(
        delimiter=None if stated is None else stated.delimiter,
        encoding=None if stated is None else stated.encoding,
        comment="",
    )
    return open_rows(file, sink, options, expected=[*dictionary.by_name, *STRUCTURE])


def export_header(rows: TextRows, dictionary: Dictionary) -> ExportHeader:
    """Return what the columns of an export are; DataError if it is of another project."""
    header = resolve_header(as_written(rows.header), dictionary)
    if not any(column.field is dictionary.record_id for column in header.known()):
        raise DataError(
            f"{rows.file} has no column of the record id {dictionary.record_id.name!r} "
            f"({dictionary.record_id.label}): it is no export of the project in "
            f"{dictionary.name}.",
            hint="export the records with all fields, and the dictionary of the same project.",
        )
    return header


def _read_file(
    rows: TextRows,
    ledger: Ledger,
    project: ProjectMap,
    dictionary: Dictionary,
    seen: Counter[str],
    origin: _Origin,
) -> None:
    header = export_header(rows, dictionary)
    reader = RowReader(
        header,
        rows.header,
        dictionary,
        unknown=project.unknown,
        years_of=project.years_of,
    )
    exported = {column.name for column in reader.columns.values()}
    parts = list(_parts(rows.file, ledger, project, dictionary, exported, origin))
    ledger.problem(about_export(rows.file, header, dictionary, exported, _missing(parts, exported)))
    for chunk in rows.chunks(reader.wanted):
        _take(reader.read(chunk), rows.file, parts, ledger, seen)
    for part in parts:
        part.mapper.finish()
    ledger.problem(about_values(rows.file, reader))


def _parts(
    file: str,
    ledger: Ledger,
    project: ProjectMap,
    dictionary: Dictionary,
    exported: Collection[str],
    origin: _Origin,
) -> Iterator[_Part]:
    for spec in project.column_map.files:
        instrument = instrument_of(spec)
        named = file_columns(spec)
        if instrument is None:
            if not fnmatchcase(origin.base, spec.file):
                continue
            own = set(exported)
        else:
            own = _fields_of(instrument, dictionary, exported)
            if not own:
                # An export of other instruments.
                continue
        header = tuple(dict.fromkeys([*(c for c in exported if c in own), *named]))
        whole = _with_group(spec) if GROUP in exported else spec
        mapper = FileMapper(
            project.column_map,
            whole,
            ledger,
            file,
            (*header, *([GROUP] if GROUP in exported and GROUP not in header else [])),
            # Rows of one line may come from several instruments: each has keys of its own.
            context=MapContext(
                system=origin.system if instrument is None else f"{origin.system}/{instrument}",
                site=origin.site,
            ),
        )
        yield _Part(spec=whole, instrument=instrument, mapper=mapper, header=header)


def _fields_of(instrument: str, dictionary: Dictionary, exported: Collection[str]) -> set[str]:
    fields = {f.name for f in dictionary.fields if f.form == instrument}
    fields.discard(dictionary.record_id.name)
    return {name for name in exported if name in fields or name.partition("___")[0] in fields}


def _with_group(spec: FileSpec) -> FileSpec:
    """Let the data access group be the site of patients, unless the map says otherwise."""
    tables = []
    for table in spec.tables:
        has_site = "site_id" in table.columns or "site_id" in table.constants
        if table.table != "patient" or has_site:
            tables.append(table)
            continue
        site = ColumnSpec.model_validate({"from": GROUP})
        tables.append(table.model_copy(update={"columns": {**table.columns, "site_id": site}}))
    return spec.model_copy(update={"tables": tables})


def _missing(parts: Sequence[_Part], exported: Collection[str]) -> list[str]:
    named = {name for part in parts for name in file_columns(part.spec)}
    return sorted(named - set(exported))


def _take(
    export: ExportRows, file: str, parts: Sequence[_Part], ledger: Ledger, seen: Counter[str]
) -> None:
    n = len(export.lines)
    ledger.begin()
    mapped: NDArray[np.bool_] = np.zeros(n, bool)
    made: NDArray[np.bool_] = np.zeros(n, bool)
    filled: NDArray[np.bool_] = np.zeros(n, bool)
    for name in export.dictionary.forms:
        rows = _mask(export.of(name))
        if rows.any():
            seen[name] += int(rows.sum())
            filled |= rows
    for part in parts:
        form = part.instrument
        rows = np.ones(n, bool) if form is None else _mask(export.of(form))
        mapped |= rows
        made |= rows & bool(part.spec.tables)
        if rows.any():
            part.rows += int(rows.sum())
            part.mapper.take(_chunk(export, file, part, rows))
    lines = export.lines.to_numpy(zero_copy_only=False)
    why = {NOTHING: ~filled}
    for name in export.repeats.unique().to_pylist():
        if name:
            reason = f"the repeating instrument {name[:60]!r} is not in the map"
            why[reason] = ~mapped & _mask(pc.equal(export.repeats, name))
        if len(why) > 200:
            break
    why |= {NOT_MAPPED: ~mapped, NO_TABLE: ~made, NOT_TAKEN: np.ones(n, bool)}
    ledger.end(file, lines, why)


def _chunk(export: ExportRows, file: str, part: _Part, rows: NDArray[np.bool_]) -> TextChunk:
    keep = pa.array(rows)
    count = int(rows.sum())
    names = dict.fromkeys([*part.header, GROUP])
    columns = {}
    for name in names:
        cells = export.columns.get(name)
        columns[name] = pa.array([""] * count, pa.string()) if cells is None else cells.filter(keep)
    return TextChunk(
        file=file, header=tuple(names), columns=columns, rows=export.lines.filter(keep)
    )


def _mask(rows: pa.BooleanArray) -> NDArray[np.bool_]:
    return np.asarray(rows.to_numpy(zero_copy_only=False), dtype=bool)
