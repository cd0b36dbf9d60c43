"""Test statistics on the scale of the boundaries."""

from __future__ import annotations

import math

import numpy as np
from scipy.special import log_ndtr, ndtri_exp, stdtr

from locoreg.stats.randomeffects import RandomEffects
from locoreg.stats.studies import FloatArray


def equivalent_z(pools: RandomEffects) -> FloatArray:
    """Return the statistics as normal quantiles of the same p-value.

    Parameters
    ----------
    pools : RandomEffects
        Cumulative pools; a statistic with degrees of freedom has a t-distribution.

    Returns
    -------
    ndarray of float, shape (k,)
        The statistic itself where it is normal; 0 where the effect is none and so is its standard
        error (identical studies under Hartung-Knapp).
    """
    none = np.isnan(pools.statistic) & (pools.mu == 0)
    statistic = np.where(none, 0.0, pools.statistic)
    size, df = np.abs(statistic), pools.df
    student = ~np.isnan(df)
    tail = np.where(student, stdtr(np.where(student, df, 1.0), -size), 0.5)
    # Beyond the smallest p-value that a float holds the z is no less than the one for it.
    logs = np.log(np.maximum(tail, np.finfo(float).tiny))
    z = np.where(student, -ndtri_exp(np.minimum(logs, log_ndtr(0.0))), size)
    return np.asarray(np.sign(statistic) * np.maximum(z, 0.0), dtype=np.float64)


def penalised_z(z: float, information: float, penalty: float | None) -> float:
    """Return z over the square root of lambda log log information.

    Parameters
    ----------
    z : float
        Of the cumulative pool.
    information : float
        Sum of 1/v.
    penalty : float or None
        lambda; None gives NaN.

    Returns
    -------
    float
        NaN while the information is not above e, where the law of the iterated logarithm has no
        meaning.

    References
    ----------
    Lan KKG, Hu M, Cappelleri JC (2003). Statistica Sinica 13:1135-1145.
    """
    if penalty is None or information <= math.e:
        return math.nan
    return z / math.sqrt(penalty * math.log(math.log(information)))
