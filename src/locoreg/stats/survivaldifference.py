"""The difference of two survival curves over time, with pointwise intervals and a band."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DesignError
from locoreg.core.frames import frame
from locoreg.stats.bands import check_range, range_times
from locoreg.stats.curves import Variance
from locoreg.stats.curvevariance import log_survival_covariance
from locoreg.stats.multiplier import (
    Seed,
    after_steps,
    check_replicates,
    processes,
    supremum_quantile,
)
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray
from locoreg.stats.survivalgroups import Group, Groups, check_groups, step, usable_until

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class SurvivalDifference:
    """Survival of a stratum less that of the reference, a right-continuous step function.

    Attributes
    ----------
    stratum, reference : str
        The two strata.
    n : tuple of int
        Rows of the two.
    time : ndarray of float, shape (m,)
        Distinct ends of follow-up in either stratum, up to the last time at which both have rows
        at risk.
    estimate, se : ndarray of float, shape (m,)
        The difference at each time and its standard error; the latter NaN from where survival of
        one stratum is 0.
    ci_low, ci_high : ndarray of float, shape (m,)
        Pointwise limits.
    band_low, band_high : ndarray of float, shape (m,), or None
        Simultaneous limits in ``time_range``, NaN outside it; None without a range.
    level : float
        Level of both in percent.
    variance : str
        ``greenwood`` or ``robust``.
    time_range : tuple of float, or None
        Start and end of the band.
    critical_value : float or None
        Multiple of the standard error that makes the band.
    replicates : int or None
        Number of multiplier replicates behind it.
    weighted, delayed_entry : bool
        Whether rows had weights, and starts of follow-up.
    clusters : int or None
        Number of clusters (or persons) behind a robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    stratum: str
    reference: str
    n: tuple[int, int]
    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    band_low: FloatArray | None
    band_high: FloatArray | None
    level: float
    variance: Variance
    time_range: tuple[float, float] | None
    critical_value: float | None
    replicates: int | None
    weighted: bool
    delayed_entry: bool
    clusters: int | None
    merged_times: int

    def __call__(self, times: ArrayLike) -> FloatArray:
        """Return the difference at any times.

        Parameters
        ----------
        times : array_like
            Times from 0 on, in any order and shape.

        Returns
        -------
        ndarray of float
            Same shape: 0 before the first event; NaN after the last time.
        """
        asked = np.asarray(times, dtype=np.float64)
        values = step(self.estimate, np.searchsorted(self.time, asked, side="right"), 0.0)
        return np.where((asked >= 0) & (asked <= self.time[-1]), values, np.nan)

    def to_dict(self) -> dict[str, Any]:
        """Return the difference as JSON-ready values."""
        out: dict[str, Any] = {
            "stratum": self.stratum,
            "reference": self.reference,
            "n": list(self.n),
            "level": self.level,
            "variance": self.variance,
            "time_range": None if self.time_range is None else list(self.time_range),
            "critical_value": self.critical_value,
            "replicates": self.replicates,
            "weighted": self.weighted,
            "delayed_entry": self.delayed_entry,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
        }
        for name in DIFFERENCE_COLUMNS:
            values = getattr(self, name)
            out[name] = None if values is None else values.tolist()
        return out

    def to_frame(self) -> pd.DataFrame:
        """Return one row per time.

        Returns
        -------
        pandas.DataFrame
            Columns time, estimate, se, ci_low, ci_high, and band_low, band_high if there are.
        """
        columns = {name: getattr(self, name) for name in DIFFERENCE_COLUMNS}
        return frame({name: values for name, values in columns.items() if values is not None})

    def summary(self) -> str:
        """Return a few plain lines."""
        last = int(np.flatnonzero(~np.isnan(self.se))[-1]) if (~np.isnan(self.se)).any() else 0
        lines = [
            f"Survival of {self.stratum} less that of {self.reference}, {self.level:g}% "
            f"intervals, {self.variance} variance, n = {self.n[0]} and {self.n[1]}",
            f"at {self.time[last]:g}: {self.estimate[last]:.3f} "
            f"({self.ci_low[last]:.3f} to {self.ci_high[last]:.3f})",
        ]
        if self.time_range is not None:
            start, end = self.time_range
            lines.append(
                f"band from {start:g} to {end:g}: {self.critical_value:.4f} standard errors, "
                f"{self.replicates} replicates"
            )
        return "\n".join(lines)


DIFFERENCE_COLUMNS = ("time", "estimate", "se", "ci_low", "ci_high", "band_low", "band_high")


def survival_difference(
    time: ArrayLike,
    event: ArrayLike,
    *,
    strata: ArrayLike,
    reference: object,
    level: float,
    stratum: object = None,
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    variance: Variance | None = None,
    time_range: tuple[float, float] | None = None,
    replicates: int | None = None,
    seed: Seed | None = None,
) -> SurvivalDifference:
    """Estimate the difference of two survival curves at all times.

    Parameters
    ----------
    time, event, entry, weight, id, cluster, variance
        As in ``rmst``: clusters that have rows in both strata make these dependent.
    strata : array_like, shape (n,)
        Groups.
    reference : label
        The stratum whose survival is subtracted.
    level : float
        Level of intervals and band in percent, for example 95.
    stratum : label, optional
        The stratum from which it is subtracted; needed where there are more than two.
    time_range : tuple of float, optional
        Start and end of a simultaneous band [1]_ [2]_; none by default.
    replicates, seed : int, int or numpy.random.Generator
        Number of random multipliers behind the band and where they start; needed with
        ``time_range``.

    Returns
    -------
    SurvivalDifference
        The difference up to the last time at which both strata have rows at risk.

    Raises
    ------
    DataError
        If the rows or options can't be used.
    DesignError
        If there are no two such strata, or no band over that range.

    References
    ----------
    .. [1] Parzen MI, Wei LJ, Ying Z (1997). Scandinavian Journal of Statistics 24:309-314.
       doi:10.1111/1467-9469.t01-1-00065
    .. [2] Lin DY, Fleming TR, Wei LJ (1994). Biometrika 81:73-81. doi:10.1093/biomet/81.1.73
    """
    multiple = -float(special.ndtri(check_level(level)))
    draws = None
    limits = None if time_range is None else check_range(time_range)
    if limits is not None:
        draws = check_replicates(replicates, seed)
    elif replicates is not None or seed is not None:
        raise DesignError(
            "replicates and seed are for a band, but time_range is missing.",
            hint="say from when to when the band shall hold.",
        )
    groups = check_groups(
        time,
        event,
        entry=entry,
        weight=weight,
        id=id,
        cluster=cluster,
        strata=strata,
        variance=variance,
        places=limits is not None,
    )
    pair = _pair(groups, stratum, reference)
    times = np.union1d(pair[0].table.time, pair[1].table.time)
    times = times[times <= min(group.last for group in pair)]
    estimate, se = _difference(groups, pair, times)
    low = high = critical = None
    if limits is not None and draws is not None:
        critical = _critical(groups, pair, limits, level, draws)
        inside = (times >= limits[0]) & (times <= limits[1])
        reach = np.where(inside, critical * se, np.nan)
        low, high = estimate - reach, estimate + reach
    return SurvivalDifference(
        stratum=pair[0].label,
        reference=pair[1].label,
        n=(pair[0].n, pair[1].n),
        time=times,
        estimate=estimate,
        se=se,
        ci_low=estimate - multiple * se,
        ci_high=estimate + multiple * se,
        band_low=low,
        band_high=high,
        level=level,
        variance=groups.variance,
        time_range=limits,
        critical_value=critical,
        replicates=None if draws is None else draws[0],
        weighted=groups.weighted,
        delayed_entry=groups.delayed_entry,
        clusters=groups.clusters,
        merged_times=groups.merged_times,
    )


def _pair(groups: Groups, stratum: object, reference: object) -> tuple[Group, Group]:
    names = [group.label for group in groups.groups]
    if len(names) < 2:
        raise DesignError("There is only one stratum, so no difference.", hint="check strata.")
    baseline = groups.index(reference)
    if stratum is not None:
        chosen = groups.index(stratum)
    elif len(names) == 2:
        chosen = 1 - baseline
    else:
        raise DesignError(
            f"There are {len(names)} strata: {', '.join(names)}.",
            hint="say with stratum= which one is compared with the reference.",
        )
    if chosen == baseline:
        raise DesignError(f"stratum and reference are the same: {names[chosen]}.")
    return groups.groups[chosen], groups.groups[baseline]


def _difference(
    groups: Groups, pair: tuple[Group, Group], times: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Return the difference and its standard error at times."""
    a, b = (group.survival_at(times) for group in pair)
    if groups.variance == "greenwood":
        spreads = (step(group.cumulated, group.position(times), 0.0) for group in pair)
        variance = sum(np.square(s) * spread for s, spread in zip((a, b), spreads, strict=True))
    else:
        spread = log_survival_covariance(*pair, groups.cluster, times)
        variance = a * a * spread[:, 0] + b * b * spread[:, 1] - 2.0 * a * b * spread[:, 2]
    # Rounding may leave tiny negative numbers where both curves are made of the same persons.
    se = np.sqrt(np.maximum(variance, 0.0))
    return a - b, np.where((a > 0) & (b > 0), se, np.nan)


def _critical(
    groups: Groups,
    pair: tuple[Group, Group],
    limits: tuple[float, float],
    level: float,
    draws: tuple[int, Seed],
) -> float:
    """Return the multiple of the standard error that holds the difference over the range."""
    for group in pair:
        usable_until(group, limits[1], f"The end of time_range, {limits[1]:g},")
    times = range_times(np.union1d(*(group.table.time for group in pair)), limits)
    _, se = _difference(groups, pair, times)
    if not se[0] > 0:
        first = min(
            (float(g.table.time[np.argmax(g.hazard > 0)]) for g in pair if g.hazard.any()),
            default=np.nan,
        )
        raise DesignError(
            "At the start of time_range the difference has no standard error.",
            hint=f"start at the first event, {first:g}, or later.",
        )
    if np.isnan(se).any():
        raise DesignError(
            "Survival of one stratum is 0 before the end of time_range.",
            hint=f"end it before {times[np.argmax(np.isnan(se))]:g}.",
        )
    made, units = processes(list(pair), groups.cluster, limits[1])
    places = [group.position(times) for group in pair]
    scales = [group.survival_at(times) / se for group in pair]

    def deviation(drawn: list[FloatArray]) -> FloatArray:
        a, b = (
            after_steps(d, place) * scale[:, None]
            for d, place, scale in zip(drawn, places, scales, strict=True)
        )
        return np.asarray(a - b)

    return supremum_quantile(made, units, deviation, level, *draws)
