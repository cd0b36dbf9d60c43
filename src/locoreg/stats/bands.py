"""Simultaneous confidence bands of survival curves."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError, DesignError
from locoreg.core.frames import frame
from locoreg.stats.bandquantiles import equal_precision_quantile, hall_wellner_quantile
from locoreg.stats.curveintervals import curve_limits
from locoreg.stats.curves import CURVE_INTERVALS, CurveInterval, Variance
from locoreg.stats.curvevariance import log_survival_covariance
from locoreg.stats.multiplier import (
    Seed,
    after_steps,
    check_replicates,
    processes,
    supremum_quantile,
)
from locoreg.stats.strata import part_of
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray
from locoreg.stats.survivalgroups import (
    ALL,
    Group,
    Groups,
    check_groups,
    step,
    usable_until,
)

if TYPE_CHECKING:
    import pandas as pd

Band = Literal["equal-precision", "hall-wellner"]
BANDS: tuple[Band, ...] = ("equal-precision", "hall-wellner")
# Scales on which a survival of 1 has no finite value.
NEED_EVENTS: tuple[CurveInterval, ...] = ("log-log", "logit", "arcsine")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConfidenceBand:
    """The band of one stratum, a step function.

    Attributes
    ----------
    stratum : str
        Name of the stratum; ``all`` without strata.
    n : int
        Rows.
    time : ndarray of float, shape (p,)
        Start of the range, and the distinct times in it.
    estimate, se : ndarray of float, shape (p,)
        Survival from each time on, and its standard error.
    band_low, band_high : ndarray of float, shape (p,)
        The band: survival lies between them over the whole range, with the probability of the
        level.
    critical_value : float
        The multiple of the standard error of log survival (equal precision), or of
        (1 + n s2) / sqrt(n) (Hall-Wellner).
    """

    stratum: str
    n: int
    time: FloatArray
    estimate: FloatArray
    se: FloatArray
    band_low: FloatArray
    band_high: FloatArray
    critical_value: float

    def to_dict(self) -> dict[str, Any]:
        """Return the band as JSON-ready values."""
        return {
            "stratum": self.stratum,
            "n": self.n,
            "critical_value": self.critical_value,
            **{name: getattr(self, name).tolist() for name in BAND_COLUMNS},
        }


BAND_COLUMNS = ("time", "estimate", "se", "band_low", "band_high")


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class ConfidenceBands:
    """Bands of all strata; each holds for its own curve.

    Attributes
    ----------
    bands : tuple of ConfidenceBand
        One per stratum, in sorted order of the labels.
    band, interval, variance : str
        The options that gave the numbers.
    level : float
        Level in percent.
    time_range : tuple of float
        Start and end of the range.
    replicates : int or None
        Number of multiplier replicates; None where the critical value was computed.
    clusters : int or None
        Number of clusters (or persons) behind a robust variance; None if each row is its own.
    merged_times : int
        Distinct times that differed from another by rounding only and were merged with it.
    """

    bands: tuple[ConfidenceBand, ...]
    band: Band
    interval: CurveInterval
    variance: Variance
    level: float
    time_range: tuple[float, float]
    replicates: int | None
    clusters: int | None
    merged_times: int

    def __iter__(self) -> Iterator[ConfidenceBand]:
        """Yield the bands."""
        return iter(self.bands)

    def __len__(self) -> int:
        """Return the number of strata."""
        return len(self.bands)

    def __getitem__(self, stratum: object) -> ConfidenceBand:
        """Return the band of a stratum."""
        return part_of(self.bands, stratum)

    def to_dict(self) -> dict[str, Any]:
        """Return the bands as JSON-ready values."""
        return {
            "band": self.band,
            "interval": self.interval,
            "variance": self.variance,
            "level": self.level,
            "time_range": list(self.time_range),
            "replicates": self.replicates,
            "clusters": self.clusters,
            "merged_times": self.merged_times,
            "bands": [band.to_dict() for band in self.bands],
        }

    def to_frame(self) -> pd.DataFrame:
        """Return one row per stratum and time.

        Returns
        -------
        pandas.DataFrame
            Columns stratum, time, estimate, se, band_low, band_high.
        """
        columns: dict[str, Any] = {
            "stratum": np.repeat([b.stratum for b in self.bands], [b.time.size for b in self])
        }
        for name in BAND_COLUMNS:
            columns[name] = np.concatenate([getattr(band, name) for band in self.bands])
        return frame(columns)

    def summary(self) -> str:
        """Return a few plain lines."""
        start, end = self.time_range
        lines = [
            f"{self.level:g}% {self.band} band on the {self.interval} scale, {self.variance} "
            f"variance, from {start:g} to {end:g}"
        ]
        for band in self.bands:
            lines.append(
                f"{band.stratum}: survival at {end:g} {band.estimate[-1]:.3f}, band "
                f"{band.band_low[-1]:.3f} to {band.band_high[-1]:.3f}; "
                f"critical value {band.critical_value:.4f}, n = {band.n}"
            )
        return "\n".join(lines)


def confidence_bands(
    time: ArrayLike,
    event: ArrayLike,
    *,
    band: Band,
    time_range: tuple[float, float],
    level: float,
    interval: CurveInterval = "log-log",
    entry: ArrayLike | None = None,
    weight: ArrayLike | None = None,
    id: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    variance: Variance | None = None,
    replicates: int | None = None,
    seed: Seed | None = None,
) -> ConfidenceBands:
    """Return a band that holds a whole survival curve over a range of times.

    Parameters
    ----------
    time, event, entry, weight, id, cluster, strata, variance
        As in ``rmst``.
    band : {"equal-precision", "hall-wellner"}
        A multiple of the pointwise interval [1]_, or a band whose width has another shape: narrow
        in the middle of the follow-up and wide at its ends [2]_.
    time_range : tuple of float
        Start and end of the range in which the band holds. With equal precision it starts at the
        first event or later.
    level : float
        Level in percent, for example 95.
    interval : {"log", "log-log", "plain", "logit", "arcsine"}
        Scale on which the band is symmetrical.
    replicates, seed : int, int or numpy.random.Generator
        For the robust variance, whose critical value is that of random multipliers of the
        influence functions [3]_: how many, and where they start.

    Returns
    -------
    ConfidenceBands
        One band per stratum.

    Raises
    ------
    DataError
        If the rows or options can't be used.
    DesignError
        If the band can't be had over that range, or the options don't go together.

    References
    ----------
    .. [1] Nair VN (1984). Technometrics 26:265-275. doi:10.1080/00401706.1984.10487964
    .. [2] Hall WJ, Wellner JA (1980). Biometrika 67:133-143. doi:10.1093/biomet/67.1.133
    .. [3] Lin DY, Fleming TR, Wei LJ (1994). Biometrika 81:73-81. doi:10.1093/biomet/81.1.73
    """
    check_level(level)
    check_option("band", band, BANDS)
    check_option("interval", interval, CURVE_INTERVALS)
    limits = check_range(time_range)
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
    draws: tuple[int, Seed] | None = None
    if groups.variance == "robust":
        count, source = check_replicates(replicates, seed)
        draws = count, np.random.default_rng(source)
    elif replicates is not None or seed is not None:
        raise DesignError(
            "With Greenwood's variance the critical value is computed, without replicates.",
            hint='leave out replicates and seed, or ask for variance="robust".',
        )
    for group in groups.groups:
        _check_group(group, limits, band, interval)
    return ConfidenceBands(
        bands=tuple(_band(groups, g, limits, band, interval, level, draws) for g in groups.groups),
        band=band,
        interval=interval,
        variance=groups.variance,
        level=level,
        time_range=limits,
        replicates=None if draws is None else draws[0],
        clusters=groups.clusters,
        merged_times=groups.merged_times,
    )


def check_range(time_range: tuple[float, float]) -> tuple[float, float]:
    """Return the start and end of a range of times, or raise."""
    try:
        start, end = (float(value) for value in time_range)
    except (TypeError, ValueError):
        start, end = np.nan, np.nan
    if not 0.0 <= start < end < np.inf:
        raise DataError(
            f"time_range is {time_range!r}, but must be two ascending times.",
            hint="give (start, end) in the unit of time.",
        )
    return start, end


def range_times(time: FloatArray, limits: tuple[float, float]) -> FloatArray:
    """Return the start of a range and the distinct times after it, up to its end."""
    start, end = limits
    return np.concatenate(([start], time[(time > start) & (time <= end)]))


def _check_group(
    group: Group, limits: tuple[float, float], band: Band, interval: CurveInterval
) -> None:
    """Raise if a group has no band over the range."""
    usable_until(group, limits[1], f"The end of time_range, {limits[1]:g},")
    where = "" if group.label == ALL else f" of stratum {group.label}"
    steps = np.flatnonzero(group.hazard > 0)
    alive = np.flatnonzero(group.survival > 0)
    if steps.size == 0 or (first := group.table.time[steps[0]]) > limits[1]:
        raise DesignError(
            f"There is no event{where} up to the end of time_range.", hint="choose a later end."
        )
    if group.survival_at(limits[1]) == 0.0:
        last = group.table.time[alive[-1]] if alive.size else 0.0
        raise DesignError(
            f"Survival{where} is 0 at the end of time_range, where no band exists.",
            hint=f"end it before survival comes to 0: at {last:g} or earlier.",
        )
    needs_events = band == "equal-precision" or interval in NEED_EVENTS
    if needs_events and limits[0] < first:
        raise DesignError(
            f"time_range starts before the first event{where}, where this band doesn't exist.",
            hint=f'start at {first:g} or later, or take "hall-wellner" on the scale "plain".',
        )


def _band(
    groups: Groups,
    group: Group,
    limits: tuple[float, float],
    band: Band,
    interval: CurveInterval,
    level: float,
    draws: tuple[int, Seed] | None,
) -> ConfidenceBand:
    times = range_times(group.table.time, limits)
    at = group.position(times)
    estimate = group.survival_at(times)
    if draws is None:
        spread = step(group.cumulated, at, 0.0)
        size = group.total
    else:
        spread = log_survival_covariance(group, None, groups.cluster, times)[:, 0]
        size = group.effective
    shape = np.sqrt(spread)
    if band == "hall-wellner":
        shape = (1.0 + size * spread) / np.sqrt(size)
    if draws is None:
        ends = size * spread[[0, -1]] / (1.0 + size * spread[[0, -1]])
        critical = _QUANTILES[band](float(ends[0]), float(ends[1]), level)
    else:
        made, units = processes([group], groups.cluster, limits[1])
        critical = supremum_quantile(
            made,
            units,
            lambda drawn: after_steps(drawn[0], at) / shape[:, None],
            level,
            *draws,
        )
    z = -float(special.ndtri(check_level(level)))
    low, high = curve_limits(estimate, estimate * shape * (critical / z), interval, level)
    return ConfidenceBand(
        stratum=group.label,
        n=group.n,
        time=times,
        estimate=estimate,
        se=estimate * np.sqrt(spread),
        band_low=low,
        band_high=high,
        critical_value=critical,
    )


_QUANTILES: dict[Band, Callable[[float, float, float], float]] = {
    "equal-precision": equal_precision_quantile,
    "hall-wellner": hall_wellner_quantile,
}
