"""Survival curves as values: what an estimator of them returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError, did_you_mean
from locoreg.core.frames import frame
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

CurveInterval = Literal["log", "log-log", "plain", "logit", "arcsine"]
CURVE_INTERVALS: tuple[CurveInterval, ...] = ("log", "log-log", "plain", "logit", "arcsine")
Variance = Literal["greenwood", "robust"]
VARIANCES: tuple[Variance, ...] = ("greenwood", "robust")
Estimator = Literal["kaplan-meier", "nelson-aalen", "fleming-harrington", "reverse-kaplan-meier"]


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalCurve:
    """The survival curve of one stratum, a right-continuous step function.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    n : int
        Rows.
    weight : float
        Sum of their weights.
    time : ndarray of float, shape (m,)
        Distinct ends of follow-up, ascending.
    estimate, se : ndarray of float, shape (m,)
        Survival at each time and its standard error.
    ci_low, ci_high : ndarray of float, shape (m,)
        Pointwise limits; NaN where they don't exist (survival 0 with most intervals).
    cumulative_hazard, cumulative_hazard_se : ndarray of float, shape (m,)
        Nelson-Aalen estimate (with the Fleming-Harrington treatment of ties where the estimator
        is that), and its standard error.
    at_risk, events, censored, entered : ndarray of int, shape (m,)
        Rows at risk just before each time, with the event at it, censored at it, and entered since
        the time before. With ``id``, the ends and entries of a person who goes on don't count.
    weighted_at_risk, weighted_events, weighted_censored, weighted_entered : ndarray of float
        The same, shape (m,), summed over weights: what the estimate is made of.
    interval : str
        Scale of the pointwise intervals.
    level : float
        Their level in percent.
    """

    stratum: str
    n: int
    weight: float
    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    cumulative_hazard: FloatArray
    cumulative_hazard_se: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    entered: IntArray
    weighted_at_risk: FloatArray
    weighted_events: FloatArray
    weighted_censored: FloatArray
    weighted_entered: FloatArray
    interval: CurveInterval
    level: float

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return survival at any times.

        Parameters
        ----------
        times : array_like
            Times from 0 on, in any order and shape.

        Returns
        -------
        ndarray of float
            Same shape: 1 before the first event; NaN after the last time of follow-up, unless
            survival has come to 0 there.
        """
        asked = np.asarray(times, dtype=np.float64)
        steps = np.concatenate(([1.0], self.estimate))
        values = steps[np.searchsorted(self.time, asked, side="right")]
        unknown = (asked > self.time[-1]) & (self.estimate[-1] > 0)
        return np.where(unknown | (asked < 0) | np.isnan(asked), np.nan, values)

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "weight": self.weight,
            **{name: getattr(self, name).tolist() for name in CURVE_COLUMNS},
        }


CURVE_COLUMNS = (
    "time",
    "estimate",
    "se",
    "ci_low",
    "ci_high",
    "at_risk",
    "events",
    "censored",
    "entered",
    "weighted_at_risk",
    "weighted_events",
    "weighted_censored",
    "weighted_entered",
    "cumulative_hazard",
    "cumulative_hazard_se",
)


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalCurves:
    """Survival curves of all strata.

    Attributes
    ----------
    curves : tuple of SurvivalCurve
        One per stratum, in sorted order of the labels.
    estimator, interval, variance : str
        The options that gave the numbers.
    level : float
        Level of the intervals in percent.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    clusters : int or None
        Number of clusters behind a robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.

    Notes
    -----
    ``curves["label"]`` is the curve of a stratum; with one curve, its columns (``time``,
    ``estimate``, ``se``, ...) are also attributes here, and the object itself can be called.
    """

    curves: tuple[SurvivalCurve, ...]
    estimator: Estimator
    interval: CurveInterval
    variance: Variance
    level: float
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    merged_times: int

    def __iter__(self) -> Iterator[SurvivalCurve]:
        """Yield the curves."""
        return iter(self.curves)

    def __len__(self) -> int:
        """Return the number of strata."""
        return len(self.curves)

    def __getitem__(self, stratum: str) -> SurvivalCurve:
        """Return the curve of a stratum."""
        by_name = {curve.stratum: curve for curve in self.curves}
        if str(stratum) not in by_name:
            raise DesignError(
                f"there is no stratum {stratum!r}.", hint=did_you_mean(str(stratum), by_name)
            )
        return by_name[str(stratum)]

    def __getattr__(self, name: str) -> Any:
        """Return a column of the only curve."""
        if name in CURVE_COLUMNS:
            return getattr(self._only(name), name)
        raise AttributeError(f"SurvivalCurves has no attribute {name!r}")

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return survival of the only curve at any times."""
        return self._only("a call")(times)

    def _only(self, wanted: str) -> SurvivalCurve:
        if len(self.curves) > 1:
            names = ", ".join(curve.stratum for curve in self.curves)
            raise DesignError(
                f"{wanted} is ambiguous: there are curves for {names}.",
                hint='choose one: curves["..."].',
            )
        return self.curves[0]

    def to_dict(self) -> dict[str, Any]:
        """Return the curves as JSON-ready values."""
        return {
            "estimator": self.estimator,
            "interval": self.interval,
            "variance": self.variance,
            "level": self.level,
            "weighted": self.weighted,
            "delayed_entry": self.delayed_entry,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
            "curves": [curve.to_dict() for curve in self.curves],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per stratum and time.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, time, estimate, se, ci_low, ci_high, at_risk, ...
        """
        columns: dict[str, Any] = {
            "stratum": np.repeat([c.stratum for c in self.curves], [c.time.size for c in self])
        }
        for name in CURVE_COLUMNS:
            columns[name] = np.concatenate([getattr(curve, name) for curve in self.curves])
        return frame(columns)
