"""What is read off a survival curve: its values at chosen times, and its quantiles."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from locoreg.core.frames import frame
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveAt:
    """A survival curve at chosen times.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        The times asked for.
    estimate, se, ci_low, ci_high : ndarray of float, shape (k,)
        Survival, its standard error and limits.
    at_risk : ndarray of int, shape (k,)
        Rows at risk just before each time: entry < t <= end of follow-up, and at time 0 also those
        that enter then.
    events, censored : ndarray of int, shape (k,)
        Rows with the event and censored before each time. Without delayed entry and ``id`` these
        and ``at_risk`` add up to the number of rows.
    weighted_at_risk, weighted_events, weighted_censored : ndarray of float, shape (k,)
        The same, summed over weights.
    """

    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    weighted_at_risk: FloatArray
    weighted_events: FloatArray
    weighted_censored: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {name: getattr(self, name).tolist() for name in self.__slots__}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per time."""
        return frame({name: getattr(self, name) for name in self.__slots__})


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class CurveQuantiles:
    """Quantiles of the time to the event.

    Attributes
    ----------
    probability : ndarray of float, shape (k,)
        Shares of persons with the event.
    estimate, ci_low, ci_high : ndarray of float, shape (k,)
        The times by which they have had it, with limits; NaN where not reached.
    level : float
        Level of the intervals in percent.
    """

    probability: FloatArray
    estimate: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    level: float

    def to_dict(self) -> dict[str, Any]:
        """Return the quantiles as JSON-ready values."""
        names = ("probability", "estimate", "ci_low", "ci_high")
        return {**{name: getattr(self, name).tolist() for name in names}, "level": self.level}

    def to_frame(self) -> pd.DataFrame:
        """Return one row per quantile."""
        names = ("probability", "estimate", "ci_low", "ci_high")
        return frame({name: getattr(self, name) for name in names})
