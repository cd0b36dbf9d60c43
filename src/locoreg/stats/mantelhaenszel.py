"""Mantel-Haenszel and Peto pools of counts: no study needs an effect of its own."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.core.errors import DataError
from locoreg.stats.effectmeasures.persontime import two_rates
from locoreg.stats.effectmeasures.result import (
    EffectMeasures,
    FloatArray,
    ZeroCells,
    columns,
    require_counts,
    require_positive,
)
from locoreg.stats.effectmeasures.twobytwo import hypergeometric, two_by_two
from locoreg.stats.equalodds import NO_TESTS, equal_odds
from locoreg.stats.studies import check_level, check_option

CountMeasure = Literal["OR", "RR", "RD"]
RateMeasure = Literal["IRR", "IRD"]
COUNT_MEASURES: tuple[CountMeasure, ...] = ("OR", "RR", "RD")
RATE_MEASURES: tuple[RateMeasure, ...] = ("IRR", "IRD")


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


def mantel_haenszel(
    measure: CountMeasure,
    *,
    ai: ArrayLike,
    bi: ArrayLike,
    ci: ArrayLike,
    di: ArrayLike,
    level: float,
    continuity: bool,
    zeros: ZeroCells,
) -> CountPool:
    """Pool 2x2 tables by Mantel and Haenszel's method.

    Parameters
    ----------
    measure : {"OR", "RR", "RD"}
        Odds ratio, risk ratio (both as logarithms) or risk difference.
    ai, bi, ci, di : array_like, shape (k,)
        Events and non-events of group 1, then of group 2. Nothing is added to zero cells.
    level : float
        Level of the interval in percent.
    continuity : bool
        Whether the Cochran-Mantel-Haenszel statistic has the continuity correction of 1/2.
    zeros : ZeroCells
        For the studies' own effects in Q only.

    Returns
    -------
    CountPool
        The pool with tests of the effect and of heterogeneity.

    Raises
    ------
    DataError
        If a count is negative or no table is complete.

    References
    ----------
    Mantel N, Haenszel W (1959). JNCI 22:719-748.
    Robins J, Breslow N, Greenland S (1986). Biometrics 42:311-323 (variance, OR).
    Greenland S, Robins JM (1985). Biometrics 41:55-68 (variance, RR).
    Sato T, Greenland S, Robins JM (1989). Biometrics 45:1323-1324 (variance, RD).
    Breslow NE, Day NE (1980). Statistical methods in cancer research I. IARC.
    Tarone RE (1985). Biometrika 72:91-95. doi:10.1093/biomet/72.1.91
    """
    check_option("measure", measure, COUNT_MEASURES)
    tail = check_level(level)
    given = columns(ai=ai, bi=bi, ci=ci, di=di)
    require_counts(ai=given[0], bi=given[1], ci=given[2], di=given[3])
    whole = _complete(given)
    # A table without anybody in one group holds no comparison: its terms below are 0/0.
    a, b, c, d = (x[whole] for x in given)
    table = _both_groups(a, b, c, d)
    mu, se = _POOLS[measure](*table)
    own = two_by_two(measure, ai=a, bi=b, ci=c, di=d, zeros=zeros)
    test, tests = (np.nan, np.nan), NO_TESTS
    if measure == "OR":
        test = _chi_squared(*hypergeometric(*table), continuity=continuity)
        tests = equal_odds(table, mu)
    double = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    return _pool(
        "Mantel-Haenszel",
        measure,
        (mu, se),
        own,
        level=level,
        tail=tail,
        counts=(int(whole.sum()), int(double.sum()), int((~whole).sum())),
        test=test,
        continuity=continuity,
        tests=tests,
    )


def mantel_haenszel_rates(
    measure: RateMeasure,
    *,
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    level: float,
    continuity: bool,
    zeros: ZeroCells,
) -> CountPool:
    """Pool event rates by Mantel and Haenszel's method.

    Parameters
    ----------
    measure : {"IRR", "IRD"}
        Log incidence rate ratio, or difference of rates.
    x1i, t1i, x2i, t2i : array_like, shape (k,)
        Events and person-time of both groups.
    level : float
        Level of the interval in percent.
    continuity : bool
        Whether the Mantel-Haenszel statistic of IRR has the continuity correction of 1/2.
    zeros : ZeroCells
        For the studies' own effects in Q only.

    Returns
    -------
    CountPool
        The pool with tests of the effect and of heterogeneity.

    Raises
    ------
    DataError
        If a count is negative, a person-time not positive, or no study complete.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL (2008). Modern Epidemiology, 3rd ed., chapter 15.
    """
    check_option("measure", measure, RATE_MEASURES)
    tail = check_level(level)
    given = columns(x1i=x1i, t1i=t1i, x2i=x2i, t2i=t2i)
    require_counts(x1i=given[0], x2i=given[2])
    require_positive("person-time is above 0.", t1i=given[1], t2i=given[3])
    whole = _complete(given)
    x1, t1, x2, t2 = (x[whole] for x in given)
    total = t1 + t2
    weight = t1 * t2 / total
    test = (np.nan, np.nan)
    if measure == "IRR":
        r, s = float(np.sum(x1 * (t2 / total))), float(np.sum(x2 * (t1 / total)))
        mu, se = _log_ratio(r, s, float(np.sum(weight / total * (x1 + x2))))
        events = x1 + x2
        variance = events * (t1 / total) * (t2 / total)
        test = _chi_squared(x1 - events * (t1 / total), variance, continuity=continuity)
    else:
        spread = float(np.sum(x1 * (t2 / total) ** 2 + x2 * (t1 / total) ** 2))
        mu = float(np.sum(x1 * (t2 / total) - x2 * (t1 / total)) / np.sum(weight))
        se = float(np.sqrt(spread) / np.sum(weight)) if spread > 0 else float("nan")
    own = two_rates(measure, x1i=x1, t1i=t1, x2i=x2, t2i=t2, zeros=zeros)
    return _pool(
        "Mantel-Haenszel",
        measure,
        (mu, se),
        own,
        level=level,
        tail=tail,
        counts=(int(whole.sum()), int(((x1 == 0) & (x2 == 0)).sum()), int((~whole).sum())),
        test=test,
        continuity=continuity,
        tests=NO_TESTS,
    )


def peto(*, ai: ArrayLike, bi: ArrayLike, ci: ArrayLike, di: ArrayLike, level: float) -> CountPool:
    """Pool 2x2 tables by Peto's one-step method.

    Parameters
    ----------
    ai, bi, ci, di : array_like, shape (k,)
        Events and non-events of group 1, then of group 2. Nothing is added to zero cells.
    level : float
        Level of the interval in percent.

    Returns
    -------
    CountPool
        Log odds ratio sum(O - E)/sum(V). It is biased where groups are of very unequal size or
        the effect is large (Greenland & Salvan 1990).

    Raises
    ------
    DataError
        If a count is negative or no table is complete.

    References
    ----------
    Yusuf S et al. (1985). Progress in Cardiovascular Diseases 27:335-371.
    Greenland S, Salvan A (1990). Statistics in Medicine 9:247-252. doi:10.1002/sim.4780090307
    """
    tail = check_level(level)
    given = columns(ai=ai, bi=bi, ci=ci, di=di)
    require_counts(ai=given[0], bi=given[1], ci=given[2], di=given[3])
    whole = _complete(given)
    a, b, c, d = (x[whole] for x in given)
    with np.errstate(divide="ignore", invalid="ignore"):
        difference, variance = hypergeometric(a, b, c, d)
        informative = variance > 0
        total = float(np.sum(variance[informative]))
        own = EffectMeasures(
            measure="PETO",
            yi=np.where(informative, difference / variance, np.nan),
            vi=np.where(informative, 1 / variance, np.nan),
            omitted=np.where(informative, 0, 2).astype(np.int8),
            corrected=np.zeros(a.shape, dtype=np.bool_),
        )
    mu, se = float("nan"), float("nan")
    if total > 0:
        mu, se = float(np.sum(difference[informative])) / total, total**-0.5
    double = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    return _pool(
        "Peto",
        "OR",
        (mu, se),
        own,
        level=level,
        tail=tail,
        counts=(int(whole.sum()), int(double.sum()), int((~whole).sum())),
        test=(np.nan, np.nan),
        continuity=False,
        tests=NO_TESTS,
    )


def _complete(given: tuple[FloatArray, ...]) -> np.ndarray:
    whole = ~np.isnan(given).any(axis=0)
    if not whole.any():
        raise DataError("no study has all its counts.", hint="give the counts of one or more.")
    return np.asarray(whole)


def _both_groups(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray
) -> tuple[FloatArray, ...]:
    kept = (a + b > 0) & (c + d > 0)
    return tuple(x[kept] for x in (a, b, c, d))


def _log_ratio(r: float, s: float, numerator: float) -> tuple[float, float]:
    """Return log(r/s) and the root of numerator/(rs); NaN if one sum is 0."""
    if r <= 0 or s <= 0:
        return float("nan"), float("nan")
    return float(np.log(r) - np.log(s)), float(np.sqrt(numerator / (r * s)))


def _odds_ratio(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[float, float]:
    n = a + b + c + d
    r, s = a * d / n, b * c / n
    p, q = (a + d) / n, (b + c) / n
    sum_r, sum_s = float(r.sum()), float(s.sum())
    if sum_r <= 0 or sum_s <= 0:
        return float("nan"), float("nan")
    variance = (
        np.sum(p * r) / (2 * sum_r**2)
        + np.sum(p * s + q * r) / (2 * sum_r * sum_s)
        + np.sum(q * s) / (2 * sum_s**2)
    )
    return float(np.log(sum_r) - np.log(sum_s)), float(np.sqrt(variance))


def _risk_ratio(a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray) -> tuple[float, float]:
    n1, n2 = a + b, c + d
    n = n1 + n2
    spread = float(np.sum(n1 / n * (n2 / n) * (a + c) - a * c / n))
    return _log_ratio(float(np.sum(a * n2 / n)), float(np.sum(c * n1 / n)), spread)


def _risk_difference(
    a: FloatArray, b: FloatArray, c: FloatArray, d: FloatArray
) -> tuple[float, float]:
    n1, n2 = a + b, c + d
    n = n1 + n2
    weight = float(np.sum(n1 * n2 / n))
    if weight <= 0:
        return float("nan"), float("nan")
    mu = float(np.sum((a * n2 - c * n1) / n)) / weight
    p = np.sum(c * (n1 / n) ** 2 - a * (n2 / n) ** 2 + n1 / n * (n2 / n) * (n2 - n1) / 2)
    q = np.sum(a * (n2 - c) / n + c * (n1 - a) / n) / 2
    variance = float(mu * p + q) / weight**2
    return mu, float(np.sqrt(variance)) if variance > 0 else float("nan")


_POOLS = {"OR": _odds_ratio, "RR": _risk_ratio, "RD": _risk_difference}


def _chi_squared(
    difference: FloatArray, variance: FloatArray, *, continuity: bool
) -> tuple[float, float]:
    """Chi-squared on one degree of freedom of a sum of O - E; NaN without variance."""
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


def _pool(
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
