"""Survival curves as values: what an estimator of them returns."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.frames import frame
from locoreg.core.numbertext import plural
from locoreg.stats.curveintervals import CURVE_INTERVALS as CURVE_INTERVALS
from locoreg.stats.curveintervals import CurveInterval as CurveInterval
from locoreg.stats.curveintervals import curve_limits
from locoreg.stats.curvequantiles import crossing_times
from locoreg.stats.curvereadings import CurveAt, CurveQuantiles
from locoreg.stats.risktable import WeightedCounts
from locoreg.stats.strata import part_of
from locoreg.stats.survivaldata import FloatArray, IntArray

if TYPE_CHECKING:
    import pandas as pd

Variance = Literal["greenwood", "robust"]
VARIANCES: tuple[Variance, ...] = ("greenwood", "robust")
Estimator = Literal["kaplan-meier", "nelson-aalen", "fleming-harrington", "reverse-kaplan-meier"]
ESTIMATOR_NAMES: dict[Estimator, str] = {
    "kaplan-meier": "Survival (Kaplan-Meier)",
    "nelson-aalen": "Survival exp(-H) (Nelson-Aalen)",
    "fleming-harrington": "Survival exp(-H) (Fleming-Harrington)",
    "reverse-kaplan-meier": "Follow-up (reverse Kaplan-Meier)",
}


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
    cumulative_hazard, cumulative_hazard_se : ndarray of float, shape (m,)
        Nelson-Aalen estimate (with the Fleming-Harrington treatment of ties where the estimator
        is that), and its standard error.
    at_risk, events, censored, entered : ndarray of int, shape (m,)
        Rows at risk just before each time, with the event at it, censored at it, and entered since
        the time before. With ``id``, the ends and entries of a person who goes on don't count.
    weights : WeightedCounts or None
        The same, summed over weights: what the estimate is made of. None if all are 1.
    starts : ndarray of float, shape (s,)
        Distinct times at which rows begin with delayed entry, ascending; else empty.
    started, weighted_started : ndarray, shape (s,)
        Rows that begin at each, those of a person who goes on as well, and their weight.
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
    cumulative_hazard: FloatArray
    cumulative_hazard_se: FloatArray
    at_risk: IntArray
    events: IntArray
    censored: IntArray
    entered: IntArray
    weights: WeightedCounts | None
    starts: FloatArray
    started: IntArray
    weighted_started: FloatArray
    interval: CurveInterval
    level: float

    @property
    def ci_low(self) -> FloatArray:
        """Lower pointwise limits, shape (m,); NaN where there are none, see ``curve_limits``."""
        return curve_limits(self.estimate, self.se, self.interval, self.level)[0]

    @property
    def ci_high(self) -> FloatArray:
        """Upper pointwise limits, shape (m,); NaN where there are none, see ``curve_limits``."""
        return curve_limits(self.estimate, self.se, self.interval, self.level)[1]

    @property
    def weighted_at_risk(self) -> FloatArray:
        """Weight at risk just before each time, shape (m,)."""
        return self.at_risk.astype(np.float64) if self.weights is None else self.weights.at_risk

    @property
    def weighted_events(self) -> FloatArray:
        """Weight with the event at each time, shape (m,)."""
        return self.events.astype(np.float64) if self.weights is None else self.weights.events[:, 0]

    @property
    def weighted_censored(self) -> FloatArray:
        """Weight censored at each time, shape (m,)."""
        return self.censored.astype(np.float64) if self.weights is None else self.weights.censored

    @property
    def weighted_entered(self) -> FloatArray:
        """Weight that entered since the time before, shape (m,)."""
        return self.entered.astype(np.float64) if self.weights is None else self.weights.entered

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
        return self._steps(times, self.estimate, 1.0)

    def _steps(self, times: ArrayLike, values: FloatArray, before: float) -> FloatArray:
        asked = np.asarray(times, dtype=np.float64)
        steps = np.concatenate(([before], values))
        found = steps[np.searchsorted(self.time, asked, side="right")]
        unknown = (asked > self.time[-1]) & (self.estimate[-1] > 0)
        return np.where(unknown | (asked < 0) | np.isnan(asked), np.nan, found)

    def at(self, times: ArrayLike) -> CurveAt:
        """Return the curve, its limits and the counts behind it at any times.

        Parameters
        ----------
        times : array_like, shape (k,)
            Times from 0 on, in any order.

        Returns
        -------
        CurveAt
            Estimates are NaN after the last time of follow-up, unless survival has come to 0.
        """
        asked = np.atleast_1d(np.asarray(times, dtype=np.float64))
        # The limits that the formulas give at survival 1 without a standard error.
        sure = 1.0 if self.interval in ("log", "plain") else np.nan
        at_risk = self._at_risk(asked, self.at_risk, self.started)
        weighted = self._at_risk(asked, self.weighted_at_risk, self.weighted_started)
        return CurveAt(
            time=asked,
            estimate=self._steps(asked, self.estimate, 1.0),
            se=self._steps(asked, self.se, 0.0),
            ci_low=self._steps(asked, self.ci_low, sure),
            ci_high=self._steps(asked, self.ci_high, sure),
            at_risk=at_risk,
            events=_total_before(self.time, self.events, asked),
            censored=_total_before(self.time, self.censored, asked),
            weighted_at_risk=np.where(at_risk > 0, weighted, 0.0),
            weighted_events=_total_before(self.time, self.weighted_events, asked),
            weighted_censored=_total_before(self.time, self.weighted_censored, asked),
        )

    def _at_risk(self, asked: FloatArray, at_risk: Any, started: Any) -> Any:
        """Return who is at risk just before times: at the next step, less who enters until then."""
        following = np.searchsorted(self.time, asked)
        found = np.append(at_risk, 0)[following]
        if self.starts.size == 0:
            return found
        entered = np.append(0, np.cumsum(started))
        # Those who enter at the origin are under observation at it.
        side = np.searchsorted(self.starts, asked), np.searchsorted(self.starts, asked, "right")
        begun = entered[np.where(asked > 0, *side)]
        until = entered[np.searchsorted(self.starts, np.append(self.time, np.inf))][following]
        return np.where(following < self.time.size, np.maximum(found - (until - begun), 0), 0)

    def quantile(self, probabilities: ArrayLike) -> CurveQuantiles:
        """Return the times by which given shares have had the event.

        Parameters
        ----------
        probabilities : array_like, shape (k,)
            Shares between 0 and 1; 0.5 for the median.

        Returns
        -------
        CurveQuantiles
            The times at which survival comes down to 1 - p, with the times at which its limits do
            as limits [1]_. Where survival stays at 1 - p for a while, the middle of that step; NaN
            where the curve or the limit does not come down so far.

        Raises
        ------
        DataError
            If a share is not between 0 and 1.

        References
        ----------
        .. [1] Brookmeyer R, Crowley J (1982). Biometrics 38:29-41.
        """
        shares = np.atleast_1d(np.asarray(probabilities, dtype=np.float64))
        if not ((shares >= 0) & (shares <= 1)).all():
            raise DataError(
                "A quantile is asked for at a share that is not between 0 and 1.",
                hint="0.5 gives the median.",
            )
        return CurveQuantiles(
            probability=shares,
            estimate=crossing_times(self.time, self.estimate, shares, to_the_end=True),
            ci_low=crossing_times(self.time, self.ci_low, shares, to_the_end=False),
            ci_high=crossing_times(self.time, self.ci_high, shares, to_the_end=False),
            level=self.level,
        )

    @property
    def median(self) -> Estimate:
        """Median time to the event, with its interval; NaN where the curve stays above a half."""
        found = self.quantile(0.5)
        return Estimate(
            estimate=float(found.estimate[0]),
            se=float("nan"),
            ci_low=float(found.ci_low[0]),
            ci_high=float(found.ci_high[0]),
            level=self.level,
            scale="identity",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the curve as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "weight": self.weight,
            **{name: getattr(self, name).tolist() for name in CURVE_COLUMNS + START_COLUMNS},
        }

    def summary(self) -> str:
        """Return rows, events and the median in a line."""
        return self._line("event")

    def _line(self, noun: str, many: str | None = None) -> str:
        weight = f", weight {self.weight:g}" if self.weight != self.n else ""
        return (
            f"{self.stratum}: {plural(self.n, 'row')}{weight}, "
            f"{plural(int(self.events.sum()), noun, many)}, median {_time_text(self.median)}, "
            f"last time {self.time[-1]:.3g}"
        )


def _total_before(time: FloatArray, counts: Any, asked: FloatArray) -> Any:
    return np.append(np.zeros(1, counts.dtype), np.cumsum(counts))[np.searchsorted(time, asked)]


def _time_text(median: Estimate) -> str:
    mid, low, high = (
        "not reached" if np.isnan(value) else f"{value:.3g}"
        for value in (median.estimate, median.ci_low, median.ci_high)
    )
    return mid if mid == low == high else f"{mid} ({low} to {high})"


START_COLUMNS = ("starts", "started", "weighted_started")
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

    def __getitem__(self, stratum: object) -> SurvivalCurve:
        """Return the curve of a stratum."""
        return part_of(self.curves, stratum)

    def __getattr__(self, name: str) -> Any:
        """Return a column of the only curve."""
        if name in CURVE_COLUMNS or name in START_COLUMNS:
            return getattr(self._only(name), name)
        raise AttributeError(f"SurvivalCurves has no attribute {name!r}")

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return survival of the only curve at any times."""
        return self._only("a call")(times)

    def at(self, times: ArrayLike) -> CurveAt:
        """Return the only curve at any times, see ``SurvivalCurve.at``."""
        return self._only("at").at(times)

    def quantile(self, probabilities: ArrayLike) -> CurveQuantiles:
        """Return quantiles of the only curve, see ``SurvivalCurve.quantile``."""
        return self._only("quantile").quantile(probabilities)

    @property
    def median(self) -> Estimate:
        """Median of the only curve."""
        return self._only("median").median

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

    def summary(self) -> str:
        """Return each stratum's events and median in a few lines."""
        title = ESTIMATOR_NAMES[self.estimator]
        model = "Greenwood" if "kaplan" in self.estimator else "model-based"
        variance = f"{model if self.variance == 'greenwood' else 'robust'} variance"
        if self.clusters is not None:
            variance += f" over {plural(self.clusters, 'cluster')}"
        lines = [f"{title}, {self.level:g}% intervals ({self.interval}, {variance})"]
        noun: tuple[str, str | None] = ("event", None)
        if self.estimator == "reverse-kaplan-meier":
            noun = "end of follow-up", "ends of follow-up"
        lines += [curve._line(*noun) for curve in self.curves]
        if self.merged_times:
            lines.append(f"{plural(self.merged_times, 'time')} merged: different by rounding only")
        return "\n".join(lines)
