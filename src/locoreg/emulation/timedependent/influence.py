"""Influence of persons on the curves that a Cox model with a changing treatment gives."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.emulation.inference.analysis import Values
from locoreg.emulation.timedependent.standard import Paths, ReadingTimes, RiskRows
from locoreg.emulation.timedependent.timing import Timing
from locoreg.stats.survivaldata import BoolArray, FloatArray, IntArray

# Numbers held at once: 32 MB.
BLOCK = 4_000_000


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Fitted:
    """A fit in which everybody counts once, with what its curves need.

    Attributes
    ----------
    beta : ndarray of float, shape (p,)
        Coefficients, effects of treatment first.
    effects : int
        How many of them are effects of treatment.
    X : ndarray of float, shape (r, p)
        Covariates of the rows.
    Z : ndarray of float, shape (n, p - effects)
        Those of persons, over whom curves are averaged.
    person : ndarray of int, shape (r,)
        Person of each row.
    event : ndarray of bool, shape (r,)
        Whether a row ends with the event.
    dfbeta : ndarray of float, shape (n, p)
        Persons' influence on the coefficients.
    risk : RiskRows
        The rows on their times.
    hazard, at_risk : ndarray of float, shape (m,)
        Baseline's hazard at each time and the sum it is over.
    paths : Paths
        What treatment does to the hazard.
    timing : Timing
        When the treated strategy starts treatment.
    timing_fit : ndarray of float or None
        Coefficients of its model.
    timing_influence : ndarray of float, shape (n, q), or None
        Persons' influence on them.
    reading : ReadingTimes
        Times.
    """

    beta: FloatArray
    effects: int
    X: FloatArray
    Z: FloatArray
    person: IntArray
    event: BoolArray
    dfbeta: FloatArray
    risk: RiskRows
    hazard: FloatArray
    at_risk: FloatArray
    paths: Paths
    timing: Timing
    timing_fit: FloatArray | None
    timing_influence: FloatArray | None
    reading: ReadingTimes


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class _Path:
    """One path: factors of the hazard, and sums up to each reading time.

    Attributes
    ----------
    factor : ndarray of float, shape (m,)
        By what the hazard is multiplied.
    total : ndarray of float, shape (f,)
        Cumulative hazard.
    by_effect : ndarray of float, shape (f, effects)
        Its derivatives by the effects, the baseline held.
    means : ndarray of float, shape (f, p)
        Sums of hazard times the mean covariates of those at risk: what the coefficients take from
        the baseline.
    """

    factor: FloatArray
    total: FloatArray
    by_effect: FloatArray
    means: FloatArray


def standard_influence(fit: Fitted) -> Values:
    """Return each person's influence on curves, areas and the log hazard ratio.

    Parameters
    ----------
    fit : Fitted
        The fit.

    Returns
    -------
    Values
        Through the coefficients, the baseline, the timing of treatment and the average.
    """
    n, k = fit.Z.shape[0], fit.reading.grid.size
    curve, area = np.zeros((n, 2, k)), np.zeros((n, 2, k))
    means = _means(fit)
    starts = (np.array([np.inf]), fit.timing.starts)
    for arm in (0, 1):
        paths = [_path(fit, float(a), means) for a in starts[arm]]
        shares = fit.timing.shares(fit.timing_fit) if arm else np.ones((1, n))
        step = max(1, BLOCK // (n * len(paths)))
        for i in range(0, fit.reading.time.size, step):
            part = slice(i, min(i + step, fit.reading.time.size))
            found = _block(fit, paths, shares, part, timed=arm == 1)
            area[:, arm] += np.einsum("nt,tk->nk", found, fit.reading.area[part])
            here = np.flatnonzero((fit.reading.grid >= part.start) & (fit.reading.grid < part.stop))
            curve[:, arm, here] = found[:, fit.reading.grid[here] - part.start]
    return Values(curve=curve, area=area, log_hr=fit.dfbeta[:, 0])


def _means(fit: Fitted) -> FloatArray:
    """Return the mean covariates of those at risk at each time, shape (m, p)."""
    relative = np.exp(fit.X @ fit.beta)
    sums = [fit.risk.at_risk(relative * fit.X[:, j]) for j in range(fit.beta.size)]
    return np.asarray(np.column_stack(sums) / fit.at_risk[:, None])


def _path(fit: Fitted, start: float, means: FloatArray) -> _Path:
    time = fit.risk.time
    factor = fit.paths.factors(fit.beta[: fit.effects], start, time)
    steps = (fit.hazard * factor)[:, None]
    parts = np.column_stack([steps, steps * fit.paths.shares(start, time), steps * means])
    sums = np.concatenate((np.zeros((1, parts.shape[1])), np.cumsum(parts, axis=0)))
    read = sums[np.searchsorted(time, fit.reading.time, side="right")]
    read[fit.reading.time > time[-1]] = np.nan
    return _Path(
        factor=factor,
        total=read[:, 0],
        by_effect=read[:, 1 : 1 + fit.effects],
        means=read[:, 1 + fit.effects :],
    )


def _block(
    fit: Fitted, paths: list[_Path], shares: FloatArray, part: slice, *, timed: bool
) -> FloatArray:
    """Return the influence on one arm's survival at some reading times, shape (n, block)."""
    n = fit.Z.shape[0]
    risk = np.exp(fit.Z @ fit.beta[fit.effects :])
    survival = np.stack([np.exp(-risk[:, None] * path.total[part]) for path in paths])
    weighted = shares[:, :, None] * survival / n
    own = weighted.sum(axis=0)
    out = own - own.sum(axis=0) / n
    gradient = np.zeros((fit.beta.size, out.shape[1]))
    slopes = np.zeros((len(paths), out.shape[1]))
    for k, path in enumerate(paths):
        burden = risk[:, None] * weighted[k]
        slopes[k] = burden.sum(axis=0)
        gradient[: fit.effects] -= path.by_effect[part].T * slopes[k]
        gradient[fit.effects :] -= np.einsum("np,nt->pt", fit.Z, burden) * path.total[part]
        gradient += path.means[part].T * slopes[k]
    out += np.einsum("np,pt->nt", fit.dfbeta, gradient)
    out += _through_baseline(fit, paths, slopes, fit.reading.time[part])
    if timed and fit.timing_influence is not None:
        assert fit.timing_fit is not None
        change = fit.timing.gradient(fit.timing_fit, weighted)
        out += np.einsum("np,pt->nt", fit.timing_influence, change)
    return np.asarray(out)


def _through_baseline(
    fit: Fitted, paths: list[_Path], slopes: FloatArray, times: FloatArray
) -> FloatArray:
    """Return the influence through the baseline's hazard, the coefficients held."""
    n = fit.Z.shape[0]
    relative = np.exp(fit.X @ fit.beta)
    out = np.empty((n, times.size))
    for j, t in enumerate(times.tolist()):
        per_step = np.zeros(fit.risk.time.size)
        for path, slope in zip(paths, slopes[:, j], strict=True):
            per_step -= slope * path.factor
        per_step[fit.risk.time > t] = 0.0
        per_step /= fit.at_risk
        rows = fit.event * per_step[fit.risk.last]
        rows -= relative * fit.risk.between(per_step * fit.hazard)
        out[:, j] = np.bincount(fit.person, weights=rows, minlength=n)
    return np.asarray(out)
