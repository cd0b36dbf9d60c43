"""Canonical values, given in a map."""

from __future__ import annotations

import math
from datetime import date
from typing import Any

from locoreg.registry.mapping.numbers import FALSE, TRUE
from locoreg.registry.tables import Column

LIMITS = {"int16": 1 << 15, "int32": 1 << 31, "int64": 1 << 63}


def canonical(column: Column, value: Any) -> Any:
    """Return a value given in a map as the column holds it.

    Parameters
    ----------
    column : Column
        Column of the registry.
    value : str, int, float, bool or None
        As given.

    Returns
    -------
    str, int, float, bool, date or None
        With the column's type.

    Raises
    ------
    ValueError
        If the column can't hold it: with a sentence without its full stop.
    """
    if value is None:
        return None
    text = str(value).strip()
    try:
        out = _typed(column, text)
    except (ValueError, OverflowError):
        raise ValueError(f"{column.name} ({column.type}) can't be {value!r}") from None
    if column.allowed and str(out) not in column.allowed:
        raise ValueError(
            f"{column.name} can't be {value!r}: allowed are {', '.join(column.allowed)}"
        )
    return out


def _typed(column: Column, text: str) -> Any:
    if column.type == "date":
        return date.fromisoformat(text)
    if column.type in LIMITS:
        number = int(text)
        if not -LIMITS[column.type] <= number < LIMITS[column.type]:
            raise ValueError(text)
        return number
    if column.type == "number":
        decimal = float(text)
        if not math.isfinite(decimal):
            raise ValueError(text)
        return decimal
    if column.type == "bool":
        if text.casefold() not in TRUE + FALSE:
            raise ValueError(text)
        return text.casefold() in TRUE
    return text
