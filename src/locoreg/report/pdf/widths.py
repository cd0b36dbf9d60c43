"""Widths of a table's columns on paper."""

from __future__ import annotations

from collections.abc import Callable

from locoreg.report.blocks import Table, Text

# Characters: a column is never narrower or wider than this, whatever it holds.
LEAST, MOST = 5.0, 38.0


def column_widths(table: Table, plain: Callable[[Text], str]) -> list[float]:
    """Return the shares of the width that columns get, from what they hold.

    Parameters
    ----------
    table : Table
        The table.
    plain : callable
        From a cell to its text.

    Returns
    -------
    list of float
        One per column: between its longest word and its typical text.
    """
    widths = []
    for place, column in enumerate(table.columns):
        texts = [plain(row.cells[place]) for row in table.rows]
        words = [word for text in (*texts, column.title) for word in text.split()]
        longest = max((min(len(word), 25) for word in words), default=0)
        lengths = sorted(len(text) for text in texts) or [0]
        typical = lengths[int(0.8 * (len(lengths) - 1))]
        room = typical if column.numeric else max(typical**0.8, 2.5 * lengths[-1] ** 0.5)
        widths.append(float(min(max(longest + 1, room, LEAST), MOST)))
    return widths


def font_size(table: Table) -> str:
    """Return the size of a table's text: smaller where it has many columns."""
    columns = len(table.columns)
    if columns <= 5:
        return "8pt"
    return "7pt" if columns <= 8 else "6pt"
