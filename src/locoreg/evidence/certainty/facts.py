"""What the rules of certainty look at: a pool, its studies, and what matters to patients."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Literal

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.evidence.absolute import EventIs, absolute_effect
from locoreg.evidence.biastools import Concern

Zone = Literal["fewer", "trivial", "more"]


@dataclass(frozen=True, slots=True, kw_only=True)
class StudyFacts:
    """A study of a pool.

    Attributes
    ----------
    study_id, label : str
        Identity.
    yi, se : float
        Effect on the analysis scale.
    weight : float
        In the pool, percent.
    n, events : int or None
        Patients and events, where they are on record.
    concern : str or None
        Overall risk of bias; ``unknown`` where an assessment has no overall judgement, None
        where no assessment is on record.
    indirectness : str
        How its patients differ from those of the question; empty if nothing is on record.
    """

    study_id: str
    label: str
    yi: float
    se: float
    weight: float
    n: int | None
    events: int | None
    concern: Concern | None
    indirectness: str


@dataclass(frozen=True, slots=True, kw_only=True)
class PoolFacts:
    """A pool, as its result states it.

    Attributes
    ----------
    outcome, design, measure, reference_arm, method, interval : str
        As in the pool.
    event_is : {"adverse", "favourable"}
        Kind of the event.
    read : Estimate
        The estimate whose interval is read.
    prediction : tuple of float or None
        Limits for a new study on the analysis scale; None under three studies.
    i2, i2_low, i2_high, q, q_p : float
        Heterogeneity; I2 in percent. NaN where there is none.
    q_df : int
        Degrees of freedom of Q.
    common_se : float
        Standard error of the common-effect pool.
    studies : tuple of StudyFacts
        In the order of the pool.
    """

    outcome: str
    design: str
    measure: str
    reference_arm: str
    event_is: EventIs
    method: str
    interval: str
    read: Estimate
    prediction: tuple[float, float] | None
    i2: float
    i2_low: float
    i2_high: float
    q: float
    q_df: int
    q_p: float
    common_se: float
    studies: tuple[StudyFacts, ...]

    def weight_of(self, studies: Sequence[StudyFacts]) -> float:
        """Return the share of the weight that studies hold, percent."""
        return math.fsum(one.weight for one in studies)


@dataclass(frozen=True, slots=True, kw_only=True)
class Threshold:
    """From where on a difference matters; stated, never assumed.

    Attributes
    ----------
    per_1000 : float
        Smallest difference of people in the good state that matters, per 1,000.
    """

    per_1000: float

    def __post_init__(self) -> None:
        if not 0 < self.per_1000 < 1000:
            raise DesignError(
                f"a difference of {self.per_1000:g} per 1,000 can't be a threshold.",
                hint="state the smallest difference that matters, between 0 and 1,000.",
            )

    def zone(self, per_1000: float) -> Zone:
        """Return on which side of the threshold a difference lies; on it counts as beyond."""
        if abs(per_1000) < self.per_1000:
            return "trivial"
        return "more" if per_1000 > 0 else "fewer"


@dataclass(frozen=True, slots=True, kw_only=True)
class BaselineRisk:
    """Share in the good state without the intervention.

    Attributes
    ----------
    label : str
        low, medium or high risk, say.
    survival : float
        Between 0 and 1.
    at_months : float
        When.
    """

    label: str
    survival: float
    at_months: float

    @property
    def words(self) -> str:
        """The baseline in words."""
        return f"{self.label} ({100 * self.survival:g}% at {self.at_months:g} months)"


@dataclass(frozen=True, slots=True, kw_only=True)
class Difference:
    """A difference per 1,000 with its limits; above 0 more people are in the good state."""

    estimate: float
    low: float
    high: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers."""
        return {"estimate": self.estimate, "low": self.low, "high": self.high}


def difference_of(facts: PoolFacts, estimate: Estimate, baseline: BaselineRisk) -> Difference:
    """Return an effect as a difference per 1,000 at a baseline.

    Parameters
    ----------
    facts : PoolFacts
        Measure, reference arm and event.
    estimate : Estimate
        On the analysis scale.
    baseline : BaselineRisk
        Share without the intervention.

    Returns
    -------
    Difference
        With minus without, limits in ascending order.

    Raises
    ------
    DesignError, DataError
        If no absolute effect can be made of it.
    """
    found = absolute_effect(
        estimate,
        measure=facts.measure,
        reference_arm=facts.reference_arm,
        event_is=facts.event_is,
        without=baseline.survival,
    )
    mid, low, high = (1000 * one for one in found.difference)
    return Difference(estimate=mid, low=low, high=high)


def estimate_from(facts: PoolFacts, low: float, mid: float, high: float) -> Estimate:
    """Return three values of the analysis scale as an estimate of the pool's kind."""
    if not low <= mid <= high:
        raise DataError("an interval does not hold its estimate.")
    return Estimate(
        estimate=mid, se=math.nan, ci_low=low, ci_high=high, level=facts.read.level,
        scale=facts.read.scale,
    )  # fmt: skip
