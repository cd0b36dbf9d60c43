"""One entry of a map: rows of one table of the registry from rows of a file."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.registry.intake.sink import CodeUse, Problem, Sink
from locoreg.registry.mapping.cells import Cells, spec_columns
from locoreg.registry.mapping.check import BIRTH, DIAGNOSIS
from locoreg.registry.mapping.columns import ColumnReader, ReadColumn
from locoreg.registry.mapping.context import MapContext
from locoreg.registry.mapping.offsets import Days, OffsetCheck, label_of
from locoreg.registry.mapping.readings import unknowns
from locoreg.registry.mapping.spec import ColumnMap, ColumnSpec, FileSpec
from locoreg.registry.mapping.values import canonical
from locoreg.registry.tables import TABLES

if TYPE_CHECKING:
    from numpy.typing import NDArray

Readers = dict[str, ColumnReader]
Read = dict[str, tuple[ColumnReader, ReadColumn]]
LABELS = {"since_birth": BIRTH, "since_diagnosis": DIAGNOSIS}


class Entry:
    """Make rows of one table.

    Parameters
    ----------
    column_map : ColumnMap
        The map.
    file_spec : FileSpec
        Its part for the file.
    number : int
        Place of the entry in ``tables``.
    file : str
        Name of the file.
    header : sequence of str
        Columns of the file.
    context : MapContext
        System, site, comments, other files.
    """

    def __init__(
        self,
        column_map: ColumnMap,
        file_spec: FileSpec,
        number: int,
        *,
        file: str,
        header: Sequence[str],
        context: MapContext,
    ) -> None:
        self.spec = file_spec.tables[number]
        self._map = column_map
        self._file_spec = file_spec
        self._file = file
        self._header = header
        self._context = context
        before = sum(other.table == self.spec.table for other in file_spec.tables[:number])
        self.mark = f"#{before + 1}"
        self._readers = self._make_readers(self.spec.columns)
        self._repeats = [self._make_readers(again) for again in self.spec.repeat] or [{}]
        self._checks = {
            id(reader): self._offset_check(reader)
            for reader in self._all_readers()
            if reader.spec.since is not None and reader.column.type == "date"
        }
        self._unknown = unknowns(column_map.missing)
        self._taken = 0
        self._empty = 0

    def add(
        self, cells: Cells, anchors: Mapping[str, Days], rows: NDArray[np.bool_], sink: Sink
    ) -> None:
        """Make rows of one chunk.

        Parameters
        ----------
        cells : Cells
            The chunk.
        anchors : mapping of str to Days
            What offsets are counted from.
        rows : ndarray of bool, shape (n,)
            Rows that meet the entry's conditions.
        sink : Sink
            Takes them.
        """
        self._taken += int(rows.sum())
        if not rows.any():
            return
        marks: Any = pa.scalar("", pa.string())
        if self.spec.split is not None:
            cells, row, part = cells.exploded(self.spec.split)
            anchors = {
                name: Days(day=d.day[row], precision=d.precision[row])
                for name, d in anchors.items()
            }
            empty = cells.unknown(cells.column(self.spec.split.column), self._unknown)
            self._empty += int((rows[row] & empty).sum())
            rows = rows[row] & ~empty
            marks = pc.binary_join_element_wise("/", pa.array(part).cast(pa.string()), "")
        shared = self._read_all(self._readers, cells, anchors)
        for number, readers in enumerate(self._repeats, 1):
            own = self._read_all(readers, cells, anchors)
            taken = rows
            if own:
                empty = np.logical_and.reduce([read.unknown for _, read in own.values()])
                self._empty += int((rows & empty).sum())
                taken = rows & ~empty
            if not taken.any():
                continue
            mark = self.mark + (f".{number}" if self.spec.repeat else "")
            read = {**shared, **own}
            whole = self._table(read, cells, mark, marks)
            sink.add(self.spec.table, whole.filter(pa.array(taken)))
            sink.problem(self._faults(whole, read, taken, cells))
            for reader, column in read.values():
                reader.count_codes(column, taken)

    def code_uses(self) -> Iterator[CodeUse]:
        """Return how the codes of all chunks were read."""
        for reader in self._all_readers():
            yield from reader.code_uses()

    def problems(self, n: int) -> Iterator[Problem]:
        """Return what can be said after the last of ``n`` rows."""
        table = self.spec.table
        if self._taken < n:
            words = (
                f"{n - self._taken} of {n} rows don't meet the conditions of the entry "
                f"{self.mark} for {table}."
            )
            yield self._note("rows-not-matched", words)
        if self._empty:
            words = (
                f"{self._empty} repeats of the entry {self.mark} for {table} were empty and gave "
                "no row."
            )
            yield self._note("empty-repeats", words)
        for check in self._checks.values():
            yield from check.problems()
        for reader in self._all_readers():
            if reader.spec.before is not None:
                words = (
                    f"{reader.column.name} is counted back from {' or '.join(reader.spec.source)}: "
                    "it may be off by a year."
                )
                yield self._note("birth-year-from-age", words)

    def _make_readers(self, columns: Mapping[str, ColumnSpec]) -> Readers:
        present = {*self._header, *self._context.brought()}
        table = TABLES[self.spec.table]
        return {
            name: ColumnReader(table.name, table.column(name), spec, self._file_spec, self._map)
            for name, spec in columns.items()
            if not spec.optional or present & set(spec_columns(spec))
        }

    def _all_readers(self) -> Iterator[ColumnReader]:
        yield from self._readers.values()
        for again in self._repeats:
            yield from again.values()

    def _offset_check(self, reader: ColumnReader) -> OffsetCheck:
        label = LABELS.get(reader.spec.labelled_as or "")
        words = "the map says that the source calls it"
        if label is None:
            told = [self._context.described(name, self._header) for name in reader.spec.source]
            label = label_of(" ".join(told))
            words = f"the file describes it as {' '.join(told)!r}, that is as"
        return OffsetCheck(
            file=self._file,
            table=reader.table,
            column=reader.column.name,
            source=" or ".join(reader.spec.source),
            spec=reader.spec,
            label=label,
            label_words=words,
            days_per_month=self._map.days_per_month,
        )

    def _read_all(self, readers: Readers, cells: Cells, anchors: Mapping[str, Days]) -> Read:
        out = {}
        for name, reader in readers.items():
            read = reader.read(cells, anchors)
            out[name] = (reader, read)
            check = self._checks.get(id(reader))
            if check is not None and read.offsets is not None:
                check.take(read.offsets, anchors)
        return out

    def _table(self, read: Read, cells: Cells, mark: str, marks: Any) -> Any:
        table = TABLES[self.spec.table]
        rows = cells.chunk.rows
        columns: dict[str, Any] = {}
        for name, value in self._constants().items():
            kind = table.arrow_schema().field(name).type
            columns[name] = pa.repeat(pa.scalar(value, kind), cells.n)
        for name, (_, column) in read.items():
            columns[name] = column.value
            _companions(columns, table.names, name, column)
        if table.key is not None and table.key not in columns:
            start = pa.scalar(f"{self._context.system}/{self._file}:", pa.string())
            columns[table.key] = pc.binary_join_element_wise(
                start, rows.cast(pa.string()), pa.scalar(mark, pa.string()), marks, pa.scalar("")
            )
        columns["source_file"] = pa.repeat(pa.scalar(self._file, pa.string()), cells.n)
        columns["source_row"] = rows
        return pa.table(columns)

    def _constants(self) -> dict[str, Any]:
        spec = self.spec
        table = TABLES[spec.table]
        out: dict[str, Any] = {}
        if spec.table == "patient":
            out["calendar"] = self._map.calendar
            site = self._context.site or self._map.site
            if site is not None:
                out["site_id"] = site
        for name, value in spec.constants.items():
            out[name] = canonical(table.column(name), value)
            if table.column(name).type == "date" and value is not None:
                out[f"{name}_precision"] = "day"
        mapped = set(spec.columns) | {name for again in spec.repeat for name in again}
        return {name: value for name, value in out.items() if name not in mapped}

    def _faults(
        self,
        whole: Any,
        read: Read,
        taken: NDArray[np.bool_],
        cells: Cells,
    ) -> Iterator[Problem]:
        table = self.spec.table
        key = TABLES[table].key
        keys = whole.column(key) if key is not None else None
        patients = whole.column("patient_id") if "patient_id" in whole.column_names else None
        numbers = cells.chunk.rows
        for name, (_, column) in read.items():
            for faults in column.faults:
                for row, which in zip(faults.rows.tolist(), faults.which.tolist(), strict=True):
                    if not taken[row]:
                        continue
                    text, fault = faults.kinds[which]
                    yield Problem(
                        rule=fault.rule,
                        severity=fault.severity,
                        message=fault.message,
                        source_file=self._file,
                        source_row=numbers[row].as_py(),
                        table_name=table,
                        row_key=None if keys is None else keys[row].as_py(),
                        patient_id=None if patients is None else patients[row].as_py(),
                        column_name=name,
                        value=text[:500],
                    )

    def _note(self, rule: str, message: str) -> Problem:
        return Problem(
            rule=rule,
            severity="note",
            message=message,
            source_file=self._file,
            table_name=self.spec.table,
        )


def _companions(columns: dict[str, Any], names: Sequence[str], name: str, read: ReadColumn) -> None:
    if read.reason is not None and f"{name}_reason" in names:
        columns[f"{name}_reason"] = read.reason
    if read.more is not None and f"{name}_precision" in names:
        columns[f"{name}_precision"] = read.more
    elif read.more is not None and name == "value_num" and "operator" in names:
        columns.setdefault("operator", read.more)
