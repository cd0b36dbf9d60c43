"""Cox model with treatment as a covariate that changes over time."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.emulation.timedependent.analysis import ChangePlan, ChangingTreatment
from locoreg.emulation.timedependent.rows import LATE_TREATMENTS, LateTreatment
from locoreg.stats.glm.result import Penalty
from locoreg.stats.studies import check_option

Adjustment = Literal["none", "baseline", "time_varying"]
ADJUSTMENTS: tuple[Adjustment, ...] = get_args(Adjustment)


@dataclass(frozen=True, slots=True, kw_only=True)
class TimeDependentCox(Method):
    """Compare the hazards of treated and untreated persons at the same time since time zero.

    Attributes
    ----------
    adjust : {"none", "baseline", "time_varying"}
        Covariates of the model: none, the baseline confounders, or these and the histories' values
        as they change.
    late_treatment : {"treated", "untreated", "censored"}
        What treatment after the grace period does: the person counts as treated from then, stays
        untreated, or is followed until then.
    early_months : float or None
        Months after treatment with a hazard ratio of their own, such as those with deaths from an
        operation; the hazard ratio reported is then that of later months.
    penalty : {"firth"} or None
        Penalty of the model of when persons are treated, on which the curves rest.

    References
    ----------
    .. [1] Cox DR (1972). JRSS B 34:187-220. doi:10.1111/j.2517-6161.1972.tb00899.x
    .. [2] Mantel N, Byar DP (1974). JASA 69:81-86. doi:10.1080/01621459.1974.10480131
    """

    name: ClassVar[str] = "time_dependent_cox"
    title: ClassVar[str] = "Cox model with time-dependent treatment"

    adjust: Adjustment = "baseline"
    late_treatment: LateTreatment = "treated"
    early_months: float | None = None
    penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_option("adjust", self.adjust, ADJUSTMENTS)
        check_option("late_treatment", self.late_treatment, LATE_TREATMENTS)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if self.early_months is not None and not self.early_months > 0.0:
            raise DesignError(
                f"early_months is {self.early_months}.", hint="give a positive number of months."
            )

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        grace = question.grace_months
        timing = {
            "deadline": "treated when persons like them are, those left at the start of the last "
            f"interval before {grace:g} months",
            "all_initiators": f"treated when persons like them are, those left at {grace:g} months",
            "uniform": f"treated evenly over the first {grace:g} months",
        }[question.initiation]
        treated = timing if question.intervals else "treated at time zero"
        return (
            "Hazard of treated over that of untreated persons at the same time, as a model of "
            f"proportional hazards has it; the curves are those of the model for all persons "
            f"{treated}, against never treated."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        return ChangingTreatment(
            cohort,
            question,
            ChangePlan(
                baseline=self.adjust != "none",
                histories=self.adjust == "time_varying",
                late=self.late_treatment,
                early=self.early_months,
                penalty=self.penalty,
            ),
        )


METHOD = TimeDependentCox
