"""Rows of the registry from rows of a file, as a column map says."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from fnmatch import fnmatchcase

import numpy as np

from locoreg.core.errors import DataError, did_you_mean
from locoreg.core.numbertext import plural
from locoreg.registry.intake.sink import Problem, Sink
from locoreg.registry.intake.textrows import TextChunk
from locoreg.registry.mapping.cells import Cells, file_columns
from locoreg.registry.mapping.check import implied_anchors
from locoreg.registry.mapping.columns import EPOCH, ColumnReader
from locoreg.registry.mapping.context import MapContext, described
from locoreg.registry.mapping.entries import Entry
from locoreg.registry.mapping.offsets import Days
from locoreg.registry.mapping.readings import unknowns
from locoreg.registry.mapping.spec import ColumnMap, FileSpec
from locoreg.registry.tables import TABLES

__all__ = ["FileMapper", "MapContext", "apply", "described"]

NOT_TAKEN = "no condition of the map takes the row"
NO_TABLE = "the map makes no rows of this file"


def apply(
    column_map: ColumnMap,
    spec: FileSpec,
    chunks: Iterable[TextChunk],
    sink: Sink,
    *,
    context: MapContext | None = None,
) -> None:
    """Make rows of the registry of all rows of one file.

    Parameters
    ----------
    column_map : ColumnMap
        The map.
    spec : FileSpec
        Its part for this file.
    chunks : iterable of TextChunk
        All rows of the file; rows read are counted by who reads them.
    sink : Sink
        Takes rows, problems, codes and counts.
    context : MapContext, optional
        System, site, comments, other files.

    Raises
    ------
    DataError
        If the file lacks a column that the map names.
    """
    mapper: FileMapper | None = None
    for chunk in chunks:
        if mapper is None:
            mapper = FileMapper(column_map, spec, sink, chunk.file, chunk.header, context=context)
        mapper.take(chunk)
    if mapper is not None:
        mapper.finish()


class FileMapper:
    """Apply a map to the rows of one file, chunk by chunk.

    Parameters
    ----------
    column_map : ColumnMap
        The map.
    spec : FileSpec
        Its part for this file.
    sink : Sink
        Takes what comes out.
    file : str
        Name of the file.
    header : sequence of str
        Columns of the file.
    context : MapContext, optional
        System, site, comments, other files.

    Raises
    ------
    DataError
        If the file lacks a column that the map names.
    """

    def __init__(
        self,
        column_map: ColumnMap,
        spec: FileSpec,
        sink: Sink,
        file: str,
        header: Sequence[str],
        *,
        context: MapContext | None = None,
    ) -> None:
        self._map = column_map
        self._spec = spec
        self._sink = sink
        self._file = file
        self._header = tuple(header)
        self._context = context or MapContext()
        self._read = 0
        self._unknown = unknowns(column_map.missing)
        _check_header(spec, file, self._header)
        patient = TABLES["patient"]
        anchors = {**spec.anchors, **implied_anchors(spec, column_map.origin_is)}
        self._anchors = {
            name: ColumnReader(
                "patient", patient.column("last_contact_date"), anchor, spec, column_map
            )
            for name, anchor in anchors.items()
        }
        self._entries = [
            Entry(column_map, spec, i, file=file, header=self._header, context=self._context)
            for i in range(len(spec.tables))
        ]

    def take(self, chunk: TextChunk) -> None:
        """Make rows of one chunk."""
        self._read += len(chunk)
        brought = {}
        for lookup in self._context.lookups:
            brought.update(lookup.bring(chunk))
        cells = Cells(chunk, brought)
        anchors = self._anchor_days(cells)
        taken_by_any = np.zeros(cells.n, bool)
        for entry in self._entries:
            rows = cells.meeting(entry.spec.when, self._unknown)
            taken_by_any |= rows
            entry.add(cells, anchors, rows, self._sink)
        left = int((~taken_by_any).sum())
        if left:
            why = NOT_TAKEN if self._entries else NO_TABLE
            self._sink.count_unused(self._file, why, left)

    def finish(self) -> None:
        """Report what can be said only after the last row."""
        for entry in self._entries:
            self._sink.code(entry.code_uses())
        self._sink.problem(self._closing_problems())

    def _anchor_days(self, cells: Cells) -> dict[str, Days]:
        out: dict[str, Days] = {}
        if self._map.origin is not None:
            birth = float(self._map.origin.toordinal() - EPOCH)
            out[self._map.origin_is] = Days(
                day=np.full(cells.n, birth), precision=np.zeros(cells.n, np.int64)
            )
        for name, reader in self._anchors.items():
            days = reader.read(cells, out).days
            if days is not None:
                out[name] = days
        return out

    def _closing_problems(self) -> Iterator[Problem]:
        unused = [name for name in self._header if name not in self._used()]
        if unused:
            listed = ", ".join(unused[:50]) + (" and more" if len(unused) > 50 else "")
            yield Problem(
                rule="unused-columns",
                severity="note",
                message=f"{plural(len(unused), 'column')} of the file "
                f"{'is' if len(unused) == 1 else 'are'} not in the map: {listed}.",
                source_file=self._file,
            )
        for entry in self._entries:
            yield from entry.problems(self._read)
        for lookup in self._context.lookups:
            yield from lookup.problems(self._file)

    def _used(self) -> set[str]:
        """Return the columns that the map names, those looked up from other files included."""
        base = self._file.rsplit("/", 1)[-1].removesuffix(".gz")
        used = set(file_columns(self._spec))
        for spec in self._map.files:
            for lookup in spec.lookups:
                if fnmatchcase(base, lookup.file):
                    used |= {lookup.other_key or lookup.key, *lookup.columns}
        return used


def _check_header(spec: FileSpec, file: str, header: Sequence[str]) -> None:
    for name, must in file_columns(spec).items():
        if name in header or not must:
            continue
        numbered = [n for n in header if n in (f"{name} (1)", f"{name} (2)")]
        if numbered:
            raise DataError(
                f"the header of {file} has the column {name!r} several times.",
                hint=f"name one of them in the map: {' or '.join(numbered)}, from the left.",
            )
        raise DataError(
            f"{file} has no column {name!r}, which the map names.",
            hint=did_you_mean(name, header) or "state optional: true if some files lack it.",
        )
