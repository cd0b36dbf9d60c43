"""Differences and ratios of two estimates with a known covariance."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

import numpy as np
from scipy import special

from locoreg.core.estimate import Estimate, Scale
from locoreg.core.frames import frame
from locoreg.stats.survivaldata import FloatArray

if TYPE_CHECKING:
    import pandas as pd


def normal_estimate(
    value: float, se: float, multiple: float, level: float, scale: Scale = "identity"
) -> Estimate:
    """Return an estimate with the interval value +- multiple * se."""
    return Estimate(
        estimate=float(value),
        se=float(se),
        ci_low=float(value - multiple * se),
        ci_high=float(value + multiple * se),
        level=level,
        scale=scale,
    )


def compare(
    values: FloatArray, covariance: FloatArray, scale: Scale, multiple: float, level: float
) -> tuple[Estimate, float]:
    """Compare two estimates by the delta method.

    Parameters
    ----------
    values : ndarray of float, shape (2,)
        The estimate and that of the reference.
    covariance : ndarray of float, shape (2, 2)
        Their covariance matrix.
    scale : {"identity", "log"}
        Difference, or logarithm of the ratio.
    multiple : float
        Normal quantile of the interval.
    level : float
        Its level in percent.

    Returns
    -------
    estimate : Estimate
        All NaN where a logarithm doesn't exist.
    p_value : float
        Two-sided, of a difference or log ratio of 0; NaN where the standard error is 0 or NaN.
    """
    if scale == "log":
        if not (values > 0).all():
            return normal_estimate(math.nan, math.nan, multiple, level, scale), math.nan
        gradient = np.array([1.0, -1.0]) / values
        value = math.log(values[0] / values[1])
    else:
        gradient = np.array([1.0, -1.0])
        value = float(values[0] - values[1])
    # Rounding may leave a tiny negative number where both influence functions are the same.
    se = math.sqrt(max(0.0, float(gradient @ covariance @ gradient)))
    if math.isnan(float(covariance.sum())):
        se = math.nan
    return normal_estimate(value, se, multiple, level, scale), two_sided_p(value, se)


def two_sided_p(value: float, se: float) -> float:
    """Return the normal p-value of value/se; NaN where se is 0 or NaN."""
    return float(2.0 * special.ndtr(-abs(value / se))) if se > 0 else math.nan


def estimates_frame(
    keys: tuple[str, ...], rows: list[tuple[Any, ...]], exponentiate: bool
) -> pd.DataFrame:
    """Return a data frame of estimates.

    Parameters
    ----------
    keys : tuple of str
        Names of the columns that say what is estimated.
    rows : list of tuple
        Values of the keys, an Estimate and a p-value.
    exponentiate : bool
        Whether estimates and limits on the log scale are exponentiated.

    Returns
    -------
    pandas.DataFrame
        The keys, estimate, se, ci_low, ci_high, p_value.
    """
    estimates = [row[-2] for row in rows]
    values = [e.natural if exponentiate else (e.estimate, e.ci_low, e.ci_high) for e in estimates]
    columns: dict[str, Any] = {name: [row[i] for row in rows] for i, name in enumerate(keys)}
    columns["estimate"] = [value[0] for value in values]
    columns["se"] = [e.se for e in estimates]
    columns["ci_low"] = [value[1] for value in values]
    columns["ci_high"] = [value[2] for value in values]
    columns["p_value"] = [row[-1] for row in rows]
    return frame(columns)
