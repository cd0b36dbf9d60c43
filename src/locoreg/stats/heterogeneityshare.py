"""I2 and H2 of pooled effects."""

from __future__ import annotations

import numpy as np

from locoreg.stats.studies import FloatArray


def shares(
    q: FloatArray, tau2: FloatArray, *, df: FloatArray, typical: FloatArray, by_q: bool
) -> tuple[FloatArray, FloatArray]:
    """Return I2 in percent and H2.

    Parameters
    ----------
    q, tau2 : ndarray of float, shape (n,)
        Cochran's Q and the between-study variance.
    df : ndarray of float, shape (n,)
        Degrees of freedom of Q.
    typical : ndarray of float, shape (n,)
        Higgins and Thompson's typical within-study variance.
    by_q : bool
        Whether there is no tau2 and both come from Q, I2 not below 0.

    Returns
    -------
    tuple of two ndarrays of float, shape (n,)
        I2 and H2.

    References
    ----------
    Higgins JPT, Thompson SG (2002). Statistics in Medicine 21:1539-1558.
    """
    if by_q:
        return 100.0 * np.maximum(q - df, 0.0) / np.maximum(q, df), q / df
    return 100.0 * tau2 / (tau2 + typical), 1.0 + tau2 / typical
