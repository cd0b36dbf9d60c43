"""Rows of an export and the instruments that they belong to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

from locoreg.registry.redcap.dictionary import Dictionary, Field
from locoreg.registry.redcap.header import INSTRUMENT, ExportColumn, ExportHeader
from locoreg.registry.redcap.values import Votes, raw_cells, vote, years_only

if TYPE_CHECKING:
    import pyarrow as pa

    from locoreg.registry.intake.textrows import TextChunk


def is_private(field: Field) -> bool:
    """Return whether a field's contents never enter: identifiers other than dates, free text.

    Dates flagged as identifiers are kept for the columns that are dates (or the year of birth).
    """
    return field.type in ("notes", "file") or (field.identifier and not field.is_date)


@dataclass(frozen=True)
class ExportRows:
    """Some rows of an export, their cells as a raw export has them.

    Attributes
    ----------
    columns : mapping of str to pyarrow.Array
        Cells by the names of a raw export; columns of private fields are left out.
    lines : pyarrow.Int64Array
        The line on which each row begins.
    repeats : pyarrow.Array
        Name of the repeating instrument, empty text for other rows.
    dictionary : Dictionary
        Data dictionary.
    parts : mapping of str to sequence of ExportColumn
        Columns of each form.
    """

    columns: Mapping[str, pa.Array]
    lines: pa.Int64Array
    repeats: pa.Array
    dictionary: Dictionary
    parts: Mapping[str, Sequence[ExportColumn]]

    @cached_property
    def filled(self) -> Mapping[str, pa.BooleanArray]:
        """For each form, which rows hold something of it.

        A box that is not ticked and the status ``0`` (incomplete) are exported for forms that
        nobody has opened: they say nothing.
        """
        import pyarrow as pa
        import pyarrow.compute as pc

        out = {}
        for form, columns in self.parts.items():
            some = pa.repeat(pa.scalar(False), len(self.lines))
            for column in columns:
                nothing = ["", "0"] if column.kind in ("checkbox", "status") else [""]
                blank = pc.is_in(self.columns[column.name], value_set=pa.array(nothing))
                some = pc.or_(some, pc.invert(blank))
            out[form] = some
        return out

    def of(self, form: str) -> pa.BooleanArray:
        """Return which rows are instances of a form: its own repeats, and other rows that hold it.

        Parameters
        ----------
        form : str
            Name of the instrument.

        Returns
        -------
        pyarrow.BooleanArray
            One value per row.
        """
        import pyarrow.compute as pc

        here = self.filled.get(form)
        own = pc.equal(self.repeats, form)
        if here is None:
            return own
        # Rows of a repeating event and rows that don't repeat name no instrument.
        unnamed = pc.or_(pc.equal(self.repeats, ""), self.unknown_repeats)
        return pc.or_(own, pc.and_(unnamed, here))

    @cached_property
    def unknown_repeats(self) -> pa.BooleanArray:
        """Which rows name a repeating instrument that the dictionary lacks."""
        import pyarrow as pa
        import pyarrow.compute as pc

        known = pa.array(["", *self.dictionary.forms])
        return pc.invert(pc.is_in(self.repeats, value_set=known))


class RowReader:
    """Turn chunks of an export into rows as a raw export has them.

    Parameters
    ----------
    header : ExportHeader
        What the columns are.
    numbered : sequence of str
        Names of the columns as chunks have them, where repeated headers are numbered.
    dictionary : Dictionary
        Data dictionary.
    unknown : frozenset of str
        Labels (folded) that mean unknown.
    years_of : frozenset of str
        Fields of which only the year is kept: dates of birth.
    """

    def __init__(
        self,
        header: ExportHeader,
        numbered: Sequence[str],
        dictionary: Dictionary,
        *,
        unknown: frozenset[str] = frozenset(),
        years_of: frozenset[str] = frozenset(),
    ) -> None:
        self.header = header
        self.dictionary = dictionary
        self.unknown = unknown
        self.years_of = years_of
        self.labelled: bool | None = None
        self.votes = Votes()
        self.columns = {
            numbered[column.place]: column
            for column in header.known()
            if column.field is None or not is_private(column.field) or column.name in years_of
        }
        self.parts: dict[str, list[ExportColumn]] = {}
        for column in self.columns.values():
            # The record id stands in every row and says nothing about its own form.
            if column.form is not None and column.field is not dictionary.record_id:
                self.parts.setdefault(column.form, []).append(column)

    @property
    def wanted(self) -> tuple[str, ...]:
        """Columns to read from the file."""
        return tuple(self.columns)

    def read(self, chunk: TextChunk) -> ExportRows:
        """Return the rows of a chunk; the first chunk decides whether cells are labels."""
        import pyarrow as pa

        if self.labelled is None:
            for name, column in self.columns.items():
                vote(column, chunk.columns[name].unique().to_pylist(), self.votes)
            self.labelled = self.votes.labelled(self.header.labelled)
        cells = {
            column.name: self._cells(column, chunk.columns[name])
            for name, column in self.columns.items()
        }
        repeats = cells.get(INSTRUMENT)
        if repeats is None:
            repeats = pa.array([""] * len(chunk), pa.string())
        return ExportRows(
            columns=cells,
            lines=chunk.rows,
            repeats=repeats,
            dictionary=self.dictionary,
            parts=self.parts,
        )

    def _cells(self, column: ExportColumn, cells: pa.Array) -> pa.Array:
        if column.name in self.years_of:
            return years_only(cells)
        return raw_cells(
            column,
            cells,
            self.dictionary,
            labelled=bool(self.labelled),
            unknown=self.unknown,
        )


def as_written(numbered: Sequence[str]) -> list[str]:
    """Return the headers as the file has them, from names where repeated ones are numbered.

    Parameters
    ----------
    numbered : sequence of str
        Such as ``Complete? (1)`` and ``Complete? (2)``.

    Returns
    -------
    list of str
        A label export calls every status ``Complete?``.
    """
    bases: dict[str, int] = {}
    for name in numbered:
        base = _base(name)
        if base != name:
            bases[base] = bases.get(base, 0) + 1
    return [_base(name) if bases.get(_base(name), 0) > 1 else name for name in numbered]


def _base(name: str) -> str:
    if not name.endswith(")"):
        return name
    base, mark, number = name[:-1].rpartition(" (")
    return base if mark and number.isascii() and number.isdigit() else name
