"""Ever against never treated: the biased comparison, kept to show the bias."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar, Literal, get_args

from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.groups.ever import EverGroups
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.stats.studies import check_option

ImmortalTime = Literal["counted", "excluded"]
IMMORTAL_TIMES: tuple[ImmortalTime, ...] = get_args(ImmortalTime)


@dataclass(frozen=True, slots=True, kw_only=True)
class EverTreated(Method):
    """Compare those who are ever treated with those who never are.

    Attributes
    ----------
    immortal_time : {"counted", "excluded"}
        Whether the treated are followed from time zero, their time before treatment counted as
        treated; or from their treatment, that time left out [1]_. Both are biased [2]_.
    adjust : bool
        Whether the hazard ratio is adjusted for the baseline confounders. Curves never are.

    References
    ----------
    .. [1] Suissa S (2008). American Journal of Epidemiology 167:492-499. doi:10.1093/aje/kwm324
    .. [2] Duchesneau ED et al. (2022). Cancer Epidemiology, Biomarkers & Prevention 31:2079-2086.
       doi:10.1158/1055-9965.EPI-22-0495
    """

    name: ClassVar[str] = "ever_treated"
    title: ClassVar[str] = "Ever against never treated"
    biased: ClassVar[str | None] = (
        "groups are formed by what happens after time zero: the treated could not die before their "
        "treatment (immortal time)."
    )

    immortal_time: ImmortalTime = "counted"
    adjust: bool = False

    def __post_init__(self) -> None:
        check_option("immortal_time", self.immortal_time, IMMORTAL_TIMES)

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        start = (
            "counted from time zero"
            if self.immortal_time == "counted"
            else "the former counted from their treatment and the latter from time zero"
        )
        return (
            "Difference between persons who were ever treated and persons who never were, "
            f"{start}; not the effect of a strategy."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        return EverGroups(
            cohort,
            question,
            adjust=self.adjust,
            from_treatment=self.immortal_time == "excluded",
        )


METHOD = EverTreated
