"""Wald intervals and tests of several coefficients."""

from __future__ import annotations

import numpy as np
from scipy import special

from locoreg.core.estimate import Estimate, Scale
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import FloatArray


def estimates(
    values: FloatArray, se: FloatArray, level: float, scale: Scale = "log"
) -> tuple[Estimate, ...]:
    """Return estimates with normal intervals.

    Parameters
    ----------
    values, se : ndarray of float, shape (p,)
        Estimates and standard errors.
    level : float
        Level in percent.
    scale : {"log", "identity"}
        Their scale.

    Returns
    -------
    tuple of Estimate
        In the same order.
    """
    quantile = -float(special.ndtri(check_level(level)))
    return tuple(
        Estimate(
            estimate=float(b),
            se=float(s),
            ci_low=float(b - quantile * s),
            ci_high=float(b + quantile * s),
            level=float(level),
            scale=scale,
        )
        for b, s in zip(values, se, strict=True)
    )


def p_values(values: FloatArray, se: FloatArray) -> FloatArray:
    """Return two-sided normal p-values of the hypotheses that estimates are 0."""
    return np.asarray(2.0 * special.ndtr(-np.abs(values / se)))
