"""Standard errors and limits of readings: by influence functions, or by the bootstrap."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Protocol

import numpy as np
from scipy import sparse, special

from locoreg.core.errors import DesignError
from locoreg.emulation.cohort.data import Cohort
from locoreg.emulation.inference.analysis import Analysis, Values
from locoreg.emulation.inference.options import Inference
from locoreg.emulation.inference.readings import Readings
from locoreg.stats.resample import Bootstrap, bootstrap
from locoreg.stats.survivaldata import FloatArray, IntArray

OnProgress = Callable[[int, int], None]
# Persons whose influence on all readings is held at once.
BLOCK = 50_000
# A reading that more replicates than this lack, such as a ratio to 0, has no limits: those that
# have it are no sample of anything.
MOST_LACKING = 0.05


class GivesValues(Protocol):
    """Anything that gives values under weights."""

    def values(self, weights: FloatArray) -> Values:
        """Return values under each weighting."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Spread:
    """Standard errors and limits of a row of readings.

    Attributes
    ----------
    se, low, high : ndarray of float, shape (q,)
        NaN where there is none.
    reach : ndarray of float, shape (q,)
        Quantiles of the normal or t distribution by which standard errors reach to limits; NaN
        where limits are made otherwise.
    kind : str
        ``influence``, ``bootstrap`` or ``none``.
    replicates, failed : int
        Of the bootstrap.
    notes : tuple of str
        What a reader must know of the intervals.
    """

    se: FloatArray
    low: FloatArray
    high: FloatArray
    reach: FloatArray
    kind: str
    replicates: int = 0
    failed: int = 0
    notes: tuple[str, ...] = ()

    @classmethod
    def none(cls, size: int) -> Spread:
        """Return the spread where no intervals are asked for."""
        unknown = np.full(size, np.nan)
        return cls(se=unknown, low=unknown, high=unknown, reach=unknown, kind="none")

    @classmethod
    def symmetric(cls, row: FloatArray, se: FloatArray, reach: FloatArray) -> Spread:
        """Return limits that reach as far below as above."""
        return cls(
            se=se, low=row - reach * se, high=row + reach * se, reach=reach, kind="influence"
        )


def normal_reach(level: float) -> float:
    """Return the normal quantile of a level in percent, such as 1.96."""
    return -float(special.ndtri((100.0 - level) / 200.0))


def influence_variance(
    readings: Readings, values: Values, influence: Values, cluster: IntArray | None
) -> FloatArray:
    """Return the variance of each reading from the influence of persons.

    Parameters
    ----------
    readings : Readings
        What is read.
    values : Values
        The estimates, of one weighting.
    influence : Values
        One line per person.
    cluster : ndarray of int, shape (n,), or None
        Hospitals; None where persons are independent.

    Returns
    -------
    ndarray of float, shape (q,)
        Sums of squares over persons or hospitals.
    """
    n = influence.curve.shape[0]
    units = 0 if cluster is None else int(cluster.max()) + 1
    total, sums = np.zeros(readings.size), np.zeros((units, readings.size))
    for start in range(0, n, BLOCK):
        part = slice(start, start + BLOCK)
        block = Values(
            curve=influence.curve[part], area=influence.area[part], log_hr=influence.log_hr[part]
        )
        rows = readings.influence(values, block)
        if cluster is None:
            total += (rows**2).sum(axis=0)
        else:
            codes = cluster[part]
            ones = (np.ones(codes.size), (codes, np.arange(codes.size)))
            sums += np.asarray(sparse.csr_array(ones, shape=(units, codes.size)) @ rows)
    return total if cluster is None else np.asarray((sums**2).sum(axis=0))


def influence_spread(
    analysis: Analysis,
    values: Values,
    row: FloatArray,
    readings: Readings,
    cohort: Cohort,
    inference: Inference,
    level: float,
) -> Spread | None:
    """Return the spread by influence functions, or None where the analysis has none.

    Parameters
    ----------
    analysis : Analysis
        The method bound to the cohort.
    values : Values
        Its estimates.
    row : ndarray of float, shape (q,)
        The readings.
    readings : Readings
        Where each stands.
    cohort : Cohort
        The persons.
    inference : Inference
        Whether hospitals are the units.
    level : float
        Level in percent.

    Returns
    -------
    Spread or None
        Normal limits.
    """
    influence = analysis.influence()
    if influence is None:
        return None
    units = clusters(cohort) if inference.cluster else None
    se = np.sqrt(influence_variance(readings, values, influence, units))
    return Spread.symmetric(row, se, np.full(row.size, normal_reach(level)))


def bootstrap_spread(
    statistic: Statistic,
    row: FloatArray,
    readings: Readings,
    cohort: Cohort,
    inference: Inference,
    level: float,
    on_progress: OnProgress | None,
) -> Spread:
    """Return the spread by the bootstrap.

    Parameters
    ----------
    statistic : Statistic
        The whole analysis as a function of weights of persons.
    row : ndarray of float, shape (q,)
        The readings of the estimate.
    readings : Readings
        Where each stands.
    cohort : Cohort
        The persons.
    inference : Inference
        Replicates, seed, workers.
    level : float
        Level in percent.
    on_progress : callable or None
        Called with the replicates done and their total.

    Returns
    -------
    Spread
        Percentile limits.
    """
    inference.check_bootstrap()
    assert inference.replicates is not None
    assert inference.seed is not None
    found = bootstrap(
        statistic,
        cohort.n,
        kind=inference.kind,
        replicates=inference.replicates,
        seed=inference.seed,
        cluster=clusters(cohort) if inference.cluster else None,
        jobs=inference.jobs,
        checkpoint=inference.checkpoint,
        on_progress=on_progress,
    )
    se, low, high, lacking = _percentiles(statistic, found, row, level)
    return Spread(
        se=se,
        low=low,
        high=high,
        reach=np.full(row.size, np.nan),
        kind="bootstrap",
        replicates=inference.replicates,
        failed=len(found.failed),
        notes=(*_failures(found), *_lacking(readings, lacking, row)),
    )


class Statistic:
    """The values of an analysis as a function of weights; it can be sent to another process.

    Parameters
    ----------
    analysis : Analysis
        The method bound to the cohort, or anything else with its `values`.
    readings : Readings
        What is read off.
    """

    def __init__(self, analysis: GivesValues, readings: Readings) -> None:
        self.analysis = analysis
        self.readings = readings

    def __call__(self, weights: FloatArray) -> FloatArray:
        """Return packed values and whether there is a hazard ratio, shape (b, 4 k + 2)."""
        packed = self.analysis.values(weights).packed()
        # A replicate without a hazard ratio still has its curves.
        has_hr = np.isfinite(packed[:, -1])
        packed[:, -1] = np.where(has_hr, packed[:, -1], 0.0)
        return np.column_stack([packed, has_hr])

    def read(self, rows: FloatArray) -> FloatArray:
        """Return the readings of rows that the statistic gave."""
        packed = rows[:, :-1].copy()
        packed[rows[:, -1] == 0, -1] = np.nan
        return self.readings.read(Values.unpacked(packed, self.readings.grid.size))


def _percentiles(
    statistic: Statistic, found: Bootstrap, row: FloatArray, level: float
) -> tuple[FloatArray, FloatArray, FloatArray, FloatArray]:
    """Return standard errors, limits, and the share of replicates that lack each reading."""
    drawn = statistic.read(found.succeeded)
    has = np.isfinite(drawn)
    lacking = 1.0 - has.mean(axis=0)
    se, low, high = (np.full(row.size, np.nan) for _ in range(3))
    usable = np.isfinite(row) & (lacking <= MOST_LACKING)
    patterns, pattern = np.unique(has, axis=1, return_inverse=True)
    for code in range(patterns.shape[1]):
        columns = np.flatnonzero(usable & (pattern.reshape(-1) == code))
        if not columns.size:
            continue
        rows = drawn[patterns[:, code]][:, columns]
        part = replace(
            found,
            names=tuple(str(j) for j in columns),
            estimate=row[columns],
            replicates=rows,
            failed=(),
            reasons=(),
        )
        limits = part.estimates(level=level, interval="percentile", scale="identity")
        se[columns] = [one.se for one in limits]
        low[columns] = [one.ci_low for one in limits]
        high[columns] = [one.ci_high for one in limits]
    return se, low, high, lacking


def _failures(found: Bootstrap) -> tuple[str, ...]:
    if not found.failed:
        return ()
    reasons = sorted(set(found.reasons), key=lambda reason: (-found.reasons.count(reason), reason))
    told = f"{reasons[0].rstrip('.')} ({found.reasons.count(reasons[0])} times)"
    more = f", and {len(reasons) - 1} other reasons" if len(reasons) > 1 else ""
    return (
        f"{len(found.failed)} of {found.replicates.shape[0]} bootstrap replicates failed and are "
        f"left out: {told}{more}.",
    )


def _lacking(readings: Readings, lacking: FloatArray, row: FloatArray) -> tuple[str, ...]:
    """Say which contrasts some replicates lack, such as ratios to 0."""
    out = []
    start = readings.size - len(readings.contrasts())
    for j, (measure, at, _) in enumerate(readings.contrasts()):
        share = lacking[start + j]
        if share == 0 or not np.isfinite(row[start + j]):
            continue
        told = "they are left out" if share <= MOST_LACKING else "it has no interval"
        out.append(
            f"{measure.replace('_', ' ')} at {at:g} months is undefined in "
            f"{100.0 * share:.1f}% of the bootstrap replicates: {told}."
        )
    return tuple(out)


def clusters(cohort: Cohort) -> IntArray:
    """Return the hospitals; DesignError if there are none."""
    if cohort.cluster is None:
        raise DesignError(
            "the cohort has no hospitals to cluster by.",
            hint="name a cluster variable, or leave cluster out.",
        )
    return cohort.cluster
