"""Columns of many rows at once, as Arrow arrays."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

# Digits of the number of a patient; two billion patients don't fit.
DIGITS = 8
PREFIX = b"SYN-"


def coded(words: Sequence[str], index: Any, valid: Any = None) -> pa.Array:
    """Return words by their index.

    Parameters
    ----------
    words : sequence of str
        Vocabulary.
    index : ndarray of int
        Position in it.
    valid : ndarray of bool, optional
        False where the value is unknown.

    Returns
    -------
    pyarrow.DictionaryArray
        One word per row.
    """
    mask = None if valid is None else ~np.asarray(valid)
    positions = pa.array(np.asarray(index, dtype=np.int16), mask=mask)
    return pa.DictionaryArray.from_arrays(positions, pa.array(list(words), pa.string()))


def same(word: str, n: int) -> pa.Array:
    """Return one word on every row."""
    return pa.repeat(pa.scalar(word, pa.string()), n)


def picked(word: str, where: Any) -> pa.Array:
    """Return a word where a condition holds, null elsewhere."""
    return coded((word,), np.zeros(len(where)), where)


def flags(values: Any, valid: Any = None) -> pa.Array:
    """Return booleans, null where not valid."""
    return pa.array(np.asarray(values, dtype=bool), mask=None if valid is None else ~valid)


def whole(values: Any, valid: Any = None) -> pa.Array:
    """Return small integers, null where not valid."""
    mask = None if valid is None else ~np.asarray(valid)
    return pa.array(np.asarray(values, dtype=np.int16), mask=mask)


def decimals(values: Any, digits: int, valid: Any = None) -> pa.Array:
    """Return numbers rounded as a registry would hold them, null where not valid."""
    rounded = np.round(np.asarray(values, dtype=float), digits)
    return pa.array(rounded, mask=None if valid is None else ~np.asarray(valid))


def date(name: str, days: Any, valid: Any = None, *, month: Any = None) -> dict[str, pa.Array]:
    """Return a date and its precision.

    Parameters
    ----------
    name : str
        Column.
    days : ndarray of int
        Days since 1970-01-01.
    valid : ndarray of bool, optional
        False where there is no date.
    month : ndarray of bool, optional
        True where only the month is known: the date is then the first of the month.

    Returns
    -------
    dict of str to pyarrow.Array
        The two columns.
    """
    days = np.asarray(days, dtype=np.int32)
    precision = np.zeros(days.size, dtype=np.int16)
    if month is not None:
        days = np.where(month, first_of_month(days), days).astype(np.int32)
        precision = np.asarray(month, dtype=np.int16)
    mask = None if valid is None else ~np.asarray(valid)
    return {
        name: pa.array(days, mask=mask).cast(pa.date32()),
        f"{name}_precision": coded(("day", "month"), precision, valid),
    }


def first_of_month(days: Any) -> np.ndarray:
    """Return the first day of the month of each day (days since 1970-01-01)."""
    months = np.asarray(days).astype("datetime64[D]").astype("datetime64[M]")
    return months.astype("datetime64[D]").astype(np.int64)


def patient_ids(number: Any) -> pa.Array:
    """Return ``SYN-00000001`` for 1 and so on."""
    return _texts(_numbered(number))


def keys(number: Any, letter: str, serial: Any) -> pa.Array:
    """Return keys of rows: the patient's id, a letter and a serial number of three digits.

    Parameters
    ----------
    number : ndarray of int
        Number of the patient.
    letter : str
        One letter per table and kind of row.
    serial : ndarray of int
        0 to 999, distinct for a patient and letter.

    Returns
    -------
    pyarrow.StringArray
        Such as ``SYN-00000001-L002``.
    """
    base = _numbered(number)
    serial = np.asarray(serial, dtype=np.int64)
    out = np.empty((base.shape[0], base.shape[1] + 5), dtype=np.uint8)
    out[:, : base.shape[1]] = base
    out[:, -5] = ord("-")
    out[:, -4] = ord(letter)
    out[:, -3] = ord("0") + serial // 100
    out[:, -2] = ord("0") + serial // 10 % 10
    out[:, -1] = ord("0") + serial % 10
    return _texts(out)


def _numbered(number: Any) -> np.ndarray:
    number = np.asarray(number, dtype=np.int64)
    out = np.empty((number.size, len(PREFIX) + DIGITS), dtype=np.uint8)
    out[:, : len(PREFIX)] = np.frombuffer(PREFIX, dtype=np.uint8)
    rest = number.copy()
    for place in range(DIGITS - 1, -1, -1):
        rest, digit = np.divmod(rest, 10)
        out[:, len(PREFIX) + place] = digit + ord("0")
    return out


def _texts(letters: np.ndarray) -> pa.Array:
    n, width = letters.shape
    offsets = np.arange(0, (n + 1) * width, width, dtype=np.int32)
    return pa.StringArray.from_buffers(
        n, pa.py_buffer(offsets), pa.py_buffer(np.ascontiguousarray(letters))
    )


def reason(name: str, where: Any, word: str = "not_recorded") -> dict[str, pa.Array]:
    """Return the column that says why a value is missing."""
    return {f"{name}_reason": picked(word, where)}


Block = tuple[str, pa.Table]


def block(table: str, columns: dict[str, pa.Array]) -> Block:
    """Return rows of a canonical table, with their origin."""
    n = len(next(iter(columns.values())))
    return table, pa.table({**columns, "source_file": same(f"SYNTHETIC-{table}", n)})
