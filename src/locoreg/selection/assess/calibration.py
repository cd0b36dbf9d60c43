"""Whether predicted effects are right on average, and in their differences."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.selection.assess.groups import group_mean, quantile_groups
from locoreg.selection.assess.heldout import HeldOut, centred, percentiles, same_for_all
from locoreg.selection.assess.results import Calibration
from locoreg.selection.scores.result import Scores
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray, IntArray

QUANTILES = np.arange(1, 100) / 100.0


def calibration(
    scores: Scores,
    held: HeldOut,
    *,
    groups: int,
    level: float,
    seed: int,
    replicates: int = 10_000,
) -> Calibration:
    """Compare predicted effects with held-out scores.

    Scores are regressed on the predicted effect, centred within folds: a slope of 1 means that
    differences between persons are predicted in their size (Chernozhukov and others 2025,
    doi:10.3982/ECTA19303). The calibration error is that of the groups, as in Xu and Yadlowsky
    (2022, https://proceedings.mlr.press/v151/xu22c.html).

    Parameters
    ----------
    scores : Scores
        Scores of the persons.
    held : HeldOut
        Effects that were predicted without the person.
    groups : int
        Groups by quantiles of the predicted effect.
    level : float
        Level of the intervals in percent.
    seed : int
        Seed of joint limits.
    replicates : int
        Draws of joint limits.

    Returns
    -------
    Calibration
        The slope and its p-value are NaN if predictions don't differ within folds. The interval of
        the slope describes; the test of heterogeneity is that of sequential folds.
    """
    part, effect, fold = held.on(scores)
    w, gamma = part.weight, part.gamma
    average, slope = calibration_line(
        gamma, centred(effect, fold, w), level=level, weight=w, cluster=part.cluster
    )
    return Calibration(
        average=average,
        slope=slope,
        p_heterogeneity=float(special.ndtr(-slope.estimate / slope.se))
        if slope.se > 0.0
        else math.nan,
        groups=quantile_groups(
            scores, held, groups=groups, level=level, seed=seed, replicates=replicates
        ),
        predicted=tuple(_weighted_quantiles(effect, w).tolist()),
        error=_calibration_error(part, effect, fold, groups),
    )


def calibration_line(
    score: FloatArray,
    predicted: FloatArray,
    *,
    level: float,
    weight: FloatArray | None = None,
    cluster: IntArray | None = None,
) -> tuple[Estimate, Estimate]:
    """Regress scores on predicted effects about their mean.

    Parameters
    ----------
    score, predicted : ndarray of float, shape (n,)
        Scores, and effects predicted without the person.
    level : float
        Level of the intervals in percent.
    weight : ndarray of float, shape (n,), optional
        Sampling weights.
    cluster : ndarray of int, shape (n,), optional
        Codes of clusters.

    Returns
    -------
    average, slope : Estimate
        Standard errors are HC3 (MacKinnon and White 1985, doi:10.1016/0304-4076(85)90158-7), with
        clusters the usual sandwich times G/(G-1) (n-1)/(n-2). The slope is NaN where predictions
        don't differ.

    Raises
    ------
    DataError
        If there are fewer than three persons.
    """
    n = score.size
    if n < 3:
        raise DataError(f"there are {n} persons.", hint="a line needs three or more.")
    w = np.ones(n) if weight is None else weight
    mean = float((w * predicted).sum() / w.sum())
    x = predicted - mean
    flat = same_for_all(predicted)
    design = np.ones((n, 1)) if flat else np.column_stack([np.ones(n), x])
    # Columns are orthogonal under the weights.
    squares = (w[:, None] * design**2).sum(axis=0)
    coefficient = (w[:, None] * design * score[:, None]).sum(axis=0) / squares
    residual = score - design @ coefficient
    covariance = _covariance(design, squares, w, residual, cluster)
    made = [
        _estimate(float(b), math.sqrt(float(v)), level)
        for b, v in zip(coefficient, np.diag(covariance), strict=True)
    ]
    return made[0], made[1] if len(made) > 1 else _estimate(math.nan, math.nan, level)


def _covariance(
    design: FloatArray,
    squares: FloatArray,
    w: FloatArray,
    residual: FloatArray,
    cluster: IntArray | None,
) -> FloatArray:
    n, k = design.shape
    bread = design / squares
    if cluster is None:
        leverage = (w[:, None] * design * bread).sum(axis=1)
        # A person alone at a value has leverage 1 and no residual: nothing to scale up.
        left = np.where(leverage < 1.0 - 1e-12, 1.0 - leverage, 1.0)
        rows = bread * (w * residual / left)[:, None]
        return np.asarray(rows.T @ rows)
    _, code = np.unique(cluster, return_inverse=True)
    rows = bread * (w * residual)[:, None]
    sums = np.column_stack([np.bincount(code, weights=rows[:, j]) for j in range(k)])
    units = sums.shape[0]
    if units < 2:
        return np.full((k, k), np.nan)
    return np.asarray(sums.T @ sums * (units / (units - 1) * (n - 1) / (n - k)))


def _estimate(value: float, se: float, level: float) -> Estimate:
    half = float(special.ndtri(1.0 - check_level(level))) * se
    return Estimate(
        estimate=value, se=se, ci_low=value - half, ci_high=value + half, level=level,
        scale="identity",
    )  # fmt: skip


def _weighted_quantiles(values: FloatArray, weight: FloatArray) -> FloatArray:
    order = np.argsort(values, kind="stable")
    mass = weight[order]
    share = (np.cumsum(mass) - mass / 2.0) / mass.sum()
    return np.asarray(np.interp(QUANTILES, share, values[order]))


def _calibration_error(part: Scores, effect: FloatArray, fold: IntArray, groups: int) -> float:
    """Return the root of the mean squared error of the groups, less the part of chance."""
    w = part.weight
    number = np.minimum((percentiles(effect, fold, w) * groups).astype(np.int64), groups - 1)
    total = 0.0
    for k in np.unique(number):
        mask = number == k
        gap = group_mean(part, part.gamma - effect, mask, level=95.0)
        chance = gap.se**2 if gap.se > 0.0 else 0.0
        total += float(w[mask].sum()) * (gap.estimate**2 - chance)
    return math.sqrt(max(total / float(w.sum()), 0.0))
