"""Rank correlation of effects with their variances (Begg and Mazumdar)."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr

from locoreg.core.errors import DesignError
from locoreg.stats.smallstudy.onepool import all_equal, centred, one_pool
from locoreg.stats.studies import FloatArray

# Beyond, the exact distribution takes seconds and the normal one differs by less than it matters.
EXACT_UP_TO = 500


@dataclass(frozen=True, slots=True, kw_only=True)
class RankTest:
    """Begg and Mazumdar's test.

    Attributes
    ----------
    k : int
        Studies.
    tau : float
        Kendall's tau-b between standardised deviates and variances.
    p_value : float
        Two-sided.
    exact : bool
        Whether it comes from the exact distribution of Kendall's statistic: without ties, up
        to 500 studies. Otherwise from the normal one, with the variance corrected for ties and no
        correction for continuity.
    """

    k: int
    tau: float
    p_value: float
    exact: bool


def rank_test(yi: ArrayLike, vi: ArrayLike) -> RankTest:
    """Correlate the ranks of standardised effects and of their variances.

    The deviate of a study is its distance from the common-effect mean over the standard error
    of that distance, ``sqrt(v - 1/sum(1/v))``.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances of two studies or more. (With two, p is 1 whatever they
        are.)

    Returns
    -------
    RankTest
        The correlation and its p-value.

    Raises
    ------
    DataError
        If the numbers can't be used.
    DesignError
        If there are fewer than two studies, or all variances or all effects are equal.

    References
    ----------
    Begg CB, Mazumdar M (1994). Operating characteristics of a rank correlation test for
    publication bias. Biometrics 50:1088-1101. doi:10.2307/2533446
    """
    y, v = one_pool(yi, vi, fewest=2, test="the rank correlation test")
    if all_equal(v):
        raise DesignError(
            "the rank correlation test needs studies of different size, and all variances are "
            "equal."
        )
    if all_equal(y):
        raise DesignError("the rank correlation test has nothing to rank: all effects are equal.")
    return _kendall(_deviates(y, v), v)


def _deviates(y: FloatArray, v: FloatArray) -> FloatArray:
    """Return standardised deviates, the same for studies that are the same."""
    _, deviation = centred(y, v)
    w = 1.0 / v
    total = np.sum(w)
    rest = total - w
    # The difference loses its digits where one study outweighs the others.
    heaviest = int(np.argmax(w))
    if np.sum(w == w[heaviest]) == 1:
        rest[heaviest] = np.sum(np.delete(w, heaviest))
        shifted = y - y[heaviest]
        deviation[heaviest] = -np.sum(w * shifted) / total
    return np.asarray(deviation / np.sqrt(rest / (w * total)))


def _kendall(x: FloatArray, z: FloatArray) -> RankTest:
    n = x.size
    upper = np.triu_indices(n, 1)
    signs_x = np.sign(x[:, None] - x[None, :])[upper]
    signs_z = np.sign(z[:, None] - z[None, :])[upper]
    score = float(np.sum(signs_x * signs_z))
    untied_x, untied_z = float(np.sum(signs_x != 0)), float(np.sum(signs_z != 0))
    tau = score / math.sqrt(untied_x * untied_z)
    exact = n <= EXACT_UP_TO and untied_x == untied_z == upper[0].size
    p = _exact_p(score, n) if exact else _normal_p(score, _ties(x), _ties(z), n)
    return RankTest(k=n, tau=tau, p_value=p, exact=exact)


def _exact_p(score: float, n: int) -> float:
    """Two-sided p-value from the number of permutations with so many concordant pairs."""
    pairs = n * (n - 1) // 2
    concordant = round((score + pairs) / 2)
    least = min(concordant, pairs - concordant)
    chance = np.ones(1)
    for size in range(2, n + 1):
        chance = _moving_sums(chance, size)[: least + 1] / size
    return float(min(1.0, 2.0 * np.sum(chance)))


def _moving_sums(values: FloatArray, width: int) -> FloatArray:
    """Return sums over windows of a width, padded with zeros, without a difference anywhere."""
    windows = values.size + width - 1
    blocks = -(-(windows + width - 1) // width)
    padded = np.zeros(blocks * width)
    padded[width - 1 : width - 1 + values.size] = values
    table = padded.reshape(blocks, width)
    ahead = np.cumsum(table[:, ::-1], axis=1)[:, ::-1].ravel()
    behind = np.cumsum(table, axis=1).ravel()
    start = np.arange(windows)
    crossing = start % width > 0
    return np.asarray(ahead[start] + np.where(crossing, behind[start + width - 1], 0.0))


def _ties(values: FloatArray) -> FloatArray:
    return np.unique(values, return_counts=True)[1].astype(np.float64)


def _normal_p(score: float, t: FloatArray, u: FloatArray, n: int) -> float:
    """Two-sided p-value from the normal distribution (Kendall 1970, Rank correlation methods)."""
    whole = n * (n - 1.0)
    variance = whole * (2 * n + 5) - sum(float(np.sum(c * (c - 1) * (2 * c + 5))) for c in (t, u))
    variance /= 18.0
    pairs = float(np.sum(t * (t - 1))) * float(np.sum(u * (u - 1)))
    variance += pairs / (2.0 * whole)
    if n > 2:
        triples = float(np.sum(t * (t - 1) * (t - 2))) * float(np.sum(u * (u - 1) * (u - 2)))
        variance += triples / (9.0 * whole * (n - 2))
    return float(2.0 * ndtr(-abs(score) / math.sqrt(variance)))
