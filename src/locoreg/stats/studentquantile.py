"""Quantiles of Student's t to full precision."""

from __future__ import annotations

import numpy as np
from scipy import special

from locoreg.stats.studies import FloatArray


def t_quantile(df: FloatArray | float, tail: float) -> FloatArray:
    """Return the upper quantile of Student's t.

    Parameters
    ----------
    df : ndarray of float, shape (n,), or float
        Degrees of freedom.
    tail : float
        Probability beyond the quantile.

    Returns
    -------
    ndarray of float, shape (n,)
        Quantiles; NaN where df is NaN or not positive.
    """
    distinct, where = np.unique(df, return_inverse=True)
    distinct = np.where(distinct > 0, distinct, np.nan)
    t = special.stdtrit(distinct, tail)
    # One Newton step: older releases of SciPy invert the distribution to nine digits only.
    log_scale = special.gammaln((distinct + 1.0) / 2.0) - special.gammaln(distinct / 2.0)
    density = np.exp(log_scale - (distinct + 1.0) / 2.0 * np.log1p(t * t / distinct))
    t = t - (special.stdtr(distinct, t) - tail) * np.sqrt(distinct * np.pi) / density
    return np.asarray(-t[where]).reshape(np.shape(df))
