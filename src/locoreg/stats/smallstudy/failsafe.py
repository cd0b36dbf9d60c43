"""Fail-safe numbers: how many null studies would undo a result."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike
from scipy.special import ndtr, ndtri

from locoreg.core.errors import DataError, DesignError
from locoreg.stats.smallstudy.onepool import check_alpha, one_pool

FailSafe = Literal["rosenthal", "orwin", "rosenberg"]

# A quotient this close above a whole number is that number: 13.000000000000002 studies are 13.
SLACK = 1e-9


@dataclass(frozen=True, slots=True, kw_only=True)
class FailSafeN:
    """A fail-safe number.

    Attributes
    ----------
    kind : {"rosenthal", "orwin", "rosenberg"}
    k : int
        Studies.
    n : int
        Studies without an effect that would have to be added; 0 where the result is not there to
        begin with.
    p_value : float
        Of the observed studies: Stouffer's one-sided one (Rosenthal), the two-sided one of the
        common-effect mean (Rosenberg), NaN (Orwin).
    alpha : float
        Significance level to be lost; NaN for Orwin.
    mean : float
        Unweighted mean (Orwin) or common-effect mean (Rosenberg); NaN for Rosenthal.
    target : float
        Mean to which Orwin's studies bring it; NaN for the others.
    """

    kind: FailSafe
    k: int
    n: int
    p_value: float
    alpha: float
    mean: float
    target: float


def rosenthal(yi: ArrayLike, vi: ArrayLike, *, alpha: float) -> FailSafeN:
    """Return how many null studies bring the combined p-value up to alpha.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    alpha : float
        One-sided level, 0.05 in the paper.

    Returns
    -------
    FailSafeN
        ``(sum z / z_alpha)^2 - k``, rounded up, where z are the studies' own statistics and
        their combination is Stouffer's.

    References
    ----------
    Rosenthal R (1979). Psychological Bulletin 86:638-641. doi:10.1037/0033-2909.86.3.638
    """
    y, v = one_pool(yi, vi, fewest=1, test="a fail-safe number")
    alpha = check_alpha(alpha, most=0.5)
    total = abs(float(np.sum(y / np.sqrt(v))))
    needed = (total / float(ndtri(alpha))) ** 2 - y.size
    p = float(ndtr(-total / math.sqrt(y.size)))
    return FailSafeN(
        kind="rosenthal", k=y.size, n=_whole(needed), p_value=p, alpha=alpha, mean=math.nan,
        target=math.nan,
    )  # fmt: skip


def rosenberg(yi: ArrayLike, vi: ArrayLike, *, alpha: float) -> FailSafeN:
    """Return how many null studies of average weight make the common-effect mean insignificant.

    Parameters
    ----------
    yi, vi : array_like, shape (k,)
        Effects and sampling variances.
    alpha : float
        Two-sided level; the normal distribution is used, not Student's t.

    Returns
    -------
    FailSafeN
        ``k/sum(w) * ((sum(w y)/z)^2 - sum(w))``, rounded up.

    References
    ----------
    Rosenberg MS (2005). Evolution 59:464-468. doi:10.1111/j.0014-3820.2005.tb01004.x
    """
    y, v = one_pool(yi, vi, fewest=1, test="a fail-safe number")
    alpha = check_alpha(alpha)
    w = 1.0 / v
    total, weight = abs(float(np.sum(w * y))), float(np.sum(w))
    needed = y.size / weight * ((total / float(ndtri(alpha / 2))) ** 2 - weight)
    p = float(2.0 * ndtr(-total / math.sqrt(weight)))
    return FailSafeN(
        kind="rosenberg", k=y.size, n=_whole(needed), p_value=p, alpha=alpha,
        mean=float(np.sum(w * y)) / weight, target=math.nan,
    )  # fmt: skip


def orwin(yi: ArrayLike, *, target: float) -> FailSafeN:
    """Return how many studies of effect zero bring the plain mean down to a target.

    Parameters
    ----------
    yi : array_like, shape (k,)
        Effects.
    target : float
        The smallest effect that still matters, on the scale of `yi`. Its sign is taken from
        the mean.

    Returns
    -------
    FailSafeN
        ``k (mean - target)/target``, rounded up.

    Raises
    ------
    DesignError
        If the target is zero, to which no number of studies brings a mean.

    References
    ----------
    Orwin RG (1983). J Educational Statistics 8:157-159. doi:10.3102/10769986008002157
    """
    y, _ = one_pool(yi, np.ones_like(np.asarray(yi, dtype=np.float64)), fewest=1, test="a number")
    if not math.isfinite(target):
        raise DataError(f"the target of Orwin's fail-safe number is {target}, not a number.")
    if target == 0.0:
        raise DesignError(
            "Orwin's fail-safe number needs a target other than 0: no number of null studies "
            "brings a mean to it.",
            hint="give the smallest effect that would still matter.",
        )
    mean = float(np.mean(y))
    needed = y.size * (abs(mean) - abs(target)) / abs(target)
    return FailSafeN(
        kind="orwin", k=y.size, n=_whole(needed), p_value=math.nan, alpha=math.nan, mean=mean,
        target=math.copysign(target, mean),
    )  # fmt: skip


def _whole(needed: float) -> int:
    return max(0, math.ceil(needed - SLACK * max(1.0, abs(needed))))
