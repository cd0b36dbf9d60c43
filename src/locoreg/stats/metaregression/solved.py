"""Coefficients, their covariance and the tests of many meta-regressions at once."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.stats.metaregression.contrasts import WeightedFit, fit_contrasts
from locoreg.stats.metaregression.design import Design
from locoreg.stats.metaregression.problem import Problem
from locoreg.stats.metaregression.residualvariance import residual_variance
from locoreg.stats.randomeffects import Interval
from locoreg.stats.studentquantile import t_quantile
from locoreg.stats.studies import FloatArray
from locoreg.stats.tau2 import Method


@dataclass(frozen=True, slots=True)
class Solved:
    """Fits of n regressions, in internal units.

    Attributes
    ----------
    tau2, se_tau2 : ndarray of float, shape (n,)
        Residual between-study variance and its standard error.
    b : ndarray of float, shape (n, p)
        Coefficients, the origin put back.
    vcov : ndarray of float, shape (n, p, p)
        Their covariance, with the Hartung-Knapp factor if the interval has one.
    hk_scale : ndarray of float, shape (n,)
        That factor before any floor; NaN for the other intervals.
    fitted : ndarray of float, shape (n, k)
        Fitted values.
    """

    tau2: FloatArray
    se_tau2: FloatArray
    b: FloatArray
    vcov: FloatArray
    hk_scale: FloatArray
    fitted: FloatArray


def solve(
    problem: Problem, method: Method, interval: Interval, weights: FloatArray | None = None
) -> Solved:
    """Fit every regression of a problem.

    Parameters
    ----------
    problem : Problem
        The regressions.
    method : str
        Estimator of tau2.
    interval : str
        Which standard errors.
    weights : ndarray of float, shape (n, k), optional
        For GENQ.

    Returns
    -------
    Solved
        The fits.
    """
    tau2, se_tau2 = residual_variance(problem, method, weights)
    fit = problem.fit(tau2)
    c, theta, spread = problem.heavy, fit.delta, fit.s_inverse
    if weights is not None:
        c = problem.layout(weights)
        theta, spread = _with_given_weights(problem, weights, tau2)
    inverse = np.linalg.inv(c.x_pivot)
    values = c.y_pivot + theta
    b = np.einsum("npq,nq->np", inverse, values)
    vcov = inverse @ spread @ inverse.transpose(0, 2, 1)
    fitted = c.join(values, np.einsum("nmp,np->nm", c.b, values)) + c.origin[:, None]
    scale = np.full_like(tau2, np.nan)
    if interval.startswith("hartung-knapp"):
        scale = fit.q / problem.df
        least = 1.0 if interval == "hartung-knapp-floor" else 0.0
        vcov = vcov * np.maximum(scale, least)[:, None, None]
    return Solved(tau2=tau2, se_tau2=se_tau2, b=b, vcov=vcov, hk_scale=scale, fitted=fitted)


def _with_given_weights(
    problem: Problem, weights: FloatArray, tau2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Fitted values at the pivots less the effects, and their covariance, for given weights."""
    c = problem.layout(weights)
    a_pivot, a_rest = c.split(weights)
    m_pivot, m_rest = c.split(problem.v + tau2[:, None])
    fit: WeightedFit = fit_contrasts(c, a_pivot, a_rest)
    meat = c.b.transpose(0, 2, 1) @ ((a_rest**2 * m_rest)[:, :, None] * c.b)
    meat = meat + (a_pivot**2 * m_pivot)[:, :, None] * np.eye(a_pivot.shape[1])
    return fit.delta, fit.s_inverse @ meat @ fit.s_inverse


def wald(b: FloatArray, vcov: FloatArray, tested: list[int]) -> FloatArray:
    """Wald statistic of the tested coefficients being zero, b'V^-1 b.

    Parameters
    ----------
    b : ndarray of float, shape (n, p)
        Coefficients.
    vcov : ndarray of float, shape (n, p, p)
        Their covariance.
    tested : list of int
        Which coefficients.

    Returns
    -------
    ndarray of float, shape (n,)
        The statistic; NaN where the covariance is zero, because all residuals are.
    """
    part, spread = b[:, tested], vcov[:, tested][:, :, tested]
    scale = np.sqrt(np.einsum("npp->np", spread))
    flat = (scale == 0.0).any(axis=1)
    scale[flat] = 1.0
    unit = spread / scale[:, :, None] / scale[:, None, :]
    unit[flat] = np.eye(len(tested))
    z = part / scale
    statistic = np.einsum("np,np->n", z, np.linalg.solve(unit, z[:, :, None])[:, :, 0])
    return np.where(flat, np.nan, statistic)


@dataclass(frozen=True, slots=True)
class Coefficients:
    """Coefficients in the units of the design as given, with their tests.

    Attributes
    ----------
    b, se, statistic, p_value, ci_low, ci_high : ndarray of float, shape (p,)
        Coefficients, standard errors, tests and confidence limits.
    vcov : ndarray of float, shape (p, p)
        Covariance.
    critical : float
        Quantile of the limits.
    qm, qm_p : float
        Omnibus test: chi-squared, or F where df is finite.
    qm_df : tuple of float
        Its degrees of freedom; the second is NaN for chi-squared.
    """

    b: FloatArray
    se: FloatArray
    statistic: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    vcov: FloatArray
    critical: float
    qm: float
    qm_p: float
    qm_df: tuple[float, float]


def infer(
    design: Design, b: FloatArray, vcov: FloatArray, *, df: float, tail: float
) -> Coefficients:
    """Bring coefficients into the given units and test them.

    Parameters
    ----------
    design : Design
        The design.
    b, vcov : ndarray of float, shape (p,) and (p, p)
        Coefficients and covariance in internal units.
    df : float
        Degrees of freedom of t; NaN for the normal distribution.
    tail : float
        Probability beyond each limit.

    Returns
    -------
    Coefficients
        The coefficients.
    """
    outside = design.back @ b
    spread = design.back @ vcov @ design.back.T
    se = np.sqrt(np.diag(spread))
    normal = bool(np.isnan(df))
    critical = float(-special.ndtri(tail) if normal else t_quantile(df, tail))
    # A perfect fit has a Hartung-Knapp standard error of zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = outside / se
    size = -np.abs(statistic)
    beyond = special.ndtr(size) if normal else special.stdtr(df, size)
    m = float(len(design.tested))
    whole = float(wald(b[None], vcov[None], design.tested)[0])
    f = whole / m
    return Coefficients(
        b=outside,
        se=se,
        statistic=statistic,
        p_value=np.asarray(2.0 * beyond),
        ci_low=outside - critical * se,
        ci_high=outside + critical * se,
        vcov=spread,
        critical=critical,
        qm=whole if normal else f,
        qm_p=float(special.chdtrc(m, whole) if normal else special.fdtrc(m, df, f)),
        qm_df=(m, df),
    )
