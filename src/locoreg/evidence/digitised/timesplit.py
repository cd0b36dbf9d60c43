"""Effects that change over time, from individual times of several studies."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from locoreg.core.errors import DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import decimal_text
from locoreg.evidence.effectsize import z_value
from locoreg.stats.cox import cox
from locoreg.stats.cox.model import CoxVariance
from locoreg.stats.studies import check_level

FloatArray = NDArray[np.float64]
BoolArray = NDArray[np.bool_]
# The rows of a study are cut at no more than this many of its event times.
MOST_CUTS = 200


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class PersonTimes:
    """Persons of several studies: months, events, 1 for intervention, study."""

    time: FloatArray
    event: BoolArray
    treated: FloatArray
    study: NDArray[np.str_]


@dataclass(frozen=True, slots=True, kw_only=True)
class IntervalRatio:
    """Hazard ratio within one interval of time.

    Attributes
    ----------
    start, stop : float
        Interval in months: after ``start``, up to ``stop``; infinite for the last.
    events : int
        Events in it.
    hr : Estimate
        Log hazard ratio; infinite or NaN without an event in one of the arms.
    """

    start: float
    stop: float
    events: int
    hr: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "start": self.start,
            "stop": self.stop if math.isfinite(self.stop) else None,
            "events": self.events,
            "hr": self.hr.to_dict(),
        }

    def text(self) -> str:
        """Return a line."""
        stop = "the end" if math.isinf(self.stop) else f"{self.stop:g} months"
        return f"{self.start:g} to {stop}: {self.hr.text()}, {self.events} events"


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
        Most event times per study at which log time was updated.
    level : float
        Level in percent.
    """

    at_one_month: Estimate
    slope: Estimate
    slope_p: float
    covariance: float
    cuts: int
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
        }


def split_rows(
    persons: PersonTimes, cuts: dict[str, FloatArray]
) -> tuple[FloatArray, FloatArray, BoolArray, FloatArray, NDArray[np.str_], NDArray[np.int64]]:
    """Cut follow-up at the times of each study.

    Returns
    -------
    tuple of ndarray
        Entry, end, event, treated, study, number of the piece.
    """
    parts: list[tuple[Any, ...]] = []
    for study, edges in cuts.items():
        mine = persons.study == study
        time, event = persons.time[mine], persons.event[mine]
        bounds = np.r_[0.0, edges, np.inf]
        for piece in range(bounds.size - 1):
            low, high = bounds[piece], bounds[piece + 1]
            inside = time > low
            if piece == 0:
                inside = time >= low
            if not inside.any():
                continue
            stop = np.minimum(time[inside], high)
            parts.append(
                (
                    np.full(stop.size, low),
                    stop,
                    event[inside] & (time[inside] <= high),
                    persons.treated[mine][inside],
                    np.full(stop.size, study),
                    np.full(stop.size, piece),
                )
            )
    out = [np.concatenate(column) for column in zip(*parts, strict=True)]
    # Nobody is at risk at time 0 with entry there: such rows hold no information for a Cox model.
    keep = out[1] > out[0]
    return tuple(column[keep] for column in out)  # type: ignore[return-value]


def piecewise(
    persons: PersonTimes, cuts: Sequence[float], *, level: float, variance: CoxVariance
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
    variance : {"model", "robust"}
        Robust: clusters are persons.

    Returns
    -------
    tuple of IntervalRatio
        From time 0 on.
    """
    check_level(level)
    edges = np.asarray(cuts, dtype=float)
    if not (np.isfinite(edges).all() and (edges > 0).all() and (np.diff(edges) > 0).all()):
        raise DesignError("cuts of time must be ascending and above 0.")
    names = sorted(set(persons.study.tolist()))
    entry, stop, event, treated, study, piece = split_rows(persons, dict.fromkeys(names, edges))
    bounds = [0.0, *edges.tolist(), math.inf]
    out = []
    # The intervals share no coefficient, so that a model of each gives the joint fit.
    for k in range(edges.size + 1):
        mine = piece == k
        out.append(
            IntervalRatio(
                start=bounds[k],
                stop=bounds[k + 1],
                events=int(event[mine].sum()),
                hr=_ratio(
                    (entry[mine], stop[mine], event[mine], treated[mine], study[mine]),
                    level,
                    variance,
                ),
            )
        )
    return tuple(out)


def _ratio(
    rows: tuple[FloatArray, FloatArray, BoolArray, FloatArray, NDArray[np.str_]],
    level: float,
    variance: CoxVariance,
) -> Estimate:
    entry, stop, event, treated, study = rows
    nan = math.nan
    if not event.any() or np.ptp(treated) == 0:
        return Estimate(estimate=nan, se=nan, ci_low=nan, ci_high=nan, level=level, scale="log")
    fit = cox(
        stop,
        event,
        treated,
        entry=entry,
        strata=study,
        level=level,
        variance=variance,
        monotone="report",
        names=["intervention"],
    )
    return fit.hazard_ratio("intervention")


def log_time_effect(persons: PersonTimes, *, level: float, variance: CoxVariance) -> LogTimeEffect:
    """Fit treatment and treatment times log(t), studies as strata.

    Parameters
    ----------
    persons : PersonTimes
        All studies.
    level : float
        Level in percent.
    variance : {"model", "robust"}
        Robust: clusters are persons.

    Returns
    -------
    LogTimeEffect
        Intercept at one month, and slope.
    """
    cuts = {}
    for name in sorted(set(persons.study.tolist())):
        mine = persons.study == name
        times = np.unique(persons.time[mine & persons.event & (persons.time > 0)])
        if times.size > MOST_CUTS:
            rank = np.unique(np.round(np.linspace(0, times.size - 1, MOST_CUTS)).astype(int))
            times = times[rank]
        cuts[name] = times
    entry, stop, event, treated, study, piece = split_rows(persons, cuts)
    ends = np.empty(stop.size)
    for name, times in cuts.items():
        mine = study == name
        ends[mine] = np.r_[times, times[-1] if times.size else 1.0][piece[mine]]
    fit = cox(
        stop,
        event,
        np.column_stack([treated, treated * np.log(ends)]),
        entry=entry,
        strata=study,
        level=level,
        variance=variance,
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
        level=level,
    )


def log_time_words(effect: LogTimeEffect) -> str:
    """Return a sentence on the trend."""
    return (
        "Log hazard ratio per unit of log(month):"
        f" {decimal_text(effect.slope.estimate)} ({decimal_text(effect.slope.ci_low)} to"
        f" {decimal_text(effect.slope.ci_high)})."
    )
