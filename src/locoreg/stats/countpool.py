"""The result of pooling counts, and what Mantel-Haenszel and Peto pools share."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.effectmeasures.result import BoolArray, EffectMeasures, FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class CountPool:
    """A common effect pooled from counts.

    Attributes
    ----------
    method, measure : str
        ``Mantel-Haenszel`` or ``Peto``; OR, RR, RD, IRR or IRD.
    level : float
        Level of the interval in percent.
    k, k_effects : int
        Studies with complete counts, and those of them with an effect of their own, which Q is
        summed over.
    k_double_zero : int
        Studies without events, or with events only, in both groups. They carry no information on
        a ratio and are not among ``k_effects``.
    k_missing : int
        Studies with a missing count, which are left out.
    mu, se, statistic, p_value, ci_low, ci_high : float
        Pooled effect (logarithm for ratios), its standard error, normal test and interval; NaN
        where it can't be estimated.
    q, q_df, q_p, i2, h2 : float
        Heterogeneity of the studies' own effects around the pool; I2 in percent.
    test, test_df, test_p : float
        Cochran-Mantel-Haenszel chi-squared for OR, Mantel-Haenszel chi-squared for IRR; else NaN.
    corrected : bool
        Whether ``test`` has the continuity correction.
    breslow_day, tarone, tarone_df, tarone_p, breslow_day_p : float
        Tests of equal odds ratios, by Breslow and Day, and with Tarone's correction; OR only.
    """

    method: str
    measure: str
    level: float
    k: int
    k_effects: int
    k_double_zero: int
    k_missing: int
    mu: float
    se: float
    statistic: float
    p_value: float
    ci_low: float
    ci_high: float
    q: float
    q_df: float
    q_p: float
    i2: float
    h2: float
    test: float
    test_df: float
    test_p: float
    corrected: bool
    breslow_day: float
    breslow_day_p: float
    tarone: float
    tarone_df: float
    tarone_p: float


def complete_rows(given: tuple[FloatArray, ...]) -> BoolArray:
    """Return which studies have all their counts.

    Parameters
    ----------
    given : tuple of ndarray of float, shape (k,)
        Columns; NaN where missing.

    Returns
    -------
    ndarray of bool, shape (k,)

    Raises
    ------
    DataError
        If there is none.
    """
    whole = ~np.isnan(given).any(axis=0)
    if not whole.any():
        raise DataError("no study has all its counts.", hint="give the counts of one or more.")
    return np.asarray(whole)


def chi_squared(
    difference: FloatArray, variance: FloatArray, *, continuity: bool
) -> tuple[float, float]:
    """Test a sum of observed less expected counts.

    Parameters
    ----------
    difference, variance : ndarray of float, shape (k,)
        O - E of each study and its variance; studies without a finite variance are passed over.
    continuity : bool
        Whether 1/2 is taken off the distance.

    Returns
    -------
    tuple of float
        Chi-squared on one degree of freedom and its p-value; NaN without variance.
    """
    known = np.isfinite(variance)
    spread = float(np.sum(variance[known]))
    if spread <= 0:
        return float("nan"), float("nan")
    distance = abs(float(np.sum(difference[known])))
    if continuity:
        # As Mantel and Haenszel wrote it, also where the distance is below the correction.
        distance -= 0.5
    chi2 = distance**2 / spread
    return chi2, float(special.chdtrc(1, chi2))


def count_pool(
    method: str,
    measure: str,
    fit: tuple[float, float],
    own: EffectMeasures,
    *,
    level: float,
    tail: float,
    counts: tuple[int, int, int],
    test: tuple[float, float],
    continuity: bool,
    tests: dict[str, float],
) -> CountPool:
    """Add test, interval and heterogeneity to a pooled effect.

    Parameters
    ----------
    method, measure : str
        Names for the result.
    fit : tuple of float
        Pooled effect and standard error.
    own : EffectMeasures
        The studies' own effects, for Q.
    level, tail : float
        Level of the interval in percent, and the probability beyond each limit.
    counts : tuple of int
        Complete studies, those of them without events (or with events only) in both groups, and
        studies with a missing count.
    test : tuple of float
        Chi-squared test of the effect and its p-value.
    continuity : bool
        Whether that has the continuity correction.
    tests : dict of str to float
        Tests of equal odds ratios.

    Returns
    -------
    CountPool
        The pool.
    """
    mu, se = fit
    z = -float(special.ndtri(tail))
    known = (own.omitted == 0) & (np.nan_to_num(own.vi) > 0)
    k = int(known.sum())
    # One study has nothing to differ from.
    q, q_p, i2, h2 = 0.0, 1.0, 0.0, 1.0
    if k > 1:
        q = float(np.sum((own.yi[known] - mu) ** 2 / own.vi[known]))
        q_p = float(special.chdtrc(k - 1, q))
        i2 = 100 * max(0.0, q - (k - 1)) / q if q > 0 else 0.0 * q
        h2 = q / (k - 1)
    statistic = mu / se if np.isfinite(se) and se > 0 else float("nan")
    return CountPool(
        method=method,
        measure=measure,
        level=float(level),
        k=counts[0],
        k_effects=k,
        k_double_zero=counts[1],
        k_missing=counts[2],
        mu=mu,
        se=se,
        statistic=statistic,
        p_value=float(2 * special.ndtr(-abs(statistic))),
        ci_low=mu - z * se,
        ci_high=mu + z * se,
        q=q,
        q_df=float(max(k - 1, 0)),
        q_p=q_p,
        i2=i2,
        h2=h2,
        test=float(test[0]),
        test_df=1.0 if np.isfinite(test[0]) else float("nan"),
        test_p=float(test[1]),
        corrected=continuity,
        **tests,
    )
