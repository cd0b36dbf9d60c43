"""What a study file asks of the next trial beside its size: the parts of a planning entry."""

from __future__ import annotations

import math
from itertools import pairwise
from typing import Annotated, Literal

from pydantic import AfterValidator, BaseModel, ConfigDict, Field, field_validator, model_validator

Words = Annotated[str, Field(min_length=1, max_length=100)]
Patients = Annotated[int, Field(ge=2, le=1_000_000)]
Months = Annotated[float, Field(gt=0, le=1200, allow_inf_nan=False)]
Positive = Annotated[float, Field(gt=0, le=1e6, allow_inf_nan=False)]
SpendingName = Literal["obrien-fleming", "pocock"]
FutilityName = Literal["none", "non-binding", "binding"]
Heterogeneity = Literal["none", "diversity", "inconsistency", "tau2"]


def _is_an_effect(value: float) -> float:
    if math.isclose(value, 1):
        raise ValueError("a hazard ratio of 1 is no effect: state another")
    return value


Ratio = Annotated[float, Field(gt=0, lt=100, allow_inf_nan=False), AfterValidator(_is_an_effect)]


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class AssurancePlan(_Strict):
    """Trials of so many patients: assurance, and the chance that they change the conclusion.

    Attributes
    ----------
    patients : tuple of int
        In both arms.
    tau_scale : float
        Scale of the half-normal prior on tau.
    minimal_hazard_ratio : float or None
        Smallest important benefit: the pool is read against it too.
    threshold_percent : float or None
        Probability of benefit or harm that a reader asks for: the pool is read against it too.
    """

    patients: tuple[Patients, ...] = Field(min_length=1, max_length=6)
    tau_scale: Positive
    minimal_hazard_ratio: Annotated[float, Field(gt=0, lt=1)] | None = None
    threshold_percent: Annotated[float, Field(gt=50, lt=100)] | None = None

    @field_validator("patients")
    @classmethod
    def _differ(cls, value: tuple[int, ...]) -> tuple[int, ...]:
        if len(set(value)) != len(value):
            raise ValueError("a number of patients is given twice")
        return value


class SequentialPlan(_Strict):
    """A trial sequential analysis of the pool, with the entry's alpha, power and sides.

    Attributes
    ----------
    hazard_ratio : float
        Effect to be found.
    spending : str
        Of alpha: obrien-fleming or pocock, as Lan and DeMets spend.
    futility : str
        none, non-binding or binding; spent as alpha is.
    heterogeneity : str
        How the required information allows for it: none, diversity, inconsistency or tau2.
    heterogeneity_value : float or "estimated"
        Stated (a fraction for diversity and inconsistency), or as the trials estimate it. Not for
        none.
    smallest_step : float
        Percent of the required information that a look adds at least; 0 for one at each trial.
    """

    hazard_ratio: Ratio
    spending: SpendingName
    futility: FutilityName
    heterogeneity: Heterogeneity
    heterogeneity_value: (
        Annotated[float, Field(ge=0, allow_inf_nan=False)] | Literal["estimated"] | None
    ) = None
    smallest_step: Annotated[float, Field(ge=0, lt=100)]

    @model_validator(mode="after")
    def _stated_where_needed(self) -> SequentialPlan:
        if (self.heterogeneity == "none") != (self.heterogeneity_value is None):
            raise ValueError(
                "heterogeneity_value goes with diversity, inconsistency or tau2: a number, or "
                "estimated"
            )
        fraction = self.heterogeneity in ("diversity", "inconsistency")
        if fraction and not isinstance(self.heterogeneity_value, str):
            stated = self.heterogeneity_value or 0.0
            if stated >= 1:
                raise ValueError("diversity and inconsistency are fractions under 1: 0.25 is 25%")
        return self


class LooksPlan(_Strict):
    """Interim looks of the next trial, with the entry's alpha, power, sides and first effect.

    Attributes
    ----------
    information : tuple of float
        Share of the events at each look, ascending to 1.
    spending, futility : str
        As for a sequential analysis.
    """

    information: tuple[Annotated[float, Field(gt=0, le=1)], ...] = Field(
        min_length=2, max_length=20
    )
    spending: SpendingName
    futility: FutilityName

    @field_validator("information")
    @classmethod
    def _ascends(cls, value: tuple[float, ...]) -> tuple[float, ...]:
        if any(b <= a for a, b in pairwise(value)) or value[-1] != 1:
            raise ValueError("the shares ascend and end in 1")
        return value


class AccrualPlan(_Strict):
    """Whether the next trial will have its patients, from the record of others; priors stated.

    Attributes
    ----------
    studies : tuple of str
        Trials of the table of accrual that it rests on.
    patients : tuple of int
        Numbers to be reached within the entry's months of accrual.
    centres : int or None
        Planned centres: rates are then per centre and month.
    rate, rate_factor : float
        Median of the mean rate in patients per month; its 95% interval is from rate / factor to
        rate * factor.
    variation : float
        Scale of the half-normal prior on the coefficient of variation of rates between trials.
    stops, stop_months : float
        So many trials stopped for their accrual in so many months of accrual.
    """

    studies: tuple[Words, ...] = Field(min_length=1, max_length=50)
    patients: tuple[Patients, ...] = Field(min_length=1, max_length=6)
    centres: Annotated[int, Field(ge=1, le=10_000)] | None = None
    rate: Positive
    rate_factor: Annotated[float, Field(gt=1, le=1000)]
    variation: Positive
    stops: Positive
    stop_months: Positive


class EnrichmentPlan(_Strict):
    """A trial in those whom a selection's rule treats, beside one in everybody.

    Attributes
    ----------
    selection : str
        Name of an entry of the part ``selection``.
    horizon_months : float
        Of the restricted means, as in the selection.
    eligible_per_month : float
        Eligible patients per month, before the rule.
    between_groups_sd : float
        Standard deviation in months of true effects between groups, by which an effect that was
        picked is drawn back to the average.
    patients : tuple of int
        Numbers at which the assurance is given.
    """

    selection: Words
    horizon_months: Months
    eligible_per_month: Positive
    between_groups_sd: Positive
    patients: tuple[Patients, ...] = Field(min_length=1, max_length=6)
