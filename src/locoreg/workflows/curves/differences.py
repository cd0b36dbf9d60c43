"""A difference of survival in words: read off at chosen times, in percentage points."""

from __future__ import annotations

import math

import numpy as np

from locoreg.core.numbertext import MINUS
from locoreg.stats.survivaldifference import SurvivalDifference
from locoreg.workflows.curves.counts import SAME_TIME


def difference_at(found: SurvivalDifference, time: float) -> tuple[float, float, float] | None:
    """Return a difference and its limits at a time; None beyond its follow-up."""
    slack = SAME_TIME * max(1.0, time)
    if time > found.time[-1] + slack:
        return None
    i = int(np.searchsorted(found.time, time + slack, side="right")) - 1
    if i < 0:
        return 0.0, math.nan, math.nan
    return float(found.estimate[i]), float(found.ci_low[i]), float(found.ci_high[i])


def difference_words(found: SurvivalDifference, time: float) -> str:
    """Return ``+11.0 (95% CI +2.5 to +19.6)``, in percentage points."""
    at = difference_at(found, time)
    if at is None:
        return "beyond follow-up"
    mid, low, high = at
    if math.isnan(low) or math.isnan(high):
        return f"{points_words(mid)} (no interval)"
    return f"{points_words(mid)} ({found.level:g}% CI {points_words(low)} to {points_words(high)})"


def points_words(value: float) -> str:
    """Return a difference of proportions in percentage points with one decimal and its sign."""
    text = f"{abs(100 * value):.1f}"
    if not text.strip("0."):
        return text
    return f"{'+' if value > 0 else MINUS}{text}"
