"""Who was followed: numbers, follow-up, missing values, baseline."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.emulation.cohort import Cohort
from locoreg.emulation.diagnostics import balance_rows
from locoreg.emulation.effect import BalanceRow
from locoreg.emulation.question import Question
from locoreg.stats.survivalcurves import reverse_kaplan_meier
from locoreg.stats.survivaldata import BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class StrategySummary:
    """Persons by what they did within the grace period.

    Attributes
    ----------
    label : str
        The strategy whose first part they followed.
    n : int
        Persons.
    events : tuple of (str, int)
        Events by kind.
    lost : int
        Lost to follow-up.
    median_follow_up_months : float
        By the reverse Kaplan-Meier estimate; NaN if not reached.
    """

    label: str
    n: int
    events: tuple[tuple[str, int], ...]
    lost: int
    median_follow_up_months: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "label": self.label,
            "n": self.n,
            "events": dict(self.events),
            "lost": self.lost,
            "median_follow_up_months": self.median_follow_up_months,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class CohortSummary:
    """The cohort in numbers.

    Attributes
    ----------
    n : int
        Persons.
    strategies : tuple of StrategySummary
        Not treated within the grace period, then treated within it.
    entered_late : int
        Persons under observation only from some time after time zero.
    treated_later : int
        Persons treated after the grace period.
    missing : tuple of (str, int, int)
        Confounder, and persons without a value among the untreated and the treated.
    baseline : tuple of BalanceRow
        Baseline of the two, as they are.
    note : str
        What the two groups are not.
    """

    n: int
    strategies: tuple[StrategySummary, StrategySummary]
    entered_late: int
    treated_later: int
    missing: tuple[tuple[str, int, int], ...]
    baseline: tuple[BalanceRow, ...]
    note: str

    def to_dict(self) -> dict[str, Any]:
        """Return the summary as JSON-ready values."""
        return {
            "n": self.n,
            "strategies": [one.to_dict() for one in self.strategies],
            "entered_late": self.entered_late,
            "treated_later": self.treated_later,
            "missing": [
                {"variable": name, "untreated": a, "treated": b} for name, a, b in self.missing
            ],
            "baseline": [row.to_dict() for row in self.baseline],
            "note": self.note,
        }


def summarise_cohort(cohort: Cohort, question: Question) -> CohortSummary:
    """Return a cohort in numbers.

    Parameters
    ----------
    cohort : Cohort
        The persons.
    question : Question
        For the grace period.

    Returns
    -------
    CohortSummary
        The numbers.
    """
    treated = cohort.treatment_time <= question.grace_months
    groups = (~treated, treated)
    words = ("not treated", "treated")
    labels = [f"{word} within {question.grace_months:g} months" for word in words]
    columns = cohort.confounders()
    return CohortSummary(
        n=cohort.n,
        strategies=(
            _strategy(labels[0], cohort, groups[0]),
            _strategy(labels[1], cohort, groups[1]),
        ),
        entered_late=0 if cohort.entry is None else int((cohort.entry > 0).sum()),
        treated_later=int((np.isfinite(cohort.treatment_time) & ~treated).sum()),
        missing=tuple(
            (
                column.name,
                int((column.missing & ~treated).sum()),
                int((column.missing & treated).sum()),
            )
            for column in columns
            if column.missing.any()
        ),
        baseline=balance_rows(columns, treated, np.ones(cohort.n), 0.0)
        if treated.any() and not treated.all()
        else (),
        note=(
            "These groups are formed by what happened after time zero. They describe; their "
            "survival must not be compared."
        ),
    )


def _strategy(label: str, cohort: Cohort, group: BoolArray) -> StrategySummary:
    event = cohort.event[group]
    median = float("nan")
    if group.any():
        entry = None if cohort.entry is None else cohort.entry[group]
        curves = reverse_kaplan_meier(cohort.time[group], event > 0, entry=entry, level=95)
        median = float(curves.curves[0].median.estimate)
    return StrategySummary(
        label=label,
        n=int(group.sum()),
        events=tuple(
            (name, int((event == code).sum())) for code, name in enumerate(cohort.event_labels, 1)
        ),
        lost=int(cohort.lost[group].sum()),
        median_follow_up_months=median,
    )
