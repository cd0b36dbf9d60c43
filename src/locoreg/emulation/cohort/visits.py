"""Histories from a table of visits."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from locoreg.core.errors import DataError, DesignError
from locoreg.core.findings import Finding, Location
from locoreg.emulation.cohort.columns import Column, History
from locoreg.emulation.cohort.frames import Table, named_persons, read_table
from locoreg.registry.definitions import DAYS_PER_MONTH
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    from locoreg.emulation.protocol.parts import TableColumns


def read_histories(
    visits: Any,
    columns: TableColumns,
    names: Sequence[str],
    ids: Sequence[str],
    kept: IntArray,
) -> tuple[tuple[History, ...], tuple[Finding, ...]]:
    """Read variables that change over time.

    Parameters
    ----------
    visits : table, mapping or path
        One row per person and time.
    columns : TableColumns
        With ``visit_person`` and ``visit_time``.
    names : sequence of str
        The variables.
    ids : sequence of str
        All persons of the table of persons.
    kept : ndarray of int, shape (n,)
        Places of those in the cohort.

    Returns
    -------
    histories : tuple of History
        One per variable, in the order of the names.
    findings : tuple of Finding
        Visits of persons whom the table of persons does not hold.

    Raises
    ------
    DataError
        If a column is missing, a time is empty, or a person has two values at one time.
    DesignError
        If the protocol names no columns for person and time.
    """
    import pyarrow as pa
    from pyarrow import compute

    if columns.visit_person is None or columns.visit_time is None:
        raise DesignError(
            "the protocol's table: section does not say which columns of the visits hold person "
            "and time.",
            hint="give visit_person and visit_time.",
        )
    table = read_table(visits, "the table of visits")
    texts = table.texts(columns.visit_person, "visit_person")
    found = compute.index_in(texts, value_set=pa.array(ids, pa.string()))
    in_people = np.array(found.fill_null(-1).to_numpy(zero_copy_only=False), dtype=np.int64)
    in_cohort = np.full(len(ids) + 1, -1, dtype=np.int64)
    in_cohort[kept] = np.arange(kept.size)
    person = in_cohort[in_people]
    time = _times(table, columns, person, [ids[i] for i in kept.tolist()])
    order = np.lexsort((time, person))
    order = order[person[order] >= 0]
    histories = tuple(
        _history(table.variable(name, "time-varying confounder"), person, time, order, ids, kept)
        for name in names
    )
    return histories, _strangers(in_people, columns.visit_person)


def _times(table: Table, columns: TableColumns, person: IntArray, ids: Sequence[str]) -> FloatArray:
    assert columns.visit_time is not None
    time = table.numbers(columns.visit_time, "visit_time")
    bad = ~np.isfinite(time) & (person >= 0)
    if bad.any():
        raise DataError(
            f"the column {columns.visit_time!r} (visit_time) is empty for "
            f"{named_persons(ids, np.unique(person[bad]))}.",
            hint="give the time of every visit, in the unit of the other times.",
        )
    return np.asarray(time / DAYS_PER_MONTH if columns.unit == "days" else time)


def _history(
    column: Column,
    person: IntArray,
    time: FloatArray,
    order: IntArray,
    ids: Sequence[str],
    kept: IntArray,
) -> History:
    rows = order[~np.isnan(column.values[order])]
    who, when, values = person[rows], time[rows], column.values[rows]
    same = (who[1:] == who[:-1]) & (when[1:] == when[:-1])
    clash = same & (values[1:] != values[:-1])
    if clash.any():
        first = int(np.argmax(clash))
        raise DataError(
            f"person {ids[kept[who[first]]]} has two values of {column.name} at "
            f"{when[first]:g} months.",
            hint="keep one of them.",
        )
    single = np.append(~same, True)
    return History(
        name=column.name,
        kind=column.kind,
        person=who[single],
        time=when[single],
        values=values[single],
        levels=column.levels,
        n=kept.size,
    )


def _strangers(in_people: IntArray, column: str) -> tuple[Finding, ...]:
    count = int((in_people < 0).sum())
    if not count:
        return ()
    return (
        Finding(
            rule="visits_of_others",
            severity="note",
            subject="cohort",
            message=f"{count} visits belong to nobody in the table of persons.",
            value=count,
            limit=None,
            location=Location(file="visits", column=column),
            changes="they are left out.",
        ),
    )
