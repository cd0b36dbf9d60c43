"""The rows of a table that curves are estimated from: complete, checked, the rest named."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DataError
from locoreg.core.numbertext import plural
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray
from locoreg.workflows.curves.events import EventCodes, read_events
from locoreg.workflows.curves.readtable import TableColumns, read_columns
from locoreg.workflows.curves.textcells import MOST_NAMED, named_lines


@dataclass(frozen=True, slots=True, kw_only=True)
class ColumnNames:
    """Columns of the table by what they are; None where there is none."""

    time: str
    event: str
    by: str | None = None
    entry: str | None = None
    weight: str | None = None
    id: str | None = None
    cluster: str | None = None

    def to_dict(self) -> dict[str, str]:
        """Return the columns that are used."""
        names = ("time", "event", "by", "entry", "weight", "id", "cluster")
        return {name: getattr(self, name) for name in names if getattr(self, name) is not None}


@dataclass(frozen=True, slots=True, kw_only=True)
class LeftOut:
    """Rows that are left out because one of their cells is empty.

    Attributes
    ----------
    column : str
        Column in which they have no value; a row counts for the first such column.
    count : int or None
        Their number; None where the small-cell rule hides it.
    text : str
        The number as shown.
    lines : tuple of int
        The first lines.
    """

    column: str
    count: int | None
    text: str
    lines: tuple[int, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the rows as JSON-ready values."""
        out: dict[str, Any] = {"column": self.column, "reason": "missing", "count": self.count}
        if self.count is None:
            return {**out, "shown": self.text}
        return {**out, "first_lines": list(self.lines)}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CompleteRows:
    """Checked rows.

    Attributes
    ----------
    table : TableColumns
        What was read.
    rows : int
        Rows of the file.
    line : ndarray of int, shape (n,)
        Line of each row that is used.
    left_out : tuple of LeftOut
        The others.
    time, event : ndarray of float, shape (n,)
        Ends of follow-up and codes of events.
    entry, weight : ndarray of float or None
        Starts of follow-up, weights.
    by, id, cluster : ndarray or None
        Labels.
    """

    table: TableColumns
    rows: int
    line: IntArray
    left_out: tuple[LeftOut, ...]
    time: FloatArray
    event: FloatArray
    entry: FloatArray | None
    weight: FloatArray | None
    by: NDArray[Any] | None
    id: NDArray[Any] | None
    cluster: NDArray[Any] | None


def read_rows(
    path: Path,
    names: ColumnNames,
    codes: EventCodes,
    *,
    drop_missing: bool,
    decimal: str | None,
) -> CompleteRows:
    """Read and check the rows of a table.

    Parameters
    ----------
    path : Path
        Delimited text file.
    names : ColumnNames
        Which column is what.
    codes : EventCodes
        How to read the event column.
    drop_missing : bool
        Whether rows with an empty cell are left out and counted; else they are an error.
    decimal : {"point", "comma"} or None
        Sign before the decimals.

    Returns
    -------
    CompleteRows
        The rows.

    Raises
    ------
    DataError
        If the file or its rows can't be used. The message names file, column and rows.
    """
    used = names.to_dict()
    numbers = [used[name] for name in ("time", "entry", "weight") if name in used]
    labels = [used[name] for name in ("event", "by", "id", "cluster") if name in used]
    table = read_columns(path, numbers=numbers, labels=labels, decimal=decimal)
    event = read_events(
        table.labels[names.event], codes, table.line, file=table.file, column=names.event
    )
    missing = _missing(table, used)
    keep = ~np.any(list(missing.values()), axis=0)
    left_out = _left_out(table, missing)
    if left_out and not drop_missing:
        _refuse_missing(table, left_out)
    if not keep.any():
        raise DataError(
            f"{table.file}: no row is complete in {', '.join(dict.fromkeys(used.values()))}.",
            hint="check the names of the columns.",
        )

    def number(name: str) -> FloatArray | None:
        return table.numbers[used[name]][keep] if name in used else None

    def label(name: str) -> NDArray[Any] | None:
        return table.labels[used[name]].values(keep) if name in used else None

    time = table.numbers[names.time][keep]
    found = CompleteRows(
        table=table,
        rows=table.line.size,
        line=table.line[keep],
        left_out=left_out,
        time=time,
        event=event[keep],
        entry=number("entry"),
        weight=number("weight"),
        by=label("by"),
        id=label("id"),
        cluster=label("cluster"),
    )
    _check(found, names)
    return found


def _missing(table: TableColumns, used: Mapping[str, str]) -> dict[str, BoolArray]:
    """Return where each column has no value."""
    found: dict[str, BoolArray] = {}
    for column in used.values():
        if column in table.numbers:
            found[column] = np.isnan(table.numbers[column])
        else:
            found[column] = table.labels[column].missing
    return found


def _left_out(table: TableColumns, missing: Mapping[str, BoolArray]) -> tuple[LeftOut, ...]:
    found = []
    taken = np.zeros(table.line.size, dtype=np.bool_)
    for column, rows in missing.items():
        new = rows & ~taken
        taken |= rows
        if new.any():
            lines = table.line[new]
            found.append(
                LeftOut(
                    column=column,
                    count=int(lines.size),
                    text=f"{lines.size:,}",
                    lines=tuple(lines[:MOST_NAMED].tolist()),
                )
            )
    return tuple(found)


def _refuse_missing(table: TableColumns, left_out: tuple[LeftOut, ...]) -> None:
    parts = []
    for item in left_out:
        more = (item.count or 0) - len(item.lines)
        rows = ", ".join(map(str, item.lines)) + (f" and {more:,} more" if more else "")
        many = "s" if item.count != 1 else ""
        parts.append(f"column {item.column} is empty in row{many} {rows}")
    raise DataError(
        f"{table.file}: {'; '.join(parts)}.",
        hint="fill the cells, or leave such rows out with --drop-missing; they are then counted.",
    )


def _check(rows: CompleteRows, names: ColumnNames) -> None:
    """Refuse values that no estimator can use."""
    _refuse(rows, rows.time < 0, names.time, rows.time, "is negative", "count time from time zero.")
    if rows.entry is not None and names.entry is not None:
        entry = rows.entry
        _refuse(rows, entry < 0, names.entry, entry, "is negative", "count time from time zero.")
        _refuse(
            rows,
            entry >= rows.time,
            names.entry,
            entry,
            f"is not before {names.time}, so that nobody is at risk,",
            "mend the two times, or leave the rows out and say so.",
        )
    if rows.weight is not None and names.weight is not None:
        hint = "weights are 0 or more."
        _refuse(rows, rows.weight < 0, names.weight, rows.weight, "is negative", hint)
        if not rows.weight.any():
            raise DataError(
                f"{rows.table.file}, column {names.weight}: all weights are 0.",
                hint="at least one row must have a weight.",
            )


def _refuse(
    rows: CompleteRows, bad: BoolArray, column: str, values: FloatArray, fault: str, hint: str
) -> None:
    if bad.any():
        first = float(values[int(np.argmax(bad))])
        raise DataError(
            f"{rows.table.file}, {named_lines(rows.line[bad])}, column {column} {fault} "
            f"(first: {first:g}).",
            hint=hint,
        )


def rows_sentence(rows: int, left_out: tuple[LeftOut, ...]) -> str:
    """Return what became of the rows of a file."""
    if not left_out:
        return f"{plural(rows, 'row')}, all used."
    parts = []
    for item in left_out:
        named = ""
        if item.count is not None:
            more = item.count - len(item.lines)
            listed = ", ".join(map(str, item.lines)) + (f" and {more:,} more" if more else "")
            named = f" (row{'s' if item.count > 1 else ''} {listed})"
        parts.append(f"{item.text} without {item.column}{named}")
    return f"{plural(rows, 'row')}; left out: {'; '.join(parts)}."
