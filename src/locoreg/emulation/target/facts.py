"""What an emulation found, as plain values for the reporting table."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from typing import Any

from locoreg.core.jsontext import json_ready


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategyFacts:
    """One strategy in numbers.

    Attributes
    ----------
    label : str
        The strategy.
    assigned : int
        Persons (clones, where each person is in both) assigned to it.
    follow_up_median_months : float or None
        Median follow-up.
    ended : mapping of str to int
        Why follow-up ended, in words, and for how many: the outcome, a competing event, loss, the
        end of the study, departure from the strategy.
    outcomes : int
        Outcomes counted.
    missing : mapping of str to int
        Persons with an unknown value, by variable; variables without any may be left out.
    baseline : mapping of str to str
        Variables at time zero as texts: mean (SD), or n (%).
    """

    label: str
    assigned: int
    outcomes: int
    follow_up_median_months: float | None = None
    ended: Mapping[str, int] = field(default_factory=dict)
    missing: Mapping[str, int] = field(default_factory=dict)
    baseline: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class TargetFacts:
    """What an emulation found.

    Attributes
    ----------
    source : str
        Where the data come from.
    synthetic : bool
        Whether the patients are made up.
    assessed, eligible : int
        Persons in the source; persons in the cohort.
    strategies : tuple of StrategyFacts
        Treated, then comparator.
    exclusions : tuple of str
        Steps of the flow as texts, in order: ``No brain metastases: 12 excluded (3 unknown)``.
    period : str
        From the first time zero to the last, where dates are real.
    variables : mapping of str to str
        How built-in variables are measured, by name.
    method : str
        The primary method in words.
    intervals : str
        How intervals were made.
    estimates : tuple of str
        Absolute and relative effects with their intervals.
    sensitivity : tuple of str
        Results of the sensitivity analyses.
    benchmark : tuple of str
        Agreement with randomised trials.
    failed_diagnostics : tuple of str
        Diagnostics that failed, each with what it means.
    audit : tuple of str
        What the audit of time zero found.
    software : str
        Name and version of the program.
    """

    source: str
    synthetic: bool
    assessed: int
    eligible: int
    strategies: tuple[StrategyFacts, ...]
    exclusions: tuple[str, ...] = ()
    period: str = ""
    variables: Mapping[str, str] = field(default_factory=dict)
    method: str = ""
    intervals: str = ""
    estimates: tuple[str, ...] = ()
    sensitivity: tuple[str, ...] = ()
    benchmark: tuple[str, ...] = ()
    failed_diagnostics: tuple[str, ...] = ()
    audit: tuple[str, ...] = ()
    software: str = ""

    def to_dict(self) -> dict[str, Any]:
        """Return the facts as JSON-ready values."""
        out: dict[str, Any] = json_ready(asdict(self))
        return out

    def summary(self) -> str:
        """Return the facts in a few lines."""
        lines = ["SYNTHETIC: these patients are made up."] if self.synthetic else []
        lines.append(f"{self.source}: {self.assessed} assessed, {self.eligible} eligible.")
        lines += [
            f"{one.label}: {one.assigned} assigned, {one.outcomes} outcomes."
            for one in self.strategies
        ]
        lines += [f"FAILED DIAGNOSTIC: {text}" for text in self.failed_diagnostics]
        return "\n".join([*lines, *self.estimates])
