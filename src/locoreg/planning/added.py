"""What one more trial would make of a pool."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from scipy.special import ndtr, ndtri

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate


@dataclass(frozen=True, slots=True, kw_only=True)
class AddedTrial:
    """A pool with one more trial, as it is expected.

    Attributes
    ----------
    pool : Estimate
        Expected pooled log hazard ratio with its normal interval.
    weight : float
        Share of the new trial in the pool's weight.
    chance_below, chance_above : float
        Chance that the pooled interval lies below a ratio of 1, or above it.
    tau2 : float
        Between-study variance, held at that of the pool so far.
    """

    pool: Estimate
    weight: float
    chance_below: float
    chance_above: float
    tau2: float

    @property
    def chance(self) -> float:
        """Chance that the pooled interval excludes 1, on either side."""
        return self.chance_below + self.chance_above

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "pool": self.pool.to_dict(),
            "weight": self.weight,
            "chance": self.chance,
            "chance_below": self.chance_below,
            "chance_above": self.chance_above,
            "tau2": self.tau2,
        }


def add_trial(
    yi: Sequence[float],
    vi: Sequence[float],
    *,
    tau2: float,
    log_hazard_ratio: float,
    variance: float,
    level: float,
) -> AddedTrial:
    """Return the pool that is expected once a trial is added.

    With w_i = 1 / (v_i + tau2), W their sum and w = 1 / (v + tau2) for the new trial with log
    hazard ratio t and variance v, the pool is expected at (W mu + w t) / (W + w), with standard
    error 1 / sqrt(W + w). The new trial's estimate is taken as normal around t with variance v,
    which gives the chance that the pooled interval excludes no effect.

    Parameters
    ----------
    yi, vi : sequence of float
        Log hazard ratios of the trials so far, and their variances.
    tau2 : float
        Between-study variance, held: one more trial would change it.
    log_hazard_ratio, variance : float
        t and v of the new trial.
    level : float
        Level of the interval in percent.

    Returns
    -------
    AddedTrial
        Expected interval and chances, under the normal approximation.

    Raises
    ------
    DesignError
        If a number is out of its range.
    """
    if not yi or len(yi) != len(vi):
        raise DesignError("each trial so far has an effect and a variance.")
    if not all(math.isfinite(one) for one in (*yi, *vi, log_hazard_ratio, variance, tau2)):
        raise DesignError("effects and variances are numbers.")
    if min(*vi, variance) <= 0 or tau2 < 0:
        raise DesignError("variances are above 0, and tau2 not below 0.")
    weights = [1.0 / (v + tau2) for v in vi]
    before, new = math.fsum(weights), 1.0 / (variance + tau2)
    total = before + new
    held = math.fsum(w * y for w, y in zip(weights, yi, strict=True))
    mid, se = (held + new * log_hazard_ratio) / total, 1.0 / math.sqrt(total)
    half = float(ndtri(0.5 + level / 200)) * se
    spread = new * math.sqrt(variance) / total
    pool = Estimate(
        estimate=mid, se=se, ci_low=mid - half, ci_high=mid + half, level=level, scale="log"
    )
    return AddedTrial(
        pool=pool,
        weight=new / total,
        chance_below=float(ndtr((-half - mid) / spread)),
        chance_above=float(ndtr((mid - half) / spread)),
        tau2=tau2,
    )
