"""Cells of a delimited text as numbers or labels; what can't be read is named by line."""

from __future__ import annotations

import math
import re
from collections.abc import Sequence
from dataclasses import dataclass, field

import numpy as np

from locoreg.core.errors import DataError
from locoreg.core.tables import shorten
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Cells that say that there is no value.
MISSING = frozenset({"", "na", "n/a", "nan", "null", "none", "."})
MOST_NAMED = 5
_PLAIN = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d{1,3})?\Z")
_COMMA = re.compile(r"[+-]?\d+,\d+([eE][+-]?\d{1,3})?\Z")
# As much after the comma as between the thousands: 1,234 could be either.
_AMBIGUOUS = re.compile(r"[+-]?[1-9]\d{0,2},\d{3}\Z")
_NOT_IN_NUMBERS = str.maketrans("", "", "0123456789.+-eE \n")


def named_lines(lines: IntArray) -> str:
    """Return ``row 3`` or ``rows 3, 7, 9, 12, 20 and 4 more``, as a spreadsheet counts them."""
    text = ", ".join(str(line) for line in lines[:MOST_NAMED])
    more = lines.size - MOST_NAMED
    return f"row{'' if lines.size == 1 else 's'} {text}" + (
        f" and {more:,} more" if more > 0 else ""
    )


@dataclass(slots=True)
class NumberColumn:
    """Numbers of one column, gathered piece by piece.

    Attributes
    ----------
    name : str
        Column.
    decimal : {"point", "comma"} or None
        Sign before the decimals; None to find out.
    """

    name: str
    decimal: str | None
    _parts: list[FloatArray] = field(default_factory=list)
    _bad: list[tuple[int, str]] = field(default_factory=list)
    _bad_count: int = 0
    _with_comma: list[tuple[int, str]] = field(default_factory=list)
    _with_point: list[tuple[int, str]] = field(default_factory=list)
    _all_ambiguous: bool = True

    def add(self, cells: Sequence[str], lines: IntArray) -> None:
        """Read the next cells."""
        values = self._quick(cells)
        if values is None:
            values = np.array(
                [
                    self._one(cell.strip(), int(line))
                    for cell, line in zip(cells, lines, strict=True)
                ]
            )
        self._parts.append(values)

    def _quick(self, cells: Sequence[str]) -> FloatArray | None:
        """Return plain numbers; None if there is anything else among them."""
        joined = "\n".join(cells)
        if joined.translate(_NOT_IN_NUMBERS) or self.decimal == "comma":
            return None
        try:
            values = np.fromiter(map(float, cells), np.float64, len(cells))
        except ValueError:
            return None
        if not self._with_point and "." in joined:
            i = next(i for i, cell in enumerate(cells) if "." in cell)
            self._with_point.append((i, cells[i].strip()))
        return values if np.isfinite(values).all() else None

    def _one(self, cell: str, line: int) -> float:
        if cell.casefold() in MISSING:
            return math.nan
        if _PLAIN.match(cell):
            if "." in cell:
                self._note(self._with_point, line, cell)
                if self.decimal == "comma":
                    return self._fault(cell, line)
            value = float(cell)
            return value if math.isfinite(value) else self._fault(cell, line)
        if _COMMA.match(cell) and self.decimal != "point":
            self._note(self._with_comma, line, cell)
            self._all_ambiguous &= bool(_AMBIGUOUS.match(cell))
            return float(cell.replace(",", "."))
        return self._fault(cell, line)

    def _note(self, found: list[tuple[int, str]], line: int, cell: str) -> None:
        if not found:
            found.append((line, cell))

    def _fault(self, cell: str, line: int) -> float:
        self._bad_count += 1
        if len(self._bad) < MOST_NAMED:
            self._bad.append((line, cell))
        return math.nan

    @property
    def comma_seen(self) -> bool:
        """Whether a number with a decimal comma was read."""
        return bool(self._with_comma)

    def finish(self, file: str) -> FloatArray:
        """Return the numbers, NaN where missing, or raise a DataError that names the rows.

        Parameters
        ----------
        file : str
            Name of the file for messages.

        Returns
        -------
        ndarray of float
            One number per row.
        """
        if self._bad:
            self._raise_bad(file)
        if self._with_comma and self.decimal is None:
            line, cell = self._with_comma[0]
            if self._with_point:
                raise DataError(
                    f"{file}, column {self.name}: {cell!r} in row {line} has a decimal comma, "
                    f"but {self._with_point[0][1]!r} a decimal point.",
                    hint="say --decimal comma or --decimal point, or write one kind.",
                )
            if self._all_ambiguous:
                raise DataError(
                    f"{file}, row {line}, column {self.name}: {cell!r} may be a decimal number or "
                    "thousands.",
                    hint="say --decimal comma, or write numbers without a comma between thousands.",
                )
        return np.concatenate(self._parts) if self._parts else np.empty(0)

    def _raise_bad(self, file: str) -> None:
        lines = ", ".join(str(line) for line, _ in self._bad)
        more = self._bad_count - len(self._bad)
        many = "s" if self._bad_count > 1 else ""
        cell = self._bad[0][1]
        hint = "write plain numbers; leave a cell empty where there is no value."
        if self.decimal == "comma" and "." in cell:
            hint = "write a decimal comma, as --decimal comma says."
        elif _COMMA.match(cell):
            hint = "write a decimal point, or say --decimal comma."
        raise DataError(
            f"{file}, row{many} {lines}{f' and {more:,} more' if more else ''}, column "
            f"{self.name}: {shorten(cell)!r} is not a number.",
            hint=hint,
        )


@dataclass(slots=True)
class LabelColumn:
    """Labels of one column as codes, gathered piece by piece.

    Attributes
    ----------
    name : str
        Column.
    """

    name: str
    _codes: dict[str, int] = field(default_factory=dict)
    _parts: list[IntArray] = field(default_factory=list)

    def add(self, cells: Sequence[str]) -> None:
        """Read the next cells."""
        known = self._codes
        found = np.fromiter(
            (known.setdefault(cell, len(known)) for cell in cells), np.int64, len(cells)
        )
        self._parts.append(found)

    def finish(self) -> Labels:
        """Return codes and texts; -1 where missing."""
        codes = np.concatenate(self._parts) if self._parts else np.empty(0, dtype=np.int64)
        texts: list[str] = []
        places: dict[str, int] = {}
        mapped = np.empty(len(self._codes), dtype=np.int64)
        for cell, code in self._codes.items():
            text = cell.strip()
            if text.casefold() in MISSING:
                mapped[code] = -1
                continue
            if text not in places:
                places[text] = len(texts)
                texts.append(text)
            mapped[code] = places[text]
        return Labels(codes=mapped[codes] if codes.size else codes, texts=tuple(texts))


@dataclass(frozen=True, slots=True)
class Labels:
    """Labels of rows: codes into texts, in order of first appearance; -1 where missing."""

    codes: IntArray
    texts: tuple[str, ...]

    @property
    def missing(self) -> BoolArray:
        """Which rows have no label."""
        return self.codes < 0

    def values(self, rows: BoolArray) -> np.ndarray[tuple[int], np.dtype[np.generic]]:
        """Return the labels of rows: whole numbers as numbers, so that 2 comes before 10."""
        codes = self.codes[rows]
        used = set(np.unique(codes).tolist())
        if all(re.fullmatch(r"0|-?[1-9]\d{0,14}", self.texts[code]) for code in used):
            numbers = [int(t) if i in used else 0 for i, t in enumerate(self.texts)]
            return np.array(numbers, dtype=np.int64)[codes]
        return np.array(self.texts)[codes]


_ROWS = re.compile(r"\b[Rr]ows? (\d+(?:, \d+)*)\b")


def named_in_lines(message: str, lines: IntArray) -> str:
    """Return a message about rows of arrays with the lines of the file that they stand in.

    Parameters
    ----------
    message : str
        Names rows from 1 on: ``row 3``, ``rows 3, 7``.
    lines : ndarray of int, shape (n,)
        Line of each row.

    Returns
    -------
    str
        The same with lines.
    """

    def replaced(match: re.Match[str]) -> str:
        rows = [int(text) for text in match[1].split(", ")]
        if not all(1 <= row <= lines.size for row in rows):
            return match[0]
        word = match[0].partition(" ")[0]
        return f"{word} {', '.join(str(lines[row - 1]) for row in rows)}"

    return _ROWS.sub(replaced, message)
