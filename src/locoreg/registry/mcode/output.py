"""Where the mappers write: rows gathered by table, problems, codes, what is left out."""

from __future__ import annotations

from calendar import monthrange
from collections import Counter
from dataclasses import dataclass
from datetime import date
from typing import TYPE_CHECKING, Any

from locoreg.core.findings import Severity
from locoreg.registry.intake.sink import CodeUse, Problem, SetAside, Sink
from locoreg.registry.mcode.codes import Reading, first_code
from locoreg.registry.mcode.datatypes import Concept
from locoreg.registry.mcode.partialdates import Partial, read_date
from locoreg.registry.tables import TABLES, Table

if TYPE_CHECKING:
    import pyarrow as pa

# Rows of a table that are gathered before they are handed over; raw resources are larger.
ROWS = 20_000
RAW_ROWS = 2_000


@dataclass(frozen=True, slots=True)
class Origin:
    """Where a resource stands.

    Attributes
    ----------
    file : str
        File.
    row : int
        Line, or entry of the bundle.
    """

    file: str
    row: int


class Output:
    """Gather what the mappers write and hand it to a sink in large pieces.

    Parameters
    ----------
    sink : Sink
        Where it goes.
    """

    def __init__(self, sink: Sink) -> None:
        self._sink = sink
        self._rows: dict[str, list[dict[str, Any]]] = {}
        self._problems: list[Problem] = []
        self._aside: list[SetAside] = []
        self._unused: Counter[tuple[str, str]] = Counter()
        self._read: Counter[str] = Counter()
        self._codes: Counter[tuple[str, str, str | None, str, str | None, str | None, str]] = (
            Counter()
        )

    def read(self, file: str) -> None:
        """Count a resource (or an unusable line) as read."""
        self._read[file] += 1

    def unused(self, file: str, reason: str, count: int = 1) -> None:
        """Count resources that belong in no table."""
        self._unused[file, reason] += count

    def row(self, table: str, origin: Origin, cells: dict[str, Any]) -> None:
        """Take a row of a table, and keep it; columns that are left out are unknown."""
        rows = self._rows.setdefault(table, [])
        cells["source_file"] = origin.file
        cells["source_row"] = origin.row
        rows.append(cells)
        if len(rows) >= (RAW_ROWS if table == "raw_resource" else ROWS):
            self._hand_over(table)

    def problem(
        self,
        rule: str,
        severity: Severity,
        message: str,
        origin: Origin,
        *,
        patient_id: str | None = None,
        about: tuple[str, str | None, str | None] = ("", None, None),
        value: str | None = None,
    ) -> None:
        """Take a problem.

        Parameters
        ----------
        rule, severity, message
            See ``Problem``.
        origin : Origin
            Where the resource stands.
        patient_id : str, optional
            Patient.
        about : tuple
            Table, key of the row and column.
        value : str, optional
            The value at fault.
        """
        table, key, column = about
        self._problems.append(
            Problem(
                rule=rule,
                severity=severity,
                message=message,
                source_file=origin.file,
                source_row=origin.row,
                table_name=table or None,
                row_key=key,
                patient_id=patient_id,
                column_name=column,
                value=None if value is None else value[:500],
            )
        )
        if len(self._problems) >= RAW_ROWS:
            self._flush_notes()

    def aside(
        self, reason: str, origin: Origin, *, path: str | None = None, raw: str | None = None
    ) -> None:
        """Take a resource that could not be read; ``path`` is the element at fault."""
        self._aside.append(
            SetAside(
                reason=reason,
                source_file=origin.file,
                source_row=origin.row,
                column_name=path,
                raw=raw,
            )
        )
        if len(self._aside) >= RAW_ROWS:
            self._flush_notes()

    def code(self, table: str, column: str, canonical: Any, reading: Reading) -> None:
        """Count a code that was read by the table of codes or by its words."""
        self._count_code(
            reading.code or reading.display or "",
            reading.system,
            reading.display,
            (table, column),
            None if canonical is None or canonical == "" else str(canonical),
            reading.version,
        )

    def unknown_code(self, table: str, column: str, concept: Concept | None) -> None:
        """Count a code that means nothing here."""
        system, code, display = first_code(concept)
        if code or display:
            where = (table, column)
            self._count_code(code or display or "", system, display, where, None, "unknown")

    def flush(self) -> None:
        """Hand over everything that was gathered."""
        for table in list(self._rows):
            self._hand_over(table)
        self._flush_notes()
        for file, count in self._read.items():
            self._sink.count_read(file, count)
        for (file, reason), count in self._unused.items():
            self._sink.count_unused(file, reason, count)
        self._sink.code(
            CodeUse(
                source_code=code,
                table_name=table,
                column_name=column,
                canonical_code=canonical,
                n_rows=count,
                vocabulary=system,
                source_label=label,
                version=version,
            )
            for (code, table, system, column, label, canonical, version), count in sorted(
                self._codes.items(), key=lambda item: tuple(str(part) for part in item[0])
            )
        )

    def _count_code(
        self,
        code: str,
        system: str | None,
        label: str | None,
        where: tuple[str, str],
        canonical: str | None,
        version: str,
    ) -> None:
        table, column = where
        self._codes[code, table, system, column, label, canonical, version] += 1

    def _hand_over(self, table: str) -> None:
        rows = self._rows.pop(table, [])
        if rows:
            self._sink.add(table, rows_of(TABLES[table], rows))

    def _flush_notes(self) -> None:
        if self._problems:
            self._sink.problem(self._problems)
            self._problems = []
        if self._aside:
            self._sink.set_aside(self._aside)
            self._aside = []


def rows_of(table: Table, rows: list[dict[str, Any]]) -> pa.Table:
    """Return rows as an Arrow table: what is unknown without a reason was not recorded.

    Parameters
    ----------
    table : Table
        Canonical table.
    rows : list of dict
        Values by column.

    Returns
    -------
    pyarrow.Table
        The columns that the rows hold, and all columns of reasons.
    """
    import pyarrow as pa
    import pyarrow.compute as pc

    schema = table.arrow_schema()
    given: set[str] = set().union(*rows)
    if extra := given - set(schema.names):
        raise KeyError(f"{table.name} has no column {sorted(extra)[0]}")
    columns: dict[str, pa.Array] = {}
    for column in table.columns:
        kind = schema.field(column.name).type
        if column.name in given:
            columns[column.name] = pa.array([row.get(column.name) for row in rows], type=kind)
        if column.of is None or not column.name.endswith("_reason"):
            continue
        reason = columns.get(column.name, pa.nulls(len(rows), pa.string()))
        if column.of in columns:
            missing = pc.is_null(columns[column.of])
            stated = pc.fill_null(reason, "not_recorded")
            columns[column.name] = pc.if_else(missing, stated, pa.scalar(None, pa.string()))
        else:
            columns[column.name] = pc.fill_null(reason, "not_recorded")
    return pa.table(columns)


def date_cells(column: str, value: Partial | None, reason: str | None = None) -> dict[str, Any]:
    """Return the cells of a date: the date, its precision, or why there is none."""
    if value is not None:
        return {column: value.day, f"{column}_precision": value.precision}
    return {column: None, f"{column}_reason": reason}


def usable_date(
    text: str | None, output: Output, origin: Origin, *, patient_id: str, path: str
) -> Partial | None:
    """Return a date as written; a text that is no date is a problem and no date.

    Parameters
    ----------
    text : str or None
        FHIR date, dateTime or instant.
    output : Output
        Where the problem goes.
    origin : Origin
        Where the resource stands.
    patient_id : str
        Patient.
    path : str
        Element.
    """
    if text is None:
        return None
    found = read_date(text)
    if found is None:
        output.problem(
            "unusable-date",
            "serious",
            f"{path} is no date of FHIR (2018, 2018-05 or 2018-05-30); it was left empty.",
            origin,
            patient_id=patient_id,
            about=("", None, path),
            value=text,
        )
    return found


def earliest(dates: list[Partial]) -> Partial | None:
    """Return the earliest of dates, the most exact one where two begin on the same day."""
    ranks = {"day": 0, "month": 1, "year": 2}
    return min(dates, key=lambda d: (d.day, ranks[d.precision]), default=None)


def latest_day(value: Partial) -> date:
    """Return the last day that a date can mean."""
    if value.precision == "year":
        return date(value.day.year, 12, 31)
    if value.precision == "month":
        return value.day.replace(day=monthrange(value.day.year, value.day.month)[1])
    return value.day
