"""What a study file says of the next trial."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Any, Literal

from pydantic import Field, field_validator

from locoreg.workflows.conclusion.nextparts import (
    AccrualPlan,
    AssurancePlan,
    EnrichmentPlan,
    LooksPlan,
    SequentialPlan,
)
from locoreg.workflows.conclusion.plan import Months, OfPool, Share, Strict, Words

# In percent.
SMALLEST_ALPHA = 0.5


class ControlSurvival(Strict):
    """Survival of the control arm of a planned trial, as a source states it.

    Attributes
    ----------
    percent : float
        Percent without the event, 1 or more.
    at_months : float
        When.
    source : str
        Where the number stands.
    """

    percent: Share
    at_months: Months
    source: Words


class PlanningPlan(OfPool):
    """A next trial; nothing that defines the answer has a default.

    Attributes
    ----------
    question, outcome, design : str
        The pool that it would join.
    hazard_ratio : tuple of float
        Effects to plan for, one trial each.
    power, alpha : float
        Percent; alpha from 0.5 on.
    sides : int
        Of the test.
    allocation : float
        Share of the patients in the intervention arm.
    control_survival : tuple of ControlSurvival
        One point for an exponential curve, several for hazards that change at their times.
    accrual_months, follow_up_months : float
        Uniform accrual, and follow-up after the last patient.
    dropout_percent_per_year : float
        Lost to follow-up in a year, in both arms.
    rmst_months, landmark_months : float or None
        Also size a test of restricted means up to, and of survival at, so many months.
    assurance, sequential, looks, accrual, enrichment
        Parts that are asked for beside the size; see each.
    """

    hazard_ratio: tuple[Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False)], ...] = Field(
        min_length=1, max_length=6
    )
    power: Annotated[float, Field(ge=50, lt=100)]
    alpha: Annotated[float, Field(gt=0, lt=50)]
    sides: Literal[1, 2]
    allocation: Annotated[float, Field(gt=0, lt=1)]
    control_survival: tuple[ControlSurvival, ...] = Field(min_length=1, max_length=20)
    accrual_months: Months
    follow_up_months: Annotated[float, Field(ge=0, le=1200, allow_inf_nan=False)]
    dropout_percent_per_year: Annotated[float, Field(ge=0, lt=100)]
    rmst_months: Months | None = None
    landmark_months: Months | None = None
    assurance: AssurancePlan | None = None
    sequential: SequentialPlan | None = None
    looks: LooksPlan | None = None
    accrual: AccrualPlan | None = None
    enrichment: EnrichmentPlan | None = None

    @field_validator("hazard_ratio", mode="before")
    @classmethod
    def _one_as_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, int | float) else value

    @field_validator("control_survival", mode="before")
    @classmethod
    def _point_as_list(cls, value: Any) -> Any:
        return [value] if isinstance(value, dict | ControlSurvival) else value

    @field_validator("alpha")
    @classmethod
    def _in_percent(cls, value: float) -> float:
        # 0.05 and 0.025 are written for 5% and 2.5%, and would plan a far larger trial unseen.
        if value < SMALLEST_ALPHA:
            raise ValueError(f"{value:g} is read as {value:g} percent: write {100 * value:g}")
        return value

    @field_validator("hazard_ratio")
    @classmethod
    def _not_one(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(math.isclose(one, 1) for one in value):
            raise ValueError("no trial can find a hazard ratio of 1: state another")
        if len(set(value)) != len(value):
            raise ValueError("a hazard ratio is given twice")
        return value

    @field_validator("control_survival")
    @classmethod
    def _falls(cls, value: tuple[ControlSurvival, ...]) -> tuple[ControlSurvival, ...]:
        for a, b in pairwise(value):
            if b.at_months <= a.at_months or b.percent >= a.percent:
                raise ValueError("the points ascend in months and fall in percent")
        return value
