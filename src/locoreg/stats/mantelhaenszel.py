"""Mantel-Haenszel and Peto pools of counts: no study needs an effect of its own."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.stats.countpool import CountPool, chi_squared, complete_rows, count_pool
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
    whole = complete_rows(given)
    # A table without anybody in one group holds no comparison: its terms below are 0/0.
    a, b, c, d = (x[whole] for x in given)
    table = _both_groups(a, b, c, d)
    mu, se = _POOLS[measure](*table)
    own = two_by_two(measure, ai=a, bi=b, ci=c, di=d, zeros=zeros)
    test, tests = (np.nan, np.nan), NO_TESTS
    if measure == "OR":
        test = chi_squared(*hypergeometric(*table), continuity=continuity)
        tests = equal_odds(table, mu)
    double = ((a == 0) & (c == 0)) | ((b == 0) & (d == 0))
    return count_pool(
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
    whole = complete_rows(given)
    x1, t1, x2, t2 = (x[whole] for x in given)
    total = t1 + t2
    weight = t1 * t2 / total
    test = (np.nan, np.nan)
    if measure == "IRR":
        r, s = float(np.sum(x1 * (t2 / total))), float(np.sum(x2 * (t1 / total)))
        mu, se = _log_ratio(r, s, float(np.sum(weight / total * (x1 + x2))))
        events = x1 + x2
        variance = events * (t1 / total) * (t2 / total)
        test = chi_squared(x1 - events * (t1 / total), variance, continuity=continuity)
    else:
        spread = float(np.sum(x1 * (t2 / total) ** 2 + x2 * (t1 / total) ** 2))
        mu = float(np.sum(x1 * (t2 / total) - x2 * (t1 / total)) / np.sum(weight))
        se = float(np.sqrt(spread) / np.sum(weight)) if spread > 0 else float("nan")
    own = two_rates(measure, x1i=x1, t1i=t1, x2i=x2, t2i=t2, zeros=zeros)
    return count_pool(
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
    whole = complete_rows(given)
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
    return count_pool(
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
