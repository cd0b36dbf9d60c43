"""Effects that a report prints: with a standard error, with an interval, as O - E and V."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.stats.effectmeasures.result import (
    EffectMeasures,
    columns,
    effects,
    require,
    require_positive,
)
from locoreg.stats.studies import check_level


def with_variance(measure: str, *, yi: ArrayLike, vi: ArrayLike) -> EffectMeasures:
    """Return effects that come with their variances on the analysis scale.

    Parameters
    ----------
    measure : str
        Name of what was measured.
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.

    Returns
    -------
    EffectMeasures
        The same numbers.

    Raises
    ------
    DataError
        If a variance is not positive.
    """
    given = columns(yi=yi, vi=vi)
    require(np.isfinite(given[0]), given[0], "yi", "not finite", "give a number.")
    require_positive("vi holds squared standard errors.", vi=given[1])
    return effects(measure, given[0], given[1], given)


def with_standard_error(measure: str, *, yi: ArrayLike, sei: ArrayLike) -> EffectMeasures:
    """Return effects that come with their standard errors on the analysis scale.

    Parameters
    ----------
    measure : str
        Name of what was measured.
    yi, sei : array_like, shape (k,)
        Effects and standard errors.

    Returns
    -------
    EffectMeasures
        The same effects with the errors squared.

    Raises
    ------
    DataError
        If a standard error is not positive.
    """
    y, se = columns(yi=yi, sei=sei)
    require(np.isfinite(y), y, "yi", "not finite", "give a number.")
    require_positive("a standard error is above 0.", sei=se)
    return effects(measure, y, se**2, (y, se))


def ratio_with_interval(
    measure: str, *, est: ArrayLike, ci_low: ArrayLike, ci_high: ArrayLike, ci_level: float
) -> EffectMeasures:
    """Return logarithms of ratios that are printed with an interval.

    Parameters
    ----------
    measure : str
        Name of the ratio: HR, OR, RR.
    est, ci_low, ci_high : array_like, shape (k,)
        Ratio and limits, on the natural scale.
    ci_level : float
        Level of the printed intervals in percent.

    Returns
    -------
    EffectMeasures
        The standard error is the width of the interval on the log scale over twice the normal
        quantile (Parmar 1998).

    Raises
    ------
    DataError
        If a number is not positive or the ratio lies outside its interval.

    References
    ----------
    Parmar MKB, Torri V, Stewart L (1998). Statistics in Medicine 17:2815-2834.
    """
    z = -float(special.ndtri(check_level(ci_level)))
    given = columns(est=est, ci_low=ci_low, ci_high=ci_high)
    mid, low, high = given
    require_positive("ratios and their limits are above 0.", est=mid, ci_low=low, ci_high=high)
    require(~(low >= high), low, "ci_low", "not below ci_high", "look at the printed limits.")
    require(
        ~((mid < low) | (mid > high)),
        mid,
        "est",
        "outside its interval",
        "look at the printed numbers.",
    )
    se = (np.log(high) - np.log(low)) / (2 * z)
    return effects(measure, np.log(mid), se**2, given)


def observed_minus_expected(
    measure: str, *, o_minus_e: ArrayLike, variance: ArrayLike
) -> EffectMeasures:
    """Return log ratios from a log-rank O - E and its variance.

    Parameters
    ----------
    measure : str
        Name of the ratio: HR for a log-rank test.
    o_minus_e, variance : array_like, shape (k,)
        Observed less expected events of group 1, and the variance V.

    Returns
    -------
    EffectMeasures
        (O - E)/V with variance 1/V (Yusuf 1985).

    Raises
    ------
    DataError
        If a variance is not positive.
    """
    given = columns(o_minus_e=o_minus_e, variance=variance)
    require(np.isfinite(given[0]), given[0], "o_minus_e", "not finite", "give a number.")
    require_positive("V is a variance.", variance=given[1])
    return effects(measure, given[0] / given[1], 1 / given[1], given)
