"""The page and the tables of a selection without counts of few persons."""

from __future__ import annotations

import dataclasses
import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from typing import Any

from locoreg.report.blocks import (
    Callout,
    Column,
    Facts,
    Figure,
    Page,
    Paragraph,
    Row,
    Table,
    text,
)
from locoreg.report.emulation.drawings import Drawing
from locoreg.workflows.emulation.smalltexts import redacted, rule_words
from locoreg.workflows.selection.hiding import (
    COUNTS,
    SHARES,
    has_small,
    is_share_of_few,
    is_small,
    parts_differ,
)

HIDDEN = "hidden"
# Figures that print counts, by the part of the results that holds them.
OF_PART = {
    "groups": ("assessment", "calibration"),
    "calibration": ("assessment", "calibration"),
    "subgroups": ("subgroups",),
    "rule": ("rule",),
    "leaves": ("rule",),
    "sides": ("rule", "worth"),
    "value": ("assessment", "values"),
}
# Bars and bands in them stand for as few persons as there are.
NEVER = ("support", "benefit")
LEFT_OUT = "This figure would show counts of few persons, and is left out."
_COUNT = re.compile(r"\d[\d,]*\Z")
_PERCENT = re.compile(r"(\d+(?:\.\d+)?)%\Z")
# Columns of shares of the persons.
_SHARES = ("Share", "Treated")
# Groups of this table lie within each other.
CONTROLS = "Effects on outcomes that treatment can't change"
# Numbers in these columns are times and places.
_NO_COUNTS = ("month", "months", "fold", "depth", "level")


def withheld(
    results: Mapping[str, Any], drawings: Mapping[str, Drawing], limit: int
) -> frozenset[str]:
    """Return the figures that would show counts of few persons.

    Parameters
    ----------
    results : mapping
        Results as they are, nothing hidden.
    drawings : mapping of str to Drawing
        The figures.
    limit : int
        Counts from 1 to this many are hidden.

    Returns
    -------
    frozenset of str
        Their names.
    """
    found = {name for name in drawings if name in NEVER}
    for name, path in OF_PART.items():
        part: Any = results
        for key in path:
            part = (part or {}).get(key)
        if name in drawings and has_small(part, limit, results["data"]["n"]):
            found.add(name)
    groups = (results["subgroups"] or {}).get("groups", [])
    if "subgroups" in drawings and parts_differ(groups, results, limit):
        found.add("subgroups")
    return frozenset(found)


def hidden_page(page: Page, gone: Iterable[str], limit: int, n: int) -> Page:
    """Return a page without figures that are withheld, and counts of few persons.

    Parameters
    ----------
    page : Page
        The page.
    gone : iterable of str
        Markup of the figures that are withheld.
    limit : int
        Counts from 1 to this many are hidden.
    n : int
        Persons of the data.

    Returns
    -------
    Page
        Where a table holds a small count, every column of counts in it is hidden.
    """
    found = _hide(page, frozenset(gone), limit, n)
    assert isinstance(found, Page)
    rule = Facts((("Small cells", text(rule_words(limit))),))
    return dataclasses.replace(found, head=(*found.head, rule))


def _hide(value: Any, gone: frozenset[str], limit: int, n: int) -> Any:
    if isinstance(value, str):
        return redacted(value, limit, n)
    if isinstance(value, tuple):
        return tuple(_hide(one, gone, limit, n) for one in value)
    if isinstance(value, Figure) and value.svg in gone:
        inner: tuple[Any, ...] = (Paragraph(text(LEFT_OUT)),)
        if value.table is not None:
            inner += (_hide(value.table, gone, limit, n),)
        return Callout(value.title, inner, "note")
    if not dataclasses.is_dataclass(value) or isinstance(value, type):
        return value
    # Markup is drawn without small counts, or withheld.
    changed = {
        f.name: getattr(value, f.name)
        if f.name == "svg"
        else _hide(getattr(value, f.name), gone, limit, n)
        for f in dataclasses.fields(value)
    }
    made = type(value)(**changed)
    if isinstance(made, Table) and isinstance(value, Table):
        return _hidden_table(made, value, limit, n)
    return made


def _hidden_table(table: Table, original: Table, limit: int, n: int) -> Table:
    """Return a table whose columns of counts are hidden where one of them is small.

    Shares of persons go with them, and where they stand for few persons themselves.
    """
    columns = [i for i, column in enumerate(original.columns) if _counts(original, i, column)]
    shares = [i for i, column in enumerate(original.columns) if column.title in _SHARES]
    gone = _tells_few(original, columns, limit, n)
    few = any(
        is_share_of_few(found, limit, n)
        for row in original.rows
        for i in shares
        if (found := _percent(_only(row, i))) is not None
    )
    if not gone and not few:
        return table

    def hidden(row: Row, i: int) -> bool:
        if i in shares:
            return _percent(_only(row, i)) is not None
        return i in columns and bool(_COUNT.match(_only(row, i)))

    rows = tuple(
        dataclasses.replace(
            row,
            cells=tuple(
                text(HIDDEN) if hidden(old, i) else cell for i, cell in enumerate(row.cells)
            ),
        )
        for row, old in zip(table.rows, original.rows, strict=True)
    )
    return dataclasses.replace(table, rows=rows)


def _tells_few(table: Table, columns: Sequence[int], limit: int, n: int) -> bool:
    """Return whether a count is small, or what it leaves of the persons or of another group."""
    for i in columns:
        found = [
            int(_only(row, i).replace(",", "")) for row in table.rows if _COUNT.match(_only(row, i))
        ]
        title = table.columns[i].title
        rest = [n - one for one in found] if title == "Persons" else []
        if table.caption == CONTROLS:
            rest += [one - other for one in found for other in found]
        if any(is_small(one, limit) for one in (*found, *rest)):
            return True
    return False


def _percent(cell: str) -> float | None:
    found = _PERCENT.match(cell)
    return None if found is None else float(found[1]) / 100.0


def _counts(table: Table, place: int, column: Column) -> bool:
    """Return whether a column holds whole numbers of persons."""
    if not column.numeric or column.title.lower() in _NO_COUNTS:
        return False
    return any(_COUNT.match(_only(row, place)) for row in table.rows)


def _only(row: Row, place: int) -> str:
    cell = row.cells[place]
    return cell[0] if len(cell) == 1 and isinstance(cell[0], str) else ""


def _is_few(name: str, value: Any, limit: int, n: int) -> bool:
    if name in SHARES:
        return is_share_of_few(value, limit, n)
    return is_small(value, limit) or (name == "n" and is_small(n - value, limit))


def hidden_rows(rows: Iterable[Sequence[Any]], limit: int, n: int) -> Iterator[Sequence[Any]]:
    """Yield rows of a table without counts of few persons.

    Parameters
    ----------
    rows : iterable of sequence
        With a header.
    limit : int
        Counts from 1 to this many are hidden.
    n : int
        Persons of the data.

    Yields
    ------
    sequence
        Where a count is small, every column of counts is hidden.
    """
    head, *body = [list(row) for row in rows] or [[]]
    counted = (*COUNTS, "excluded", "unknown", "left")
    places = [i for i, name in enumerate(head) if name in (*counted, *SHARES)]
    gone = any(_is_few(head[i], row[i], limit, n) for row in body for i in places)
    yield head
    for row in body:
        yield [
            HIDDEN
            if gone and i in places and value != 0 and not isinstance(value, str)
            else redacted(value, limit, n)
            if isinstance(value, str)
            else value
            for i, value in enumerate(row)
        ]
