"""Numbers as text and figures print them."""

from __future__ import annotations

import math
from collections.abc import Sequence

MINUS = "\N{MINUS SIGN}"


def decimal_text(value: float, digits: int = 2) -> str:
    """Return a number with a fixed count of decimals, or more where that would print zero.

    Parameters
    ----------
    value : float
        Any number; infinities are written ∞.
    digits : int
        Decimals.

    Returns
    -------
    str
        ``0.94``; three significant digits from 1000 on; a true minus sign.
    """
    if math.isnan(value):
        return "not estimable"
    size = abs(value)
    if math.isinf(size):
        text = "∞"
    elif size >= 1000:
        text = f"{size:.3g}"
    elif 0 < size < 0.5 * 10.0**-digits:
        text = f"{size:.1g}"
    else:
        text = f"{size:.{digits}f}"
    return MINUS + text if value < 0 and text.strip("0.") else text


def interval_text(mid: float, low: float, high: float) -> str:
    """Return ``0.94 (0.63 to 1.40)``."""
    return f"{decimal_text(mid)} ({range_text(low, high)})"


def range_text(low: float, high: float) -> str:
    """Return ``0.63 to 1.40``."""
    return f"{decimal_text(low)} to {decimal_text(high)}"


def p_text(p_value: float) -> str:
    """Return ``p = 0.04``, with three decimals under 0.01 and ``p < 0.001`` under that."""
    if p_value < 0.001:
        return "p < 0.001"
    return f"p = {p_value:.{3 if p_value < 0.0095 else 2}f}"


def percent_texts(weights: Sequence[float]) -> tuple[str, ...]:
    """Return weights as percentages with one decimal that add up to 100.0 exactly.

    The largest remainders are rounded up, earlier rows first where they tie.

    Parameters
    ----------
    weights : sequence of float
        Non-negative, on any scale.

    Returns
    -------
    tuple of str
        One text per weight.
    """
    total = math.fsum(weights)
    if not weights or total <= 0:
        return tuple("" for _ in weights)
    exact = [1000 * weight / total for weight in weights]
    tenths = [math.floor(value + 1e-9) for value in exact]
    order = sorted(range(len(exact)), key=lambda i: (-(exact[i] - tenths[i]), i))
    for i in order[: 1000 - sum(tenths)]:
        tenths[i] += 1
    return tuple(f"{value // 10}.{value % 10}" for value in tenths)


def count_text(part: int | None, whole: int | None) -> str:
    """Return ``54/173``, ``173`` or an empty text, as far as the counts are known."""
    if part is not None and whole is not None:
        return f"{part}/{whole}"
    return "" if whole is None else str(whole)


def plural(count: int, noun: str, many: str | None = None) -> str:
    """Return ``1 study`` or ``2 studies``."""
    return f"{count} {noun if count == 1 else many or noun + 's'}"
