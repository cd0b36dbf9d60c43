"""Measures of means and standard deviations: of two groups, of pairs, of one group."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike
from scipy import special

from locoreg.stats.effectmeasures.result import (
    EffectMeasures,
    FloatArray,
    columns,
    effects,
    require,
    require_positive,
)
from locoreg.stats.studies import check_option

TwoMeans = Literal["MD", "SMD", "SMDH", "SMD1", "ROM", "VR", "CVR"]
Paired = Literal["MC", "SMCC", "SMCR", "ROMC"]
PAIRED: tuple[Paired, ...] = ("MC", "SMCC", "SMCR", "ROMC")
OneMean = Literal["MN", "MNLN"]
ONE_MEAN: tuple[OneMean, ...] = ("MN", "MNLN")
_SD = "give standard deviations, not standard errors or blanks written as 0."
_SIZE = "a standard deviation needs two patients or more."
_Pair = tuple[FloatArray, FloatArray]


def hedges_factor(df: ArrayLike) -> FloatArray:
    """Return Hedges' exact correction of a standardised mean difference for small samples.

    Parameters
    ----------
    df : array_like
        Degrees of freedom of the standard deviation.

    Returns
    -------
    ndarray of float
        Gamma(m/2) / (sqrt(m/2) Gamma((m - 1)/2)); NaN for m of 1 or less (Hedges 1981).
    """
    m = np.asarray(df, dtype=np.float64)
    m = np.where(m > 1, m, np.nan)
    return np.asarray(
        np.exp(special.gammaln(m / 2) - special.gammaln((m - 1) / 2) - np.log(m / 2) / 2)
    )


@dataclass(frozen=True, slots=True)
class _Groups:
    m1: FloatArray
    s1: FloatArray
    n1: FloatArray
    m2: FloatArray
    s2: FloatArray
    n2: FloatArray

    @property
    def squared_errors(self) -> FloatArray:
        return self.s1**2 / self.n1 + self.s2**2 / self.n2


def _difference(g: _Groups) -> _Pair:
    return g.m1 - g.m2, g.squared_errors


def _standardised(g: _Groups) -> _Pair:
    df = g.n1 + g.n2 - 2
    pooled = np.sqrt(((g.n1 - 1) * g.s1**2 + (g.n2 - 1) * g.s2**2) / df)
    y = hedges_factor(df) * (g.m1 - g.m2) / pooled
    return y, 1 / g.n1 + 1 / g.n2 + y**2 / (2 * (g.n1 + g.n2))


def _heteroscedastic(g: _Groups) -> _Pair:
    square = (g.s1**2 + g.s2**2) / 2
    factor = hedges_factor(g.n1 + g.n2 - 2)
    y = factor * (g.m1 - g.m2) / np.sqrt(square)
    spread = g.s1**4 / (g.n1 - 1) + g.s2**4 / (g.n2 - 1)
    v = y**2 * spread / (8 * square**2)
    # Bonett's variance is that of the uncorrected difference.
    return y, factor**2 * (v + (g.s1**2 / (g.n1 - 1) + g.s2**2 / (g.n2 - 1)) / square)


def _by_second(g: _Groups) -> _Pair:
    y = hedges_factor(g.n2 - 1) * (g.m1 - g.m2) / g.s2
    return y, 1 / g.n1 + 1 / g.n2 + y**2 / (2 * g.n2)


def _log_ratio(g: _Groups) -> _Pair:
    v = g.s1**2 / (g.n1 * g.m1**2) + g.s2**2 / (g.n2 * g.m2**2)
    return np.log(g.m1 / g.m2), v


def _log_variability(g: _Groups) -> _Pair:
    bias = 1 / (2 * (g.n1 - 1)) - 1 / (2 * (g.n2 - 1))
    return np.log(g.s1 / g.s2) + bias, 1 / (2 * (g.n1 - 1)) + 1 / (2 * (g.n2 - 1))


def _log_coefficient(g: _Groups) -> _Pair:
    y, v = _log_variability(g)
    _, spread = _log_ratio(g)
    # A coefficient of variation is one of positive means only.
    return y - (np.log(g.m1) - np.log(g.m2)), v + spread


_FORMULAS: dict[str, Callable[[_Groups], _Pair]] = {
    "MD": _difference,
    "SMD": _standardised,
    "SMDH": _heteroscedastic,
    "SMD1": _by_second,
    "ROM": _log_ratio,
    "VR": _log_variability,
    "CVR": _log_coefficient,
}
TWO_MEANS: tuple[TwoMeans, ...] = get_args(TwoMeans)


def two_means(
    measure: TwoMeans,
    *,
    m1i: ArrayLike,
    sd1i: ArrayLike,
    n1i: ArrayLike,
    m2i: ArrayLike,
    sd2i: ArrayLike,
    n2i: ArrayLike,
) -> EffectMeasures:
    """Return effects of two groups' means, group 1 against group 2.

    Parameters
    ----------
    measure : str
        ``MD`` (difference, unequal variances), ``SMD`` (Hedges' g), ``SMDH`` (unequal variances),
        ``SMD1`` (standard deviation of group 2), ``ROM`` (log of the ratio of means), ``VR``,
        ``CVR`` (log ratios of standard deviations and of coefficients of variation).
    m1i, sd1i, n1i, m2i, sd2i, n2i : array_like, shape (k,)
        Means, standard deviations and sizes of both groups.

    Returns
    -------
    EffectMeasures
        Large-sample variances; for SMD 1/n1 + 1/n2 + g^2/(2(n1 + n2)). SMD, SMDH and SMD1 hold the
        exact small-sample correction. ROM is undefined if means differ in sign, CVR unless both are
        positive.

    Raises
    ------
    DataError
        If a standard deviation is not positive or a size below 2.

    References
    ----------
    Hedges LV (1981). J Educational Statistics 6:107-128. doi:10.2307/1164588
    Hedges LV (1982). Psychological Bulletin 92:490-499. doi:10.1037/0033-2909.92.2.490
    Bonett DG (2009). Psychological Methods 14:225-238 (SMDH). doi:10.1037/a0016619
    Hedges LV, Gurevitch J, Curtis PS (1999). Ecology 80:1150-1156 (ROM).
    Nakagawa S et al. (2015). Methods in Ecology and Evolution 6:143-152 (VR, CVR).
    doi:10.1111/2041-210X.12309
    """
    check_option("measure", measure, TWO_MEANS)
    given = columns(m1i=m1i, sd1i=sd1i, n1i=n1i, m2i=m2i, sd2i=sd2i, n2i=n2i)
    m1, s1, n1, m2, s2, n2 = given
    _check_means(m1i=m1, m2i=m2)
    require_positive(_SD, sd1i=s1, sd2i=s2)
    _check_sizes(n1i=n1, n2i=n2)
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        y, v = _FORMULAS[measure](_Groups(*given))
    return effects(measure, y, v, given)


def paired_means(
    measure: Paired,
    *,
    m1i: ArrayLike,
    sd1i: ArrayLike,
    m2i: ArrayLike,
    sd2i: ArrayLike,
    ni: ArrayLike,
    ri: ArrayLike,
) -> EffectMeasures:
    """Return effects of pairs, or of one group measured twice.

    Parameters
    ----------
    measure : {"MC", "SMCC", "SMCR", "ROMC"}
        Mean change m1 - m2; the same over the standard deviation of the change; over the first
        standard deviation; log of the ratio of means.
    m1i, sd1i, m2i, sd2i : array_like, shape (k,)
        Means and standard deviations of both measurements.
    ni, ri : array_like, shape (k,)
        Pairs, and the correlation within pairs.

    Returns
    -------
    EffectMeasures
        Large-sample variances; SMCC and SMCR hold the exact small-sample correction.

    Raises
    ------
    DataError
        If a standard deviation is not positive, a size below 2, or a correlation outside (-1, 1).

    References
    ----------
    Becker BJ (1988). British J of Mathematical and Statistical Psychology 41:257-278.
    Morris SB, DeShon RP (2002). Psychological Methods 7:105-125.
    Lajeunesse MJ (2011). Ecology 92:2049-2055 (ROMC).
    """
    check_option("measure", measure, PAIRED)
    given = columns(m1i=m1i, sd1i=sd1i, m2i=m2i, sd2i=sd2i, ni=ni, ri=ri)
    m1, s1, m2, s2, n, r = given
    _check_means(m1i=m1, m2i=m2)
    require_positive(_SD, sd1i=s1, sd2i=s2)
    _check_sizes(ni=n)
    require(np.abs(r) < 1, r, "ri", "not between -1 and 1", "ri is a correlation.")
    change = s1**2 + s2**2 - 2 * r * s1 * s2
    with np.errstate(divide="ignore", invalid="ignore", over="ignore"):
        if measure == "MC":
            y, v = m1 - m2, change / n
        elif measure == "SMCC":
            y = hedges_factor(n - 1) * (m1 - m2) / np.sqrt(change)
            v = 1 / n + y**2 / (2 * n)
        elif measure == "SMCR":
            y = hedges_factor(n - 1) * (m1 - m2) / s1
            v = 2 * (1 - r) / n + y**2 / (2 * n)
        else:
            c1, c2 = s1 / m1, s2 / m2
            y, v = np.log(m1 / m2), (c1**2 + c2**2 - 2 * r * c1 * c2) / n
    return effects(measure, y, v, given)


def one_mean(measure: OneMean, *, mi: ArrayLike, sdi: ArrayLike, ni: ArrayLike) -> EffectMeasures:
    """Return means of single groups.

    Parameters
    ----------
    measure : {"MN", "MNLN"}
        The mean, or its logarithm.
    mi, sdi, ni : array_like, shape (k,)
        Means, standard deviations, sizes.

    Returns
    -------
    EffectMeasures
        MNLN is undefined for means that are not positive.

    Raises
    ------
    DataError
        If a standard deviation is not positive or a size below 2.
    """
    check_option("measure", measure, ONE_MEAN)
    given = columns(mi=mi, sdi=sdi, ni=ni)
    m, s, n = given
    _check_means(mi=m)
    require_positive(_SD, sdi=s)
    _check_sizes(ni=n)
    with np.errstate(divide="ignore", invalid="ignore"):
        if measure == "MN":
            y, v = m, s**2 / n
        else:
            y, v = np.log(m), s**2 / (n * m**2)
    return effects(measure, y, v, given)


def _check_means(**given: FloatArray) -> None:
    for name, values in given.items():
        require(np.isfinite(values), values, name, "not finite", "give a number.")


def _check_sizes(**given: FloatArray) -> None:
    for name, values in given.items():
        require(np.isfinite(values) & (values >= 2), values, name, "below 2", _SIZE)
