"""The posterior under a half-normal prior on tau and a flat one on mu, in its main numbers."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DataError
from locoreg.stats.bayes.mixtureposterior import mix, plain_model
from locoreg.stats.bayes.taupriors import FLAT, TauPrior
from locoreg.stats.studies import check_level


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
    if not (math.isfinite(tau_scale) and tau_scale > 0):
        raise DataError(f"a prior scale of {tau_scale:g} is not above 0.")
    tail = check_level(level)
    model = plain_model(yi, vi, FLAT)
    found = mix(model, TauPrior(family="half-normal", numbers=(float(tau_scale),)))
    at = np.array([0.5, tail, 1 - tail])
    mu, mu_low, mu_high = (float(x) for x in found.mu.quantile(at))
    tau, tau_low, tau_high = (float(x) for x in found.tau.quantile(at))
    new_low, new_high = (float(x) for x in found.new.quantile(at[1:]))
    return Posterior(
        tau_scale=tau_scale,
        level=float(level),
        mu=mu,
        mu_low=mu_low,
        mu_high=mu_high,
        tau=tau,
        tau_low=tau_low,
        tau_high=tau_high,
        new_low=new_low,
        new_high=new_high,
        below=float(found.mu.cdf(0.0)),
    )
