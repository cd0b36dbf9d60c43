"""Parametric accelerated failure time models."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike

from locoreg.core.errors import DesignError
from locoreg.stats.regression import library
from locoreg.stats.regression.aftresult import (
    AFT,
    DISTRIBUTIONS,
    VARIANCES,
    AFTDistribution,
    AFTVariance,
)
from locoreg.stats.regression.design import check_design
from locoreg.stats.studies import check_level, check_option
from locoreg.stats.survivaldata import numbers, refuse_rows


def aft(
    time: ArrayLike,
    event: ArrayLike,
    X: ArrayLike,
    *,
    distribution: AFTDistribution,
    level: float,
    variance: AFTVariance | None = None,
    weight: ArrayLike | None = None,
    offset: ArrayLike | None = None,
    strata: ArrayLike | None = None,
    cluster: ArrayLike | None = None,
    entry: ArrayLike | None = None,
    names: Sequence[str] | None = None,
) -> AFT:
    """Fit log T = intercept + X beta + scale times error by maximum likelihood.

    Parameters
    ----------
    time, event : array_like, shape (n,)
        End of follow-up, after 0, and whether it ended with the event or was censored.
    X : array_like, shape (n, p)
        Covariates; an intercept is added. With no column the intercept stands alone.
    distribution : {"weibull", "exponential", "lognormal", "loglogistic"}
        Of the time. The scale of the exponential one is 1.
    level : float
        Level of the intervals in percent.
    variance : {"model", "robust"}, optional
        Inverse of the observed information, or the sandwich, in which a row's score is multiplied
        by its weight. By default robust if there are clusters, which need it.
    weight, offset : array_like, shape (n,), optional
        Case weights; known part of log T.
    strata : array_like, shape (n,), optional
        Strata with scales of their own; the coefficients are shared.
    cluster : array_like, shape (n,), optional
        Rows whose scores are summed first.
    entry : array_like, optional
        Not supported: a likelihood for delayed entry is another one, and is refused.
    names : sequence of str, optional
        Names of the covariates.

    Returns
    -------
    AFT
        Log time ratios, scales, and the curves that they give.

    Raises
    ------
    DataError, DesignError
        If the numbers can't be used.
    ConvergenceError
        If the likelihood has no maximum.

    References
    ----------
    .. [1] Kalbfleisch JD, Prentice RL (2002). The statistical analysis of failure time data,
       2nd ed., chapter 3. Wiley. doi:10.1002/9781118032985
    """
    check_option("distribution", distribution, DISTRIBUTIONS)
    check_level(level)
    sandwich = _is_robust(variance, cluster)
    if entry is not None:
        raise DesignError(
            "aft does not support delayed entry.", hint="use cox, which takes entry, instead."
        )
    if distribution == "exponential" and strata is not None:
        raise DesignError(
            "The exponential distribution has no scale that could differ between strata.",
            hint="give the strata as covariates, or take the weibull distribution.",
        )
    design = check_design(
        time,
        event,
        X,
        names=names,
        weight=weight,
        offset=offset,
        strata=strata,
        cluster=cluster,
        empty=True,
        strata_centre=False,
    )
    ends = numbers("time", time)
    refuse_rows(ends <= 0.0, "time", ends, "is not after 0", "log time has no value there.")
    if not design.data.event.any():
        raise DesignError("There is no event among the rows with a weight.", hint="none, no model.")
    fit = library.parametric_fit(ends[design.row], design, distribution, robust=sandwich)
    return AFT(
        distribution=distribution,
        names=("intercept", *design.names),
        coefficients=fit.coefficients,
        scale=fit.scale,
        strata=design.data.strata_labels,
        covariance=fit.covariance,
        model_covariance=fit.model_covariance,
        variance="robust" if sandwich else "model",
        level=float(level),
        loglik=fit.loglik,
        null_loglik=fit.null_loglik,
        iterations=fit.iterations,
        n=design.data.n,
        events=int(np.count_nonzero(design.data.event)),
        clusters=design.clusters,
        weighted=weight is not None,
        zero_weight_rows=design.zero_weight_rows,
    )


def _is_robust(variance: AFTVariance | None, cluster: ArrayLike | None) -> bool:
    if variance is None:
        return cluster is not None
    check_option("variance", variance, VARIANCES)
    if variance == "model" and cluster is not None:
        raise DesignError(
            "variance 'model' makes no use of clusters.", hint="leave one of the two out."
        )
    return variance == "robust"
