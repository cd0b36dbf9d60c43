"""Choices that a g-formula needs."""

from __future__ import annotations

from dataclasses import dataclass

from locoreg.core.errors import DesignError
from locoreg.emulation.gformula.timeterms import TIME_TERMS, TimeTerms
from locoreg.stats.glm.result import Penalty
from locoreg.stats.studies import check_option


@dataclass(frozen=True, slots=True, kw_only=True)
class GFormulaOptions:
    """How hazards are modelled.

    Attributes
    ----------
    time_terms : {"spline", "quadratic", "indicators", "constant"}
        How hazards change over the intervals.
    time_df : int
        Degrees of freedom of the spline.
    treatment_by_time : bool
        Whether the effect of treatment changes with the terms of time.
    treatment_by : tuple of str
        Confounders with which it changes.
    penalty : {"firth"} or None
        Penalty of the logistic models.
    copies, seed : int
        Simulated courses per person and their seed; used where confounders change over time.
    """

    time_terms: TimeTerms = "spline"
    time_df: int = 4
    treatment_by_time: bool = False
    treatment_by: tuple[str, ...] = ()
    penalty: Penalty | None = None
    copies: int = 20
    seed: int = 1

    def __post_init__(self) -> None:
        check_option("time_terms", self.time_terms, TIME_TERMS)
        if self.penalty is not None:
            check_option("penalty", self.penalty, ("firth",))
        if not 2 <= self.time_df <= 6:
            raise DesignError(
                f"time_df is {self.time_df}.", hint="a spline has 2 to 6 degrees of freedom."
            )
        if self.copies < 1:
            raise DesignError(f"copies is {self.copies}.", hint="give 1 or more.")
        if self.seed < 0:
            raise DesignError(f"seed is {self.seed}.", hint="give 0 or a positive whole number.")
