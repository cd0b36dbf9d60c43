"""Standardised mean differences between two groups."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]


def continuous_smd(first: FloatArray, second: FloatArray) -> float:
    """Return the difference of means over the root of the mean variance.

    Parameters
    ----------
    first, second : ndarray of float, shapes (n,) and (m,)
        Known values of the two groups.

    Returns
    -------
    float
        First less second; NaN with fewer than two values in a group; infinite where both groups
        are constant and differ.

    References
    ----------
    Austin PC (2009). Statistics in Medicine 28:3083-3107. doi:10.1002/sim.3697
    """
    if first.size < 2 or second.size < 2:
        return math.nan
    difference = float(first.mean() - second.mean())
    spread = math.sqrt((first.var(ddof=1) + second.var(ddof=1)) / 2)
    return _ratio(difference, spread)


def categorical_smd(first: FloatArray, second: FloatArray) -> float:
    """Return the multivariate standardised difference of two sets of proportions.

    Parameters
    ----------
    first, second : ndarray of float, shape (levels,)
        Counts of the levels in the two groups.

    Returns
    -------
    float
        Zero or more; for two levels the absolute difference of proportions over the root of their
        mean variance. NaN where a group is empty; infinite where the groups can be told apart.

    References
    ----------
    Yang D, Dalton JE (2012). A unified approach to measuring the effect size between two groups
    using SAS. SAS Global Forum 2012, paper 335.
    """
    if first.sum() == 0 or second.sum() == 0:
        return math.nan
    there = (first + second) > 0
    p = (first[there] / first.sum())[1:]
    q = (second[there] / second.sum())[1:]
    gap = p - q
    if not np.any(np.abs(gap) > 1e-15):
        return 0.0
    covariance = (np.diag(p) - np.outer(p, p) + np.diag(q) - np.outer(q, q)) / 2
    solved, _, _, _ = np.linalg.lstsq(covariance, gap, rcond=1e-12)
    if not np.allclose(covariance @ solved, gap, atol=1e-9):
        return math.inf
    return math.sqrt(max(float(gap @ solved), 0.0))


def _ratio(difference: float, spread: float) -> float:
    if spread > 0:
        return difference / spread
    return 0.0 if difference == 0 else math.copysign(math.inf, difference)
