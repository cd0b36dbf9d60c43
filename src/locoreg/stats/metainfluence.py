"""How much one study moves a meta-analysis: deletion diagnostics."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.randomeffects import Interval, leave_one_out, random_effects
from locoreg.stats.studentquantile import t_quantile
from locoreg.stats.studies import BoolArray, FloatArray, check_level
from locoreg.stats.tau2 import Method, others


@dataclass(frozen=True, slots=True, kw_only=True)
class MetaInfluence:
    """What a pool would be without each study, and how far each study lies from the others.

    Arrays have shape (k,), in the order of the studies. All use the inverse-variance standard
    error, whatever interval the pool itself is given: a rescaled one would mix the size of a
    study's influence with the scatter of the others.

    Attributes
    ----------
    method : str
        Estimator of tau2.
    mu, se, tau2 : float
        The pool of all studies.
    mu_deleted, se_deleted, tau2_deleted : ndarray of float
        The pools without each study.
    hat : ndarray of float
        Weights that sum to 1.
    residual : ndarray of float
        Externally standardised residual: distance of a study from the pool of the others, in
        standard errors of that distance.
    dffits : ndarray of float
        Change of the study's fitted value, in its standard errors.
    cook : ndarray of float
        Cook's distance: square of the change of the pooled effect, in its standard errors.
    cov_ratio : ndarray of float
        Variance of the pooled effect without the study over that with it; below 1 the study makes
        the pool less certain.
    dfbetas : ndarray of float
        Change of the pooled effect, in standard errors under the tau2 of the others.
    q_deleted : ndarray of float
        Cochran's Q of the others.
    raw, raw_se, standardised : ndarray of float
        Distance of a study from the pool of all, its standard error, and their ratio: the
        internally standardised residual.
    heterogeneity, influence : ndarray of float
        Coordinates of a Baujat plot: squared distance from the pool over v + tau2, which sums to Q
        for CE; and the squared change of the pooled effect over its variance without the study.
    flagged : ndarray of bool
        Whether a study is influential by the usual marks: the absolute dffits above
        3 sqrt(1/(k - 1)), the chi-squared probability with 1 df up to Cook's distance above a
        half, a hat value above 3/k, or absolute dfbetas above 1.
    """

    method: Method
    mu: float
    se: float
    tau2: float
    mu_deleted: FloatArray
    se_deleted: FloatArray
    tau2_deleted: FloatArray
    hat: FloatArray
    residual: FloatArray
    dffits: FloatArray
    cook: FloatArray
    cov_ratio: FloatArray
    dfbetas: FloatArray
    q_deleted: FloatArray
    raw: FloatArray
    raw_se: FloatArray
    standardised: FloatArray
    heterogeneity: FloatArray
    influence: FloatArray
    flagged: BoolArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ShrunkenEffects:
    """Best linear unbiased predictions of the studies' true effects.

    Attributes
    ----------
    method, interval : str
        The options that gave the numbers.
    level : float
        Level of the limits in percent.
    pred, se, low, high : ndarray of float, shape (k,)
        Predicted true effects, standard errors and limits, tau2 taken as known.
    shrinkage : ndarray of float, shape (k,)
        Share of the study's own effect in its prediction; the rest is the pool's.
    """

    method: Method
    interval: Interval
    level: float
    pred: FloatArray
    se: FloatArray
    low: FloatArray
    high: FloatArray
    shrinkage: FloatArray


def meta_influence(yi: ArrayLike, vi: ArrayLike, *, method: Method) -> MetaInfluence:
    """Return deletion diagnostics of a meta-analysis without moderators.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects on the scale on which they are pooled, and sampling variances, of at least three
        studies.
    method : {"CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM"}
        Estimator of tau2, anew for each set of studies.

    Returns
    -------
    MetaInfluence
        One value per study.

    Raises
    ------
    DataError
        If there are fewer than three studies or the numbers can't be used.

    References
    ----------
    Viechtbauer W, Cheung MW-L (2010). Outlier and influence diagnostics for meta-analysis.
    Research Synthesis Methods 1:112-125. doi:10.1002/jrsm.11
    """
    y, v = np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64)
    if y.ndim != 1 or y.size < 3:
        raise DataError(
            "influence needs three studies or more: without one of two nothing is pooled.",
            hint="read the studies themselves.",
        )
    whole = random_effects(y, v, method=method, interval="normal", level=95.0, prediction="riley")
    less = leave_one_out(y, v, method=method, interval="normal", level=95.0, prediction="riley")
    mu, se, tau2 = float(whole.mu), float(whole.se), float(whole.tau2)
    hat = np.asarray(whole.weights, dtype=np.float64)
    change = mu - less.mu
    # Spread of the pool of all studies if the between-study variance were that of the others.
    under_others = 1.0 / np.sum(1.0 / (v[None, :] + less.tau2[:, None]), axis=1)
    raw = y - mu
    # What is left of 1 - hat, summed over the others and so without cancellation.
    w = 1.0 / (v + tau2)
    raw_se = np.sqrt((v + tau2) * others(w) / w.sum())
    dffits = change / np.sqrt(hat * (less.tau2 + v))
    cook = change**2 / se**2
    dfbetas = change / np.sqrt(under_others)
    flagged = (np.abs(dffits) > 3.0 * np.sqrt(1.0 / (y.size - 1.0))) | (hat > 3.0 / y.size)
    flagged |= (special.chdtr(1.0, cook) > 0.5) | (np.abs(dfbetas) > 1.0)
    return MetaInfluence(
        method=method,
        mu=mu,
        se=se,
        tau2=tau2,
        mu_deleted=less.mu,
        se_deleted=less.se,
        tau2_deleted=less.tau2,
        hat=hat,
        residual=(y - less.mu) / np.sqrt(v + less.tau2 + less.se**2),
        dffits=dffits,
        cook=cook,
        cov_ratio=less.se**2 / se**2,
        dfbetas=dfbetas,
        q_deleted=less.q,
        raw=raw,
        raw_se=raw_se,
        standardised=raw / raw_se,
        heterogeneity=raw**2 / (v + tau2),
        influence=change**2 / less.se**2,
        flagged=flagged,
    )


def shrunken_effects(
    yi: ArrayLike, vi: ArrayLike, *, method: Method, interval: Interval, level: float
) -> ShrunkenEffects:
    """Predict the studies' true effects: each between its own number and the pool.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    method : str
        Estimator of tau2; CE and GENQ have no part in this.
    interval : {"normal", "t", "hartung-knapp", "hartung-knapp-floor"}
        Quantile of the limits and standard error of the pool.
    level : float
        Level of the limits in percent.

    Returns
    -------
    ShrunkenEffects
        One prediction per study.

    Raises
    ------
    DataError
        If the model has one true effect for all, or the numbers can't be used.

    References
    ----------
    Raudenbush SW, Bryk AS (1985). J Educational Statistics 10:75-98.
    """
    if method == "CE":
        raise DataError(
            "Under the common-effect model every study has the pool's true effect.",
            hint="use a random-effects method.",
        )
    y, v = np.asarray(yi, dtype=np.float64), np.asarray(vi, dtype=np.float64)
    if y.ndim != 1:
        raise DataError("yi and vi must have one dimension here.", hint="give one meta-analysis.")
    pool = random_effects(y, v, method=method, interval=interval, level=level, prediction="metafor")
    tau2, mu = float(pool.tau2), float(pool.mu)
    share = tau2 / (tau2 + v)
    pred = mu + share * (y - mu)
    se = np.sqrt(share * v + (1.0 - share) ** 2 * float(pool.se) ** 2)
    tail = check_level(level)
    normal = bool(np.isnan(pool.df))
    critical = float(-special.ndtri(tail) if normal else t_quantile(pool.df, tail))
    return ShrunkenEffects(
        method=method,
        interval=interval,
        level=float(level),
        pred=pred,
        se=se,
        low=pred - critical * se,
        high=pred + critical * se,
        shrinkage=share,
    )
