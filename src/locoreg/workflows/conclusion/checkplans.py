"""Check that the entries of a study file are of pools that it asks for."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Protocol

from locoreg.core.errors import DataError, did_you_mean
from locoreg.workflows.conclusion.nextplan import PlanningPlan
from locoreg.workflows.conclusion.plan import FindingsPlan, OfPool

MOST_OUTCOMES = 7


class _Asked(Protocol):
    """What is read of a question of the evidence part."""

    @property
    def question(self) -> str: ...
    @property
    def outcomes(self) -> tuple[str, ...]: ...
    @property
    def designs(self) -> tuple[str, ...]: ...


def check_plans(
    questions: Iterable[_Asked],
    findings: Sequence[FindingsPlan],
    planning: Sequence[PlanningPlan],
    how_sure: Sequence[OfPool] = (),
) -> None:
    """Check that each entry is of a pool that the study asks for, and that tables stay readable.

    Parameters
    ----------
    questions : iterable of QuestionPlan
        Of the evidence part.
    findings, planning, how_sure : sequence
        The parts.

    Raises
    ------
    DataError
        With the place of the entry.
    """
    asked = {
        (q.question, outcome, design)
        for q in questions
        for outcome in q.outcomes
        for design in q.designs
    }
    parts: tuple[tuple[str, Sequence[OfPool]], ...] = (
        ("findings", findings), ("planning", planning), ("how_sure", how_sure),
    )  # fmt: skip
    for part, plans in parts:
        for i, plan in enumerate(plans):
            _is_asked(f"{part}.{i}", plan, asked)
    _each_once("findings", findings)
    _each_once("how_sure", how_sure)
    for question in dict.fromkeys(plan.question for plan in findings):
        count = sum(plan.question == question for plan in findings)
        if count > MOST_OUTCOMES:
            raise DataError(
                f"findings: {question} has {count} outcomes; a summary of findings holds "
                f"{MOST_OUTCOMES} at most.",
                hint="leave out those that matter least to patients.",
            )


def _each_once(part: str, plans: Sequence[OfPool]) -> None:
    pools = [plan.pool for plan in plans]
    for i, pool in enumerate(pools):
        if pool in pools[:i]:
            raise DataError(f"{part}.{i}: {'/'.join(pool)} is given twice.")


def _is_asked(place: str, plan: OfPool, asked: set[tuple[str, str, str]]) -> None:
    if plan.pool in asked:
        return
    for i, name in enumerate(("question", "outcome", "design")):
        options = {pool[i] for pool in asked if pool[:i] == plan.pool[:i]}
        if plan.pool[i] not in options:
            raise DataError(
                f"{place}.{name}: the evidence part asks for no {name} {plan.pool[i]!r}"
                f"{'' if i == 0 else ' there'}.",
                hint=did_you_mean(plan.pool[i], options),
            )
