"""What a study file says of the summary of findings."""

from __future__ import annotations

from itertools import pairwise
from typing import Annotated, Literal

from pydantic import (
    AfterValidator,
    BaseModel,
    ConfigDict,
    Field,
    field_validator,
    model_validator,
)

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
Words = Annotated[str, Field(min_length=1, max_length=500)]
Name = Annotated[str, Field(min_length=1, max_length=100)]
Months = Annotated[float, Field(gt=0, le=1200, allow_inf_nan=False)]


def _no_fraction(value: float) -> float:
    # A fraction in place of a percentage is within bounds, and would plan another trial unseen.
    if value < 1:
        raise ValueError(f"{value:g} is read as {value:g} percent: write {100 * value:g} instead")
    return value


Share = Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False), AfterValidator(_no_fraction)]


class Strict(BaseModel):
    """Frozen, and without keys that it does not know."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class Reason(Strict):
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


class Certainty(Strict):
    """How certain the evidence is, as somebody judged.

    Attributes
    ----------
    level : str
        high, moderate, low or very low.
    author : str
        Who judged.
    reasons : tuple of Reason
        Each becomes a footnote.
    otherwise : str
        Where comparisons without randomisation start: low, as GRADE has it, or high where risk of
        bias was judged with ROBINS-I, which rates confounding down in its own domain.
    """

    level: Level
    author: Words
    reasons: tuple[Reason, ...]
    otherwise: Literal["low", "high"] = "low"

    @field_validator("reasons")
    @classmethod
    def _each_once(cls, value: tuple[Reason, ...]) -> tuple[Reason, ...]:
        names = [reason.domain for reason in value]
        twice = sorted({name for name in names if names.count(name) > 1})
        if twice:
            raise ValueError(f"{twice[0]} is given twice; write one reason for it")
        return value


class BaselinePoint(Strict):
    """Outcome without the intervention at one time, as a source states it.

    Attributes
    ----------
    at_months : float
        When.
    survival_percent : float
        Percent in the good state, 1 or more: without an adverse event, or with a favourable one.
    source : str
        Where the number stands.
    """

    at_months: Months
    survival_percent: Share
    source: Words


class Baseline(Strict):
    """Outcome without the intervention of one group of patients: at one time, or at several.

    Attributes
    ----------
    label : str
        low, medium or high (risk), or what tells these patients apart.
    survival_percent, at_months, source
        One point; not beside ``points``.
    points : tuple of BaselinePoint
        Several, ascending in months.
    """

    label: Name
    survival_percent: Share | None = None
    at_months: Months | None = None
    source: Words | None = None
    points: tuple[BaselinePoint, ...] = Field(default=(), max_length=6)

    @model_validator(mode="after")
    def _one_way(self) -> Baseline:
        alone = {
            "survival_percent": self.survival_percent,
            "at_months": self.at_months,
            "source": self.source,
        }
        given = [name for name, value in alone.items() if value is not None]
        missing = [name for name, value in alone.items() if value is None]
        if self.points and given:
            raise ValueError(f"{given[0]} stands beside points: write it as one of them")
        if not self.points and missing:
            verb = "is" if len(missing) == 1 else "are"
            raise ValueError(f"{', '.join(missing)} {verb} missing; or write points")
        months = [one.at_months for one in self.points]
        if any(b <= a for a, b in pairwise(months)):
            raise ValueError("the points ascend in months")
        return self

    @property
    def stated(self) -> tuple[BaselinePoint, ...]:
        """The points, in whichever way they are written."""
        if self.survival_percent is None or self.at_months is None or self.source is None:
            return self.points
        return (
            BaselinePoint(
                at_months=self.at_months,
                survival_percent=self.survival_percent,
                source=self.source,
            ),
        )


class Important(Strict):
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


class OfPool(Strict):
    """Attributes: question, outcome and design of a pool of the evidence part."""

    question: Name
    outcome: Name
    design: Name

    @property
    def pool(self) -> tuple[str, str, str]:
        """Question, outcome and design."""
        return self.question, self.outcome, self.design


class FindingsPlan(OfPool):
    """One outcome of a summary of findings.

    Attributes
    ----------
    question, outcome, design : str
        A pool of the evidence part.
    baseline : tuple of Baseline
        At least one, with sources.
    times : tuple of float
        Months at which every baseline has a row of its own, 36 and 60 say. A baseline without a
        point there says so: nothing is interpolated. Points at other months keep their rows.
    important : Important
        From where on a difference matters.
    certainty : Certainty or None
        As judged; None is shown as not judged, and the words that depend on it are left out.
    """

    baseline: tuple[Baseline, ...] = Field(min_length=1, max_length=5)
    times: tuple[Months, ...] = Field(default=(), max_length=6)
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

    @field_validator("times")
    @classmethod
    def _times_ascend(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(value)):
            raise ValueError("the times ascend")
        return value

    @model_validator(mode="after")
    def _level_follows(self) -> FindingsPlan:
        if self.certainty is None:
            return self
        start = start_level(self.design, self.certainty.otherwise)
        moved = sum(reason.by for reason in self.certainty.reasons)
        follows = LEVELS[min(max(LEVELS.index(start) + moved, 0), len(LEVELS) - 1)]
        if follows != self.certainty.level:
            raise ValueError(
                f"{self.design} starts at {start} and the reasons move it by {moved:+d}, which "
                f"gives {follows} and not {self.certainty.level}"
            )
        return self


def start_level(design: str, otherwise: Literal["low", "high"]) -> Level:
    """Return the level that certainty starts at: high for randomised trials, else as stated."""
    return "high" if design == "rct" else otherwise
