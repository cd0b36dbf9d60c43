"""Bayesian random effects by quadrature: half-normal prior on tau, flat prior on mu.

Given tau, mu is normal; so the posterior of mu is a mixture of normals over
the one-dimensional posterior of tau, and nothing has to be sampled (Röver
2020, doi:10.18637/jss.v093.i06).
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.optimize import brentq
from scipy.special import ndtr, ndtri

from locoreg.core.errors import DataError
from locoreg.stats.studies import check_inputs, check_level

FloatArray = NDArray[np.float64]

# The half-normal prior leaves 1e-23 beyond ten scales.
_SCALES = 10.0
_PANELS, _NODES = 60, 12
# Mixture components lighter than this can't move a quantile in double precision.
_NEGLIGIBLE = 1e-18


@dataclass(frozen=True, slots=True, kw_only=True)
class Posterior:
    """Posterior of a random-effects meta-analysis.

    Attributes
    ----------
    tau_scale : float
        Scale of the half-normal prior on tau.
    level : float
        Level of the central intervals in percent.
    mu, mu_low, mu_high : float
        Median and interval of the mean effect.
    tau, tau_low, tau_high : float
        Median and interval of the between-study standard deviation.
    new_low, new_high : float
        Interval of the effect in a new study.
    below : float
        Posterior probability that mu is below 0.
    """

    tau_scale: float
    level: float
    mu: float
    mu_low: float
    mu_high: float
    tau: float
    tau_low: float
    tau_high: float
    new_low: float
    new_high: float
    below: float


def half_normal_posterior(
    yi: ArrayLike, vi: ArrayLike, *, tau_scale: float, level: float
) -> Posterior:
    """Return the posterior under a half-normal prior on tau.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of at least one study.
    tau_scale : float
        Scale of the prior. For log ratios 0.5 is weakly informative (Röver et
        al. 2021, doi:10.1002/jrsm.1475).
    level : float
        Level of the central intervals in percent.

    Returns
    -------
    Posterior
        Medians and intervals, exact to about ten digits.

    Raises
    ------
    DataError
        If the input can't be used or the scale is not above 0.
    """
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("give one meta-analysis at a time: yi and vi of one dimension.")
    if not (math.isfinite(tau_scale) and tau_scale > 0):
        raise DataError(f"a prior scale of {tau_scale:g} is not above 0.")
    tail = check_level(level)
    y, v = inputs.yi[0], inputs.vi[0]
    tau, steps = _grid(tau_scale, v)
    total = v[:, None] + tau**2
    spread2 = 1 / (1 / total).sum(axis=0)
    mean = spread2 * (y[:, None] / total).sum(axis=0)
    log_density = (
        -((tau / tau_scale) ** 2) / 2
        + np.log(spread2) / 2
        - np.log(total).sum(axis=0) / 2
        - ((y[:, None] - mean) ** 2 / total).sum(axis=0) / 2
    )
    weight = np.exp(log_density - log_density.max()) * steps
    weight /= weight.sum()
    kept = weight > _NEGLIGIBLE
    mean, spread2, weight, tau = mean[kept], spread2[kept], weight[kept], tau[kept]
    spread = np.sqrt(spread2)
    new = np.sqrt(spread2 + tau**2)
    return Posterior(
        tau_scale=tau_scale,
        level=float(level),
        mu=_quantile(0.5, mean, spread, weight),
        mu_low=_quantile(tail, mean, spread, weight),
        mu_high=_quantile(1 - tail, mean, spread, weight),
        tau=_tau_quantile(0.5, tau, weight),
        tau_low=_tau_quantile(tail, tau, weight),
        tau_high=_tau_quantile(1 - tail, tau, weight),
        new_low=_quantile(tail, mean, new, weight),
        new_high=_quantile(1 - tail, mean, new, weight),
        below=float(weight @ ndtr(-mean / spread)),
    )


def _grid(tau_scale: float, v: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Return Gauss-Legendre nodes and weights for tau, denser where it is small.

    The density of tau bends on the scale of the smallest standard error; the
    panels are even in sinh^-1 of tau over it.
    """
    bend = min(math.sqrt(float(v.min())), tau_scale)
    edges = bend * np.sinh(np.linspace(0, math.asinh(_SCALES * tau_scale / bend), _PANELS + 1))
    nodes, weights = np.polynomial.legendre.leggauss(_NODES)
    half = np.diff(edges)[:, None] / 2
    middle = (edges[:-1] + edges[1:])[:, None] / 2
    return (middle + half * nodes).ravel(), (half * weights).ravel()


def _quantile(p: float, mean: FloatArray, spread: FloatArray, weight: FloatArray) -> float:
    """Return a quantile of a mixture of normals; it lies between those of its parts."""
    z = float(ndtri(p))
    parts = mean + z * spread
    low, high = float(parts.min()), float(parts.max())
    if low == high:
        return low
    # Rounding of the sum must not hide on which side of the quantile an end lies.
    margin = 1e-9 * (high - low) + 1e-10 * float(spread.min())
    return float(
        brentq(
            lambda x: float(weight @ ndtr((x - mean) / spread)) - p,
            low - margin,
            high + margin,
            xtol=1e-14,
            rtol=1e-14,
        )
    )


def _tau_quantile(p: float, tau: FloatArray, weight: FloatArray) -> float:
    """Return a quantile of tau, its distribution taken as piecewise linear between the nodes."""
    reached = np.cumsum(weight) - weight / 2
    return float(np.interp(p, reached, tau))
