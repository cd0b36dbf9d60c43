"""What is asked about effects by covariates. Nothing here has a default."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

from locoreg.core.errors import DesignError
from locoreg.stats.studies import check_level, check_option

Measure = Literal["rmst_difference", "survival_difference"]
MEASURES: tuple[Measure, ...] = get_args(Measure)


@dataclass(frozen=True, slots=True, kw_only=True)
class SelectionQuestion:
    """The effect whose dependence on covariates is asked for.

    Attributes
    ----------
    measure : {"rmst_difference", "survival_difference"}
        Difference, treated minus comparator, of the mean time up to the horizon (in months), or of
        the probability to be free of the event at the horizon.
    horizon_months : float
        The horizon, in months since time zero of the data.
    time_zero : str
        What time zero is, in words, such as ``6 months after the first metastasis``.
    treated_label, comparator_label : str
        The two options in words.
    outcome : str
        The event in words.
    level : float
        Level of intervals in percent.
    """

    measure: Measure
    horizon_months: float
    time_zero: str
    treated_label: str
    comparator_label: str
    outcome: str
    level: float

    def __post_init__(self) -> None:
        check_level(self.level)
        check_option("measure", self.measure, MEASURES)
        if not 0.0 < self.horizon_months < math.inf:
            raise DesignError(
                f"horizon_months is {self.horizon_months}.", hint="give a positive time in months."
            )
        for name in ("time_zero", "treated_label", "comparator_label", "outcome"):
            if not getattr(self, name).strip():
                raise DesignError(f"{name} is empty.", hint="say it in words.")

    @property
    def unit(self) -> str:
        """Unit of the effect: ``months``, or ``probability``."""
        return "months" if self.measure == "rmst_difference" else "probability"

    @property
    def estimand(self) -> str:
        """The effect in words."""
        span = f"{self.horizon_months:g} months since {self.time_zero}"
        if self.measure == "rmst_difference":
            return f"difference of the mean time free of {self.outcome} within {span}"
        return f"difference of the probability to be free of {self.outcome} at {span}"

    def to_dict(self) -> dict[str, Any]:
        """Return the question as JSON-ready values."""
        return asdict(self)
