"""Differences of mean outcomes: crude, weighted, standardised, augmented."""

from __future__ import annotations

import numpy as np
from scipy import special

from locoreg.core.errors import DataError
from locoreg.core.estimate import Estimate
from locoreg.stats.studies import check_level
from locoreg.stats.survivaldata import BoolArray, FloatArray


def mean_difference(y: FloatArray, treated: BoolArray, *, level: float) -> Estimate:
    """Return the difference of means, with Welch's standard error and normal limits.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        Outcome.
    treated : ndarray of bool, shape (n,)
        Who is treated.
    level : float
        Level of the interval in percent.

    Returns
    -------
    Estimate
        Treated less comparator.
    """
    arms = [y[treated], y[~treated]]
    se = float(np.sqrt(sum(arm.var(ddof=1) / arm.size for arm in arms)))
    return _estimate(float(arms[0].mean() - arms[1].mean()), se, level)


def weighted_mean_difference(
    y: FloatArray, treated: BoolArray, weight: FloatArray, *, level: float
) -> Estimate:
    """Return the difference of weighted means; weights are taken as known.

    Parameters
    ----------
    y, treated, level
        As for `mean_difference`.
    weight : ndarray of float, shape (n,)
        Weights, such as those of `tilt_weights`.

    Returns
    -------
    Estimate
        With the sandwich standard error of a weighted regression on treatment.

    References
    ----------
    .. [1] Hernan MA, Robins JM (2020). Causal Inference: What If, chapter 12. CRC Press.
    """
    means, squares = [], []
    for group in (treated, ~treated):
        w = weight[group]
        mean = float(w @ y[group] / w.sum())
        means.append(mean)
        squares.append(float(((w * (y[group] - mean)) ** 2).sum() / w.sum() ** 2))
    return _estimate(means[0] - means[1], float(np.sqrt(sum(squares))), level)


def outcome_means(
    y: FloatArray,
    observed: FloatArray,
    if_treated: FloatArray,
    if_untreated: FloatArray,
    *,
    weight: FloatArray | None = None,
) -> tuple[FloatArray, FloatArray]:
    """Return each person's mean outcome under treatment and without, by linear regression.

    Parameters
    ----------
    y : ndarray of float, shape (n,)
        Outcome.
    observed, if_treated, if_untreated : ndarray of float, shape (n, p)
        Columns of the regression as they are, and as they would be if the person were treated, or
        not; a column of ones makes the intercept.
    weight : ndarray of float, shape (n,), optional
        Weights of the regression.

    Returns
    -------
    treated, untreated : ndarray of float, shape (n,)
        Predicted means; averaged over persons they are standardised.

    Raises
    ------
    DataError
        If the columns are collinear.
    """
    root = np.ones(y.size) if weight is None else np.sqrt(weight)
    X = observed * root[:, None]
    scale = np.sqrt((X**2).sum(axis=0))
    if not scale.all() or np.linalg.matrix_rank(X / scale) < X.shape[1]:
        raise DataError(
            "the columns of the outcome regression are collinear.",
            hint="leave out a column that others determine.",
        )
    found = np.linalg.lstsq(X / scale, y * root, rcond=None)[0] / scale
    return np.asarray(if_treated @ found), np.asarray(if_untreated @ found)


def augmented_mean_difference(
    y: FloatArray,
    treated: BoolArray,
    score: FloatArray,
    mean_treated: FloatArray,
    mean_untreated: FloatArray,
    *,
    level: float,
) -> Estimate:
    """Return the difference of means by augmented inverse-probability weighting.

    Parameters
    ----------
    y, treated, level
        As for `mean_difference`.
    score : ndarray of float, shape (n,)
        Propensity scores.
    mean_treated, mean_untreated : ndarray of float, shape (n,)
        Predicted means, such as those of `outcome_means`.

    Returns
    -------
    Estimate
        Unbiased if the scores or the means are right; the standard error is that of the influence
        function, which holds if both are.

    References
    ----------
    .. [1] Robins JM, Rotnitzky A, Zhao LP (1994). JASA 89:846-866.
       doi:10.1080/01621459.1994.10476818
    """
    value = mean_treated - mean_untreated
    value = value + np.where(
        treated, (y - mean_treated) / score, -(y - mean_untreated) / (1.0 - score)
    )
    se = float(value.std(ddof=1) / np.sqrt(value.size))
    return _estimate(float(value.mean()), se, level)


def _estimate(value: float, se: float, level: float) -> Estimate:
    reach = -float(special.ndtri(check_level(level))) * se
    return Estimate(
        estimate=value,
        se=se,
        ci_low=value - reach,
        ci_high=value + reach,
        level=level,
        scale="identity",
    )
