"""What a study file says of summary of findings and of the next trial."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from itertools import pairwise
from typing import Annotated, Any, Literal, Protocol

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

from locoreg.core.errors import DataError, did_you_mean

Level = Literal["high", "moderate", "low", "very low"]
Domain = Literal[
    "risk of bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "publication bias",
    "large effect",
    "dose response",
    "plausible confounding",
]
LEVELS: tuple[Level, ...] = ("very low", "low", "moderate", "high")
DOWN: tuple[Domain, ...] = (
    "risk of bias",
    "inconsistency",
    "indirectness",
    "imprecision",
    "publication bias",
)
MOST_OUTCOMES = 7
# In percent.
SMALLEST_ALPHA = 0.5
Words = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Months = Annotated[float, Field(gt=0, le=1200, allow_inf_nan=False)]


def _no_fraction(value: float) -> float:
    # A fraction in place of a percentage is within bounds, and would plan another trial unseen.
    if value < 1:
        raise ValueError(f"{value:g} is read as {value:g} percent: write {100 * value:g} instead")
    return value


Share = Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False), AfterValidator(_no_fraction)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class Reason(_Strict):
    """Why certainty was rated down or up.

    Attributes
    ----------
    domain : str
        One of the GRADE domains.
    by : int
        -1 or -2 for the five that rate down, 1 or 2 for the three that rate up.
    reason : str
        In words, for the footnote.
    """

    domain: Domain
    by: Literal[-2, -1, 1, 2]
    reason: Words

    @model_validator(mode="after")
    def _sign_fits(self) -> Reason:
        down = self.domain in DOWN
        if down == (self.by > 0):
            sign = "down: write -1 or -2" if down else "up: write 1 or 2"
            raise ValueError(f"{self.domain} rates certainty {sign}")
        return self


class Certainty(_Strict):
    """How certain the evidence is, as somebody judged.

    Attributes
    ----------
    level : str
        high, moderate, low or very low.
    author : str
        Who judged.
    reasons : tuple of Reason
        Each becomes a footnote.
    """

    level: Level
    author: Words
    reasons: tuple[Reason, ...]

    @field_validator("reasons")
    @classmethod
    def _each_once(cls, value: tuple[Reason, ...]) -> tuple[Reason, ...]:
        names = [reason.domain for reason in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is given twice; write one reason for it")
        return value


class Baseline(_Strict):
    """Outcome without the intervention, as a source states it.

    Attributes
    ----------
    label : str
        low, medium or high (risk), or what tells these patients apart.
    survival_percent : float
        Percent in the good state, 1 or more: without an adverse event, or with a favourable one.
    at_months : float
        When.
    source : str
        Where the number stands.
    """

    label: Name
    survival_percent: Share
    at_months: Months
    source: Words


class Important(_Strict):
    """From where on a difference matters, per 1,000; stated, never assumed.

    Attributes
    ----------
    per_1000 : float
        Smallest difference that matters.
    moderate_per_1000, large_per_1000 : float or None
        From where on it is moderate, and large; without them no word says how large it is.
    """

    per_1000: Annotated[float, Field(gt=0, lt=1000, allow_inf_nan=False)]
    moderate_per_1000: Annotated[float, Field(gt=0, lt=1000, allow_inf_nan=False)] | None = None
    large_per_1000: Annotated[float, Field(gt=0, lt=1000, allow_inf_nan=False)] | None = None

    @model_validator(mode="after")
    def _ascend(self) -> Important:
        if (self.moderate_per_1000 is None) != (self.large_per_1000 is None):
            raise ValueError("give moderate_per_1000 and large_per_1000 together, or neither")
        if (
            self.moderate_per_1000 is not None
            and self.large_per_1000 is not None
            and not self.per_1000 < self.moderate_per_1000 < self.large_per_1000
        ):
            raise ValueError("per_1000, moderate_per_1000 and large_per_1000 ascend")
        return self


class _OfPool(_Strict):
    """Attributes: question, outcome and design of a pool of the evidence part."""

    question: Name
    outcome: Name
    design: Name

    @property
    def pool(self) -> tuple[str, str, str]:
        """Question, outcome and design."""
        return self.question, self.outcome, self.design


class FindingsPlan(_OfPool):
    """One outcome of a summary of findings.

    Attributes
    ----------
    question, outcome, design : str
        A pool of the evidence part.
    baseline : tuple of Baseline
        At least one, with a source each.
    important : Important
        From where on a difference matters.
    certainty : Certainty or None
        As judged; None is shown as not judged, and the words that depend on it are left out.
    """

    baseline: tuple[Baseline, ...] = Field(min_length=1, max_length=5)
    important: Important
    certainty: Certainty | None = None

    @field_validator("baseline")
    @classmethod
    def _labels_differ(cls, value: tuple[Baseline, ...]) -> tuple[Baseline, ...]:
        labels = [one.label for one in value]
        twice = sorted({label for label in labels if labels.count(label) > 1})
        if twice:
            raise ValueError(f"the label {twice[0]!r} is given twice")
        return value

    @model_validator(mode="after")
    def _level_follows(self) -> FindingsPlan:
        if self.certainty is None:
            return self
        start = start_level(self.design)
        moved = sum(reason.by for reason in self.certainty.reasons)
        follows = LEVELS[min(max(LEVELS.index(start) + moved, 0), len(LEVELS) - 1)]
        if follows != self.certainty.level:
            raise ValueError(
                f"{self.design} starts at {start} and the reasons move it by {moved:+d}, which "
                f"gives {follows} and not {self.certainty.level}"
            )
        return self


class ControlSurvival(_Strict):
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


class PlanningPlan(_OfPool):
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


class _Asked(Protocol):
    """What is read of a question of the evidence part."""

    @property
    def question(self) -> str: ...
    @property
    def outcomes(self) -> tuple[str, ...]: ...
    @property
    def designs(self) -> tuple[str, ...]: ...


def start_level(design: str) -> Level:
    """Return the level that certainty starts at: high for randomised trials, else low."""
    return "high" if design == "rct" else "low"


def check_plans(
    questions: Iterable[_Asked],
    findings: Sequence[FindingsPlan],
    planning: Sequence[PlanningPlan],
) -> None:
    """Check that each entry is of a pool that the study asks for, and that tables stay readable.

    Parameters
    ----------
    questions : iterable of QuestionPlan
        Of the evidence part.
    findings, planning : sequence
        The two parts.

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
    for part, plans in (("findings", findings), ("planning", planning)):
        for i, plan in enumerate(plans):
            _is_asked(f"{part}.{i}", plan, asked)
    pools = [plan.pool for plan in findings]
    for i, pool in enumerate(pools):
        if pool in pools[:i]:
            raise DataError(f"findings.{i}: {'/'.join(pool)} is given twice.")
    for question in dict.fromkeys(plan.question for plan in findings):
        count = sum(plan.question == question for plan in findings)
        if count > MOST_OUTCOMES:
            raise DataError(
                f"findings: {question} has {count} outcomes; a summary of findings holds "
                f"{MOST_OUTCOMES} at most.",
                hint="leave out those that matter least to patients.",
            )


def _is_asked(place: str, plan: _OfPool, asked: set[tuple[str, str, str]]) -> None:
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
