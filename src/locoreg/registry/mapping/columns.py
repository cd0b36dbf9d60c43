"""One column of the registry, read from the cells of a chunk."""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from locoreg.registry.intake.sink import CodeUse
from locoreg.registry.mapping.cells import Cells, Distinct, distinct
from locoreg.registry.mapping.celltypes import kind_of, reader_of
from locoreg.registry.mapping.dates import FIRST_YEAR, LAST_YEAR
from locoreg.registry.mapping.numbers import FACTORS
from locoreg.registry.mapping.offsets import PRECISIONS, Days, birth_years, offset_days
from locoreg.registry.mapping.readings import Fault, Reading, shown, unknowns
from locoreg.registry.mapping.spec import ColumnMap, ColumnSpec, FileSpec
from locoreg.registry.mapping.values import LIMITS
from locoreg.registry.tables import TABLES, Column

if TYPE_CHECKING:
    from numpy.typing import NDArray

# Readings remembered per column; codes counted one by one per column.
REMEMBERED = 200_000
MOST_CODES = 10_000
OTHER_CODES = "(other codes)"
EPOCH = date(1970, 1, 1).toordinal()
_LOWEST = float(date(FIRST_YEAR, 1, 1).toordinal() - EPOCH)
_HIGHEST = float(date(LAST_YEAR, 12, 31).toordinal() - EPOCH)
# What a spreadsheet makes of a key of digits.
_SPOILT_KEY = r"^[+-]?\d+(\.0*|([.,]\d*)?[eE][+-]?\d+)$"
_NO_ROWS: Any = np.empty(0, np.int64)


@dataclass(slots=True)
class Faults:
    """What is wrong with texts, and where they stand.

    Attributes
    ----------
    rows : ndarray of int
        Rows of the chunk.
    which : ndarray of int
        Position in ``kinds`` of each of these rows.
    kinds : list of tuple
        Text and fault.
    """

    rows: NDArray[np.int64]
    which: NDArray[np.int64]
    kinds: list[tuple[str, Fault]]


@dataclass(slots=True)
class ReadColumn:
    """A column of the registry, for the rows of one chunk.

    Attributes
    ----------
    value : pyarrow.Array, shape (n,)
        Values.
    reason, more : pyarrow.StringArray or None
        Why a value is null; precision of dates, operator of numbers. None: null throughout.
    unknown : ndarray of bool, shape (n,)
        Whether the source has nothing there.
    faults : list of Faults
        What is wrong.
    codes : tuple or None
        Position of each row in a list of codes and what they became.
    days : Days or None
        The dates, of date columns.
    offsets : ndarray of float or None
        The numbers, of offset columns.
    """

    value: Any
    reason: Any
    more: Any
    unknown: NDArray[np.bool_]
    faults: list[Faults] = field(default_factory=list)
    codes: tuple[NDArray[np.int64], list[tuple[str, str | None] | None]] | None = None
    days: Days | None = None
    offsets: NDArray[np.float64] | None = None


class ColumnReader:
    """Read one column of the registry.

    Parameters
    ----------
    table : str
        Table of the registry.
    column : Column
        Its column.
    spec : ColumnSpec
        Where it comes from.
    file_spec : FileSpec
        How the file is written.
    column_map : ColumnMap
        The map.
    """

    def __init__(
        self,
        table: str,
        column: Column,
        spec: ColumnSpec,
        file_spec: FileSpec,
        column_map: ColumnMap,
    ) -> None:
        self.table = table
        self.column = column
        self.spec = spec
        self.unknown = unknowns(column_map.missing, spec.missing)
        self._days_per_month = column_map.days_per_month
        self._codes: Counter[tuple[str, str | None]] = Counter()
        self._memo: dict[str, Reading] = {}
        operators = column.name == "value_num" and "operator" in TABLES[table].names
        self._read_text = reader_of(column, spec, file_spec, self.unknown, operators=operators)
        kind = kind_of(column, spec)
        self._plain = column.type == "text" and spec.codes is None and kind in ("text", "key")
        self._is_key = kind == "key"

    def read(self, cells: Cells, anchors: Mapping[str, Days]) -> ReadColumn:
        """Read the column for the rows of a chunk.

        Parameters
        ----------
        cells : Cells
            Texts of the chunk.
        anchors : mapping of str to Days
            What offsets are counted from.

        Returns
        -------
        ReadColumn
            Values, reasons and faults.
        """
        spec = self.spec
        if self._plain:
            out = self._plain_text(cells)
        else:
            single = spec.template is None and len(spec.source) == 1 and not spec.when
            found = (
                cells.distinct(spec.source[0])
                if single
                else distinct(cells.texts(spec, self.unknown))
            )
            out = self._by_distinct(found)
        self._add_conflicts(out, cells)
        if self.column.type in LIMITS and (origin := spec.since or spec.before):
            self._add_birth(out, anchors[origin])
        elif spec.since is not None:
            self._add_offsets(out, anchors[spec.since])
        elif self.column.type == "date":
            out.days = _as_days(out)
        elif spec.unit_column is not None and self.column.unit in FACTORS:
            self._scale(out, cells.distinct(spec.unit_column))
        if spec.when:
            _not_applicable(out, ~cells.meeting(spec.when, self.unknown))
        return out

    def count_codes(self, read: ReadColumn, rows: NDArray[np.bool_]) -> None:
        """Count how codes were read in the rows that were taken."""
        if read.codes is None:
            return
        index, uses = read.codes
        counts = np.bincount(index[rows], minlength=len(uses))
        for use, count in zip(uses, counts.tolist(), strict=True):
            if use is not None and count:
                full = len(self._codes) >= MOST_CODES and use not in self._codes
                self._codes[(OTHER_CODES, None) if full else use] += count

    def code_uses(self) -> list[CodeUse]:
        """Return how the codes of all chunks were read."""
        name = " or ".join(self.spec.source) or str(self.spec.template)
        return [
            CodeUse(
                source_code=text,
                table_name=self.table,
                column_name=self.column.name,
                canonical_code=canonical,
                n_rows=count,
                vocabulary=name,
            )
            for (text, canonical), count in self._codes.items()
        ]

    def _plain_text(self, cells: Cells) -> ReadColumn:
        texts = cells.texts(self.spec, self.unknown)
        if self._is_key and pc.any(pc.match_substring_regex(texts, _SPOILT_KEY)).as_py():
            out = self._by_distinct(distinct(texts))
            out.codes = None
            return out
        unknown = cells.unknown(texts, self.unknown)
        if not unknown.any():
            return ReadColumn(value=texts, reason=None, more=None, unknown=unknown)
        lacking = pa.array(unknown)
        kinds = distinct(texts.filter(lacking))
        reasons = np.full(cells.n, None, object)
        reasons[unknown] = np.array([self.unknown.reason(t) for t in kinds.texts], object)[
            kinds.index
        ]
        return ReadColumn(
            value=pc.if_else(lacking, pa.scalar(None, pa.string()), texts),
            reason=pa.array(reasons, pa.string()),
            more=None,
            unknown=unknown,
        )

    def _by_distinct(self, found: Distinct) -> ReadColumn:
        readings = self._readings(found.texts)
        index = pa.array(found.index)
        is_offset = self.spec.since is not None or self.spec.before is not None
        kind = pa.float64() if is_offset else self._type()
        out = ReadColumn(
            value=pa.array([r.value for r in readings], kind).take(index),
            reason=_spread([r.reason for r in readings], index),
            more=_spread([r.more for r in readings], index),
            unknown=np.array([r.value is None and r.fault is None for r in readings], bool)[
                found.index
            ],
        )
        faulty = np.array([r.fault is not None for r in readings], bool)[found.index]
        if faulty.any():
            kinds = [
                (text, r.fault or Fault("", "note", ""))
                for text, r in zip(found.texts, readings, strict=True)
            ]
            rows = np.flatnonzero(faulty)
            out.faults.append(Faults(rows, found.index[rows], kinds))
        if any(r.code for r in readings):
            uses = [
                (text, None if r.value is None else str(r.value)) if r.code else None
                for text, r in zip(found.texts, readings, strict=True)
            ]
            out.codes = (found.index, uses)
        return out

    def _readings(self, texts: list[str]) -> list[Reading]:
        memo = self._memo
        if len(memo) > REMEMBERED:
            memo.clear()
        out = []
        for text in texts:
            reading = memo.get(text)
            if reading is None:
                reading = memo[text] = self._read_text(text)
            out.append(reading)
        return out

    def _type(self) -> Any:
        return TABLES[self.table].arrow_schema().field(self.column.name).type

    def _add_conflicts(self, out: ReadColumn, cells: Cells) -> None:
        rows = cells.conflicts(self.spec, self.unknown)
        if not len(rows):
            return
        columns = [cells.column(name) for name in self.spec.source]
        kinds = []
        for row in rows.tolist():
            held = [str(column[row].as_py()) for column in columns]
            told = ", ".join(
                f"{name} {shown(text)}" for name, text in zip(self.spec.source, held, strict=True)
            )
            message = f"the columns differ ({told}); the first known one was taken."
            kinds.append((" | ".join(held), Fault("columns-differ", "minor", message)))
        out.faults.append(Faults(rows, np.arange(len(rows)), kinds))

    def _add_offsets(self, out: ReadColumn, base: Days) -> None:
        numbers = out.value.to_numpy(zero_copy_only=False).astype(np.float64)
        days = offset_days(numbers, base, self.spec, self._days_per_month)
        known = ~np.isnan(days.day)
        with np.errstate(invalid="ignore"):
            wrong = known & ((days.day < _LOWEST) | (days.day > _HIGHEST))
        if wrong.any():
            rows = np.flatnonzero(wrong)
            fault = Fault("impossible-date", "serious", "the offset leads to no usable year.")
            kinds = [(str(numbers[row]), fault) for row in rows]
            out.faults.append(Faults(rows, np.arange(len(rows)), kinds))
        day = np.where(wrong, np.nan, days.day)
        known &= ~wrong
        # A null needs its reason, also where the origin is unknown.
        lacking = pc.and_(pa.array(~known), pc.is_null(out.reason))
        out.reason = pc.if_else(lacking, pa.scalar("not_recorded"), out.reason)
        whole = np.where(known, day, 0).astype(np.int32)
        out.value = pa.array(whole, pa.int32(), mask=~known).cast(pa.date32())
        words = np.array(PRECISIONS, object)[days.precision]
        out.more = pa.array(words, pa.string(), mask=~known)
        out.days = Days(day=day, precision=days.precision)
        out.offsets = numbers

    def _add_birth(self, out: ReadColumn, base: Days) -> None:
        """Make years of birth of numbers counted from an anchor, or back from it."""
        numbers = out.value.to_numpy(zero_copy_only=False).astype(np.float64)
        year = birth_years(numbers, base, self.spec, self._days_per_month)
        known = ~np.isnan(year)
        with np.errstate(invalid="ignore"):
            wrong = known & ((year < FIRST_YEAR) | (year > LAST_YEAR))
        if wrong.any():
            rows = np.flatnonzero(wrong)
            fault = Fault("impossible-date", "serious", "the age leads to no usable year of birth.")
            kinds = [(str(numbers[row]), fault) for row in rows]
            out.faults.append(Faults(rows, np.arange(len(rows)), kinds))
        known &= ~wrong
        lacking = pc.and_(pa.array(~known), pc.is_null(out.reason))
        out.reason = pc.if_else(lacking, pa.scalar("not_recorded"), out.reason)
        whole = np.where(known, year, 0).astype(np.int64)
        out.value = pa.array(whole, pa.int64(), mask=~known).cast(self._type())
        out.more = None

    def _scale(self, out: ReadColumn, units: Distinct) -> None:
        factors = FACTORS[self.column.unit]
        folded = {name.casefold(): factor for name, factor in factors.items()}
        factor = np.array(
            [factors.get(u, folded.get(u.casefold(), np.nan)) for u in units.texts], np.float64
        )[units.index]
        values = out.value.to_numpy(zero_copy_only=False).astype(np.float64)
        lost = ~np.isnan(values) & np.isnan(factor)
        if lost.any():
            rows = np.flatnonzero(lost)
            message = f"the unit is none of {', '.join(factors)}; the number was left out."
            kinds = [(text, Fault("size-without-unit", "serious", message)) for text in units.texts]
            out.faults.append(Faults(rows, units.index[rows], kinds))
            out.reason = pc.if_else(pa.array(lost), pa.scalar("not_recorded"), out.reason)
        scaled = np.round(values * factor, 9)
        out.value = pa.array(scaled, pa.float64(), mask=np.isnan(scaled))


def _not_applicable(out: ReadColumn, rows: NDArray[np.bool_]) -> None:
    """Give rows, which have no value, the reason that they can't have one."""
    reason = out.reason if out.reason is not None else pa.nulls(len(rows), pa.string())
    lacking = pc.and_(pa.array(rows), pc.is_null(out.value))
    out.reason = pc.if_else(lacking, pa.scalar("not_applicable"), reason)


def _spread(texts: list[str | None], index: Any) -> Any:
    return pa.array(texts, pa.string()).take(index)


def _as_days(read: ReadColumn) -> Days:
    known = pc.is_valid(read.value).to_numpy(zero_copy_only=False)
    numbers = pc.fill_null(read.value.cast(pa.int32()), 0).to_numpy(zero_copy_only=False)
    day = np.where(known, numbers.astype(np.float64), np.nan)
    place = pc.index_in(read.more, value_set=pa.array(PRECISIONS))
    precision = pc.fill_null(place, 0).to_numpy(zero_copy_only=False).astype(np.int64)
    return Days(day=day, precision=precision)
