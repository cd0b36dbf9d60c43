r"""Likelihood of a meta-analysis whose studies were selected by steps of their p-values.

A study is :math:`N(\mu, v + \tau^2)`, published with a chance proportional to the weight
:math:`\delta_j` of the interval that its p-value lies in. With :math:`B_{ij}` the chance that a
study of this size lies in interval j, its density is divided by
:math:`A_i = \sum_j \delta_j B_{ij}`. All derivatives are exact: the normal distribution obeys
the heat equation, so that one in :math:`\tau^2` is half of the second one in :math:`\mu`.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray
from scipy.special import ndtr, ndtri

from locoreg.stats.studies import FloatArray

Sides = Literal["greater", "less", "two-sided"]
IntArray = NDArray[np.intp]
# Where the grid expects fewer studies in an interval, its weight is left at a large one.
LEAST_EXPECTED = 1e-12
_ROOT = np.sqrt(2.0 * np.pi)


@dataclass(frozen=True, slots=True, kw_only=True)
class Selected:
    """Studies with the intervals that their p-values lie in.

    Attributes
    ----------
    y, v : ndarray of float, shape (k,)
        Effects and variances.
    place : ndarray of int, shape (k,)
        Interval of each.
    counts : ndarray of float, shape (c,)
        Studies in each interval.
    low, high : ndarray of float, shape (m, k)
        Ends, as effects, of the m pieces of the line that make up the intervals.
    piece : ndarray of int, shape (m,)
        Interval of each piece.
    """

    y: FloatArray
    v: FloatArray
    place: IntArray
    counts: FloatArray
    low: FloatArray
    high: FloatArray
    piece: IntArray


def p_values(y: FloatArray, v: FloatArray, alternative: Sides) -> FloatArray:
    """Return the p-values on which studies are thought to be selected."""
    z = y / np.sqrt(v)
    if alternative == "two-sided":
        return np.asarray(2.0 * ndtr(-np.abs(z)))
    return np.asarray(ndtr(-z if alternative == "greater" else z))


def lay_out_steps(
    y: FloatArray, v: FloatArray, steps: FloatArray, alternative: Literal["greater", "two-sided"]
) -> Selected:
    """Place the studies in the intervals between steps.

    Parameters
    ----------
    y, v : ndarray of float, shape (k,)
        Effects and variances; for selection of small effects, with their signs turned.
    steps : ndarray of float, shape (c,)
        Upper ends of the intervals of p, rising to 1.
    alternative : {"greater", "two-sided"}
        Side of the p-values.

    Returns
    -------
    Selected
        The studies and the ends of the intervals on the scale of each.
    """
    c = steps.size
    place = np.searchsorted(steps, p_values(y, v, alternative), side="left")
    place = np.minimum(place, c - 1)
    tails = steps if alternative == "greater" else steps / 2.0
    cuts = np.concatenate([[np.inf], -ndtri(tails)])
    piece = np.arange(c)
    lower, upper = cuts[1:], cuts[:-1]
    if alternative == "two-sided":
        lower[-1] = 0.0
        lower, upper = np.append(lower, -upper), np.append(upper, -lower)
        piece = np.tile(piece, 2)
    se = np.sqrt(v)
    return Selected(
        y=y, v=v, place=place, counts=np.bincount(place, minlength=c).astype(np.float64),
        low=lower[:, None] * se, high=upper[:, None] * se, piece=piece,
    )  # fmt: skip


def interval_chances(data: Selected, mu: FloatArray, tau2: FloatArray, most: int) -> FloatArray:
    """Return the chances of the intervals and their derivatives in the mean.

    Parameters
    ----------
    data : Selected
        The studies.
    mu, tau2 : ndarray of float, shape (n,)
        Points at which.
    most : int
        Highest derivative, up to 4.

    Returns
    -------
    ndarray of float, shape (most + 1, n, k, c)
        Derivatives of order 0 to `most`.
    """
    s = np.sqrt(data.v + tau2[:, None])
    out = np.zeros((most + 1, mu.size, data.y.size, data.counts.size))
    for low, high, j in zip(data.low, data.high, data.piece, strict=True):
        u = (high - mu[:, None]) / s
        d = (low - mu[:, None]) / s
        # Differences of the tails that are small keep their digits.
        turned = d > 0
        out[0, :, :, j] += np.where(turned, ndtr(-d) - ndtr(-u), ndtr(u) - ndtr(d))
        upper, lower = _tails(u, s, most), _tails(d, s, most)
        out[1:, :, :, j] += upper - lower
    return out


def _tails(u: FloatArray, s: FloatArray, most: int) -> FloatArray:
    """Return derivatives 1 to `most` of the normal distribution function at u in its mean."""
    finite = np.where(np.isfinite(u), u, 0.0)
    density = np.where(np.isfinite(u), np.exp(-0.5 * finite**2) / _ROOT, 0.0)
    hermite = (1.0, finite, finite**2 - 1.0, finite**3 - 3.0 * finite)
    parts = [-h * density / s ** (i + 1) for i, h in enumerate(hermite[:most])]
    return np.array(parts).reshape(most, *u.shape)


def log_likelihoods(
    data: Selected, mu: FloatArray, tau2: FloatArray, log_weights: FloatArray
) -> FloatArray:
    """Return the log-likelihood at n points; `log_weights` has shape (n, c)."""
    spread = data.v + tau2[:, None]
    fit = -0.5 * (np.log(2.0 * np.pi * spread) + (data.y - mu[:, None]) ** 2 / spread).sum(axis=1)
    chance = interval_chances(data, mu, tau2, 0)[0]
    total = np.einsum("nkc,nc->nk", chance, np.exp(log_weights))
    return np.asarray(fit + log_weights @ data.counts - np.log(total).sum(axis=1))


def best_weights(data: Selected, mu: FloatArray, tau2: FloatArray, rounds: int) -> FloatArray:
    """Return the log-weights that fit best at n values of mean and variance.

    Given these two the likelihood is concave in the log-weights; each round is the fixed-point
    step of iterative scaling, which never lowers it.
    """
    chance = interval_chances(data, mu, tau2, 0)[0]
    log_weights = np.zeros((mu.size, data.counts.size))
    for _ in range(rounds):
        weights = np.exp(log_weights)
        share = chance / np.einsum("nkc,nc->nk", chance, weights)[:, :, None]
        expected = weights * share.sum(axis=1)
        log_weights += np.log(data.counts / np.maximum(expected, LEAST_EXPECTED))
        log_weights -= log_weights[:, :1]
        np.clip(log_weights, -30.0, 30.0, out=log_weights)
    return log_weights


def derivatives(
    data: Selected, mu: float, tau2: float, log_weights: FloatArray
) -> tuple[float, FloatArray, FloatArray]:
    """Return log-likelihood, gradient and Hessian in mean, tau2 and the log-weights but the first.

    Parameters
    ----------
    data : Selected
        The studies.
    mu, tau2 : float
        Mean and between-study variance.
    log_weights : ndarray of float, shape (c,)
        With 0 for the first interval.

    Returns
    -------
    tuple of float, ndarray of float (c + 1,), ndarray of float (c + 1, c + 1)
        Value, gradient and Hessian.
    """
    at = np.array([mu]), np.array([tau2])
    b0, b1, b2, b3, b4 = interval_chances(data, *at, 4)[:, 0]
    weights = np.exp(log_weights)
    total = b0 @ weights
    k, c = b0.shape
    slope = np.empty((k, c + 1))
    slope[:, 0], slope[:, 1] = b1 @ weights, 0.5 * (b2 @ weights)
    slope[:, 2:] = b0[:, 1:] * weights[1:]
    relative = slope / total[:, None]
    bend = np.zeros((c + 1, c + 1))
    inverse = 1.0 / total
    bend[0, 0] = inverse @ (b2 @ weights)
    bend[0, 1] = bend[1, 0] = 0.5 * (inverse @ (b3 @ weights))
    bend[1, 1] = 0.25 * (inverse @ (b4 @ weights))
    bend[0, 2:] = bend[2:, 0] = (inverse @ b1)[1:] * weights[1:]
    bend[1, 2:] = bend[2:, 1] = 0.5 * (inverse @ b2)[1:] * weights[1:]
    bend[range(2, c + 1), range(2, c + 1)] = (inverse @ b0)[1:] * weights[1:]
    gradient = -relative.sum(axis=0)
    hessian = relative.T @ relative - bend
    s2, r = data.v + tau2, data.y - mu
    gradient[0] += np.sum(r / s2)
    gradient[1] += np.sum(0.5 * (r**2 / s2 - 1.0) / s2)
    gradient[2:] += data.counts[1:]
    hessian[0, 0] -= np.sum(1.0 / s2)
    cross = np.sum(r / s2**2)
    hessian[0, 1] -= cross
    hessian[1, 0] -= cross
    hessian[1, 1] += np.sum((0.5 - r**2 / s2) / s2**2)
    value = -0.5 * float(np.sum(np.log(2.0 * np.pi * s2) + r**2 / s2))
    value += float(log_weights @ data.counts - np.sum(np.log(total)))
    return value, gradient, hessian
