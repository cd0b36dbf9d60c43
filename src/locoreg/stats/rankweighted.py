"""Rank-weighted average effects of scores: AUTOC, Qini, targeting curves; weighted means."""

from __future__ import annotations

import math

import numpy as np
from scipy import special

from locoreg.core.estimate import Estimate
from locoreg.stats.survivaldata import FloatArray, IntArray


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
        On the identity scale.
    """
    sums = influence if cluster is None else np.bincount(cluster, weights=influence)
    units = np.unique(cluster).size if cluster is not None else influence.size
    se = math.sqrt(float((sums**2).sum()) * units / max(units - 1, 1))
    half = float(special.ndtri(0.5 + level / 200.0)) * se
    return Estimate(
        estimate=value, se=se, ci_low=value - half, ci_high=value + half, level=level,
        scale="identity",
    )  # fmt: skip
