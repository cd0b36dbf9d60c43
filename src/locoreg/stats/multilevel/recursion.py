r"""Sums over a nested covariance in one pass up and one down the levels.

The covariance of the effects is :math:`M = V + \sum_l s_l Z_lZ_l'`, with one column of :math:`Z_l`
for each group. Going up, each group is replaced by the weighted mean of its units, whose variance
is :math:`1/W + s_l`: quadratic forms in :math:`M^{-1}` are sums of squares within the groups of
every level, and the determinant follows. Going down, what the groups above explain is taken off.
Nothing of size k x k is made, and no small number is the difference of two large ones.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from locoreg.stats.multilevel.nesting import Nesting
from locoreg.stats.studies import FloatArray


@dataclass(frozen=True, slots=True)
class Climb:
    """What a pass up the levels leaves, level by level, innermost first.

    Attributes
    ----------
    products : ndarray of float, shape (q, q)
        A'M^-1A of the q columns.
    logdet : float
        Log-determinant of M.
    totals : list of ndarray of float
        Sum of the weights of each group's units.
    weights : list of ndarray of float
        Weight of each group as a unit of the next level.
    means : list of ndarray of float
        Means of the columns in each group.
    """

    products: FloatArray
    logdet: float
    totals: list[FloatArray]
    weights: list[FloatArray]
    means: list[FloatArray]


def climb(nesting: Nesting, v: FloatArray, sigma2: FloatArray, columns: FloatArray) -> Climb:
    """Go up the levels.

    Parameters
    ----------
    nesting : Nesting
        The levels.
    v : ndarray of float, shape (k,)
        Sampling variances of the sorted rows.
    sigma2 : ndarray of float, shape (levels,)
        Variance of each level, innermost first.
    columns : ndarray of float, shape (k, q)
        Columns of the sorted rows.

    Returns
    -------
    Climb
        Products and what the way down needs.
    """
    units, weight = columns, 1.0 / v
    products = np.zeros((columns.shape[1], columns.shape[1]))
    logdet = float(np.log(v).sum())
    totals, weights, means = [], [], []
    for s, starts, parent in zip(sigma2, nesting.starts, nesting.parent, strict=True):
        total = np.add.reduceat(weight, starts)
        mean = np.add.reduceat(weight[:, None] * units, starts, axis=0) / total[:, None]
        apart = units - mean[parent]
        products += apart.T @ (weight[:, None] * apart)
        logdet += float(np.log1p(s * total).sum())
        weight, units = total / (1.0 + s * total), mean
        totals.append(total)
        weights.append(weight)
        means.append(mean)
    products += units.T @ (weight[:, None] * units)
    return Climb(products, logdet, totals, weights, means)


def descend(
    nesting: Nesting, v: FloatArray, sigma2: FloatArray, columns: FloatArray, up: Climb
) -> tuple[list[FloatArray], FloatArray]:
    """Go down the levels: Z'M^-1A of every level, and M^-1A itself.

    Parameters
    ----------
    nesting, v, sigma2, columns
        As for `climb`.
    up : Climb
        What it returned.

    Returns
    -------
    sums : list of ndarray of float, shape (groups, q)
        Sums of M^-1A over the groups of each level, innermost first.
    solved : ndarray of float, shape (k, q)
        M^-1A.
    """
    sums: list[FloatArray] = []
    offset = np.zeros((up.means[-1].shape[0], columns.shape[1]))
    for level in range(len(sigma2) - 1, -1, -1):
        here = up.weights[level][:, None] * (up.means[level] - offset)
        sums.append(here)
        offset = (offset + sigma2[level] * here)[nesting.parent[level]]
    return sums[::-1], (columns - offset) / v[:, None]


def own_sums(nesting: Nesting, sigma2: FloatArray, up: Climb) -> list[FloatArray]:
    """Sum M^-1 over each group's own block: 1'M^-1 1, group by group and level by level.

    Parameters
    ----------
    nesting, sigma2
        As for `climb`.
    up : Climb
        What it returned.

    Returns
    -------
    list of ndarray of float, shape (groups,)
        The sums, innermost level first.
    """
    found = []
    for level in range(len(sigma2)):
        value, line = up.weights[level].copy(), up.weights[level].copy()
        above = np.arange(value.size)
        for higher in range(level + 1, len(sigma2)):
            above = nesting.parent[higher][above]
            grown = 1.0 + sigma2[higher] * up.totals[higher][above]
            value = value - sigma2[higher] * line**2 / grown
            line = line / grown
        found.append(value)
    return found
