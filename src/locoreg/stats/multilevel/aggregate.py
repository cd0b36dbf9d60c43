"""One effect from several correlated effects of one study."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from locoreg.core.errors import DataError
from locoreg.stats.studies import FloatArray, check_inputs


@dataclass(frozen=True, slots=True, kw_only=True)
class AggregatedEffects:
    """Effects by cluster.

    Attributes
    ----------
    rho : float
        Correlation that was assumed.
    cluster : ndarray, shape (g,)
        Labels, sorted.
    size : ndarray of int, shape (g,)
        Effects in each.
    yi, vi : ndarray of float, shape (g,)
        Best weighted mean of each cluster and its variance.
    """

    rho: float
    cluster: NDArray[np.generic]
    size: NDArray[np.int64]
    yi: FloatArray
    vi: FloatArray


def aggregate_effects(
    yi: ArrayLike, vi: ArrayLike, cluster: ArrayLike, *, rho: float
) -> AggregatedEffects:
    """Average the effects of each cluster, whose errors have one correlation.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    cluster : array_like, shape (k,)
        Cluster of each effect.
    rho : float
        Correlation of the sampling errors within a cluster: 0 or more, below 1, or negative
        above -1/(n - 1) for the largest cluster of n.

    Returns
    -------
    AggregatedEffects
        1'S^-1 y/1'S^-1 1 and 1/1'S^-1 1 for each cluster with covariance S.

    Raises
    ------
    DataError
        If the numbers can't be used or no covariance has this correlation.
    """
    inputs = check_inputs(yi, vi, None)
    labels = np.asarray(cluster)
    if not inputs.single or labels.shape != inputs.yi.shape[1:]:
        raise DataError(
            f"cluster has shape {labels.shape}, but yi is {np.shape(yi)}.",
            hint="give one-dimensional yi and vi and one label for each effect.",
        )
    y, v = inputs.yi[0], inputs.vi[0]
    found, member, size = np.unique(labels, return_inverse=True, return_counts=True)
    least = -1.0 / (int(size.max()) - 1) if size.max() > 1 else -1.0
    if not least < rho < 1.0:
        raise DataError(
            f"rho is {rho}, but must lie above {least:.4g} and below 1 here.",
            hint="0 takes the errors as independent.",
        )
    # S^-1 = (D^-1 - c d d')/(1 - rho) with d = 1/sd and c = rho/(1 + (n - 1) rho).
    d = 1.0 / np.sqrt(v)
    share = rho / (1.0 + (size - 1.0) * rho)

    def by_cluster(values: FloatArray) -> FloatArray:
        return np.asarray(np.bincount(member, weights=values, minlength=found.size), np.float64)

    of_d = by_cluster(d)
    weight = d * (d - share[member] * of_d[member])
    total = by_cluster(weight)
    origin = y[np.unique(member, return_index=True)[1]]
    mean = by_cluster(weight * (y - origin[member])) / total
    return AggregatedEffects(
        rho=float(rho),
        cluster=found,
        size=size.astype(np.int64),
        yi=origin + mean,
        vi=(1.0 - rho) / total,
    )
