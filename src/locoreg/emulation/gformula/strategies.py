"""Which share of those who wait is treated at the start of each interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from locoreg.emulation.gformula.table import IntervalTable
from locoreg.emulation.question import Question

Rule = Literal["none", "natural", "all"]


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """A strategy, interval by interval.

    Attributes
    ----------
    rules : tuple of {"none", "natural", "all"} or float
        What is done at the start of each interval with those not treated yet: nothing, what was
        done with such persons in the data, treatment, or treatment of a share of them.
    """

    rules: tuple[Rule | float, ...]

    @property
    def natural_intervals(self) -> tuple[int, ...]:
        """Intervals in which treatment is as in the data."""
        return tuple(k for k, rule in enumerate(self.rules) if rule == "natural")


def plans(question: Question, table: IntervalTable) -> tuple[Plan, Plan]:
    """Return the strategies of a question: comparator, then treated.

    Parameters
    ----------
    question : Question
        What is asked.
    table : IntervalTable
        For the number of intervals.

    Returns
    -------
    comparator, treated : Plan
        Without a grace period everybody in the treated arm is treated at time zero. With one and
        ``deadline``, treatment is as in the data until the last interval of the grace period, at
        whose start all who wait are treated; with ``all_initiators`` they are at its end; with
        ``uniform`` treatment is spread evenly over its intervals.
    """
    count, grace = table.intervals, table.grace
    nothing: list[Rule | float] = ["none"] * count
    comparator = Plan(rules=tuple(nothing))
    rules = [*nothing]
    if grace == 0:
        rules[0] = "all"
    elif question.initiation == "uniform":
        for k in range(grace):
            rules[k] = 1.0 / (grace - k)
    else:
        forced = grace - 1 if question.initiation == "deadline" else grace
        for k in range(forced):
            rules[k] = "natural"
        if forced < count:
            rules[forced] = "all"
    return comparator, Plan(rules=tuple(rules))
