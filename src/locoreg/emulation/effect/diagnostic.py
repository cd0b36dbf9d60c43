"""A diagnostic: a number, a threshold that was fixed beforehand, and a verdict."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any, Literal, get_args

Verdict = Literal["pass", "warn", "fail", "note"]
VERDICTS: tuple[Verdict, ...] = get_args(Verdict)
_RANK = {"note": 0, "pass": 1, "warn": 2, "fail": 3}


@dataclass(frozen=True, slots=True, kw_only=True)
class Diagnostic:
    """One diagnostic of an analysis.

    Attributes
    ----------
    name : str
        Name that stays the same, such as ``conservation``.
    title : str
        In words.
    verdict : {"pass", "warn", "fail", "note"}
        note: a number to know, without a threshold.
    value : float or None
        What was found.
    threshold : float or None
        What it was compared with.
    message : str
        What was found, in a sentence with its numbers.
    advice : str
        What to do; empty where nothing is to be done.
    arm : str or None
        The strategy that it is about; None for both.
    """

    name: str
    title: str
    verdict: Verdict
    value: float | None
    threshold: float | None
    message: str
    advice: str = ""
    arm: str | None = None

    @property
    def heading(self) -> str:
        """The title, with the strategy that it is about."""
        return self.title if self.arm is None else f"{self.title} ({self.arm})"

    def to_dict(self) -> dict[str, Any]:
        """Return the diagnostic as JSON-ready values."""
        return {
            "name": self.name,
            "title": self.title,
            "verdict": self.verdict,
            "value": self.value,
            "threshold": self.threshold,
            "message": self.message,
            "advice": self.advice,
            "arm": self.arm,
        }


def worst(diagnostics: Iterable[Diagnostic]) -> Verdict:
    """Return the worst verdict; ``note`` if there is none."""
    return max((d.verdict for d in diagnostics), key=_RANK.__getitem__, default="note")
