"""Tables as plain rows for CSV, and drawings made smaller for pages."""

from __future__ import annotations

import re

from locoreg.report.blocks import Inline, Table

_LONG = re.compile(r"(\d\.\d\d)\d+(?=[ \"])")


def compact(svg: str) -> str:
    """Return a drawing with places to a hundredth of a point: rings are long paths."""
    return _LONG.sub(r"\1", svg)


def plain_rows(table: Table) -> list[list[str]]:
    """Return a table's cells as they are read, the header first.

    Parameters
    ----------
    table : Table
        The numbers of a figure.

    Returns
    -------
    list of list of str
        One row each.
    """
    head = [column.title for column in table.columns]
    return [head, *([_plain(cell) for cell in row.cells] for row in table.rows)]


def _plain(cell: tuple[Inline, ...]) -> str:
    return "".join(part if isinstance(part, str) else getattr(part, "text", " ") for part in cell)
