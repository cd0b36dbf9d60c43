"""What the cohort explorer is asked to show."""

from __future__ import annotations

import re
from typing import Annotated, Any, Literal

from pydantic import AfterValidator, BeforeValidator, Field

from locoreg.core.errors import did_you_mean
from locoreg.web.views import View
from locoreg.workflows.registry.exploring import Choices, groupings

LONGEST_MONTHS = 600
MOST_TIMES = 8
_MONTHS = re.compile(r"\d{1,3}")


def _empty_is_none(value: Any) -> Any:
    # A field of a form that is left empty is sent as an empty text.
    return None if isinstance(value, str) and not value.strip() else value


def _known_grouping(value: str) -> str:
    if value and value not in groupings():
        hint = did_you_mean(value, groupings())
        raise ValueError(f"can't group by {value!r}{f': {hint}' if hint else ''}")
    return value


def _months(value: str) -> str:
    parts = [part for part in re.split(r"[,;\s]+", value.strip()) if part]
    if len(parts) > MOST_TIMES:
        raise ValueError(f"give at most {MOST_TIMES} months")
    for part in parts:
        if not _MONTHS.fullmatch(part) or not 1 <= int(part) <= LONGEST_MONTHS:
            raise ValueError(f"{part!r} is no month from 1 to {LONGEST_MONTHS}")
    return ",".join(str(month) for month in sorted({int(part) for part in parts}))


Year = Annotated[Annotated[int, Field(ge=1900, le=2200)] | None, BeforeValidator(_empty_is_none)]
Age = Annotated[Annotated[int, Field(ge=0, le=120)] | None, BeforeValidator(_empty_is_none)]
Months = Annotated[str, Field(max_length=80), AfterValidator(_months)]
Grouping = Annotated[str, Field(max_length=40), AfterValidator(_known_grouping)]


class CohortView(View):
    """The state of the explorer; its defaults are said in the sentence of the page.

    Attributes
    ----------
    registry : str
        Name of a registry; empty for the first.
    time_zero : str
        When follow-up begins.
    landmark : int
        Months that patients are alive and followed after it; times count from there.
    disease, subtype, sex, lesions, metastases, brain, operated : str
        What is asked for, or ``any``.
    year_from, year_to, age_from, age_to : int, optional
        First and last, both included.
    unknown : str
        What is done with patients for whom a criterion can't be judged.
    by : str
        What groups are made of.
    therapy : str
        The local therapy that is meant.
    at : str
        Months at which survival is given, separated by commas.
    horizon : int
        Months of the restricted mean.
    level : str
        Level of the intervals in percent.
    """

    registry: str = Field("", max_length=200)
    time_zero: Literal["first_metastasis", "primary_diagnosis", "entry"] = "first_metastasis"
    landmark: int = Field(0, ge=0, le=120)
    disease: Literal["any", "de_novo", "recurrent"] = "any"
    subtype: Literal["any", "HR+/HER2-", "HR+/HER2+", "HR-/HER2+", "triple_negative"] = "any"
    sex: Literal["any", "female", "male"] = "any"
    lesions: Literal["any", "1", "1-3", "1-5", ">5"] = "any"
    metastases: Literal[
        "any", "bone_only", "visceral", "organ_bone", "organ_liver", "organ_lung"
    ] = "any"
    brain: Literal["any", "no", "yes"] = "any"
    operated: Literal["any", "no", "yes"] = "any"
    year_from: Year = None
    year_to: Year = None
    age_from: Age = None
    age_to: Age = None
    unknown: Literal["exclude", "include"] = "exclude"
    by: Grouping = ""
    therapy: Literal["primary_surgery", "primary_radiotherapy", "lesion", "any"] = "primary_surgery"
    at: Months = "12,24,36,60"
    horizon: int = Field(36, ge=1, le=LONGEST_MONTHS)
    level: Literal["90", "95", "99"] = "95"

    def choices(self) -> Choices:
        """Return the cohort."""
        return Choices(
            time_zero=self.time_zero,
            landmark_months=self.landmark,
            disease=self.disease,
            subtype=self.subtype,
            sex=self.sex,
            lesions=self.lesions,
            metastases=self.metastases,
            brain=self.brain,
            primary_operated=self.operated,
            years=(self.year_from, self.year_to),
            ages=(self.age_from, self.age_to),
            unknown=self.unknown,
        )

    @property
    def months(self) -> tuple[float, ...]:
        """Months at which survival is given."""
        return tuple(float(month) for month in self.at.split(",") if month)

    @property
    def whole(self) -> bool:
        """Whether all patients of the registry are asked for, without groups."""
        asked = self.choices().criteria()
        return not asked and not self.landmark and not self.by
