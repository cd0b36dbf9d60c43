"""Intervals for the between-study variance, and tests of differences between subgroups."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.likelihood import fit_means, traces
from locoreg.stats.studies import (
    BoolArray,
    FloatArray,
    Studies,
    check_inputs,
    check_level,
    check_option,
    lay_out,
)
from locoreg.stats.tau2 import (
    Method,
    check_method,
    check_weights,
    estimate_tau2,
    q_statistic,
    solve_q,
)

SharedTau2 = Literal["separate", "common"]
SHARED_TAU2: tuple[SharedTau2, ...] = ("separate", "common")


@dataclass(frozen=True, slots=True, kw_only=True)
class QProfile:
    """Q-profile intervals for the heterogeneity.

    Arrays have shape () for one meta-analysis and (n,) for n of them; all floats are NaN for a
    single study.

    Attributes
    ----------
    level : float
        Level in percent.
    tau2_low, tau2_high : ndarray of float
        Limits of the between-study variance.
    i2_low, i2_high, h2_low, h2_high : ndarray of float
        The same limits as I2 (percent) and H2, given the typical variance.
    typical_variance : ndarray of float
        Higgins and Thompson's typical within-study variance.
    low_at_zero : ndarray of bool
        Whether the lower limit was cut off at 0.
    empty : ndarray of bool
        Whether no tau2 >= 0 is in the interval, because the studies agree better than chance
        allows; both limits are then 0.
    """

    level: float
    tau2_low: FloatArray
    tau2_high: FloatArray
    i2_low: FloatArray
    i2_high: FloatArray
    h2_low: FloatArray
    h2_high: FloatArray
    typical_variance: FloatArray
    low_at_zero: NDArray[np.bool_]
    empty: NDArray[np.bool_]


@dataclass(frozen=True, slots=True, kw_only=True)
class SubgroupTest:
    """Pooled effects by subgroup and the test of their equality.

    Attributes
    ----------
    method, tau2_by : str
        The estimator of tau2, and whether it was "separate" or "common".
    groups : ndarray, shape (g,)
        Labels of the subgroups, sorted.
    k : ndarray of int, shape (g,)
        Studies in each.
    mu, se : ndarray of float, shape (g,)
        Pooled effects and standard errors.
    tau2 : ndarray of float, shape (g,)
        Between-study variance used in each: equal throughout if common.
    q_between, df, p_value : float
        Chi-squared test of equal subgroup effects with g - 1 df.
    """

    method: Method
    tau2_by: SharedTau2
    groups: NDArray[np.generic]
    k: NDArray[np.int64]
    mu: FloatArray
    se: FloatArray
    tau2: FloatArray
    q_between: float
    df: int
    p_value: float


def q_profile(
    yi: ArrayLike, vi: ArrayLike, *, level: float, mask: ArrayLike | None = None
) -> QProfile:
    """Confidence interval for tau2 by inverting the generalised Q statistic.

    Parameters
    ----------
    yi, vi : array_like, shape (k,) or (n, k)
        Effects and sampling variances.
    level : float
        Level in percent.
    mask : array_like of bool, optional
        True marks an absent study; see `random_effects`.

    Returns
    -------
    QProfile
        The limits. They don't depend on any estimate of tau2.

    Raises
    ------
    DataError
        If the numbers can't be used.

    References
    ----------
    Viechtbauer W (2007). Statistics in Medicine 26:37-52.
    Higgins JPT, Thompson SG (2002). Statistics in Medicine 21:1539-1558 (typical variance).
    """
    tail = check_level(level)
    inputs = check_inputs(yi, vi, mask)
    parts = [_profile(studies, tail) for studies in inputs.chunks()]
    low = np.concatenate([part[0] for part in parts])
    high = np.concatenate([part[1] for part in parts])
    typical = np.concatenate([part[2] for part in parts])
    empty = np.concatenate([part[3] for part in parts])
    shape = () if inputs.single else low.shape
    return QProfile(
        level=float(level),
        tau2_low=low.reshape(shape),
        tau2_high=high.reshape(shape),
        i2_low=(100.0 * low / (low + typical)).reshape(shape),
        i2_high=(100.0 * high / (high + typical)).reshape(shape),
        h2_low=(1.0 + low / typical).reshape(shape),
        h2_high=(1.0 + high / typical).reshape(shape),
        typical_variance=typical.reshape(shape),
        low_at_zero=(low == 0.0).reshape(shape),
        empty=empty.reshape(shape),
    )


def _profile(studies: Studies, tail: float) -> tuple[FloatArray, FloatArray, FloatArray, BoolArray]:
    zero = np.zeros(studies.k.shape)
    several = studies.df > 0
    df = np.maximum(studies.df, 1.0)
    most = np.asarray(special.chdtri(df, tail), dtype=np.float64)
    least = np.asarray(special.chdtri(df, 1.0 - tail), dtype=np.float64)
    fit = fit_means(studies.y, studies.v, zero)
    trace, _ = traces(fit.w, fit.total)
    typical = np.where(several, df / np.where(several, trace, 1.0), np.nan)
    low = np.where(several, solve_q(studies, most), np.nan)
    high = np.where(several, solve_q(studies, least), np.nan)
    return low, high, typical, several & (q_statistic(studies, zero) < least)


def subgroup_test(
    yi: ArrayLike, vi: ArrayLike, group: ArrayLike, *, method: Method, tau2: SharedTau2
) -> SubgroupTest:
    """Pool by subgroup and test whether the pooled effects differ.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    group : array_like, shape (k,)
        Subgroup of each study.
    method : {"CE", "DL", "HE", "HS", "HSk", "SJ", "ML", "REML", "EB", "PM", "PMM"}
        Estimator of tau2.
    tau2 : {"separate", "common"}
        One between-study variance for each subgroup, or one for all, estimated from the residual
        heterogeneity around the subgroups' means.

    Returns
    -------
    SubgroupTest
        Effects by subgroup and the test. Standard errors are the normal-theory ones: the
        Hartung-Knapp factor has no part in a chi-squared test.

    Raises
    ------
    DataError
        If there are fewer than two subgroups, or a common tau2 is asked for and every study is a
        subgroup of its own.

    References
    ----------
    Borenstein M, Higgins JPT (2013). Prevention Science 14:134-143.
    """
    check_method(method)
    check_weights(method, None)
    check_option("tau2", tau2, SHARED_TAU2)
    inputs = check_inputs(yi, vi, None)
    labels = np.asarray(group)
    if not inputs.single or labels.shape != inputs.yi.shape[1:]:
        raise DataError(
            f"group has shape {labels.shape}, but yi is {np.shape(yi)}.",
            hint="give one-dimensional yi and vi and one label for each study.",
        )
    groups, member, sizes = np.unique(labels, return_inverse=True, return_counts=True)
    if groups.size < 2:
        raise DataError("A test between subgroups needs two or more.", hint="check the labels.")
    if tau2 == "common" and groups.size == labels.size:
        raise DataError(
            "A common tau2 can't be estimated: each study is a subgroup of its own.",
            hint="join subgroups.",
        )
    y = np.zeros((int(sizes.max()), groups.size))
    v = np.full_like(y, np.inf)
    for g in range(groups.size):
        y[: sizes[g], g], v[: sizes[g], g] = inputs.yi[0, member == g], inputs.vi[0, member == g]
    # Subgroups are blocks of one analysis if they share tau2, analyses of their own if not.
    shape = (y.shape[0], 1, groups.size) if tau2 == "separate" else (*y.shape, 1)
    studies = lay_out(y.reshape(shape), v.reshape(shape))
    estimate, _ = estimate_tau2(studies, method)
    fit = fit_means(studies.y, studies.v, estimate)
    mu, total = (fit.mean + studies.origin).ravel(), fit.total.ravel()
    between = mu - total @ mu / total.sum()
    q_between = float(total @ between**2)
    return SubgroupTest(
        method=method,
        tau2_by=tau2,
        groups=groups,
        k=sizes.astype(np.int64),
        mu=mu,
        se=1.0 / np.sqrt(total),
        tau2=np.broadcast_to(estimate, mu.shape).copy(),
        q_between=q_between,
        df=int(groups.size - 1),
        p_value=float(special.chdtrc(groups.size - 1, q_between)),
    )
