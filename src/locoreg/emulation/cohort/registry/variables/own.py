"""Variables of one's own, read from any table of the registry; columns of the patient table."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.emulation.cohort.columns import Column
from locoreg.emulation.cohort.registry.study import Rows, Study, last_of
from locoreg.emulation.cohort.registry.variables.columns import (
    YES_NO,
    number,
    of_codes,
    of_words,
    yes_no,
)
from locoreg.registry.tables import CLINICAL, TABLES, Table
from locoreg.registry.tables import Column as TableColumn
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import ibis.expr.types as ir

    from locoreg.emulation.protocol.parts import Variable

# Known at the end of follow-up, and not before.
NOT_AT_TIME_ZERO = ("vital_status", "death_cause", "last_contact_date", "death_date")
_NUMBERS = ("int16", "int32", "int64", "number")


def patient_columns() -> tuple[str, ...]:
    """Return the columns of the patient table that can be variables as of time zero."""
    return tuple(
        c.name
        for c in TABLES["patient"].columns
        if c.of is None
        and c.type != "date"
        and not c.key
        and c.name not in NOT_AT_TIME_ZERO
        and not c.name.startswith(("source_", "import_"))
    )


def patient_column(study: Study, name: str) -> Column:
    """Return a column of the patient table as a variable."""
    rows = study.rows("patient", (name,))
    values, levels = _values(rows, TABLES["patient"].column(name))
    return _column(name, last_of(rows.person, study.n, values), levels)


def own_variable(study: Study, name: str, asked: Variable) -> Column:
    """Return a variable of the protocol as of time zero.

    Parameters
    ----------
    study : Study
        Persons.
    name : str
        Its name.
    asked : Variable
        Where it stands.

    Returns
    -------
    Column
        Numbers, codes in the order of the dictionary, words, or yes and no.

    Raises
    ------
    DesignError
        If its window ends after time zero, or the table has no such column or date.
    """
    low, high = asked.window_months
    if high > 0:
        raise DesignError(
            f"the variable {name} is measured up to {high:g} months after time zero.",
            hint="a baseline variable ends at 0: what comes later may follow from the treatment. "
            "Name it under confounders.time_varying if it is meant to change.",
        )
    rows = read_own(study, name, asked)
    if date_of(name, asked) is not None:
        months = study.months(rows)
        rows = study.known(rows.take((months >= low) & (months <= high)))
    if asked.take in ("count", "any"):
        return _counted(study, name, asked.take, rows)
    values, levels = own_values(rows, asked)
    known = ~np.isnan(values)
    rows, values = rows.take(known), values[known]
    return _column(name, _taken(study, asked.take, rows, values), levels)


def _counted(study: Study, name: str, take: str, rows: Rows) -> Column:
    counts = np.bincount(rows.person, minlength=study.n).astype(np.float64)
    return number(name, counts) if take == "count" else yes_no(name, counts > 0)


def _taken(study: Study, take: str, rows: Rows, values: FloatArray) -> FloatArray:
    if take in ("max", "min"):
        return last_of(rows.person, study.n, values, first=take == "min")
    order = [np.nan_to_num(key) for key in (rows.when.day, rows.when.first)]
    return last_of(rows.person, study.n, values, *order, first=take == "first")


def read_own(study: Study, name: str, asked: Variable) -> Rows:
    """Return the rows that a variable of the protocol is made of, of all times.

    Parameters
    ----------
    study : Study
        Persons.
    name : str
        Name of the variable.
    asked : Variable
        Where it stands.

    Returns
    -------
    Rows
        With the column, where it names one: rows in which it is null or false are left out if
        rows are counted.

    Raises
    ------
    DesignError
        If the table has no such column or date.
    """
    table = _table(name, asked)
    for column in (*asked.where, *([] if asked.column is None else [asked.column])):
        if column not in table.names:
            raise DesignError(
                f"the variable {name}: the table {table.name} has no column {column!r}.",
                hint=did_you_mean(column, table.names),
            )
    counted = asked.take in ("count", "any") and asked.column is not None

    def meant(row: ir.Table) -> ir.BooleanValue:
        condition = row.patient_id.notnull()
        for column, wanted in asked.where.items():
            values = list(wanted) if isinstance(wanted, list | tuple) else [wanted]
            condition = condition & row[column].isin(values).fill_null(False)
        if counted:
            condition = condition & row[asked.column].notnull()
            if table.column(str(asked.column)).type == "bool":
                condition = condition & row[asked.column]
        return condition

    columns = () if asked.column is None else (asked.column,)
    return study.rows(table.name, columns, date=date_of(name, asked), where=meant)


def _table(name: str, asked: Variable) -> Table:
    if asked.table not in CLINICAL:
        raise DesignError(
            f"the variable {name}: a registry has no table {asked.table!r} of patients.",
            hint=did_you_mean(asked.table, CLINICAL),
        )
    if asked.table == "patient" and asked.column in NOT_AT_TIME_ZERO:
        raise DesignError(
            f"the variable {name}: patient.{asked.column} is known at the end of follow-up only.",
            hint="what happens later can be no variable as of time zero.",
        )
    return TABLES[asked.table]


def date_of(name: str, asked: Variable) -> str | None:
    """Return the column of the date of a variable's rows; None for the patient table's.

    Parameters
    ----------
    name : str
        Name of the variable.
    asked : Variable
        Where it stands.

    Returns
    -------
    str or None
        As the protocol says, else the table's only date.

    Raises
    ------
    DesignError
        If the table has none, or several.
    """
    dates = [c.name for c in TABLES[asked.table].columns if c.type == "date"]
    if asked.date is not None:
        if asked.date not in dates:
            raise DesignError(
                f"the variable {name}: {asked.date!r} is no column of dates of {asked.table}.",
                hint=did_you_mean(asked.date, dates),
            )
        return asked.date
    if asked.table == "patient":
        return None
    if len(dates) != 1:
        found = f"several dates: {', '.join(dates)}" if dates else "no date"
        raise DesignError(
            f"the variable {name}: rows of {asked.table} have {found}.",
            hint="name one with date." if dates else "rows without a date have no place in time.",
        )
    return dates[0]


def own_values(rows: Rows, asked: Variable) -> tuple[FloatArray, tuple[str, ...]]:
    """Return the values of a variable's rows: numbers, or codes and their levels."""
    if asked.column is None:
        raise DesignError(
            f"take {asked.take} needs a column of {asked.table}.", hint="name the column."
        )
    return _values(rows, TABLES[asked.table].column(asked.column))


def _values(rows: Rows, column: TableColumn) -> tuple[FloatArray, tuple[str, ...]]:
    words = rows.word(column.name)
    if column.type == "bool":
        return rows.number(column.name), YES_NO
    if column.type in _NUMBERS and not column.allowed:
        return rows.number(column.name), ()
    if column.type in _NUMBERS:
        # Whole numbers from a list, such as grades, are levels.
        import pyarrow as pa

        found = of_codes(column.name, words.cast(pa.string()), column.allowed)
    elif column.allowed:
        found = of_codes(column.name, words, column.allowed)
    elif column.type == "text":
        found = of_words(column.name, words)
    else:
        raise DesignError(
            f"{column.name} is a date and can be no variable.",
            hint="use it as the date of another column's rows.",
        )
    return found.values, found.levels


def _column(name: str, values: FloatArray, levels: tuple[str, ...]) -> Column:
    if not levels:
        return number(name, values)
    return Column(name=name, kind="category", values=values, levels=levels)
