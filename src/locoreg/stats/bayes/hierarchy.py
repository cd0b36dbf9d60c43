"""The normal-normal hierarchical model given tau: everything but tau is integrated in closed form.

Effects y_i of designs g: y_i ~ N(theta_i + b_g, v_i), theta_i ~ N(mu, tau2), b_g ~ N(0, shared_g).
Without designs there is one group that shares no bias, which is the model of Röver 2020
(doi:10.18637/jss.v093.i06). The effects of a group are summed first; its mean then has variance
1/W_g + shared_g, so that no matrix is built and no sum cancels, however unequal the variances.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from locoreg.stats.bayes.taupriors import MuPrior

FloatArray = NDArray[np.float64]
IntArray = NDArray[np.int64]

_LOG_2PI = math.log(2.0 * math.pi)
# Numbers of a temporary that stays in the processor's cache.
_CHUNK = 200_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Hierarchy:
    """Effects, variances, groups and the prior on mu.

    Attributes
    ----------
    y, v : ndarray of float, shape (k,)
        Effects and sampling variances.
    group : ndarray of int, shape (k,)
        Group of each study, 0 to g - 1.
    shared : ndarray of float, shape (g,)
        Variance of the bias that the studies of a group share; 0 for none.
    mu_prior : MuPrior
    """

    y: FloatArray
    v: FloatArray
    group: IntArray
    shared: FloatArray
    mu_prior: MuPrior


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenTau:
    """What is known given each of n values of tau.

    Attributes
    ----------
    mean, variance : ndarray of float, shape (n,)
        Of mu, which is normal.
    log_likelihood : ndarray of float, shape (n,)
        Of the effects, mu integrated under its prior (under 1 if that is flat).
    group_mean, group_precision : ndarray of float, shape (g, n)
        Weighted mean effect of each group and its precision for mu.
    group_weight : ndarray of float, shape (g, n)
        Sum of the group's weights, before the bias it shares.
    """

    mean: FloatArray
    variance: FloatArray
    log_likelihood: FloatArray
    group_mean: FloatArray
    group_precision: FloatArray
    group_weight: FloatArray

    @property
    def log_highest(self) -> FloatArray:
        """Log of likelihood times prior of mu where that is highest in mu, shape (n,)."""
        return np.asarray(self.log_likelihood - 0.5 * _LOG_2PI - 0.5 * np.log(self.variance))


def one_group(y: FloatArray, v: FloatArray, mu_prior: MuPrior) -> Hierarchy:
    """Return the plain model: one group without a shared bias.

    Parameters
    ----------
    y, v : ndarray of float, shape (k,)
        Effects and sampling variances.
    mu_prior : MuPrior
        Prior on mu.

    Returns
    -------
    Hierarchy
        The model.
    """
    return Hierarchy(
        y=y, v=v, group=np.zeros(y.size, dtype=np.int64), shared=np.zeros(1), mu_prior=mu_prior
    )


def given_tau(model: Hierarchy, tau: FloatArray) -> GivenTau:
    """Return mu and the likelihood given tau.

    Parameters
    ----------
    model : Hierarchy
        Effects, variances, groups, prior on mu.
    tau : ndarray of float, shape (n,)
        Between-study standard deviations, 0 or more.

    Returns
    -------
    GivenTau
        Closed form.
    """
    size = max(1, _CHUNK // model.y.size)
    if tau.size <= size:
        return _piece(model, tau)
    pieces = [_piece(model, tau[i : i + size]) for i in range(0, tau.size, size)]
    return GivenTau(
        mean=np.concatenate([p.mean for p in pieces]),
        variance=np.concatenate([p.variance for p in pieces]),
        log_likelihood=np.concatenate([p.log_likelihood for p in pieces]),
        group_mean=np.concatenate([p.group_mean for p in pieces], axis=1),
        group_precision=np.concatenate([p.group_precision for p in pieces], axis=1),
        group_weight=np.concatenate([p.group_weight for p in pieces], axis=1),
    )


def _piece(model: Hierarchy, tau: FloatArray) -> GivenTau:
    groups = model.shared.size
    mean, weight = np.empty((groups, tau.size)), np.empty((groups, tau.size))
    found = np.zeros(tau.size)
    for g in range(groups):
        mean[g], weight[g], part = _group(model, g, tau)
        found += part
    precision = 1.0 / (1.0 / weight + model.shared[:, None])
    means, precisions = mean, precision
    if model.mu_prior.mean is not None and model.mu_prior.sd is not None:
        means = np.vstack([mean, np.full(tau.size, model.mu_prior.mean)])
        precisions = np.vstack([precision, np.full(tau.size, model.mu_prior.sd**-2)])
    total = precisions.sum(axis=0)
    found += 0.5 * (np.log(precisions).sum(axis=0) - (len(precisions) - 1) * _LOG_2PI)
    found -= 0.5 * np.log(total)
    if len(means) == 1:
        return GivenTau(
            mean=mean[0],
            variance=1.0 / total,
            log_likelihood=found,
            group_mean=mean,
            group_precision=precision,
            group_weight=weight,
        )
    # Differences from the heaviest mean don't cancel where all agree.
    origin = np.take_along_axis(means, precisions.argmax(axis=0)[None], axis=0)[0]
    centre = origin + (precisions * (means - origin)).sum(axis=0) / total
    found -= 0.5 * (precisions * (means - centre) ** 2).sum(axis=0)
    return GivenTau(
        mean=centre,
        variance=1.0 / total,
        log_likelihood=found,
        group_mean=mean,
        group_precision=precision,
        group_weight=weight,
    )


def _group(model: Hierarchy, g: int, tau: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Return mean, weight and within-group log likelihood of a group, each of shape (n,)."""
    inside = model.group == g
    y, v = model.y[inside], model.v[inside]
    origin = y[np.argmin(v)]
    apart = (y - origin)[:, None]
    total = v[:, None] + tau * tau
    w = 1.0 / total
    weight = w.sum(axis=0)
    shift = (w * apart).sum(axis=0) / weight
    within = (w * (apart - shift) ** 2).sum(axis=0)
    part = 0.5 * (-np.log(total).sum(axis=0) - within - np.log(weight) - (y.size - 1) * _LOG_2PI)
    return origin + shift, weight, part
