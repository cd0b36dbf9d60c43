"""One number that compares two strategies."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Literal, get_args

from locoreg.core.estimate import Estimate

Measure = Literal[
    "survival_difference",
    "survival_ratio",
    "rmst_difference",
    "rmst_ratio",
    "incidence_difference",
    "incidence_ratio",
    "time_lost_difference",
    "time_lost_ratio",
    "hazard_ratio",
]
MEASURES: tuple[Measure, ...] = get_args(Measure)
WORDS: dict[str, str] = {
    "survival_difference": "Difference of survival",
    "survival_ratio": "Ratio of survival",
    "rmst_difference": "Difference of restricted mean survival time (months)",
    "rmst_ratio": "Ratio of restricted mean survival time",
    "incidence_difference": "Difference of cumulative incidence",
    "incidence_ratio": "Ratio of cumulative incidence",
    "time_lost_difference": "Difference of restricted mean time lost (months)",
    "time_lost_ratio": "Ratio of restricted mean time lost",
    "hazard_ratio": "Hazard ratio",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Contrast:
    """Treated strategy against comparator.

    Attributes
    ----------
    measure : str
        One of MEASURES; ratios are on the log scale.
    at_months : float
        Time; for restricted means their upper limit; for the hazard ratio the horizon.
    estimate : Estimate
        Treated less comparator, or treated over comparator. Standard error and limits are NaN
        where no interval was asked for.
    comparator, treated : float
        The value in each arm; NaN for the hazard ratio.
    """

    measure: Measure
    at_months: float
    estimate: Estimate
    comparator: float
    treated: float

    @property
    def words(self) -> str:
        """The measure in words."""
        return WORDS[self.measure]

    def to_dict(self) -> dict[str, Any]:
        """Return the contrast as JSON-ready values."""
        return {
            "measure": self.measure,
            "at_months": self.at_months,
            "comparator": self.comparator,
            "treated": self.treated,
            **self.estimate.to_dict(),
        }
