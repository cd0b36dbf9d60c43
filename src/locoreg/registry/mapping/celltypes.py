"""How one text of a column is read, by the column's type."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date

from locoreg.registry.mapping.codes import CodeBook, code_book, read_plain_code
from locoreg.registry.mapping.dates import date_format, read_date
from locoreg.registry.mapping.numbers import FACTORS, read_boolean, read_integer, read_number
from locoreg.registry.mapping.readings import Reading, Unknowns, refused, shown
from locoreg.registry.mapping.spec import ColumnSpec, FileSpec
from locoreg.registry.mapping.staging import is_category, read_category
from locoreg.registry.mapping.values import LIMITS, canonical
from locoreg.registry.tables import Column

Read = Callable[[str], Reading]
BIRTH_YEAR = "birth_year"


def kind_of(column: Column, spec: ColumnSpec) -> str:
    """Return how a text column is read: ``text``, ``key``, ``code``, ``snomed`` or ``category``."""
    if spec.kind is not None:
        return spec.kind
    if column.name == "snomed_body_site":
        return "snomed"
    if column.name.endswith("_id"):
        return "key"
    if is_category(column.name):
        return "category"
    coded = column.name in ("code", "loinc", "topography") or column.name.endswith("_code")
    return "code" if coded else "text"


def reader_of(
    column: Column, spec: ColumnSpec, file_spec: FileSpec, unknown: Unknowns, *, operators: bool
) -> Read:
    """Return the function that reads one text.

    Parameters
    ----------
    column : Column
        Column of the registry.
    spec : ColumnSpec
        Where it comes from.
    file_spec : FileSpec
        How the file is written.
    unknown : Unknowns
        Texts that mean unknown.
    operators : bool
        Whether an operator is kept beside the number.

    Returns
    -------
    callable
        Text without spaces around it to Reading.
    """
    book: CodeBook | None = None
    if spec.codes is not None or column.type == "code":
        codes = spec.codes
        if codes is not None:
            codes = {code: canonical(column, value) for code, value in codes.items()}
        book = code_book(codes, column.allowed, spec.doubtful)
    known = _typed(column, spec, file_spec, operators) if book is None else book.read
    if book is not None and spec.split is not None:
        known = _several(book, spec.split)

    def read(text: str) -> Reading:
        if book is None or text not in book.exact:
            reason = unknown.reason(text)
            if reason is not None:
                return Reading(None, reason)
        return known(text)

    return read


def _several(book: CodeBook, by: str) -> Read:
    def read(text: str) -> Reading:
        parts = [book.read(part.strip()) for part in text.split(by) if part.strip()]
        values = [str(part.value) for part in parts if part.value is not None]
        fault = next((part.fault for part in parts if part.fault is not None), None)
        joined = ";".join(dict.fromkeys(values)) or None
        return Reading(joined, None if joined else "not_recorded", None, fault, code=True)

    return read


def _typed(column: Column, spec: ColumnSpec, file_spec: FileSpec, operators: bool) -> Read:
    if column.type == "date" and spec.since is None:
        return _date(spec, file_spec)
    if column.type in ("date", "number"):
        return _number(column, spec, file_spec, operators)
    if column.type in LIMITS:
        if spec.since is not None or spec.before is not None:
            return _number(column, spec, file_spec, operators=False)
        whole = _integer(column)
        return _birth_year(whole, _date(spec, file_spec)) if column.name == BIRTH_YEAR else whole
    if column.type == "bool":
        return read_boolean
    kind = kind_of(column, spec)
    if kind == "category":
        return lambda text: read_category(column.name, text)
    snomed = kind == "snomed"
    return lambda text: read_plain_code(text, snomed=snomed)


def _date(spec: ColumnSpec, file_spec: FileSpec) -> Read:
    formats = [date_format(text) for text in (spec.dates or file_spec.dates)]
    century = spec.century_from or file_spec.century_from
    return lambda text: read_date(text, formats, century_from=century)


def _birth_year(whole: Read, day: Read) -> Read:
    """Read a year, or take it from a date of birth, which is not kept."""

    def read(text: str) -> Reading:
        reading = whole(text)
        found = day(text) if reading.value is None else reading
        if isinstance(found.value, date):
            return Reading(found.value.year)
        return reading

    return read


def _number(column: Column, spec: ColumnSpec, file_spec: FileSpec, operators: bool) -> Read:
    decimal = spec.decimal or file_spec.decimal
    factors = FACTORS.get(column.unit, {})
    units = () if spec.unit is None else (spec.unit,)
    if column.name == "value_num":
        units = ("%", *units)
    factor = factors.get(spec.unit or "", 1.0)

    def read(text: str) -> Reading:
        reading = read_number(text, decimal=decimal, units=units, operators=operators)
        if factor != 1.0 and isinstance(reading.value, float):
            # Rounded so that 2.3 cm is 23 mm and not 22.999999999999996.
            return reading._replace(value=round(reading.value * factor, 9))
        return reading

    return read


def _integer(column: Column) -> Read:
    limit = LIMITS[column.type]

    def read(text: str) -> Reading:
        reading = read_integer(text, low=-limit, high=limit - 1)
        known = reading.value is None or not column.allowed
        if not known and str(reading.value) not in column.allowed:
            allowed = ", ".join(column.allowed)
            return refused("unknown-code", f"{shown(text)} is none of {allowed}; it was left out.")
        return reading

    return read
