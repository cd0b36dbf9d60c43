"""Curves of the two strategies, and their difference."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from locoreg.stats.survivaldata import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CountRow:
    """Numbers under a curve at one time.

    Attributes
    ----------
    at_months : float
        Time.
    at_risk, events, censored : float
        Weighted: followed at the time, and events and censorings before it.
    raw_at_risk, raw_events, raw_censored : int
        The same, each person (or clone) counted once.
    """

    at_months: float
    at_risk: float
    events: float
    censored: float
    raw_at_risk: int
    raw_events: int
    raw_censored: int

    def to_dict(self) -> dict[str, Any]:
        """Return the counts as JSON-ready values."""
        return {name: getattr(self, name) for name in self.__slots__}


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ArmCurve:
    """Survival, or cumulative incidence, under one strategy.

    Attributes
    ----------
    label : str
        The strategy.
    time : ndarray of float, shape (k,)
        Months, from 0 to the horizon.
    estimate, se, ci_low, ci_high : ndarray of float, shape (k,)
        On the natural scale; pointwise. NaN limits where no interval was asked for.
    restricted_mean : ndarray of float, shape (k,)
        Restricted mean survival time (or time lost) up to each time.
    step_time, step_estimate : ndarray of float, shape (m,)
        The whole curve as steps, from time 0; empty where the method gives a smooth one.
    counts : tuple of CountRow
        Numbers at risk.
    """

    label: str
    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    restricted_mean: FloatArray
    step_time: FloatArray
    step_estimate: FloatArray
    counts: tuple[CountRow, ...]

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        out: dict[str, Any] = {"label": self.label}
        for name in ("time", "estimate", "se", "ci_low", "ci_high", "restricted_mean"):
            out[name] = getattr(self, name).tolist()
        out["steps"] = {
            "time": self.step_time.tolist(),
            "estimate": self.step_estimate.tolist(),
        }
        out["at_risk"] = [row.to_dict() for row in self.counts]
        return out


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class DifferenceCurve:
    """Treated less comparator over time.

    Attributes
    ----------
    time : ndarray of float, shape (k,)
        Months.
    estimate, se, ci_low, ci_high : ndarray of float, shape (k,)
        Pointwise.
    """

    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        names = ("time", "estimate", "se", "ci_low", "ci_high")
        return {name: getattr(self, name).tolist() for name in names}
