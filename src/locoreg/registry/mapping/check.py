"""Check a column map against the tables of the registry."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.registry.mapping.dates import date_format
from locoreg.registry.mapping.numbers import FACTORS
from locoreg.registry.mapping.spec import (
    ColumnMap,
    ColumnSpec,
    FileSpec,
    Scalar,
    TableSpec,
    text_options,
)
from locoreg.registry.mapping.template import template_names
from locoreg.registry.mapping.values import canonical
from locoreg.registry.mapping.yamltext import Path, Tree
from locoreg.registry.tables import BOOKKEEPING, PROVENANCE, TABLES, Column, Table

OFFSET_UNITS = ("days", "weeks", "months", "years")
MAPPABLE = tuple(name for name in TABLES if name not in BOOKKEEPING)
# Anchors whose meaning is fixed.
BIRTH, DIAGNOSIS, LAST_CONTACT = "birth", "diagnosis", "last_contact"
BIRTH_YEAR = "birth_year"


@dataclass(frozen=True, slots=True, kw_only=True)
class Checker:
    """Raise errors that say where in the map they stand.

    Attributes
    ----------
    tree : Tree or None
        Lines of the map; None for maps made by programs.
    name : str
        Name of the map.
    """

    tree: Tree | None
    name: str

    def fail(self, path: Path, message: str, hint: str | None = None) -> DesignError:
        """Return the error to raise."""
        place = f", {self.tree.place(path)}" if self.tree is not None else ""
        return DesignError(f"{self.name}{place}: {message}.", hint=hint)


def check_map(column_map: ColumnMap, tree: Tree | None, name: str) -> None:
    """Raise DesignError where a map does not fit the registry's tables.

    Parameters
    ----------
    column_map : ColumnMap
        The map.
    tree : Tree or None
        Lines of its text.
    name : str
        Name for messages.
    """
    checker = Checker(tree=tree, name=name)
    if column_map.calendar == "relative" and column_map.origin is None:
        raise checker.fail(
            ("calendar",), "relative dates need an origin", "state origin: 1900-01-01"
        )
    if column_map.calendar != "relative" and column_map.origin is not None:
        raise checker.fail(("origin",), f"{column_map.calendar} dates have no origin")
    patterns = [spec.file for spec in column_map.files]
    for i, spec in enumerate(column_map.files):
        if spec.file in patterns[:i]:
            raise checker.fail(("files", i, "file"), f"{spec.file!r} is named twice")
        _check_file(checker, column_map, spec, ("files", i))


def _check_file(checker: Checker, column_map: ColumnMap, spec: FileSpec, path: Path) -> None:
    try:
        text_options(spec)
        for text in spec.dates:
            _check_format(text, spec.century_from)
    except DesignError as error:
        raise checker.fail(path, error.message.removesuffix("."), error.hint) from None
    known = [column_map.origin_is] if column_map.origin is not None else []
    for name, column in spec.anchors.items():
        here = (*path, "anchors", name)
        date = TABLES["patient"].column("last_contact_date")
        _check_column(checker, spec, date, column, known, here)
        known.append(name)
    known += implied_anchors(spec, column_map.origin_is)
    for j, table in enumerate(spec.tables):
        _check_table(checker, spec, table, known, (*path, "tables", j))


def implied_anchors(spec: FileSpec, origin: str) -> dict[str, ColumnSpec]:
    """Return the anchors that the columns of a file define without saying so.

    Parameters
    ----------
    spec : FileSpec
        Part of the map for the file.
    origin : str
        What day 0 is, where dates are relative.

    Returns
    -------
    dict of str to ColumnSpec
        ``diagnosis`` and ``last_contact``, as far as they are read in this file.
    """
    out: dict[str, ColumnSpec] = {}
    wanted = {"dx_date": DIAGNOSIS, "last_contact_date": LAST_CONTACT}
    for table in spec.tables:
        for target, anchor in wanted.items():
            column = table.columns.get(target)
            taken = anchor in spec.anchors or anchor == origin
            if column is not None and not taken and column.since in (None, origin):
                out.setdefault(anchor, column)
    return out


def _check_table(
    checker: Checker, spec: FileSpec, entry: TableSpec, anchors: list[str], path: Path
) -> None:
    if entry.table not in MAPPABLE:
        hint = did_you_mean(entry.table, MAPPABLE)
        raise checker.fail((*path, "table"), f"there is no table {entry.table!r}", hint)
    table = TABLES[entry.table]
    for name, value in entry.constants.items():
        here = (*path, "constants", name)
        column = _known_column(checker, table, name, here)
        _check_value(checker, column, value, here)
        if name in entry.columns:
            raise checker.fail(here, f"{name} has a constant and a column")
    for here, name, column_spec in _columns(entry, path):
        column = _known_column(checker, table, name, here)
        _check_column(checker, spec, column, column_spec, anchors, here)
    for k, again in enumerate(entry.repeat):
        for name in again:
            if name in entry.columns or name in entry.constants:
                raise checker.fail(
                    (*path, "repeat", k, name), f"{name} stands in the repeat and outside of it"
                )
    _check_required(checker, table, entry, path)


def _columns(entry: TableSpec, path: Path) -> Iterator[tuple[Path, str, ColumnSpec]]:
    for name, column in entry.columns.items():
        yield (*path, "columns", name), name, column
    for k, again in enumerate(entry.repeat):
        for name, column in again.items():
            yield (*path, "repeat", k, name), name, column


def _check_required(checker: Checker, table: Table, entry: TableSpec, path: Path) -> None:
    for column in table.columns:
        if not column.required or column.name in PROVENANCE:
            continue
        if column.key and table.name != "patient":
            continue
        places: list[Mapping[str, object]] = [{**again} for again in entry.repeat] or [{}]
        for again in places:
            if column.name not in {*entry.columns, *entry.constants, *again}:
                raise checker.fail(
                    path, f"the table {table.name} needs the column {column.name}", "map it"
                )


def _known_column(checker: Checker, table: Table, name: str, path: Path) -> Column:
    own = [c.name for c in table.columns if c.of is None and c.name not in PROVENANCE]
    if name in own:
        return table.column(name)
    if name in table.names:
        raise checker.fail(path, f"{table.name}.{name} is filled in by the import itself")
    hint = did_you_mean(name, own)
    raise checker.fail(path, f"the table {table.name} has no column {name!r}", hint)


def _check_value(checker: Checker, column: Column, value: Scalar, path: Path) -> None:
    try:
        canonical(column, value)
    except ValueError as error:
        raise checker.fail(path, str(error), did_you_mean(str(value), column.allowed)) from None


def _check_column(
    checker: Checker,
    spec: FileSpec,
    column: Column,
    given: ColumnSpec,
    anchors: list[str],
    path: Path,
) -> None:
    if bool(given.source) == (given.template is not None):
        raise checker.fail(path, "state either from: or template:")
    if given.template is not None:
        if column.type != "text":
            raise checker.fail(path, f"{column.name} is no text: a template can't fill it")
        if not template_names(given.template):
            raise checker.fail(path, "the template names no column in braces")
    for code, value in (given.codes or {}).items():
        _check_value(checker, column, value, (*path, "codes", code))
    if given.kind is not None and column.type != "text":
        raise checker.fail((*path, "kind"), f"{column.name} is no text")
    if given.split is not None and (column.type != "text" or given.codes is None):
        raise checker.fail((*path, "split"), f"{column.name} is no text that is read by codes")
    if given.codes is not None and (column.type == "date" or given.kind is not None):
        raise checker.fail((*path, "codes"), f"{column.name} can't be read by codes")
    _check_reading(checker, spec, column, given, anchors, path)


def _check_reading(
    checker: Checker,
    spec: FileSpec,
    column: Column,
    given: ColumnSpec,
    anchors: list[str],
    path: Path,
) -> None:
    """Check how dates and numbers are read."""
    if given.before is not None and column.name != BIRTH_YEAR:
        raise checker.fail((*path, "before"), "before: goes with birth_year")
    if column.name == BIRTH_YEAR and (given.since or given.before):
        _check_birth(checker, given, anchors, path)
    elif column.type == "date":
        _check_date(checker, spec, given, anchors, path)
    else:
        _check_number(checker, column, given, path)


def _check_date(
    checker: Checker, spec: FileSpec, given: ColumnSpec, anchors: list[str], path: Path
) -> None:
    if given.since is None:
        formats = given.dates if given.dates is not None else spec.dates
        if not formats:
            raise checker.fail(
                path, "the formats of its dates are not stated", 'state dates: ["%Y-%m-%d"]'
            )
        for text in formats:
            try:
                _check_format(text, given.century_from or spec.century_from)
            except DesignError as error:
                raise checker.fail(path, error.message.removesuffix("."), error.hint) from None
        for key in ("unit", "precision", "labelled_as"):
            if getattr(given, key) is not None:
                raise checker.fail((*path, key), f"{key} goes with since:")
        return
    _check_anchor(checker, given, "since", anchors, path)


def _check_birth(checker: Checker, given: ColumnSpec, anchors: list[str], path: Path) -> None:
    """Check a year of birth that is counted from an anchor."""
    if given.since is not None and given.before is not None:
        raise checker.fail(path, "state either since: or before:")
    for key in ("precision", "labelled_as", "dates", "century_from", "codes"):
        if getattr(given, key) is not None:
            raise checker.fail((*path, key), f"{key} does not go with since: or before:")
    _check_anchor(checker, given, "since" if given.since else "before", anchors, path)


def _check_anchor(
    checker: Checker, given: ColumnSpec, key: str, anchors: list[str], path: Path
) -> None:
    name = str(getattr(given, key))
    if name not in anchors:
        hint = did_you_mean(name, anchors)
        hint = hint or "state it under anchors: of the file, or calendar: relative for birth"
        raise checker.fail((*path, key), f"there is no anchor {name!r}", hint)
    if given.unit not in OFFSET_UNITS:
        raise checker.fail(path, "an offset needs unit: days, weeks, months or years")


def _check_format(text: str, century_from: int | None) -> None:
    date_format(text)
    if "%y" in text and century_from is None:
        raise DesignError(
            f"the date format {text!r} has years of two digits.",
            hint="state century_from: 1930 (for 1930 to 2029) if you know the century.",
        )


def _year_of_date(column: Column, key: str) -> bool:
    return column.name == BIRTH_YEAR and key in ("dates", "century_from")


def _check_number(checker: Checker, column: Column, given: ColumnSpec, path: Path) -> None:
    for key in ("since", "precision", "labelled_as", "dates", "century_from"):
        if getattr(given, key) is not None and not _year_of_date(column, key):
            raise checker.fail((*path, key), f"{column.name} is no date")
    known = FACTORS.get(column.unit)
    if known is None:
        stray = "unit_column" if given.unit_column is not None else "unit"
        if getattr(given, stray) is not None and column.name != "value_num":
            raise checker.fail((*path, stray), f"{column.name} has no unit")
        return
    if (given.unit is None) == (given.unit_column is None):
        raise checker.fail(
            path,
            f"{column.name} is a size or dose and needs its unit",
            f"state unit: ({', '.join(known)}) or unit_column:",
        )
    if given.unit is not None and given.unit not in known:
        raise checker.fail(
            (*path, "unit"),
            f"{given.unit!r} is no unit of {column.name}",
            did_you_mean(given.unit, known),
        )
