"""Sequential trials: a trial starts with every decision interval."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.emulation.sequential.analysis import SequentialTrials as PooledTrials
from locoreg.stats.glm.result import Penalty
from locoreg.stats.studies import check_option

Population = Literal["eligible", "initiators"]
POPULATIONS: tuple[Population, ...] = get_args(Population)


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialTrials(Method):
    """Compare, in one trial per interval, those who start treatment with those who do not yet.

    Attributes
    ----------
    trials_until_months : float or None
        Trials start up to here; None takes the question's grace period.
    population : {"eligible", "initiators"}
        Whom the arms stand for: everybody eligible at the start of a trial, or those who start.
    penalty : {"firth"} or None
        Penalty of the models of treatment, where they are separated.

    References
    ----------
    .. [1] Hernan MA et al. (2008). Epidemiology 19:766-779. doi:10.1097/EDE.0b013e3181875e61
    .. [2] Danaei G et al. (2013). Statistical Methods in Medical Research 22:70-96.
       doi:10.1177/0962280211403603
    .. [3] Gran JM et al. (2010). Statistics in Medicine 29:2757-2768. doi:10.1002/sim.4048
    .. [4] Keogh RH et al. (2023). Statistics in Medicine 42:2191-2225. doi:10.1002/sim.9718
    """

    name: ClassVar[str] = "sequential_trials"
    title: ClassVar[str] = "Sequential trials"

    trials_until_months: float | None = None
    population: Population = "eligible"
    penalty: Penalty | None = None

    def __post_init__(self) -> None:
        check_option("population", self.population, POPULATIONS)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if self.trials_until_months is not None and not self.trials_until_months >= 0.0:
            raise DesignError(
                f"trials_until_months is {self.trials_until_months}.",
                hint="give 0 or more months.",
            )

    def _until(self, question: Question) -> float:
        until = self.trials_until_months
        return question.grace_months if until is None else until

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        until = self._until(question)
        against = (
            "not starting then, whatever is done later"
            if question.contrast == "itt_like"
            else "never starting"
            if question.comparator == "never"
            else f"not starting up to {question.grace_months:g} months after time zero"
        )
        whom = (
            "persons alive, followed and untreated"
            if self.population == "eligible"
            else "persons who start"
        )
        when = f"at the start of each interval up to {until:g} months" if until else "at time zero"
        return (
            f"Starting treatment now against {against}, averaged over {whom} {when} "
            "(a person counts once in each trial)."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        return PooledTrials(
            cohort,
            question,
            until=self._until(question),
            toward=self.population == "initiators",
            penalty=self.penalty,
        )


METHOD = SequentialTrials
