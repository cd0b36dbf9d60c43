"""Meta-regression: effects that depend on moderators, with residual heterogeneity."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.metaregression.contrasts import fit_contrasts, trace
from locoreg.stats.metaregression.design import Design, check_design
from locoreg.stats.metaregression.problem import Likelihoods, Problem, pose
from locoreg.stats.metaregression.residualvariance import residual_variance
from locoreg.stats.metaregression.solved import Solved, infer, solve
from locoreg.stats.randomeffects import INTERVALS, Interval
from locoreg.stats.studies import (
    FloatArray,
    Inputs,
    check_inputs,
    check_level,
    check_option,
    with_weights,
)
from locoreg.stats.tau2 import Method, check_method, check_weights


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaRegression:
    """Coefficients of a meta-regression and what is left of the heterogeneity.

    Attributes
    ----------
    method, interval : str
        The options that gave the numbers.
    level : float
        Level of the intervals in percent.
    names : tuple of str
        Columns of the design.
    k, p : int
        Studies and columns.
    b, se : ndarray of float, shape (p,)
        Coefficients and standard errors, with the Hartung-Knapp factor if used.
    statistic, p_value, ci_low, ci_high : ndarray of float, shape (p,)
        Test of each coefficient being zero, and confidence limits.
    df : float
        Degrees of freedom k - p of t; NaN for the normal distribution.
    vcov : ndarray of float, shape (p, p)
        Covariance of the coefficients.
    tau2, se_tau2 : float
        Residual between-study variance and its standard error (NaN for CE).
    i2, h2 : float
        Residual I2 in percent and H2: from the residual Q for CE, else from tau2 and the typical
        variance.
    typical_variance : float
        (k - p) over the trace of the inverse-variance residual projection.
    r2 : float
        Percentage of tau2 that the moderators explain: 100 (tau2_only - tau2)/tau2_only, not below
        0, with tau2_only from the same estimator and the intercept alone; 0 if that is 0. For CE
        the adjusted R2 of the weighted regression. NaN without an intercept or moderators.
    tau2_only : float
        Between-study variance without moderators; NaN where r2 is.
    qe, qe_df, qe_p : float
        Test of residual heterogeneity.
    qm, qm_p : float
        Test of all coefficients but the intercept (of all, if there is none or nothing else):
        chi-squared, or F for the other intervals.
    qm_df : tuple of float
        Its degrees of freedom; the second is NaN for chi-squared.
    loglik, aic, bic, aicc : float
        REML's log-likelihood for REML, that of ML at their tau2 for all others. A tau2 that is
        estimated counts as a parameter. Under REML compare fits of the same moderators only.
    hk_scale : float
        Hartung-Knapp factor on the variance, before any floor; NaN for the other intervals.
    yi, vi : ndarray of float, shape (k,)
        The data.
    fitted, residuals : ndarray of float, shape (k,)
        Fitted values, and effects less them.
    hat : ndarray of float, shape (k,)
        Leverages; they sum to p.
    design : Design
        The design and its internal units, for predictions.
    """

    method: Method
    interval: Interval
    level: float
    names: tuple[str, ...]
    k: int
    p: int
    b: FloatArray
    se: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    df: float
    vcov: FloatArray
    tau2: float
    se_tau2: float
    i2: float
    h2: float
    typical_variance: float
    r2: float
    tau2_only: float
    qe: float
    qe_df: int
    qe_p: float
    qm: float
    qm_df: tuple[float, float]
    qm_p: float
    loglik: float
    aic: float
    bic: float
    aicc: float
    hk_scale: float
    yi: FloatArray
    vi: FloatArray
    fitted: FloatArray
    residuals: FloatArray
    hat: FloatArray
    design: Design


def meta_regression(
    yi: ArrayLike,
    vi: ArrayLike,
    x: ArrayLike,
    *,
    names: Sequence[str],
    method: Method,
    interval: Interval,
    level: float,
    weights: ArrayLike | None = None,
) -> MetaRegression:
    """Regress effects on moderators under the mixed-effects model.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the scale of analysis and sampling variances.
    x : array_like, shape (k, p)
        Design matrix, all columns: a column of ones where there is an intercept.
    names : sequence of str
        Names of the columns.
    method : {"CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ"}
        Common effects given the moderators (residual tau2 = 0), or the estimator of the residual
        tau2. ML and REML are searched for their highest point.
    interval : {"normal", "t", "hartung-knapp", "hartung-knapp-floor"}
        As for `locoreg.stats.randomeffects.random_effects`, on k - p degrees of freedom.
    level : float
        Level of the intervals in percent.
    weights : array_like, shape (k,), optional
        For GENQ, and for it alone; they form the coefficients, too.

    Returns
    -------
    MetaRegression
        The fit. Time and memory are linear in k.

    Raises
    ------
    DataError
        If the numbers or options can't be used.
    DesignError
        If there are no more studies than columns, or a column depends on others.

    References
    ----------
    Raudenbush SW (2009). In Cooper and others, The handbook of research synthesis and
    meta-analysis, chapter 16. Knapp G, Hartung J (2003). Statistics in Medicine 22:2693-2710.
    Lopez-Lopez JA and others (2014). British J Mathematical and Statistical Psychology 67:30-48
    (R2).
    """
    check_method(method)
    check_option("interval", interval, INTERVALS)
    tail = check_level(level)
    check_weights(method, weights)
    inputs = check_inputs(yi, vi, None)
    if not inputs.single:
        raise DataError("yi and vi must have one dimension here.", hint="give one meta-analysis.")
    if weights is not None:
        inputs = with_weights(inputs, weights)
    design = check_design(x, names, inputs.yi.shape[1])
    problem = pose(inputs.yi, inputs.vi, design.x[None], intercept=design.intercept is not None)
    solved = solve(problem, method, interval, inputs.weights)
    return _result(inputs, design, problem, solved, (method, interval, level, tail))


def _result(
    inputs: Inputs,
    design: Design,
    problem: Problem,
    solved: Solved,
    options: tuple[Method, Interval, float, float],
) -> MetaRegression:
    method, interval, level, tail = options
    k, p = design.raw.shape
    b = solved.b[0].copy()
    if design.intercept is not None:
        b[design.intercept] += _origin(problem, inputs)
    df = np.nan if interval == "normal" else float(k - p)
    found = infer(design, b, solved.vcov[0], df=df, tail=tail)
    rest = _heterogeneity(inputs, design, problem, solved, method)
    information = _information(problem, solved, method)
    return MetaRegression(
        method=method,
        interval=interval,
        level=float(level),
        names=design.names,
        k=k,
        p=p,
        b=found.b,
        se=found.se,
        statistic=found.statistic,
        p_value=found.p_value,
        ci_low=found.ci_low,
        ci_high=found.ci_high,
        df=df,
        vcov=found.vcov,
        tau2=float(solved.tau2[0]),
        se_tau2=float(solved.se_tau2[0]),
        i2=rest["i2"],
        h2=rest["h2"],
        typical_variance=rest["typical_variance"],
        r2=rest["r2"],
        tau2_only=rest["tau2_only"],
        qe=rest["qe"],
        qe_df=problem.df,
        qe_p=rest["qe_p"],
        qm=found.qm,
        qm_df=found.qm_df,
        qm_p=found.qm_p,
        loglik=information["loglik"],
        aic=information["aic"],
        bic=information["bic"],
        aicc=information["aicc"],
        hk_scale=float(solved.hk_scale[0]),
        yi=inputs.yi[0],
        vi=inputs.vi[0],
        fitted=solved.fitted[0],
        residuals=inputs.yi[0] - solved.fitted[0],
        hat=_leverages(problem, solved.tau2, inputs.weights),
        design=design,
    )


def _origin(problem: Problem, inputs: Inputs) -> float:
    if inputs.weights is None:
        return float(problem.heavy.origin[0])
    return float(problem.layout(inputs.weights).origin[0])


def _heterogeneity(
    inputs: Inputs, design: Design, problem: Problem, solved: Solved, method: Method
) -> dict[str, float]:
    fit = problem.fit(np.zeros(1))
    df = problem.df
    qe = float(fit.q[0])
    typical = df / float(trace(fit)[0])
    tau2 = float(solved.tau2[0])
    i2, h2 = 100.0 * tau2 / (tau2 + typical), 1.0 + tau2 / typical
    if method == "CE":
        i2, h2 = 100.0 * max(qe - df, 0.0) / max(qe, df), qe / df
    only, r2 = np.nan, np.nan
    if design.intercept is not None and design.raw.shape[1] > 1:
        ones = np.ones((1, problem.k, 1))
        plain = pose(inputs.yi, inputs.vi, ones, intercept=True)
        only = float(residual_variance(plain, method, inputs.weights)[0][0])
        r2 = 100.0 * max(only - tau2, 0.0) / only if only > 0.0 else 0.0
        if method == "CE":
            whole = float(plain.fit(np.zeros(1)).q[0]) / (problem.k - 1)
            r2 = 100.0 * max(1.0 - qe / df / whole, 0.0) if whole > 0.0 else 0.0
    return {
        "qe": qe,
        "qe_p": float(special.chdtrc(df, qe)),
        "typical_variance": typical,
        "i2": i2,
        "h2": h2,
        "tau2_only": only,
        "r2": r2,
    }


def _information(problem: Problem, solved: Solved, method: Method) -> dict[str, float]:
    """Log-likelihood and information criteria, REML's counting k - p observations."""
    restricted = method == "REML"
    height = Likelihoods(problem, restricted).height(np.arange(1), solved.tau2)
    loglik = float(height[0])
    count = problem.df if restricted else problem.k
    parameters = problem.x.shape[2] + (method != "CE")
    room = max(count, parameters + 2)
    return {
        "loglik": loglik,
        "aic": 2.0 * parameters - 2.0 * loglik,
        "bic": parameters * float(np.log(count)) - 2.0 * loglik,
        "aicc": 2.0 * parameters * room / (room - parameters - 1.0) - 2.0 * loglik,
    }


def _leverages(problem: Problem, tau2: FloatArray, weights: FloatArray | None) -> FloatArray:
    given = 1.0 / (problem.v + tau2[:, None]) if weights is None else weights
    c = problem.heavy if weights is None else problem.layout(given)
    fit = fit_contrasts(c, *c.split(given))
    pivots = np.einsum("npp->np", fit.s_inverse) * fit.w_pivot
    return np.asarray(c.join(pivots, 1.0 - fit.left)[0])
