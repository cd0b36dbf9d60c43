"""Numbers as people read them: of 100, whole, in months and years."""

from __future__ import annotations

import math

from locoreg.core.numbertext import plural


def whole(value: float) -> int:
    """Return the nearest whole number; halves go up."""
    return math.floor(value + 0.5)


def of_100(probability: float) -> tuple[int, int]:
    """Return how many of 100 people have something and have not; they add up to 100."""
    some = min(max(whole(100.0 * probability), 0), 100)
    return some, 100 - some


def share_text(percent: float) -> str:
    """Return a share in people: ``about 5 of 100``, ``fewer than 1 of 100``."""
    if percent <= 0.0:
        return "0 of 100"
    return f"about {whole(percent)} of 100" if percent >= 0.5 else "fewer than 1 of 100"


def months_text(months: float) -> str:
    """Return a time: ``3 years``, ``30 months``."""
    if months >= 12.0 and months % 12.0 == 0.0:
        return plural(int(months / 12.0), "year")
    return plural(int(months), "month") if months == int(months) else f"{months:g} months"


def more_text(difference: int) -> str:
    """Return a difference of people: ``3 more``, ``8 fewer``, ``no more and no fewer``."""
    if difference == 0:
        return "no more and no fewer"
    return f"{abs(difference)} {'more' if difference > 0 else 'fewer'}"


def lower_first(text: str) -> str:
    """Return a label as it stands within a sentence; abbreviations stay."""
    return text if text[1:2].isupper() else text[:1].lower() + text[1:]
