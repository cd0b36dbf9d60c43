"""Estimators of the between-study variance tau2, each with its standard error.

Every estimator works on blocks of studies with a mean each and one tau2 for all, so that the same
code serves a meta-analysis (one block) and subgroups that share their tau2.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Literal

import numpy as np

from locoreg.core.errors import ConvergenceError, DataError
from locoreg.stats.likelihood import fit_means, maximise, over_all, over_studies, traces
from locoreg.stats.studies import FloatArray, Studies, check_option

Method = Literal["CE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"]
METHODS: tuple[Method, ...] = ("CE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM")

# Names that other programs give to the common-effect model.
COMMON_EFFECT_ALIASES = ("FE", "EE")

Estimated = tuple[FloatArray, FloatArray]

# As in the likelihood search: the error left is the square of the last step taken.
LAST_STEP = 1e-9
MOST_STEPS = 200


def check_method(method: str) -> None:
    """Raise unless the name is that of an estimator.

    Parameters
    ----------
    method : str
        What was asked for.

    Raises
    ------
    DataError
        If it is none of `METHODS`.
    """
    if method in COMMON_EFFECT_ALIASES:
        raise DataError(
            f"method {method!r} is unknown; allowed are {', '.join(METHODS)}.",
            hint="the common-effect model is CE.",
        )
    check_option("method", method, METHODS)


def estimate_tau2(studies: Studies, method: Method) -> Estimated:
    """Estimate the between-study variance.

    Parameters
    ----------
    studies : Studies
        The data.
    method : {"CE", "DL", "HE", "HS", "SJ", "ML", "REML", "EB", "PM"}
        The estimator.

    Returns
    -------
    tau2, se_tau2 : ndarray of float, shape (n,)
        The estimate, never below zero, and its standard error, NaN for CE. Where there are no
        more studies than means, tau2 is 0 and its standard error NaN.
    """
    tau2, se = _ESTIMATORS[method](studies)
    undefined = studies.df == 0
    if undefined.any():
        tau2, se = np.where(undefined, 0.0, tau2), np.where(undefined, np.nan, se)
    return tau2, se


def q_statistic(studies: Studies, tau2: FloatArray) -> FloatArray:
    """Cochran's Q, generalised to weights 1/(v + tau2).

    Parameters
    ----------
    studies : Studies
        The data.
    tau2 : ndarray of float, shape (n,)
        Between-study variance.

    Returns
    -------
    ndarray of float, shape (n,)
        Weighted sum of squares around the blocks' weighted means.
    """
    fit = fit_means(studies.y, studies.v, tau2)
    return over_all(fit.residual, studies.y - fit.mean)


def solve_q(studies: Studies, target: FloatArray) -> FloatArray:
    """Find the tau2 at which the generalised Q equals a target.

    Q falls and is convex in tau2, and 1/Q rises and is concave, so Newton's method on 1/Q climbs
    from zero to the root without overshooting: no bracket is needed.

    Parameters
    ----------
    studies : Studies
        The data.
    target : ndarray of float, shape (n,)
        Positive values of Q.

    Returns
    -------
    ndarray of float, shape (n,)
        The root, or 0 where Q is at or below the target already at tau2 = 0.
    """
    tau2 = np.zeros(target.shape)
    active = np.arange(target.size)
    y, v = studies.y, studies.v
    for _ in range(MOST_STEPS):
        fit = fit_means(y, v, tau2[active])
        q = over_all(fit.residual, y - fit.mean)
        size = q / np.maximum(over_all(fit.residual, fit.residual), np.finfo(float).tiny)
        excess = q / target[active] - 1.0
        tau2[active] = np.maximum(tau2[active] + excess * size, 0.0)
        going = np.flatnonzero(excess > LAST_STEP)
        if going.size == 0:
            return tau2
        if going.size < active.size:
            active, y, v = active[going], y.take(going, axis=2), v.take(going, axis=2)
    raise ConvergenceError("The generalised Q did not reach its target.")


def deviations(studies: Studies) -> tuple[FloatArray, FloatArray]:
    """Unweighted deviations from the blocks' means, and the variances, both 0 where absent.

    Parameters
    ----------
    studies : Studies
        The data.

    Returns
    -------
    tuple of two ndarrays of float, shape (k, b, n)
        Deviations and variances.
    """
    present = studies.v < np.inf
    mean = studies.y.sum(axis=0) / studies.size
    return np.where(present, studies.y - mean, 0.0), np.where(present, studies.v, 0.0)


def _common(studies: Studies) -> Estimated:
    zero = np.zeros(studies.k.shape)
    return zero, np.full_like(zero, np.nan)


def _by_q(studies: Studies, *, divide_by_trace: bool) -> Estimated:
    """Match Cochran's Q to its expectation: (Q - df)/tr P or, for HS, (Q - k)/sum w."""
    fit = fit_means(studies.y, studies.v, np.zeros(studies.k.shape))
    q = over_all(fit.residual, studies.y - fit.mean)
    trace, trace2 = traces(fit.w, fit.total)
    df = studies.df
    if divide_by_trace:
        centre, divisor = df, np.where(df > 0, trace, 1.0)
    else:
        centre, divisor = studies.k, fit.total.sum(axis=0)
    tau2 = np.maximum((q - centre) / divisor, 0.0)
    return tau2, np.sqrt(2.0 * df + 4.0 * tau2 * trace + 2.0 * tau2**2 * trace2) / divisor


def _dersimonian_laird(studies: Studies) -> Estimated:
    return _by_q(studies, divide_by_trace=True)


def _hunter_schmidt(studies: Studies) -> Estimated:
    return _by_q(studies, divide_by_trace=False)


def _hedges(studies: Studies) -> Estimated:
    """Unweighted sample variance less its expectation under tau2 = 0."""
    dev, v = deviations(studies)
    size, df = studies.size, np.maximum(studies.df, 1.0)
    sum_v = v.sum(axis=0)
    trace_pv = (sum_v * (1.0 - 1.0 / size)).sum(axis=0)
    trace_pvpv = (over_studies(v, v) * (1.0 - 2.0 / size) + (sum_v / size) ** 2).sum(axis=0)
    tau2 = np.maximum((over_all(dev, dev) - trace_pv) / df, 0.0)
    return tau2, np.sqrt(2.0 * trace_pvpv + 4.0 * tau2 * trace_pv + 2.0 * tau2**2 * df) / df


def _sidik_jonkman(studies: Studies) -> Estimated:
    """Rescale a crude first value (variance of all effects, divisor k) by its own weighted Q."""
    present = studies.v < np.inf
    y = np.where(present, studies.y + studies.origin, 0.0)
    mean = y.sum(axis=(0, 1)) / studies.k
    apart = np.where(present, y - mean, 0.0)
    start = over_all(apart, apart) / studies.k
    flat = start == 0.0
    fit = fit_means(studies.y, studies.v, start)
    df = np.maximum(studies.df, 1.0)
    q = over_all(fit.residual, studies.y - fit.mean)
    tau2 = np.where(flat, 0.0, start * q / df)
    w, total = fit.w, fit.total
    v = np.where(present, studies.v, 0.0)
    wv = w * v
    s2, s2v = over_studies(w, w), over_studies(w, wv)
    trace_pvpv = over_studies(wv, wv) - 2.0 * over_studies(w, wv, wv) / total + (s2v / total) ** 2
    trace_ppv = s2v - 2.0 * over_studies(w, w, wv) / total + s2v * s2 / total**2
    _, trace_pp = traces(w, total)
    quadratic = trace_pvpv.sum(axis=0) + 2.0 * tau2 * trace_ppv.sum(axis=0) + tau2**2 * trace_pp
    return tau2, np.where(flat, 0.0, start / df * np.sqrt(2.0 * quadratic))


def _paule_mandel(studies: Studies) -> Estimated:
    """Solve Q(tau2) = df; the empirical Bayes equation has the same root."""
    df, k = np.maximum(studies.df, 1.0), studies.k
    tau2 = solve_q(studies, df)
    total = over_all(1.0 / (studies.v + tau2))
    return tau2, np.sqrt(2.0 * k**2 / df) / total


def _maximum_likelihood(studies: Studies) -> Estimated:
    dev, _ = deviations(studies)
    tau2 = maximise(studies, over_all(dev, dev), restricted=False)
    w = 1.0 / (studies.v + tau2)
    return tau2, np.sqrt(2.0 / over_all(w, w))


def _restricted_likelihood(studies: Studies) -> Estimated:
    dev, _ = deviations(studies)
    tau2 = maximise(studies, over_all(dev, dev), restricted=True)
    w = 1.0 / (studies.v + tau2)
    _, trace2 = traces(w, w.sum(axis=0))
    return tau2, np.sqrt(2.0 / np.where(studies.df > 0, trace2, 1.0))


_ESTIMATORS: dict[Method, Callable[[Studies], Estimated]] = {
    "CE": _common,
    "DL": _dersimonian_laird,
    "HE": _hedges,
    "HS": _hunter_schmidt,
    "SJ": _sidik_jonkman,
    "ML": _maximum_likelihood,
    "REML": _restricted_likelihood,
    "EB": _paule_mandel,
    "PM": _paule_mandel,
}
