"""Sentences that know their numbers, so that a page can mark each with where it stands."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

from locoreg.core.numbertext import MINUS, decimal_text

Tone = Literal["blocking", "serious", "plain"]
MADE_UP = "Made-up patients: "


@dataclass(frozen=True, slots=True)
class Number:
    """A number as it is read, the number itself, and its path in the results."""

    text: str
    value: float | None
    key: str

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {"text": self.text, "value": self.value, "key": self.key}


Part = str | Number


@dataclass(frozen=True, slots=True)
class Sentence:
    """One or two sentences; ``tone`` says whether they warn."""

    parts: tuple[Part, ...]
    tone: Tone = "plain"

    @property
    def text(self) -> str:
        """What is read."""
        return "".join(part if isinstance(part, str) else part.text for part in self.parts)

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values: text, its parts, its numbers."""
        return {
            "text": self.text,
            "tone": self.tone,
            "parts": [part if isinstance(part, str) else part.to_dict() for part in self.parts],
            "numbers": [part.to_dict() for part in self.parts if isinstance(part, Number)],
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Item:
    """What is said on one topic."""

    topic: str
    title: str
    sentences: tuple[Sentence, ...] = field(default=())

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "topic": self.topic,
            "title": self.title,
            "sentences": [one.to_dict() for one in self.sentences],
        }


def said(*parts: Part, tone: Tone = "plain") -> Sentence:
    """Return a sentence of parts, empty ones left out."""
    return Sentence(tuple(part for part in parts if part != ""), tone)


def made_up(sentences: Iterable[Sentence], synthetic: bool) -> tuple[Sentence, ...]:
    """Return sentences that say of themselves that the patients are made up, if they are."""
    if not synthetic:
        return tuple(sentences)
    return tuple(Sentence((MADE_UP, *one.parts), one.tone) for one in sentences)


def finite(value: Any) -> float:
    """Return a number of the results; NaN for null."""
    return math.nan if value is None else float(value)


def interval_number(estimate: dict[str, Any], key: str, *, measure: str = "") -> Number:
    """Return an estimate with its interval, on the natural scale."""
    shown = estimate.get("natural", estimate)
    mid, low, high = (finite(shown[name]) for name in ("estimate", "ci_low", "ci_high"))
    words = decimal_text(mid)
    if not (math.isnan(low) or math.isnan(high)):
        words = f"{words} ({decimal_text(low)} to {decimal_text(high)})"
    return Number(f"{measure} {words}".strip(), None if math.isnan(mid) else mid, key)


def levels_words(*estimates: Mapping[str, Any]) -> str:
    """Return the level of intervals in words, each where they differ."""
    levels = [f"{float(one['level']):g}%" for one in estimates]
    if len(levels) == 1:
        return f"{levels[0]} interval"
    if len(set(levels)) == 1:
        return f"{levels[0]} intervals"
    return f"intervals of {listed(levels)}, in this order"


def count_number(value: float, key: str) -> Number:
    """Return a count, rounded, with thousands set apart."""
    if math.isnan(value):
        return Number(decimal_text(value), None, key)
    return Number(f"{value:,.0f}", float(value), key)


def percent_number(share: float, key: str) -> Number:
    """Return a share in percent without decimals, bounds where it rounds to none or all."""
    percent = 100 * share
    if math.isnan(percent):
        return Number(decimal_text(percent), None, key)
    if 0 < percent < 0.5:
        words = "under 1%"
    elif 99.5 < percent < 100:
        words = "over 99%"
    else:
        words = f"{percent:.0f}%"
    return Number(words, share, key)


def signed(value: float, digits: int = 2) -> str:
    """Return a number with its sign; none where it prints as 0."""
    words = decimal_text(abs(value), digits)
    if math.isnan(value) or not words.strip("0.,"):
        return words
    return f"{'+' if value > 0 else MINUS}{words}"


def listed(names: Iterable[str]) -> str:
    """Return ``a``, ``a and b`` or ``a, b and c``."""
    found = list(names)
    return found[0] if len(found) == 1 else f"{', '.join(found[:-1])} and {found[-1]}"
