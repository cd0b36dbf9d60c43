"""Rank-weighted average effects of scores: AUTOC, Qini, targeting curves; weighted means.

Scores Gamma are unbiased for each person's effect, priorities say who would be treated first. The
targeting curve TOC(q) is the mean score of the share q that ranks highest, less the mean of all.
AUTOC is the mean of TOC over q, Qini that of q TOC(q) (Yadlowsky, Fleming, Shah, Brunskill and
Wager 2025, doi:10.1080/01621459.2024.2393466). With scores sorted by priority and cumulative
weights c, the sum S(c) of weighted scores is piecewise linear; persons of the same priority share
their mean score.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.stats.maxt import Seed, cluster_sums, joint_critical_value
from locoreg.stats.priorities import Priorities, by_priority
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import FloatArray, IntArray

Target = Literal["autoc", "qini"]
TARGETS: tuple[Target, ...] = get_args(Target)
# The mean score at a rank is read in a window of half-width WINDOW n^(-1/5), as a share of persons:
# the rate that balances bias and noise of a local mean.
WINDOW = 0.4


@dataclass(frozen=True, slots=True, kw_only=True, eq=False)
class Targeting:
    """Targeting curve at some shares.

    Attributes
    ----------
    share : ndarray of float, shape (k,)
        Shares of persons who rank highest.
    estimate, se : ndarray of float, shape (k,)
        Mean score among them less the mean of all, and its standard error.
    influence : ndarray of float, shape (n, k)
        Influence of each person.
    critical : float
        Critical value of limits that hold jointly over the shares.
    """

    share: FloatArray
    estimate: FloatArray
    se: FloatArray
    influence: FloatArray
    critical: float


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """Test that priorities tell nothing of the effect.

    Attributes
    ----------
    estimate : float
        AUTOC or Qini.
    null_se : float
        Its standard error if the effect doesn't depend on the priority.
    statistic : float
        Their ratio; 0 where all priorities are equal.
    p : float
        One-sided p-value.
    """

    estimate: float
    null_se: float
    statistic: float
    p: float


def rank_weighted(
    score: ArrayLike,
    priority: ArrayLike,
    *,
    level: float,
    target: Target = "autoc",
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> Estimate:
    """Estimate a rank-weighted average effect.

    Parameters
    ----------
    score : array_like, shape (n,)
        Doubly robust scores of the effect, from persons whom the priorities were not learnt from.
    priority : array_like, shape (n,)
        Who would be treated first: higher is earlier. Persons of the same priority share their
        mean score.
    level : float
        Level of the interval in percent.
    target : {"autoc", "qini"}
        AUTOC has the most power where few persons benefit much, Qini where many benefit a little.
    weight : array_like, shape (n,), optional
        Sampling weights. Within ties of priority the order of unequal weights moves the estimate
        by terms of order 1/n.
    cluster : array_like of int, shape (n,), optional
        Codes of clusters.

    Returns
    -------
    Estimate
        On the identity scale; 0 where priorities tell nothing. The standard error is that of the
        influence function, the part of the estimated ranks included.

    Raises
    ------
    DataError
        If the arrays don't fit together.
    """
    check_level(level)
    check_option("target", target, TARGETS)
    made, code = by_priority(score, priority, weight, cluster)
    value, influence = _area(made, target)
    return estimate_of(value, made.restore(influence), level=level, cluster=code)


def rank_weighted_difference(
    score: ArrayLike,
    priority: ArrayLike,
    other: ArrayLike,
    *,
    level: float,
    target: Target = "autoc",
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> Estimate:
    """Estimate by how much one priority is better than another on the same persons.

    Parameters
    ----------
    score, level, target, weight, cluster
        As for `rank_weighted`.
    priority, other : array_like, shape (n,)
        The two priorities.

    Returns
    -------
    Estimate
        That of `priority` less that of `other`, with the standard error of the pair.

    Raises
    ------
    DataError
        If the arrays don't fit together.
    """
    check_level(level)
    check_option("target", target, TARGETS)
    values, influences = [], []
    for one in (priority, other):
        made, code = by_priority(score, one, weight, cluster)
        value, influence = _area(made, target)
        values.append(value)
        influences.append(made.restore(influence))
    return estimate_of(
        values[0] - values[1], influences[0] - influences[1], level=level, cluster=code
    )


def rank_weighted_test(
    score: ArrayLike,
    priority: ArrayLike,
    *,
    target: Target = "autoc",
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> RankTest:
    """Test that a rank-weighted average effect is above 0.

    Given the priorities the area is a sum of a_i Gamma_i with coefficients that add up to 0. If
    effects don't depend on the priority, its variance is estimated without bias by the squares of
    a_i (Gamma_i - mean), whatever the variances of the scores. The standard error of
    `rank_weighted` has the noise of the ranks' part beside it, and is some 5 percent too small with
    a hundred persons.

    Parameters
    ----------
    score, priority, target, weight, cluster
        As for `rank_weighted`.

    Returns
    -------
    RankTest
        One-sided.

    Raises
    ------
    DataError
        If the arrays don't fit together, or there is one cluster only.
    """
    check_option("target", target, TARGETS)
    made, code = by_priority(score, priority, weight, cluster)
    value, _ = _area(made, target)
    influence = made.restore(_coefficients(made, target) * (made.score - made.average))
    units = influence.size if code is None else int(code.max()) + 1
    if units < 2:
        raise DataError("there is one cluster only.", hint="a test needs two or more.")
    se = float(standard_errors(influence[:, None], cluster=code)[0])
    statistic = value / se if made.mass.size > 1 and se > 0.0 else 0.0
    return RankTest(
        estimate=value, null_se=se, statistic=statistic, p=float(special.ndtr(-statistic))
    )


def _coefficients(made: Priorities, target: Target) -> FloatArray:
    """Return the derivative of the area by each score, in the order of priority."""
    w, total = made.weight, made.total
    reached = np.cumsum(w)
    shares = w / total if target == "autoc" else w * reached / total**2
    over = shares / reached
    each = w * np.cumsum(over[::-1])[::-1]
    # Persons of one priority share what their places have together, by their weights.
    shared = (np.bincount(made.group, weights=each) / made.mass)[made.group]
    return np.asarray(w * shared - w / total * shares.sum())


def targeting_curve(
    score: ArrayLike,
    priority: ArrayLike,
    shares: ArrayLike,
    *,
    level: float,
    seed: Seed,
    replicates: int = 10_000,
    weight: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
) -> Targeting:
    """Estimate the targeting curve at some shares, with limits that hold jointly.

    Parameters
    ----------
    score, priority, level, weight, cluster
        As for `rank_weighted`.
    shares : array_like, shape (k,)
        Shares above 0 and up to 1. At 1 the curve is 0 by construction.
    seed : int or numpy.random.Generator
        Seed of the joint critical value.
    replicates : int
        Draws of the joint critical value.

    Returns
    -------
    Targeting
        Curve, standard errors, influence, critical value.

    Raises
    ------
    DataError
        If the arrays don't fit together or a share is not in (0, 1].
    """
    check_level(level)
    made, code = by_priority(score, priority, weight, cluster)
    share = np.asarray(shares, dtype=np.float64)
    if share.ndim != 1 or share.size == 0 or not ((share > 0.0) & (share <= 1.0)).all():
        raise DataError(f"shares are {share.tolist()}.", hint="give numbers above 0 and up to 1.")
    columns = [_curve_at(made, float(q)) for q in share]
    influence = np.column_stack([made.restore(one) for _, one in columns])
    return Targeting(
        share=share,
        estimate=np.array([value for value, _ in columns]),
        se=standard_errors(influence, cluster=code),
        influence=influence,
        critical=joint_critical_value(
            influence, level=level, seed=seed, replicates=replicates, cluster=code
        ),
    )


def _after(values: FloatArray) -> FloatArray:
    """Return for each group the sum over the groups after it."""
    sums = np.cumsum(values[::-1])[::-1]
    return np.asarray(sums - values)


def _autoc(made: Priorities) -> tuple[float, FloatArray]:
    """Return AUTOC, and w dAUTOC/dw of each person in the order of priority.

    The derivative is that of the integral of S(c)/c, of which the estimate is the Riemann sum: it
    treats persons of one priority alike.
    """
    w, total, average = made.weight, made.total, made.average
    reached = np.cumsum(w)
    curve = np.cumsum(w * made.shared) / reached - average
    value = float((w * curve).sum() / total)
    c0, c1, s0, g = made.before, made.before + made.mass, made.sum_before, made.mean
    log = np.zeros(g.size)
    log[1:] = np.log(c1[1:] / c0[1:])
    rest = s0 - g * c0
    area = float((g * made.mass + rest * log).sum())
    inverse = np.zeros(g.size)
    inverse[1:] = 1.0 / c0[1:]
    # d/dw of the part of a later group, for a person before it: score * log + constant.
    slope, constant = _after(log), _after(-g * log + rest * (1.0 / c1 - inverse))
    k, own = made.group, made.score
    inside = own - (c0 * log / made.mass)[k] * (own - g[k]) + (rest / c1)[k]
    change = inside + own * slope[k] + constant[k]
    return value, w * (change / total - area / total**2 - (own - average) / total)


def _qini(made: Priorities) -> tuple[float, FloatArray]:
    """Return Qini, and w dQini/dw of each person in the order of priority."""
    w, total, average = made.weight, made.total, made.average
    reached = np.cumsum(w)
    curve = np.cumsum(w * made.shared) / reached - average
    value = float((reached * w * curve).sum() / total**2)
    sums = made.mass * made.mean
    area = float((made.sum_before * made.mass + sums * made.mass / 2.0).sum())
    k, own = made.group, made.score
    change = (made.sum_before + sums / 2.0)[k] + own * (made.mass / 2.0 + _after(made.mass))[k]
    gain = change / total**2 - 2.0 * area / total**3
    return value, w * (gain - (own - average) / (2.0 * total))


def _area(made: Priorities, target: Target) -> tuple[float, FloatArray]:
    """Return the area and the influence of each person; 0 where all priorities are equal."""
    if made.mass.size == 1:
        return 0.0, np.zeros(made.score.size)
    return _autoc(made) if target == "autoc" else _qini(made)


def _curve_at(made: Priorities, share: float) -> tuple[float, FloatArray]:
    """Return TOC at a share, and w dTOC/dw of each person in the order of priority."""
    total, average = made.total, made.average
    c = share * total
    # Where cumulative weights reach the share but for rounding they reach it.
    place = int(np.searchsorted(made.before[1:], c + 1e-12 * total, side="right"))
    start, slope = made.before[place], made.mean[place]
    value = float((made.sum_before[place] + slope * (c - start)) / c - average)
    part = min(max((c - start) / made.mass[place], 0.0), 1.0)
    inside = np.where(made.group < place, 1.0, np.where(made.group == place, part, 0.0))
    # The boundary moves with the weights: its score is a mean nearby, as single ones are noise.
    edge = _mean_near(made, c, WINDOW * made.score.size**-0.2 * total)
    own = inside * (made.score - edge) + share * edge
    influence = (own / c) - (value + average) / total - (made.score - average) / total
    if share == 1.0:
        influence = np.zeros_like(influence)
    return value, np.asarray(made.weight * influence)


def _mean_near(made: Priorities, c: float, half: float) -> float:
    """Return the mean score between the cumulative weights c - half and c + half."""
    low = np.maximum(made.before, c - half)
    high = np.minimum(made.before + made.mass, c + half)
    overlap = np.maximum(high - low, 0.0)
    return float((overlap * made.mean).sum() / overlap.sum())


def weighted_mean(
    score: FloatArray,
    *,
    level: float,
    weight: FloatArray | None = None,
    cluster: IntArray | None = None,
) -> Estimate:
    """Return the weighted mean of scores, with the interval of its influence function.

    Parameters
    ----------
    score : ndarray of float, shape (n,)
        Scores.
    level : float
        Level of the interval in percent.
    weight : ndarray of float, shape (n,), optional
        Weights.
    cluster : ndarray of int, shape (n,), optional
        Codes of clusters.

    Returns
    -------
    Estimate
        On the identity scale.
    """
    w = np.ones(score.size) if weight is None else weight
    mean = float((w * score).sum() / w.sum())
    return estimate_of(mean, w * (score - mean) / w.sum(), level=level, cluster=cluster)


def estimate_of(
    value: float, influence: FloatArray, *, level: float, cluster: IntArray | None = None
) -> Estimate:
    """Return an estimate with the normal interval of its influence values.

    Parameters
    ----------
    value : float
        The estimate.
    influence : ndarray of float, shape (n,)
        Influence of each person, which add up to about 0.
    level : float
        Level of the interval in percent.
    cluster : ndarray of int, shape (n,), optional
        Codes of clusters, whose influences are added first.

    Returns
    -------
    Estimate
        On the identity scale; without standard error and limits (NaN) if there is one unit only.
    """
    sums = influence if cluster is None else np.bincount(cluster, weights=influence)
    units = np.unique(cluster).size if cluster is not None else influence.size
    # One unit alone says nothing of the spread.
    square = float((sums**2).sum()) * units / (units - 1) if units > 1 else math.nan
    se = math.sqrt(square)
    half = float(special.ndtri(0.5 + level / 200.0)) * se
    return Estimate(
        estimate=value, se=se, ci_low=value - half, ci_high=value + half, level=level,
        scale="identity",
    )  # fmt: skip


def standard_errors(influence: FloatArray, *, cluster: IntArray | None = None) -> FloatArray:
    """Return standard errors of several estimates from their influence values.

    Parameters
    ----------
    influence : ndarray of float, shape (n, k)
        Influence of each person on each estimate.
    cluster : ndarray of int, shape (n,), optional
        Codes of clusters, whose influences are added first.

    Returns
    -------
    ndarray of float, shape (k,)
        Standard errors; NaN if there is one unit only.
    """
    sums = cluster_sums(influence, cluster)
    units = sums.shape[0]
    if units < 2:
        return np.full(influence.shape[1], np.nan)
    return np.asarray(np.sqrt((sums**2).sum(axis=0) * units / (units - 1)))
