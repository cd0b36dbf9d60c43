"""Estimators of the between-study variance tau2, each with its standard error.

Every estimator works on blocks of studies with a mean each and one tau2 for all, so that the same
code serves a meta-analysis (one block) and subgroups that share their tau2.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from scipy import special

from locoreg.core.errors import ConvergenceError, DataError
from locoreg.stats.likelihood import (
    IntArray,
    fit_means,
    maximise,
    over_all,
    over_studies,
    traces,
)
from locoreg.stats.studies import FloatArray, Studies, check_option

Method = Literal["CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ"]
METHODS: tuple[Method, ...] = (
    "CE",
    "DL",
    "HE",
    "HS",
    "HSk",
    "SJ",
    "ML",
    "REML",
    "EB",
    "PM",
    "PMM",
    "GENQ",
)

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


def check_weights(method: Method, weights: object) -> None:
    """Raise unless weights are given exactly where the method needs them.

    Parameters
    ----------
    method : str
        The estimator.
    weights : object
        What was given, None for nothing.

    Raises
    ------
    DataError
        If GENQ has no weights, or another method has.
    """
    if method == "GENQ" and weights is None:
        raise DataError(
            "method GENQ needs weights.", hint="give one positive number for each study."
        )
    if method != "GENQ" and weights is not None:
        raise DataError(
            f"method {method} makes its own weights.", hint="leave weights out, or use GENQ."
        )


def estimate_tau2(studies: Studies, method: Method) -> Estimated:
    """Estimate the between-study variance.

    Parameters
    ----------
    studies : Studies
        The data.
    method : str
        The estimator, one of `METHODS`; GENQ uses the weights of `studies`.

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
    y, v = studies.y, studies.v

    def at(active: IntArray, tau2: FloatArray) -> tuple[FloatArray, FloatArray]:
        nonlocal y, v
        if active.size < y.shape[2]:
            y, v = studies.y.take(active, axis=2), studies.v.take(active, axis=2)
        fit = fit_means(y, v, tau2)
        return over_all(fit.residual, y - fit.mean), over_all(fit.residual, fit.residual)

    return newton_on_q(target, at)


def newton_on_q(
    target: FloatArray, at: Callable[[IntArray, FloatArray], tuple[FloatArray, FloatArray]]
) -> FloatArray:
    """Solve Q(tau2) = target for any falling, convex Q with Newton's method on 1/Q.

    Parameters
    ----------
    target : ndarray of float, shape (n,)
        Positive values of Q.
    at : callable
        Takes the numbers of the problems that still go on, fewer from step to step, and their
        tau2; returns Q and minus its derivative.

    Returns
    -------
    ndarray of float, shape (n,)
        The root, or 0 where Q is at or below the target already at tau2 = 0.
    """
    tau2 = np.zeros(target.shape)
    active = np.arange(target.size)
    for _ in range(MOST_STEPS):
        q, fall = at(active, tau2[active])
        size = q / np.maximum(fall, np.finfo(float).tiny)
        excess = q / target[active] - 1.0
        tau2[active] = np.maximum(tau2[active] + excess * size, 0.0)
        active = active[excess > LAST_STEP]
        if active.size == 0:
            return tau2
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


@dataclass(frozen=True, slots=True)
class _Moment:
    """How an estimator matches Cochran's Q: (factor Q - centre)/divisor."""

    factor: FloatArray
    centre: FloatArray
    divisor: FloatArray


def _by_q(
    studies: Studies, match: Callable[[Studies, FloatArray, FloatArray], _Moment]
) -> Estimated:
    fit = fit_means(studies.y, studies.v, np.zeros(studies.k.shape))
    q = over_all(fit.residual, studies.y - fit.mean)
    trace, trace2 = traces(fit.w, fit.total)
    df = studies.df
    by = match(studies, trace, fit.total.sum(axis=0))
    tau2 = np.maximum((by.factor * q - by.centre) / by.divisor, 0.0)
    spread = np.sqrt(2.0 * df + 4.0 * tau2 * trace + 2.0 * tau2**2 * trace2)
    return tau2, by.factor * spread / by.divisor


def _dersimonian_laird(studies: Studies) -> Estimated:
    def match(s: Studies, trace: FloatArray, _total: FloatArray) -> _Moment:
        return _Moment(np.ones_like(trace), s.df, np.where(s.df > 0, trace, 1.0))

    return _by_q(studies, match)


def _hunter_schmidt(studies: Studies) -> Estimated:
    def match(s: Studies, trace: FloatArray, total: FloatArray) -> _Moment:
        return _Moment(np.ones_like(trace), s.k, total)

    return _by_q(studies, match)


def _hunter_schmidt_small(studies: Studies) -> Estimated:
    """Hunter-Schmidt with Q enlarged by k/(k - means), which corrects for few studies."""

    def match(s: Studies, _trace: FloatArray, total: FloatArray) -> _Moment:
        return _Moment(s.k / np.maximum(s.df, 1.0), s.k, total)

    return _by_q(studies, match)


def others(values: FloatArray) -> FloatArray:
    """Sum over the other studies: without the cancellation of total less own.

    Parameters
    ----------
    values : ndarray of float, shape (k, ...)
        Positive numbers, studies first.

    Returns
    -------
    ndarray of float, shape (k, ...)
        For each study the sum of the numbers of the others.
    """
    before = np.zeros_like(values)
    after = np.zeros_like(values)
    before[1:] = np.cumsum(values[:-1], axis=0)
    after[:-1] = np.cumsum(values[:0:-1], axis=0)[::-1]
    return before + after


def _generalised_q(studies: Studies) -> Estimated:
    """Match the Q statistic with given weights to its expectation."""
    if studies.weights is None:
        raise DataError("method GENQ needs weights.", hint="give one for each study.")
    a = studies.weights
    total = a.sum(axis=0)
    v = np.where(studies.v < np.inf, studies.v, 0.0)
    mean = over_studies(a, studies.y) / total
    q = over_all(a, studies.y - mean, studies.y - mean)
    left = a * others(a) / total
    aa, aav = a * a, a * a * v
    trace, trace_v = over_all(left), over_all(left, v)
    between = total**2
    pp = (over_studies(left, left) + over_studies(aa, others(aa)) / between).sum(axis=0)
    pvp = (over_studies(left, left, v) + over_studies(aa, others(aav)) / between).sum(axis=0)
    pvpv = over_studies(left * v, left * v) + over_studies(aav, others(aav)) / between
    divisor = np.where(trace > 0.0, trace, 1.0)
    tau2 = np.maximum((q - trace_v) / divisor, 0.0)
    quadratic = pvpv.sum(axis=0) + 2.0 * tau2 * pvp + tau2**2 * pp
    return tau2, np.sqrt(2.0 * quadratic) / divisor


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


def _median_unbiased(studies: Studies) -> Estimated:
    """Solve Q(tau2) = median of its chi-squared distribution."""
    df, k = np.maximum(studies.df, 1.0), studies.k
    tau2 = solve_q(studies, np.asarray(special.chdtri(df, 0.5)))
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
    "HSk": _hunter_schmidt_small,
    "SJ": _sidik_jonkman,
    "ML": _maximum_likelihood,
    "REML": _restricted_likelihood,
    "EB": _paule_mandel,
    "PM": _paule_mandel,
    "PMM": _median_unbiased,
    "GENQ": _generalised_q,
}
