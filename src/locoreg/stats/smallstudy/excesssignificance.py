"""Whether there are more significant studies than their power lets expect."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr, ndtri

from locoreg.core.errors import DataError
from locoreg.stats.smallstudy.onepool import centred, check_alpha, one_pool
from locoreg.stats.studies import FloatArray


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcessSignificance:
    """Ioannidis and Trikalinos' test.

    Attributes
    ----------
    k : int
        Studies.
    alpha : float
        Two-sided level at which each study is significant.
    theta, tau2 : float
        Mean and variance of true effects at which power is taken.
    observed : int
        Significant studies.
    expected : float
        Sum of the powers.
    ratio : float
        Observed over expected.
    power : ndarray of float, shape (k,)
    significant : ndarray of bool, shape (k,)
    p_value : float
        Chance of as many significant studies or more, exact for the powers given.
    chi2, chi2_p : float
        Pearson's statistic and its one-sided p-value, as the authors proposed; NaN where the
        power of all studies is 1.
    """

    k: int
    alpha: float
    theta: float
    tau2: float
    observed: int
    expected: float
    ratio: float
    power: FloatArray
    significant: NDArray[np.bool_]
    p_value: float
    chi2: float
    chi2_p: float


def excess_significance(
    yi: ArrayLike,
    vi: ArrayLike,
    *,
    alpha: float,
    theta: float | None = None,
    tau2: float = 0.0,
) -> ExcessSignificance:
    """Compare the number of significant studies with the sum of their powers.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances; no effect is 0.
    alpha : float
        Two-sided level of each study's own test.
    theta : float, optional
        True effect at which power is taken; the common-effect mean if not given.
    tau2 : float
        Variance of the true effects about it; with 0 they are the same.

    Returns
    -------
    ExcessSignificance
        With the exact test (sum of independent, unequal chances) and Pearson's.

    References
    ----------
    Ioannidis JPA, Trikalinos TA (2007). Clinical Trials 4:245-253.
    doi:10.1177/1740774507079441. Exact test: Francis G (2013). J Mathematical Psychology
    57:153-169. doi:10.1016/j.jmp.2013.02.003
    """
    y, v = one_pool(yi, vi, fewest=1, test="the test of excess significance")
    alpha = check_alpha(alpha)
    if not (math.isfinite(tau2) and tau2 >= 0):
        raise DataError(f"tau2 is {tau2:g}, but a variance is 0 or more.")
    centre = centred(y, v)[0] if theta is None else float(theta)
    if not math.isfinite(centre):
        raise DataError(f"theta is {centre}, not a number.")
    bound = -float(ndtri(alpha / 2))
    se = np.sqrt(v)
    spread = np.sqrt(v + tau2)
    power = ndtr((centre - bound * se) / spread) + ndtr((-centre - bound * se) / spread)
    significant = np.abs(y / se) >= bound
    observed, expected = int(significant.sum()), float(power.sum())
    chi2, chi2_p = _pearson(observed, expected, y.size)
    return ExcessSignificance(
        k=y.size, alpha=alpha, theta=centre, tau2=float(tau2), observed=observed,
        expected=expected, ratio=observed / expected, power=power, significant=significant,
        p_value=_at_least(observed, power), chi2=chi2, chi2_p=chi2_p,
    )  # fmt: skip


def _at_least(observed: int, chances: FloatArray) -> float:
    """Chance of so many successes or more among independent trials of unequal chance."""
    distribution = np.ones(1)
    for chance in chances:
        distribution = np.convolve(distribution, (1.0 - chance, chance))
    return float(min(1.0, np.sum(distribution[observed:])))


def _pearson(observed: int, expected: float, k: int) -> tuple[float, float]:
    if not 0.0 < expected < k:
        return math.nan, math.nan
    chi2 = (observed - expected) ** 2 * (1.0 / expected + 1.0 / (k - expected))
    return chi2, float(ndtr(-math.copysign(math.sqrt(chi2), observed - expected)))
