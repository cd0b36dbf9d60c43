"""CSV text that a spreadsheet does not run."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Iterable, Sequence
from typing import Any

# A spreadsheet would run a cell that begins with one of these as a formula.
FORMULA = ("=", "+", "-", "@", "\t", "\r", "\n")
# The same as a regular expression, for engines that escape whole columns.
FORMULA_PATTERN = "^ *[" + "".join(f"\\x{ord(sign):02x}" for sign in FORMULA) + "]"


def to_csv(rows: Iterable[Sequence[Any]]) -> str:
    """Return rows as CSV text that a spreadsheet does not run.

    Parameters
    ----------
    rows : iterable of sequence
        The header first. None and NaN give an empty cell; numbers keep all
        their digits.

    Returns
    -------
    str
        One line per row.
    """
    buffer = io.StringIO()
    plain = csv.writer(buffer, lineterminator="\n")
    # The writer quotes only what holds its own line end, and a reader ends a line at \r too.
    quoted = csv.writer(buffer, lineterminator="\n", quoting=csv.QUOTE_ALL)
    for row in rows:
        cells = [csv_cell(value) for value in row]
        (quoted if any("\r" in cell for cell in cells) else plain).writerow(cells)
    return buffer.getvalue()


def csv_cell(value: Any) -> str:
    """Return a value as the text of a cell; a text that begins like a formula gets a quote."""
    if value is None:
        return ""
    if isinstance(value, bool):
        return "yes" if value else "no"
    if isinstance(value, float):
        return repr(value) if math.isfinite(value) else ""
    if isinstance(value, tuple | list):
        return csv_cell("; ".join(str(one) for one in value))
    written = str(value)
    if isinstance(value, str) and written.lstrip(" ").startswith(FORMULA):
        return "'" + written
    return written
