"""Effects that change over time, from individual times of several studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.evidence.digitised.persontimes import (
    FloatArray,
    PersonTimes,
    PoolVariance,
    Rows,
    clusters,
    cox_variance,
    split_rows,
    without_information,
)
from locoreg.evidence.effectsize import z_value
from locoreg.stats.cox import cox
from locoreg.stats.studies import check_level

# Follow-up is cut at every event time as long as that gives no more rows than this.
MOST_ROWS = 3_000_000


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRatio:
    """Hazard ratio within one interval of time.

    Attributes
    ----------
    start, stop : float
        Interval in months: after ``start``, up to ``stop``; infinite for the last.
    events : int
        Events in it, of all studies.
    studies : tuple of str
        Studies that tell something about the ratio there.
    left_out : tuple of str
        The others, each with the reason.
    hr : Estimate
        Log hazard ratio; infinite if only one arm has events, NaN if no study is left.
    reason : str
        Why it is not finite; empty if it is.
    """

    start: float
    stop: float
    events: int
    studies: tuple[str, ...]
    left_out: tuple[str, ...]
    hr: Estimate
    reason: str

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "start": self.start,
            "stop": self.stop if math.isfinite(self.stop) else None,
            "events": self.events,
            "studies": list(self.studies),
            "left_out": list(self.left_out),
            "hr": self.hr.to_dict(),
            "reason": self.reason,
        }

    def text(self) -> str:
        """Return a line."""
        stop = "the end" if math.isinf(self.stop) else f"{self.stop:g} months"
        value = self.hr.text()
        if self.reason:
            value = f"not estimable ({self.reason})"
        text = f"{self.start:g} to {stop}: {value}, {self.events} events"
        if self.left_out:
            text += f"; left out: {', '.join(self.left_out)}"
        return text


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class LogTimeEffect:
    """Log hazard ratio a + b log(t), t in months.

    Attributes
    ----------
    at_one_month, slope : Estimate
        a and b.
    slope_p : float
        Two-sided p-value of b = 0: of proportional hazards against this trend.
    covariance : float
        Of a and b.
    cuts : int
        Most times per study at which log time was updated.
    exact : bool
        Whether these are all event times; else log time between them is that of the next.
    level : float
        Level in percent.
    """

    at_one_month: Estimate
    slope: Estimate
    slope_p: float
    covariance: float
    cuts: int
    exact: bool
    level: float

    def at(self, month: float) -> Estimate:
        """Return the log hazard ratio at a time in months."""
        if not month > 0:
            raise DesignError(f"a hazard ratio by log time has no value at {month:g} months.")
        log_time = math.log(month)
        value = self.at_one_month.estimate + self.slope.estimate * log_time
        variance = (
            self.at_one_month.se**2
            + 2 * log_time * self.covariance
            + log_time**2 * self.slope.se**2
        )
        se = math.sqrt(max(variance, 0.0))
        half = z_value(self.level) * se
        return Estimate(
            estimate=value,
            se=se,
            ci_low=value - half,
            ci_high=value + half,
            level=self.level,
            scale="log",
        )

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "at_one_month": self.at_one_month.to_dict(),
            "slope": self.slope.to_dict(),
            "slope_p": self.slope_p,
            "covariance": self.covariance,
            "cuts": self.cuts,
            "exact": self.exact,
        }


def piecewise(
    persons: PersonTimes, cuts: Sequence[float], *, level: float, variance: PoolVariance
) -> tuple[IntervalRatio, ...]:
    """Return one hazard ratio per interval, from one stratified Cox model.

    Parameters
    ----------
    persons : PersonTimes
        All studies; each is a stratum.
    cuts : sequence of float
        Months at which the hazard ratio may change, ascending.
    level : float
        Level in percent.
    variance : {"model", "robust", "robust-by-study"}
        Robust: clusters are persons, or studies.

    Returns
    -------
    tuple of IntervalRatio
        From time 0 on.
    """
    check_level(level)
    edges = np.asarray(cuts, dtype=float)
    if not (np.isfinite(edges).all() and (edges > 0).all() and (np.diff(edges) > 0).all()):
        raise DesignError("cuts of time must be ascending and above 0.")
    rows = split_rows(persons, dict.fromkeys(persons.names, edges))
    bounds = [0.0, *edges.tolist(), math.inf]
    # The intervals share no coefficient: a model of each gives the joint fit, and the variance of
    # each ratio. A person's scores in two intervals only correlate the ratios of the two.
    return tuple(
        _interval(rows.of(rows.piece == k), persons.names, (bounds[k], bounds[k + 1]), level,
                  variance)
        for k in range(edges.size + 1)
    )  # fmt: skip


def _interval(
    rows: Rows,
    names: tuple[str, ...],
    bounds: tuple[float, float],
    level: float,
    variance: PoolVariance,
) -> IntervalRatio:
    silent = without_information(rows)
    here = set(rows.study.tolist())
    silent |= {name: "nobody is at risk" for name in names if name not in here}
    studies = tuple(name for name in names if name not in silent)
    hr, reason = _ratio(rows.of(np.isin(rows.study, studies)), level, variance)
    return IntervalRatio(
        start=bounds[0],
        stop=bounds[1],
        events=int(rows.event.sum()),
        studies=studies,
        left_out=tuple(f"{name} ({why})" for name, why in sorted(silent.items())),
        hr=hr,
        reason=reason,
    )


def _ratio(rows: Rows, level: float, variance: PoolVariance) -> tuple[Estimate, str]:
    nan = math.nan
    nothing = Estimate(estimate=nan, se=nan, ci_low=nan, ci_high=nan, level=level, scale="log")
    if not rows.study.size:
        return nothing, "no event while both arms are at risk"
    if variance == "robust-by-study" and np.unique(rows.study).size < 2:
        return nothing, "one study only, too few for a variance robust by study"
    fit = cox(
        rows.stop,
        rows.event,
        rows.treated,
        entry=rows.entry,
        strata=rows.study,
        cluster=clusters(rows, variance, 1),
        level=level,
        variance=cox_variance(variance),
        monotone="report",
        names=["intervention"],
    )
    hr = fit.hazard_ratio("intervention")
    if math.isinf(hr.estimate):
        return hr, f"events in the {'intervention' if hr.estimate > 0 else 'control'} arm only"
    return hr, ""


def log_time_effect(persons: PersonTimes, *, level: float, variance: PoolVariance) -> LogTimeEffect:
    """Fit treatment and treatment times log(t), studies as strata.

    Parameters
    ----------
    persons : PersonTimes
        All studies.
    level : float
        Level in percent.
    variance : {"model", "robust", "robust-by-study"}
        Robust: clusters are persons, or studies.

    Returns
    -------
    LogTimeEffect
        Intercept at one month, and slope.

    Raises
    ------
    ConvergenceError, DataError
        If a coefficient is infinite, or there are too few event times for two.
    """
    cuts, exact = _event_times(persons)
    rows = split_rows(persons, cuts)
    ends = np.empty(rows.stop.size)
    for name, times in cuts.items():
        mine = rows.study == name
        ends[mine] = np.r_[times, times[-1] if times.size else 1.0][rows.piece[mine]]
    fit = cox(
        rows.stop,
        rows.event,
        np.column_stack([rows.treated, rows.treated * np.log(ends)]),
        entry=rows.entry,
        strata=rows.study,
        cluster=clusters(rows, variance, 2),
        level=level,
        variance=cox_variance(variance),
        names=["intervention", "intervention x log(month)"],
    )
    level_at_one, slope = fit.hazard_ratios()
    z = slope.estimate / slope.se if slope.se > 0 else math.nan
    return LogTimeEffect(
        at_one_month=level_at_one,
        slope=slope,
        slope_p=math.erfc(abs(z) / math.sqrt(2)),
        covariance=float(fit.covariance[0, 1]),
        cuts=max(times.size for times in cuts.values()),
        exact=exact,
        level=level,
    )


def _event_times(persons: PersonTimes) -> tuple[dict[str, FloatArray], bool]:
    """Return event times by study, thinned evenly by rank where they give too many rows."""
    cuts = {
        name: np.unique(persons.time[(persons.study == name) & persons.event & (persons.time > 0)])
        for name in persons.names
    }
    total = sum(
        int(np.searchsorted(times, persons.time[persons.study == name]).sum())
        for name, times in cuts.items()
    )
    if total <= MOST_ROWS:
        return cuts, True
    for name, times in cuts.items():
        kept = max(int(times.size * MOST_ROWS / total), 1)
        rank = np.unique(np.round(np.linspace(0, times.size - 1, kept)).astype(int))
        cuts[name] = times[rank]
    return cuts, False


def log_time_words(effect: LogTimeEffect) -> str:
    """Return a sentence on the trend."""
    text = (
        "Log hazard ratio per unit of log(month):"
        f" {decimal_text(effect.slope.estimate)} ({decimal_text(effect.slope.ci_low)} to"
        f" {decimal_text(effect.slope.ci_high)})"
    )
    if not effect.exact:
        text += f", log time updated at {effect.cuts} event times a study at most"
    return f"{text}."
