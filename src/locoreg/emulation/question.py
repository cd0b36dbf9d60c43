"""What is asked: strategies, outcome, times. Nothing here has a default."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass
from typing import Any, Literal, get_args

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray

Comparator = Literal["never", "none_within_grace"]
Initiation = Literal["all_initiators", "deadline", "uniform"]
ContrastKind = Literal["per_protocol", "itt_like"]
COMPARATORS: tuple[Comparator, ...] = get_args(Comparator)
INITIATIONS: tuple[Initiation, ...] = get_args(Initiation)
CONTRASTS: tuple[ContrastKind, ...] = get_args(ContrastKind)

# Arms in the order in which every array holds them.
COMPARATOR_ARM, TREATED_ARM = 0, 1
# Points of a curve between 0 and the horizon, those asked for aside.
GRID_POINTS = 60


@dataclass(frozen=True, slots=True, kw_only=True)
class Question:
    """A comparison of two strategies on one outcome.

    Attributes
    ----------
    treated_label, comparator_label : str
        The strategies in words.
    outcome : str
        The outcome in words; with competing events the one that is counted.
    grace_months : float
        Treatment that starts up to and including this time adheres to the treated strategy; 0 for
        treatment at time zero or never.
    interval_months : float
        Width of the intervals in which treatment is decided. The grace period is a whole number
        of them. Decisions are made at the start of an interval.
    comparator : {"never", "none_within_grace"}
        What the comparator strategy asks for: no treatment at all (who is treated later stops
        being followed then), or none within the grace period (later treatment is allowed).
    initiation : {"all_initiators", "deadline", "uniform"}
        What the treated strategy means for those not treated at the end of the grace period:
        everybody who was treated by then and lives stands for them; they are treated at the
        start of the last interval and those treated in it stand for them; or treatment is spread
        evenly over the intervals of the grace period.
    contrast : {"per_protocol", "itt_like"}
        Effect of following the strategies, or of starting treatment whatever is done later.
    horizon_months : float
        End of the comparison.
    at_months : tuple of float
        Times, the horizon included, at which survival and restricted means are compared.
    level : float
        Level of intervals in percent.
    """

    treated_label: str
    comparator_label: str
    outcome: str
    grace_months: float
    interval_months: float
    comparator: Comparator
    initiation: Initiation
    contrast: ContrastKind
    horizon_months: float
    at_months: tuple[float, ...]
    level: float

    def __post_init__(self) -> None:
        check_level(self.level)
        check_option("comparator", self.comparator, COMPARATORS)
        check_option("initiation", self.initiation, INITIATIONS)
        check_option("contrast", self.contrast, CONTRASTS)
        self._check_times()
        if self.contrast == "itt_like" and self.comparator == "never":
            raise DesignError(
                "an ITT-like contrast keeps patients who are treated late in the comparator arm, "
                "but the comparator is never.",
                hint="take the comparator none_within_grace, or the contrast per_protocol.",
            )

    def _check_times(self) -> None:
        if not 0.0 < self.horizon_months < math.inf:
            raise DesignError(
                f"horizon_months is {self.horizon_months}.", hint="give a positive time in months."
            )
        if not self.interval_months > 0.0:
            raise DesignError(
                f"interval_months is {self.interval_months}.", hint="give a positive width."
            )
        if not 0.0 <= self.grace_months < self.horizon_months:
            raise DesignError(
                f"grace_months is {self.grace_months}, but the horizon is {self.horizon_months}.",
                hint="the grace period ends before the follow-up that is compared.",
            )
        steps = self.grace_months / self.interval_months
        if abs(steps - round(steps)) > 1e-9 * max(1.0, steps):
            raise DesignError(
                f"a grace period of {self.grace_months} months is no whole number of intervals of "
                f"{self.interval_months} months.",
                hint="choose an interval that divides it.",
            )
        bad = [t for t in self.at_months if not 0.0 < t <= self.horizon_months]
        if bad or self.horizon_months not in self.at_months:
            raise DesignError(
                f"at_months is {list(self.at_months)}.",
                hint="list times after 0 up to the horizon, which is one of them.",
            )

    @property
    def intervals(self) -> int:
        """Number of decision intervals in the grace period."""
        return round(self.grace_months / self.interval_months)

    def starts(self) -> FloatArray:
        """Return the starts of the decision intervals in months, shape (intervals,)."""
        return np.asarray(np.arange(self.intervals) * self.interval_months, dtype=np.float64)

    def grid(self) -> FloatArray:
        """Return the times at which curves are kept: from 0 to the horizon, those asked for too."""
        step = max(1.0, math.ceil(self.horizon_months / GRID_POINTS))
        even = np.arange(0.0, self.horizon_months, step)
        return np.unique(np.concatenate([even, np.asarray(self.at_months, dtype=np.float64)]))

    def to_dict(self) -> dict[str, Any]:
        """Return the question as JSON-ready values."""
        return {**asdict(self), "at_months": list(self.at_months)}
