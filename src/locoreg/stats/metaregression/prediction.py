"""What a meta-regression says at given moderators."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.metaregression.regression import MetaRegression
from locoreg.stats.randomeffects import PREDICTIONS, Prediction
from locoreg.stats.studentquantile import t_quantile
from locoreg.stats.studies import FloatArray, check_level, check_option


@dataclass(frozen=True, slots=True, kw_only=True)
class RegressionPrediction:
    """Mean effects at given moderators, and where a new study's true effect may lie.

    Attributes
    ----------
    mu, se, ci_low, ci_high : ndarray of float, shape (m,)
        Estimated means with standard errors and confidence limits.
    pi_low, pi_high : ndarray of float, shape (m,)
        Prediction limits; NaN for CE, and under "riley" without a degree of freedom.
    """

    mu: FloatArray
    se: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    pi_low: FloatArray
    pi_high: FloatArray


def predict(fit: MetaRegression, x: ArrayLike, *, prediction: Prediction) -> RegressionPrediction:
    """Estimate mean effects at given moderators, with the fit's level and kind of interval.

    Parameters
    ----------
    fit : MetaRegression
        The fit.
    x : array_like, shape (m, p)
        Rows with the columns of the fit, in their order: a 1 for the intercept.
    prediction : {"riley", "metafor"}
        Prediction interval mu +- c sqrt(tau2 + se^2) with c from t with k - p - 1 df, or with the
        quantile that the confidence interval uses.

    Returns
    -------
    RegressionPrediction
        One value for each row.

    Raises
    ------
    DataError
        If the rows don't fit the design.
    """
    check_option("prediction", prediction, PREDICTIONS)
    rows = np.asarray(x, dtype=np.float64)
    if rows.ndim != 2 or rows.shape[1] != fit.p or not np.isfinite(rows).all():
        raise DataError(
            f"x has shape {rows.shape}, but the fit has the columns {', '.join(fit.names)}.",
            hint="give rows of finite numbers, one for each of these columns.",
        )
    tail = check_level(fit.level)
    inside = fit.design.internal(rows)
    there = np.linalg.inv(fit.design.back)
    spread = there @ fit.vcov @ there.T
    mu = rows @ fit.b
    variance = np.einsum("mp,pq,mq->m", inside, spread, inside)
    se = np.sqrt(np.maximum(variance, 0.0))
    normal = float(-special.ndtri(tail))
    critical = normal if np.isnan(fit.df) else float(t_quantile(fit.df, tail))
    c = critical if prediction == "metafor" else float(t_quantile(fit.k - fit.p - 1.0, tail))
    reach = np.full_like(se, np.nan) if fit.method == "CE" else c * np.sqrt(fit.tau2 + se**2)
    return RegressionPrediction(
        mu=mu,
        se=se,
        ci_low=mu - critical * se,
        ci_high=mu + critical * se,
        pi_low=mu - reach,
        pi_high=mu + reach,
    )
