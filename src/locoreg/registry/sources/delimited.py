"""Delimited files (CSV, TSV, exports of spreadsheets) with a column map."""

from __future__ import annotations

from collections.abc import Sequence
from contextlib import closing
from fnmatch import fnmatchcase

from locoreg.core.errors import DataError, DesignError
from locoreg.registry.intake.openfiles import InputFile, fingerprint_of, open_inputs
from locoreg.registry.intake.sink import Problem, Sink
from locoreg.registry.intake.source import SourceOptions
from locoreg.registry.intake.textrows import TextRows, open_rows
from locoreg.registry.mapping.cells import file_columns
from locoreg.registry.mapping.engine import FileMapper, MapContext, described
from locoreg.registry.mapping.load import find_map, require_tables
from locoreg.registry.mapping.lookups import LookupTable
from locoreg.registry.mapping.spec import ColumnMap, FileSpec, LookupSpec, text_options


class Delimited:
    """Files with rows and columns, read as a column map says."""

    name = "delimited"
    title = "CSV, TSV and other delimited files, with a column map (--map)"

    def fingerprint(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return a hash of the files, the map, the site and the system."""
        _, text = _map(options)
        stated = [part.encode() for part in (options.site or "", options.system or "")]
        return fingerprint_of(locations, b"delimited", text, *stated)

    def system(self, locations: Sequence[str], options: SourceOptions) -> str:
        """Return the system's name: stated, or that of the map."""
        column_map, _ = _map(options)
        return options.system or column_map.source_system or self.name

    def read(self, locations: Sequence[str], sink: Sink, options: SourceOptions) -> None:
        """Read all files that the map names; the others are listed as an issue.

        Raises
        ------
        DataError
            If a file of the map is missing, or a file can't be read.
        DesignError
            If there is no map, or it is wrong.
        """
        column_map, _ = _map(options)
        require_tables(column_map, str(options.map))
        system = self.system(locations, options)
        found = _names(locations, column_map)
        _check_complete(column_map, found)
        lookups = {
            spec.file: tuple(_learn(locations, column_map, lookup) for lookup in spec.lookups)
            for spec in column_map.files
            if found[spec.file]
        }
        with closing(open_inputs(locations)) as inputs:
            for file in inputs:
                spec = _spec_of(column_map, file)
                if spec is None:
                    sink.problem([_not_named(file.name)])
                    continue
                brought = lookups[spec.file]
                context = MapContext(system=system, site=options.site, lookups=brought)
                _read_file(file, column_map, spec, sink, context)


SOURCE = Delimited()


def _map(options: SourceOptions) -> tuple[ColumnMap, bytes]:
    if options.dictionary is not None:
        raise DesignError(
            "the source delimited takes no dictionary.",
            hint="leave it out, or read a REDCap export with the source redcap.",
        )
    if options.map is None:
        raise DesignError(
            "delimited files need a column map.",
            hint="draft one with `locoreg registry map FILES` and name it with --map.",
        )
    return find_map(options.map)


def _spec_of(column_map: ColumnMap, file: InputFile) -> FileSpec | None:
    matching = [spec for spec in column_map.files if fnmatchcase(file.base, spec.file)]
    if len(matching) > 1:
        named = " and ".join(repr(spec.file) for spec in matching)
        raise DesignError(f"{file.name} fits several files of the map: {named}.")
    return matching[0] if matching else None


def _names(locations: Sequence[str], column_map: ColumnMap) -> dict[str, list[str]]:
    """Return the input files of each file of the map."""
    found: dict[str, list[str]] = {spec.file: [] for spec in column_map.files}
    with closing(open_inputs(locations)) as inputs:
        for file in inputs:
            spec = _spec_of(column_map, file)
            if spec is not None:
                found[spec.file].append(file.name)
    return found


def _check_complete(column_map: ColumnMap, found: dict[str, list[str]]) -> None:
    for spec in column_map.files:
        if not found[spec.file] and not spec.optional:
            raise DataError(
                f"the map names the file {spec.file}, which is not among the input files.",
                hint="name it, or state optional: true in the map.",
            )


def _learn(locations: Sequence[str], column_map: ColumnMap, spec: LookupSpec) -> LookupTable:
    table = LookupTable(spec)
    seen = False
    with closing(open_inputs(locations)) as inputs:
        for file in inputs:
            if not fnmatchcase(file.base, spec.file):
                continue
            seen = True
            other = _spec_of(column_map, file) or FileSpec(file=spec.file, tables=[])
            rows = open_rows(file, _Nothing(), text_options(other), expected=table.columns)
            for name in table.columns:
                if name not in rows.header:
                    raise DataError(f"{file.name} has no column {name!r}, which is looked up.")
            words = {name: _words(name, rows) for name in table.names}
            table.learn(rows.chunks(table.columns), words)
    if not seen:
        raise DataError(f"the file {spec.file}, in which the map looks things up, is missing.")
    return table


def _read_file(
    file: InputFile, column_map: ColumnMap, spec: FileSpec, sink: Sink, context: MapContext
) -> None:
    wanted = file_columns(spec)
    rows = open_rows(file, sink, text_options(spec), expected=wanted)
    whole = MapContext(
        system=context.system,
        site=context.site,
        comments=rows.comments,
        delimiter=rows.delimiter,
        lookups=context.lookups,
    )
    mapper = FileMapper(column_map, spec, sink, rows.file, rows.header, context=whole)
    for chunk in rows.chunks(wanted):
        mapper.take(chunk)
    mapper.finish()


def _words(name: str, rows: TextRows) -> str:
    return described(name, rows.header, rows.comments, rows.delimiter)


def _not_named(file: str) -> Problem:
    return Problem(
        rule="file-not-in-map",
        severity="minor",
        message=f"{file} is no file of the map: nothing of it was read.",
        source_file=file,
    )


class _Nothing:
    """A sink for files that are read a second time: what is wrong with them is said once."""

    def count_read(self, source_file: str, rows: int) -> None:
        """Do nothing."""

    def count_unused(self, source_file: str, reason: str, rows: int) -> None:
        """Do nothing."""

    def add(self, table: str, rows: object) -> None:
        """Do nothing."""

    def set_aside(self, items: object) -> None:
        """Do nothing."""

    def problem(self, items: object) -> None:
        """Do nothing."""

    def code(self, items: object) -> None:
        """Do nothing."""
