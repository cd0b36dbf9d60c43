"""Numbers as people write them."""

from __future__ import annotations

import math
import re
from typing import Literal

from locoreg.registry.mapping.readings import Fault, Reading, refused, shown

Decimal = Literal["point", "comma"]
OPERATORS = {"<": "<", "<=": "<=", "≤": "<=", "=": "=", ">": ">", ">=": ">=", "≥": ">="}
_DIGITS = {
    "point": r"[+-]?(?:\d+\.?\d*|\.\d+)(?:[eE][+-]?\d{1,3})?",
    "comma": r"[+-]?(?:\d+,?\d*|,\d+)(?:[eE][+-]?\d{1,3})?",
}
_THOUSANDS = {
    "point": re.compile(r"[+-]?\d{1,3}(?:,\d{3})+(?:\.\d+)?"),
    "comma": re.compile(r"[+-]?\d{1,3}(?:\.\d{3})+(?:,\d+)?"),
}
_OTHER_MARK = {"point": re.compile(r"[+-]?\d*,\d+"), "comma": re.compile(r"[+-]?\d*\.\d+")}
_WHOLE = {
    mark: re.compile(
        rf"(?P<operator><=|>=|[<>=≤≥])?\s*(?P<number>{digits})\s*(?P<unit>%|[A-Za-zµ]{{1,5}})?"
        r"(?P<remark>\s*[(\[].*|\s*[,;]\s*[A-Za-z].*)?",
        re.DOTALL,
    )
    for mark, digits in _DIGITS.items()
}
_SEVERAL = {
    mark: re.compile(
        rf"(?P<a>{digits})\s*%?\s*(?P<sign>-|–|—|to|bis|/|;|,|and)\s*(?P<b>{digits})\s*%?"
    )
    for mark, digits in _DIGITS.items()
}
RANGE_SIGNS = ("-", "–", "—", "to", "bis")
# How many of the column's unit one of each unit is.
LENGTHS = {"mm": 1.0, "cm": 10.0, "m": 1000.0, "in": 25.4}
DOSES = {"Gy": 1.0, "cGy": 0.01, "mGy": 0.001}
FACTORS = {"mm": LENGTHS, "Gy": DOSES}


def read_number(
    text: str, *, decimal: Decimal, units: tuple[str, ...] = (), operators: bool = False
) -> Reading:
    """Read a number.

    Parameters
    ----------
    text : str
        Without spaces around it, and known.
    decimal : {"point", "comma"}
        Decimal mark.
    units : tuple of str
        Units that may stand behind it.
    operators : bool
        Whether the registry keeps an operator beside the number.

    Returns
    -------
    Reading
        ``more`` is the operator, ``=`` if there is none.
    """
    found = _WHOLE[decimal].fullmatch(text)
    if found is None:
        return _no_number(text, decimal)
    value = float(found["number"].replace(",", "."))
    if not math.isfinite(value):
        return refused("not-a-number", f"{shown(text)} is beyond all numbers; it was left out.")
    operator = OPERATORS[found["operator"] or "="]
    if operator != "=" and not operators:
        message = f"{shown(text)} is a limit and no number; it was left out."
        return refused("number-with-operator", message, severity="minor")
    unit = found["unit"]
    if unit is not None and unit not in units:
        stated = " or ".join(units) or "none"
        message = f"{shown(text)} says the unit {unit}, the map says {stated}; it was left out."
        return refused("unit-differs", message)
    fault = None
    if found["remark"]:
        message = f"{shown(text)} was read as {found['number']}; the remark was left out."
        fault = Fault("remark-left-out", "minor", message)
    return Reading(value, None, operator, fault)


def _no_number(text: str, decimal: Decimal) -> Reading:
    several = _SEVERAL[decimal].fullmatch(text)
    if _THOUSANDS[decimal].fullmatch(text) or _OTHER_MARK[decimal].fullmatch(text):
        message = f"{shown(text)} may mean two numbers (decimal: {decimal}); it was left out."
        return refused("ambiguous-number", message)
    if several is not None and several["sign"] in RANGE_SIGNS:
        message = f"{shown(text)} is a range and no number; it was left out."
        return refused("range-for-number", message, severity="minor")
    if several is not None:
        message = f"{shown(text)} is several numbers; it was left out."
        return refused("several-numbers", message, severity="minor")
    return refused("not-a-number", f"{shown(text)} is no number; it was left out.")


def read_integer(text: str, *, low: int, high: int) -> Reading:
    """Read a whole number; ``3.0`` and ``3,0`` are whole.

    Parameters
    ----------
    text : str
        Without spaces around it, and known.
    low, high : int
        Limits of the column's type.
    """
    found = re.fullmatch(r"([+-]?\d{1,18})(?:[.,]0*)?", text)
    if found is None:
        return refused("not-an-integer", f"{shown(text)} is no whole number; it was left out.")
    value = int(found[1])
    if not low <= value <= high:
        return refused("not-an-integer", f"{shown(text)} is out of range; it was left out.")
    return Reading(value)


TRUE = ("true", "t", "yes", "y", "1", "1.0", "x", "present")
FALSE = ("false", "f", "no", "n", "0", "0.0", "absent")


def read_boolean(text: str) -> Reading:
    """Read ``yes``, ``no`` and the like."""
    folded = text.casefold()
    if folded in TRUE or folded in FALSE:
        return Reading(folded in TRUE)
    return refused("unknown-code", f"{shown(text)} is neither yes nor no; it was left out.")
