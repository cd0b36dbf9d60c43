"""Clone, censor, weight."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from locoreg.emulation.clones.analysis import CloneAnalysis
from locoreg.emulation.clones.options import Choices, InitiationModel, LossModel
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty


@dataclass(frozen=True, slots=True, kw_only=True)
class CloneCensorWeight(Method):
    """Clone everybody into both arms, censor clones that depart, weight those that don't [1]_ [2]_.

    Attributes
    ----------
    initiation_model : {"pooled_logistic", "cox"}
        Model of the start of treatment. ``pooled_logistic``: hazards per decision interval, each
        with a coefficient of its own. ``cox``: continuous time, Efron's ties, for the comparator
        arm, and a logistic regression at the deadline for the treated arm; baseline confounders
        only, intervals of estimates by bootstrap.
    natural_censoring : {"none", "pooled_logistic"}
        Model of loss to follow-up, apart from that of artificial censoring; treatment and all
        confounders are covariates. Censoring by the end of the study needs none. Where nobody is
        lost at some level of a confounder it has Firth's penalty.
    penalty : {"firth"} or None
        Penalty of the logistic regressions of treatment, where they are separated.
    truncate : float or None
        Percentile of the persons' largest weights in an arm at which weights are cut. None, the
        default: truncation moves estimates back towards the unweighted ones.
    stabilised : bool
        Whether weights of the hazard ratio are divided by their mean over those at risk in the arm
        at each time. Curves don't depend on it; the hazard ratio does.

    References
    ----------
    .. [1] Cain LE et al. (2010). Int J Biostat 6(2):18. doi:10.2202/1557-4679.1212
    .. [2] Maringe C et al. (2020). Int J Epidemiol 49:1719-1729. doi:10.1093/ije/dyaa057
    """

    name: ClassVar[str] = "clone_censor_weight"
    title: ClassVar[str] = "Clone, censor, weight"

    initiation_model: InitiationModel = "pooled_logistic"
    natural_censoring: LossModel = "none"
    penalty: Penalty | None = None
    truncate: float | None = None
    stabilised: bool = False

    def __post_init__(self) -> None:
        """Check the options."""
        self._choices()

    def _choices(self) -> Choices:
        return Choices(
            initiation_model=self.initiation_model,
            natural_censoring=self.natural_censoring,
            penalty=self.penalty,
            truncate=self.truncate,
            stabilised=self.stabilised,
        )

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        late = {
            "all_initiators": "those alive and untreated then are represented by persons treated "
            "earlier who are alive then",
            "deadline": "those still untreated at the start of its last interval are treated in it",
            "uniform": "treatment is spread evenly over its decision intervals",
        }[question.initiation]
        rest = {
            "never": "no treatment at all",
            "none_within_grace": "no treatment within the grace period, whatever is done later",
        }[question.comparator]
        return (
            f"Effect in all eligible persons of treatment within {question.grace_months:g} months "
            f"({late}) against {rest}, on {question.outcome} up to {question.horizon_months:g} "
            "months."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort; a question that does not fit is a DesignError."""
        return CloneAnalysis(cohort, question, self._choices())


METHOD = CloneCensorWeight
