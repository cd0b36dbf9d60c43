"""A comparison of two runs as a value."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

NOTHING = "Nothing moved."
# Further numbers that are listed one by one as text; all of them stand in the JSON.
MOST_LISTED = 40


@dataclass(frozen=True, slots=True, kw_only=True)
class Moved:
    """One number, verdict or sentence that is not what it was.

    Attributes
    ----------
    key : str
        Path in the results: ``evidence/QUESTION/OUTCOME/DESIGN``.
    label : str
        What it is, in words.
    before, after : str or None
        As read, with its interval; None where it was not there.
    headline : bool
        Whether it is one of the numbers that an answer rests on.
    note : str
        What moved it, where that is known of this number alone; else empty.
    """

    key: str
    label: str
    before: str | None
    after: str | None
    headline: bool
    note: str = ""

    def line(self) -> str:
        """Return it as a sentence."""
        note = f" ({self.note})" if self.note else ""
        if self.before is None:
            return f"{self.label}: new, {self.after}{note}."
        if self.after is None:
            return f"{self.label}: gone, it was {self.before}{note}."
        return f"{self.label}: {self.before} before, now {self.after}{note}."

    def to_dict(self) -> dict[str, Any]:
        """Return it as JSON-ready values."""
        return {
            "key": self.key,
            "label": self.label,
            "before": self.before,
            "after": self.after,
            "headline": self.headline,
            "note": self.note,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class Comparison:
    """What moved between two runs, and why.

    Attributes
    ----------
    before, after : str
        Names of the runs.
    moved : tuple of Moved
        Headline numbers first.
    reasons : tuple of str
        What differs in what they were made from: options, protocols, data, versions.
    """

    before: str
    after: str
    moved: tuple[Moved, ...]
    reasons: tuple[str, ...]

    @property
    def headlines(self) -> tuple[Moved, ...]:
        """The numbers that answers rest on."""
        return tuple(one for one in self.moved if one.headline)

    @property
    def others(self) -> tuple[Moved, ...]:
        """All other numbers."""
        return tuple(one for one in self.moved if not one.headline)

    def to_dict(self) -> dict[str, Any]:
        """Return the comparison as JSON-ready values."""
        return {
            "before": self.before,
            "after": self.after,
            "same": not self.moved,
            "moved": [one.to_dict() for one in self.moved],
            "reasons": list(self.reasons),
        }

    def lines(self) -> tuple[str, ...]:
        """Return the comparison as lines of text."""
        return tuple(self._lines())

    def _lines(self) -> Iterator[str]:
        if not self.moved:
            yield NOTHING
        else:
            yield from (one.line() for one in self.headlines)
            if not self.headlines:
                yield "No number that an answer rests on moved."
        others = self.others
        if others:
            yield f"Further numbers that moved: {len(others):,}."
            yield from (f"  {one.line()}" for one in others[:MOST_LISTED])
            if len(others) > MOST_LISTED:
                yield f"  {len(others) - MOST_LISTED:,} more; --json lists all."
        if self.reasons:
            yield "Why:" if self.moved else "What differs all the same:"
            yield from (f"  {reason}" for reason in self.reasons)
