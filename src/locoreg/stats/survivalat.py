"""Survival at chosen times, with differences and ratios between groups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.core.estimate import Estimate
from locoreg.core.numbertext import p_text
from locoreg.stats.contrast import compare, estimates_frame
from locoreg.stats.curveintervals import curve_limits
from locoreg.stats.curves import CURVE_INTERVALS, CurveInterval, Variance
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, label_text, numbers
from locoreg.stats.survivalgroups import (
    Group,
    Groups,
    check_groups,
    step,
    usable_until,
)

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalAt:
    """Survival of one stratum at one time.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    time : float
        The time.
    at_risk : int
        Rows at risk just before it.
    survival : Estimate
        Survival at it. The limits are 1 before the first event; after survival has come to 0 the
        standard error and the limits are NaN.
    """

    stratum: str
    time: float
    at_risk: int
    survival: Estimate

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "time": self.time,
            "at_risk": self.at_risk,
            "survival": self.survival.to_dict(),
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalAtContrast:
    """A stratum compared with the reference at one time.

    Attributes
    ----------
    stratum, reference : str
        The two strata.
    time : float
        The time.
    difference : Estimate
        Survival of the stratum less that of the reference.
    ratio : Estimate
        Ratio of the two on the log scale; NaN where one is 0.
    difference_p, ratio_p : float
        Two-sided p-values of Wald tests; NaN where the standard error is 0 or NaN.
    """

    stratum: str
    reference: str
    time: float
    difference: Estimate
    difference_p: float
    ratio: Estimate
    ratio_p: float

    def to_dict(self) -> dict[str, Any]:
        """Return the numbers as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "reference": self.reference,
            "time": self.time,
            "difference": self.difference.to_dict(),
            "difference_p": self.difference_p,
            "ratio": self.ratio.to_dict(),
            "ratio_p": self.ratio_p,
        }


@dataclass(frozen=True, slots=True, kw_only=True)
class SurvivalAtTimes:
    """Survival at chosen times in all strata, and its comparison.

    Attributes
    ----------
    survivals : tuple of SurvivalAt
        One per stratum and time: strata in sorted order, times as given.
    contrasts : tuple of SurvivalAtContrast
        One per other stratum and time; empty without a reference.
    interval, variance : str
        Scale of the intervals of survival itself, and how the variances were computed.
    level : float
        Level of the intervals in percent.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    clusters : int or None
        Number of clusters (or persons) behind a robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    survivals: tuple[SurvivalAt, ...]
    contrasts: tuple[SurvivalAtContrast, ...]
    interval: CurveInterval
    variance: Variance
    level: float
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    merged_times: int

    def survival(self, stratum: object, time: float) -> SurvivalAt:
        """Return survival of a stratum at one of the times."""
        name = label_text(stratum)
        for at in self.survivals:
            if at.stratum == name and at.time == time:
                return at
        raise DesignError(f"there is no survival of stratum {name!r} at {time!r} here.")

    def contrast(self, stratum: object, time: float) -> SurvivalAtContrast:
        """Return the comparison of a stratum with the reference at one of the times."""
        name = label_text(stratum)
        for at in self.contrasts:
            if at.stratum == name and at.time == time:
                return at
        raise DesignError(f"there is no comparison of stratum {name!r} at {time!r} here.")

    def to_dict(self) -> dict[str, Any]:
        """Return the result as JSON-ready values."""
        return {
            "interval": self.interval,
            "variance": self.variance,
            "level": self.level,
            "weighted": self.weighted,
            "delayed_entry": self.delayed_entry,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
            "survivals": [at.to_dict() for at in self.survivals],
            "contrasts": [at.to_dict() for at in self.contrasts],
        }

    def to_frame(self, *, exponentiate: bool = False) -> pd.DataFrame:
        """Return one row per stratum, time and measure.

        Parameters
        ----------
        exponentiate : bool
            Whether to show ratios and their limits as such and not on the log scale; their
            standard errors stay on it.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, reference (None for survival), time, measure, estimate, se, ci_low,
            ci_high, p_value (NaN for survival).
        """
        rows: list[tuple[Any, ...]] = [
            (at.stratum, None, at.time, "survival", at.survival, np.nan) for at in self.survivals
        ]
        for c in self.contrasts:
            key = (c.stratum, c.reference, c.time)
            rows.append((*key, "difference", c.difference, c.difference_p))
            rows.append((*key, "ratio", c.ratio, c.ratio_p))
        return estimates_frame(("stratum", "reference", "time", "measure"), rows, exponentiate)

    def summary(self) -> str:
        """Return a few plain lines with the intervals."""
        lines = [
            f"Survival, {self.level:g}% intervals on the {self.interval} scale, {self.variance} "
            "variance"
        ]
        for at in self.survivals:
            lines.append(f"{at.stratum} at {at.time:g}: {at.survival.text()}, {at.at_risk} at risk")
        for c in self.contrasts:
            lines.append(
                f"{c.stratum} against {c.reference} at {c.time:g}: difference "
                f"{c.difference.text()}, {p_text(c.difference_p)}; ratio {c.ratio.text()}"
            )
        return "\n".join(lines)


def survival_at(
    time: ArrayLike,
    event: ArrayLike,
    *,
    times: ArrayLike,
    level: float,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    reference: object = None,
    interval: CurveInterval = "log-log",
    variance: Variance | None = None,
) -> SurvivalAtTimes:
    """Estimate survival at chosen times in each stratum, and compare strata there.

    Parameters
    ----------
    time, event, entry, weight, id, cluster, strata, reference, variance
        As in ``rmst``: clusters that have rows in two strata make these dependent.
    times : array_like, shape (k,)
        Distinct times, from 0 on, at which survival is wanted.
    level : float
        Level of the intervals in percent, for example 95.
    interval : {"log", "log-log", "plain", "logit", "arcsine"}
        Scale of the intervals of survival itself. Differences have plain intervals, ratios such on
        the log scale.

    Returns
    -------
    SurvivalAtTimes
        Survival in all strata, and comparisons with the reference.

    Raises
    ------
    DataError
        If the rows or options can't be used.
    DesignError
        If a time lies after the follow-up of a stratum whose survival is not 0 by then, or there
        is no stratum ``reference``.

    References
    ----------
    .. [1] Klein JP, Logan B, Harhoff M, Andersen PK (2007). Statistics in Medicine 26:4505-4519.
       doi:10.1002/sim.2864

    Examples
    --------
    >>> result = survival_at([1, 2, 3, 4], [1, 0, 1, 1], times=[3], level=95)
    >>> result.survival("all", 3).survival.text()
    '0.38 (0.01 to 0.81)'
    """
    multiple = -float(special.ndtri(check_level(level)))
    check_option("interval", interval, CURVE_INTERVALS)
    asked = _check_times(times)
    groups = check_groups(
        time,
        event,
        entry=entry,
        weight=weight,
        id=id,
        cluster=cluster,
        strata=strata,
        variance=variance,
    )
    for group in groups.groups:
        usable_until(group, float(asked.max()), f"The time {asked.max():g}")
    baseline = None if reference is None else groups.index(reference)
    values = np.array([group.survival_at(asked) for group in groups.groups])
    covariance = [_covariance(groups, values[:, j], t) for j, t in enumerate(asked)]
    survivals = [
        at
        for k, group in enumerate(groups.groups)
        for at in _survivals(group, asked, values[k], covariance, k, interval, level)
    ]
    contrasts = [
        _contrast(groups, (k, baseline), t, values[:, j], covariance[j], multiple, level)
        for k in range(len(groups.groups))
        for j, t in enumerate(asked)
        if baseline is not None and k != baseline
    ]
    return SurvivalAtTimes(
        survivals=tuple(survivals),
        contrasts=tuple(contrasts),
        interval=interval,
        variance=groups.variance,
        level=level,
        weighted=groups.weighted,
        delayed_entry=groups.delayed_entry,
        clusters=groups.clusters,
        merged_times=groups.merged_times,
    )


def _check_times(times: ArrayLike) -> FloatArray:
    asked = numbers("times", np.atleast_1d(np.asarray(times)))
    if asked.size == 0 or not (np.isfinite(asked) & (asked >= 0)).all():
        raise DataError(
            "times must be one or more finite times from 0 on.", hint="give them in a list."
        )
    if np.unique(asked).size < asked.size:
        raise DataError("times holds a time twice.", hint="name each time once.")
    return asked


def _covariance(groups: Groups, survival: FloatArray, time: float) -> FloatArray:
    """Return the covariance matrix of survival at a time; NaN for groups where it is 0."""
    at = [int(group.position(time)) for group in groups.groups]
    if groups.variance == "robust":
        matrix = groups.covariance(
            [_log_influence(g, p) * s for g, p, s in zip(groups.groups, at, survival, strict=True)]
        )
    else:
        spread = [
            float(step(g.cumulated, np.array([p]), 0.0)[0])
            for g, p in zip(groups.groups, at, strict=True)
        ]
        matrix = np.diag(np.square(survival) * spread)
    extinct = survival == 0.0
    matrix[extinct, :] = np.nan
    matrix[:, extinct] = np.nan
    return matrix


def _log_influence(group: Group, position: int) -> FloatArray:
    """Return what each row contributes to log survival after so many times, shape (n,)."""
    table = group.places
    levels = np.concatenate(([0.0], group.cumulated))
    levels[position:] = levels[position]
    values = levels[1:][table.exit]
    if table.first is not None:
        values -= levels[table.first]
    values -= group.event * (table.exit < position) * group.per_left[table.exit]
    return values if group.weight is None else values * group.weight


def _survivals(
    group: Group,
    times: FloatArray,
    estimate: FloatArray,
    covariance: list[FloatArray],
    k: int,
    interval: CurveInterval,
    level: float,
) -> list[SurvivalAt]:
    se = np.sqrt([matrix[k, k] for matrix in covariance])
    low, high = curve_limits(estimate, se, interval, level)
    # Before the first event no error can be estimated: the interval is the point.
    low, high = (np.where(estimate == 1.0, 1.0, limit) for limit in (low, high))
    before = np.searchsorted(group.table.time, times)
    counts = np.append(group.table.at_risk, 0)
    return [
        SurvivalAt(
            stratum=group.label,
            time=float(times[j]),
            at_risk=int(counts[before[j]]),
            survival=Estimate(
                estimate=float(estimate[j]),
                se=float(se[j]),
                ci_low=float(low[j]),
                ci_high=float(high[j]),
                level=level,
                scale="identity",
            ),
        )
        for j in range(times.size)
    ]


def _contrast(
    groups: Groups,
    pair: tuple[int, int],
    time: float,
    survival: FloatArray,
    covariance: FloatArray,
    multiple: float,
    level: float,
) -> SurvivalAtContrast:
    values, block = survival[list(pair)], covariance[np.ix_(pair, pair)]
    difference, difference_p = compare(values, block, "identity", multiple, level)
    ratio, ratio_p = compare(values, block, "log", multiple, level)
    return SurvivalAtContrast(
        stratum=groups.groups[pair[0]].label,
        reference=groups.groups[pair[1]].label,
        time=float(time),
        difference=difference,
        difference_p=difference_p,
        ratio=ratio,
        ratio_p=ratio_p,
    )
