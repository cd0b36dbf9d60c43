"""A number as it is read, and what decides whether it moved."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.core.numbertext import decimal_text, range_text


@dataclass(frozen=True, slots=True)
class Number:
    """A number or verdict as it is read.

    Attributes
    ----------
    key, label, text : str
        Path in the results, name, and the number with its interval.
    exact : tuple
        What decides whether it moved: digits that the text rounds away count.
    """

    key: str
    label: str
    text: str
    exact: tuple[Any, ...]


def estimate_words(values: dict[str, Any] | None) -> tuple[str, tuple[Any, ...]]:
    """Return an estimate as read, and its digits.

    Parameters
    ----------
    values : dict or None
        As results hold it, on the natural scale where it has one.

    Returns
    -------
    words : str
        With its interval.
    exact : tuple
        What decides whether it moved.
    """
    if values is None or values.get("estimate") is None:
        return "none", (None,)
    natural = values.get("natural") or values
    exact = tuple(natural.get(name) for name in ("estimate", "ci_low", "ci_high"))
    return with_limits(*exact), exact


def with_limits(estimate: float | None, low: float | None, high: float | None) -> str:
    """Return an estimate with its limits as read; ``none`` where there is none."""
    if estimate is None:
        return "none"
    if low is None or high is None:
        return decimal_text(estimate)
    return f"{decimal_text(estimate)} ({range_text(low, high)})"
