"""The parametric g-formula."""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.gformula.analysis import GFormula
from locoreg.emulation.gformula.options import GFormulaOptions
from locoreg.emulation.gformula.timeterms import TimeTerms
from locoreg.emulation.inference import Analysis
from locoreg.emulation.methods.base import Method
from locoreg.emulation.question import Question
from locoreg.stats.glm.result import Penalty


@dataclass(frozen=True, slots=True, kw_only=True)
class ParametricGFormula(Method):
    """Model hazards by interval, and average what they predict under each strategy.

    Attributes
    ----------
    time_terms, time_df, treatment_by_time, treatment_by, penalty, copies, seed
        See ``GFormulaOptions``.
    """

    name: ClassVar[str] = "g_formula"
    title: ClassVar[str] = "Parametric g-formula"

    time_terms: TimeTerms = "spline"
    time_df: int = 4
    treatment_by_time: bool = False
    treatment_by: tuple[str, ...] = ()
    penalty: Penalty | None = None
    copies: int = 20
    seed: int = 1

    def __post_init__(self) -> None:
        self._options()

    def _options(self) -> GFormulaOptions:
        return GFormulaOptions(
            time_terms=self.time_terms,
            time_df=self.time_df,
            treatment_by_time=self.treatment_by_time,
            treatment_by=self.treatment_by,
            penalty=self.penalty,
            copies=self.copies,
            seed=self.seed,
        )

    def estimand(self, question: Question) -> str:
        """Return in one sentence what is estimated."""
        g = question.grace_months
        comparator = (
            "no treatment at all"
            if question.comparator == "never"
            else "no treatment by then, whatever is done later"
        )
        if question.intervals == 0:
            return f"Effect in all persons of treatment at time zero against {comparator}."
        start = g - question.interval_months
        then = {
            "deadline": f"with everybody still untreated treated at {start:g} months",
            "all_initiators": f"with everybody still untreated treated at {g:g} months",
            "uniform": "spread evenly over its intervals",
        }[question.initiation]
        return (
            f"Effect in all persons of treatment within {g:g} months, {then}, against {comparator}."
        )

    def bind(self, cohort: Cohort, question: Question) -> Analysis:
        """Return the analysis of a cohort."""
        return GFormula(cohort, question, self._options())


METHOD = ParametricGFormula
