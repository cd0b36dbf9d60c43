"""Measures of events over person-time, of two groups or one."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from locoreg.stats.effectmeasures.result import (
    EffectMeasures,
    FloatArray,
    ZeroCells,
    columns,
    effects,
    missing_rows,
    require_counts,
    require_positive,
)
from locoreg.stats.effectmeasures.twobytwo import corrected_rows
from locoreg.stats.studies import check_option

TwoRates = Literal["IRR", "IRD", "IRSD"]
TWO_RATES: tuple[TwoRates, ...] = ("IRR", "IRD", "IRSD")
OneRate = Literal["IR", "IRLN", "IRS", "IRFT"]
ONE_RATE: tuple[OneRate, ...] = ("IR", "IRLN", "IRS", "IRFT")
_TIME = "person-time is above 0."


def two_rates(
    measure: TwoRates,
    *,
    x1i: ArrayLike,
    t1i: ArrayLike,
    x2i: ArrayLike,
    t2i: ArrayLike,
    zeros: ZeroCells,
) -> EffectMeasures:
    """Return effects of two event rates, group 1 against group 2.

    Parameters
    ----------
    measure : {"IRR", "IRD", "IRSD"}
        Log of the incidence rate ratio, difference of rates, difference of their square roots.
    x1i, x2i : array_like, shape (k,)
        Events.
    t1i, t2i : array_like, shape (k,)
        Person-time.
    zeros : ZeroCells
        What is done about groups without events; the constant is added to events only.

    Returns
    -------
    EffectMeasures
        Variances under Poisson counts.

    Raises
    ------
    DataError
        If an event count is negative or a person-time not positive.

    References
    ----------
    Rothman KJ, Greenland S, Lash TL (2008). Modern Epidemiology, 3rd ed., chapter 14.
    """
    check_option("measure", measure, TWO_RATES)
    given = columns(x1i=x1i, t1i=t1i, x2i=x2i, t2i=t2i)
    x1, t1, x2, t2 = given
    require_counts(x1i=x1, x2i=x2)
    require_positive(_TIME, t1i=t1, t2i=t2)
    none = np.zeros(x1.shape, dtype=np.bool_)
    dropped = (x1 == 0) & (x2 == 0) if zeros.drop00 else none
    add = zeros.constant(measure)
    with_zero = ((x1 == 0) | (x2 == 0)) & ~dropped
    corrected = corrected_rows(zeros, add, with_zero, missing_rows(given))
    plus = np.where(corrected, add, 0.0)
    x1, x2 = x1 + plus, x2 + plus
    r1, r2 = x1 / t1, x2 / t2
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "IRR":
            y, v = np.log(r1) - np.log(r2), 1 / x1 + 1 / x2
        elif measure == "IRD":
            y, v = r1 - r2, r1 / t1 + r2 / t2
        else:
            y, v = np.sqrt(r1) - np.sqrt(r2), 1 / (4 * t1) + 1 / (4 * t2)
    return effects(measure, y, v, given, corrected=corrected, dropped=dropped)


def one_rate(measure: OneRate, *, xi: ArrayLike, ti: ArrayLike, zeros: ZeroCells) -> EffectMeasures:
    """Return event rates of single groups.

    Parameters
    ----------
    measure : {"IR", "IRLN", "IRS", "IRFT"}
        The rate, its logarithm, its square root, its Freeman-Tukey transform.
    xi, ti : array_like, shape (k,)
        Events and person-time.
    zeros : ZeroCells
        What is done about groups without events.

    Returns
    -------
    EffectMeasures
        Variances under Poisson counts.

    Raises
    ------
    DataError
        If an event count is negative or a person-time not positive.

    References
    ----------
    Freeman MF, Tukey JW (1950). Annals of Mathematical Statistics 21:607-611.
    doi:10.1214/aoms/1177729756
    """
    check_option("measure", measure, ONE_RATE)
    given = columns(xi=xi, ti=ti)
    x, t = given
    require_counts(xi=x)
    require_positive(_TIME, ti=t)
    add = zeros.constant(measure)
    corrected = corrected_rows(zeros, add, x == 0, missing_rows(given))
    x = x + np.where(corrected, add, 0.0)
    rate = x / t
    quarter: FloatArray = 1 / (4 * t)
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "IR":
            y, v = rate, rate / t
        elif measure == "IRLN":
            y, v = np.log(rate), 1 / x
        elif measure == "IRS":
            y, v = np.sqrt(rate), quarter
        else:
            y, v = (np.sqrt(rate) + np.sqrt((x + 1) / t)) / 2, quarter
    return effects(measure, y, v, given, corrected=corrected)
