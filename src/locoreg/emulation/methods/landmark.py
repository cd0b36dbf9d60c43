"""Landmark analysis: groups by what happened up to a time, followed from it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.landmark import LandmarkGroups, LandmarkPlan
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty
from locoreg.stats.studies import check_option

Adjustment = Literal["iptw", "none"]
Population = Literal["all", "treated"]
HistoriesAt = Literal["time_zero", "landmark"]
ADJUSTMENTS: tuple[Adjustment, ...] = get_args(Adjustment)
POPULATIONS: tuple[Population, ...] = get_args(Population)
HISTORIES_AT: tuple[HistoriesAt, ...] = get_args(HistoriesAt)


@dataclass(frozen=True, slots=True, kw_only=True)
class Landmark(Method):
    """Compare persons treated by a landmark with those who were not, among the survivors.

    Attributes
    ----------
    landmark_months : float or None
        The landmark [1]_; None takes the end of the question's grace period.
    adjust : {"iptw", "none"}
        Inverse probability of treatment weights [2]_, or none.
    population : {"all", "treated"}
        Whom the weighted groups stand for: everybody alive at the landmark, or the treated.
    histories_at : {"time_zero", "landmark"}
        When the histories' values are taken: at the landmark they may be consequences of
        treatment before it.
    penalty : {"firth"} or None
        Penalty of the models of treatment, where they are separated.

    References
    ----------
    .. [1] Anderson JR, Cain KC, Gelber RD (1983). Journal of Clinical Oncology 1:710-719.
       doi:10.1200/JCO.1983.1.11.710
    .. [2] Cole SR, Hernan MA (2008). American Journal of Epidemiology 168:656-664.
       doi:10.1093/aje/kwn164
    """

    name: ClassVar[str] = "landmark"
    title: ClassVar[str] = "Landmark analysis"

    landmark_months: float | None = None
    adjust: Adjustment = "iptw"
    population: Population = "all"
    histories_at: HistoriesAt = "time_zero"
    penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_option("adjust", self.adjust, ADJUSTMENTS)
        check_option("population", self.population, POPULATIONS)
        check_option("histories_at", self.histories_at, HISTORIES_AT)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if self.landmark_months is not None and not self.landmark_months >= 0.0:
            raise DesignError(
                f"landmark_months is {self.landmark_months}.", hint="give 0 or more months."
            )
        if self.adjust == "none" and self.population == "treated":
            raise DesignError(
                "without weights the groups stand for themselves, not for the treated.",
                hint="take adjust='iptw', or population='all'.",
            )

    def _month(self, question: Question) -> float:
        return question.grace_months if self.landmark_months is None else self.landmark_months

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        month = self._month(question)
        whom = "everybody" if self.population == "all" else "the treated"
        stand = f", both standing for {whom} there" if self.adjust == "iptw" else ", unadjusted"
        later = (
            "whatever is done later"
            if question.contrast == "itt_like"
            else "who stay untreated"
            if question.comparator == "never"
            else "who stay untreated to the end of the grace period"
        )
        return (
            f"Among persons alive and followed at {month:g} months: treated by then against not "
            f"treated by then, {later}{stand}. Deaths before {month:g} months take no part."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        return LandmarkGroups(
            cohort,
            question,
            LandmarkPlan(
                month=self._month(question),
                weighted=self.adjust == "iptw",
                toward=self.population == "treated",
                histories_at_landmark=self.histories_at == "landmark",
                penalty=self.penalty,
            ),
        )


METHOD = Landmark
