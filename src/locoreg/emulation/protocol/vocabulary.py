"""Words of a protocol that must be words of the registry's tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping

from locoreg.core.errors import did_you_mean
from locoreg.emulation.protocol.faults import Fault, Path
from locoreg.registry.tables import CLINICAL, TABLES, Column, Table

# Known at the end of follow-up and not before.
END_OF_FOLLOW_UP = ("last_contact_date", "vital_status", "death_date", "death_cause")


def code_faults(table: str, column: str, values: Iterable[object], path: Path) -> Iterator[Fault]:
    """Yield a fault for each value that a column of codes can't hold.

    Parameters
    ----------
    table, column : str
        A column of the registry.
    values : iterable
        What it is compared with.
    path : tuple
        Where the values stand; the position of each is added.

    Yields
    ------
    Fault
        With the nearest allowed code.
    """
    allowed = TABLES[table].column(column).allowed
    for position, value in enumerate(values):
        if allowed and str(value) not in allowed:
            yield Fault(
                path=(*path, position),
                message=f"{value!r} is no code of {table}.{column}",
                hint=did_you_mean(str(value), allowed),
            )


def variable_faults(
    table: str,
    column: str | None,
    where: Mapping[str, object],
    take: str,
    date: str | None,
) -> Iterator[Fault]:
    """Yield what is wrong in a variable that is read from a table of the registry.

    Parameters
    ----------
    table, column, where, take, date
        As in ``Variable``.

    Yields
    ------
    Fault
        With paths that begin in the variable.
    """
    if table not in CLINICAL:
        yield Fault(
            path=("table",),
            message=f"the registry has no table {table!r} of patients",
            hint=did_you_mean(table, CLINICAL),
        )
        return
    found = TABLES[table]
    yield from _value_faults(found, column, take)
    for name, wanted in where.items():
        values = wanted if isinstance(wanted, list | tuple) else (wanted,)
        yield from _where_faults(found, name, values, several=values is wanted)
    yield from _date_faults(found, date)


def _value_faults(table: Table, column: str | None, take: str) -> Iterator[Fault]:
    if column is None:
        if take not in ("count", "any"):
            yield Fault(
                path=("column",),
                message=f"is missing: take {take} needs a column",
                hint="name the column, or take count or any to ask for rows.",
            )
        return
    if column not in table.names:
        yield _no_column(table, column, ("column",))
    elif table.name == "patient" and column in END_OF_FOLLOW_UP:
        yield Fault(
            path=("column",),
            message=f"patient.{column} is known at the end of follow-up only, not at time zero",
            hint="the outcome can't be a variable that is adjusted for or selected by.",
        )
    elif take in ("max", "min") and table.column(column).type in ("text", "code", "bool"):
        kind = table.column(column).type
        yield Fault(
            path=("take",),
            message=f"{take} needs numbers, but {table.name}.{column} holds {_KINDS[kind]}",
            hint="take last or first.",
        )


_KINDS = {"text": "texts", "code": "codes", "bool": "true or false"}


def _where_faults(
    table: Table, name: str, values: Iterable[object], *, several: bool
) -> Iterator[Fault]:
    path: Path = ("where", name)
    if name not in table.names:
        yield _no_column(table, name, path)
        return
    for fault in code_faults(table.name, name, values, path):
        yield fault if several else Fault(path=path, message=fault.message, hint=fault.hint)


def _date_faults(table: Table, date: str | None) -> Iterator[Fault]:
    dates = date_columns(table)
    if date is not None:
        if date not in dates:
            yield Fault(
                path=("date",),
                message=f"{date!r} is no column of dates of {table.name}",
                hint=did_you_mean(date, dates),
            )
    elif len(dates) > 1 and table.name != "patient":
        yield Fault(
            path=("date",),
            message=f"is missing: rows of {table.name} have several dates",
            hint=f"name one of {', '.join(dates)}.",
        )


def date_columns(table: Table) -> tuple[str, ...]:
    """Return the names of a table's columns of dates."""
    return tuple(column.name for column in table.columns if column.type == "date")


def _no_column(table: Table, name: str, path: Path) -> Fault:
    known = [column.name for column in table.columns if _clinical(column)]
    return Fault(
        path=path,
        message=f"the table {table.name} has no column {name!r}",
        hint=did_you_mean(name, known) or f"it has {', '.join(known)}.",
    )


def _clinical(column: Column) -> bool:
    return column.of is None and not column.name.startswith(("source_", "import_"))


def scale_faults(instrument: str, scale: str) -> Iterator[Fault]:
    """Yield what is wrong in the name of a scale of quality of life."""
    from locoreg.registry.quality_of_life import shipped_instruments

    instruments = TABLES["qol_score"].column("instrument").allowed
    if instrument not in instruments:
        yield Fault(
            path=("instrument",),
            message=f"there is no instrument {instrument!r}",
            hint=did_you_mean(instrument, instruments),
        )
        return
    shipped = [known for known in shipped_instruments() if known.instrument == instrument]
    scales = [part.id for known in shipped for part in known.scales]
    scales += [part.id for known in shipped for part in known.composites]
    if scales and scale not in scales:
        yield Fault(
            path=("scale",),
            message=f"{instrument} has no scale {scale!r}",
            hint=did_you_mean(scale, scales),
        )
