"""Joint limits and adjusted p-values of several estimates, from the influence of each person.

The estimates are jointly normal to first order, with the correlation of their influence values: the
largest standardised deviation is simulated from it (Hothorn, Bretz and Westfall 2008,
doi:10.1002/bimj.200810425; step-down: Romano and Wolf 2005, doi:10.1198/016214504000000539).
"""

from __future__ import annotations

import math
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

Seed = int | np.random.Generator
Alternative = Literal["two-sided", "greater"]
ALTERNATIVES: tuple[Alternative, ...] = get_args(Alternative)
# Numbers drawn at once: 16 MB.
BLOCK = 2_000_000


def cluster_sums(influence: FloatArray, cluster: IntArray | None) -> FloatArray:
    """Return influence values added within clusters.

    Parameters
    ----------
    influence : ndarray of float, shape (n, k)
        Influence of each person on each estimate.
    cluster : ndarray of int, shape (n,), or None
        Codes of clusters; None if each person is one.

    Returns
    -------
    ndarray of float, shape (units, k)
        One row per cluster that has persons.
    """
    if cluster is None:
        return influence
    _, code = np.unique(cluster, return_inverse=True)
    columns = [np.bincount(code, weights=influence[:, j]) for j in range(influence.shape[1])]
    return np.column_stack(columns)


def joint_critical_value(
    influence: FloatArray,
    *,
    level: float,
    seed: Seed,
    replicates: int = 10_000,
    cluster: IntArray | None = None,
) -> float:
    """Return the factor of standard errors for limits that hold for all estimates together.

    Parameters
    ----------
    influence : ndarray of float, shape (n, k)
        Influence of each person on each estimate. Columns of zeros are estimates that are known.
    level : float
        Joint level of the limits in percent.
    seed : int or numpy.random.Generator
        Source of the draws.
    replicates : int
        Number of draws.
    cluster : ndarray of int, shape (n,), optional
        Codes of clusters.

    Returns
    -------
    float
        Never below the normal quantile of one estimate.

    Raises
    ------
    DataError
        If there are too few draws for the level.
    """
    alpha = 2.0 * check_level(level)
    rank = math.ceil((1.0 - alpha) * (replicates + 1) - 1e-9)
    if not 1 <= rank <= replicates:
        raise DataError(
            f"replicates is {replicates}, too few for a level of {level:g}.",
            hint="10000 are usual.",
        )
    single = float(special.ndtri(1.0 - alpha / 2.0))
    root = _root(influence, cluster)
    if root.shape[0] <= 1:
        return single
    largest = np.sort(_largest(root, seed, replicates, "two-sided")[:, 0])
    return max(single, float(largest[rank - 1]))


def max_t_p_values(
    statistic: ArrayLike,
    influence: FloatArray,
    *,
    seed: Seed,
    alternative: Alternative = "two-sided",
    replicates: int = 10_000,
    cluster: IntArray | None = None,
) -> FloatArray:
    """Return p-values that are adjusted for all tests together, step by step.

    Parameters
    ----------
    statistic : array_like, shape (k,)
        Estimates divided by their standard errors; NaN is no test and is left alone.
    influence : ndarray of float, shape (n, k)
        Influence of each person on each estimate.
    seed : int or numpy.random.Generator
        Source of the draws.
    alternative : {"two-sided", "greater"}
        Whether large values of either sign count, or positive ones only.
    replicates : int
        Number of draws; no p-value is below 1 / (replicates + 1).
    cluster : ndarray of int, shape (n,), optional
        Codes of clusters.

    Returns
    -------
    ndarray of float, shape (k,)
        The family-wise error is held whatever hypotheses are true. NaN where there is no test.

    Raises
    ------
    DataError
        If statistics and influences don't fit together, or a tested estimate has no spread.
    """
    check_option("alternative", alternative, ALTERNATIVES)
    values = np.asarray(statistic, dtype=np.float64)
    if influence.ndim != 2 or values.shape != influence.shape[1:]:
        raise DataError(
            f"there are {values.size} statistics, but influence has shape {influence.shape}.",
            hint="give one column per statistic.",
        )
    known = np.flatnonzero(~np.isnan(values))
    out = np.full(values.size, np.nan)
    if known.size == 0:
        return out
    size = np.abs(values[known]) if alternative == "two-sided" else values[known]
    order = known[np.argsort(-size, kind="stable")]
    root = _root(influence[:, order], cluster)
    if root.shape[0] != order.size:
        raise DataError(
            "an estimate that is tested has no spread.", hint="give NaN where there is no test."
        )
    draws = _largest(root, seed, replicates, alternative)
    sorted_size = np.sort(size)[::-1]
    beyond = (draws >= sorted_size).sum(axis=0)
    out[order] = np.maximum.accumulate((1.0 + beyond) / (1.0 + replicates))
    return out


def holm(p: ArrayLike) -> FloatArray:
    """Return p-values adjusted by Holm's method (1979, Scand J Statist 6:65-70).

    Parameters
    ----------
    p : array_like, shape (k,)
        p-values; NaN is no test and is left alone.

    Returns
    -------
    ndarray of float, shape (k,)
        They hold the family-wise error under any dependence.
    """
    values = _p_values(p)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(values[known], kind="stable")]
    out = np.full(values.size, np.nan)
    steps = (order.size - np.arange(order.size)) * values[order]
    out[order] = np.minimum(1.0, np.maximum.accumulate(steps))
    return out


def benjamini_hochberg(p: ArrayLike) -> FloatArray:
    """Return p-values adjusted for the false discovery rate.

    Parameters
    ----------
    p : array_like, shape (k,)
        p-values; NaN is no test and is left alone.

    Returns
    -------
    ndarray of float, shape (k,)
        Under independence, or positive dependence, calling those below q bounds the expected share
        of false ones by q.

    References
    ----------
    Benjamini Y, Hochberg Y (1995). J R Stat Soc B 57:289-300.
    doi:10.1111/j.2517-6161.1995.tb02031.x
    """
    values = _p_values(p)
    known = np.flatnonzero(~np.isnan(values))
    order = known[np.argsort(-values[known], kind="stable")]
    out = np.full(values.size, np.nan)
    steps = order.size / np.arange(order.size, 0, -1) * values[order]
    out[order] = np.minimum(1.0, np.minimum.accumulate(steps))
    return out


def _p_values(p: ArrayLike) -> FloatArray:
    values = np.atleast_1d(np.asarray(p, dtype=np.float64))
    if ((values < 0.0) | (values > 1.0)).any():
        raise DataError("a p-value is not between 0 and 1.", hint="give p-values, not statistics.")
    return values


def _root(influence: FloatArray, cluster: IntArray | None) -> FloatArray:
    """Return the symmetric root of the correlation of the estimates with spread, (k, k)."""
    sums = cluster_sums(influence, cluster)
    covariance = sums.T @ sums
    spread = np.sqrt(np.diag(covariance))
    # Columns that are 0 but for rounding are known estimates.
    kept = spread > 1e-12 * max(float(spread.max(initial=0.0)), 1e-300)
    spread, covariance = spread[kept], covariance[np.ix_(kept, kept)]
    correlation = covariance / spread[:, None] / spread
    values, vectors = np.linalg.eigh(correlation)
    # The symmetric root is the one that rounding doesn't turn, so that neither the order of persons
    # nor units of the estimates change the draws.
    return np.asarray((vectors * np.sqrt(np.maximum(values, 0.0))) @ vectors.T)


def _largest(root: FloatArray, seed: Seed, replicates: int, alternative: Alternative) -> FloatArray:
    """Return the largest of the deviations j, j + 1, ... of each draw, shape (replicates, k)."""
    generator = np.random.default_rng(seed)
    k = root.shape[0]
    out = np.empty((replicates, k))
    block = max(1, BLOCK // k)
    for start in range(0, replicates, block):
        stop = min(start + block, replicates)
        drawn = generator.standard_normal((stop - start, k)) @ root.T
        if alternative == "two-sided":
            drawn = np.abs(drawn)
        out[start:stop] = np.maximum.accumulate(drawn[:, ::-1], axis=1)[:, ::-1]
    return out
