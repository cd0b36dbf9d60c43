"""Pooling effects under the common-effect and the random-effects model, for many pools at once."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.heterogeneityshare import shares
from locoreg.stats.likelihood import fit_means, log_likelihood, over_all, traces
from locoreg.stats.studentquantile import t_quantile
from locoreg.stats.studies import (
    FloatArray,
    Inputs,
    Studies,
    check_inputs,
    check_level,
    check_option,
    one_series,
    with_weights,
)
from locoreg.stats.tau2 import Method, check_method, check_weights, estimate_tau2

Interval = Literal["normal", "t", "hartung-knapp", "hartung-knapp-floor"]
Prediction = Literal["riley", "metafor"]
INTERVALS: tuple[Interval, ...] = ("normal", "t", "hartung-knapp", "hartung-knapp-floor")
PREDICTIONS: tuple[Prediction, ...] = ("riley", "metafor")


@dataclass(frozen=True, slots=True, kw_only=True)
class RandomEffects:
    """Pooled effects with their heterogeneity.

    Arrays have shape () for one meta-analysis and (n,) for n of them, except for `weights`.

    Attributes
    ----------
    method, interval, prediction : str
        The options that gave the numbers.
    level : float
        Level of the confidence and prediction intervals in percent.
    mu, se : ndarray of float
        Pooled effect and its standard error, the latter with the Hartung-Knapp factor if used.
    statistic, df, p_value : ndarray of float
        Test of mu = 0; df is NaN where the reference distribution is the normal one.
    ci_low, ci_high : ndarray of float
        Confidence limits of mu.
    tau2, se_tau2 : ndarray of float
        Between-study variance and its standard error (NaN for CE and single studies).
    i2, h2 : ndarray of float
        I2 in percent, and H2. For CE from Q, I2 truncated at 0; otherwise from tau2 and the
        typical variance: I2 = 100 tau2/(tau2 + s2), H2 = 1 + tau2/s2.
    q, q_df, q_p : ndarray of float
        Cochran's Q, its degrees of freedom and p-value.
    pi_low, pi_high : ndarray of float
        Prediction limits of the effect in a new study; NaN for CE and for fewer than 3 studies.
    k : ndarray of int
        Number of studies.
    single_study : ndarray of bool
        Whether there was one study only: its own normal interval is given whatever was asked for.
    weights : ndarray of float, shape (k,) or (n, k)
        Weights that sum to 1; 0 for absent studies.
    typical_variance : ndarray of float
        Higgins and Thompson's typical within-study variance s2; NaN for a single study.
    loglik : ndarray of float
        Log-likelihood for CE, ML and REML; NaN otherwise.
    hk_scale : ndarray of float
        Hartung-Knapp factor on the variance, before any floor; NaN for the other intervals. The
        floor is active where it is below 1.
    """

    method: Method
    interval: Interval
    prediction: Prediction
    level: float
    mu: FloatArray
    se: FloatArray
    statistic: FloatArray
    df: FloatArray
    p_value: FloatArray
    ci_low: FloatArray
    ci_high: FloatArray
    tau2: FloatArray
    se_tau2: FloatArray
    i2: FloatArray
    h2: FloatArray
    q: FloatArray
    q_df: FloatArray
    q_p: FloatArray
    pi_low: FloatArray
    pi_high: FloatArray
    k: NDArray[np.int64]
    single_study: NDArray[np.bool_]
    weights: FloatArray
    typical_variance: FloatArray
    loglik: FloatArray
    hk_scale: FloatArray


def random_effects(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method,
    interval: Interval,
    level: float,
    prediction: Prediction,
    mask: ArrayLike | None = None,
    weights: ArrayLike | None = None,
) -> RandomEffects:
    """Pool effects: one meta-analysis, or thousands in one call.

    Parameters
    ----------
    yi, vi : array_like, shape (k,) or (n, k)
        Effects on the scale on which they are pooled (log for ratios) and sampling variances.
    method : {"CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM", "GENQ"}
        Common effect (tau2 = 0), or the estimator of tau2: DerSimonian-Laird [1]_, Hedges-Olkin
        [2]_, Hunter-Schmidt [3]_ and its correction for few studies [12]_, Sidik-Jonkman [4]_,
        maximum and restricted maximum likelihood [5]_, empirical Bayes [6]_, Paule-Mandel [7]_
        and its median-unbiased form [13]_, Q with given weights [14]_. All are truncated at 0.
        The empirical Bayes and Paule-Mandel equations have the same root.
    interval : {"normal", "t", "hartung-knapp", "hartung-knapp-floor"}
        Normal quantile; Student's t with k - 1 df; t with k - 1 df and the variance rescaled by
        the weighted residual mean square [8]_ [9]_; the same with a factor not below 1.
    level : float
        Level of the intervals in percent, for example 95.
    prediction : {"riley", "metafor"}
        Prediction interval mu +- c sqrt(tau2 + se^2) with c from t with k - 2 df [10]_ [11]_, or
        with the quantile that the confidence interval uses, which is metafor's default.
    mask : array_like of bool, optional
        True marks an absent study, so that pools of different size fit one array. Without it, NaN
        in both yi and vi does, in two dimensions.
    weights : array_like, optional
        For GENQ, and for it alone: positive weights of any scale, of the shape of yi. They form
        the pooled effect, too; its variance is that of this weighted mean under tau2.

    Returns
    -------
    RandomEffects
        The pooled effects; see its attributes for what one or two studies give.

    Raises
    ------
    DataError
        If the numbers or options can't be used.

    References
    ----------
    .. [1] DerSimonian R, Laird N (1986). Controlled Clinical Trials 7:177-188.
    .. [2] Hedges LV, Olkin I (1985). Statistical methods for meta-analysis. Academic Press.
    .. [3] Schmidt FL, Hunter JE (2015). Methods of meta-analysis, 3rd ed. Sage.
    .. [4] Sidik K, Jonkman JN (2005). Applied Statistics 54:367-384.
    .. [5] Viechtbauer W (2005). J Educational and Behavioral Statistics 30:261-293.
    .. [6] Morris CN (1983). JASA 78:47-55.
    .. [7] Paule RC, Mandel J (1982). J Research of the National Bureau of Standards 87:377-385.
    .. [8] Hartung J, Knapp G (2001). Statistics in Medicine 20:3875-3889.
    .. [9] Knapp G, Hartung J (2003). Statistics in Medicine 22:2693-2710.
    .. [10] Higgins JPT, Thompson SG, Spiegelhalter DJ (2009). JRSS A 172:137-159.
    .. [11] Riley RD, Higgins JPT, Deeks JJ (2011). BMJ 342:d549.
    .. [12] Brannick MT, Potter SM, Benitez B, Morris SB (2019). Organizational Research Methods
       22:490-514.
    .. [13] Viechtbauer W (2021). Median-unbiased estimators for the amount of heterogeneity in
       meta-analysis. European Congress of Methodology.
    .. [14] DerSimonian R, Kacker R (2007). Contemporary Clinical Trials 28:105-114.
    """
    check_method(method)
    check_option("interval", interval, INTERVALS)
    check_option("prediction", prediction, PREDICTIONS)
    tail = check_level(level)
    check_weights(method, weights)
    inputs = check_inputs(yi, vi, mask)
    if weights is not None:
        inputs = with_weights(inputs, weights)
    pools = [_pool(studies, method) for studies in inputs.chunks()]
    pool = pools[0] if len(pools) == 1 else _join(pools)
    floats = _infer(pool, method, interval, prediction, tail)
    shape = () if inputs.single else pool.k.shape
    return RandomEffects(
        method=method,
        interval=interval,
        prediction=prediction,
        level=float(level),
        k=pool.k.astype(np.int64).reshape(shape),
        single_study=(pool.k == 1).reshape(shape),
        weights=_weights(inputs, pool.tau2),
        **{name: values.reshape(shape) for name, values in floats.items()},
    )


def leave_one_out(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    method: Method,
    interval: Interval,
    level: float,
    prediction: Prediction,
    weights: ArrayLike | None = None,
) -> RandomEffects:
    """Pool k times, each time without one of the studies.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of at least two studies.
    method, interval, level, prediction, weights
        As for `random_effects`.

    Returns
    -------
    RandomEffects
        Row i is the pool without study i.

    Raises
    ------
    DataError
        If there are fewer than two studies or the input can't be used.
    """
    k = one_series(yi, vi)
    if k < 2:
        raise DataError("Leaving one study out of one leaves none.", hint="give two or more.")
    return random_effects(
        yi,
        vi,
        method=method,
        interval=interval,
        level=level,
        prediction=prediction,
        mask=np.eye(k, dtype=np.bool_),
        weights=weights,
    )


def cumulative(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    order: ArrayLike,
    method: Method,
    interval: Interval,
    level: float,
    prediction: Prediction,
    weights: ArrayLike | None = None,
) -> RandomEffects:
    """Pool the first study, the first two, and so on.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    order : array_like of int, shape (k,)
        Indices of the studies (from 0) in the order in which they enter.
    method, interval, level, prediction, weights
        As for `random_effects`.

    Returns
    -------
    RandomEffects
        Row i is the pool of the first i + 1 studies of the order; the columns of its weights are
        in the order of yi.

    Raises
    ------
    DataError
        If the order is not one of all studies or the input can't be used.
    """
    k = one_series(yi, vi)
    sequence = np.asarray(order)
    if not np.array_equal(np.sort(sequence, axis=None), np.arange(k)) or sequence.ndim != 1:
        raise DataError(
            f"order must name each of the {k} studies once.",
            hint=f"give the numbers 0 to {k - 1} in the order in which the studies enter.",
        )
    return random_effects(
        yi,
        vi,
        method=method,
        interval=interval,
        level=level,
        prediction=prediction,
        mask=np.argsort(sequence) > np.arange(k)[:, None],
        weights=weights,
    )


@dataclass(frozen=True, slots=True)
class _Pool:
    """What needs the studies themselves; each array has shape (n,)."""

    k: FloatArray
    mu: FloatArray
    variance: FloatArray
    tau2: FloatArray
    se_tau2: FloatArray
    q: FloatArray
    q_weighted: FloatArray
    trace: FloatArray
    loglik: FloatArray


def _pool(studies: Studies, method: Method) -> _Pool:
    common = fit_means(studies.y, studies.v, np.zeros(studies.k.shape))
    q = over_all(common.residual, studies.y - common.mean)
    trace, _ = traces(common.w, common.total)
    tau2, se_tau2 = estimate_tau2(studies, method)
    fit = common if method == "CE" else fit_means(studies.y, studies.v, tau2)
    if method in ("CE", "ML", "REML"):
        loglik = log_likelihood(studies, tau2, restricted=method == "REML")
    else:
        loglik = np.full_like(tau2, np.nan)
    mean, variance = fit.mean[0], 1.0 / fit.total[0]
    if studies.weights is not None:
        mean, variance = _given_weights(studies, studies.weights, tau2)
    return _Pool(
        k=studies.k,
        mu=mean + studies.origin[0],
        variance=variance,
        tau2=tau2,
        se_tau2=se_tau2,
        q=q,
        q_weighted=over_all(fit.residual, studies.y - fit.mean),
        trace=trace,
        loglik=loglik,
    )


def _given_weights(
    studies: Studies, weights: FloatArray, tau2: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean with weights that aren't the inverse variances, and its variance."""
    share = weights / weights.sum(axis=0)
    spread = np.where(studies.v < np.inf, studies.v + tau2, 0.0)
    return over_all(share, studies.y), over_all(share, share, spread)


def _join(pools: list[_Pool]) -> _Pool:
    names = [field.name for field in fields(_Pool)]
    return _Pool(*(np.concatenate([getattr(pool, name) for pool in pools]) for name in names))


def _infer(
    pool: _Pool, method: Method, interval: Interval, prediction: Prediction, tail: float
) -> dict[str, FloatArray]:
    """Turn the sums into tests, intervals and measures of heterogeneity."""
    several = pool.k > 1
    # Stands in for a df of 0, where nothing that uses it is reported.
    df = np.where(several, pool.k - 1.0, 1.0)
    se = np.sqrt(pool.variance)
    hk_scale = np.full_like(se, np.nan)
    if interval.startswith("hartung-knapp"):
        hk_scale[several] = (pool.q_weighted / df)[several]
        least = 1.0 if interval == "hartung-knapp-floor" else 0.0
        se = se * np.sqrt(np.where(several, np.maximum(hk_scale, least), 1.0))
    t_df = np.where(several & (interval != "normal"), df, np.nan)
    critical = np.where(np.isnan(t_df), -special.ndtri(tail), t_quantile(t_df, tail))
    # Studies that agree exactly have a Hartung-Knapp standard error of zero.
    with np.errstate(divide="ignore", invalid="ignore"):
        statistic = pool.mu / se
    beyond = np.where(
        np.isnan(t_df), special.ndtr(-np.abs(statistic)), special.stdtr(t_df, -np.abs(statistic))
    )
    c = critical if prediction == "metafor" else t_quantile(pool.k - 2.0, tail)
    reach = np.where((pool.k > 2) & (method != "CE"), c * np.sqrt(pool.tau2 + se**2), np.nan)
    typical = np.where(several, df, np.nan) / np.where(several, pool.trace, 1.0)
    i2, h2 = shares(pool.q, pool.tau2, df=df, typical=typical, by_q=method == "CE")
    # Defined so for a single study.
    i2, h2 = np.where(several, i2, 0.0), np.where(several, h2, 1.0)
    return {
        "mu": pool.mu,
        "se": se,
        "statistic": statistic,
        "df": t_df,
        "p_value": 2.0 * beyond,
        "ci_low": pool.mu - critical * se,
        "ci_high": pool.mu + critical * se,
        "tau2": pool.tau2,
        "se_tau2": pool.se_tau2,
        "i2": i2,
        "h2": h2,
        "q": pool.q,
        "q_df": pool.k - 1.0,
        "q_p": np.where(several, special.chdtrc(df, pool.q), 1.0),
        "pi_low": pool.mu - reach,
        "pi_high": pool.mu + reach,
        "typical_variance": typical,
        "loglik": pool.loglik,
        "hk_scale": hk_scale,
    }


def _weights(inputs: Inputs, tau2: FloatArray) -> FloatArray:
    w = 1.0 / (inputs.vi + tau2[:, None]) if inputs.weights is None else inputs.weights.copy()
    w /= w.sum(axis=1, keepdims=True)
    return w[0] if inputs.single else w
