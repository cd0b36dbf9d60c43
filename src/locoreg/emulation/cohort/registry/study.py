"""The registry as the parts of a cohort read it: persons, time zero, rows of a table."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, TypeVar

import numpy as np

from locoreg.emulation.cohort.registry.dates import Span, in_months, spans
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

if TYPE_CHECKING:
    import ibis.expr.types as ir
    import pyarrow as pa

    from locoreg.emulation.protocol import TrialProtocol
    from locoreg.registry.engines import Engine

Made = TypeVar("Made")
# State is known from the last value of so many months before time zero; an older one says little.
LOOK_BACK_MONTHS = 3.0


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Rows:
    """Rows of one table that belong to persons of the study.

    Attributes
    ----------
    person : ndarray of int, shape (r,)
        Places of the persons.
    when : Span
        Dates of the rows; all unknown where none was asked for.
    table : pyarrow.Table
        The other columns, in the same order.
    """

    person: IntArray
    when: Span
    table: pa.Table

    def take(self, rows: IntArray | BoolArray) -> Rows:
        """Return some of the rows."""
        import pyarrow as pa

        chosen = np.flatnonzero(rows) if rows.dtype == np.bool_ else rows
        return Rows(
            person=self.person[chosen],
            when=self.when.take(chosen),
            table=self.table.take(pa.array(chosen)),
        )

    def number(self, name: str) -> FloatArray:
        """Return a column as numbers, NaN where null; true is 1."""
        return as_numbers(self.table.column(name))

    def word(self, name: str) -> pa.ChunkedArray:
        """Return a column of words."""
        return self.table.column(name)

    def null(self, name: str) -> BoolArray:
        """Return where a column is null."""
        import pyarrow.compute as pc

        return np.asarray(pc.is_null(self.table.column(name)).to_numpy(), dtype=np.bool_)


@dataclass(slots=True, kw_only=True, eq=False)
class Study:
    """Persons with a time zero, and the engine that holds their rows.

    Attributes
    ----------
    engine : Engine
        The registry.
    protocol : TrialProtocol
        What is asked.
    person_id : pyarrow.Array of text, shape (n,)
        Persons with a time zero, in the order of the bytes of their pseudonyms.
    zero : Span
        Time zero of each.
    """

    engine: Engine
    protocol: TrialProtocol
    person_id: pa.Array
    zero: Span
    _made: dict[str, Any] = field(default_factory=dict)

    @property
    def n(self) -> int:
        """Number of persons."""
        return len(self.person_id)

    def once(self, name: str, make: Callable[[Study], Made]) -> Made:
        """Return what several variables rest on, made when it is first asked for."""
        if name not in self._made:
            self._made[name] = make(self)
        made: Made = self._made[name]
        return made

    def rows(
        self,
        table: str,
        columns: Sequence[str] = (),
        *,
        date: str | None = None,
        where: Callable[[ir.Table], ir.BooleanValue] | None = None,
    ) -> Rows:
        """Return the rows of persons of the study.

        Parameters
        ----------
        table : str
            Canonical table.
        columns : sequence of str
            Columns to read.
        date : str, optional
            Column of the date of a row.
        where : callable, optional
            Which rows, as an ibis condition on the table.

        Returns
        -------
        Rows
            In no order.
        """
        import pyarrow as pa

        found = self.engine.execute(selected(self.engine.table(table), columns, date, where))
        person = places(found.column("patient_id"), self.person_id)
        mine = np.flatnonzero(person >= 0)
        if mine.size < person.size:
            found, person = found.take(pa.array(mine)), person[mine]
        nothing = np.full(person.size, np.nan)
        when = Span(first=nothing, last=nothing)
        if date is not None:
            when = spans(found.column(date), found.column(f"{date}_precision"))
        return Rows(person=person, when=when, table=found)

    def zero_of(self, rows: Rows) -> Span:
        """Return the time zero of the person of each row."""
        return self.zero.take(rows.person)

    def known(self, rows: Rows, *, months: float | None = None) -> Rows:
        """Return the rows that were known at time zero.

        Parameters
        ----------
        rows : Rows
            Rows with dates.
        months : float, optional
            At most so many months old.

        Returns
        -------
        Rows
            Those whose date can be that of time zero or lies before it.
        """
        zero = self.zero_of(rows)
        kept = rows.when.possibly_by(zero)
        if months is not None:
            kept &= self.months(rows) >= -months
        return rows.take(np.flatnonzero(kept))

    def months(self, rows: Rows) -> FloatArray:
        """Return the months from time zero to each row, one whose order is open on it."""
        zero = self.zero_of(rows)
        return in_months(rows.when.placed_by(zero) - zero.day)


def selected(
    table: ir.Table,
    columns: Sequence[str],
    date: str | None,
    where: Callable[[ir.Table], ir.BooleanValue] | None,
) -> ir.Table:
    """Return the query for some rows and columns, with the date and its precision."""
    if where is not None:
        table = table.filter(where(table))
    dates = [] if date is None else [date, f"{date}_precision"]
    return table.select(*dict.fromkeys(["patient_id", *dates, *columns]))


def places(ids: pa.ChunkedArray, among: pa.Array) -> IntArray:
    """Return the places of pseudonyms in a list without repeats; -1 for others."""
    import pyarrow.compute as pc

    found = pc.index_in(ids, value_set=among).fill_null(-1)
    return np.asarray(found.to_numpy(zero_copy_only=False), dtype=np.int64)


def as_numbers(values: pa.ChunkedArray) -> FloatArray:
    """Return a column as numbers, NaN where null; true is 1."""
    import pyarrow as pa

    if pa.types.is_boolean(values.type):
        values = values.cast(pa.int8())
    found = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return np.asarray(found, dtype=np.float64)


def last_of(
    person: IntArray, n: int, values: FloatArray, *order: FloatArray, first: bool = False
) -> FloatArray:
    """Return one value per person: that of the row that comes last.

    Parameters
    ----------
    person : ndarray of int, shape (r,)
        Person of each row.
    n : int
        Persons.
    values : ndarray of float, shape (r,)
        What is returned.
    *order : ndarray of float, shape (r,)
        Keys, the most important first. Of rows that are equal in all of them the one with the
        largest value counts.
    first : bool
        Take the row that comes first instead, and of equal ones the smallest value.

    Returns
    -------
    ndarray of float, shape (n,)
        NaN for persons without rows.
    """
    sign = -1.0 if first else 1.0
    keys = [sign * values, *(sign * key for key in reversed(order)), person]
    rank = np.lexsort(keys)
    out = np.full(n, np.nan)
    # Later assignments win.
    out[person[rank]] = values[rank]
    return out


def any_of(person: IntArray, n: int, marked: BoolArray | None = None) -> BoolArray:
    """Return which persons have a row, or a marked one."""
    out = np.zeros(n, dtype=np.bool_)
    out[person if marked is None else person[marked]] = True
    return out
