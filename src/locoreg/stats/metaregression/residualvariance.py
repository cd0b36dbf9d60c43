"""Estimators of the residual between-study variance of a meta-regression."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.likelihood import IntArray
from locoreg.stats.metaregression.contrasts import fit_contrasts, trace, trace_of_pair
from locoreg.stats.metaregression.problem import Likelihoods, Problem
from locoreg.stats.studies import FloatArray
from locoreg.stats.tau2 import Estimated, Method, newton_on_q


def residual_variance(
    problem: Problem, method: Method, weights: FloatArray | None = None
) -> Estimated:
    """Estimate the residual between-study variance of each regression.

    Parameters
    ----------
    problem : Problem
        The regressions.
    method : str
        One of the estimators of `locoreg.stats.tau2`.
    weights : ndarray of float, shape (n, k), optional
        For GENQ.

    Returns
    -------
    tau2, se_tau2 : ndarray of float, shape (n,)
        The estimate, never below zero, and its standard error, NaN for CE.
    """
    if method == "GENQ":
        if weights is None:
            raise DataError("method GENQ needs weights.", hint="give one for each study.")
        return _by_quadratic_form(problem, weights)
    return _ESTIMATORS[method](problem)


def _common(problem: Problem) -> Estimated:
    zero = np.zeros(problem.y.shape[0])
    return zero, np.full_like(zero, np.nan)


def _by_quadratic_form(problem: Problem, weights: FloatArray) -> Estimated:
    """Match the residual Q with any weights to its expectation."""
    c = problem.layout(weights)
    fit = fit_contrasts(c, *c.split(weights))
    v = c.split(problem.v)
    one = (np.ones_like(fit.w_pivot), np.ones_like(fit.w_rest))
    divisor = trace(fit)
    tau2 = np.maximum((fit.q - trace(fit, *v)) / divisor, 0.0)
    quadratic = trace_of_pair(c, fit, v, v) + 2.0 * tau2 * trace_of_pair(c, fit, v, one)
    quadratic += tau2**2 * trace_of_pair(c, fit, one, one)
    return tau2, np.sqrt(2.0 * quadratic) / divisor


def _hedges(problem: Problem) -> Estimated:
    return _by_quadratic_form(problem, np.ones_like(problem.y))


def _moment(problem: Problem, kind: Method) -> Estimated:
    """DL, HS and HSk: Q with inverse-variance weights."""
    fit = problem.fit(np.zeros(problem.y.shape[0]))
    one = (np.ones_like(fit.w_pivot), np.ones_like(fit.w_rest))
    first, second = trace(fit), trace_of_pair(problem.heavy, fit, one, one)
    k, df = float(problem.k), float(problem.df)
    factor = k / df if kind == "HSk" else 1.0
    centre, divisor = (df, first) if kind == "DL" else (k, (1.0 / problem.v).sum(axis=1))
    tau2 = np.maximum((factor * fit.q - centre) / divisor, 0.0)
    spread = np.sqrt(2.0 * df + 4.0 * tau2 * first + 2.0 * tau2**2 * second)
    return tau2, factor * spread / divisor


def _sidik_jonkman(problem: Problem) -> Estimated:
    """Rescale a crude first value (variance of all effects, divisor k) by its own residual Q."""
    apart = problem.y - problem.y[:, :1]
    apart = apart - apart.mean(axis=1, keepdims=True)
    start = (apart**2).mean(axis=1)
    fit = problem.fit(start)
    df = float(problem.df)
    tau2 = start * fit.q / df
    whole = (problem.v_pivot + tau2[:, None], problem.v_rest + tau2[:, None])
    quadratic = trace_of_pair(problem.heavy, fit, whole, whole)
    return tau2, start / df * np.sqrt(2.0 * quadratic)


def _solve(problem: Problem, target: float) -> Estimated:
    def at(active: IntArray, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
        _, fit = problem.fit_some(active, tau2)
        return fit.q, fit.fall

    tau2 = newton_on_q(np.full(problem.y.shape[0], target), at)
    total = (1.0 / (problem.v + tau2[:, None])).sum(axis=1)
    return tau2, np.sqrt(2.0 * problem.k**2 / problem.df) / total


def _paule_mandel(problem: Problem) -> Estimated:
    return _solve(problem, float(problem.df))


def _median_unbiased(problem: Problem) -> Estimated:
    return _solve(problem, float(special.chdtri(problem.df, 0.5)))


def _maximum_likelihood(problem: Problem) -> Estimated:
    tau2 = Likelihoods(problem, restricted=False).highest()
    w = 1.0 / (problem.v + tau2[:, None])
    return tau2, np.sqrt(2.0 / (w * w).sum(axis=1))


def _restricted_likelihood(problem: Problem) -> Estimated:
    tau2 = Likelihoods(problem, restricted=True).highest()
    fit = problem.fit(tau2)
    one = (np.ones_like(fit.w_pivot), np.ones_like(fit.w_rest))
    return tau2, np.sqrt(2.0 / trace_of_pair(problem.heavy, fit, one, one))


_ESTIMATORS: dict[Method, Callable[[Problem], Estimated]] = {
    "CE": _common,
    "DL": lambda problem: _moment(problem, "DL"),
    "HE": _hedges,
    "HS": lambda problem: _moment(problem, "HS"),
    "HSk": lambda problem: _moment(problem, "HSk"),
    "SJ": _sidik_jonkman,
    "ML": _maximum_likelihood,
    "REML": _restricted_likelihood,
    "EB": _paule_mandel,
    "PM": _paule_mandel,
    "PMM": _median_unbiased,
}
